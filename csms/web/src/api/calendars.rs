//! Calendars of holidays.

use app::admin::{CalendarPatch, NewCalendar};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use model::{Calendar, CalendarId};
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

/// A new calendar.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCalendarBody {
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
    /// The holidays, by the clock at the installation; at most 1000.
    #[schema(value_type = Vec<String>, example = json!(["2026-12-25"]))]
    dates: Vec<Date>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarPatchBody {
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
    #[schema(value_type = Option<Vec<String>>)]
    dates: Option<Vec<Date>>,
}

/// A calendar of holidays.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarBody {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// Sorted.
    #[schema(value_type = Vec<String>)]
    dates: Vec<Date>,
    created_at: Timestamp,
}

impl From<&Calendar> for CalendarBody {
    fn from(row: &Calendar) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            dates: row.dates.clone(),
            created_at: row.created_at,
        }
    }
}

/// Make a calendar
///
/// Needs `manage_access` on the organisation. On its days a schedule holds in the slots for
/// holidays, and in no others.
#[utoipa::path(
    post, path = "/v1/calendars", operation_id = "create_calendar", tag = "calendars",
    request_body = NewCalendarBody,
    responses((status = 201, description = "The calendar", body = CalendarBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewCalendarBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CalendarBody, _>(StatusCode::CREATED);
    let new = NewCalendar {
        organisation: body.organisation_id.map(Into::into),
        labels: labels(body.name, body.external_id, body.metadata),
        dates: body.dates,
    };
    Ok(Written(api.create_calendar(write, new).await?))
}

/// List calendars
///
/// Those of organisations whose access the caller manages.
#[utoipa::path(
    get, path = "/v1/calendars", operation_id = "list_calendars", tag = "calendars",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<CalendarBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<PageParams>,
) -> Result<Json<ListBody<CalendarBody>>, Problem> {
    Ok(ListBody::of(
        api.calendars(&caller, &params.piece()?).await?,
    ))
}

/// Get a calendar
#[utoipa::path(
    get, path = "/v1/calendars/{id}", operation_id = "get_calendar", tag = "calendars",
    params(("id" = Uuid, Path, description = "The calendar")),
    responses((status = 200, description = "The calendar", body = CalendarBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<CalendarId>,
) -> Result<Json<CalendarBody>, Problem> {
    Ok(Json(CalendarBody::from(&api.calendar(&caller, id).await?)))
}

/// Change a calendar
///
/// And with it the schedules that use it: needs what is granted by them.
#[utoipa::path(
    patch, path = "/v1/calendars/{id}", operation_id = "update_calendar", tag = "calendars",
    params(("id" = Uuid, Path, description = "The calendar")),
    request_body = CalendarPatchBody,
    responses((status = 200, description = "The calendar as it is now", body = CalendarBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<CalendarId>,
    ask: Ask<CalendarPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CalendarBody, _>(StatusCode::OK);
    let patch = CalendarPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        dates: body.dates,
    };
    Ok(Written(api.change_calendar(write, id, patch).await?))
}

/// Remove a calendar
///
/// 409 `in_use` while a schedule uses it.
#[utoipa::path(
    delete, path = "/v1/calendars/{id}", operation_id = "delete_calendar", tag = "calendars",
    params(("id" = Uuid, Path, description = "The calendar")),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<CalendarId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_calendar(write, id).await?))
}
