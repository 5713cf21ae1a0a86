//! Organisations.

use app::admin::{NewOrganisation, OrganisationPatch};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Organisation, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A new organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganisationBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationPatchBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    external_id: Option<Option<String>>,
    /// In place of all of the old.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
}

/// An organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganisationBody {
    id: Uuid,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    created_at: Timestamp,
}

impl From<&Organisation> for OrganisationBody {
    fn from(row: &Organisation) -> Self {
        Self {
            id: row.id.0,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            created_at: row.created_at,
        }
    }
}

/// Make an organisation
///
/// Whoever is logged in becomes its owner. An API key cannot do it (403 `session_required`).
#[utoipa::path(
    post, path = "/v1/organisations", operation_id = "create_organisation", tag = "organisations",
    request_body = NewOrganisationBody,
    responses((status = 201, description = "The organisation", body = OrganisationBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewOrganisationBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<OrganisationBody, _>(StatusCode::CREATED);
    let new = NewOrganisation {
        labels: labels(body.name, body.external_id, body.metadata),
    };
    Ok(Written(api.create_organisation(write, new).await?))
}

/// List organisations
///
/// Those the caller belongs to and sees.
#[utoipa::path(
    get, path = "/v1/organisations", operation_id = "list_organisations", tag = "organisations",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<OrganisationBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<OrganisationBody>>, Problem> {
    Ok(ListBody::of(
        api.organisations(&caller, &page.piece()?).await?,
    ))
}

/// Get an organisation
#[utoipa::path(
    get, path = "/v1/organisations/{id}", operation_id = "get_organisation", tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation")),
    responses((status = 200, description = "The organisation", body = OrganisationBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<OrganisationId>,
) -> Result<Json<OrganisationBody>, Problem> {
    Ok(Json(OrganisationBody::from(
        &api.organisation(&caller, id).await?,
    )))
}

/// Change an organisation
///
/// Needs `manage_settings`.
#[utoipa::path(
    patch, path = "/v1/organisations/{id}", operation_id = "update_organisation",
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation")),
    request_body = OrganisationPatchBody,
    responses((status = 200, description = "The organisation", body = OrganisationBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<OrganisationId>,
    ask: Ask<OrganisationPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<OrganisationBody, _>(StatusCode::OK);
    let patch = OrganisationPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
    };
    Ok(Written(api.change_organisation(write, id, patch).await?))
}
