//! Effects from elsewhere, and the station's own answer to them.

use app::ApiError;
use app::admin::{Done, Once};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::command::CommandAnswer;
use model::{ChargerId, DoorId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::listing::{Id, Named};
use crate::problem::Problem;
use crate::state::Api;

/// The station's word on a command.
#[derive(Serialize, ToSchema)]
pub(crate) struct StationWordBody {
    /// As the station said, e.g. `Accepted`, `Rejected`; `Error` for an OCPP error.
    #[schema(example = "Accepted")]
    status: String,
    /// Its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// Its OCPP error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<OcppErrorBody>,
}

/// An OCPP error.
#[derive(Serialize, ToSchema)]
struct OcppErrorBody {
    code: String,
    description: String,
    #[schema(value_type = Object)]
    details: Value,
}

/// A station's answer to a raw message.
#[derive(Serialize, ToSchema)]
pub(crate) struct RawAnswerBody {
    /// `result` (CALLRESULT) or `error` (CALLERROR).
    #[schema(example = "result")]
    status: &'static str,
    /// With `result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// With `error`: the OCPP error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// With `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// With `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    details: Option<Value>,
}

impl From<CommandAnswer> for StationWordBody {
    fn from(answer: CommandAnswer) -> Self {
        match answer {
            CommandAnswer::Result { status, payload } => Self {
                status: status.unwrap_or_else(|| "Accepted".to_owned()),
                payload: Some(payload),
                error: None,
            },
            // The answer to a question that is not asked here.
            CommandAnswer::Configuration(_) => Self {
                status: "Accepted".to_owned(),
                payload: None,
                error: None,
            },
            CommandAnswer::Error {
                code,
                description,
                details,
            } => Self {
                status: "Error".to_owned(),
                payload: None,
                error: Some(OcppErrorBody {
                    code,
                    description,
                    details,
                }),
            },
        }
    }
}

impl From<CommandAnswer> for RawAnswerBody {
    fn from(answer: CommandAnswer) -> Self {
        match answer {
            CommandAnswer::Result { status: _, payload } => Self {
                status: "result",
                payload: Some(payload),
                code: None,
                description: None,
                details: None,
            },
            // As above.
            CommandAnswer::Configuration(_) => Self {
                status: "result",
                payload: None,
                code: None,
                description: None,
                details: None,
            },
            CommandAnswer::Error {
                code,
                description,
                details,
            } => Self {
                status: "error",
                payload: None,
                code: Some(code),
                description: Some(description),
                details: Some(details),
            },
        }
    }
}

/// Answers a command. With an Idempotency-Key what was answered is remembered, and what may have
/// happened without an answer too: a repeat must not open the door twice.
pub(crate) async fn answer_once<B>(
    api: &Api,
    once: Option<Once>,
    answer: Result<CommandAnswer, ApiError>,
) -> Result<Response, Problem>
where
    B: From<CommandAnswer> + Serialize,
{
    let (status, body) = match answer.map(B::from) {
        Ok(body) => (200, serde_json::to_string(&body).unwrap_or_default()),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.status() != 504 {
                return Err(problem);
            }
            (problem.status(), problem.to_json())
        }
    };
    if let Some(once) = once {
        api.remember(once, status, &body).await;
    }
    Ok(Written(Done {
        status,
        body,
        revision: None,
    })
    .into_response())
}

/// A remote start.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    /// EVSE number; left out: the charger chooses.
    #[serde(default)]
    evse: Option<u32>,
    /// For whom; left out: for oneself.
    #[serde(default)]
    person_id: Option<Uuid>,
}

/// Start charging
///
/// For oneself with `remote_use`, for another person with `manage_access` besides, if that
/// person may charge there. Answers with the station's own answer; 409 `station_offline`, 504
/// when it does not answer.
#[utoipa::path(
    post, path = "/v1/chargers/{id}/start", operation_id = "start_charging", tag = "chargers",
    params(("id" = Uuid, Path, description = "The charger")),
    request_body = StartBody,
    responses((status = 200, description = "The station's answer", body = StationWordBody)),
)]
pub(crate) async fn start(
    State(api): State<Api>,
    Id(charger): Id<ChargerId>,
    ask: Ask<StartBody>,
) -> Result<Response, Problem> {
    let Ask { caller, once, body } = ask;
    let person = body.person_id.map(Into::into);
    let answer = api
        .start_charging(&caller, charger, body.evse, person)
        .await;
    answer_once::<StationWordBody>(&api, once, answer).await
}

/// Why a door is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Open a door
///
/// Needs `remote_use`; 409 `remote_open_off` until the door allows it; ten times a minute.
#[utoipa::path(
    post, path = "/v1/doors/{id}/open", operation_id = "open_door", tag = "doors",
    params(("id" = Uuid, Path, description = "The door")),
    request_body = OpenBody,
    responses((status = 200, description = "The lock's answer", body = StationWordBody)),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    Id(door): Id<DoorId>,
    ask: Ask<OpenBody>,
) -> Result<Response, Problem> {
    let Ask { caller, once, body } = ask;
    let answer = api.open_door(&caller, door, body.reason).await;
    answer_once::<StationWordBody>(&api, once, answer).await
}

/// Send a raw OCPP message
///
/// The payload goes to the station as it is, in the version of its connection. Needs the action
/// the message amounts to: starts `remote_use`, stops `stop_any`, `Door.Open` and a lock's
/// `UnlockConnector` `remote_use` on the door, local lists and authorization settings
/// `manage_access`, keys and certificates `manage_security`, the rest `manage_settings` or
/// `service`; a message that is in no table everything an owner holds. Passwords are not settable
/// here. Every use is in the change log.
#[utoipa::path(
    post, path = "/v1/stations/{station_id}/ocpp/{action}", operation_id = "send_raw_message",
    tag = "stations",
    params(
        ("station_id" = String, Path, description = "The OCPP identity, percent-encoded"),
        ("action" = String, Path, description = "The message, e.g. `ChangeAvailability`"),
    ),
    request_body(content = Object, description = "The payload"),
    responses((status = 200, description = "The station's answer", body = RawAnswerBody)),
)]
pub(crate) async fn raw(
    State(api): State<Api>,
    Named((station, action)): Named<(String, String)>,
    ask: Ask<Value>,
) -> Result<Response, Problem> {
    let Ask { caller, once, body } = ask;
    if !body.is_object() {
        return Err(Problem::field(
            "body",
            "invalid",
            "a payload is a JSON object",
        ));
    }
    let answer = api.raw_command(&caller, &station, &action, body).await;
    answer_once::<RawAnswerBody>(&api, once, answer).await
}
