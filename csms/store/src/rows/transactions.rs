//! Transactions.

use jiff::Timestamp;
use model::{ChargerId, OrganisationId, PersonId, StationKey, Transaction, TransactionId};

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

macro_rules! transaction_columns {
    () => {
        "id, organisation_id, charger_id, station_key, number, station_transaction_id, evse_id, \
         evse_number, connector, person_id, credential_id, id_token, token_key, stop_group, \
         started_at, ended_at, received_at, meter_start_wh, meter_stop_wh, energy_wh, \
         stop_reason, authenticated, refused, late, orphan, remote_start_id, decision_id, \
         authorization_required"
    };
}

statements! {
    INSERT_TRANSACTION = "INSERT INTO transactions (", transaction_columns!(),
        ", station_transaction_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
        $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)";
    UPDATE_TRANSACTION = "UPDATE transactions SET evse_id = $2, evse_number = $3, \
        connector = $4, person_id = $5, credential_id = $6, id_token = $7, token_key = $8, \
        stop_group = $9, started_at = $10, ended_at = $11, meter_start_wh = $12, \
        meter_stop_wh = $13, energy_wh = $14, stop_reason = $15, authenticated = $16, \
        refused = $17, late = $18, orphan = $19, remote_start_id = $20, decision_id = $21, \
        authorization_required = $22 \
        WHERE id = $1";
    TRANSACTION = "SELECT ", transaction_columns!(), " FROM transactions WHERE id = $1";
    BY_NUMBER = "SELECT ", transaction_columns!(),
        " FROM transactions WHERE station_key = $1 AND number = $2";
    BY_NAME = "SELECT ", transaction_columns!(), " FROM transactions \
        WHERE station_key = $1 AND station_transaction_key = $2 \
        ORDER BY received_at DESC, id DESC LIMIT 1";
    OPEN_OF_STATION = "SELECT ", transaction_columns!(), " FROM transactions \
        WHERE station_key = $1 AND ended_at IS NULL ORDER BY started_at, id";
    OPEN_ALL = "SELECT ", transaction_columns!(),
        " FROM transactions WHERE ended_at IS NULL ORDER BY station_key, started_at, id";
    OPEN_AT = "SELECT ", transaction_columns!(), " FROM transactions \
        WHERE organisation_id = $1 AND received_at < $2 AND (ended_at IS NULL OR ended_at >= $2) \
        ORDER BY id";
    STRANGE_TOKENS = "SELECT token_key, charger_id, refused, started_at FROM transactions \
        WHERE organisation_id = $1 AND started_at >= $2 AND credential_id IS NULL \
        AND token_key IS NOT NULL AND charger_id IS NOT NULL \
        ORDER BY started_at DESC, id DESC LIMIT $3";
    TRANSACTIONS = "SELECT ", transaction_columns!(),
        " FROM transactions WHERE organisation_id = $1";
}

queries! {
    /// A transaction.
    get_transaction(id: TransactionId) -> Option<Transaction> = TRANSACTION [id];
    /// The 1.6 transaction with the number that was given to it.
    find_transaction_by_number(station: &StationKey, number: i64) -> Option<Transaction> =
        BY_NUMBER [station, number];
    /// The transaction a station calls so; of several (a station that counts from the beginning
    /// again) the one received last.
    find_transaction_by_name(station: &StationKey, name: &str) -> Option<Transaction> =
        BY_NAME [station, Key(name)];
    /// The transactions of a station that have not ended, refused ones too, by their start.
    open_of_station(station: &StationKey) -> Vec<Transaction> = OPEN_OF_STATION [station];
    /// Every transaction that has not ended, refused ones too, by station and start.
    open_all() -> Vec<Transaction> = OPEN_ALL [];
}

/// Which transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// At this charger.
    pub charger: Option<ChargerId>,
    /// Reported by this station.
    pub station: Option<StationKey>,
    /// Started by this person.
    pub person: Option<PersonId>,
    /// Started then or later.
    pub from: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// `true`: those that have not ended; `false`: those that have.
    pub open: Option<bool>,
}

/// A token that is nobody's here and was presented to charge.
#[derive(Clone, PartialEq, Eq)]
pub struct StrangeToken {
    /// Its key.
    pub key: String,
    /// Where.
    pub charger: ChargerId,
    /// What was decided.
    pub refused: bool,
    /// When.
    pub at: Timestamp,
}

impl Record for StrangeToken {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            key: columns.take()?,
            charger: columns.take()?,
            refused: columns.take()?,
            at: columns.take()?,
        })
    }
}

impl Store {
    /// The tokens that are nobody's and were presented to charge, last first, at most so many.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn strange_tokens(
        &self,
        organisation: OrganisationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<StrangeToken>, StoreError> {
        self.find_all(STRANGE_TOKENS, args![organisation, since, limit])
            .await
    }

    /// The transactions of an organisation, newest start first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_transactions(
        &self,
        organisation: OrganisationId,
        filter: &TransactionFilter,
        page: &Page,
    ) -> Result<List<Transaction>, StoreError> {
        let open = filter.open.map(|open| {
            if open {
                "ended_at IS NULL"
            } else {
                "ended_at IS NOT NULL"
            }
        });
        let query = Select::new(TRANSACTIONS, args![organisation])
            .and_some("charger_id =", &filter.charger)
            .and_some("station_key =", &filter.station)
            .and_some("person_id =", &filter.person)
            .and_some("started_at >=", &filter.from)
            .and_some("started_at <", &filter.until)
            .and_when(open)
            .by_time("started_at", "id", Order::NewestFirst, page);
        let cursor = |row: &Transaction| Cursor {
            at: row.started_at.as_microsecond(),
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// A new transaction.
    ///
    /// # Errors
    /// [`TransactionId`](crate::Constraint::TransactionId),
    /// [`TransactionNumber`](crate::Constraint::TransactionNumber).
    pub async fn insert_transaction(&mut self, row: &Transaction) -> Result<(), StoreError> {
        let name = Key(&row.station_transaction_id);
        let args = args![
            row.id,
            row.organisation,
            row.charger,
            row.station,
            row.number,
            row.station_transaction_id,
            row.evse,
            row.evse_number,
            row.connector,
            row.person,
            row.credential,
            row.id_token,
            row.token_key,
            row.stop_group,
            row.started_at,
            row.ended_at,
            row.received_at,
            row.meter_start_wh,
            row.meter_stop_wh,
            row.energy_wh,
            row.stop_reason,
            row.authenticated,
            row.refused,
            row.late,
            row.orphan,
            row.remote_start_id,
            row.decision,
            row.authorization_required,
            name,
        ];
        self.run(INSERT_TRANSACTION, args).await.map(drop)
    }

    /// What may become known of a transaction after its first message: all but its id, tenant,
    /// charger, station, number, name, and when it was received. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_transaction(&mut self, row: &Transaction) -> Result<bool, StoreError> {
        let args = args![
            row.id,
            row.evse,
            row.evse_number,
            row.connector,
            row.person,
            row.credential,
            row.id_token,
            row.token_key,
            row.stop_group,
            row.started_at,
            row.ended_at,
            row.meter_start_wh,
            row.meter_stop_wh,
            row.energy_wh,
            row.stop_reason,
            row.authenticated,
            row.refused,
            row.late,
            row.orphan,
            row.remote_start_id,
            row.decision,
            row.authorization_required,
        ];
        self.touched(UPDATE_TRANSACTION, args).await
    }
}

impl Record for Transaction {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            charger: columns.take()?,
            station: columns.take()?,
            number: columns.take()?,
            station_transaction_id: columns.take()?,
            evse: columns.take()?,
            evse_number: columns.take()?,
            connector: columns.take()?,
            person: columns.take()?,
            credential: columns.take()?,
            id_token: columns.take()?,
            token_key: columns.take()?,
            stop_group: columns.take()?,
            started_at: columns.take()?,
            ended_at: columns.take()?,
            received_at: columns.take()?,
            meter_start_wh: columns.take()?,
            meter_stop_wh: columns.take()?,
            energy_wh: columns.take()?,
            stop_reason: columns.take()?,
            authenticated: columns.take()?,
            refused: columns.take()?,
            late: columns.take()?,
            orphan: columns.take()?,
            remote_start_id: columns.take()?,
            decision: columns.take()?,
            authorization_required: columns.take()?,
        })
    }
}
