//! Answers given to requests with an Idempotency-Key, kept in the transaction of the request.

use jiff::Timestamp;

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    ANSWER = "SELECT principal, key, body_hash, status, body, created_at FROM idempotency_keys \
        WHERE principal = $1 AND key = $2 AND created_at > $3";
    FORGET_ONE = "DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2 \
        AND created_at <= $3";
    FORGET_OLD = "DELETE FROM idempotency_keys WHERE created_at <= $1";
    INSERT_ANSWER = "INSERT INTO idempotency_keys \
        (principal, key, body_hash, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Who asked.
    pub principal: String,
    /// The Idempotency-Key.
    pub key: String,
    /// The digest of method, path and body: the same key with another request is refused.
    pub body_hash: Vec<u8>,
    /// The HTTP status answered.
    pub status: u16,
    /// The body answered.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

queries! {
    /// The answer given to this key after `since` (24 hours ago).
    get_idempotency(principal: &str, key: &str, since: Timestamp) -> Option<IdempotencyRecord> =
        ANSWER [Key(principal), Key(key), since];
}

impl Tx {
    /// Keeps an answer; one that was given until `since` is replaced.
    ///
    /// # Errors
    /// [`IdempotencyKey`](crate::Constraint::IdempotencyKey) if a later one is there.
    pub async fn put_idempotency(
        &mut self,
        row: &IdempotencyRecord,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        let principal = Key(&row.principal);
        let key = Key(&row.key);
        self.run(FORGET_ONE, args![principal, key, since]).await?;
        let args = args![
            principal,
            key,
            row.body_hash,
            row.status,
            row.body,
            row.created_at
        ];
        self.run(INSERT_ANSWER, args).await.map(drop)
    }

    /// Forgets answers given until `since`; how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_idempotency(&mut self, since: Timestamp) -> Result<u64, StoreError> {
        self.run(FORGET_OLD, args![since]).await
    }
}

impl Record for IdempotencyRecord {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            principal: columns.take()?,
            key: columns.take()?,
            body_hash: columns.take()?,
            status: columns.take()?,
            body: columns.take()?,
            created_at: columns.take()?,
        })
    }
}
