//! CALLs of the station: from the frame to the answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use app::station::{Admitted, Connection, Deviated, Handling, StationFailure, Stations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use metrics::{counter, histogram};
use model::neutral::{StationReply, StationRequest};
use model::{FindingKind, OcppVersion, QuirkName, StationKind};
use ocpp::{Adapter, Decoded, Peer, Quirk, WireError};
use rpc::{ErrorCode, MessageId};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::Shared;
use crate::handshake::wire;
use crate::measures;

/// A request of the station.
pub(crate) struct Call {
    /// Repeated in the answer.
    pub(crate) id: MessageId,
    /// As sent.
    pub(crate) action: String,
    /// As sent.
    pub(crate) payload: Box<RawValue>,
}

/// What working on it came to.
pub(crate) enum Outcome {
    /// The frame to send.
    Answer(String),
    /// No answer, so that the station keeps the message.
    NotRecorded,
    /// Our code panicked; nobody knows how far it came.
    Failed,
}

/// Works on a CALL. A panic inside ends this connection and no other.
pub(crate) fn work(
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    call: Call,
) -> BoxFuture<'static, Outcome> {
    async move {
        let station = connection.station.id.clone();
        match AssertUnwindSafe(answer(shared, connection, call))
            .catch_unwind()
            .await
        {
            Ok(outcome) => outcome,
            Err(_) => {
                tracing::error!(station.id = %station, "a request of the station made us fail");
                Outcome::Failed
            }
        }
    }
    .boxed()
}

/// How a CALL was answered, for the counters.
struct Answered {
    outcome: Outcome,
    result: &'static str,
    /// The name of the message if we know it: names that stations invent make no counters.
    action: Option<String>,
}

async fn answer(shared: Arc<Shared>, connection: Arc<Connection>, call: Call) -> Outcome {
    let begin = Instant::now();
    let version = connection.version.name();
    let id = call.id.clone();
    let Answered {
        outcome,
        result,
        action,
    } = decide(&shared, &connection, call).await;
    let duration = begin.elapsed();
    let action = action.unwrap_or_else(|| "unknown".to_owned());
    tracing::debug!(
        station.id = %connection.station.id,
        message.id = %id,
        ocpp.action = action,
        result,
        duration_ms = duration_ms(duration),
        "a request was answered",
    );
    histogram!(measures::CALL_SECONDS, "version" => version, "action" => action.clone())
        .record(duration);
    counter!(
        measures::CALLS,
        "version" => version, "action" => action, "result" => result,
    )
    .increment(1);
    outcome
}

fn duration_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

async fn decide(shared: &Shared, connection: &Connection, call: Call) -> Answered {
    let version = wire(connection.version);
    let adapter = Adapter::for_version(connection.version);
    let Call {
        id,
        action,
        payload,
    } = call;
    let mut decoded = match adapter.decode(&peer(&connection.station), &action, &payload) {
        Ok(decoded) => decoded,
        Err(error) => {
            let (kind, detail) = unreadable(connection.version, &action, &error);
            if let Some(kind) = kind {
                let station = &connection.station.key;
                shared.stations.noticed(station, kind, detail);
            }
            if is_about_the_form(error.code) {
                note_unreadable(&*shared.stations, connection, &action, &error.description);
            }
            let known = (error.code != ErrorCode::NotImplemented).then_some(action);
            return refused(version, &id, &error, known);
        }
    };
    decoded.note_values(shared.clock.now());
    if !decoded.quirks.is_empty()
        && let Some(refusal) = tolerate(shared, connection, &action, &decoded, &payload)
    {
        return refused(version, &id, &refusal, Some(action));
    }
    drop(payload);
    let answer = match decoded.answer {
        Some(answer) => Ok(answer),
        None => match requests(shared, connection, &id, decoded.requests).await {
            Ok(Some((request, reply))) => adapter.encode_reply(&action, &request, &reply),
            // The adapter promises a request or an answer.
            Ok(None) => Err(WireError {
                code: ErrorCode::InternalError,
                description: "no answer can be given".to_owned(),
            }),
            Err(failure) => {
                let (outcome, result) = failed(version, &id, &failure);
                return Answered {
                    outcome,
                    result,
                    action: Some(action),
                };
            }
        },
    };
    match answer {
        Ok(answer) => match rpc::call_result(&id, &answer) {
            Ok(text) => Answered {
                outcome: Outcome::Answer(text),
                result: "ok",
                action: Some(action),
            },
            Err(error) => {
                let code = ErrorCode::InternalError;
                let error = WireError {
                    code,
                    description: error.to_string(),
                };
                refused(version, &id, &error, Some(action))
            }
        },
        Err(error) => {
            tracing::error!(
                station.id = %connection.station.id,
                message.id = %id,
                ocpp.action = action,
                %error,
                "a reply could not be written",
            );
            refused(version, &id, &error, Some(action))
        }
    }
}

/// Does what a message asks for, in its order. The reply to the first is the message's; if any
/// of them fails, the message has none.
async fn requests(
    shared: &Shared,
    connection: &Connection,
    id: &MessageId,
    requests: Vec<StationRequest>,
) -> Result<Option<(StationRequest, StationReply)>, StationFailure> {
    let mut requests = requests.into_iter();
    let Some(first) = requests.next() else {
        return Ok(None);
    };
    let reply = shared
        .stations
        .handle(connection, id.as_str(), first.clone())
        .await?;
    for request in requests {
        shared
            .stations
            .handle(connection, id.as_str(), request)
            .await?;
    }
    Ok(Some((first, reply)))
}

/// What the adapter must know of the station.
fn peer(station: &Admitted) -> Peer {
    match station.kind {
        StationKind::Charger(_) => Peer::Charger,
        StationKind::Lock(_) => Peer::Lock {
            doors: station.doors.clone(),
        },
    }
}

/// Has the deviations of a message noted; what goes back if the owner does not tolerate one.
fn tolerate(
    shared: &Shared,
    connection: &Connection,
    action: &str,
    decoded: &Decoded,
    payload: &RawValue,
) -> Option<WireError> {
    let settings = connection.station.settings.now();
    let refusal = decoded.refusal(&settings.tolerance);
    let quirks: Vec<_> = decoded
        .quirks
        .iter()
        .map(|quirk| (quirk.name, quirk.field.clone()))
        .collect();
    let handling = match refusal {
        Some(_) => Handling::Refused,
        None => Handling::Repaired,
    };
    shared.stations.deviated(
        connection,
        &Deviated {
            action,
            quirks: &quirks,
            handling,
            example: Some(&|| Adapter::excerpt(payload)),
        },
    );
    refusal
}

/// Notes a message that no repair makes readable; what is told of it names the field at fault
/// first, if there is one.
pub(super) fn note_unreadable(
    stations: &dyn Stations,
    connection: &Connection,
    action: &str,
    told: &str,
) {
    let field = told.split('`').nth(1).unwrap_or_default();
    let quirks = [(QuirkName::UnreadableMessage, field.to_owned())];
    let deviated = Deviated {
        handling: Handling::Refused,
        ..Deviated::repaired(action, &quirks)
    };
    stations.deviated(connection, &deviated);
}

/// Whether a code says that the form of a message is at fault, not its action or our inside.
const fn is_about_the_form(code: ErrorCode) -> bool {
    match code {
        ErrorCode::FormatViolation
        | ErrorCode::ProtocolError
        | ErrorCode::PropertyConstraintViolation
        | ErrorCode::OccurrenceConstraintViolation
        | ErrorCode::TypeConstraintViolation => true,
        ErrorCode::NotImplemented
        | ErrorCode::NotSupported
        | ErrorCode::InternalError
        | ErrorCode::SecurityError
        | ErrorCode::GenericError
        | ErrorCode::MessageTypeNotSupported
        | ErrorCode::RpcFrameworkError => false,
    }
}

/// Notes deviations outside the form of a request.
pub(super) fn note(
    stations: &dyn Stations,
    connection: &Connection,
    action: &str,
    quirks: Vec<Quirk>,
) {
    if !quirks.is_empty() {
        let quirks: Vec<_> = quirks
            .into_iter()
            .map(|quirk| (quirk.name, quirk.field))
            .collect();
        stations.deviated(connection, &Deviated::repaired(action, &quirks));
    }
}

/// What is wrong with a message that could not be read, for the station's owner.
fn unreadable(
    version: OcppVersion,
    action: &str,
    error: &WireError,
) -> (Option<FindingKind>, String) {
    let other = match version {
        OcppVersion::V16 => OcppVersion::V201,
        OcppVersion::V201 => OcppVersion::V16,
    };
    match error.code {
        // Names are the station's; nothing in them may disturb whoever reads them.
        ErrorCode::NotImplemented => {
            let kind = if ocpp::request_actions(other).any(|known| known == action) {
                FindingKind::OtherVersion
            } else {
                FindingKind::UnknownAction
            };
            let name = action.chars().filter(char::is_ascii_alphanumeric).take(50);
            (Some(kind), name.collect())
        }
        ErrorCode::NotSupported => (None, String::new()),
        _ => (
            Some(FindingKind::RefusedPayload),
            format!("{action}: {}", error.description),
        ),
    }
}

fn refused(
    version: rpc::Version,
    id: &MessageId,
    error: &WireError,
    action: Option<String>,
) -> Answered {
    Answered {
        outcome: Outcome::Answer(rpc::call_error(version, id, error.code, &error.description)),
        result: error.code.wire(rpc::Version::V201),
        action,
    }
}

/// What the station is told when there is no reply.
fn failed(
    version: rpc::Version,
    id: &MessageId,
    failure: &StationFailure,
) -> (Outcome, &'static str) {
    let error = |code| Outcome::Answer(rpc::call_error(version, id, code, &failure.to_string()));
    match failure {
        // OCPP-J 1.6 errata 3.8, OCPP 2.0.1 B02.FR.09, B03.FR.07.
        StationFailure::NotAccepted => (error(ErrorCode::SecurityError), "not_accepted"),
        StationFailure::Unavailable => (error(ErrorCode::InternalError), "unavailable"),
        // A CALLERROR would make the station drop the message (OCPP 1.6 errata 3.2).
        StationFailure::NotRecorded => (Outcome::NotRecorded, "not_recorded"),
    }
}
