//! Credentials.

use app::admin::{CodeMade, CredentialPatch, NewCode, NewCredential, SuspensionPatch};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Credential, CredentialId, CredentialKind, NodeId, PersonId, mask};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::grants::LimitsBody;
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{CredentialKindWord, CredentialStateWord, StrengthWord};

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
    /// As read or printed; compared without case, and without separators if it is hex. Not of a
    /// code (`pin`, `guest`, `one_time`): the system makes it.
    #[serde(default)]
    #[schema(max_length = 36, write_only)]
    value: Option<String>,
    /// Of a code: how many digits; left out: 8.
    #[serde(default)]
    #[schema(minimum = 6, maximum = 12)]
    digits: Option<u32>,
    /// Of a code: the chargers and doors where it counts.
    #[serde(default)]
    #[schema(max_items = 200)]
    place_ids: Option<Vec<Uuid>>,
    /// Of a guest's code: how often and how much it may be used. A one-time code is for one use; a
    /// PIN works by what its person was granted.
    #[serde(default)]
    limits: Option<LimitsBody>,
    /// Left out: `active`.
    #[serde(default)]
    state: Option<CredentialStateWord>,
    /// Suspended from then on, whatever the state.
    #[serde(default)]
    suspended_from: Option<Timestamp>,
    /// Exclusive; without `suspended_from` the suspension begins now.
    #[serde(default)]
    suspended_until: Option<Timestamp>,
    /// How hard it is to copy; left out: `weak` for cards, codes and plates, `medium` for keys and
    /// contracts.
    #[serde(default)]
    strength: Option<StrengthWord>,
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
    /// Suspended from then on, whatever the state; null lifts the suspension.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    suspended_from: Option<Option<Timestamp>>,
    /// Exclusive; without a beginning the suspension begins now. Null: until it is lifted.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    suspended_until: Option<Option<Timestamp>>,
    #[serde(default)]
    strength: Option<StrengthWord>,
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
    suspended_from: Option<Timestamp>,
    suspended_until: Option<Timestamp>,
    strength: StrengthWord,
    /// Of a code: the chargers and doors where it counts.
    place_ids: Option<Vec<Uuid>>,
    /// The code, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The right that was made with a guest's or one-time code, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<Uuid>,
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
            suspended_from: row.suspension.map(|it| it.from),
            suspended_until: row.suspension.and_then(|it| it.until),
            strength: row.strength.into(),
            place_ids: row
                .places
                .as_ref()
                .map(|places| places.iter().map(|place| place.0).collect()),
            code: None,
            grant_id: None,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            created_at: row.created_at,
        }
    }
}

impl From<&CodeMade> for CredentialBody {
    fn from(made: &CodeMade) -> Self {
        Self {
            code: Some(made.code.reveal().to_owned()),
            grant_id: made.grant.map(|grant| grant.0),
            ..Self::from(&made.credential)
        }
    }
}

/// Give a person a credential
///
/// Needs `manage_access` where the person is managed; 409 `credential_taken` when the value
/// belongs to somebody of the organisation already.
///
/// A code (`pin`, `guest`, `one_time`) is made by the system and shown in this answer only; a
/// repeated request with the same `Idempotency-Key` is answered 409 `idempotency_replay_secret`.
/// A guest's and a one-time code open by a right of their own, so the caller also needs
/// `manage_access` and `use` at each place; the person answers for them.
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
    if CredentialKind::from(ask.body.kind).is_code() {
        let (write, body) = ask.write_secret::<CredentialBody, CodeMade>();
        let new = new_code(body)?;
        return Ok(Written(api.create_code(write, person, new).await?));
    }
    let (write, body) = ask.write::<CredentialBody, _>(StatusCode::CREATED);
    for (field, given) in [
        ("digits", body.digits.is_some()),
        ("place_ids", body.place_ids.is_some()),
        ("limits", body.limits.is_some()),
    ] {
        if given {
            return Err(Problem::field(field, "invalid", "only a code has this"));
        }
    }
    let Some(value) = body.value else {
        return Err(Problem::field("value", "required", "as read or printed"));
    };
    let new = NewCredential {
        labels: labels(body.name, body.external_id, body.metadata),
        kind: body.kind.into(),
        value,
        state: body.state.unwrap_or(CredentialStateWord::Active).into(),
        suspension: SuspensionPatch {
            from: body.suspended_from.map(Some),
            until: body.suspended_until.map(Some),
        },
        strength: body.strength.map(Into::into),
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    };
    Ok(Written(api.create_credential(write, person, new).await?))
}

fn new_code(body: NewCredentialBody) -> Result<NewCode, Problem> {
    if body.value.is_some() {
        let message = "codes are made by the system";
        return Err(Problem::field("value", "invalid", message));
    }
    if body
        .strength
        .is_some_and(|strength| strength != StrengthWord::Weak)
    {
        let message = "a code can be overheard: it is weak";
        return Err(Problem::field("strength", "invalid", message));
    }
    let mut places: Vec<NodeId> = Vec::new();
    for place in body.place_ids.unwrap_or_default() {
        let place = NodeId(place);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(NewCode {
        labels: labels(body.name, body.external_id, body.metadata),
        kind: body.kind.into(),
        digits: body.digits,
        places,
        limits: body.limits.map(Into::into),
        state: body.state.unwrap_or(CredentialStateWord::Active).into(),
        suspension: SuspensionPatch {
            from: body.suspended_from.map(Some),
            until: body.suspended_until.map(Some),
        },
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    })
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
        suspension: SuspensionPatch {
            from: body.suspended_from,
            until: body.suspended_until,
        },
        strength: body.strength.map(Into::into),
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
