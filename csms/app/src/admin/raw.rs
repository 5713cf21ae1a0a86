//! Raw messages to a station.

use authz::act;
use model::command::{CommandAnswer, StationCommand};
use model::{Action, DoorId, LockId, NodeId, Role, Station, StationKind};
use serde_json::Value;

use super::Admin;
use super::raw_permissions::{Needs, Point, needs};
use super::stations::{node_of, note};
use crate::{ApiError, Caller};

impl Admin {
    /// Sends a message to a station as it is given and returns the station's real answer. Needs
    /// the action it amounts to; each use is in the change log, also when the station is offline.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; `Invalid` for a password, which is not settable raw; `Station`
    /// when the station is offline, does not answer, or the message is none of its version.
    pub async fn raw_command(
        &self,
        caller: &Caller,
        station_id: &str,
        action: &str,
        payload: Value,
    ) -> Result<CommandAnswer, ApiError> {
        let station = self.registered(station_id).await?;
        let node = node_of(&station);
        if !self.pep.sees(caller, node) && !matches!(station.kind, StationKind::Lock(_)) {
            return Err(ApiError::NotFound);
        }
        self.permit_raw(caller, &station, action, &payload).await?;
        let mut actor = self.actor(caller, station.organisation);
        let action = action.to_owned();
        actor.reason = Some(match &caller.reason {
            Some(reason) => format!("raw {action}: {reason}"),
            None => format!("raw {action}"),
        });
        let audited = station.clone();
        let (noted, _) = self
            .store
            .change(actor, move |tx| {
                let station = audited.clone();
                Box::pin(async move { note(tx, &station).await })
            })
            .await?;
        noted?;
        let command = StationCommand::Raw { action, payload };
        Ok(self
            .link
            .command(&station.key, command, self.settings.command_deadline)
            .await?)
    }

    async fn permit_raw(
        &self,
        caller: &Caller,
        station: &Station,
        action: &str,
        payload: &Value,
    ) -> Result<(), ApiError> {
        let node = node_of(station);
        let point = match station.kind {
            StationKind::Charger(_) => Point::Charger,
            StationKind::Lock(_) => Point::Lock,
        };
        match (needs(point, action, payload), station.kind) {
            (Needs::Actions(actions), _) => {
                for action in actions.iter() {
                    self.require(caller, action, node).await?;
                }
                Ok(())
            }
            (Needs::Owner, _) => {
                for action in Role::Owner.actions().iter() {
                    self.require(caller, action, node).await?;
                }
                Ok(())
            }
            (Needs::Doors(numbers), StationKind::Lock(lock)) => {
                for number in numbers {
                    let door = self.door_numbered(lock, number).ok_or_else(|| {
                        ApiError::field("door", "unknown", "the lock has no door of this number")
                    })?;
                    self.permit_opening(caller, door).await?;
                }
                Ok(())
            }
            (Needs::EveryDoor, StationKind::Lock(lock)) => {
                self.require(caller, Action::RemoteUse, node).await?;
                let doors = self
                    .live
                    .directory()
                    .lock(lock)
                    .map(|lock| lock.doors.clone());
                for (_, door) in doors.iter().flat_map(|doors| doors.iter()) {
                    self.permit_opening(caller, *door).await?;
                }
                Ok(())
            }
            // A charger has no doors.
            (Needs::Doors(_) | Needs::EveryDoor, StationKind::Charger(_)) => {
                Err(ApiError::Internal)
            }
            (Needs::Nobody, _) => {
                // Whoever may not even see the station gets no hint that it is there.
                let _ = self.pep.permit::<act::ManageSecurity>(caller, node).await?;
                Err(ApiError::field(
                    "key",
                    "not_settable",
                    "passwords are set with PUT /v1/stations/{station_id}/credential",
                ))
            }
        }
    }

    fn door_numbered(&self, lock: LockId, number: u32) -> Option<DoorId> {
        let directory = self.live.directory();
        let doors = &directory.lock(lock)?.doors;
        doors
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, door)| *door)
    }

    /// As for `POST /v1/doors/{id}/open`: the action, the door's own switch, and not too often.
    async fn permit_opening(&self, caller: &Caller, door: DoorId) -> Result<(), ApiError> {
        self.require(caller, Action::RemoteUse, NodeId::from(door))
            .await?;
        let settings = self.live.directory().door(door).ok_or(ApiError::NotFound)?;
        if !settings.remote_open {
            return Err(ApiError::Conflict {
                code: "remote_open_off",
                detail: "this door may not be opened from elsewhere; its owner can turn \
                         `remote_open` on"
                    .to_owned(),
            });
        }
        self.door_openings
            .check(door)
            .map_err(|wait| ApiError::TooMany {
                retry_after_seconds: wait,
            })
    }
}
