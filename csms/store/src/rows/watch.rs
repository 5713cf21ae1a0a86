//! What is known of stations: what they say of themselves, the states they report, and who was
//! not let in.

use jiff::Timestamp;
use model::neutral::ReportKind;
use model::{ConnectorState, OrganisationId, RefusedHandshake, StationKey, StationRecord};
use serde_json::Value;
use uuid::Uuid;

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

macro_rules! record_columns {
    () => {
        "station_key, accepted, vendor, model, serial, firmware, version, last_seen_at"
    };
}

statements! {
    // The column `quirks` is of an earlier version, see migration 0009.
    PUT_RECORD = "INSERT INTO station_records (", record_columns!(),
        ", quirks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '[]') \
        ON CONFLICT (station_key) DO UPDATE SET \
        accepted = excluded.accepted, vendor = excluded.vendor, model = excluded.model, \
        serial = excluded.serial, firmware = excluded.firmware, version = excluded.version, \
        last_seen_at = excluded.last_seen_at";
    RECORD = "SELECT ", record_columns!(), " FROM station_records WHERE station_key = $1";
    RECORDS = "SELECT ", record_columns!(), " FROM station_records ORDER BY station_key";
    // A report that comes late does not undo a later one.
    PUT_CONNECTOR = "INSERT INTO connector_states \
        (station_key, evse_number, connector, status, error_code, info, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (station_key, evse_number, connector) DO UPDATE SET \
        status = excluded.status, error_code = excluded.error_code, info = excluded.info, \
        at = excluded.at WHERE connector_states.at <= excluded.at";
    CONNECTORS_OF = "SELECT station_key, evse_number, connector, status, error_code, info, at \
        FROM connector_states WHERE station_key = $1 ORDER BY evse_number, connector";
    ALL_CONNECTORS = "SELECT station_key, evse_number, connector, status, error_code, info, at \
        FROM connector_states ORDER BY station_key, evse_number, connector";
    INSERT_REPORT = "INSERT INTO station_reports \
        (id, station_key, organisation_id, kind, payload, received_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    FORGET_REPORTS = "DELETE FROM station_reports WHERE id IN (SELECT id FROM station_reports \
        WHERE station_key = $1 AND kind = $2 \
        ORDER BY received_at DESC, id DESC LIMIT 1000000 OFFSET 500)";
    REPORTS = "SELECT id, station_key, organisation_id, kind, payload, received_at \
        FROM station_reports WHERE station_key = $1 AND organisation_id = $2";
    PUT_REFUSED = "INSERT INTO refused_handshakes \
        (identity, address, code, reason, fix, count, first_at, last_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (identity) DO UPDATE SET \
        address = excluded.address, code = excluded.code, reason = excluded.reason, \
        fix = excluded.fix, count = refused_handshakes.count + excluded.count, \
        last_at = excluded.last_at";
    FORGET_REFUSED = "DELETE FROM refused_handshakes WHERE identity IN (SELECT identity \
        FROM refused_handshakes ORDER BY last_at DESC, identity DESC LIMIT 1000000 OFFSET 1000)";
    DELETE_REFUSED = "DELETE FROM refused_handshakes WHERE identity = $1";
    REFUSED = "SELECT identity, address, code, reason, fix, count, first_at, last_at \
        FROM refused_handshakes WHERE TRUE";
}

/// Something a station reported that is kept as sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StationReport {
    /// Its id, UUID v7.
    pub id: Uuid,
    /// Who reported it.
    pub station: StationKey,
    /// The tenant.
    pub organisation: OrganisationId,
    /// What it is about.
    pub kind: ReportKind,
    /// The message, cards masked.
    pub payload: Value,
    /// When it was received.
    pub received_at: Timestamp,
}

queries! {
    /// What a station said of itself.
    get_station_record(key: &StationKey) -> Option<StationRecord> = RECORD [key];
    /// What every station said of itself, by key, for the start of the program.
    station_records() -> Vec<StationRecord> = RECORDS [];
    /// The last reported states of a station's connectors, or of a lock's doors.
    connector_states(key: &StationKey) -> Vec<ConnectorState> = CONNECTORS_OF [key];
    /// The last reported states of every connector.
    all_connector_states() -> Vec<ConnectorState> = ALL_CONNECTORS [];
}

impl Store {
    /// What a station reported while it belonged to this organisation, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_reports(
        &self,
        organisation: OrganisationId,
        station: &StationKey,
        kind: Option<ReportKind>,
        page: &Page,
    ) -> Result<List<StationReport>, StoreError> {
        let query = Select::new(REPORTS, args![station, organisation])
            .and_some("kind =", &kind)
            .by_time("received_at", "id", Order::NewestFirst, page);
        let cursor = |row: &StationReport| Cursor {
            at: row.received_at.as_microsecond(),
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }

    /// Who was not let in, last first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_refused_handshakes(
        &self,
        page: &Page,
    ) -> Result<List<RefusedHandshake>, StoreError> {
        let query =
            Select::new(REFUSED, args![]).by_time("last_at", "identity", Order::NewestFirst, page);
        let cursor = |row: &RefusedHandshake| Cursor {
            at: row.last_at.as_microsecond(),
            id: row.identity.clone(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// Keeps what a station says of itself, in place of what was known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_station_record(&mut self, row: &StationRecord) -> Result<(), StoreError> {
        let args = args![
            row.key,
            row.accepted,
            row.vendor,
            row.model,
            row.serial,
            row.firmware,
            row.version,
            row.last_seen_at,
        ];
        self.run(PUT_RECORD, args).await.map(drop)
    }

    /// Keeps the state of a connector. `false`: a later one is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_connector_state(&mut self, row: &ConnectorState) -> Result<bool, StoreError> {
        let args = args![
            row.station,
            row.evse,
            row.connector,
            row.status,
            row.error_code,
            row.info,
            row.at,
        ];
        self.touched(PUT_CONNECTOR, args).await
    }

    /// Keeps a report; of more than 500 of a station and a kind the oldest is forgotten.
    ///
    /// # Errors
    /// [`ReportId`](crate::Constraint::ReportId).
    pub async fn insert_report(&mut self, row: &StationReport) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.station,
            row.organisation,
            row.kind,
            row.payload,
            row.received_at
        ];
        self.run(INSERT_REPORT, args).await?;
        self.run(FORGET_REPORTS, args![row.station, row.kind])
            .await
            .map(drop)
    }

    /// Notes a refused handshake: counted with those of the same identity before; of more than
    /// 1,000 identities the one refused longest ago is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_refused_handshake(
        &mut self,
        row: &RefusedHandshake,
    ) -> Result<(), StoreError> {
        let identity = Key(&row.identity);
        let args = args![
            identity,
            row.address,
            row.code,
            row.reason,
            row.fix,
            row.count,
            row.first_at,
            row.last_at,
        ];
        self.run(PUT_REFUSED, args).await?;
        self.run(FORGET_REFUSED, args![]).await.map(drop)
    }

    /// Forgets a refused identity, when it is registered. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_refused_handshake(&mut self, identity: &str) -> Result<bool, StoreError> {
        self.touched(DELETE_REFUSED, args![Key(identity)]).await
    }
}

impl Record for StationRecord {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            key: columns.take()?,
            accepted: columns.take()?,
            vendor: columns.take()?,
            model: columns.take()?,
            serial: columns.take()?,
            firmware: columns.take()?,
            version: columns.take()?,
            last_seen_at: columns.take()?,
        })
    }
}

impl Record for ConnectorState {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            station: columns.take()?,
            evse: columns.take()?,
            connector: columns.take()?,
            status: columns.take()?,
            error_code: columns.take()?,
            info: columns.take()?,
            at: columns.take()?,
        })
    }
}

impl Record for StationReport {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            station: columns.take()?,
            organisation: columns.take()?,
            kind: columns.take()?,
            payload: columns.take()?,
            received_at: columns.take()?,
        })
    }
}

impl Record for RefusedHandshake {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            identity: columns.take()?,
            address: columns.take()?,
            code: columns.take()?,
            reason: columns.take()?,
            fix: columns.take()?,
            count: columns.take()?,
            first_at: columns.take()?,
            last_at: columns.take()?,
        })
    }
}
