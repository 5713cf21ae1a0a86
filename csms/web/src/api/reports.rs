//! What stations report of themselves.

use app::admin::StationReport;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Auth;
use crate::listing::{ListBody, Named, Params, piece};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::ReportKindWord;

/// Which reports.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportParams {
    /// Of this kind only.
    kind: Option<ReportKindWord>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// A message in which a station reported something.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportBody {
    id: Uuid,
    kind: ReportKindWord,
    received_at: Timestamp,
    /// The message in the version of the connection, with known deviations repaired; cards,
    /// secrets and what is about a customer are masked.
    payload: Value,
}

impl From<&StationReport> for ReportBody {
    fn from(row: &StationReport) -> Self {
        Self {
            id: row.id,
            kind: row.kind.into(),
            received_at: row.received_at,
            payload: row.payload.clone(),
        }
    }
}

/// List a station's reports
///
/// What the station reported, newest first; the newest 500 of each kind are kept. For who may do
/// technical work on it (`service`, `manage_settings` or `manage_security`).
#[utoipa::path(
    get, path = "/v1/stations/{station_id}/reports", operation_id = "list_station_reports",
    tag = "stations",
    params(
        ("station_id" = String, Path, description = "The OCPP identity, percent-encoded"),
        ReportParams,
    ),
    responses((status = 200, description = "A piece of the list", body = ListBody<ReportBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Named(id): Named<String>,
    Params(params): Params<ReportParams>,
) -> Result<Json<ListBody<ReportBody>>, Problem> {
    let ReportParams {
        kind,
        limit,
        cursor,
    } = params;
    let piece = piece(limit, cursor)?;
    let kind = kind.map(Into::into);
    Ok(ListBody::of(
        api.station_reports(&caller, &id, kind, &piece).await?,
    ))
}
