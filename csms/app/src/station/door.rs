//! What locks tell of their doors.

use authz::{Directory, Usage};
use jiff::Timestamp;
use model::neutral::{DoorEventReport, StationReply};
use model::{
    DoorEvent, DoorId, DoorResult, LockId, NodeId, Numbers, Passage, PersonId, StationKind,
};
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
            let passed = passage(&directory, door, kept.result);
            self.pep
                .usage(|usage| follow_passage(usage, person, passed, at));
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

/// Into or out of which zone somebody went, if the door belongs to one.
pub(crate) fn passage(directory: &Directory, door: DoorId, result: DoorResult) -> Option<Passage> {
    let passage = directory.door(door)?.access.passage?;
    match (passage, result) {
        (Passage::Entry(zone), DoorResult::Granted) => Some(Passage::Entry(zone)),
        // Back out by the door that leads in.
        (Passage::Entry(zone), DoorResult::Exit)
        | (Passage::Exit(zone), DoorResult::Granted | DoorResult::Exit) => {
            Some(Passage::Exit(zone))
        }
        (Passage::Entry(_) | Passage::Exit(_), DoorResult::Refused | DoorResult::Forced) => None,
    }
}

/// Keeps where somebody is.
pub(crate) fn follow_passage(
    usage: &mut Usage,
    person: PersonId,
    passed: Option<Passage>,
    at: Timestamp,
) {
    match passed {
        Some(Passage::Entry(zone)) => usage.enter(person, zone, at),
        Some(Passage::Exit(zone)) => usage.leave(person, zone, at),
        None => {}
    }
}
