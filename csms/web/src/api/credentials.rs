//! Credentials.

use app::admin::{CredentialPatch, NewCredential};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Credential, CredentialId, CredentialKind, PersonId, mask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{CredentialKindWord, CredentialStateWord};

/// A new credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredentialBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    kind: CredentialKindWord,
    /// As read or printed; compared without case, and without separators if it is hex.
    #[schema(max_length = 36, write_only)]
    value: String,
    /// Left out: `active`.
    #[serde(default)]
    state: Option<CredentialStateWord>,
    /// Inclusive.
    #[serde(default)]
    valid_from: Option<Timestamp>,
    /// Exclusive.
    #[serde(default)]
    valid_until: Option<Timestamp>,
}

/// What is to be changed; never the value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialPatchBody {
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
    #[serde(default)]
    state: Option<CredentialStateWord>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    valid_from: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    valid_until: Option<Option<Timestamp>>,
}

/// A credential.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialBody {
    id: Uuid,
    organisation_id: Uuid,
    person_id: Uuid,
    kind: CredentialKindWord,
    /// Masked: two characters at each end.
    #[schema(example = "04…D4")]
    value: String,
    state: CredentialStateWord,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    created_at: Timestamp,
}

impl From<&Credential> for CredentialBody {
    fn from(row: &Credential) -> Self {
        let value = match row.kind {
            CredentialKind::App
            | CredentialKind::Pin
            | CredentialKind::Guest
            | CredentialKind::OneTime => mask(""),
            CredentialKind::Rfid
            | CredentialKind::Key
            | CredentialKind::Emaid
            | CredentialKind::Plate => mask(&row.value),
        };
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            person_id: row.person.0,
            kind: row.kind.into(),
            value,
            state: row.state.into(),
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            created_at: row.created_at,
        }
    }
}

/// Give a person a credential
///
/// Needs `manage_access` where the person is managed; 409 `credential_taken` when the value
/// belongs to somebody of the organisation already.
#[utoipa::path(
    post, path = "/v1/people/{id}/credentials", operation_id = "create_credential",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The person")),
    request_body = NewCredentialBody,
    responses((status = 201, description = "The credential", body = CredentialBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Id(person): Id<PersonId>,
    ask: Ask<NewCredentialBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CredentialBody, _>(StatusCode::CREATED);
    let new = NewCredential {
        labels: labels(body.name, body.external_id, body.metadata),
        kind: body.kind.into(),
        value: body.value,
        state: body.state.unwrap_or(CredentialStateWord::Active).into(),
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    };
    Ok(Written(api.create_credential(write, person, new).await?))
}

/// List a person's credentials
///
/// The remote token made by the system is not among them.
#[utoipa::path(
    get, path = "/v1/people/{id}/credentials", operation_id = "list_credentials",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The person"), PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<CredentialBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(person): Id<PersonId>,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<CredentialBody>>, Problem> {
    Ok(ListBody::of(
        api.credentials(&caller, person, &page.piece()?).await?,
    ))
}

/// Get a credential
#[utoipa::path(
    get, path = "/v1/credentials/{id}", operation_id = "get_credential", tag = "credentials",
    params(("id" = Uuid, Path, description = "The credential")),
    responses((status = 200, description = "The credential", body = CredentialBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<CredentialId>,
) -> Result<Json<CredentialBody>, Problem> {
    Ok(Json(CredentialBody::from(
        &api.credential(&caller, id).await?,
    )))
}

/// Change a credential
///
/// Needs `manage_access` where the person is managed.
#[utoipa::path(
    patch, path = "/v1/credentials/{id}", operation_id = "update_credential", tag = "credentials",
    params(("id" = Uuid, Path, description = "The credential")),
    request_body = CredentialPatchBody,
    responses((status = 200, description = "The credential", body = CredentialBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<CredentialId>,
    ask: Ask<CredentialPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<CredentialBody, _>(StatusCode::OK);
    let patch = CredentialPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        state: body.state.map(Into::into),
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    };
    Ok(Written(api.change_credential(write, id, patch).await?))
}

/// Remove a credential
///
/// Its value is free again. Needs `manage_access` where the person is managed.
#[utoipa::path(
    delete, path = "/v1/credentials/{id}", operation_id = "delete_credential",
    tag = "credentials",
    params(("id" = Uuid, Path, description = "The credential")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<CredentialId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_credential(write, id).await?))
}
