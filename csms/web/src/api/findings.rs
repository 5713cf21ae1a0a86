//! What was noticed of a station.

use app::doctor;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::Named;
use crate::problem::Problem;
use crate::state::Api;

/// Something that was noticed of a station.
#[derive(Serialize, ToSchema)]
pub(crate) struct FindingBody {
    /// Stable: a kind, e.g. `late_answer`, or the name of a deviation that was repaired, e.g.
    /// `time_without_zone`.
    #[schema(example = "late_answer")]
    code: String,
    /// `problem`: something does not work until somebody acts; `note`: it is served all the same.
    #[schema(example = "note")]
    severity: &'static str,
    /// What happened, in plain words.
    reason: &'static str,
    /// What to do about it, in plain words.
    fix: &'static str,
    /// The particulars of the first time: an action, a field, a size.
    detail: String,
    /// How often since.
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// Everything that was noticed.
#[derive(Serialize, ToSchema)]
pub(crate) struct FindingsBody {
    items: Vec<FindingBody>,
}

impl From<Finding> for FindingBody {
    fn from(finding: Finding) -> Self {
        let words = doctor::finding(&finding.code);
        Self {
            severity: words.severity.name(),
            reason: words.reason,
            fix: words.fix,
            code: finding.code,
            detail: finding.detail,
            count: finding.count,
            first_at: finding.first_at,
            last_at: finding.last_at,
        }
    }
}

/// List what was noticed of a station
///
/// The first time that the station deviated from the standard, did not answer, or otherwise gave
/// somebody something to do: with reason and fix in plain words; later times are counted. Handshakes
/// that were refused are under `/v1/stations/refused`. For who does technical work there
/// (`service`, `manage_settings` or `manage_security`).
#[utoipa::path(
    get, path = "/v1/stations/{station_id}/findings", operation_id = "list_station_findings",
    tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    responses((status = 200, description = "What was noticed, first first", body = FindingsBody)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Named(id): Named<String>,
) -> Result<Json<FindingsBody>, Problem> {
    let findings = api.findings_of(&caller, &id).await?;
    Ok(Json(FindingsBody {
        items: findings.into_iter().map(FindingBody::from).collect(),
    }))
}

/// Forget what was noticed of a station
///
/// When it was put right: what happens again is then told as a first time. Needs
/// `manage_settings`.
#[utoipa::path(
    delete, path = "/v1/stations/{station_id}/findings", operation_id = "forget_station_findings",
    tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    responses((status = 204, description = "They are forgotten")),
)]
pub(crate) async fn forget(
    State(api): State<Api>,
    Named(id): Named<String>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.forget_findings(write, &id).await?))
}
