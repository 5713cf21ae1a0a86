//! The logs as files: streamed, never held in memory as a whole.

use std::fmt::Write as _;

use app::ApiError;
use app::admin::{ExportQuery, LogExport};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit::AuditBody;
use super::decisions::DecisionBody;
use crate::auth::Auth;
use crate::listing::Params;
use crate::problem::Problem;
use crate::state::Api;

/// In which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// One array.
    #[default]
    Json,
    /// RFC 4180, with a line of names.
    Csv,
}

/// Which part of a log, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportParams {
    /// Left out: `json`.
    #[serde(default)]
    #[param(inline)]
    format: Option<Format>,
    /// Of this organisation only.
    organisation_id: Option<Uuid>,
    /// At or after.
    from: Option<Timestamp>,
    /// Before.
    until: Option<Timestamp>,
}

impl ExportParams {
    fn split(self) -> (Format, ExportQuery) {
        let query = ExportQuery {
            organisation: self.organisation_id.map(Into::into),
            from: self.from,
            until: self.until,
        };
        (self.format.unwrap_or_default(), query)
    }
}

/// The columns of decisions, as they are named in JSON.
const DECISIONS: &[&str] = &[
    "id",
    "organisation_id",
    "at",
    "as_of",
    "revision",
    "entry",
    "station_id",
    "message_id",
    "action",
    "node_id",
    "evse",
    "person_id",
    "credential_id",
    "api_key_id",
    "id_token",
    "effect",
    "reason",
    "reason_text",
    "grant_id",
    "duration_ns",
];
/// The columns of changes; `before` and `after` are JSON in their cells.
const CHANGES: &[&str] = &[
    "revision",
    "organisation_id",
    "kind",
    "id",
    "person_id",
    "api_key_id",
    "request_id",
    "at",
    "reason",
    "before",
    "after",
];

/// Export decisions
///
/// Newest first, of nodes where the caller holds `reports`; a stream of any length. A file that
/// breaks off was not ended well: JSON then lacks its last bracket. In CSV a text that begins with
/// `=`, `+`, `-`, `@`, `'`, a tab or a line break has a `'` before it, so that no spreadsheet takes
/// it for a formula.
#[utoipa::path(
    get, path = "/v1/decisions/export", operation_id = "export_decisions", tag = "decisions",
    params(ExportParams),
    responses((status = 200, description = "The decisions", content(
        (Vec<DecisionBody> = "application/json"),
        (String = "text/csv"),
    ))),
)]
pub(crate) async fn decisions(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let (format, query) = params.split();
    let export = api.export_decisions(&caller, query).await?;
    Ok(file(
        "decisions",
        format,
        DECISIONS,
        export,
        |mut export| async move {
            let piece = export.decisions().await.map(|rows| {
                rows.map(|rows| rows.iter().map(DecisionBody::from).map(json).collect())
            });
            (piece, export)
        },
    ))
}

/// Export changes
///
/// Newest first, of organisations where the caller holds `reports`; a stream of any length, in the
/// forms of `GET /v1/decisions/export`.
#[utoipa::path(
    get, path = "/v1/audit/export", operation_id = "export_audit", tag = "audit",
    params(ExportParams),
    responses((status = 200, description = "The changes", content(
        (Vec<AuditBody> = "application/json"),
        (String = "text/csv"),
    ))),
)]
pub(crate) async fn audit(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let (format, query) = params.split();
    let export = api.export_changes(&caller, query).await?;
    Ok(file(
        "changes",
        format,
        CHANGES,
        export,
        |mut export| async move {
            let piece = export
                .changes()
                .await
                .map(|rows| rows.map(|rows| rows.iter().map(AuditBody::from).map(json).collect()));
            (piece, export)
        },
    ))
}

fn json(body: impl Serialize) -> Value {
    // Bodies have text keys and plain values: they always have a JSON form.
    serde_json::to_value(body).unwrap_or_default()
}

/// A piece of rows, or the end.
type Piece = Result<Option<Vec<Value>>, ApiError>;

/// The answer, made piece by piece as the client takes it.
fn file<F>(
    name: &str,
    format: Format,
    columns: &'static [&'static str],
    export: LogExport,
    next: fn(LogExport) -> F,
) -> Response
where
    F: Future<Output = (Piece, LogExport)> + Send + 'static,
{
    let begin = Progress::Begin(export);
    let parts = stream::try_unfold(begin, move |state| async move {
        match state {
            Progress::Begin(export) => {
                let head = match format {
                    Format::Json => "[".to_owned(),
                    Format::Csv => line(columns.iter().map(|name| (*name).to_owned()))?,
                };
                Ok(Some((Bytes::from(head), Progress::Rows(export, true))))
            }
            Progress::Rows(export, is_first) => {
                let (piece, export) = next(export).await;
                let Some(rows) = piece? else {
                    let tail = match format {
                        Format::Json => "\n]\n",
                        Format::Csv => "",
                    };
                    return Ok(Some((Bytes::from(tail), Progress::End)));
                };
                let still_first = is_first && rows.is_empty();
                let text = match format {
                    Format::Json => array(&rows, is_first),
                    Format::Csv => table(&rows, columns)?,
                };
                Ok(Some((
                    Bytes::from(text),
                    Progress::Rows(export, still_first),
                )))
            }
            Progress::End => Ok::<_, Broken>(None),
        }
    });
    let (kind, ending) = match format {
        Format::Json => ("application/json", "json"),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
    };
    let disposition = format!("attachment; filename=\"keywatt-{name}.{ending}\"");
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    (headers, Body::from_stream(parts)).into_response()
}

/// How far a file is.
enum Progress {
    Begin(LogExport),
    /// Whether no row was written yet.
    Rows(LogExport, bool),
    End,
}

/// Why a file breaks off; the client sees its connection end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the log could not be read")]
    Log(#[from] ApiError),
    #[error("a line could not be written")]
    Line(#[from] csv::Error),
}

fn array(rows: &[Value], is_first: bool) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let comma = if is_first && at == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}\n{row}");
    }
    text
}

fn table(rows: &[Value], columns: &[&str]) -> Result<String, csv::Error> {
    let mut text = String::new();
    for row in rows {
        let cells = columns.iter().map(|name| cell(row.get(name)));
        text.push_str(&line(cells)?);
    }
    Ok(text)
}

fn line(cells: impl Iterator<Item = String>) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells)?;
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A value as a cell. What stations and people sent may be made to be taken for a formula.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text),
        Some(other) => other.to_string(),
    }
}

fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\'', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'x"] {
            assert_eq!(cell(Some(&json!(text))), format!("'{text}"));
        }
        assert_eq!(cell(Some(&json!("a=1"))), "a=1");
        assert_eq!(cell(Some(&json!(-5))), "-5", "a number is one");
        assert_eq!(cell(Some(&Value::Null)), "");
        assert_eq!(cell(Some(&json!({"a": 1}))), "{\"a\":1}");
    }

    #[test]
    fn a_line_quotes_what_must_be_quoted() {
        let cells = ["a", "b,c", "d\"e", "f\ng"].map(str::to_owned);
        let text = line(cells.into_iter()).unwrap();
        assert_eq!(text, "a,\"b,c\",\"d\"\"e\",\"f\ng\"\r\n");
    }
}
