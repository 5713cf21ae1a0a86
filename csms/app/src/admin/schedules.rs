//! Weekly schedules.

use authz::{Directory, NodeDetail, Permit, act};
use model::{
    Action, CalendarId, Change, GrantId, Labels, NodeId, OrganisationId, Schedule, ScheduleId, Slot,
};
use store::image;

use super::fields::{Faults, LabelsPatch};
use super::tags::in_use;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// The most slots of a schedule.
const SLOTS: usize = 100;

/// A new schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule {
    /// The organisation, where the caller belongs to several.
    pub organisation: Option<OrganisationId>,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Its hours.
    pub slots: Vec<Slot>,
    /// Its holidays.
    pub calendar: Option<CalendarId>,
}

/// What is to become of a schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchedulePatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// In place of all of the old.
    pub slots: Option<Vec<Slot>>,
    /// `Some(None)`: none from now on.
    pub calendar: Option<Option<CalendarId>>,
}

impl Admin {
    /// Makes a schedule.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn create_schedule(
        &self,
        write: Write<Schedule>,
        new: NewSchedule,
    ) -> Result<Done, ApiError> {
        let organisation = self.organisation_meant(&write.caller, new.organisation)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let row = Schedule {
            id: new_id(),
            organisation,
            labels: new.labels,
            slots: new.slots,
            calendar: new.calendar,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        let _order = self.order.read().await;
        check(&row, &self.live.directory())?;
        self.change(permit, write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_schedule(&row).await?;
                tx.record(Change::Schedule(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// A schedule.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn schedule(&self, caller: &Caller, id: ScheduleId) -> Result<Schedule, ApiError> {
        let row = self.schedule_row(id).await?;
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, row.organisation).await?;
        Ok(row)
    }

    /// The schedules of the organisations whose access the caller manages.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn schedules(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<Schedule>, ApiError> {
        let seen = |row: &Schedule| {
            self.pep
                .holds(caller, Action::ManageAccess, row.organisation)
        };
        self.list_mine(caller, query, seen, |organisation, page| async move {
            self.store.list_schedules(organisation, &page).await
        })
        .await
    }

    /// Changes a schedule, and with it everything it is a condition of.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation, or without what is granted by it:
    /// nobody gives more hours of what they do not hold.
    pub async fn change_schedule(
        &self,
        write: Write<Schedule>,
        id: ScheduleId,
        patch: SchedulePatch,
    ) -> Result<Done, ApiError> {
        let organisation = self.schedule_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        for grant in self.store.grants_with_schedule(id).await? {
            let node = self.grant_node(&grant);
            self.may_give(&write.caller, grant.actions, node).await?;
        }
        let mut then = self.schedule_row(id).await?;
        patch.clone().apply(&mut then);
        check(&then, &self.live.directory())?;
        self.guard(&write.caller, organisation, &[Change::Schedule(then)])
            .await?;
        let live = self.live.clone();
        self.change(permit, write, organisation, move |tx| {
            let (patch, live) = (patch.clone(), live.clone());
            Box::pin(async move {
                let Some(mut row) = tx.get_schedule(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Schedule(row.clone());
                patch.apply(&mut row);
                if let Err(faults) = check(&row, &live.directory()) {
                    return Ok(Err(faults));
                }
                tx.update_schedule(&row).await?;
                tx.record(Change::Schedule(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Removes a schedule that nothing depends on.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` while a grant, charger, door or
    /// installation names it.
    pub async fn remove_schedule(
        &self,
        write: Write<()>,
        id: ScheduleId,
    ) -> Result<Done, ApiError> {
        let organisation = self.schedule_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        let granted = self.store.grants_with_schedule(id).await?;
        if !granted.is_empty() || names_schedule(&self.live.directory(), id).is_some() {
            let named: Vec<GrantId> = granted.iter().map(|grant| grant.id).take(5).collect();
            return Err(in_use("schedule", &named));
        }
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_schedule(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Schedule(row.clone());
                row.deleted_at = Some(now);
                tx.update_schedule(&row).await?;
                tx.record(Change::Schedule(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    pub(super) async fn schedule_row(&self, id: ScheduleId) -> Result<Schedule, ApiError> {
        let row = self.store.get_schedule(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }
}

impl SchedulePatch {
    fn apply(self, row: &mut Schedule) {
        self.labels.apply(&mut row.labels);
        if let Some(slots) = self.slots {
            row.slots = slots;
        }
        if let Some(calendar) = self.calendar {
            row.calendar = calendar;
        }
    }
}

/// A node whose flag or door depends on a schedule.
fn names_schedule(directory: &Directory, id: ScheduleId) -> Option<NodeId> {
    let named = |node: NodeId, detail: &NodeDetail| match detail {
        NodeDetail::Installation => directory.settings(node.into())?.open_schedule,
        NodeDetail::Charger { open_schedule, .. } => *open_schedule,
        NodeDetail::Door(door) => door.access.unlock_schedule,
        NodeDetail::Organisation | NodeDetail::Area(_) | NodeDetail::Evse { .. } => None,
    };
    directory
        .nodes()
        .find(|(node, entry)| named(*node, &entry.detail) == Some(id))
        .map(|(node, _)| node)
}

pub(super) fn check(row: &Schedule, directory: &Directory) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    faults.check(
        || row.slots.len() <= SLOTS,
        "slots",
        "too_long",
        "at most 100 slots",
    );
    for (index, slot) in row.slots.iter().enumerate() {
        if !slot.is_valid() {
            faults.add(
                format!("slots.{index}"),
                "out_of_range",
                "at least one day, and an end after the beginning within one day; over midnight \
                 takes two slots",
            );
        }
    }
    faults.check(
        || {
            row.calendar
                .is_none_or(|id| directory.calendar_of(id) == Some(row.organisation))
        },
        "calendar_id",
        "unknown",
        "no such calendar here",
    );
    faults.none()
}
