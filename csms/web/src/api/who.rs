//! The other direction: who may, and what for.

use app::insight::{Held, Holder};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::{ChargerId, DoorId, NodeId, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Auth;
use crate::listing::{Id, ListBody, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, NodeKindWord};

/// About what, when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoParams {
    /// Left out: `use`.
    action: Option<ActionWord>,
    /// Left out: now.
    at: Option<Timestamp>,
}

impl WhoParams {
    fn action(&self) -> model::Action {
        self.action.unwrap_or(ActionWord::Use).into()
    }
}

/// Somebody who may.
#[derive(Serialize, ToSchema)]
pub(crate) struct HolderBody {
    person_id: Uuid,
    #[schema(example = "GRANTED")]
    reason: &'static str,
    grant_id: Option<Uuid>,
}

/// Something a person may use.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldPointBody {
    /// A charger or a door.
    node_id: Uuid,
    kind: NodeKindWord,
    #[schema(example = "GRANTED")]
    reason: &'static str,
    grant_id: Option<Uuid>,
}

impl From<Holder> for HolderBody {
    fn from(holder: Holder) -> Self {
        Self {
            person_id: holder.person.0,
            reason: holder.reason.code(),
            grant_id: holder.grant.map(|id| id.0),
        }
    }
}

impl From<Held> for HeldPointBody {
    fn from(held: Held) -> Self {
        Self {
            node_id: held.node.0,
            kind: held.kind.into(),
            reason: held.reason.code(),
            grant_id: held.grant.map(|id| id.0),
        }
    }
}

async fn who(
    api: &Api,
    caller: &app::Caller,
    node: NodeId,
    params: &WhoParams,
) -> Result<Json<ListBody<HolderBody>>, Problem> {
    let holders = api.who(caller, node, params.action(), params.at).await?;
    let items = holders.into_iter().map(HolderBody::from).collect();
    Ok(Json(ListBody {
        items,
        next_cursor: None,
    }))
}

/// Who may use a charger
///
/// Everybody, each decided by the engine, in one piece. Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/chargers/{id}/who", operation_id = "who_may_use_charger", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger"), WhoParams),
    responses((status = 200, description = "All of them", body = ListBody<HolderBody>)),
)]
pub(crate) async fn charger(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<ChargerId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<ListBody<HolderBody>>, Problem> {
    api.node_is(&caller, id.into(), model::NodeKind::Charger)?;
    who(&api, &caller, id.into(), &params).await
}

/// Who may enter by a door
///
/// Everybody, each decided by the engine, in one piece. Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/doors/{id}/who", operation_id = "who_may_use_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door"), WhoParams),
    responses((status = 200, description = "All of them", body = ListBody<HolderBody>)),
)]
pub(crate) async fn door(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<DoorId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<ListBody<HolderBody>>, Problem> {
    api.node_is(&caller, id.into(), model::NodeKind::Door)?;
    who(&api, &caller, id.into(), &params).await
}

/// What a person may use
///
/// Every charger and door, in one piece: of oneself, or with `manage_access` those one manages.
#[utoipa::path(
    get, path = "/v1/people/{id}/what", operation_id = "what_may_person_use", tag = "people",
    params(("id" = Uuid, Path, description = "The person"), WhoParams),
    responses((status = 200, description = "All of them", body = ListBody<HeldPointBody>)),
)]
pub(crate) async fn what(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<ListBody<HeldPointBody>>, Problem> {
    let held = api.what(&caller, id, params.action(), params.at).await?;
    let items = held.into_iter().map(HeldPointBody::from).collect();
    Ok(Json(ListBody {
        items,
        next_cursor: None,
    }))
}
