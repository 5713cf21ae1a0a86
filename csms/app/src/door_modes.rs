//! What doors are set to in an emergency: asked of their locks, read back, and asked again.
//!
//! It has a task, a queue and a table of its own: nothing about chargers stands in its way. What
//! is asked for is kept in the database and sent again when a lock comes back; the engine refuses
//! or lets in at once, whether the lock has heard of it or not.

use std::collections::HashSet;
use std::sync::Arc;

use authz::{Directory, NodeDetail, NodeEntry};
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{
    Change, Committed, DoorId, DoorMode, EmergencyKind, NodeId, OcppVersion, StationKey,
    StationKind,
};
use parking_lot::Mutex;
use store::{DueMode, StoreError};
use tokio::sync::broadcast::error::RecvError;

use crate::App;
use crate::cache_debts::ASK_AGAIN;

/// The locks that are being asked right now.
#[derive(Debug, Default)]
pub(crate) struct DoorModes {
    asked: Mutex<HashSet<StationKey>>,
}

/// What a door is to be set to. Evacuation beats lockdown.
#[must_use]
pub(crate) fn mode_of(directory: &Directory, door: &NodeEntry) -> DoorMode {
    directory
        .emergencies(door)
        .map(|emergency| match emergency.kind {
            EmergencyKind::Evacuation => DoorMode::Evacuation,
            EmergencyKind::Lockdown => DoorMode::Lockdown,
        })
        .max()
        .unwrap_or(DoorMode::Normal)
}

/// The doors at and below a node.
#[must_use]
pub(crate) fn doors_below(directory: &Directory, node: NodeId) -> Vec<DoorId> {
    let mut doors: Vec<DoorId> = directory
        .nodes()
        .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Door(_)))
        .filter(|(_, entry)| entry.path.contains(&node))
        .map(|(id, _)| id.into())
        .collect();
    doors.sort_unstable();
    doors
}

impl App {
    /// Follows lockdowns and evacuations for as long as the process lives.
    pub(crate) fn follow_emergencies(self: &Arc<Self>) {
        let mut changes = self.live.changes();
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            // Those from before the last stop first.
            let mut again = tokio::time::interval(ASK_AGAIN);
            let mut all = true;
            loop {
                let batch = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    batch = changes.recv() => Some(batch),
                    _ = again.tick() => None,
                };
                let Some(app) = app.upgrade() else { return };
                let touched = match batch {
                    Some(Ok(batch)) => app.doors_touched(&batch),
                    Some(Err(RecvError::Lagged(_))) => {
                        all = true;
                        Vec::new()
                    }
                    Some(Err(RecvError::Closed)) => return,
                    None => Vec::new(),
                };
                let done = if all {
                    app.request_all_modes().await
                } else {
                    app.request_modes(touched).await
                };
                match done {
                    Ok(()) => all = false,
                    Err(error) => {
                        tracing::error!(%error, "modes of doors could not be noted; tried again");
                        all = true;
                    }
                }
            }
        });
    }

    fn doors_touched(&self, batch: &[Committed]) -> Vec<DoorId> {
        let directory = self.live.directory();
        let mut doors = Vec::new();
        for committed in batch {
            match &committed.change {
                Change::Emergency(row) => doors.extend(doors_below(&directory, row.node)),
                Change::Door(row) if row.deleted_at.is_none() => doors.push(row.id),
                Change::Door(_)
                | Change::Organisation(_)
                | Change::Installation(_)
                | Change::Area(_)
                | Change::Charger(_)
                | Change::Lock(_)
                | Change::Station(_)
                | Change::Person(_)
                | Change::Credential(_)
                | Change::Grant(_)
                | Change::ApiKey(_)
                | Change::Tag(_)
                | Change::Membership(_)
                | Change::Schedule(_)
                | Change::Calendar(_)
                | Change::Sharing(_)
                | Change::Webhook(_) => {}
            }
        }
        doors
    }

    async fn request_all_modes(&self) -> Result<(), StoreError> {
        let directory = self.live.directory();
        let doors = directory
            .nodes()
            .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Door(_)))
            .map(|(id, _)| id.into())
            .collect();
        self.request_modes(doors).await
    }

    /// Notes what these doors are to be set to, and asks the locks of all that are not confirmed.
    async fn request_modes(&self, doors: Vec<DoorId>) -> Result<(), StoreError> {
        let directory = self.live.directory();
        let now = self.clock.now();
        let mut wanted = Vec::new();
        for door in doors {
            let Some(entry) = directory.node(door) else {
                continue;
            };
            let mode = mode_of(&directory, entry);
            let before = self.store.get_door_mode(door).await?;
            // What was never set otherwise is normal.
            let requested = before.map_or(DoorMode::Normal, |row| row.requested);
            if requested != mode {
                wanted.push((door, mode));
            }
        }
        if !wanted.is_empty() {
            let wanted: Arc<[(DoorId, DoorMode)]> = wanted.into();
            self.store
                .write(self.settings.hold, move |tx| {
                    let wanted = Arc::clone(&wanted);
                    Box::pin(async move {
                        for (door, mode) in wanted.iter() {
                            tx.request_mode(*door, *mode, now).await?;
                        }
                        Ok(())
                    })
                })
                .await?;
        }
        let mut stations: Vec<StationKey> = self
            .store
            .due_modes()
            .await?
            .into_iter()
            .map(|due| due.station)
            .collect();
        stations.dedup();
        for station in stations {
            self.carry_modes(&station);
        }
        Ok(())
    }

    /// A lock came back: what its doors are set to in an emergency is sent again.
    pub(crate) fn resend_modes(&self, station: &StationKey, kind: StationKind) {
        let StationKind::Lock(_) = kind else { return };
        let Some(app) = self.myself.upgrade() else {
            return;
        };
        let station = station.clone();
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let doubted = station.clone();
            let doubt = app.store.write(app.settings.hold, move |tx| {
                let station = doubted.clone();
                Box::pin(async move { tx.doubt_modes(&station).await })
            });
            tokio::select! {
                () = stop.cancelled() => return,
                done = doubt => if let Err(error) = done {
                    tracing::error!(%error, station.id = %station, "modes could not be doubted");
                },
            }
            app.carry_modes(&station);
        });
    }

    /// Sets what is due at a lock that is there.
    fn carry_modes(&self, station: &StationKey) {
        if self.link.presence(station).is_none()
            || !self.door_modes.asked.lock().insert(station.clone())
        {
            return;
        }
        let Some(app) = self.myself.upgrade() else {
            return;
        };
        let station = station.clone();
        let stop = self.stopping();
        self.tasks.spawn(async move {
            let again = tokio::select! {
                () = stop.cancelled() => false,
                again = app.set_modes(&station) => again,
            };
            app.door_modes.asked.lock().remove(&station);
            if again {
                // Something came in after the last look and before this lock was free again.
                app.carry_modes(&station);
            }
        });
    }

    /// Sets modes until nothing is due or the lock does not do it; whether to look once more.
    async fn set_modes(&self, station: &StationKey) -> bool {
        let mut done = false;
        loop {
            let due = match self.store.due_modes_at(station).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::error!(%error, station.id = %station, "due modes are not known");
                    return false;
                }
            };
            if due.is_empty() {
                return done;
            }
            for one in due {
                if !self.set_mode(&one).await {
                    // It is asked again after a while, or when it comes back.
                    return false;
                }
                done = true;
            }
        }
    }

    /// Sets the mode of a door and reads it back; whether the lock confirmed it.
    async fn set_mode(&self, due: &DueMode) -> bool {
        let Some(presence) = self.link.presence(&due.station) else {
            return false;
        };
        let deadline = self.settings.command_deadline;
        let set = StationCommand::SetDoorMode {
            door: due.number,
            mode: due.mode,
        };
        let answer = self.link.command(&due.station, set, deadline).await;
        if !was_answered(&answer) {
            tracing::warn!(station.id = %due.station, door = due.number, ?answer, "a mode was not set");
            return false;
        }
        let name = match presence.version {
            OcppVersion::V16 => format!("LockMode{}", due.number),
            OcppVersion::V201 => format!("AccessBarrier@{}.Mode", due.number),
        };
        let read = StationCommand::ReadConfiguration(vec![name.clone()]);
        let told = match self.link.command(&due.station, read, deadline).await {
            Ok(CommandAnswer::Configuration(values)) => values
                .into_iter()
                .find(|value| value.name == name)
                .and_then(|value| value.value),
            Ok(CommandAnswer::Result { .. } | CommandAnswer::Error { .. }) | Err(_) => None,
        };
        if told.as_deref().and_then(DoorMode::from_wire) != Some(due.mode) {
            tracing::warn!(station.id = %due.station, door = due.number, ?told, "a mode is not confirmed");
            return false;
        }
        let (door, mode, now) = (due.door, due.mode, self.clock.now());
        let noted = self
            .store
            .write(self.settings.hold, move |tx| {
                Box::pin(async move { tx.confirm_mode(door, mode, now).await })
            })
            .await;
        match noted {
            Ok(true) => {
                let data = serde_json::json!({ "mode": mode.name() });
                self.events.tell(now, "door.mode", door, None, data);
                true
            }
            // Another is asked for by now: the next look finds it.
            Ok(false) => true,
            Err(error) => {
                tracing::error!(%error, station.id = %due.station, "a confirmed mode was not noted");
                false
            }
        }
    }
}

/// Whether the lock took the command, as far as its answer tells; what counts is read back.
fn was_answered(answer: &Result<CommandAnswer, CommandError>) -> bool {
    match answer {
        Ok(CommandAnswer::Result { .. }) => true,
        Ok(CommandAnswer::Error { .. } | CommandAnswer::Configuration(_)) | Err(_) => false,
    }
}
