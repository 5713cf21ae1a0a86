//! Chargers.

use app::admin::{ChargerPatch, ChargerView, NewCharger, NewEvse};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{ChargerId, NodeId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TreeParams;
use super::telemetry::{
    ConnectionBody, ConnectorStateBody, Nameplate, connection, connector_states, nameplate,
};
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ChargerFlag, ChargerOfflineWord, InstallationFlag};

/// An EVSE as it is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvseBody {
    /// Of one that is there; must be the one with this number.
    #[serde(default)]
    id: Option<Uuid>,
    /// 2.0.1 EVSE id, 1.6 connector number, from 1; left out: its place in the list.
    #[serde(default)]
    #[schema(minimum = 1)]
    number: Option<u32>,
    /// Left out: one.
    #[serde(default)]
    connectors: Vec<ConnectorBody>,
}

/// A connector.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectorBody {
    /// From 1.
    #[schema(minimum = 1)]
    number: u32,
}

/// A new charger.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChargerBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    installation_id: Uuid,
    /// A part of the installation.
    #[serde(default)]
    area_id: Option<Uuid>,
    /// The OCPP identity; unique in the deployment, without case.
    #[schema(max_length = 48)]
    station_id: String,
    /// Left out: one EVSE with one connector.
    #[serde(default)]
    #[schema(max_items = 100)]
    evses: Vec<NewEvseBody>,
    /// Left out: `inherit`.
    #[serde(default)]
    authorization_required: Option<ChargerFlag>,
    /// Its own `open` only while this schedule holds, else `required`.
    #[serde(default)]
    open_schedule_id: Option<Uuid>,
    /// Left out: `list`.
    #[serde(default)]
    offline_policy: Option<ChargerOfflineWord>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChargerPatchBody {
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
    /// All of them; one whose number is there keeps its id and its grants.
    #[serde(default)]
    evses: Option<Vec<NewEvseBody>>,
    #[serde(default)]
    authorization_required: Option<ChargerFlag>,
    /// Its own `open` only while this schedule holds, else `required`; null: always.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    open_schedule_id: Option<Option<Uuid>>,
    #[serde(default)]
    offline_policy: Option<ChargerOfflineWord>,
}

/// An EVSE.
#[derive(Serialize, ToSchema)]
struct EvseBody {
    id: Uuid,
    number: u32,
    connectors: Vec<ConnectorBody>,
}

/// A charger.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChargerBody {
    id: Uuid,
    organisation_id: Uuid,
    installation_id: Uuid,
    area_id: Option<Uuid>,
    station_id: String,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    evses: Vec<EvseBody>,
    authorization_required: ChargerFlag,
    /// Its own `open` only while this schedule holds, else `required`.
    open_schedule_id: Option<Uuid>,
    /// The flag in effect: its own, or the installation's.
    effective_authorization_required: InstallationFlag,
    /// Until when it is open by a schedule; null where no schedule says so, or it is not open.
    open_until: Option<Timestamp>,
    /// The host of the service that decides, if that is elsewhere: then the flag is without
    /// effect, and access is edited there.
    managed_elsewhere: Option<String>,
    /// What holds when an outside authority does not answer.
    offline_policy: ChargerOfflineWord,
    connection: ConnectionBody,
    connector_states: Vec<ConnectorStateBody>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    /// For technical work only.
    serial: Option<String>,
    created_at: Timestamp,
}

impl From<&ChargerView> for ChargerBody {
    fn from(view: &ChargerView) -> Self {
        let row = &view.charger;
        let Nameplate {
            vendor,
            model,
            firmware,
            serial,
        } = nameplate(&view.telemetry);
        let in_area = row.parent != NodeId::from(row.installation);
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            installation_id: row.installation.0,
            area_id: in_area.then_some(row.parent.0),
            station_id: row.station.as_str().to_owned(),
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            evses: row
                .evses
                .iter()
                .map(|evse| EvseBody {
                    id: evse.id.0,
                    number: evse.number,
                    connectors: evse
                        .connectors
                        .iter()
                        .map(|number| ConnectorBody { number: *number })
                        .collect(),
                })
                .collect(),
            authorization_required: row.authorization_required.into(),
            open_schedule_id: row.open_schedule.map(|id| id.0),
            effective_authorization_required: view.effective.into(),
            open_until: view.open_until,
            managed_elsewhere: view.elsewhere.clone(),
            offline_policy: row.offline_policy.into(),
            connection: connection(&view.telemetry),
            connector_states: connector_states(&view.telemetry),
            vendor,
            model,
            firmware,
            serial,
            created_at: row.created_at,
        }
    }
}

fn wanted(evses: Vec<NewEvseBody>) -> Vec<NewEvse> {
    evses
        .into_iter()
        .map(|evse| NewEvse {
            id: evse.id.map(Into::into),
            number: evse.number,
            connectors: evse
                .connectors
                .iter()
                .map(|connector| connector.number)
                .collect(),
        })
        .collect()
}

/// Make a charger
///
/// Registers its station. Needs `manage_settings` on what it is in; 409 `station_id_taken` when
/// the identity is registered already, by whomever.
#[utoipa::path(
    post, path = "/v1/chargers", operation_id = "create_charger", tag = "chargers",
    request_body = NewChargerBody,
    responses((status = 201, description = "The charger", body = ChargerBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewChargerBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<ChargerBody, _>(StatusCode::CREATED);
    let flag = body.authorization_required.unwrap_or(ChargerFlag::Inherit);
    let new = NewCharger {
        labels: labels(body.name, body.external_id, body.metadata),
        installation: body.installation_id.into(),
        area: body.area_id.map(Into::into),
        station_id: body.station_id,
        evses: wanted(body.evses),
        authorization_required: flag.into(),
        open_schedule: body.open_schedule_id.map(Into::into),
        offline_policy: body.offline_policy.map(Into::into).unwrap_or_default(),
    };
    Ok(Written(api.create_charger(write, new).await?))
}

/// List chargers
#[utoipa::path(
    get, path = "/v1/chargers", operation_id = "list_chargers", tag = "chargers",
    params(TreeParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<ChargerBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TreeParams>,
) -> Result<Json<ListBody<ChargerBody>>, Problem> {
    let (installation, piece) = params.split()?;
    Ok(ListBody::of(
        api.chargers(&caller, installation, &piece).await?,
    ))
}

/// Get a charger
#[utoipa::path(
    get, path = "/v1/chargers/{id}", operation_id = "get_charger", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger")),
    responses((status = 200, description = "The charger", body = ChargerBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<ChargerId>,
) -> Result<Json<ChargerBody>, Problem> {
    Ok(Json(ChargerBody::from(&api.charger(&caller, id).await?)))
}

/// Change a charger
///
/// Needs `manage_settings`. Running transactions are never cut by the flag.
#[utoipa::path(
    patch, path = "/v1/chargers/{id}", operation_id = "update_charger", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger")),
    request_body = ChargerPatchBody,
    responses((status = 200, description = "The charger", body = ChargerBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<ChargerId>,
    ask: Ask<ChargerPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<ChargerBody, _>(StatusCode::OK);
    let patch = ChargerPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        area: body.area_id.map(|area| area.map(Into::into)),
        evses: body.evses.map(wanted),
        authorization_required: body.authorization_required.map(Into::into),
        open_schedule: body.open_schedule_id.map(|id| id.map(Into::into)),
        offline_policy: body.offline_policy.map(Into::into),
    };
    Ok(Written(api.change_charger(write, id, patch).await?))
}

/// Remove a charger
///
/// Needs `manage_settings`. Its identity is free again and its station is disconnected; what it
/// reported stays.
#[utoipa::path(
    delete, path = "/v1/chargers/{id}", operation_id = "delete_charger", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<ChargerId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_charger(write, id).await?))
}
