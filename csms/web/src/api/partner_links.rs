//! Links by which a partner asks for rights.

use app::admin::{AskedView, Consent, MadePartnerLink, NewPartnerLink, PartnerLinkView};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::PartnerLinkId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::invitations::TokenBody;
use super::partners::{PartnerBody, PartnershipBody};
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::{Body, Nothing};
use crate::fields::Resource;
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, OfferStateWord, RoleWord, actions, named};

/// A new link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPartnerLinkBody {
    /// Who asks; left out: the caller's only organisation.
    #[serde(default)]
    organisation_id: Option<Uuid>,
    /// Either a role …
    #[serde(default)]
    role: Option<RoleWord>,
    /// … or actions by name.
    #[serde(default)]
    actions: Option<Vec<ActionWord>>,
    /// For the owner.
    #[serde(default)]
    #[schema(max_length = 500)]
    message: Option<String>,
    /// Until when it works, at most 30 days; left out: a week.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A link.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerLinkBody {
    id: Uuid,
    organisation_id: Uuid,
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    message: Option<String>,
    state: OfferStateWord,
    created_by: Uuid,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    /// What came of it.
    partnership_id: Option<Uuid>,
    revoked_at: Option<Timestamp>,
}

impl From<&PartnerLinkView> for PartnerLinkBody {
    fn from(view: &PartnerLinkView) -> Self {
        let row = &view.link;
        Self {
            id: row.id.0,
            organisation_id: row.partner.0,
            role: row.role.map(Into::into),
            actions: actions(row.actions),
            message: row.message.clone(),
            state: view.state.into(),
            created_by: row.created_by.0,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used.map(|(at, _)| at),
            partnership_id: row.used.map(|(_, partnership)| partnership.0),
            revoked_at: row.revoked_at,
        }
    }
}

/// A link and its token.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadePartnerLinkBody {
    link: PartnerLinkBody,
    /// For the link that is given to the owner; works once; shown once.
    token: String,
}

impl From<&MadePartnerLink> for MadePartnerLinkBody {
    fn from(made: &MadePartnerLink) -> Self {
        Self {
            link: PartnerLinkBody::from(&made.view),
            token: made.token.reveal().to_owned(),
        }
    }
}

/// What a partner asks for.
#[derive(Serialize, ToSchema)]
pub(crate) struct AskedBody {
    partner: PartnerBody,
    role: Option<RoleWord>,
    actions: Vec<ActionWord>,
    message: Option<String>,
    expires_at: Timestamp,
}

impl From<&AskedView> for AskedBody {
    fn from(asked: &AskedView) -> Self {
        Self {
            partner: PartnerBody::from(&asked.partner),
            role: asked.role.map(Into::into),
            actions: actions(asked.actions),
            message: asked.message.clone(),
            expires_at: asked.expires_at,
        }
    }
}

/// What an owner gives.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    #[schema(format = Password)]
    token: String,
    /// A role …
    #[serde(default)]
    role: Option<RoleWord>,
    /// … or actions by name; neither: as it was asked.
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
}

/// Make a link
///
/// An owner who opens it sees who asks for what, and says on which installation it is given.
/// Needs `manage_access` on the organisation that asks.
#[utoipa::path(
    post, path = "/v1/partner-links", operation_id = "create_partner_link", tag = "partners",
    request_body = NewPartnerLinkBody,
    responses((status = 201, description = "The link", body = MadePartnerLinkBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewPartnerLinkBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write_secret::<MadePartnerLinkBody, _>();
    let new = NewPartnerLink {
        organisation: body.organisation_id.map(Into::into),
        role: body.role.map(Into::into),
        actions: body.actions.map(named),
        message: body.message,
        expires_at: body.expires_at,
    };
    Ok(Written(api.create_partner_link(write, new).await?))
}

/// List links
///
/// Those of organisations whose access the caller manages, whatever became of them.
#[utoipa::path(
    get, path = "/v1/partner-links", operation_id = "list_partner_links", tag = "partners",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<PartnerLinkBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<PartnerLinkBody>>, Problem> {
    Ok(ListBody::of(
        api.partner_links(&caller, &page.piece()?).await?,
    ))
}

/// Withdraw a link
#[utoipa::path(
    delete, path = "/v1/partner-links/{id}", operation_id = "revoke_partner_link",
    tag = "partners",
    params(("id" = Uuid, Path, description = "The link")),
    responses((status = 204, description = "It works no more")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<PartnerLinkId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, _) = ask.write_nothing();
    Ok(Written(api.revoke_partner_link(write, id).await?))
}

/// Look at a link
///
/// Who asks for what. 404 for a token that is none; 409 `link_used`, `link_expired` or
/// `link_revoked`. Counted with lookups of partners.
#[utoipa::path(
    post, path = "/v1/partner-links/look-up", operation_id = "look_at_partner_link",
    tag = "partners",
    request_body = TokenBody,
    responses((status = 200, description = "What is asked for", body = AskedBody)),
)]
pub(crate) async fn look_up(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<TokenBody>,
) -> Result<Json<AskedBody>, Problem> {
    let asked = api.look_at_partner_link(&caller, &body.token).await?;
    Ok(Json(AskedBody::from(&asked)))
}

/// Confirm what a link asks for
///
/// On a node, as it was asked or otherwise; needs `manage_access` on it and each action given. It
/// works once.
#[utoipa::path(
    post, path = "/v1/partner-links/confirm", operation_id = "confirm_partner_link",
    tag = "partners",
    request_body = ConsentBody,
    responses((status = 201, description = "The partnership", body = PartnershipBody)),
)]
pub(crate) async fn confirm(
    State(api): State<Api>,
    ask: Ask<ConsentBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PartnershipBody, _>(StatusCode::CREATED);
    let (node, kind) = body.resource.node("resource")?;
    api.node_is(&write.caller, node, kind)?;
    let consent = Consent {
        role: body.role.map(Into::into),
        actions: body.actions.map(named),
        node,
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    };
    Ok(Written(
        api.confirm_partner_link(write, &body.token, consent)
            .await?,
    ))
}
