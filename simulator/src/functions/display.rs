//! Messages on the display (2.0.1, block O).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::station::{Core, Device};
use crate::transport::Answer;
use crate::wire::{Message, text, time};

/// NumberOfDisplayMessages.
const CAPACITY: usize = 20;

/// Messages in one NotifyDisplayMessages.
const PART: usize = 4;

/// What is to be shown, by id.
#[derive(Default)]
pub(crate) struct Display {
    messages: BTreeMap<i64, Value>,
}

impl Display {
    /// The texts, as people read them.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.messages
            .values()
            .filter_map(|message| text(message.get("message")?, "content"))
            .map(str::to_owned)
            .collect()
    }

    /// O02.FR.12: a message is gone when its end has come.
    fn drop_ended(&mut self, core: &Core) {
        let now = core.clock.now();
        self.messages
            .retain(|_, message| time(message, "endDateTime").is_none_or(|end| now < end));
    }
}

/// SetDisplayMessage.
pub(crate) fn set<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let Some(message) = payload.get("message") else {
        return Answer::status("Rejected");
    };
    let Some(id) = message.get("id").and_then(Value::as_i64) else {
        return Answer::status("Rejected");
    };
    // O01.FR.07: formats other than these are not shown here.
    match message
        .get("message")
        .and_then(|inner| text(inner, "format"))
    {
        Some("ASCII" | "UTF8") => {}
        Some(_) | None => return Answer::status("NotSupportedMessageFormat"),
    }
    // O02.FR.01: a message about a transaction needs the transaction.
    if let Some(transaction) = text(message, "transactionId")
        && !device.has_transaction(transaction)
    {
        return Answer::status("UnknownTransaction");
    }
    let core = device.core();
    let mut display = core.functions.display.lock();
    display.drop_ended(core);
    if !display.messages.contains_key(&id) && display.messages.len() >= CAPACITY {
        return Answer::status("Rejected");
    }
    // O01.FR.10: only one message is always in front.
    if text(message, "priority") == Some("AlwaysFront") {
        display
            .messages
            .retain(|_, other| text(other, "priority") != Some("AlwaysFront"));
    }
    display.messages.insert(id, message.clone());
    drop(display);
    core.touch();
    Answer::status("Accepted")
}

/// GetDisplayMessages, answered with NotifyDisplayMessages.
pub(crate) fn get<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let core = device.core();
    let ids: Option<Vec<i64>> = payload
        .get("id")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_i64).collect());
    let fits = |message: &Value, field: &str| {
        text(payload, field).is_none_or(|wanted| text(message, field) == Some(wanted))
    };
    let found: Vec<Value> = {
        let mut display = core.functions.display.lock();
        display.drop_ended(core);
        display
            .messages
            .iter()
            .filter(|(id, _)| ids.as_ref().is_none_or(|ids| ids.contains(id)))
            .filter(|(_, message)| fits(message, "priority") && fits(message, "state"))
            .map(|(_, message)| message.clone())
            .collect()
    };
    if found.is_empty() {
        return Answer::status("Unknown");
    }
    let request_id = payload.get("requestId").cloned().unwrap_or_default();
    let device = Arc::clone(device);
    Answer::status("Accepted").then(async move {
        let last = found.len().div_ceil(PART).saturating_sub(1);
        for (number, part) in found.chunks(PART).enumerate() {
            let payload = json!({
                "requestId": request_id,
                "messageInfo": part,
                "tbc": number < last,
            });
            device
                .core()
                .tell(Message {
                    action: "NotifyDisplayMessages",
                    payload,
                })
                .await;
        }
    })
}

/// ClearDisplayMessage.
pub(crate) fn clear<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let core = device.core();
    let removed = payload
        .get("id")
        .and_then(Value::as_i64)
        .and_then(|id| core.functions.display.lock().messages.remove(&id));
    core.touch();
    Answer::status(match removed {
        Some(_) => "Accepted",
        None => "Unknown",
    })
}
