//! Weekly schedules.

use app::admin::{NewSchedule, SchedulePatch};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{DAY_MINUTES, Days, Schedule, ScheduleId, Slot};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A day of the week, or a day of the schedule's calendar, whatever day of the week that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DayWord {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
    /// A day of the calendar.
    Holiday,
}

impl DayWord {
    const ALL: [DayWord; 8] = [
        DayWord::Mon,
        DayWord::Tue,
        DayWord::Wed,
        DayWord::Thu,
        DayWord::Fri,
        DayWord::Sat,
        DayWord::Sun,
        DayWord::Holiday,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some hours of some days, by the clock at the installation. Over midnight takes two slots.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotBody {
    /// At least one.
    days: Vec<DayWord>,
    /// Inclusive, `HH:MM`.
    #[schema(example = "07:00")]
    from: String,
    /// Exclusive, `HH:MM`, up to `24:00`.
    #[schema(example = "20:00")]
    until: String,
}

impl From<&Slot> for SlotBody {
    fn from(slot: &Slot) -> Self {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            days: DayWord::ALL
                .into_iter()
                .filter(|day| slot.days.bits() & day.bit() != 0)
                .collect(),
            from: time(slot.from),
            until: time(slot.until),
        }
    }
}

/// Minutes since midnight.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| {
        let two = part.len() == 2 && part.bytes().all(|c| c.is_ascii_digit());
        two.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

pub(crate) fn slots(bodies: Vec<SlotBody>) -> Result<Vec<Slot>, Problem> {
    let time = |index: usize, field: &str, text: &str| {
        minutes(text).ok_or_else(|| {
            let field = format!("slots.{index}.{field}");
            Problem::field(&field, "invalid", "a time of the day, `HH:MM`, up to 24:00")
        })
    };
    bodies
        .into_iter()
        .enumerate()
        .map(|(index, slot)| {
            let days = slot.days.into_iter().fold(0, |set, day| set | day.bit());
            Ok(Slot {
                days: Days::from_bits(days),
                from: time(index, "from", &slot.from)?,
                until: time(index, "until", &slot.until)?,
            })
        })
        .collect()
}

/// A new schedule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewScheduleBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// Where the caller belongs to several.
    #[serde(default)]
    organisation_id: Option<Uuid>,
    /// It holds in any of them; at most 100.
    slots: Vec<SlotBody>,
    /// Its holidays.
    #[serde(default)]
    calendar_id: Option<Uuid>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchedulePatchBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    external_id: Option<Option<String>>,
    /// In place of all of the old.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// In place of all of the old.
    #[serde(default)]
    slots: Option<Vec<SlotBody>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    calendar_id: Option<Option<Uuid>>,
}

/// A schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleBody {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    slots: Vec<SlotBody>,
    calendar_id: Option<Uuid>,
    created_at: Timestamp,
}

impl From<&Schedule> for ScheduleBody {
    fn from(row: &Schedule) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            slots: row.slots.iter().map(SlotBody::from).collect(),
            calendar_id: row.calendar.map(|id| id.0),
            created_at: row.created_at,
        }
    }
}

/// Make a schedule
///
/// Needs `manage_access` on the organisation. It holds by the clock at each installation: an hour
/// that is shown twice in autumn counts twice, one that is left out in spring does not come.
#[utoipa::path(
    post, path = "/v1/schedules", operation_id = "create_schedule", tag = "schedules",
    request_body = NewScheduleBody,
    responses((status = 201, description = "The schedule", body = ScheduleBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewScheduleBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<ScheduleBody, _>(StatusCode::CREATED);
    let new = NewSchedule {
        organisation: body.organisation_id.map(Into::into),
        labels: labels(body.name, body.external_id, body.metadata),
        slots: slots(body.slots)?,
        calendar: body.calendar_id.map(Into::into),
    };
    Ok(Written(api.create_schedule(write, new).await?))
}

/// List schedules
///
/// Those of organisations whose access the caller manages.
#[utoipa::path(
    get, path = "/v1/schedules", operation_id = "list_schedules", tag = "schedules",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<ScheduleBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<PageParams>,
) -> Result<Json<ListBody<ScheduleBody>>, Problem> {
    Ok(ListBody::of(
        api.schedules(&caller, &params.piece()?).await?,
    ))
}

/// Get a schedule
#[utoipa::path(
    get, path = "/v1/schedules/{id}", operation_id = "get_schedule", tag = "schedules",
    params(("id" = Uuid, Path, description = "The schedule")),
    responses((status = 200, description = "The schedule", body = ScheduleBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<ScheduleId>,
) -> Result<Json<ScheduleBody>, Problem> {
    Ok(Json(ScheduleBody::from(&api.schedule(&caller, id).await?)))
}

/// Change a schedule
///
/// And with it everything it is a condition of: needs what is granted by it.
#[utoipa::path(
    patch, path = "/v1/schedules/{id}", operation_id = "update_schedule", tag = "schedules",
    params(("id" = Uuid, Path, description = "The schedule")),
    request_body = SchedulePatchBody,
    responses((status = 200, description = "The schedule as it is now", body = ScheduleBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<ScheduleId>,
    ask: Ask<SchedulePatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<ScheduleBody, _>(StatusCode::OK);
    let patch = SchedulePatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        slots: body.slots.map(slots).transpose()?,
        calendar: body.calendar_id.map(|id| id.map(Into::into)),
    };
    Ok(Written(api.change_schedule(write, id, patch).await?))
}

/// Remove a schedule
///
/// 409 `in_use` while a grant, an installation, a charger or a door names it.
#[utoipa::path(
    delete, path = "/v1/schedules/{id}", operation_id = "delete_schedule", tag = "schedules",
    params(("id" = Uuid, Path, description = "The schedule")),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<ScheduleId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_schedule(write, id).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_day_are_read_and_nothing_else() {
        assert_eq!(minutes("07:30"), Some(450));
        assert_eq!(minutes("24:00"), Some(1440));
        for wrong in [
            "24:01", "7:30", "07:60", "07.30", "", "aa:bb", "-1:00", "+7:00", "99:99",
        ] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_slot_comes_back_as_it_was() {
        let body = SlotBody {
            days: vec![DayWord::Mon, DayWord::Holiday],
            from: "00:00".to_owned(),
            until: "24:00".to_owned(),
        };
        let read = slots(vec![body.clone()]).unwrap_or_default();
        let [slot] = read.as_slice() else {
            panic!("one slot");
        };
        let back = SlotBody::from(slot);
        assert_eq!(
            (back.days, back.from, back.until),
            (body.days, body.from, body.until)
        );
    }
}
