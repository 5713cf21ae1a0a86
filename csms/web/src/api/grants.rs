//! Grants.

use app::admin::{GrantQuery, GrantView, NewGrant};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Condition, GrantId, Limits, NodeKind, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::Resource;
use crate::listing::{Id, ListBody, Params, piece};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{
    ActionWord, CredentialKindWord, EffectWord, RoleWord, StrengthWord, actions, named,
};

/// To whom a grant is given: exactly one of these, with its id.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectBody {
    /// One person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    /// Everybody in a tag, now and later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<Uuid>,
    /// Everybody of another organisation, now and later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner: Option<Uuid>,
}

impl SubjectBody {
    fn subject(&self) -> Result<Subject, Problem> {
        match (self.person, self.tag, self.partner) {
            (Some(id), None, None) => Ok(Subject::Person(id.into())),
            (None, Some(id), None) => Ok(Subject::Tag(id.into())),
            (None, None, Some(id)) => Ok(Subject::Partner(id.into())),
            (None, None, None) => Err(Problem::field(
                "subject",
                "required",
                "a person, a tag or a partner",
            )),
            _ => Err(Problem::field(
                "subject",
                "invalid",
                "a person, a tag or a partner, not several",
            )),
        }
    }
}

impl From<Subject> for SubjectBody {
    fn from(subject: Subject) -> Self {
        let mut shown = Self::default();
        match subject {
            Subject::Person(id) => shown.person = Some(id.0),
            Subject::Tag(id) => shown.tag = Some(id.0),
            Subject::Partner(id) => shown.partner = Some(id.0),
        }
        shown
    }
}

/// How often and how much each person may use it, over the whole validity of the grant.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsBody {
    /// Transactions, or openings of doors.
    #[serde(default)]
    uses: Option<u32>,
    /// Minutes of transactions; while one runs, no other begins.
    #[serde(default)]
    minutes: Option<u32>,
    /// Energy, Wh; while a transaction runs, no other begins.
    #[serde(default)]
    wh: Option<u64>,
}

impl From<LimitsBody> for Limits {
    fn from(body: LimitsBody) -> Self {
        Self {
            uses: body.uses,
            minutes: body.minutes,
            wh: body.wh,
        }
    }
}

impl From<Limits> for LimitsBody {
    fn from(limits: Limits) -> Self {
        Self {
            uses: limits.uses,
            minutes: limits.minutes,
            wh: limits.wh,
        }
    }
}

/// A new grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGrantBody {
    subject: SubjectBody,
    /// Either a role …
    #[serde(default)]
    role: Option<RoleWord>,
    /// … or actions by name.
    #[serde(default)]
    actions: Option<Vec<ActionWord>>,
    /// On this node and all below.
    resource: Resource,
    /// Left out: `allow`.
    #[serde(default)]
    effect: Option<EffectWord>,
    /// Only while this schedule holds, by the clock at the installation.
    #[serde(default)]
    schedule_id: Option<Uuid>,
    /// Only for these kinds of credential; a session or API key counts as `app`.
    #[serde(default)]
    credential_kinds: Option<Vec<CredentialKindWord>>,
    /// Only for a credential at least this strong.
    #[serde(default)]
    minimum_strength: Option<StrengthWord>,
    /// Only at points that stand in this tag.
    #[serde(default)]
    points_tag_id: Option<Uuid>,
    /// Only that often and that much.
    #[serde(default)]
    limits: Option<LimitsBody>,
    /// Inclusive.
    #[serde(default)]
    valid_from: Option<Timestamp>,
    /// Exclusive.
    #[serde(default)]
    valid_until: Option<Timestamp>,
    /// Why, for people.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl NewGrantBody {
    /// What is to be given, and what the caller takes its node for.
    pub(crate) fn grant(self) -> Result<(NodeKind, NewGrant), Problem> {
        let (node, kind) = self.resource.node("resource")?;
        let new = NewGrant {
            subject: self.subject.subject()?,
            role: self.role.map(Into::into),
            actions: self.actions.map(named),
            node,
            effect: self.effect.unwrap_or(EffectWord::Allow).into(),
            condition: Condition {
                schedule: self.schedule_id.map(Into::into),
                kinds: self
                    .credential_kinds
                    .map(|kinds| kinds.into_iter().map(Into::into).collect()),
                minimum_strength: self.minimum_strength.map(Into::into),
                points: self.points_tag_id.map(Into::into),
                limits: self.limits.map(Into::into),
                credential: None,
            },
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            reason: self.reason,
        };
        Ok((kind, new))
    }
}

/// A grant.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantBody {
    id: Uuid,
    organisation_id: Uuid,
    subject: SubjectBody,
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    resource: Resource,
    effect: EffectWord,
    schedule_id: Option<Uuid>,
    credential_kinds: Option<Vec<CredentialKindWord>>,
    minimum_strength: Option<StrengthWord>,
    points_tag_id: Option<Uuid>,
    limits: Option<LimitsBody>,
    /// The guest's or one-time code it was made with, and holds for alone.
    credential_id: Option<Uuid>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    reason: Option<String>,
    /// What it comes from: `api`, `owner create` …
    source: String,
    created_by: Option<Uuid>,
    created_at: Timestamp,
    /// When it was ended; null while it holds.
    revoked_at: Option<Timestamp>,
}

impl From<&GrantView> for GrantBody {
    fn from(GrantView { grant, kind }: &GrantView) -> Self {
        let condition = &grant.condition;
        Self {
            id: grant.id.0,
            organisation_id: grant.organisation.0,
            subject: grant.subject.into(),
            role: grant.role.map(RoleWord::from),
            actions: actions(grant.actions),
            resource: Resource::of(grant.node, *kind),
            effect: grant.effect.into(),
            schedule_id: condition.schedule.map(|id| id.0),
            credential_kinds: condition
                .kinds
                .map(|kinds| kinds.iter().map(Into::into).collect()),
            minimum_strength: condition.minimum_strength.map(Into::into),
            points_tag_id: condition.points.map(|id| id.0),
            credential_id: condition.credential.map(|id| id.0),
            limits: condition.limits.map(Into::into),
            valid_from: grant.valid_from,
            valid_until: grant.valid_until,
            reason: grant.reason.clone(),
            source: grant.source.clone(),
            created_by: grant.created_by.map(|person| person.0),
            created_at: grant.created_at,
            revoked_at: grant.revoked_at,
        }
    }
}

/// Which grants.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantParams {
    /// Given to this person.
    person_id: Option<Uuid>,
    /// Given to this tag.
    tag_id: Option<Uuid>,
    /// Given to this organisation as a partner.
    partner_id: Option<Uuid>,
    /// Given on exactly this node.
    node_id: Option<Uuid>,
    /// Ended ones too.
    #[serde(default)]
    include_revoked: bool,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// Give a grant
///
/// Needs `manage_access` on the node and each action that is given or denied; `service_test`
/// may be given by who holds `service`. A denial that would take away the last owner is refused
/// with 409 `last_owner`.
#[utoipa::path(
    post, path = "/v1/grants", operation_id = "create_grant", tag = "grants",
    request_body = NewGrantBody,
    responses((status = 201, description = "The grant", body = GrantBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewGrantBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<GrantBody, _>(StatusCode::CREATED);
    let (kind, new) = body.grant()?;
    api.node_is(&write.caller, new.node, kind)?;
    Ok(Written(api.create_grant(write, new).await?))
}

/// List grants
///
/// Those on nodes whose access the caller manages, and their own.
#[utoipa::path(
    get, path = "/v1/grants", operation_id = "list_grants", tag = "grants",
    params(GrantParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<GrantBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<GrantParams>,
) -> Result<Json<ListBody<GrantBody>>, Problem> {
    let which = GrantQuery {
        person: params.person_id.map(Into::into),
        tag: params.tag_id.map(Into::into),
        partner: params.partner_id.map(Into::into),
        node: params.node_id.map(Into::into),
        include_revoked: params.include_revoked,
    };
    let piece = piece(params.limit, params.cursor)?;
    Ok(ListBody::of(api.grants(&caller, &which, &piece).await?))
}

/// Get a grant
///
/// Ended ones too.
#[utoipa::path(
    get, path = "/v1/grants/{id}", operation_id = "get_grant", tag = "grants",
    params(("id" = Uuid, Path, description = "The grant")),
    responses((status = 200, description = "The grant", body = GrantBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<GrantId>,
) -> Result<Json<GrantBody>, Problem> {
    Ok(Json(GrantBody::from(&api.grant(&caller, id).await?)))
}

/// End a grant
///
/// It is history from then on; to change one, end it and give another. Needs `manage_access` on
/// the node and each of its actions; 409 `last_owner` when an organisation or installation would
/// lose its last one.
#[utoipa::path(
    delete, path = "/v1/grants/{id}", operation_id = "delete_grant", tag = "grants",
    params(("id" = Uuid, Path, description = "The grant")),
    responses((status = 204, description = "It has ended")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<GrantId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.revoke_grant(write, id).await?))
}
