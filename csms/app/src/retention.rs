//! What is old in the logs is deleted: whole segments, each behind its signed checkpoint.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{AuditLog, StoreError};

use crate::App;
use crate::secret::audit_key;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(3600);

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Segments of the logs.
    pub segments: u64,
    /// Events of doors.
    pub door_events: u64,
    /// Decisions from before the logs were chained.
    pub unchained: u64,
}

impl App {
    /// Deletes what is old, now and every hour, for as long as the process lives.
    pub fn keep_retention(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let mut again = tokio::time::interval(EVERY);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = again.tick() => {}
                }
                let Some(app) = app.upgrade() else { return };
                tokio::select! {
                    () = stop.cancelled() => return,
                    deleted = app.delete_expired() => match deleted {
                        Ok(deleted) if deleted == Deleted::default() => {}
                        Ok(deleted) => tracing::info!(
                            segments = deleted.segments,
                            door_events = deleted.door_events,
                            unchained = deleted.unchained,
                            "old rows of the logs were deleted"
                        ),
                        // What is left over is deleted in the next hour.
                        Err(error) => tracing::warn!(%error, "old rows could not be deleted"),
                    }
                }
            }
        });
    }

    /// Deletes what is older than the settings say, in small jobs.
    ///
    /// # Errors
    /// When the database is away; what was begun is finished by the next call.
    pub async fn delete_expired(&self) -> Result<Deleted, StoreError> {
        let mut deleted = Deleted::default();
        let now = self.clock.now();
        let kept = self.settings.retention;
        for (log, kept) in [
            (AuditLog::Doors, kept.doors),
            (AuditLog::Decisions, kept.decisions),
            (AuditLog::Changes, kept.changes),
        ] {
            if let Some(before) = begins(now, kept) {
                deleted.segments += self.delete_segments(log, before, now).await?;
            }
        }
        if let Some(before) = begins(now, kept.doors) {
            deleted.door_events = self.until_none(before, Rows::DoorEvents).await?;
        }
        if let Some(before) = begins(now, kept.decisions) {
            deleted.unchained = self.until_none(before, Rows::Unchained).await?;
        }
        Ok(deleted)
    }

    async fn delete_segments(
        &self,
        log: AuditLog,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let before_this = deleted;
            for number in self.store.expired_segments(log, before).await? {
                let key = audit_key(&self.settings.pepper);
                let hold = self.settings.hold;
                let is_closed = self
                    .store
                    .write(hold, move |tx| {
                        let key = key.clone();
                        Box::pin(async move {
                            tx.checkpoint_segment(Some(&key), number, before, now).await
                        })
                    })
                    .await?;
                if !is_closed {
                    // It was just written to.
                    continue;
                }
                while !self
                    .store
                    .write(hold, move |tx| Box::pin(tx.purge_segment(number)))
                    .await?
                {}
                deleted += 1;
            }
            if deleted == before_this {
                return Ok(deleted);
            }
        }
    }

    async fn until_none(&self, before: Timestamp, rows: Rows) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let some = self
                .store
                .write(self.settings.hold, move |tx| {
                    Box::pin(async move {
                        match rows {
                            Rows::DoorEvents => tx.purge_door_events(before).await,
                            Rows::Unchained => tx.purge_unchained_decisions(before).await,
                        }
                    })
                })
                .await?;
            if some == 0 {
                return Ok(all);
            }
            all += some;
        }
    }
}

#[derive(Clone, Copy)]
enum Rows {
    DoorEvents,
    Unchained,
}

/// Since when rows are kept; `None`: all of them.
fn begins(now: Timestamp, kept: Option<SignedDuration>) -> Option<Timestamp> {
    now.checked_sub(kept?).ok()
}
