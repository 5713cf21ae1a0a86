//! What locks tell of their doors.

use model::neutral::{DoorEventReport, StationReply};
use model::{DoorEvent, LockId, NodeId, StationKind};
use serde_json::json;
use store::StoreError;

use super::{Connection, StationFailure};
use crate::App;

impl App {
    /// Stored once per event id, then answered: the lock keeps it until then.
    pub(super) async fn door_event(
        &self,
        connection: &Connection,
        report: DoorEventReport,
    ) -> Result<StationReply, StationFailure> {
        let StationKind::Lock(lock) = connection.station.kind else {
            // A charger has no doors; there is nothing to record it under.
            return Ok(StationReply::UnknownVendor);
        };
        self.keep_door_event(lock, report).await.map_err(|error| {
            tracing::error!(%error, station.id = %connection.station.key, "event not recorded");
            StationFailure::NotRecorded
        })?;
        Ok(StationReply::EventStored)
    }

    /// Records an event of a lock; `false` if it was known already.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub(crate) async fn keep_door_event(
        &self,
        lock: LockId,
        report: DoorEventReport,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let directory = self.live.directory();
        let Some((entry, organisation)) = directory
            .lock(lock)
            .and_then(|entry| Some((entry, directory.node(entry.installation)?.organisation)))
        else {
            // The lock was removed while it was connected; it is about to be disconnected.
            return Err(StoreError::Busy);
        };
        let door = entry
            .doors
            .iter()
            .find(|(number, _)| *number == report.door)
            .map(|(_, id)| *id);
        let holder = report
            .token
            .as_ref()
            .and_then(|token| directory.holder_of(organisation, token));
        let event = DoorEvent {
            event_id: report.event_id,
            organisation,
            lock,
            door,
            door_number: report.door,
            at: report.at,
            received_at: now,
            result: report.result,
            cause: report.cause,
            person: holder.map(|(_, person)| person),
            credential: holder.map(|(credential, _)| credential),
            token: report.token.map(|token| token.masked()),
        };
        let kept = event.clone();
        let is_new = self
            .store
            .write(self.settings.hold, move |tx| {
                let event = event.clone();
                Box::pin(async move { tx.insert_door_event(&event).await })
            })
            .await?;
        if is_new {
            let data = json!({
                "event_id": kept.event_id,
                "door": kept.door_number,
                "result": kept.result.name(),
                "cause": kept.cause,
            });
            let node: NodeId = door.map_or_else(|| entry.installation.into(), Into::into);
            self.events.tell(now, "door.event", node, kept.person, data);
        }
        Ok(is_new)
    }
}
