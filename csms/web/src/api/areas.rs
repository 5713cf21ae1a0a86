//! Areas.

use app::admin::{AreaPatch, AreaView, NewArea};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{AntiPassback, AreaId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TreeParams;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A new area.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAreaBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// The installation or area it is in.
    parent_id: Uuid,
    /// `circuit`, `floor`, `zone` …; free text.
    #[serde(default)]
    #[schema(max_length = 50)]
    kind: String,
    /// How entering it twice is dealt with; left out: `off`. Needs `manage_access`.
    #[serde(default)]
    anti_passback: Option<AntiPassbackWord>,
    /// With `timed`: for how long entering again is refused.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10080)]
    anti_passback_minutes: Option<u32>,
}

/// How entering an area twice without leaving it is dealt with.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AntiPassbackWord {
    /// Not at all.
    Off,
    /// It is told, and not refused.
    Soft,
    /// It is refused until the person has left.
    Hard,
    /// It is refused for some minutes.
    Timed,
}

fn anti_passback(
    word: Option<AntiPassbackWord>,
    minutes: Option<u32>,
) -> Result<Option<AntiPassback>, Problem> {
    let field = "anti_passback_minutes";
    Ok(match (word, minutes) {
        (None, None) => None,
        (Some(AntiPassbackWord::Off), None) => Some(AntiPassback::Off),
        (Some(AntiPassbackWord::Soft), None) => Some(AntiPassback::Soft),
        (Some(AntiPassbackWord::Hard), None) => Some(AntiPassback::Hard),
        (Some(AntiPassbackWord::Timed), Some(minutes)) => Some(AntiPassback::Timed(minutes)),
        (Some(AntiPassbackWord::Timed), None) => {
            return Err(Problem::field(field, "required", "for how many minutes"));
        }
        (None, Some(_))
        | (
            Some(AntiPassbackWord::Off | AntiPassbackWord::Soft | AntiPassbackWord::Hard),
            Some(_),
        ) => {
            return Err(Problem::field(
                field,
                "invalid",
                "minutes go with `anti_passback` `timed`",
            ));
        }
    })
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaPatchBody {
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
    #[serde(default)]
    kind: Option<String>,
    /// How entering it twice is dealt with. Needs `manage_access`.
    #[serde(default)]
    anti_passback: Option<AntiPassbackWord>,
    /// With `timed`: for how long entering again is refused.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10080)]
    anti_passback_minutes: Option<u32>,
}

/// An area.
#[derive(Serialize, ToSchema)]
pub(crate) struct AreaBody {
    id: Uuid,
    organisation_id: Uuid,
    installation_id: Uuid,
    /// The installation or area it is in.
    parent_id: Uuid,
    kind: String,
    anti_passback: AntiPassbackWord,
    /// With `timed`.
    anti_passback_minutes: Option<u32>,
    /// How many people are known to be inside: those who entered and did not leave by its doors.
    occupancy: usize,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    created_at: Timestamp,
}

impl From<&AreaView> for AreaBody {
    fn from(view: &AreaView) -> Self {
        let row = &view.area;
        let (word, minutes) = match row.anti_passback {
            AntiPassback::Off => (AntiPassbackWord::Off, None),
            AntiPassback::Soft => (AntiPassbackWord::Soft, None),
            AntiPassback::Hard => (AntiPassbackWord::Hard, None),
            AntiPassback::Timed(minutes) => (AntiPassbackWord::Timed, Some(minutes)),
        };
        Self {
            anti_passback: word,
            anti_passback_minutes: minutes,
            occupancy: view.occupancy,
            id: row.id.0,
            organisation_id: row.organisation.0,
            installation_id: row.installation.0,
            parent_id: row.parent.0,
            kind: row.kind.clone(),
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            created_at: row.created_at,
        }
    }
}

/// Make an area
///
/// Needs `manage_settings` on what it is in.
#[utoipa::path(
    post, path = "/v1/areas", operation_id = "create_area", tag = "areas",
    request_body = NewAreaBody,
    responses((status = 201, description = "The area", body = AreaBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewAreaBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<AreaBody, _>(StatusCode::CREATED);
    let new = NewArea {
        labels: labels(body.name, body.external_id, body.metadata),
        parent: body.parent_id.into(),
        kind: body.kind,
        anti_passback: anti_passback(body.anti_passback, body.anti_passback_minutes)?
            .unwrap_or_default(),
    };
    Ok(Written(api.create_area(write, new).await?))
}

/// List areas
#[utoipa::path(
    get, path = "/v1/areas", operation_id = "list_areas", tag = "areas",
    params(TreeParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<AreaBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TreeParams>,
) -> Result<Json<ListBody<AreaBody>>, Problem> {
    let (installation, piece) = params.split()?;
    Ok(ListBody::of(
        api.areas(&caller, installation, &piece).await?,
    ))
}

/// Get an area
#[utoipa::path(
    get, path = "/v1/areas/{id}", operation_id = "get_area", tag = "areas",
    params(("id" = Uuid, Path, description = "The area")),
    responses((status = 200, description = "The area", body = AreaBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<AreaId>,
) -> Result<Json<AreaBody>, Problem> {
    Ok(Json(AreaBody::from(&api.area(&caller, id).await?)))
}

/// Change an area
///
/// Needs `manage_settings`.
#[utoipa::path(
    patch, path = "/v1/areas/{id}", operation_id = "update_area", tag = "areas",
    params(("id" = Uuid, Path, description = "The area")),
    request_body = AreaPatchBody,
    responses((status = 200, description = "The area", body = AreaBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<AreaId>,
    ask: Ask<AreaPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<AreaBody, _>(StatusCode::OK);
    let patch = AreaPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        kind: body.kind,
        anti_passback: anti_passback(body.anti_passback, body.anti_passback_minutes)?,
    };
    Ok(Written(api.change_area(write, id, patch).await?))
}

/// Remove an area
///
/// Needs `manage_settings`; 409 `not_empty` while something is in it.
#[utoipa::path(
    delete, path = "/v1/areas/{id}", operation_id = "delete_area", tag = "areas",
    params(("id" = Uuid, Path, description = "The area")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<AreaId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_area(write, id).await?))
}
