//! What locks tell of their doors.

use authz::{Directory, Usage};
use model::neutral::{DoorEventReport, StationReply};
use model::{DoorEvent, DoorResult, LockId, NodeId, Numbers, Passage, StationKind};
use serde_json::json;
use store::{LastPassage, StoreError};

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
        let numbers = connection.station.context().numbers;
        let kept = self.keep_door_event(lock, report, numbers).await;
        kept.map_err(|error| {
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
        numbers: Numbers,
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
            .and_then(|token| directory.holder_of(organisation, token, numbers));
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
        if let (Some(door), Some(person)) = (door, kept.person) {
            // A lock's clock may be ahead.
            let at = kept.at.time.map_or(now, |at| at.min(now));
            let last = LastPassage {
                person,
                door,
                result: kept.result,
                at,
            };
            self.pep
                .usage(|usage| follow_passage(usage, &directory, last));
        }
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

/// Keeps where somebody is who went by a door, if it belongs to a zone.
pub(crate) fn follow_passage(usage: &mut Usage, directory: &Directory, last: LastPassage) {
    let LastPassage {
        person,
        door,
        result,
        at,
    } = last;
    let passage = directory.door(door).and_then(|door| door.access.passage);
    match (passage, result) {
        (Some(Passage::Entry(zone)), DoorResult::Granted) => usage.enter(person, zone, at),
        // Back out by the door that leads in.
        (Some(Passage::Entry(zone)), DoorResult::Exit)
        | (Some(Passage::Exit(zone)), DoorResult::Granted | DoorResult::Exit) => {
            usage.leave(person, zone, at);
        }
        (Some(Passage::Entry(_) | Passage::Exit(_)), DoorResult::Refused | DoorResult::Forced)
        | (None, _) => {}
    }
}
