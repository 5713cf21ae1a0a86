//! API keys.

use app::admin::{ApiKeyView, NewApiKey, NewKey};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
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
use crate::words::{ActionWord, actions, named};

/// A new API key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKeyBody {
    /// Shown to people.
    #[serde(default)]
    name: String,
    /// What it may do at most; nothing the caller does not hold on the node. Left out: all the
    /// caller holds there but `remote_use`, `manage_security` and `emergency`, which must be named.
    #[serde(default)]
    scopes: Option<Vec<ActionWord>>,
    /// Where; left out: the caller's only organisation.
    #[serde(default)]
    node: Option<Resource>,
    /// When it ends; a key that ends cannot make one that outlives it.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// An API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyBody {
    id: Uuid,
    organisation_id: Uuid,
    /// In whose name it acts.
    person_id: Uuid,
    name: String,
    /// Its first characters.
    prefix: String,
    scopes: Vec<ActionWord>,
    node: Resource,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// An API key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewKeyBody {
    id: Uuid,
    organisation_id: Uuid,
    /// In whose name it acts.
    person_id: Uuid,
    name: String,
    /// For `Authorization: Bearer`; shown once.
    key: String,
    /// Its first characters.
    prefix: String,
    scopes: Vec<ActionWord>,
    node: Resource,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<&ApiKeyView> for ApiKeyBody {
    fn from(ApiKeyView { key, kind }: &ApiKeyView) -> Self {
        Self {
            id: key.id.0,
            organisation_id: key.organisation.0,
            person_id: key.person.0,
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: actions(key.scopes),
            node: Resource::of(key.node, *kind),
            expires_at: key.expires_at,
            created_at: key.created_at,
        }
    }
}

impl From<&NewKey> for NewKeyBody {
    fn from(NewKey { view, secret }: &NewKey) -> Self {
        let ApiKeyBody {
            id,
            organisation_id,
            person_id,
            name,
            prefix,
            scopes,
            node,
            expires_at,
            created_at,
        } = view.into();
        let key = secret.reveal().to_owned();
        Self {
            id,
            organisation_id,
            person_id,
            name,
            key,
            prefix,
            scopes,
            node,
            expires_at,
            created_at,
        }
    }
}

/// Make an API key
///
/// For the caller's own person. The answer shows the key once; a repeated request with the same
/// `Idempotency-Key` is answered 409 `idempotency_replay_secret`.
#[utoipa::path(
    post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "api-keys",
    request_body = NewApiKeyBody,
    responses((status = 201, description = "The key", body = NewKeyBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewApiKeyBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write_secret::<NewKeyBody, NewKey>();
    let node = match body.node {
        Some(node) => Some(node.node("node")?.0),
        None => None,
    };
    let scopes = body.scopes.map(named);
    let new = NewApiKey {
        name: body.name,
        scopes,
        node,
        expires_at: body.expires_at,
    };
    Ok(Written(api.create_api_key(write, new).await?))
}

/// List API keys
///
/// One's own, and those on nodes whose access one manages.
#[utoipa::path(
    get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "api-keys",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<ApiKeyBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<ApiKeyBody>>, Problem> {
    Ok(ListBody::of(api.api_keys(&caller, &page.piece()?).await?))
}

/// Withdraw an API key
///
/// It is refused at once.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", operation_id = "delete_api_key", tag = "api-keys",
    params(("id" = Uuid, Path, description = "The key")),
    responses((status = 204, description = "It is withdrawn")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<model::ApiKeyId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.revoke_api_key(write, id).await?))
}
