//! People and their cards as CSV.

use app::FieldError;
use app::admin::{ImportCard, ImportLine, ImportPerson, ImportQuery, ImportReport, Numbers};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::ask::{AskFile, Written};
use crate::auth::Auth;
use crate::listing::Params;
use crate::problem::Problem;
use crate::state::Api;

/// Spreadsheets take a file without this mark for one in the encoding of the last century.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where the people of a file are managed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportParams {
    /// `true`: tell what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// Left out: that of the installation, or the caller's only one.
    organisation_id: Option<Uuid>,
    /// New people are managed there; left out: at the organisation.
    installation_id: Option<Uuid>,
}

/// How far a file is, and what it tells.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportParams {
    /// Left out: that of the installation, or the caller's only one.
    organisation_id: Option<Uuid>,
    /// Only people managed there.
    installation_id: Option<Uuid>,
    /// `masked` (also when left out) or `clear`, which needs `manage_security` too: with whole
    /// numbers cards can be copied.
    numbers: Option<String>,
}

/// What becomes, or would become, of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportReportBody {
    /// Nothing was written.
    dry_run: bool,
    people_created: usize,
    cards_created: usize,
    /// Lines of which everything is there already.
    unchanged: usize,
    /// Lines with something wrong; with any of them nothing can be written.
    faulty: usize,
    lines: Vec<ImportLineBody>,
}

/// What becomes of a line.
#[derive(Serialize, ToSchema)]
struct ImportLineBody {
    /// Its number in the file; the header is 1.
    line: u64,
    person: ImportOutcomeWord,
    /// Of a person who is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<Uuid>,
    card: ImportOutcomeWord,
    /// Of a card that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ImportFaultBody>,
}

/// What becomes of a person or card.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ImportOutcomeWord {
    /// It is made.
    Created,
    /// It is there already and stays as it is.
    There,
    /// There is none, or the line is faulty.
    None,
}

/// What is wrong with a line.
#[derive(Serialize, ToSchema)]
struct ImportFaultBody {
    /// The column; `line` for the line as a whole.
    field: String,
    /// Stable.
    code: &'static str,
    /// In plain words.
    message: String,
}

impl From<&ImportReport> for ImportReportBody {
    fn from(report: &ImportReport) -> Self {
        Self {
            dry_run: report.dry_run,
            people_created: report.people_created,
            cards_created: report.cards_created,
            unchanged: report.unchanged,
            faulty: report.faulty,
            lines: report.lines.iter().map(ImportLineBody::from).collect(),
        }
    }
}

impl From<&ImportLine> for ImportLineBody {
    fn from(line: &ImportLine) -> Self {
        let (person, person_id) = match line.person {
            ImportPerson::Created => (ImportOutcomeWord::Created, None),
            ImportPerson::There(id) => (ImportOutcomeWord::There, Some(id.0)),
            ImportPerson::Unknown => (ImportOutcomeWord::None, None),
        };
        let (card, credential_id) = match line.card {
            ImportCard::Created => (ImportOutcomeWord::Created, None),
            ImportCard::There(id) => (ImportOutcomeWord::There, Some(id.0)),
            ImportCard::None => (ImportOutcomeWord::None, None),
        };
        let fault = |fault: &FieldError| ImportFaultBody {
            field: fault.field.clone(),
            code: fault.code,
            message: fault.message.clone(),
        };
        Self {
            line: line.line,
            person,
            person_id,
            card,
            credential_id,
            errors: line.faults.iter().map(fault).collect(),
        }
    }
}

/// Import people and their cards
///
/// CSV in UTF-8, with `,` or `;`, a header line and at most 10,000 lines. Columns: `name`,
/// `email`, `phone`, `external_id`, `card`, `card_kind`, `card_name`, `card_state`, `valid_from`,
/// `valid_until`; people are known again by `external_id`, else by `email`. Adds who and what is
/// not there yet, all of it or, with any faulty line, nothing (422, `errors[].field` as
/// `lines[7].card` with the number of the line in the file); who and what is there stays as it
/// is, so that a file can be sent again. Needs `manage_access` where the people are managed.
#[utoipa::path(
    post, path = "/v1/credentials/import", operation_id = "import_credentials",
    tag = "credentials",
    params(ImportParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "What was, or would be, done",
        body = ImportReportBody)),
)]
pub(crate) async fn import(
    State(api): State<Api>,
    Params(params): Params<ImportParams>,
    ask: AskFile,
) -> Result<Response, Problem> {
    let query = ImportQuery {
        organisation: params.organisation_id.map(Into::into),
        installation: params.installation_id.map(Into::into),
    };
    if params.dry_run {
        let report = api.try_import(&ask.0.caller, query, &ask.0.body).await?;
        return Ok(Json(ImportReportBody::from(&report)).into_response());
    }
    let (write, file) = ask.0.write::<ImportReportBody, _>(StatusCode::OK);
    Ok(Written(api.import(write, query, &file).await?).into_response())
}

/// Export people and their cards
///
/// In the form an import takes, in UTF-8 with a mark for spreadsheets; cells that a spreadsheet
/// would take for a formula begin with `'`. Numbers are masked unless `numbers=clear` is asked
/// for. Needs `manage_access`, and for whole numbers `manage_security` too.
#[utoipa::path(
    get, path = "/v1/credentials/export", operation_id = "export_credentials",
    tag = "credentials",
    params(ExportParams),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
pub(crate) async fn export(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let query = ImportQuery {
        organisation: params.organisation_id.map(Into::into),
        installation: params.installation_id.map(Into::into),
    };
    let numbers = match params.numbers.as_deref() {
        None | Some("masked") => Numbers::Masked,
        Some("clear") => Numbers::Clear,
        Some(_) => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_query",
                "numbers: `masked` or `clear`",
            ));
        }
    };
    let export = api.export(&caller, query, numbers).await?;
    let mark = stream::iter([Ok(Bytes::from_static(MARK))]);
    // A piece that cannot be read breaks the answer off, so that nobody takes it for whole.
    let pieces = stream::try_unfold(Some(export), move |export| {
        let api = api.clone();
        async move {
            let Some(export) = export else {
                return Ok(None);
            };
            let (piece, more) = api.export_piece(export).await?;
            Ok::<_, app::ApiError>(Some((Bytes::from(piece), more)))
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"cards.csv\""),
    ];
    let body = Body::from_stream(stream::StreamExt::chain(mark, pieces));
    Ok((headers, body).into_response())
}
