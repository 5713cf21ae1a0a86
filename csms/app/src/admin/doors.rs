//! Doors of locks.

use authz::act;
use model::{
    Action, AreaId, Change, Door, DoorAccess, DoorEvent, DoorFail, DoorId, InstallationId, Labels,
    LockId, NodeId, NodeKind, OfflinePolicy, Passage, ScheduleId, Strength,
};
use store::{DoorStateRow, image};

use super::fields::{Faults, LabelsPatch};
use super::stations::Telemetry;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// A new door.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDoor {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The controller.
    pub lock: LockId,
    /// A part of the lock's installation.
    pub area: Option<AreaId>,
    /// At the controller, from 1.
    pub number: u32,
    /// Without power.
    pub fail: DoorFail,
    /// Whether it may be opened from elsewhere.
    pub remote_open: RemoteOpen,
    /// How long it stays unlocked.
    pub open_seconds: u32,
    /// Without connection.
    pub offline_policy: OfflinePolicy,
    /// What it asks of those who come.
    pub access: AccessPatch,
}

/// What is to become of what a door asks of those who come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessPatch {
    /// A credential at least this strong, or any.
    pub minimum_strength: Option<Option<Strength>>,
    /// Open to everybody while this schedule holds, or never.
    pub unlock_schedule: Option<Option<ScheduleId>>,
    /// It leads into this area.
    pub entry: Option<Option<AreaId>>,
    /// It leads out of this area.
    pub exit: Option<Option<AreaId>>,
}

/// Whether a door may be opened from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteOpen {
    /// No.
    #[default]
    Off,
    /// By who holds `remote_use`.
    On,
}

impl From<bool> for RemoteOpen {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// What is to become of a door.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DoorPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Another part of its installation, or none.
    pub area: Option<Option<AreaId>>,
    /// Without power.
    pub fail: Option<DoorFail>,
    /// Whether it may be opened from elsewhere.
    pub remote_open: Option<RemoteOpen>,
    /// How long it stays unlocked.
    pub open_seconds: Option<u32>,
    /// Without connection.
    pub offline_policy: Option<OfflinePolicy>,
    /// What it asks of those who come.
    pub access: AccessPatch,
}

/// A door as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct DoorView {
    /// The row.
    pub door: Door,
    /// As the lock reported it last.
    pub state: Option<DoorStateRow>,
    /// What is known of the lock's station.
    pub telemetry: Telemetry,
}

impl Admin {
    /// Makes a door.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on what it is in; `Conflict` when the lock has a
    /// door of this number.
    pub async fn create_door(
        &self,
        write: Write<DoorView>,
        new: NewDoor,
    ) -> Result<Done, ApiError> {
        let lock = self.lock_row(new.lock).await?;
        let at = new
            .area
            .map_or(NodeId::from(lock.installation), NodeId::from);
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        self.may_set_access(&write.caller, new.access, at).await?;
        let _order = self.order.read().await;
        let parent = self.place(lock.installation, new.area)?;
        let mut access = DoorAccess::default();
        self.set_access(
            new.access,
            &mut access,
            lock.organisation,
            lock.installation,
        )?;
        let row = Door {
            id: new_id(),
            organisation: lock.organisation,
            installation: lock.installation,
            parent,
            lock: lock.id,
            number: new.number,
            labels: new.labels,
            fail: new.fail,
            remote_open: new.remote_open == RemoteOpen::On,
            open_seconds: new.open_seconds,
            offline_policy: new.offline_policy,
            access,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        check(&row)?;
        let telemetry = self
            .telemetry(&write.caller, parent, &lock.station.key())
            .await?;
        self.change(permit, write, lock.organisation, move |tx| {
            let (door, telemetry) = (row.clone(), telemetry.clone());
            Box::pin(async move {
                tx.insert_door(&door).await?;
                tx.record(Change::Door(door.clone()), None);
                Ok(Ok(DoorView {
                    door,
                    state: None,
                    telemetry,
                }))
            })
        })
        .await
    }

    /// A door.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn door(&self, caller: &Caller, id: DoorId) -> Result<DoorView, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        let row = self.store.get_door(id).await?.ok_or(ApiError::NotFound)?;
        self.door_view(caller, row).await
    }

    async fn door_view(&self, caller: &Caller, door: Door) -> Result<DoorView, ApiError> {
        let lock = self.lock_row(door.lock).await?;
        let telemetry = self
            .telemetry(caller, door.id.into(), &lock.station.key())
            .await?;
        let state = self.store.get_door_state(door.id).await?;
        Ok(DoorView {
            door,
            state,
            telemetry,
        })
    }

    /// The doors the caller sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn doors(
        &self,
        caller: &Caller,
        installation: Option<InstallationId>,
        query: &ListQuery,
    ) -> Result<Listing<DoorView>, ApiError> {
        let seen = |row: &Door| self.pep.sees(caller, row.id);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store
                    .list_doors(organisation, installation, &page)
                    .await
            })
            .await?;
        let mut items = Vec::with_capacity(list.items.len());
        for row in list.items {
            items.push(self.door_view(caller, row).await?);
        }
        Ok(Listing {
            items,
            next: list.next,
        })
    }

    /// Changes a door.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_door(
        &self,
        write: Write<DoorView>,
        id: DoorId,
        patch: DoorPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let node = self.node(id)?;
        let _order = self.order.read().await;
        let mut parent = None;
        if let Some(area) = patch.area {
            let place = self.place(node.installation.ok_or(ApiError::NotFound)?, area)?;
            let _ = self
                .pep
                .permit::<act::ManageSettings>(&write.caller, place)
                .await?;
            parent = Some(place);
        }
        self.may_set_access(&write.caller, patch.access, id.into())
            .await?;
        let row = self.store.get_door(id).await?.ok_or(ApiError::NotFound)?;
        let mut access = row.access;
        self.set_access(
            patch.access,
            &mut access,
            row.organisation,
            row.installation,
        )?;
        let view = self.door_view(&write.caller, row).await?;
        self.change(permit, write, node.organisation, move |tx| {
            let (patch, mut view) = (patch.clone(), view.clone());
            Box::pin(async move {
                let Some(mut row) = tx.get_door(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Door(row.clone());
                patch.apply(&mut row, parent);
                row.access = access;
                if let Err(faults) = check(&row) {
                    return Ok(Err(faults));
                }
                tx.update_door(&row).await?;
                tx.record(Change::Door(row.clone()), Some(image(&before)));
                view.door = row;
                Ok(Ok(view))
            })
        })
        .await
    }

    /// Who sets whom a door lets in manages access there, not only its settings.
    async fn may_set_access(
        &self,
        caller: &Caller,
        patch: AccessPatch,
        at: NodeId,
    ) -> Result<(), ApiError> {
        if patch != AccessPatch::default() {
            let _ = self.pep.permit::<act::ManageAccess>(caller, at).await?;
        }
        Ok(())
    }

    /// What a door asks after a change.
    fn set_access(
        &self,
        patch: AccessPatch,
        access: &mut DoorAccess,
        organisation: model::OrganisationId,
        installation: InstallationId,
    ) -> Result<(), ApiError> {
        let directory = self.live.directory();
        let mut faults = Faults::default();
        if let Some(strength) = patch.minimum_strength {
            access.minimum_strength = strength;
        }
        if let Some(schedule) = patch.unlock_schedule {
            access.unlock_schedule = schedule;
            faults.check(
                || schedule.is_none_or(|id| directory.schedule_of(id) == Some(organisation)),
                "unlock_schedule_id",
                "unknown",
                "no such schedule here",
            );
        }
        let (entry_before, exit_before) = sides(*access);
        let entry = patch.entry.unwrap_or(entry_before);
        let exit = patch.exit.unwrap_or(exit_before);
        let is_here = |area: Option<AreaId>| {
            area.is_none_or(|id| {
                directory.node(id).is_some_and(|node| {
                    node.kind == NodeKind::Area && node.installation == Some(installation)
                })
            })
        };
        for (field, area) in [("entry_area_id", entry), ("exit_area_id", exit)] {
            faults.check(
                || is_here(area),
                field,
                "unknown",
                "the installation has no such area",
            );
        }
        faults.check(
            || entry.is_none() || exit.is_none(),
            "exit_area_id",
            "invalid",
            "a door leads into an area or out of one, not both",
        );
        access.passage = entry
            .map(Passage::Entry)
            .or_else(|| exit.map(Passage::Exit));
        faults.none()
    }

    /// Removes a door.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn remove_door(&self, write: Write<()>, id: DoorId) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_door(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Door(row.clone());
                row.deleted_at = Some(now);
                tx.update_door(&row).await?;
                tx.record(Change::Door(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// What happened at a door: everything for who sees all, one's own for who sees that.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it, `Forbidden` without `view_all` or `view_own`.
    pub async fn door_history(
        &self,
        caller: &Caller,
        id: DoorId,
        query: &ListQuery,
    ) -> Result<Listing<DoorEvent>, ApiError> {
        let all = self.pep.holds(caller, Action::ViewAll, id);
        if !all && !self.pep.holds(caller, Action::ViewOwn, id) {
            let _ = self.pep.permit::<act::ViewAll>(caller, id).await?;
        }
        let own = self.pep.person_of(caller, id.into());
        let seen = |event: &DoorEvent| all || (own.is_some() && event.person == own);
        self.list_seen(query, seen, |page| async move {
            self.store.list_door_events(id, &page).await
        })
        .await
    }
}

impl DoorPatch {
    fn apply(self, row: &mut Door, parent: Option<NodeId>) {
        self.labels.apply(&mut row.labels);
        if let Some(parent) = parent {
            row.parent = parent;
        }
        if let Some(fail) = self.fail {
            row.fail = fail;
        }
        if let Some(remote_open) = self.remote_open {
            row.remote_open = remote_open == RemoteOpen::On;
        }
        if let Some(seconds) = self.open_seconds {
            row.open_seconds = seconds;
        }
        if let Some(policy) = self.offline_policy {
            row.offline_policy = policy;
        }
    }
}

/// The areas a door leads into and out of.
#[must_use]
pub const fn sides(access: DoorAccess) -> (Option<AreaId>, Option<AreaId>) {
    match access.passage {
        Some(Passage::Entry(area)) => (Some(area), None),
        Some(Passage::Exit(area)) => (None, Some(area)),
        None => (None, None),
    }
}

fn check(row: &Door) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    let number = (1..=1000).contains(&row.number);
    faults.check(|| number, "number", "out_of_range", "from 1 to 1000");
    let seconds = (1..=3600).contains(&row.open_seconds);
    faults.check(|| seconds, "open_seconds", "out_of_range", "from 1 to 3600");
    faults.none()
}
