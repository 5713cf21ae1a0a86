//! Handovers of ownership.

use app::admin::{HandoverView, NewHandover};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::HandoverId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{OfferStateWord, RoleWord};

/// A new handover.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHandoverBody {
    /// The organisation, or an installation.
    resource: Resource,
    /// Who is to have it: a person of the organisation with a login.
    to: Uuid,
    /// What the caller keeps: `user` or `service`; left out: nothing.
    #[serde(default)]
    leaves_role: Option<RoleWord>,
    /// For the one who is to have it.
    #[serde(default)]
    #[schema(max_length = 500)]
    message: Option<String>,
    /// Until when it can be accepted, at most 30 days; left out: a week.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A handover.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandoverBody {
    id: Uuid,
    organisation_id: Uuid,
    resource: Resource,
    from: Uuid,
    to: Uuid,
    leaves_role: Option<RoleWord>,
    message: Option<String>,
    state: OfferStateWord,
    created_at: Timestamp,
    expires_at: Timestamp,
    accepted_at: Option<Timestamp>,
    /// When it was declined or withdrawn.
    ended_at: Option<Timestamp>,
}

impl From<&HandoverView> for HandoverBody {
    fn from(view: &HandoverView) -> Self {
        let row = &view.handover;
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            resource: Resource::of(row.node, view.kind),
            from: row.from.0,
            to: row.to.0,
            leaves_role: row.leaves.map(Into::into),
            message: row.message.clone(),
            state: view.state.into(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            accepted_at: row.accepted_at,
            ended_at: row.ended_at,
        }
    }
}

/// Offer what you own
///
/// For an owner who was given that role on exactly this organisation or installation (409
/// `owned_above` for who owns it by something above it), logged in: an API key cannot do it (403
/// `session_required`).
#[utoipa::path(
    post, path = "/v1/handovers", operation_id = "create_handover", tag = "handovers",
    request_body = NewHandoverBody,
    responses((status = 201, description = "The handover", body = HandoverBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewHandoverBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<HandoverBody, _>(StatusCode::CREATED);
    let (node, kind) = body.resource.node("resource")?;
    api.node_is(&write.caller, node, kind)?;
    let new = NewHandover {
        node,
        to: body.to.into(),
        leaves: body.leaves_role.map(Into::into),
        message: body.message,
        expires_at: body.expires_at,
    };
    Ok(Written(api.create_handover(write, new).await?))
}

/// List handovers
///
/// Those from and to the caller, and those where they manage access.
#[utoipa::path(
    get, path = "/v1/handovers", operation_id = "list_handovers", tag = "handovers",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<HandoverBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<HandoverBody>>, Problem> {
    Ok(ListBody::of(api.handovers(&caller, &page.piece()?).await?))
}

/// Get a handover
#[utoipa::path(
    get, path = "/v1/handovers/{id}", operation_id = "get_handover", tag = "handovers",
    params(("id" = Uuid, Path, description = "The handover")),
    responses((status = 200, description = "The handover", body = HandoverBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<HandoverId>,
) -> Result<Json<HandoverBody>, Problem> {
    Ok(Json(HandoverBody::from(&api.handover(&caller, id).await?)))
}

/// Accept a handover
///
/// The caller becomes the owner and the one before keeps what was said, all at once. 409
/// `handover_used`, `handover_expired`, `handover_revoked`; `handover_void` when who offered it
/// is no owner any more; `last_owner` when nobody would be left as one.
#[utoipa::path(
    post, path = "/v1/handovers/{id}/accept", operation_id = "accept_handover",
    tag = "handovers",
    params(("id" = Uuid, Path, description = "The handover")),
    responses((status = 200, description = "The handover", body = HandoverBody)),
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    Id(id): Id<HandoverId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write::<HandoverBody, _>(StatusCode::OK);
    Ok(Written(api.accept_handover(write, id).await?))
}

/// Decline or withdraw a handover
#[utoipa::path(
    delete, path = "/v1/handovers/{id}", operation_id = "end_handover", tag = "handovers",
    params(("id" = Uuid, Path, description = "The handover")),
    responses((status = 204, description = "It can be accepted no more")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<HandoverId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write_nothing();
    Ok(Written(api.end_handover(write, id).await?))
}
