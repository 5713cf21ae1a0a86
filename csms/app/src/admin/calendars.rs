//! Calendars of holidays.

use authz::{Permit, act};
use jiff::civil::Date;
use model::{Action, Calendar, CalendarId, Change, Labels, OrganisationId};
use store::image;

use super::fields::{Faults, LabelsPatch};
use super::tags::in_use;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// The most dates of a calendar.
const DATES: usize = 1000;

/// A new calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCalendar {
    /// The organisation, where the caller belongs to several.
    pub organisation: Option<OrganisationId>,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The holidays, by the clock on the wall.
    pub dates: Vec<Date>,
}

/// What is to become of a calendar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalendarPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// In place of all of the old.
    pub dates: Option<Vec<Date>>,
}

impl Admin {
    /// Makes a calendar.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn create_calendar(
        &self,
        write: Write<Calendar>,
        new: NewCalendar,
    ) -> Result<Done, ApiError> {
        let organisation = self.organisation_meant(&write.caller, new.organisation)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let mut row = Calendar {
            id: new_id(),
            organisation,
            labels: new.labels,
            dates: new.dates,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        check(&mut row)?;
        self.change(permit, write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_calendar(&row).await?;
                tx.record(Change::Calendar(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// A calendar.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn calendar(&self, caller: &Caller, id: CalendarId) -> Result<Calendar, ApiError> {
        let row = self.calendar_row(id).await?;
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, row.organisation).await?;
        Ok(row)
    }

    /// The calendars of the organisations whose access the caller manages.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn calendars(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<Calendar>, ApiError> {
        let seen = |row: &Calendar| {
            self.pep
                .holds(caller, Action::ManageAccess, row.organisation)
        };
        self.list_mine(caller, query, seen, |organisation, page| async move {
            self.store.list_calendars(organisation, &page).await
        })
        .await
    }

    /// Changes a calendar, and with it the schedules that use it.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation, or without what is granted by
    /// those schedules.
    pub async fn change_calendar(
        &self,
        write: Write<Calendar>,
        id: CalendarId,
        patch: CalendarPatch,
    ) -> Result<Done, ApiError> {
        let organisation = self.calendar_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        for schedule in self.store.schedules_with(id).await? {
            for grant in self.store.grants_with_schedule(schedule.id).await? {
                let node = self.grant_node(&grant);
                self.may_give(&write.caller, grant.actions, node).await?;
            }
        }
        if let Some(dates) = &patch.dates
            && let Some(mut then) = self.store.get_calendar(id).await?
        {
            then.dates.clone_from(dates);
            self.guard(&write.caller, organisation, &[Change::Calendar(then)])
                .await?;
        }
        self.change(permit, write, organisation, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_calendar(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Calendar(row.clone());
                patch.labels.apply(&mut row.labels);
                if let Some(dates) = patch.dates {
                    row.dates = dates;
                }
                if let Err(faults) = check(&mut row) {
                    return Ok(Err(faults));
                }
                tx.update_calendar(&row).await?;
                tx.record(Change::Calendar(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Removes a calendar that no schedule uses.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` while a schedule uses it.
    pub async fn remove_calendar(
        &self,
        write: Write<()>,
        id: CalendarId,
    ) -> Result<Done, ApiError> {
        let organisation = self.calendar_row(id).await?.organisation;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let _order = self.order.write().await;
        if !self.store.schedules_with(id).await?.is_empty() {
            return Err(in_use("calendar", &[]));
        }
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_calendar(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Calendar(row.clone());
                row.deleted_at = Some(now);
                tx.update_calendar(&row).await?;
                tx.record(Change::Calendar(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    async fn calendar_row(&self, id: CalendarId) -> Result<Calendar, ApiError> {
        let row = self.store.get_calendar(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }
}

fn check(row: &mut Calendar) -> Result<(), ApiError> {
    row.dates.sort_unstable();
    row.dates.dedup();
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    faults.check(
        || row.dates.len() <= DATES,
        "dates",
        "too_long",
        "at most 1000 dates",
    );
    faults.none()
}
