//! People.

use app::admin::{AppCredential, NewPerson, PersonPatch, SuspensionPatch};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{NodeId, NodeKind, Person, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, Resource, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{LanguageWord, PersonStateWord};

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPersonBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// Left out: that of `managed_at`, or the caller's only organisation.
    #[serde(default)]
    organisation_id: Option<Uuid>,
    /// Where the managers of this person are: an organisation or an installation. Left out: the
    /// organisation; must be given by who manages access at an installation only.
    #[serde(default)]
    managed_at: Option<Resource>,
    #[serde(default)]
    #[schema(format = Email)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    /// Left out: `active`.
    #[serde(default)]
    state: Option<PersonStateWord>,
    /// Suspended from then on, whatever the state.
    #[serde(default)]
    suspended_from: Option<Timestamp>,
    /// Exclusive; without `suspended_from` the suspension begins now.
    #[serde(default)]
    suspended_until: Option<Timestamp>,
    /// End of membership, exclusive.
    #[serde(default)]
    member_until: Option<Timestamp>,
    /// Whoever has the same may stop this person's transactions; left out: a group of one.
    #[serde(default)]
    #[schema(example = "1F00A9C3D4E5B6A7")]
    stop_group: Option<String>,
    /// Left out: `true`. Without an app credential of their own they start from elsewhere only
    /// while they stand in a smart tag, which hands them one.
    #[serde(default)]
    app_credential: Option<bool>,
    /// How they are spoken to at displays; left out: as the installation says.
    #[serde(default)]
    language: Option<LanguageWord>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonPatchBody {
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
    managed_at: Option<Resource>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    #[serde(default)]
    state: Option<PersonStateWord>,
    /// Suspended from then on, whatever the state; null lifts the suspension.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    suspended_from: Option<Option<Timestamp>>,
    /// Exclusive; without a beginning the suspension begins now. Null: until it is lifted.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    suspended_until: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    member_until: Option<Option<Timestamp>>,
    #[serde(default)]
    stop_group: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LanguageWord>)]
    language: Option<Option<LanguageWord>>,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonBody {
    id: Uuid,
    organisation_id: Uuid,
    managed_at: Resource,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    email: Option<String>,
    phone: Option<String>,
    state: PersonStateWord,
    suspended_from: Option<Timestamp>,
    suspended_until: Option<Timestamp>,
    member_until: Option<Timestamp>,
    stop_group: String,
    language: Option<LanguageWord>,
    /// Whether the person can log in.
    has_login: bool,
    created_at: Timestamp,
}

impl From<&Person> for PersonBody {
    fn from(row: &Person) -> Self {
        let kind = if row.managed_at == NodeId::from(row.organisation) {
            NodeKind::Organisation
        } else {
            NodeKind::Installation
        };
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            managed_at: Resource::of(row.managed_at, Some(kind)),
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            email: row.email.clone(),
            phone: row.phone.clone(),
            state: row.state.into(),
            suspended_from: row.suspension.map(|it| it.from),
            suspended_until: row.suspension.and_then(|it| it.until),
            member_until: row.member_until,
            stop_group: row.stop_group.as_str().to_owned(),
            language: row.language.map(Into::into),
            has_login: row.account.is_some(),
            created_at: row.created_at,
        }
    }
}

fn managed_at(resource: Option<&Resource>) -> Result<Option<NodeId>, Problem> {
    match resource {
        Some(resource) => Ok(Some(resource.node("managed_at")?.0)),
        None => Ok(None),
    }
}

/// Make a person
///
/// Needs `manage_access` where the person is managed.
#[utoipa::path(
    post, path = "/v1/people", operation_id = "create_person", tag = "people",
    request_body = NewPersonBody,
    responses((status = 201, description = "The person", body = PersonBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewPersonBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PersonBody, _>(StatusCode::CREATED);
    let new = NewPerson {
        managed_at: managed_at(body.managed_at.as_ref())?,
        labels: labels(body.name, body.external_id, body.metadata),
        organisation: body.organisation_id.map(Into::into),
        email: body.email,
        phone: body.phone,
        state: body.state.unwrap_or(PersonStateWord::Active).into(),
        suspension: SuspensionPatch {
            from: body.suspended_from.map(Some),
            until: body.suspended_until.map(Some),
        },
        member_until: body.member_until,
        stop_group: body.stop_group,
        language: body.language.map(Into::into),
        app: match body.app_credential {
            Some(true) | None => AppCredential::Own,
            Some(false) => AppCredential::BySmartTag,
        },
    };
    Ok(Written(api.create_person(write, new).await?))
}

/// List people
///
/// Those whose access the caller manages, and the caller.
#[utoipa::path(
    get, path = "/v1/people", operation_id = "list_people", tag = "people",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<PersonBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<PersonBody>>, Problem> {
    Ok(ListBody::of(api.people(&caller, &page.piece()?).await?))
}

/// Get a person
#[utoipa::path(
    get, path = "/v1/people/{id}", operation_id = "get_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, description = "The person", body = PersonBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
) -> Result<Json<PersonBody>, Problem> {
    Ok(Json(PersonBody::from(&api.person(&caller, id).await?)))
}

/// Change a person
///
/// Needs `manage_access` where the person is managed; 409 `last_owner` when an organisation or
/// installation would lose its last one.
#[utoipa::path(
    patch, path = "/v1/people/{id}", operation_id = "update_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    request_body = PersonPatchBody,
    responses((status = 200, description = "The person", body = PersonBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<PersonId>,
    ask: Ask<PersonPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PersonBody, _>(StatusCode::OK);
    let patch = PersonPatch {
        managed_at: managed_at(body.managed_at.as_ref())?,
        labels: labels_patch(body.name, body.external_id, body.metadata),
        email: body.email,
        phone: body.phone,
        state: body.state.map(Into::into),
        suspension: SuspensionPatch {
            from: body.suspended_from,
            until: body.suspended_until,
        },
        member_until: body.member_until,
        stop_group: body.stop_group,
        language: body.language.map(|language| language.map(Into::into)),
    };
    Ok(Written(api.change_person(write, id, patch).await?))
}

/// Remove a person
///
/// With their credentials, grants and keys; the cards' numbers are free again. 409 `last_owner`
/// when an organisation or installation would lose its last one.
#[utoipa::path(
    delete, path = "/v1/people/{id}", operation_id = "delete_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 204, description = "They are removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<PersonId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_person(write, id).await?))
}

/// Erase a person
///
/// Removes them, if they are still there, and erases what is kept of them: name, contact, login,
/// cards, grants, keys, what the change log showed of them, and who is meant by their pseudonyms in
/// the logs. Transactions, events and decisions stay and name nobody. Cannot be undone. 409
/// `last_owner` as on removal; 409 `transaction_open` while they charge.
#[utoipa::path(
    post, path = "/v1/people/{id}/erase", operation_id = "erase_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person, also one who was removed")),
    responses((status = 204, description = "They are erased")),
)]
pub(crate) async fn erase(
    State(api): State<Api>,
    Id(id): Id<PersonId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.erase_person(write, id).await?))
}

/// A first password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLoginBody {
    /// At least 12 characters.
    #[schema(format = Password, min_length = 12)]
    password: String,
}

/// Give a person a login
///
/// With their e-mail address. Needs `manage_access` where the person is managed; 409
/// `login_exists` when the person has one, or the address belongs to a login already: its
/// password is its holder's.
#[utoipa::path(
    post, path = "/v1/people/{id}/login", operation_id = "create_person_login", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    request_body = NewLoginBody,
    responses((status = 201, description = "The person", body = PersonBody)),
)]
pub(crate) async fn create_login(
    State(api): State<Api>,
    Id(id): Id<PersonId>,
    ask: Ask<NewLoginBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<PersonBody, _>(StatusCode::CREATED);
    Ok(Written(
        api.create_person_login(write, id, body.password).await?,
    ))
}
