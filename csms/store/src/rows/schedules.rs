//! Weekly schedules and calendars of holidays.

use jiff::civil::Date;
use model::{Calendar, CalendarId, Days, Labels, OrganisationId, Schedule, ScheduleId, Slot};
use serde_json::{Value, json};

use super::accounts::labels;
use super::queries;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! schedule_columns {
    () => {
        "id, organisation_id, name, external_id, metadata, slots, calendar_id, created_at, \
         deleted_at"
    };
}

macro_rules! calendar_columns {
    () => {
        "id, organisation_id, name, external_id, metadata, dates, created_at, deleted_at"
    };
}

statements! {
    INSERT_SCHEDULE = "INSERT INTO schedules (", schedule_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE_SCHEDULE = "UPDATE schedules SET name = $2, external_id = $3, metadata = $4, \
        slots = $5, calendar_id = $6, deleted_at = $7 WHERE id = $1";
    SCHEDULE = "SELECT ", schedule_columns!(), " FROM schedules WHERE id = $1";
    SCHEDULES = "SELECT ", schedule_columns!(),
        " FROM schedules WHERE organisation_id = $1 AND deleted_at IS NULL";
    SCHEDULES_WITH = "SELECT ", schedule_columns!(),
        " FROM schedules WHERE calendar_id = $1 AND deleted_at IS NULL ORDER BY id";
    INSERT_CALENDAR = "INSERT INTO calendars (", calendar_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE_CALENDAR = "UPDATE calendars SET name = $2, external_id = $3, metadata = $4, \
        dates = $5, deleted_at = $6 WHERE id = $1";
    CALENDAR = "SELECT ", calendar_columns!(), " FROM calendars WHERE id = $1";
    CALENDARS = "SELECT ", calendar_columns!(),
        " FROM calendars WHERE organisation_id = $1 AND deleted_at IS NULL";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    CALENDAR_THERE = "SELECT id FROM calendars WHERE organisation_id = $1 AND id = $2";
}

pub(crate) const LIVE_SCHEDULES: Whole = Whole::live("schedules", schedule_columns!());
pub(crate) const LIVE_CALENDARS: Whole = Whole::live("calendars", calendar_columns!());

queries! {
    /// A schedule, removed ones too.
    get_schedule(id: ScheduleId) -> Option<Schedule> = SCHEDULE [id];
    /// The schedules that use a calendar.
    schedules_with(calendar: CalendarId) -> Vec<Schedule> = SCHEDULES_WITH [calendar];
    /// A calendar, removed ones too.
    get_calendar(id: CalendarId) -> Option<Calendar> = CALENDAR [id];
}

impl Store {
    /// The schedules of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_schedules(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Schedule>, StoreError> {
        let query = Select::new(SCHEDULES, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Schedule| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The calendars of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_calendars(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Calendar>, StoreError> {
        let query = Select::new(CALENDARS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Calendar| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new schedule.
    ///
    /// # Errors
    /// [`Constraint::ScheduleId`], [`Constraint::ScheduleOrganisation`],
    /// [`Constraint::ScheduleCalendar`].
    pub async fn insert_schedule(&mut self, row: &Schedule) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let slots = slots_text(&row.slots);
        let args = args![
            row.id,
            row.organisation,
            name,
            external_id,
            metadata,
            slots,
            row.calendar,
            row.created_at,
            row.deleted_at,
        ];
        let organisation = Reference {
            constraint: Constraint::ScheduleOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        let calendar = Reference {
            constraint: Constraint::ScheduleCalendar,
            lookup: CALENDAR_THERE,
            args: args![row.organisation, row.calendar],
        };
        self.put(INSERT_SCHEDULE, args, &[organisation, calendar])
            .await
            .map(drop)
    }

    /// All of a schedule but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::ScheduleCalendar`].
    pub async fn update_schedule(&mut self, row: &Schedule) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let slots = slots_text(&row.slots);
        let args = args![
            row.id,
            name,
            external_id,
            metadata,
            slots,
            row.calendar,
            row.deleted_at,
        ];
        let calendar = Reference {
            constraint: Constraint::ScheduleCalendar,
            lookup: CALENDAR_THERE,
            args: args![row.organisation, row.calendar],
        };
        self.put(UPDATE_SCHEDULE, args, &[calendar]).await
    }

    /// A new calendar.
    ///
    /// # Errors
    /// [`Constraint::CalendarId`], [`Constraint::CalendarOrganisation`].
    pub async fn insert_calendar(&mut self, row: &Calendar) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let dates = dates_text(&row.dates);
        let args = args![
            row.id,
            row.organisation,
            name,
            external_id,
            metadata,
            dates,
            row.created_at,
            row.deleted_at,
        ];
        let organisation = Reference {
            constraint: Constraint::CalendarOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        self.put(INSERT_CALENDAR, args, &[organisation])
            .await
            .map(drop)
    }

    /// All of a calendar but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_calendar(&mut self, row: &Calendar) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let dates = dates_text(&row.dates);
        let args = args![row.id, name, external_id, metadata, dates, row.deleted_at,];
        self.touched(UPDATE_CALENDAR, args).await
    }
}

/// Slots as `[[days, from, until], …]`.
fn slots_text(slots: &[Slot]) -> String {
    let slots = slots
        .iter()
        .map(|slot| json!([slot.days.bits(), slot.from, slot.until]));
    Value::Array(slots.collect()).to_string()
}

fn read_slots(text: &str) -> Result<Vec<Slot>, StoreError> {
    let slots: Vec<(u8, u16, u16)> =
        serde_json::from_str(text).map_err(|error| corrupt("slots", error))?;
    Ok(slots
        .into_iter()
        .map(|(days, from, until)| Slot {
            days: Days::from_bits(days),
            from,
            until,
        })
        .collect())
}

fn dates_text(dates: &[Date]) -> String {
    let dates = dates.iter().map(|date| Value::String(date.to_string()));
    Value::Array(dates.collect()).to_string()
}

fn read_dates(text: &str) -> Result<Vec<Date>, StoreError> {
    let dates: Vec<String> = serde_json::from_str(text).map_err(|error| corrupt("dates", error))?;
    dates
        .iter()
        .map(|date| date.parse().map_err(|error| corrupt("date", error)))
        .collect()
}

impl Record for Schedule {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            labels: labels(columns)?,
            slots: read_slots(&columns.take::<String>()?)?,
            calendar: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}

impl Record for Calendar {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            labels: labels(columns)?,
            dates: read_dates(&columns.take::<String>()?)?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}
