//! CALLs of the central system, from their form to their answer.

use std::sync::{Arc, Weak};

use rpc::ErrorCode;
use serde_json::Value;

use super::device::{Device, restart};
use super::event::Event;
use crate::functions::{self, Function};
use crate::messages::{self, Malformed};
use crate::transport::{Answer, Incoming, IncomingCalls, Manner, Reply};
use crate::vendor::Habit;
use crate::wire::{self, BootReason};

/// Hands CALLs of the central system to the device.
pub(super) struct Handler<D> {
    pub device: Weak<D>,
}

#[async_trait::async_trait]
impl<D: Device> IncomingCalls for Handler<D> {
    async fn answer(&self, call: Incoming) -> Answer {
        let Some(device) = self.device.upgrade() else {
            return Answer::error(ErrorCode::InternalError, "the station is switched off");
        };
        let action = call.action.clone();
        let version = device.core().version;
        let mut answer = match messages::check_request(version, &action, &call.payload) {
            Err(error @ (Malformed::Form(_) | Malformed::Extra(_))) => {
                let bad = Event::BadMessage {
                    action: action.clone(),
                    error: error.to_string(),
                };
                device.core().emit(bad);
                Answer::error(ErrorCode::FormatViolation, error.to_string())
            }
            Ok(()) | Err(Malformed::UnknownAction(_)) => act(&device, &call).await,
        };
        let core = device.core();
        if let Reply::Result(payload) = &answer.reply
            && let Err(error) = messages::check_answer(version, &action, payload)
        {
            // A mistake of the simulator itself, told aloud.
            core.emit(Event::BadMessage {
                action: format!("our answer to {action}"),
                error: error.to_string(),
            });
        }
        let told = match &answer.reply {
            Reply::Result(payload) => wire::text(payload, "status")
                .unwrap_or("answered")
                .to_owned(),
            Reply::Error { code, .. } => code.to_string(),
        };
        core.inbox.put(&call, &told);
        core.habits.answer(core, &call, &mut answer);
        core.faults.spoil(&action, &mut answer);
        core.emit(Event::Command {
            action,
            answer: told,
        });
        answer
    }
}

/// What the station does with a well-formed CALL.
async fn act<D: Device>(device: &Arc<D>, call: &Incoming) -> Answer {
    let core = device.core();
    let action = &call.action;
    if let Some(function) = Function::of(core.version, action)
        && core.without.contains(&function)
        // A list that is not there has a status of its own in both versions.
        && function != Function::LocalList
    {
        return Answer::error(
            ErrorCode::NotSupported,
            format!("this station has no {function}"),
        );
    }
    if action == "GetConfiguration"
        && core.habits.has(Habit::RebootsWhenAskedAll)
        && asks_for_all(&call.payload)
    {
        return reboot_instead(device);
    }
    if let Some(answer) = Arc::clone(device).command(call).await {
        return answer;
    }
    if let Some(answer) = functions::answer(device, call) {
        return answer;
    }
    if let Some(answer) = super::common(device, call).await {
        return answer;
    }
    let (code, text) = match messages::find(core.version, action) {
        Some(_) => (ErrorCode::NotSupported, "is not for this station"),
        None => (ErrorCode::NotImplemented, "is not known"),
    };
    Answer::error(code, format!("`{action}` {text}"))
}

/// Whether GetConfiguration names no keys.
fn asks_for_all(payload: &Value) -> bool {
    payload
        .get("key")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
}

/// Quirk Q35: the question is too much, and the station starts again.
fn reboot_instead<D: Device>(device: &Arc<D>) -> Answer {
    let weak = Arc::downgrade(device);
    let mut answer = Answer::status("Accepted").then(async move {
        if let Some(device) = weak.upgrade()
            && let Err(error) = restart(&device, BootReason::LocalReset).await
        {
            tracing::warn!(%error, "not back after the reboot");
        }
    });
    answer.manner = Manner::Drop;
    answer
}
