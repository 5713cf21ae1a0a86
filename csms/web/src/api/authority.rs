//! Who decides about the points of an installation.

use app::admin::{AuthorityView, Shadow, WebhookSettings};
use app::authority::{Secret, ShadowCount, ShadowReport, ShadowedCredential};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{InstallationId, WebhookLogin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::Id;
use crate::problem::Problem;
use crate::state::Api;
use crate::words::AuthorityWord;

/// How we show who we are.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LoginWord {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer`, with `secret`.
    Bearer,
    /// `Authorization: Basic`, with `user` and `secret`.
    Basic,
}

/// The outside service as it is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookSettingsBody {
    /// `https`, a public name, no port, no name or password in it.
    #[schema(max_length = 2000, example = "https://access.example.com/keywatt")]
    url: String,
    #[serde(default)]
    login: LoginWord,
    /// With `basic`.
    #[serde(default)]
    user: Option<String>,
    /// With `bearer` and `basic`; never shown. Left out: as before, where service and login stay
    /// the same.
    #[serde(default)]
    #[schema(write_only, min_length = 8, max_length = 2000)]
    secret: Option<String>,
    /// How long an answer is waited for; left out: 3000.
    #[serde(default)]
    #[schema(minimum = 100, maximum = 10000)]
    deadline_ms: Option<u32>,
    /// After so many failures in a row it is not asked for a while; left out: 5.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    breaker_failures: Option<u32>,
    /// For so long; left out: 30.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    breaker_seconds: Option<u32>,
}

impl WebhookSettingsBody {
    fn settings(self) -> Result<WebhookSettings, Problem> {
        let login = match (self.login, self.user) {
            (LoginWord::Basic, Some(user)) => WebhookLogin::Basic(user),
            (LoginWord::Basic, None) => {
                return Err(Problem::field(
                    "user",
                    "required",
                    "with `basic`, give a user",
                ));
            }
            (LoginWord::None | LoginWord::Bearer, Some(_)) => {
                return Err(Problem::field("user", "invalid", "only with `basic`"));
            }
            (LoginWord::None, None) => WebhookLogin::None,
            (LoginWord::Bearer, None) => WebhookLogin::Bearer,
        };
        Ok(WebhookSettings {
            url: self.url,
            login,
            secret: self.secret.map(Secret::new),
            deadline_ms: self.deadline_ms.unwrap_or(3000),
            breaker_failures: self.breaker_failures.unwrap_or(5),
            breaker_seconds: self.breaker_seconds.unwrap_or(30),
        })
    }
}

/// The outside service. Its secret is not shown.
#[derive(Serialize, ToSchema)]
struct WebhookBody {
    url: String,
    login: LoginWord,
    user: Option<String>,
    has_secret: bool,
    deadline_ms: u32,
    breaker_failures: u32,
    breaker_seconds: u32,
    /// When it was set, and answered the check.
    changed_at: Timestamp,
}

impl From<&model::Webhook> for WebhookBody {
    fn from(row: &model::Webhook) -> Self {
        let (login, user) = match &row.login {
            WebhookLogin::None => (LoginWord::None, None),
            WebhookLogin::Bearer => (LoginWord::Bearer, None),
            WebhookLogin::Basic(user) => (LoginWord::Basic, Some(user.clone())),
        };
        Self {
            url: row.url.clone(),
            login,
            user,
            has_secret: row.secret.is_some(),
            deadline_ms: row.deadline_ms,
            breaker_failures: row.breaker_failures,
            breaker_seconds: row.breaker_seconds,
            changed_at: row.changed_at,
        }
    }
}

/// Whether the service is asked at all.
#[derive(Serialize, ToSchema)]
struct BreakerBody {
    /// `closed`: it is asked; `open`: it is not; `half_open`: the next question finds out.
    state: &'static str,
    /// In a row.
    failures: u32,
    /// Until when it is not asked.
    until: Option<Timestamp>,
}

/// To whom one may go back.
#[derive(Serialize, ToSchema)]
struct FormerBody {
    authority: AuthorityWord,
    until: Timestamp,
}

/// Who decides.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorityBody {
    installation_id: Uuid,
    authority: AuthorityWord,
    /// The outside service; null: none is set.
    webhook: Option<WebhookBody>,
    breaker: BreakerBody,
    /// Since when the service is asked beside, without effect; null: it is not.
    shadow_since: Option<Timestamp>,
    /// Starts and ends it must still be told.
    waiting_news: u32,
    /// Null: authority was not switched in the last thirty days.
    revert_to: Option<FormerBody>,
}

impl From<&AuthorityView> for AuthorityBody {
    fn from(view: &AuthorityView) -> Self {
        Self {
            installation_id: view.installation.0,
            authority: view.authority.into(),
            webhook: view.webhook.as_ref().map(WebhookBody::from),
            breaker: BreakerBody {
                state: view.breaker.state.name(),
                failures: view.breaker.failures,
                until: view.breaker.until,
            },
            shadow_since: view.webhook.as_ref().and_then(|row| row.shadow_since),
            waiting_news: view.waiting,
            revert_to: view.former.map(|(authority, until)| FormerBody {
                authority: authority.into(),
                until,
            }),
        }
    }
}

/// Get who decides
///
/// Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/installations/{id}/authority", operation_id = "get_authority",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
) -> Result<Json<AuthorityBody>, Problem> {
    let view = api.authority(&caller, id).await?;
    Ok(Json(AuthorityBody::from(&view)))
}

/// Set the outside service
///
/// It is sent a challenge and must send it back, so that only who wants to be asked is. Nothing is
/// decided by it yet: see `shadow` and `switch`. Needs `manage_access`.
#[utoipa::path(
    put, path = "/v1/installations/{id}/authority/webhook", operation_id = "set_authority_webhook",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    request_body = WebhookSettingsBody,
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn put_webhook(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<WebhookSettingsBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<AuthorityBody, _>(StatusCode::OK);
    let done = api.set_authority_webhook(write, id, body.settings()?);
    Ok(Written(done.await?))
}

/// Remove the outside service
///
/// 409 `in_use` while it decides. Needs `manage_access`.
#[utoipa::path(
    delete, path = "/v1/installations/{id}/authority/webhook",
    operation_id = "delete_authority_webhook", tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete_webhook(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_authority_webhook(write, id).await?))
}

/// What was said beside, counted.
#[derive(Serialize, ToSchema)]
struct ShadowCountBody {
    /// Decisions it stood beside.
    decisions: u32,
    /// It said the same.
    agreed: u32,
    /// It said no where we said yes.
    newly_refused: u32,
    /// It said yes where we said no.
    newly_allowed: u32,
    /// It said nothing.
    unanswered: u32,
}

impl From<&ShadowCount> for ShadowCountBody {
    fn from(count: &ShadowCount) -> Self {
        Self {
            decisions: count.decisions,
            agreed: count.agreed,
            newly_refused: count.newly_refused,
            newly_allowed: count.newly_allowed,
            unanswered: count.unanswered,
        }
    }
}

/// What was said beside about one credential.
#[derive(Serialize, ToSchema)]
struct ShadowedCredentialBody {
    /// Null: it is nobody's here.
    credential_id: Option<Uuid>,
    person_id: Option<Uuid>,
    /// Masked.
    token: Option<String>,
    count: ShadowCountBody,
    last_at: Timestamp,
}

impl From<&ShadowedCredential> for ShadowedCredentialBody {
    fn from(it: &ShadowedCredential) -> Self {
        Self {
            credential_id: it.credential.map(|id| id.0),
            person_id: it.person.map(|id| id.0),
            token: it.token.clone(),
            count: ShadowCountBody::from(&it.count),
            last_at: it.last_at,
        }
    }
}

/// What came of asking beside, of the last thirty days and at most 10,000 decisions.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShadowBody {
    /// Null: it is not asked beside.
    since: Option<Timestamp>,
    all: ShadowCountBody,
    /// Those that differ most first, at most 200.
    credentials: Vec<ShadowedCredentialBody>,
    credentials_seen: u32,
}

impl From<&ShadowReport> for ShadowBody {
    fn from(report: &ShadowReport) -> Self {
        Self {
            since: report.since,
            all: ShadowCountBody::from(&report.all),
            credentials: report
                .credentials
                .iter()
                .map(ShadowedCredentialBody::from)
                .collect(),
            credentials_seen: report.credentials_seen,
        }
    }
}

/// See what the service would have said
///
/// Needs `manage_access`.
#[utoipa::path(
    get, path = "/v1/installations/{id}/authority/shadow", operation_id = "get_authority_shadow",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "What was said beside", body = ShadowBody)),
)]
pub(crate) async fn shadow(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
) -> Result<Json<ShadowBody>, Problem> {
    let report = api.shadow_results(&caller, id).await?;
    Ok(Json(ShadowBody::from(&report)))
}

/// Ask the service beside
///
/// After each decision here it is asked too; nothing follows from what it says. Needs
/// `manage_access`.
#[utoipa::path(
    put, path = "/v1/installations/{id}/authority/shadow", operation_id = "begin_authority_shadow",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn put_shadow(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write::<AuthorityBody, _>(StatusCode::OK);
    Ok(Written(api.set_shadow(write, id, Shadow::On).await?))
}

/// Ask the service beside no longer
#[utoipa::path(
    delete, path = "/v1/installations/{id}/authority/shadow",
    operation_id = "end_authority_shadow", tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn delete_shadow(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write::<AuthorityBody, _>(StatusCode::OK);
    Ok(Written(api.set_shadow(write, id, Shadow::Off).await?))
}

/// To whom authority goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchBody {
    to: AuthorityWord,
}

/// Give authority to another
///
/// It is counted first whom that would newly refuse, of those who came in the last thirty days:
/// by what the service said beside, else by asking it now. More than a tenth, and at least five,
/// are 409 `confirmation_needed` until the phrase in it is sent as `Keywatt-Confirm`. Needs
/// `manage_access`.
#[utoipa::path(
    post, path = "/v1/installations/{id}/authority/switch", operation_id = "switch_authority",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    request_body = SwitchBody,
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn switch(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<SwitchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<AuthorityBody, _>(StatusCode::OK);
    let done = api.switch_authority(write, id, body.to.into());
    Ok(Written(done.await?))
}

/// Go back to who decided before
///
/// At once, for thirty days after a switch. Needs `manage_access`.
#[utoipa::path(
    post, path = "/v1/installations/{id}/authority/revert", operation_id = "revert_authority",
    tag = "authority",
    params(("id" = Uuid, Path, description = "The installation")),
    responses((status = 200, description = "Who decides", body = AuthorityBody)),
)]
pub(crate) async fn revert(
    State(api): State<Api>,
    Id(id): Id<InstallationId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write::<AuthorityBody, _>(StatusCode::OK);
    Ok(Written(api.revert_authority(write, id).await?))
}
