//! Who the caller is.

use app::admin::{Me, Membership};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Auth;
use crate::fields::Resource;
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, actions};

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeBody {
    /// The login; null for an API key.
    account: Option<AccountBody>,
    /// The API key used; null for a session.
    api_key: Option<UsedKeyBody>,
    /// One per organisation.
    persons: Vec<MembershipBody>,
}

/// A login.
#[derive(Serialize, ToSchema)]
struct AccountBody {
    id: Uuid,
    email: String,
}

/// The key in use.
#[derive(Serialize, ToSchema)]
struct UsedKeyBody {
    id: Uuid,
    name: String,
    prefix: String,
}

/// What the caller is in an organisation.
#[derive(Serialize, ToSchema)]
struct MembershipBody {
    organisation_id: Uuid,
    organisation_name: String,
    person_id: Uuid,
    name: String,
    /// Held on the organisation itself, and so on everything in it.
    actions: Vec<ActionWord>,
    /// Held on each node something was granted on.
    held: Vec<HeldBody>,
}

/// What is held on a node.
#[derive(Serialize, ToSchema)]
struct HeldBody {
    resource: Resource,
    actions: Vec<ActionWord>,
}

impl From<&Me> for MeBody {
    fn from(me: &Me) -> Self {
        Self {
            account: me.account.as_ref().map(|account| AccountBody {
                id: account.id.0,
                email: account.email.clone(),
            }),
            api_key: me.api_key.as_ref().map(|key| UsedKeyBody {
                id: key.id.0,
                name: key.name.clone(),
                prefix: key.prefix.clone(),
            }),
            persons: me.memberships.iter().map(MembershipBody::from).collect(),
        }
    }
}

impl From<&Membership> for MembershipBody {
    fn from(row: &Membership) -> Self {
        Self {
            organisation_id: row.organisation.id.0,
            organisation_name: row.organisation.labels.name.clone(),
            person_id: row.person.id.0,
            name: row.person.labels.name.clone(),
            actions: actions(row.actions),
            held: row
                .nodes
                .iter()
                .map(|(node, kind, held)| HeldBody {
                    resource: Resource::of(*node, Some(*kind)),
                    actions: actions(*held),
                })
                .collect(),
        }
    }
}

/// Who am I, and what may I do
#[utoipa::path(
    get, path = "/v1/me", operation_id = "get_me", tag = "sessions",
    responses((status = 200, description = "The caller", body = MeBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
) -> Result<Json<MeBody>, Problem> {
    Ok(Json(MeBody::from(&api.me(&caller).await?)))
}
