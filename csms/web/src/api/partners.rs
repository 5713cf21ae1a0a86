//! Partners: lookup keys and partnerships.

use app::admin::{NewPartnership, PartnerView, PartnershipView, Terms, Verification};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{OrganisationId, PartnershipId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::{Body, Nothing};
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, PartnershipStateWord, RoleWord, SideWord, actions, named};

/// A partner.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerBody {
    /// The verified name, else what it calls itself.
    name: String,
    /// Who runs the deployment has seen the name proven.
    verified: bool,
    /// Four letters or digits; says who it is and is no secret; null: it is not found by a key.
    lookup_key: Option<String>,
}

impl From<&PartnerView> for PartnerBody {
    fn from(view: &PartnerView) -> Self {
        Self {
            name: view.name.clone(),
            verified: view.verified,
            lookup_key: view.lookup_key.clone(),
        }
    }
}

/// A lookup key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupBody {
    /// In any case, spaces and hyphens ignored.
    lookup_key: String,
}

/// A name that was shown to be right.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationBody {
    lookup_key: String,
    /// The name as it was proven; null: it is not any more.
    #[schema(max_length = 200)]
    name: Option<String>,
}

/// A proposal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPartnershipBody {
    /// Who is to be the partner.
    lookup_key: String,
    /// Either a role …
    #[serde(default)]
    role: Option<RoleWord>,
    /// … or actions by name.
    #[serde(default)]
    actions: Option<Vec<ActionWord>>,
    /// On this node and all below.
    resource: Resource,
    /// Inclusive.
    #[serde(default)]
    valid_from: Option<Timestamp>,
    /// Exclusive.
    #[serde(default)]
    valid_until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 500)]
    message: Option<String>,
}

/// A partnership.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnershipBody {
    id: Uuid,
    state: PartnershipStateWord,
    /// Whose installations they are.
    organisation_id: Uuid,
    organisation_name: String,
    /// Who works on them.
    partner_organisation_id: Uuid,
    partner: PartnerBody,
    /// How many people the partner has now: each has what the partner has.
    partner_members: usize,
    /// What was proposed first; what holds is in grants.
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    resource: Resource,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    message: Option<String>,
    proposed_by: Uuid,
    proposed_at: Timestamp,
    confirmed_by: Option<Uuid>,
    confirmed_at: Option<Timestamp>,
    /// Which end ended it.
    ended_by: Option<SideWord>,
    ended_at: Option<Timestamp>,
}

impl From<&PartnershipView> for PartnershipBody {
    fn from(view: &PartnershipView) -> Self {
        let row = &view.partnership;
        Self {
            id: row.id.0,
            state: row.state().into(),
            organisation_id: row.organisation.0,
            organisation_name: view.organisation.clone(),
            partner_organisation_id: row.partner.0,
            partner: PartnerBody::from(&view.partner),
            partner_members: view.members,
            role: row.promise.role.map(Into::into),
            actions: actions(row.promise.actions),
            resource: Resource::of(row.promise.node, view.kind),
            valid_from: row.promise.valid_from,
            valid_until: row.promise.valid_until,
            message: row.message.clone(),
            proposed_by: row.proposed_by.0,
            proposed_at: row.proposed_at,
            confirmed_by: row.confirmed.map(|(person, _)| person.0),
            confirmed_at: row.confirmed.map(|(_, at)| at),
            ended_by: row.ended.map(|(side, _)| side.into()),
            ended_at: row.ended.map(|(_, at)| at),
        }
    }
}

/// Get the lookup key
///
/// How others find this organisation as a partner. Needs `manage_access` on it.
#[utoipa::path(
    get, path = "/v1/organisations/{id}/lookup-key", operation_id = "get_lookup_key",
    tag = "partners",
    params(("id" = Uuid, Path, description = "The organisation")),
    responses((status = 200, description = "As others see it", body = PartnerBody)),
)]
pub(crate) async fn get_key(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<OrganisationId>,
) -> Result<Json<PartnerBody>, Problem> {
    Ok(Json(PartnerBody::from(
        &api.partner_profile(&caller, id).await?,
    )))
}

/// Make or renew the lookup key
///
/// The key before is nobody's from then on. Partnerships stay. Needs `manage_access`.
#[utoipa::path(
    put, path = "/v1/organisations/{id}/lookup-key", operation_id = "renew_lookup_key",
    tag = "partners",
    params(("id" = Uuid, Path, description = "The organisation")),
    responses((status = 200, description = "As others see it", body = PartnerBody)),
)]
pub(crate) async fn put_key(
    State(api): State<Api>,
    Id(id): Id<OrganisationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write::<PartnerBody, _>(StatusCode::OK);
    Ok(Written(api.renew_lookup_key(write, id).await?))
}

/// Give the lookup key up
///
/// Nobody finds the organisation any more. Partnerships stay. Needs `manage_access`.
#[utoipa::path(
    delete, path = "/v1/organisations/{id}/lookup-key", operation_id = "delete_lookup_key",
    tag = "partners",
    params(("id" = Uuid, Path, description = "The organisation")),
    responses((status = 204, description = "The key is nobody's")),
)]
pub(crate) async fn delete_key(
    State(api): State<Api>,
    Id(id): Id<OrganisationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write_nothing();
    Ok(Written(api.remove_lookup_key(write, id).await?))
}

/// Look a partner up
///
/// Says who has a key; gives nothing and changes nothing. Ten attempts of one login, then one
/// every six seconds.
#[utoipa::path(
    post, path = "/v1/partners/lookup", operation_id = "look_up_partner", tag = "partners",
    request_body = LookupBody,
    responses((status = 200, description = "Whose key it is", body = PartnerBody)),
)]
pub(crate) async fn look_up(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<LookupBody>,
) -> Result<Json<PartnerBody>, Problem> {
    let found = api.look_up_partner(&caller, &body.lookup_key).await?;
    Ok(Json(PartnerBody::from(&found)))
}

/// Verify the name of a partner
///
/// For who runs the deployment: needs `manage_security` on the organisation that was made first.
#[utoipa::path(
    post, path = "/v1/partners/verify", operation_id = "verify_partner", tag = "partners",
    request_body = VerificationBody,
    responses((status = 200, description = "As others see it", body = PartnerBody)),
)]
pub(crate) async fn verify(
    State(api): State<Api>,
    ask: Ask<VerificationBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PartnerBody, _>(StatusCode::OK);
    let verification = Verification {
        lookup_key: body.lookup_key,
        name: body.name,
    };
    Ok(Written(api.verify_partner(write, verification).await?))
}

/// Propose a partner
///
/// By its lookup key; nothing is given before somebody confirms it who may give what is proposed.
/// 409 `partnership_exists` when there is one, proposed or confirmed.
#[utoipa::path(
    post, path = "/v1/partners", operation_id = "propose_partnership", tag = "partners",
    request_body = NewPartnershipBody,
    responses((status = 201, description = "The proposal", body = PartnershipBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewPartnershipBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PartnershipBody, _>(StatusCode::CREATED);
    let (node, kind) = body.resource.node("resource")?;
    api.node_is(&write.caller, node, kind)?;
    let new = NewPartnership {
        lookup_key: body.lookup_key,
        terms: Terms {
            role: body.role.map(Into::into),
            actions: body.actions.map(named),
            node,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        },
        message: body.message,
    };
    Ok(Written(api.propose_partnership(write, new).await?))
}

/// List partnerships
///
/// Those of which the caller manages one end, and those they proposed; ended ones too.
#[utoipa::path(
    get, path = "/v1/partners", operation_id = "list_partnerships", tag = "partners",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<PartnershipBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<PartnershipBody>>, Problem> {
    Ok(ListBody::of(
        api.partnerships(&caller, &page.piece()?).await?,
    ))
}

/// Get a partnership
#[utoipa::path(
    get, path = "/v1/partners/{id}", operation_id = "get_partnership", tag = "partners",
    params(("id" = Uuid, Path, description = "The partnership")),
    responses((status = 200, description = "The partnership", body = PartnershipBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<PartnershipId>,
) -> Result<Json<PartnershipBody>, Problem> {
    Ok(Json(PartnershipBody::from(
        &api.partnership(&caller, id).await?,
    )))
}

/// Confirm a partnership
///
/// What was proposed is given, to everybody of the partner, now and later. Needs `manage_access`
/// on the node and each action. 409 `partnership_confirmed`, `partnership_ended`.
#[utoipa::path(
    post, path = "/v1/partners/{id}/confirm", operation_id = "confirm_partnership",
    tag = "partners",
    params(("id" = Uuid, Path, description = "The partnership")),
    responses((status = 200, description = "The partnership", body = PartnershipBody)),
)]
pub(crate) async fn confirm(
    State(api): State<Api>,
    Id(id): Id<PartnershipId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write::<PartnershipBody, _>(StatusCode::OK);
    Ok(Written(api.confirm_partnership(write, id).await?))
}

/// End a partnership
///
/// From either end: the partner by who manages its access, the owner by who manages access to all
/// that was given. All that was given ends with it, before this is answered.
#[utoipa::path(
    delete, path = "/v1/partners/{id}", operation_id = "end_partnership", tag = "partners",
    params(("id" = Uuid, Path, description = "The partnership")),
    responses((status = 204, description = "It has ended")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<PartnershipId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write_nothing();
    Ok(Written(api.end_partnership(write, id).await?))
}
