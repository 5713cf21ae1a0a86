//! What the station knows about a customer (2.0.1, N09 and N10).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::wire_time;
use crate::station::{Core, Device};
use crate::transport::Answer;
use crate::wire::{Message, text, v201};

/// Characters of `data` in one NotifyCustomerInformation.
const PART: usize = 512;

/// CustomerInformation, answered with NotifyCustomerInformation.
pub(crate) fn information<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let flag = |field: &str| {
        payload
            .get(field)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    };
    let named = ["idToken", "customerCertificate", "customerIdentifier"]
        .iter()
        .filter(|field| payload.get(**field).is_some())
        .count();
    // N09.FR.09: exactly one of them says who.
    if named != 1 {
        return Answer::status("Invalid");
    }
    if !flag("report") && !flag("clear") {
        return Answer::status("Rejected");
    }
    let known = known(device.core(), payload);
    if flag("clear")
        && let Some(token) = payload.get("idToken").and_then(v201::read_token)
    {
        device.core().memory.lock().forget(&token);
    }
    let data = match (flag("report"), known) {
        (true, known) if known.is_empty() => "nothing is known".to_owned(),
        (true, known) => known.join("; "),
        (false, _) => "cleared".to_owned(),
    };
    let request_id = payload.get("requestId").cloned().unwrap_or_default();
    let device = Arc::clone(device);
    Answer::status("Accepted").then(async move {
        let now = wire_time(device.core().clock.now());
        let letters: Vec<char> = data.chars().collect();
        let last = letters.len().div_ceil(PART).saturating_sub(1);
        for (seq_no, part) in letters.chunks(PART).enumerate() {
            let payload = json!({
                "requestId": request_id,
                "generatedAt": now,
                "seqNo": seq_no,
                "tbc": seq_no < last,
                "data": part.iter().collect::<String>(),
            });
            device
                .core()
                .tell(Message {
                    action: "NotifyCustomerInformation",
                    payload,
                })
                .await;
        }
    })
}

/// What list and cache hold about a token. Nothing is known by certificate or name.
fn known(core: &Core, payload: &Value) -> Vec<String> {
    let Some(token) = payload.get("idToken").and_then(v201::read_token) else {
        return text(payload, "customerIdentifier")
            .map(|_| Vec::new())
            .unwrap_or_default();
    };
    let memory = core.memory.lock();
    let told = |place: &str, status: &str| format!("{place}: token {} {status}", token.masked());
    let listed = memory
        .listed(&token)
        .map(|info| told("local list", &info.status));
    let cached = memory
        .cached(&token)
        .map(|info| told("cache", &info.status));
    listed.into_iter().chain(cached).collect()
}
