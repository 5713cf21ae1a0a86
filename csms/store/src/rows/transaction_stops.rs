//! Why charges were asked to stop by the system.

use jiff::Timestamp;
use model::{TransactionId, UsedUp};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    NOTE = "INSERT INTO transaction_stops (transaction_id, used_up, requested_at) \
        VALUES ($1, $2, $3) ON CONFLICT (transaction_id) DO NOTHING";
    STOP = "SELECT used_up, requested_at FROM transaction_stops WHERE transaction_id = $1";
}

/// Why and since when a charge is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopRequested {
    /// What of its right is used up.
    pub used_up: UsedUp,
    /// When it was asked first.
    pub at: Timestamp,
}

queries! {
    /// Why a charge was asked to stop by the system, if it was.
    get_stop(transaction: TransactionId) -> Option<StopRequested> = STOP [transaction];
}

impl Tx {
    /// A charge is asked to stop. `false`: it was asked before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_stop(
        &mut self,
        transaction: TransactionId,
        used_up: UsedUp,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(NOTE, args![transaction, used_up, at]).await
    }
}

impl Record for StopRequested {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            used_up: columns.take()?,
            at: columns.take()?,
        })
    }
}
