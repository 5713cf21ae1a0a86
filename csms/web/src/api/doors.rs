//! Doors.

use app::admin::{AccessPatch, DoorPatch, DoorView, NewDoor, RemoteOpen, sides};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{DoorId, NodeId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TreeParams;
use super::telemetry::{ConnectionBody, connection};
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{DoorFailWord, DoorStateWord, OfflinePolicyWord, StrengthWord};

/// How long a door stays unlocked if nothing is said.
const OPEN_SECONDS: u32 = 5;

/// A new door.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDoorBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    lock_id: Uuid,
    /// A part of the lock's installation.
    #[serde(default)]
    area_id: Option<Uuid>,
    /// At the controller, from 1.
    #[schema(minimum = 1)]
    number: u32,
    /// Left out: `secure`.
    #[serde(default)]
    fail: Option<DoorFailWord>,
    /// Whether it may be opened from elsewhere.
    #[serde(default)]
    remote_open: bool,
    /// How long it stays unlocked; left out: 5.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    open_seconds: Option<u32>,
    /// Left out: `list`.
    #[serde(default)]
    offline_policy: Option<OfflinePolicyWord>,
    /// The weakest credential that opens it. This and what follows needs `manage_access`.
    #[serde(default)]
    minimum_strength: Option<StrengthWord>,
    /// Open to everybody while this schedule holds.
    #[serde(default)]
    unlock_schedule_id: Option<Uuid>,
    /// The area it leads into, for anti-passback and occupancy.
    #[serde(default)]
    entry_area_id: Option<Uuid>,
    /// The area it leads out of; not both.
    #[serde(default)]
    exit_area_id: Option<Uuid>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoorPatchBody {
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
    /// Another part of the installation; null: the installation itself.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    area_id: Option<Option<Uuid>>,
    #[serde(default)]
    fail: Option<DoorFailWord>,
    #[serde(default)]
    remote_open: Option<bool>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    open_seconds: Option<u32>,
    #[serde(default)]
    offline_policy: Option<OfflinePolicyWord>,
    /// The weakest credential that opens it. This and what follows needs `manage_access`.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<StrengthWord>)]
    minimum_strength: Option<Option<StrengthWord>>,
    /// Open to everybody while this schedule holds.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    unlock_schedule_id: Option<Option<Uuid>>,
    /// The area it leads into, for anti-passback and occupancy.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    entry_area_id: Option<Option<Uuid>>,
    /// The area it leads out of; not both.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    exit_area_id: Option<Option<Uuid>>,
}

/// A door.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoorBody {
    id: Uuid,
    organisation_id: Uuid,
    installation_id: Uuid,
    area_id: Option<Uuid>,
    lock_id: Uuid,
    number: u32,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    fail: DoorFailWord,
    remote_open: bool,
    open_seconds: u32,
    offline_policy: OfflinePolicyWord,
    minimum_strength: Option<StrengthWord>,
    unlock_schedule_id: Option<Uuid>,
    entry_area_id: Option<Uuid>,
    exit_area_id: Option<Uuid>,
    /// As the lock reported it last.
    state: Option<DoorStateWord>,
    /// A fault, as the lock reported it last.
    problem: Option<String>,
    /// When it did.
    state_at: Option<Timestamp>,
    /// Of the lock.
    connection: ConnectionBody,
    created_at: Timestamp,
}

impl From<&DoorView> for DoorBody {
    fn from(view: &DoorView) -> Self {
        let row = &view.door;
        let state = view.state.as_ref();
        let (entry, exit) = sides(row.access);
        let in_area = row.parent != NodeId::from(row.installation);
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            installation_id: row.installation.0,
            area_id: in_area.then_some(row.parent.0),
            lock_id: row.lock.0,
            number: row.number,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            fail: row.fail.into(),
            remote_open: row.remote_open,
            open_seconds: row.open_seconds,
            offline_policy: row.offline_policy.into(),
            minimum_strength: row.access.minimum_strength.map(Into::into),
            unlock_schedule_id: row.access.unlock_schedule.map(|id| id.0),
            entry_area_id: entry.map(|id| id.0),
            exit_area_id: exit.map(|id| id.0),
            state: state.and_then(|state| state.state).map(DoorStateWord::from),
            problem: state.and_then(|state| state.problem.clone()),
            state_at: state.map(|state| state.at),
            connection: connection(&view.telemetry),
            created_at: row.created_at,
        }
    }
}

/// Make a door
///
/// Needs `manage_settings` on what it is in; 409 `door_number_taken` when the lock has a door of
/// this number.
#[utoipa::path(
    post, path = "/v1/doors", operation_id = "create_door", tag = "doors",
    request_body = NewDoorBody,
    responses((status = 201, description = "The door", body = DoorBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewDoorBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<DoorBody, _>(StatusCode::CREATED);
    let new = NewDoor {
        labels: labels(body.name, body.external_id, body.metadata),
        lock: body.lock_id.into(),
        area: body.area_id.map(Into::into),
        number: body.number,
        fail: body.fail.unwrap_or(DoorFailWord::Secure).into(),
        remote_open: RemoteOpen::from(body.remote_open),
        open_seconds: body.open_seconds.unwrap_or(OPEN_SECONDS),
        offline_policy: body
            .offline_policy
            .unwrap_or(OfflinePolicyWord::List)
            .into(),
        access: AccessPatch {
            minimum_strength: body.minimum_strength.map(|word| Some(word.into())),
            unlock_schedule: body.unlock_schedule_id.map(|id| Some(id.into())),
            entry: body.entry_area_id.map(|id| Some(id.into())),
            exit: body.exit_area_id.map(|id| Some(id.into())),
        },
    };
    Ok(Written(api.create_door(write, new).await?))
}

/// List doors
#[utoipa::path(
    get, path = "/v1/doors", operation_id = "list_doors", tag = "doors",
    params(TreeParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<DoorBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TreeParams>,
) -> Result<Json<ListBody<DoorBody>>, Problem> {
    let (installation, piece) = params.split()?;
    Ok(ListBody::of(
        api.doors(&caller, installation, &piece).await?,
    ))
}

/// Get a door
#[utoipa::path(
    get, path = "/v1/doors/{id}", operation_id = "get_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door")),
    responses((status = 200, description = "The door", body = DoorBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<DoorId>,
) -> Result<Json<DoorBody>, Problem> {
    Ok(Json(DoorBody::from(&api.door(&caller, id).await?)))
}

/// Change a door
///
/// Needs `manage_settings`.
#[utoipa::path(
    patch, path = "/v1/doors/{id}", operation_id = "update_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door")),
    request_body = DoorPatchBody,
    responses((status = 200, description = "The door", body = DoorBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<DoorId>,
    ask: Ask<DoorPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<DoorBody, _>(StatusCode::OK);
    let patch = DoorPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        area: body.area_id.map(|area| area.map(Into::into)),
        fail: body.fail.map(Into::into),
        remote_open: body.remote_open.map(RemoteOpen::from),
        open_seconds: body.open_seconds,
        offline_policy: body.offline_policy.map(Into::into),
        access: AccessPatch {
            minimum_strength: body.minimum_strength.map(|word| word.map(Into::into)),
            unlock_schedule: body.unlock_schedule_id.map(|id| id.map(Into::into)),
            entry: body.entry_area_id.map(|id| id.map(Into::into)),
            exit: body.exit_area_id.map(|id| id.map(Into::into)),
        },
    };
    Ok(Written(api.change_door(write, id, patch).await?))
}

/// Remove a door
///
/// Needs `manage_settings`.
#[utoipa::path(
    delete, path = "/v1/doors/{id}", operation_id = "delete_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<DoorId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_door(write, id).await?))
}
