//! Remote starts that wait for their transaction, over a restart too.

use jiff::Timestamp;
use model::{OrganisationId, PersonId, StationKey, TransactionId};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

macro_rules! remote_start_columns {
    () => {
        "id, station_key, organisation_id, person_id, token_key, evse_number, created_at, until, \
         transaction_id"
    };
}

statements! {
    INSERT_REMOTE_START = "INSERT INTO remote_starts (", remote_start_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    CLOSE_REMOTE_START = "UPDATE remote_starts SET transaction_id = $2 \
        WHERE id = $1 AND transaction_id IS NULL";
    DELETE_REMOTE_START = "DELETE FROM remote_starts WHERE id = $1 AND transaction_id IS NULL";
    REMOTE_START = "SELECT ", remote_start_columns!(), " FROM remote_starts WHERE id = $1";
    PENDING = "SELECT ", remote_start_columns!(), " FROM remote_starts \
        WHERE station_key = $1 AND transaction_id IS NULL AND until > $2 ORDER BY id";
    PENDING_AT = "SELECT ", remote_start_columns!(), " FROM remote_starts \
        WHERE organisation_id = $1 AND created_at <= $2 AND until > $2 ORDER BY id";
    ALL_PENDING = "SELECT ", remote_start_columns!(), " FROM remote_starts \
        WHERE transaction_id IS NULL AND until > $1 ORDER BY id";
}

/// A remote start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteStartRow {
    /// The remoteStartId.
    pub id: i64,
    /// Which station was asked.
    pub station: StationKey,
    /// The tenant.
    pub organisation: OrganisationId,
    /// For whom.
    pub person: PersonId,
    /// The key of the person's remote token.
    pub token_key: String,
    /// EVSE number; `None`: the station chooses.
    pub evse: Option<u32>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// The token counts until then, exclusive.
    pub until: Timestamp,
    /// The transaction it began.
    pub transaction: Option<TransactionId>,
}

queries! {
    /// A remote start.
    get_remote_start(id: i64) -> Option<RemoteStartRow> = REMOTE_START [id];
    /// The remote starts of a station that wait for their transaction at `now`.
    find_pending(station: &StationKey, now: Timestamp) -> Vec<RemoteStartRow> =
        PENDING [station, now];
    /// Every remote start that waits for its transaction at `now`, for the start of the program.
    all_pending(now: Timestamp) -> Vec<RemoteStartRow> = ALL_PENDING [now];
}

impl Tx {
    /// A new remote start; its id is taken with
    /// [`next_number`](Tx::next_number)`(`[`RemoteStartId`](crate::Counter::RemoteStartId)`)`.
    ///
    /// # Errors
    /// [`RemoteStartId`](crate::Constraint::RemoteStartId).
    pub async fn insert_remote_start(&mut self, row: &RemoteStartRow) -> Result<(), StoreError> {
        let args = args![
            row.id,
            row.station,
            row.organisation,
            row.person,
            row.token_key,
            row.evse,
            row.created_at,
            row.until,
            row.transaction,
        ];
        self.run(INSERT_REMOTE_START, args).await.map(drop)
    }

    /// The transaction has begun. `false`: it is not there or had one already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_remote_start(
        &mut self,
        id: i64,
        transaction: TransactionId,
    ) -> Result<bool, StoreError> {
        self.touched(CLOSE_REMOTE_START, args![id, transaction])
            .await
    }

    /// The station refused: nothing waits. `false`: it is not there or has its transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_remote_start(&mut self, id: i64) -> Result<bool, StoreError> {
        self.touched(DELETE_REMOTE_START, args![id]).await
    }
}

impl Record for RemoteStartRow {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            station: columns.take()?,
            organisation: columns.take()?,
            person: columns.take()?,
            token_key: columns.take()?,
            evse: columns.take()?,
            created_at: columns.take()?,
            until: columns.take()?,
            transaction: columns.take()?,
        })
    }
}
