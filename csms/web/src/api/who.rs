//! The other direction: who may, and what for.

use app::insight::{Everybody, Held, Holder};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::{ChargerId, DoorId, NodeId, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::explain::{ConsideredGrantBody, NoteBody, circumstances, notes};
use crate::auth::Auth;
use crate::listing::{Id, Params, piece};
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
    /// Left out: now, or the moment of `as_of`.
    at: Option<Timestamp>,
    /// By the facts of then: a revision, or an instant of the past.
    as_of: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// Somebody who may.
#[derive(Serialize, ToSchema)]
pub(crate) struct HolderBody {
    person_id: Uuid,
    name: String,
    #[schema(example = "GRANTED")]
    reason: &'static str,
    grant_id: Option<Uuid>,
    /// Until when, if nothing changes but the time.
    until: Option<Timestamp>,
    /// The grant, and how it comes to them.
    chain: Option<ConsideredGrantBody>,
}

/// That a point admits everybody, known or not.
#[derive(Serialize, ToSchema)]
pub(crate) struct EverybodyBody {
    /// `OPEN_ACCESS` or `EVACUATION`.
    reason: &'static str,
    until: Option<Timestamp>,
}

/// Those who may.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhoBody {
    items: Vec<HolderBody>,
    next_cursor: Option<String>,
    /// Set where everybody may, known or not.
    everybody: Option<EverybodyBody>,
    /// The instant it was decided for.
    at: Timestamp,
    /// The revision it was decided from.
    revision: i64,
    /// What the answer rests on that may have been otherwise then.
    notes: Vec<NoteBody>,
}

/// Something a person may use.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldPointBody {
    /// A charger or a door.
    node_id: Uuid,
    name: String,
    kind: NodeKindWord,
    #[schema(example = "GRANTED")]
    reason: &'static str,
    /// Whether everybody may, known or not.
    everybody: bool,
    grant_id: Option<Uuid>,
    /// Until when, if nothing changes but the time.
    until: Option<Timestamp>,
    /// The grant, and how it comes to them; for who manages access there.
    chain: Option<ConsideredGrantBody>,
}

/// What a person may use.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhatBody {
    items: Vec<HeldPointBody>,
    next_cursor: Option<String>,
    /// The instant it was decided for.
    at: Timestamp,
    /// The revision it was decided from.
    revision: i64,
    /// What the answer rests on that may have been otherwise then.
    notes: Vec<NoteBody>,
}

impl From<&Holder> for HolderBody {
    fn from(holder: &Holder) -> Self {
        Self {
            person_id: holder.person.0,
            name: holder.name.clone(),
            reason: holder.reason.code(),
            grant_id: holder.chain.as_ref().map(|chain| chain.grant.0),
            until: holder.until,
            chain: holder.chain.as_ref().map(ConsideredGrantBody::from),
        }
    }
}

impl From<Everybody> for EverybodyBody {
    fn from(everybody: Everybody) -> Self {
        Self {
            reason: everybody.reason.code(),
            until: everybody.until,
        }
    }
}

impl From<&Held> for HeldPointBody {
    fn from(held: &Held) -> Self {
        Self {
            node_id: held.node.0,
            name: held.name.clone(),
            kind: held.kind.into(),
            reason: held.reason.code(),
            everybody: held.everybody,
            grant_id: held.chain.as_ref().map(|chain| chain.grant.0),
            until: held.until,
            chain: held.chain.as_ref().map(ConsideredGrantBody::from),
        }
    }
}

async fn who(
    api: &Api,
    caller: &app::Caller,
    node: NodeId,
    params: WhoParams,
) -> Result<Json<WhoBody>, Problem> {
    let circumstances = circumstances(params.action, params.at, params.as_of.as_deref())?;
    let query = piece(params.limit, params.cursor)?;
    let who = api.who(caller, node, circumstances, &query).await?;
    Ok(Json(WhoBody {
        items: who.people.items.iter().map(HolderBody::from).collect(),
        next_cursor: who.people.next,
        everybody: who.everybody.map(EverybodyBody::from),
        at: who.at,
        revision: who.revision.0,
        notes: notes(&who.notes),
    }))
}

/// Who may use a charger
///
/// Each decided by the engine, with the grant by which they may. Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/chargers/{id}/who", operation_id = "who_may_use_charger", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger"), WhoParams),
    responses((status = 200, description = "A piece of the list", body = WhoBody)),
)]
pub(crate) async fn charger(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<ChargerId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<WhoBody>, Problem> {
    api.node_is(&caller, id.into(), model::NodeKind::Charger)?;
    who(&api, &caller, id.into(), params).await
}

/// Who may enter by a door
///
/// Each decided by the engine, with the grant by which they may. Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/doors/{id}/who", operation_id = "who_may_use_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door"), WhoParams),
    responses((status = 200, description = "A piece of the list", body = WhoBody)),
)]
pub(crate) async fn door(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<DoorId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<WhoBody>, Problem> {
    api.node_is(&caller, id.into(), model::NodeKind::Door)?;
    who(&api, &caller, id.into(), params).await
}

/// What a person may use
///
/// Every charger and door: of oneself, or with `manage_access` those one manages.
#[utoipa::path(
    get, path = "/v1/people/{id}/what", operation_id = "what_may_person_use", tag = "people",
    params(("id" = Uuid, Path, description = "The person"), WhoParams),
    responses((status = 200, description = "A piece of the list", body = WhatBody)),
)]
pub(crate) async fn what(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
    Params(params): Params<WhoParams>,
) -> Result<Json<WhatBody>, Problem> {
    let circumstances = circumstances(params.action, params.at, params.as_of.as_deref())?;
    let query = piece(params.limit, params.cursor)?;
    let what = api.what(&caller, id, circumstances, &query).await?;
    Ok(Json(WhatBody {
        items: what.points.items.iter().map(HeldPointBody::from).collect(),
        next_cursor: what.points.next,
        at: what.at,
        revision: what.revision.0,
        notes: notes(&what.notes),
    }))
}
