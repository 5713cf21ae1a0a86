//! Rules: these people, at these points, at these hours, with these credentials.
//!
//! A rule is a grant to a tag; it is shown among the grants too, and may be ended there.

use app::admin::{GrantView, NewGrant};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Condition, GrantId, Role, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::grants::LimitsBody;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, CredentialKindWord, EffectWord, StrengthWord, actions, named};

/// A new rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRuleBody {
    /// Everybody in this tag, now and later.
    people_tag_id: Uuid,
    /// On this node and all below.
    resource: Resource,
    /// Only at points that stand in this tag.
    #[serde(default)]
    points_tag_id: Option<Uuid>,
    /// Only while this schedule holds.
    #[serde(default)]
    schedule_id: Option<Uuid>,
    /// Only for these kinds of credential.
    #[serde(default)]
    credential_kinds: Option<Vec<CredentialKindWord>>,
    /// Only for a credential at least this strong.
    #[serde(default)]
    minimum_strength: Option<StrengthWord>,
    /// Only that often and that much, for each of them.
    #[serde(default)]
    limits: Option<LimitsBody>,
    /// Left out: those of the role `user`.
    #[serde(default)]
    actions: Option<Vec<ActionWord>>,
    /// Left out: `allow`.
    #[serde(default)]
    effect: Option<EffectWord>,
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

/// A rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleBody {
    /// Of the grant that it is.
    id: Uuid,
    organisation_id: Uuid,
    people_tag_id: Option<Uuid>,
    resource: Resource,
    points_tag_id: Option<Uuid>,
    schedule_id: Option<Uuid>,
    credential_kinds: Option<Vec<CredentialKindWord>>,
    minimum_strength: Option<StrengthWord>,
    limits: Option<LimitsBody>,
    actions: Vec<ActionWord>,
    effect: EffectWord,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    reason: Option<String>,
    created_by: Option<Uuid>,
    created_at: Timestamp,
    /// When it was ended; null while it holds.
    ended_at: Option<Timestamp>,
}

impl From<&GrantView> for RuleBody {
    fn from(GrantView { grant, kind }: &GrantView) -> Self {
        let condition = &grant.condition;
        let people = match grant.subject {
            Subject::Tag(tag) => Some(tag.0),
            Subject::Person(_) | Subject::Partner(_) => None,
        };
        Self {
            id: grant.id.0,
            organisation_id: grant.organisation.0,
            people_tag_id: people,
            resource: Resource::of(grant.node, *kind),
            points_tag_id: condition.points.map(|id| id.0),
            schedule_id: condition.schedule.map(|id| id.0),
            credential_kinds: condition
                .kinds
                .map(|kinds| kinds.iter().map(Into::into).collect()),
            minimum_strength: condition.minimum_strength.map(Into::into),
            limits: condition.limits.map(Into::into),
            actions: actions(grant.actions),
            effect: grant.effect.into(),
            valid_from: grant.valid_from,
            valid_until: grant.valid_until,
            reason: grant.reason.clone(),
            created_by: grant.created_by.map(|id| id.0),
            created_at: grant.created_at,
            ended_at: grant.revoked_at,
        }
    }
}

/// Make a rule
///
/// Needs `manage_access` on the node and each action that is given or denied.
#[utoipa::path(
    post, path = "/v1/rules", operation_id = "create_rule", tag = "rules",
    request_body = NewRuleBody,
    responses((status = 201, description = "The rule", body = RuleBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewRuleBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<RuleBody, _>(StatusCode::CREATED);
    let (node, kind) = body.resource.node("resource")?;
    api.node_is(&write.caller, node, kind)?;
    let actions = body.actions.map(named);
    let new = NewGrant {
        subject: Subject::Tag(body.people_tag_id.into()),
        role: actions.is_none().then_some(Role::User),
        actions,
        node,
        effect: body.effect.unwrap_or(EffectWord::Allow).into(),
        condition: Condition {
            schedule: body.schedule_id.map(Into::into),
            kinds: body
                .credential_kinds
                .map(|kinds| kinds.into_iter().map(Into::into).collect()),
            minimum_strength: body.minimum_strength.map(Into::into),
            points: body.points_tag_id.map(Into::into),
            limits: body.limits.map(Into::into),
            credential: None,
        },
        valid_from: body.valid_from,
        valid_until: body.valid_until,
        reason: body.reason,
    };
    Ok(Written(api.create_grant(write, new).await?))
}

/// List rules
///
/// Those on nodes whose access the caller manages.
#[utoipa::path(
    get, path = "/v1/rules", operation_id = "list_rules", tag = "rules",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<RuleBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<RuleBody>>, Problem> {
    Ok(ListBody::of(api.rules(&caller, &page.piece()?).await?))
}

/// Get a rule
///
/// Ended ones too.
#[utoipa::path(
    get, path = "/v1/rules/{id}", operation_id = "get_rule", tag = "rules",
    params(("id" = Uuid, Path, description = "The rule")),
    responses((status = 200, description = "The rule", body = RuleBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<GrantId>,
) -> Result<Json<RuleBody>, Problem> {
    Ok(Json(RuleBody::from(&api.rule(&caller, id).await?)))
}

/// End a rule
///
/// It is history from then on; to change one, end it and make another.
#[utoipa::path(
    delete, path = "/v1/rules/{id}", operation_id = "delete_rule", tag = "rules",
    params(("id" = Uuid, Path, description = "The rule")),
    responses((status = 204, description = "It has ended")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<GrantId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.end_rule(write, id).await?))
}
