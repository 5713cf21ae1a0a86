//! The decision log, and why a decision would come out as it does.

use app::admin::{
    ConsideredGrant, DecisionQuery, Explanation, GrantFinding, StepFinding, StepLine,
};
use app::insight::About;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::{Decision, DecisionId, Reason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Auth;
use crate::body::Body;
use crate::fields::Resource;
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

/// A question about access. `person` or `credential`, one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainBody {
    /// A person, whatever they present.
    #[serde(default)]
    person: Option<Uuid>,
    /// A credential, as if it were presented.
    #[serde(default)]
    credential: Option<Uuid>,
    /// Where.
    point: Resource,
    /// Left out: `use`.
    #[serde(default)]
    action: Option<ActionWord>,
    /// Left out: now.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// Why a decision would come out as it does.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplanationBody {
    effect: EffectWord,
    #[schema(example = "NOT_YET_VALID")]
    reason: &'static str,
    /// For owners.
    reason_text: &'static str,
    /// For the person at the point.
    person_text: &'static str,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    /// The grant that decides, or comes nearest.
    grant_id: Option<Uuid>,
    /// It holds at most until then.
    until: Option<Timestamp>,
    /// EVSE numbers it holds for, where not for all.
    evses: Vec<u32>,
    /// The revision it was answered from.
    revision: i64,
    /// The steps, as far as it went.
    steps: Vec<StepBody>,
    /// The person's grants that were looked at.
    grants: Vec<ConsideredGrantBody>,
}

/// A step of a decision.
#[derive(Serialize, ToSchema)]
struct StepBody {
    /// As in docs/authorization.md.
    number: Option<u8>,
    /// What it asks.
    step: &'static str,
    /// `passed`, `not_applicable`, `refused` or `allowed`.
    finding: &'static str,
    /// With `refused` and `allowed`.
    reason: Option<&'static str>,
}

/// A grant that was looked at.
#[derive(Serialize, ToSchema)]
struct ConsideredGrantBody {
    grant_id: Uuid,
    node_id: Uuid,
    /// `allows`, `denies`, `denial_not_now`, `expired`, `not_yet_valid`, `outside_schedule`,
    /// `too_weak`, `used_up`, `other_point` or `other_action`.
    finding: &'static str,
}

impl From<&StepLine> for StepBody {
    fn from(line: &StepLine) -> Self {
        let (finding, reason) = match line.finding {
            StepFinding::Passed => ("passed", None),
            StepFinding::NotApplicable => ("not_applicable", None),
            StepFinding::Refused(reason) => ("refused", Some(reason.code())),
            StepFinding::Allowed(reason) => ("allowed", Some(reason.code())),
            StepFinding::Elsewhere => ("elsewhere", None),
        };
        Self {
            number: line.step.number(),
            step: line.step.words(),
            finding,
            reason,
        }
    }
}

impl From<&ConsideredGrant> for ConsideredGrantBody {
    fn from(grant: &ConsideredGrant) -> Self {
        let finding = match grant.finding {
            GrantFinding::Allows => "allows",
            GrantFinding::Denies => "denies",
            GrantFinding::DenialNotNow => "denial_not_now",
            GrantFinding::Expired => "expired",
            GrantFinding::NotYetValid => "not_yet_valid",
            GrantFinding::OtherAction => "other_action",
            GrantFinding::OtherPoint => "other_point",
            GrantFinding::OutsideSchedule => "outside_schedule",
            GrantFinding::TooWeak => "too_weak",
            GrantFinding::UsedUp => "used_up",
        };
        Self {
            grant_id: grant.grant.0,
            node_id: grant.node.0,
            finding,
        }
    }
}

impl From<&Explanation> for ExplanationBody {
    fn from(explanation: &Explanation) -> Self {
        let outcome = &explanation.outcome;
        let reason = outcome.reason();
        let found = outcome.found();
        let (until, evses) = match outcome {
            app::admin::Outcome::Allow(terms) => (terms.until, terms.evses.clone()),
            app::admin::Outcome::Deny(_) | app::admin::Outcome::Ask(_) => (None, Vec::new()),
        };
        Self {
            effect: reason.effect().into(),
            reason: reason.code(),
            reason_text: reason.words(),
            person_text: reason.for_person(),
            person_id: found.person.map(|id| id.0),
            credential_id: found.credential.map(|id| id.0),
            grant_id: outcome.grant().map(|id| id.0),
            until,
            evses,
            revision: outcome.revision().0,
            steps: explanation.steps.iter().map(StepBody::from).collect(),
            grants: explanation
                .grants
                .iter()
                .map(ConsideredGrantBody::from)
                .collect(),
        }
    }
}

/// Explain a decision
///
/// What would be decided, with every step and grant. Needs `manage_access` on the point, or a
/// question about oneself. Nothing happens, so `Idempotency-Key` is not looked at.
#[utoipa::path(
    post, path = "/v1/decisions/explain", operation_id = "explain_decision", tag = "decisions",
    request_body = ExplainBody,
    responses((status = 200, description = "The explanation", body = ExplanationBody)),
)]
pub(crate) async fn explain(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<ExplainBody>,
) -> Result<Json<ExplanationBody>, Problem> {
    let about = match (body.person, body.credential) {
        (Some(person), None) => About::Person(person.into()),
        (None, Some(credential)) => About::Credential(credential.into()),
        (None, None) => {
            return Err(Problem::field(
                "person",
                "required",
                "a person or a credential",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Problem::field(
                "credential",
                "invalid",
                "one of them, not both",
            ));
        }
    };
    let (node, kind) = body.point.node("point")?;
    api.node_is(&caller, node, kind)?;
    let action = body.action.unwrap_or(ActionWord::Use).into();
    let explanation = api.explain(&caller, about, node, action, body.at).await?;
    Ok(Json(ExplanationBody::from(&explanation)))
}
