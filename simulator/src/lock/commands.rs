//! The central system's commands to a lock.

use std::sync::Arc;

use rpc::{ErrorCode, Version};
use serde_json::{Value, json};

use super::door::Service;
use super::inner::Inner;
use super::profile::{self, AccessResult, OpenRequest};
use crate::functions;
use crate::station::{self, Event};
use crate::transport::{Answer, Incoming};
use crate::wire::{BootReason, number, text, v16, v201};

/// What was answered to `Door.Open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenAnswer {
    status: &'static str,
    reason: Option<&'static str>,
}

impl OpenAnswer {
    const OPENED: OpenAnswer = OpenAnswer {
        status: "Accepted",
        reason: None,
    };

    const fn rejected(reason: &'static str) -> OpenAnswer {
        OpenAnswer {
            status: "Rejected",
            reason: Some(reason),
        }
    }

    fn answer(self) -> Answer {
        let mut data = json!({ "status": self.status });
        if let (Some(reason), Some(fields)) = (self.reason, data.as_object_mut()) {
            fields.insert("reason".to_owned(), reason.into());
        }
        Answer::result(json!({ "status": "Accepted", "data": data.to_string() }))
    }
}

/// Answers a command; nothing if it is one that all stations answer alike, or unknown.
pub(crate) fn answer(lock: &Arc<Inner>, call: &Incoming) -> Option<Answer> {
    let payload = &call.payload;
    Some(match call.action.as_str() {
        "DataTransfer" if text(payload, "vendorId") == Some(profile::VENDOR) => {
            match text(payload, "messageId") {
                Some("Door.Open") => open_door(lock, payload),
                Some(_) | None => Answer::status("UnknownMessageId"),
            }
        }
        "UnlockConnector" => unlock_connector(lock, payload),
        "ChangeAvailability" => change_availability(lock, payload),
        "Reset" => {
            let lock = Arc::clone(lock);
            Answer::status("Accepted").then(async move {
                if let Err(error) = station::restart(&lock, BootReason::RemoteReset).await {
                    tracing::warn!(%error, "not back after the reset");
                }
            })
        }
        "TriggerMessage" | "ExtendedTriggerMessage" => trigger(lock, payload),
        // A door is not a socket.
        "RemoteStartTransaction"
        | "RemoteStopTransaction"
        | "RequestStartTransaction"
        | "RequestStopTransaction" => {
            Answer::error(ErrorCode::NotSupported, "a lock has no transactions")
        }
        _ => return None,
    })
}

fn open_door(lock: &Arc<Inner>, payload: &Value) -> Answer {
    match profile::read_open(payload) {
        Some(request) => lock.open_once(&request).answer(),
        None => Answer::status("Rejected"),
    }
}

impl Inner {
    /// Opens a door, once for each request_id.
    fn open_once(self: &Arc<Self>, request: &OpenRequest) -> OpenAnswer {
        if let Some(known) = self.doors.lock().requests.get(&request.request_id) {
            return *known;
        }
        let expired = request
            .expires_at
            .is_some_and(|end| end <= self.core.clock.now());
        let answer = if expired {
            OpenAnswer::rejected("expired")
        } else {
            match self.unlock(request.door, request.seconds) {
                Ok(Ok(())) => OpenAnswer::OPENED,
                Ok(Err(_)) => OpenAnswer::rejected("jammed"),
                Err(_) => OpenAnswer::rejected("unknown_door"),
            }
        };
        self.doors
            .lock()
            .requests
            .insert(request.request_id.clone(), answer);
        if answer == OpenAnswer::OPENED {
            let id = request.request_id.clone();
            self.access_event(request.door, None, AccessResult::Granted, "remote", id);
        }
        answer
    }
}

/// UnlockConnector releases a cable, not a door, unless the lock is set to it.
fn unlock_connector(lock: &Arc<Inner>, payload: &Value) -> Answer {
    let version = lock.core.version;
    let door = match version {
        Version::V16 => v16::connector(payload),
        Version::V201 => number(payload, "evseId"),
    };
    let unknown = match version {
        Version::V16 => "NotSupported",
        Version::V201 => "UnknownConnector",
    };
    let Some(door) = door.filter(|_| lock.config.unlock_connector_opens) else {
        return Answer::status(unknown);
    };
    match lock.unlock(door, None) {
        Ok(Ok(())) => {
            lock.access_event(door, None, AccessResult::Granted, "remote", String::new());
            Answer::status("Unlocked")
        }
        Ok(Err(_)) => Answer::status("UnlockFailed"),
        Err(_) => Answer::status(unknown),
    }
}

fn change_availability(lock: &Arc<Inner>, payload: &Value) -> Answer {
    let (door, kind) = match lock.core.version {
        Version::V16 => (v16::connector(payload), text(payload, "type")),
        Version::V201 => (v201::evse(payload), text(payload, "operationalStatus")),
    };
    let (service, kind) = match kind {
        Some("Operative") => (Service::Operative, "Operative"),
        Some("Inoperative") => (Service::Inoperative, "Inoperative"),
        Some(_) | None => return Answer::status("Rejected"),
    };
    let doors: Vec<u32> = door.map_or_else(|| (1..=lock.config.doors).collect(), |door| vec![door]);
    for door in doors {
        if lock
            .with_door(door, |door, _| door.service = service)
            .is_err()
        {
            return Answer::status("Rejected");
        }
        lock.core.emit(Event::Availability { point: door, kind });
    }
    Answer::status("Accepted")
}

fn trigger(lock: &Arc<Inner>, payload: &Value) -> Answer {
    let wanted = text(payload, "requestedMessage").unwrap_or_default();
    if wanted == "StatusNotification" {
        let lock = Arc::clone(lock);
        return Answer::status("Accepted").then(async move {
            lock.tell_all_states().await;
        });
    }
    functions::trigger(lock, wanted).unwrap_or_else(|| Answer::status("NotImplemented"))
}
