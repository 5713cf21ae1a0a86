//! Installations.

use app::admin::{
    FlagsReset, InstallationPatch, InstallationView, NewInstallation, StopOnRevocation,
};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::InstallationId;
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
use crate::words::{AuthorityWord, InstallationFlag, LanguageWord};

/// A new installation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInstallationBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// Left out: the caller's only organisation.
    #[serde(default)]
    organisation_id: Option<Uuid>,
    /// IANA name; left out: `UTC`.
    #[serde(default)]
    #[schema(example = "Europe/Zurich")]
    time_zone: Option<String>,
    #[serde(default)]
    address: Option<String>,
    /// Left out: `required`.
    #[serde(default)]
    authorization_required: Option<InstallationFlag>,
    /// `open` only while this schedule holds, else `required`.
    #[serde(default)]
    open_schedule_id: Option<Uuid>,
    /// Transactions in progress one person may have here; null: no limit.
    #[serde(default)]
    concurrent_transactions: Option<u32>,
    /// Stop a running transaction when its person loses the right to it.
    #[serde(default)]
    stop_on_revocation: bool,
    /// How people who set no language are spoken to at displays; left out: in English.
    #[serde(default)]
    language: Option<LanguageWord>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallationPatchBody {
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
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// Never erases a charger's own flag; the answer says how many differ.
    #[serde(default)]
    authorization_required: Option<InstallationFlag>,
    /// `open` only while this schedule holds, else `required`; null: always.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    open_schedule_id: Option<Option<Uuid>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>)]
    concurrent_transactions: Option<Option<u32>>,
    #[serde(default)]
    stop_on_revocation: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LanguageWord>)]
    language: Option<Option<LanguageWord>>,
}

/// An installation.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstallationBody {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    time_zone: String,
    address: Option<String>,
    authorization_required: InstallationFlag,
    /// `open` only while this schedule holds, else `required`.
    open_schedule_id: Option<Uuid>,
    /// Chargers whose own flag does otherwise; `POST …/reset-charger-flags` lets them follow again.
    chargers_that_differ: u32,
    /// Who decides; set under `…/authority`.
    authority: AuthorityWord,
    /// The host of the service that decides, if that is elsewhere: then the flag is without
    /// effect, and access is edited there.
    managed_elsewhere: Option<String>,
    concurrent_transactions: Option<u32>,
    stop_on_revocation: bool,
    language: Option<LanguageWord>,
    created_at: Timestamp,
}

impl From<&InstallationView> for InstallationBody {
    fn from(view: &InstallationView) -> Self {
        let row = &view.installation;
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            time_zone: row.time_zone.clone(),
            address: row.address.clone(),
            authorization_required: row.authorization_required.into(),
            open_schedule_id: row.open_schedule.map(|id| id.0),
            chargers_that_differ: view.chargers_that_differ,
            authority: row.authority.into(),
            managed_elsewhere: view.elsewhere.clone(),
            concurrent_transactions: row.concurrent_transactions,
            stop_on_revocation: row.stop_on_revocation,
            language: row.language.map(Into::into),
            created_at: row.created_at,
        }
    }
}

/// Make an installation
///
/// Needs `manage_settings` on the organisation.
#[utoipa::path(
    post, path = "/v1/installations", operation_id = "create_installation", tag = "installations",
    request_body = NewInstallationBody,
    responses((status = 201, description = "The installation", body = InstallationBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewInstallationBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<InstallationBody, _>(StatusCode::CREATED);
    let flag = body
        .authorization_required
        .unwrap_or(InstallationFlag::Required);
    let new = NewInstallation {
        labels: labels(body.name, body.external_id, body.metadata),
        organisation: body.organisation_id.map(Into::into),
        time_zone: body.time_zone,
        address: body.address,
        authorization_required: flag.into(),
        open_schedule: body.open_schedule_id.map(Into::into),
        concurrent_transactions: body.concurrent_transactions,
        stop_on_revocation: StopOnRevocation::from(body.stop_on_revocation),
        language: body.language.map(Into::into),
    };
    Ok(Written(api.create_installation(write, new).await?))
}

/// List installations
#[utoipa::path(
    get, path = "/v1/installations", operation_id = "list_installations", tag = "installations",
    params(PageParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<InstallationBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<InstallationBody>>, Problem> {
    Ok(ListBody::of(
        api.installations(&caller, &page.piece()?).await?,
    ))
}

/// Get an installation
#[utoipa::path(
    get, path = "/v1/installations/{id}", operation_id = "get_installation", tag = "installations",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "The installation", body = InstallationBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
) -> Result<Json<InstallationBody>, Problem> {
    Ok(Json(InstallationBody::from(
        &api.installation(&caller, id).await?,
    )))
}

/// Change an installation
///
/// Needs `manage_settings`. Running transactions are never cut by the flag.
#[utoipa::path(
    patch, path = "/v1/installations/{id}", operation_id = "update_installation",
    tag = "installations",
    params(("id" = Uuid, Path, description = "The installation")),
    request_body = InstallationPatchBody,
    responses((status = 200, description = "The installation", body = InstallationBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<InstallationPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<InstallationBody, _>(StatusCode::OK);
    let patch = InstallationPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        time_zone: body.time_zone,
        address: body.address,
        authorization_required: body.authorization_required.map(Into::into),
        open_schedule: body.open_schedule_id.map(|id| id.map(Into::into)),
        concurrent_transactions: body.concurrent_transactions,
        stop_on_revocation: body.stop_on_revocation.map(StopOnRevocation::from),
        language: body.language.map(|language| language.map(Into::into)),
    };
    Ok(Written(api.change_installation(write, id, patch).await?))
}

/// Chargers that follow their installation's flag again.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlagsResetBody {
    /// Those whose own flag did otherwise.
    charger_ids: Vec<Uuid>,
}

impl From<&FlagsReset> for FlagsResetBody {
    fn from(reset: &FlagsReset) -> Self {
        Self {
            charger_ids: reset.chargers.iter().map(|id| id.0).collect(),
        }
    }
}

/// Let chargers follow the installation's flag
///
/// Those whose own flag does otherwise than the installation's inherit it from now on. Needs
/// `manage_settings`. Running transactions are never cut.
#[utoipa::path(
    post, path = "/v1/installations/{id}/reset-charger-flags",
    operation_id = "reset_charger_flags", tag = "installations",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "The chargers", body = FlagsResetBody)),
)]
pub(crate) async fn reset_charger_flags(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write::<FlagsResetBody, _>(StatusCode::OK);
    Ok(Written(api.reset_charger_flags(write, id).await?))
}

/// Remove an installation
///
/// Needs `manage_settings`; 409 `not_empty` while something is in it.
#[utoipa::path(
    delete, path = "/v1/installations/{id}", operation_id = "delete_installation",
    tag = "installations",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_installation(write, id).await?))
}
