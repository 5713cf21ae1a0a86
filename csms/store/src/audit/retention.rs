//! What is old is deleted, a whole segment at a time, once its checkpoint is written.

use jiff::Timestamp;

use super::digest::AuditKey;
use super::segment::{AuditLog, Segment, segment_columns};
use crate::arg::{args, corrupt};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

statements! {
    // Also those of which the rows were not all deleted before a stop.
    EXPIRED_SEGMENTS = "SELECT number FROM audit_segments WHERE log = $1 AND NOT purged \
        AND (last_at < $2 OR deleted_at IS NOT NULL) ORDER BY number LIMIT 100";
    SEGMENT = "SELECT ", segment_columns!(), " FROM audit_segments WHERE number = $1";
    CHECKPOINT = "UPDATE audit_segments SET deleted_at = $2, seal = $3 \
        WHERE number = $1 AND length = $4 AND head = $5 AND deleted_at IS NULL";
    DELETE_DECISIONS = "DELETE FROM decisions WHERE segment = $1 AND sequence <= $2";
    DELETE_CHANGES = "DELETE FROM change_log WHERE segment = $1 AND sequence <= $2";
    FIRST_DECISION = "SELECT MIN(sequence) FROM decisions WHERE segment = $1";
    FIRST_CHANGE = "SELECT MIN(sequence) FROM change_log WHERE segment = $1";
    PURGED = "UPDATE audit_segments SET purged = TRUE \
        WHERE number = $1 AND deleted_at IS NOT NULL";
    DELETE_DOOR_EVENTS = "DELETE FROM door_events WHERE (lock_id, event_id) IN \
        (SELECT lock_id, event_id FROM door_events WHERE received_at < $1 \
        ORDER BY received_at LIMIT $2)";
    DELETE_OLD_DECISIONS = "DELETE FROM decisions WHERE id IN \
        (SELECT id FROM decisions WHERE segment IS NULL AND at < $1 LIMIT $2)";
}

/// Rows deleted in one job, so that others do not wait long.
const AT_ONCE: i64 = 1_000;

impl Store {
    /// Segments of a log whose rows are all older, at most 100; those first of which the deletion
    /// was begun.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn expired_segments(
        &self,
        log: AuditLog,
        before: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        self.find_all(EXPIRED_SEGMENTS, args![log, before]).await
    }
}

impl Tx {
    /// Writes the checkpoint of a segment. `false`: it grows, or is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint_segment(
        &mut self,
        key: Option<&AuditKey>,
        number: i64,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(mut segment) = self.find::<Segment>(SEGMENT, args![number]).await? else {
            return Ok(false);
        };
        if segment.deleted_at.is_some() {
            return Ok(true);
        }
        if segment.last_at >= before {
            return Ok(false);
        }
        segment.deleted_at = Some(now);
        segment.seal = key.map(|key| segment.sign(key).to_vec());
        let args = args![
            number,
            segment.deleted_at,
            segment.seal,
            segment.length,
            segment.head
        ];
        self.touched(CHECKPOINT, args).await
    }

    /// Deletes some rows of a segment whose checkpoint is written. `true`: that was all of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_segment(&mut self, number: i64) -> Result<bool, StoreError> {
        let segment: Segment = self
            .find(SEGMENT, args![number])
            .await?
            .ok_or_else(|| corrupt("segment", "gone"))?;
        if segment.deleted_at.is_none() {
            return Err(corrupt("segment", "its checkpoint is not written"));
        }
        let (first, delete) = match segment.stream.log {
            AuditLog::Doors | AuditLog::Decisions => (FIRST_DECISION, DELETE_DECISIONS),
            AuditLog::Changes => (FIRST_CHANGE, DELETE_CHANGES),
        };
        let first: Option<Option<i64>> = self.find_value(first, args![number]).await?;
        let Some(first) = first.flatten() else {
            return self.touched(PURGED, args![number]).await.map(|_| true);
        };
        let last = first.saturating_add(AT_ONCE - 1);
        self.run(delete, args![number, last]).await?;
        Ok(false)
    }

    /// Deletes some events of doors received earlier; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_door_events(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(DELETE_DOOR_EVENTS, args![before, AT_ONCE]).await
    }

    /// Deletes some decisions from before the chains began; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_unchained_decisions(
        &mut self,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(DELETE_OLD_DECISIONS, args![before, AT_ONCE]).await
    }
}
