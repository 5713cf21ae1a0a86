//! Locks.

use app::admin::{LockPatch, LockView, NewLock, UnlockConnector};
use app::secret::NewSecret;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::LockId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TreeParams;
use super::telemetry::{ConnectionBody, Nameplate, connection, nameplate};
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A new lock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLockBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    installation_id: Uuid,
    /// The OCPP identity; unique in the deployment, without case.
    #[schema(max_length = 48)]
    station_id: String,
    /// `UnlockConnector` opens the door; off: only `Door.Open` does.
    #[serde(default)]
    unlock_connector_opens: bool,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockPatchBody {
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
    unlock_connector_opens: Option<bool>,
}

/// A lock: the controller of doors.
#[derive(Serialize, ToSchema)]
pub(crate) struct LockBody {
    id: Uuid,
    organisation_id: Uuid,
    installation_id: Uuid,
    station_id: String,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    unlock_connector_opens: bool,
    connection: ConnectionBody,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    /// For technical work only.
    serial: Option<String>,
    created_at: Timestamp,
}

impl From<&LockView> for LockBody {
    fn from(view: &LockView) -> Self {
        let row = &view.lock;
        let Nameplate {
            vendor,
            model,
            firmware,
            serial,
        } = nameplate(&view.telemetry);
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            installation_id: row.installation.0,
            station_id: row.station.as_str().to_owned(),
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            unlock_connector_opens: row.unlock_connector_opens,
            connection: connection(&view.telemetry),
            vendor,
            model,
            firmware,
            serial,
            created_at: row.created_at,
        }
    }
}

/// Make a lock
///
/// Registers its station. Needs `manage_settings` on the installation; 409 `station_id_taken`
/// when the identity is registered already, by whomever.
#[utoipa::path(
    post, path = "/v1/locks", operation_id = "create_lock", tag = "locks",
    request_body = NewLockBody,
    responses((status = 201, description = "The lock", body = LockBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewLockBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<LockBody, _>(StatusCode::CREATED);
    let new = NewLock {
        labels: labels(body.name, body.external_id, body.metadata),
        installation: body.installation_id.into(),
        station_id: body.station_id,
        unlock_connector: UnlockConnector::from(body.unlock_connector_opens),
    };
    Ok(Written(api.create_lock(write, new).await?))
}

/// List locks
#[utoipa::path(
    get, path = "/v1/locks", operation_id = "list_locks", tag = "locks",
    params(TreeParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<LockBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TreeParams>,
) -> Result<Json<ListBody<LockBody>>, Problem> {
    let (installation, piece) = params.split()?;
    Ok(ListBody::of(
        api.locks(&caller, installation, &piece).await?,
    ))
}

/// Get a lock
#[utoipa::path(
    get, path = "/v1/locks/{id}", operation_id = "get_lock", tag = "locks",
    params(("id" = Uuid, Path, description = "The lock")),
    responses((status = 200, description = "The lock", body = LockBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<LockId>,
) -> Result<Json<LockBody>, Problem> {
    Ok(Json(LockBody::from(&api.lock(&caller, id).await?)))
}

/// Change a lock
///
/// Needs `manage_settings` on its installation.
#[utoipa::path(
    patch, path = "/v1/locks/{id}", operation_id = "update_lock", tag = "locks",
    params(("id" = Uuid, Path, description = "The lock")),
    request_body = LockPatchBody,
    responses((status = 200, description = "The lock", body = LockBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<LockId>,
    ask: Ask<LockPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<LockBody, _>(StatusCode::OK);
    let patch = LockPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        unlock_connector: body.unlock_connector_opens.map(UnlockConnector::from),
    };
    Ok(Written(api.change_lock(write, id, patch).await?))
}

/// Remove a lock
///
/// Needs `manage_settings` on its installation; 409 `not_empty` while it has doors. Its identity
/// is free again and its station is disconnected.
#[utoipa::path(
    delete, path = "/v1/locks/{id}", operation_id = "delete_lock", tag = "locks",
    params(("id" = Uuid, Path, description = "The lock")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<LockId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_lock(write, id).await?))
}

/// A device key.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceKeyBody {
    /// For `Authorization: Bearer` of the controller; shown once.
    device_key: String,
}

impl From<&NewSecret> for DeviceKeyBody {
    fn from(secret: &NewSecret) -> Self {
        Self {
            device_key: secret.reveal().to_owned(),
        }
    }
}

/// Make a device key
///
/// For a controller that speaks HTTP, in place of any it had. Needs `manage_security` at its
/// installation. The answer shows the key once; a repeated request with the same
/// `Idempotency-Key` is answered 409 `idempotency_replay_secret`.
#[utoipa::path(
    post, path = "/v1/locks/{id}/device-key", operation_id = "create_device_key", tag = "locks",
    params(("id" = Uuid, Path, description = "The lock")),
    responses((status = 201, description = "The key", body = DeviceKeyBody)),
)]
pub(crate) async fn device_key(
    State(api): State<Api>,
    Id(id): Id<LockId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_secret::<DeviceKeyBody, NewSecret>();
    Ok(Written(api.make_device_key(write, id).await?))
}
