//! Received transaction messages: each is stored once, by its natural key.

use model::{StationKey, TransactionId, TransactionRecord};

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

macro_rules! record_columns {
    () => {
        "station_key, natural_key, transaction_id, phase, seq_no, trigger_reason, time_text, \
         received_at, answer, body"
    };
}

statements! {
    INSERT_RECORD = "INSERT INTO transaction_records (", record_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    RECORD = "SELECT ", record_columns!(),
        " FROM transaction_records WHERE station_key = $1 AND natural_key = $2";
    RECORD_BY_SEQ_NO = "SELECT ", record_columns!(), " FROM transaction_records \
        WHERE transaction_id = $1 AND seq_no = $2 ORDER BY received_at, natural_key LIMIT 1";
    RENAME_RECORD = "UPDATE transaction_records SET natural_key = $3 \
        WHERE station_key = $1 AND natural_key = $2";
    RECORDS_OF = "SELECT ", record_columns!(), " FROM transaction_records \
        WHERE transaction_id = $1 ORDER BY received_at, natural_key";
}

queries! {
    /// The message of a station with this natural key, if it was received before.
    find_record(station: &StationKey, natural_key: &str) -> Option<TransactionRecord> =
        RECORD [station, Key(natural_key)];
    /// A message of a transaction with this seqNo, if one was received before.
    find_record_by_seq_no(transaction: TransactionId, seq_no: i64) -> Option<TransactionRecord> =
        RECORD_BY_SEQ_NO [transaction, seq_no];
    /// The messages of a transaction, as received.
    records_of(transaction: TransactionId) -> Vec<TransactionRecord> = RECORDS_OF [transaction];
}

impl Tx {
    /// Gives a message another natural key, so that the old one is free. `false`: it is not there.
    ///
    /// # Errors
    /// [`TransactionRecord`](crate::Constraint::TransactionRecord) if the new one is taken.
    pub async fn rename_record(
        &mut self,
        station: &StationKey,
        natural_key: &str,
        new: &str,
    ) -> Result<bool, StoreError> {
        self.touched(RENAME_RECORD, args![station, Key(natural_key), Key(new)])
            .await
    }

    /// Stores a message. A natural key of more than 255 bytes is kept shortened, with a digest of
    /// the whole.
    ///
    /// # Errors
    /// [`TransactionRecord`](crate::Constraint::TransactionRecord) if it was received before.
    pub async fn insert_record(&mut self, row: &TransactionRecord) -> Result<(), StoreError> {
        let natural_key = Key(&row.natural_key);
        let args = args![
            row.station,
            natural_key,
            row.transaction,
            row.phase,
            row.seq_no,
            row.trigger,
            row.time_text,
            row.received_at,
            row.answer,
            row.body,
        ];
        self.run(INSERT_RECORD, args).await.map(drop)
    }
}

impl Record for TransactionRecord {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            station: columns.take()?,
            natural_key: columns.take()?,
            transaction: columns.take()?,
            phase: columns.take()?,
            seq_no: columns.take()?,
            trigger: columns.take()?,
            time_text: columns.take()?,
            received_at: columns.take()?,
            answer: columns.take()?,
            body: columns.take()?,
        })
    }
}
