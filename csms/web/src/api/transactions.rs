//! Charging transactions.

use app::admin::{StoredSample, TransactionQuery};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use model::{Transaction, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::commands::{StationWordBody, answer_once};
use crate::ask::Ask;
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::{Id, ListBody, PageParams, Params, piece};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{InstallationFlag, UsedUpWord};

/// Which transactions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransactionParams {
    /// Of this charger.
    charger: Option<Uuid>,
    /// Of the station with this OCPP identity.
    station: Option<String>,
    /// Of this person.
    person: Option<Uuid>,
    /// Begun at or after.
    from: Option<Timestamp>,
    /// Begun before.
    until: Option<Timestamp>,
    /// `true`: in progress; `false`: ended.
    open: Option<bool>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

/// A charging transaction.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionBody {
    id: Uuid,
    organisation_id: Uuid,
    charger_id: Option<Uuid>,
    /// The OCPP identity, in lower case.
    station_id: String,
    evse_id: Option<Uuid>,
    /// The EVSE number as reported.
    evse: Option<u32>,
    /// The connector number as reported.
    connector_id: Option<u32>,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    /// The 1.6 number or the 2.0.1 text, as text.
    station_transaction_id: String,
    /// Masked.
    id_token: Option<String>,
    started_at: Timestamp,
    /// Null while it goes on.
    ended_at: Option<Timestamp>,
    energy_wh: Option<i64>,
    meter_start_wh: Option<i64>,
    meter_stop_wh: Option<i64>,
    /// As sent.
    stop_reason: Option<String>,
    /// Somebody known was allowed by a right, not by an open charger.
    authenticated: bool,
    /// The start was refused; it is recorded all the same.
    refused: bool,
    /// Reported late.
    late: bool,
    /// A stop without a start.
    orphan: bool,
    decision_id: Option<Uuid>,
    /// The flag in effect when it began; null: not known, or decided elsewhere.
    authorization_required: Option<InstallationFlag>,
    /// Where the transaction is asked for by its id: why the system asked the charger to stop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_requested: Option<StopRequestedBody>,
}

/// Why the system asked a charger to stop.
#[derive(Serialize, ToSchema)]
pub(crate) struct StopRequestedBody {
    /// What of the limited right is used up.
    used_up: UsedUpWord,
    /// When it was asked first.
    at: Timestamp,
}

impl From<&Transaction> for TransactionBody {
    fn from(row: &Transaction) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            charger_id: row.charger.map(|id| id.0),
            station_id: row.station.as_str().to_owned(),
            evse_id: row.evse.map(|id| id.0),
            evse: row.evse_number,
            connector_id: row.connector,
            person_id: row.person.map(|id| id.0),
            credential_id: row.credential.map(|id| id.0),
            station_transaction_id: row.station_transaction_id.clone(),
            id_token: row.id_token.clone(),
            started_at: row.started_at,
            ended_at: row.ended_at,
            energy_wh: row.energy_wh,
            meter_start_wh: row.meter_start_wh,
            meter_stop_wh: row.meter_stop_wh,
            stop_reason: row.stop_reason.clone(),
            authenticated: row.authenticated,
            refused: row.refused,
            late: row.late,
            orphan: row.orphan,
            decision_id: row.decision.map(|id| id.0),
            stop_requested: None,
            authorization_required: row.authorization_required.map(Into::into),
        }
    }
}

/// A metered value.
#[derive(Serialize, ToSchema)]
pub(crate) struct SampleBody {
    /// As the station says; null where that cannot be read.
    at: Option<Timestamp>,
    /// The received text of it.
    at_text: String,
    received_at: Timestamp,
    evse: Option<u32>,
    /// As sent.
    value: String,
    measurand: String,
    unit: Option<String>,
    context: Option<String>,
    phase: Option<String>,
    location: Option<String>,
    /// The imported energy register, if it is one and can be read.
    energy_wh: Option<i64>,
}

impl From<&StoredSample> for SampleBody {
    fn from(row: &StoredSample) -> Self {
        let sample = &row.sample;
        Self {
            at: sample.at.time,
            at_text: sample.at.text.clone(),
            received_at: row.received_at,
            evse: row.evse,
            value: sample.value.clone(),
            measurand: sample.measurand.clone(),
            unit: sample.unit.clone(),
            context: sample.context.clone(),
            phase: sample.phase.clone(),
            location: sample.location.clone(),
            energy_wh: sample.energy_wh,
        }
    }
}

/// List transactions
///
/// All where the caller holds `view_all`, else their own where they hold `view_own`.
#[utoipa::path(
    get, path = "/v1/transactions", operation_id = "list_transactions", tag = "transactions",
    params(TransactionParams),
    responses((status = 200, description = "A piece of the list",
        body = ListBody<TransactionBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TransactionParams>,
) -> Result<Json<ListBody<TransactionBody>>, Problem> {
    let which = TransactionQuery {
        charger: params.charger.map(Into::into),
        station: params.station,
        person: params.person.map(Into::into),
        from: params.from,
        until: params.until,
        open: params.open,
    };
    let piece = piece(params.limit, params.cursor)?;
    Ok(ListBody::of(
        api.transactions(&caller, &which, &piece).await?,
    ))
}

/// Get a transaction
#[utoipa::path(
    get, path = "/v1/transactions/{id}", operation_id = "get_transaction", tag = "transactions",
    params(("id" = Uuid, Path, description = "The transaction")),
    responses((status = 200, description = "The transaction", body = TransactionBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<TransactionId>,
) -> Result<Json<TransactionBody>, Problem> {
    let row = api.transaction(&caller, id).await?;
    let stop = api.stop_requested(&row).await?;
    Ok(Json(TransactionBody {
        stop_requested: stop.map(|stop| StopRequestedBody {
            used_up: stop.used_up.into(),
            at: stop.at,
        }),
        ..TransactionBody::from(&row)
    }))
}

/// List what was metered during a transaction
#[utoipa::path(
    get, path = "/v1/transactions/{id}/samples", operation_id = "list_transaction_samples",
    tag = "transactions",
    params(("id" = Uuid, Path, description = "The transaction"), PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<SampleBody>)),
)]
pub(crate) async fn samples(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<TransactionId>,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<SampleBody>>, Problem> {
    Ok(ListBody::of(
        api.samples(&caller, id, &page.piece()?).await?,
    ))
}

/// Stop a transaction
///
/// One's own or one of the same stop group with `stop_own`, any with `stop_any`. Answers with
/// the station's own answer; the transaction ends when the station reports it.
#[utoipa::path(
    post, path = "/v1/transactions/{id}/stop", operation_id = "stop_transaction",
    tag = "transactions",
    params(("id" = Uuid, Path, description = "The transaction")),
    responses((status = 200, description = "The station's answer", body = StationWordBody)),
)]
pub(crate) async fn stop(
    State(api): State<Api>,
    Id(id): Id<TransactionId>,
    ask: Ask<Nothing>,
) -> Result<Response, Problem> {
    let Ask {
        caller,
        once,
        body: Nothing {},
    } = ask;
    let answer = api.stop_transaction(&caller, id).await;
    answer_once::<StationWordBody>(&api, once, answer).await
}
