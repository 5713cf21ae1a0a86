//! Doing one step of a scenario.

use std::time::Duration;

use rpc::{Frame, MessageId, Version};
use serde_json::Value;

use super::Step;
use super::fleet_of::Station;
use crate::charger::{Charger, Presented};
use crate::describe;
use crate::lock::{Lock, Pull};
use crate::station::StationError;
use crate::token::Token;
use crate::transport::{CallFailure, ConnectError};
use crate::view::Light;
use crate::wire::{self, StopReason};

/// How long an answer to garbage may take; after this there is none.
const STRAY_ANSWER: Duration = Duration::from_secs(2);

/// The outcome of one step, or why it could not be done.
pub(super) type Outcome = Result<Got, String>;

/// What a step came to: one word, and a status behind it.
pub(super) struct Got {
    pub word: String,
    pub status: Option<String>,
}

impl Got {
    pub(super) fn word(word: &str) -> Got {
        Got {
            word: word.to_owned(),
            status: None,
        }
    }

    pub(super) fn with_status(word: &str, status: Option<&str>) -> Got {
        Got {
            word: word.to_owned(),
            status: status.map(str::to_owned),
        }
    }

    pub(super) fn all(&self) -> String {
        match &self.status {
            Some(status) => format!("{} ({status})", self.word),
            None => self.word.clone(),
        }
    }
}

/// Steps about the raw connection.
pub(super) async fn wire_step(station: &Station, step: &Step) -> Option<Outcome> {
    let connection = match station {
        Station::Charger(charger) => charger.connection(),
        Station::Lock(lock) => lock.connection(),
    };
    match step {
        Step::Garbage { text, .. } => {
            let Some(connection) = connection else {
                return Some(Err("there is no connection".to_owned()));
            };
            if let Err(error) = connection.send_text(text.as_str()).await {
                return Some(Err(error.to_string()));
            }
            let answer = tokio::time::timeout(STRAY_ANSWER, connection.next_unsolicited()).await;
            Some(Ok(match answer.ok().flatten() {
                Some(text) => stray(connection.version(), &text),
                None => Got::word("nothing"),
            }))
        }
        Step::Call {
            action,
            payload,
            id,
            ..
        } => {
            let Some(connection) = connection else {
                return Some(Err("there is no connection".to_owned()));
            };
            let id = match id {
                Some(id) => match MessageId::new(id) {
                    Ok(id) => id,
                    Err(error) => return Some(Err(error.to_string())),
                },
                None => connection.next_message_id(),
            };
            Some(
                match connection.call_with_id(id, action, payload.clone()).await {
                    Ok(answer) => Ok(Got::with_status("result", status_of(&answer).as_deref())),
                    Err(CallFailure::Error { code, .. }) => Ok(Got::word(&code)),
                    Err(failure) => Err(failure.to_string()),
                },
            )
        }
        _ => None,
    }
}

/// What came back for a raw text.
fn stray(version: Version, text: &str) -> Got {
    match Frame::parse(version, text) {
        Ok(Frame::CallError {
            code, description, ..
        }) => Got::with_status(&code, Some(&description)),
        Ok(Frame::CallResult { .. }) => Got::word("result"),
        Ok(Frame::Call { .. }) | Err(_) => Got::with_status("other", Some(text)),
    }
}

/// The status of an answer, its own or that of a token in it.
pub(super) fn status_of(answer: &Value) -> Option<String> {
    [Version::V16, Version::V201]
        .into_iter()
        .find_map(|version| wire::read_token_info(version, answer))
        .map(|info| info.status)
        .or_else(|| wire::text(answer, "status").map(str::to_owned))
}

fn connected(outcome: Result<(), StationError>) -> Outcome {
    match outcome {
        Ok(()) => Ok(Got::word("ok")),
        Err(StationError::Connect(ConnectError::Refused { status, body, .. })) => {
            Ok(Got::with_status(&status.to_string(), Some(body.trim())))
        }
        Err(error) => Err(describe(&error)),
    }
}

pub(super) async fn charger_step(charger: &Charger, step: &Step) -> Outcome {
    let text = |error: StationError| describe(&error);
    match step {
        Step::Connect { .. } => connected(charger.connect().await),
        Step::Boot { .. } => Ok(Got::word(&charger.boot().await.map_err(text)?.status)),
        Step::Reboot { .. } => Ok(Got::word(&charger.reboot().await.map_err(text)?.status)),
        Step::Disconnect { .. } => {
            charger.disconnect().await;
            Ok(Got::word("done"))
        }
        Step::Drop { .. } => {
            charger.drop_connection().await;
            Ok(Got::word("done"))
        }
        Step::Authorize { token, .. } => {
            let outcome = charger.authorize(&parse(token)).await.map_err(text)?;
            Ok(Got::word(outcome.status()))
        }
        Step::Card {
            connector, token, ..
        } => Ok(presented(
            &charger
                .present(*connector, &parse(token))
                .await
                .map_err(text)?,
        )),
        Step::Plug { connector, .. } => {
            let start = charger.plug(*connector).await.map_err(text)?;
            Ok(match &start {
                Some(start) => Got::with_status("started", start.status()),
                None => Got::word("waiting"),
            })
        }
        Step::Unplug { connector, .. } => {
            charger.unplug(*connector).await.map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::Start {
            connector, token, ..
        } => {
            let start = charger
                .start_transaction(*connector, &parse(token))
                .await
                .map_err(text)?;
            Ok(Got::word(match (&start.message_id, start.status()) {
                (Some(_), status) => status.unwrap_or("none"),
                (None, _) => "queued",
            }))
        }
        Step::Stop {
            connector, token, ..
        } => {
            let token = token.as_deref().map(parse);
            let stop = charger
                .stop_transaction(*connector, StopReason::Local, token.as_ref())
                .await
                .map_err(text)?;
            Ok(Got::word(match (&stop.message_id, stop.status()) {
                (Some(_), status) => status.unwrap_or("none"),
                (None, _) => "queued",
            }))
        }
        Step::Meter { connector, .. } => {
            charger.meter_values(*connector).await.map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::Retry { id, .. } => {
            let answer = charger.retry_last((*id).into()).await.map_err(text)?;
            Ok(Got::with_status("result", status_of(&answer).as_deref()))
        }
        Step::Light {
            point,
            is,
            within_seconds,
            ..
        } => {
            let wanted = Light::from(*is);
            let shows = |charger: &Charger| {
                charger
                    .view(*point)
                    .is_some_and(|view| view.light == wanted)
            };
            let waited = charger
                .wait_until(Duration::from_secs(*within_seconds), shows)
                .await;
            let now = charger.view(*point).map(|view| view.light.name());
            light(waited.is_ok(), wanted, now)
        }
        Step::Delivered { within_seconds, .. } => {
            let limit = Duration::from_secs(*within_seconds);
            let empty = |charger: &Charger| charger.queued() == 0;
            delivered(
                charger.wait_until(limit, empty).await.is_ok(),
                charger.queued(),
            )
        }
        Step::Reorder { .. } => {
            if charger.reorder() {
                Ok(Got::word("done"))
            } else {
                Err("fewer than two messages wait".to_owned())
            }
        }
        Step::Fault {
            connector, text, ..
        } => {
            let fault = Some(text.as_str());
            charger
                .set_fault(*connector, fault)
                .await
                .map_err(|error| describe(&error))?;
            Ok(Got::word("done"))
        }
        Step::Repair { connector, .. } => {
            charger.set_fault(*connector, None).await.map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::Limit { amperes, .. } => {
            charger.outside_limit(*amperes).await;
            Ok(Got::word("done"))
        }
        _ => Err("a charger cannot do this".to_owned()),
    }
}

pub(super) async fn lock_step(lock: &Lock, step: &Step) -> Outcome {
    let text = |error: StationError| describe(&error);
    match step {
        Step::Connect { .. } => connected(lock.connect().await),
        Step::Boot { .. } => Ok(Got::word(&lock.boot().await.map_err(text)?.status)),
        Step::Reboot { .. } => Ok(Got::word(&lock.reboot().await.map_err(text)?.status)),
        Step::Disconnect { .. } => {
            lock.disconnect().await;
            Ok(Got::word("done"))
        }
        Step::Drop { .. } => {
            lock.drop_connection().await;
            Ok(Got::word("done"))
        }
        Step::Card { door, token, .. } => {
            let outcome = lock
                .present_card(*door, &parse(token))
                .await
                .map_err(text)?;
            let word = if outcome.opened { "opened" } else { "refused" };
            let status = outcome.reason.as_deref().unwrap_or(&outcome.status);
            Ok(Got::with_status(word, Some(status)))
        }
        Step::OpenDoor { door, .. } => {
            Ok(Got::word(match lock.open_door(*door).map_err(text)? {
                Pull::Opened => "opened",
                Pull::Locked => "locked",
            }))
        }
        Step::CloseDoor { door, .. } => {
            lock.close_door(*door).map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::PushBar { door, .. } => {
            lock.push_bar(*door).map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::Force { door, .. } => {
            lock.force(*door).map_err(text)?;
            Ok(Got::word("done"))
        }
        Step::Light {
            point,
            is,
            within_seconds,
            ..
        } => {
            let wanted = Light::from(*is);
            let shows = |lock: &Lock| lock.view(*point).is_some_and(|view| view.light == wanted);
            let waited = lock
                .wait_until(Duration::from_secs(*within_seconds), shows)
                .await;
            light(
                waited.is_ok(),
                wanted,
                lock.view(*point).map(|view| view.light.name()),
            )
        }
        Step::Delivered { within_seconds, .. } => {
            let limit = Duration::from_secs(*within_seconds);
            let empty = |lock: &Lock| lock.waiting_events() == 0;
            delivered(
                lock.wait_until(limit, empty).await.is_ok(),
                lock.waiting_events(),
            )
        }
        _ => Err("a lock cannot do this".to_owned()),
    }
}

fn presented(presented: &Presented) -> Got {
    match presented {
        Presented::Started {
            authorization,
            start,
        } => Got::with_status("started", start.status().or(Some(authorization.status()))),
        Presented::Stopped(stop) => Got::with_status("stopped", stop.status()),
        Presented::Waiting(outcome) => Got::with_status("waiting", Some(outcome.status())),
        Presented::Refused(outcome) => Got::with_status("refused", Some(outcome.status())),
        Presented::Reserved(outcome) => Got::with_status("reserved", Some(outcome.status())),
        Presented::NotYours(outcome) => Got::with_status("not_yours", Some(outcome.status())),
        Presented::OutOfService => Got::word("out_of_service"),
    }
}

fn light(came: bool, wanted: Light, now: Option<&str>) -> Outcome {
    match (came, now) {
        (true, _) => Ok(Got::word(wanted.name())),
        (false, Some(now)) => Err(format!("the light is {now}, not {wanted}")),
        (false, None) => Err("there is no such connector or door".to_owned()),
    }
}

fn delivered(came: bool, waiting: usize) -> Outcome {
    if came {
        Ok(Got::word("done"))
    } else {
        Err(format!("{waiting} messages still wait"))
    }
}

fn parse(token: &str) -> Token {
    Token::parse(token)
}
