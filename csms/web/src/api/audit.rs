//! The change log.

use app::admin::AuditEntry;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Auth;
use crate::listing::{ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A change.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditBody {
    revision: i64,
    organisation_id: Uuid,
    /// What it is about, e.g. `grant`.
    kind: &'static str,
    /// The id of that.
    id: Uuid,
    /// Who did it; null for the command line and the system itself.
    person_id: Option<Uuid>,
    api_key_id: Option<Uuid>,
    /// As in the header `Keywatt-Request-Id`.
    request_id: Option<Uuid>,
    at: Timestamp,
    reason: Option<String>,
    /// Null where there was nothing before.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[schema(value_type = Object)]
    after: Value,
}

impl From<&AuditEntry> for AuditBody {
    fn from(row: &AuditEntry) -> Self {
        Self {
            revision: row.revision.0,
            organisation_id: row.organisation.0,
            kind: row.kind.name(),
            id: row.row,
            person_id: row.person.map(|id| id.0),
            api_key_id: row.api_key.map(|id| id.0),
            request_id: row.request.map(|id| id.0),
            at: row.at,
            reason: row.reason.clone(),
            before: row.before.clone(),
            after: row.after.clone(),
        }
    }
}

/// List changes
///
/// Newest first, of the organisations where the caller holds `manage_access`. Credentials are
/// masked, hashes left out.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list_audit", tag = "audit",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<AuditBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<AuditBody>>, Problem> {
    Ok(ListBody::of(api.audit(&caller, &page.piece()?).await?))
}
