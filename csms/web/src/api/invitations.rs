//! Invitations.

use app::admin::{
    InvitationLink, InvitationView, Joined, NewInvitation, OfferView, Registration, Terms,
};
use app::link::Peer;
use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;
use model::{InvitationId, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::grants::GrantBody;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::{Body, Nothing};
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, NodeKindWord, OfferStateWord, RoleWord, actions, named};

/// A new invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitationBody {
    /// To whom.
    #[schema(max_length = 254)]
    email: String,
    /// The person it is meant for, who has no login yet. Left out: the only such person with this
    /// address, else a new one.
    #[serde(default)]
    person_id: Option<Uuid>,
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
    /// For the one who is invited.
    #[serde(default)]
    #[schema(max_length = 500)]
    message: Option<String>,
    /// Until when the link works, at most 30 days; left out: a week.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationBody {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    /// The person it is meant for, where one was there.
    person_id: Option<Uuid>,
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    resource: Resource,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    message: Option<String>,
    state: OfferStateWord,
    created_by: Uuid,
    created_at: Timestamp,
    expires_at: Timestamp,
    accepted_at: Option<Timestamp>,
    /// The person who accepted it.
    accepted_by: Option<Uuid>,
    /// What was given.
    grant_id: Option<Uuid>,
    revoked_at: Option<Timestamp>,
}

impl From<&InvitationView> for InvitationBody {
    fn from(view: &InvitationView) -> Self {
        let row = &view.invitation;
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            email: row.email.clone(),
            person_id: row.person.map(|person| person.0),
            role: row.promise.role.map(Into::into),
            actions: actions(row.promise.actions),
            resource: Resource::of(row.promise.node, view.kind),
            valid_from: row.promise.valid_from,
            valid_until: row.promise.valid_until,
            message: row.message.clone(),
            state: view.state.into(),
            created_by: row.by.person.0,
            created_at: row.created_at,
            expires_at: row.expires_at,
            accepted_at: row.accepted.map(|accepted| accepted.at),
            accepted_by: row.accepted.map(|accepted| accepted.person.0),
            grant_id: row.accepted.map(|accepted| accepted.grant.0),
            revoked_at: row.revoked_at,
        }
    }
}

/// An invitation and the token of its link.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationLinkBody {
    invitation: InvitationBody,
    /// For the link that is sent to them; works once; shown once.
    token: String,
}

impl From<&InvitationLink> for InvitationLinkBody {
    fn from(made: &InvitationLink) -> Self {
        Self {
            invitation: InvitationBody::from(&made.view),
            token: made.token.reveal().to_owned(),
        }
    }
}

/// A new link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLinkBody {
    /// Until when it works, at most 30 days; left out: a week.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    #[schema(format = Password)]
    pub(crate) token: String,
}

/// What is offered.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferBody {
    /// Who offers it.
    organisation_name: String,
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    /// What it is offered on; null if that is gone.
    resource_kind: Option<NodeKindWord>,
    /// Its name.
    resource_name: Option<String>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    message: Option<String>,
    /// Until when it can be accepted.
    expires_at: Timestamp,
}

impl From<&OfferView> for OfferBody {
    fn from(offer: &OfferView) -> Self {
        let (kind, name) = &offer.place;
        Self {
            organisation_name: offer.organisation.clone(),
            role: offer.role.map(Into::into),
            actions: actions(offer.actions),
            resource_kind: kind.map(Into::into),
            resource_name: name.clone(),
            valid_from: offer.valid_from,
            valid_until: offer.valid_until,
            message: offer.message.clone(),
            expires_at: offer.expires_at,
        }
    }
}

/// Whoever accepts without a login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationBody {
    #[schema(format = Password)]
    token: String,
    /// Shown to people.
    #[schema(max_length = 200)]
    name: String,
    /// Of the new login; at least 12 characters.
    #[schema(format = Password, min_length = 12)]
    password: String,
}

/// What came of an invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct JoinedBody {
    organisation_id: Uuid,
    person_id: Uuid,
    grant: GrantBody,
}

impl From<&Joined> for JoinedBody {
    fn from(joined: &Joined) -> Self {
        Self {
            organisation_id: joined.person.organisation.0,
            person_id: joined.person.id.0,
            grant: GrantBody::from(&joined.grant),
        }
    }
}

/// Invite somebody
///
/// Who may give a right may offer it: needs `manage_access` on the node and each action offered.
/// The token in the answer is for the link that is sent to the address.
#[utoipa::path(
    post, path = "/v1/invitations", operation_id = "create_invitation", tag = "invitations",
    request_body = NewInvitationBody,
    responses((status = 201, description = "The invitation and its link",
        body = InvitationLinkBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewInvitationBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write_secret::<InvitationLinkBody, _>();
    let (node, kind) = body.resource.node("resource")?;
    api.node_is(&write.caller, node, kind)?;
    let new = NewInvitation {
        email: body.email,
        person: body.person_id.map(Into::into),
        terms: Terms {
            role: body.role.map(Into::into),
            actions: body.actions.map(named),
            node,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        },
        message: body.message,
        expires_at: body.expires_at,
    };
    Ok(Written(api.create_invitation(write, new).await?))
}

/// List invitations
///
/// To nodes whose access the caller manages, whatever became of them.
#[utoipa::path(
    get, path = "/v1/invitations", operation_id = "list_invitations", tag = "invitations",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<InvitationBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<InvitationBody>>, Problem> {
    Ok(ListBody::of(
        api.invitations(&caller, &page.piece()?).await?,
    ))
}

/// Get an invitation
#[utoipa::path(
    get, path = "/v1/invitations/{id}", operation_id = "get_invitation", tag = "invitations",
    params(("id" = Uuid, Path, description = "The invitation")),
    responses((status = 200, description = "The invitation", body = InvitationBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<InvitationId>,
) -> Result<Json<InvitationBody>, Problem> {
    Ok(Json(InvitationBody::from(
        &api.invitation(&caller, id).await?,
    )))
}

/// Make a new link
///
/// The one before works no more. Whoever makes it is the one who invites from then on. 409
/// `invitation_used` or `invitation_revoked` when there is nothing left to accept.
#[utoipa::path(
    post, path = "/v1/invitations/{id}/link", operation_id = "renew_invitation",
    tag = "invitations",
    params(("id" = Uuid, Path, description = "The invitation")),
    request_body = NewLinkBody,
    responses((status = 201, description = "The invitation and its new link",
        body = InvitationLinkBody)),
)]
pub(crate) async fn renew(
    State(api): State<Api>,
    Id(id): Id<InvitationId>,
    ask: Ask<NewLinkBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write_secret::<InvitationLinkBody, _>();
    Ok(Written(
        api.renew_invitation(write, id, body.expires_at).await?,
    ))
}

/// Withdraw an invitation
#[utoipa::path(
    delete, path = "/v1/invitations/{id}", operation_id = "revoke_invitation",
    tag = "invitations",
    params(("id" = Uuid, Path, description = "The invitation")),
    responses((status = 204, description = "Its link works no more")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<InvitationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write_nothing();
    Ok(Written(api.revoke_invitation(write, id).await?))
}

/// Look at an invitation
///
/// For who has its link; nobody need be logged in. 404 for a token that is none; 409
/// `invitation_used`, `invitation_expired` or `invitation_revoked`. Thirty attempts from one
/// address, then one every two seconds.
#[utoipa::path(
    post, path = "/v1/invitations/look-up", operation_id = "look_at_invitation",
    tag = "invitations",
    security(()),
    request_body = TokenBody,
    responses((status = 200, description = "What is offered", body = OfferBody)),
)]
pub(crate) async fn look_up(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    Body(body): Body<TokenBody>,
) -> Result<Json<OfferBody>, Problem> {
    let address = peer.map(|Extension(peer)| peer.address.ip());
    let offer = api.look_at_invitation(&body.token, address).await?;
    Ok(Json(OfferBody::from(&offer)))
}

/// Accept an invitation
///
/// As who is logged in, with the e-mail address that was invited. It works once; what is given is
/// what who invited still holds, else 409 `invitation_void`.
#[utoipa::path(
    post, path = "/v1/invitations/accept", operation_id = "accept_invitation",
    tag = "invitations",
    request_body = TokenBody,
    responses((status = 201, description = "The right is given", body = JoinedBody)),
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    ask: Ask<TokenBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<JoinedBody, _>(StatusCode::CREATED);
    Ok(Written(api.accept_invitation(write, &body.token).await?))
}

/// Accept an invitation with a new login
///
/// For who has none with the invited address; else 409 `login_exists`: log in and accept.
/// `Idempotency-Key` is not looked at: the link works once.
#[utoipa::path(
    post, path = "/v1/invitations/register", operation_id = "register_by_invitation",
    tag = "invitations",
    security(()),
    request_body = RegistrationBody,
    responses((status = 201, description = "Login and right are there", body = JoinedBody)),
)]
pub(crate) async fn register(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    request: Option<Extension<RequestId>>,
    Body(body): Body<RegistrationBody>,
) -> Result<(StatusCode, Json<JoinedBody>), Problem> {
    let registration = Registration {
        token: body.token,
        name: body.name,
        password: body.password,
        address: peer.map(|Extension(peer)| peer.address.ip()),
        request: request.map_or_else(|| RequestId(Uuid::now_v7()), |Extension(id)| id),
    };
    let joined = api.register(registration).await?;
    Ok((StatusCode::CREATED, Json(JoinedBody::from(&joined))))
}
