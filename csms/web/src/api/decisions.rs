//! The decision log.

use app::admin::DecisionQuery;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::{Decision, DecisionId, Reason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Auth;
use crate::listing::{Id, ListBody, Params, piece};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, EffectWord};

/// Which decisions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionParams {
    /// Asked by the station with this OCPP identity.
    station_id: Option<String>,
    /// Asked in the station's message with this id.
    message_id: Option<String>,
    /// About this person.
    person_id: Option<Uuid>,
    /// On exactly this node.
    node_id: Option<Uuid>,
    /// With this reason, e.g. `NO_GRANT`.
    reason: Option<String>,
    /// Allowed or denied.
    effect: Option<EffectWord>,
    /// Taken at or after.
    from: Option<Timestamp>,
    /// Taken before.
    until: Option<Timestamp>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// A decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecisionBody {
    id: Uuid,
    organisation_id: Option<Uuid>,
    /// When it was taken.
    at: Timestamp,
    /// The instant it was taken for; differs from `at` for what is reported late.
    as_of: Timestamp,
    /// The revision it was taken from.
    revision: i64,
    /// The way in, e.g. `ocpp16_authorize`, `door_http`, `api`.
    entry: &'static str,
    /// The OCPP identity of the station that asked, in lower case.
    station_id: Option<String>,
    message_id: Option<String>,
    action: ActionWord,
    /// The node it was asked on.
    node_id: Option<Uuid>,
    evse: Option<u32>,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    api_key_id: Option<Uuid>,
    /// The token presented, masked.
    id_token: Option<String>,
    effect: EffectWord,
    #[schema(example = "NO_GRANT")]
    reason: &'static str,
    /// The reason in plain words.
    reason_text: &'static str,
    /// The grant that decided, or came nearest.
    grant_id: Option<Uuid>,
    duration_ns: i64,
}

impl From<&Decision> for DecisionBody {
    fn from(row: &Decision) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.map(|id| id.0),
            at: row.at,
            as_of: row.as_of,
            revision: row.revision.0,
            entry: row.entry.name(),
            station_id: row.station.as_ref().map(|key| key.as_str().to_owned()),
            message_id: row.message_id.clone(),
            action: row.action.into(),
            node_id: row.node.map(|id| id.0),
            evse: row.evse,
            person_id: row.person.map(|id| id.0),
            credential_id: row.credential.map(|id| id.0),
            api_key_id: row.api_key.map(|id| id.0),
            id_token: row.token.clone(),
            effect: row.reason.effect().into(),
            reason: row.reason.code(),
            reason_text: row.reason.words(),
            grant_id: row.grant.map(|id| id.0),
            duration_ns: row.duration_ns,
        }
    }
}

/// List decisions
///
/// Newest first, of nodes where the caller holds `view_all`.
#[utoipa::path(
    get, path = "/v1/decisions", operation_id = "list_decisions", tag = "decisions",
    params(DecisionParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<DecisionBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<DecisionParams>,
) -> Result<Json<ListBody<DecisionBody>>, Problem> {
    let reason = match params
        .reason
        .as_deref()
        .map(str::parse::<Reason>)
        .transpose()
    {
        Ok(reason) => reason,
        Err(error) => return Err(Problem::field("reason", "unknown", error.to_string())),
    };
    let which = DecisionQuery {
        station: params.station_id,
        message_id: params.message_id,
        person: params.person_id.map(Into::into),
        node: params.node_id.map(Into::into),
        reason,
        effect: params.effect.map(Into::into),
        from: params.from,
        until: params.until,
    };
    let piece = piece(params.limit, params.cursor)?;
    Ok(ListBody::of(api.decisions(&caller, &which, &piece).await?))
}

/// Get a decision
///
/// Needs `view_all` on its node.
#[utoipa::path(
    get, path = "/v1/decisions/{id}", operation_id = "get_decision", tag = "decisions",
    params(("id" = Uuid, Path, description = "The decision")),
    responses((status = 200, description = "The decision", body = DecisionBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<DecisionId>,
) -> Result<Json<DecisionBody>, Problem> {
    Ok(Json(DecisionBody::from(&api.decision(&caller, id).await?)))
}
