//! The central system's commands to a charger, by name.

use std::sync::Arc;

use rpc::Version;

use super::inner::Inner;
use crate::station::{self};
use crate::transport::{Answer, Incoming};
use crate::wire::{self, BootReason, Trigger, text, v16, v201};

/// Answers a command; nothing if it is one that all stations answer alike, or unknown.
pub(crate) async fn answer(charger: &Arc<Inner>, call: &Incoming) -> Option<Answer> {
    let payload = &call.payload;
    Some(match (charger.core.version, call.action.as_str()) {
        (Version::V16, "RemoteStartTransaction") => charger.remote_start_v16(payload),
        (Version::V16, "RemoteStopTransaction") => charger.remote_stop(payload),
        (Version::V201, "RequestStartTransaction") => charger.remote_start_v201(payload),
        (Version::V201, "RequestStopTransaction") => charger.remote_stop(payload),
        (_, "UnlockConnector") => charger.unlock(payload).await,
        (_, "Reset") => charger.reset(payload),
        (_, "ChangeAvailability") => charger.change_availability(payload),
        (_, "TriggerMessage") => trigger(charger, call),
        _ => return None,
    })
}

/// TriggerMessage.
fn trigger(charger: &Arc<Inner>, call: &Incoming) -> Answer {
    let version = charger.core.version;
    let wanted = match version {
        Version::V16 => v16::connector(&call.payload),
        Version::V201 => v201::evse(&call.payload),
    };
    if wanted.is_some_and(|connector| charger.exists(connector).is_err()) {
        return Answer::status("Rejected");
    }
    let connectors: Vec<u32> =
        wanted.map_or_else(|| charger.numbers().collect(), |connector| vec![connector]);
    let charger = Arc::clone(charger);
    match (
        version,
        text(&call.payload, "requestedMessage").unwrap_or_default(),
    ) {
        (_, "BootNotification") => Answer::status("Accepted").then(async move {
            if let Err(error) = station::boot(&charger, BootReason::Triggered).await {
                tracing::info!(%error, "triggered boot notification failed");
            }
        }),
        (_, "Heartbeat") => Answer::status("Accepted").then(async move {
            charger.core.tell(wire::heartbeat()).await;
        }),
        (_, "StatusNotification") => Answer::status("Accepted").then(async move {
            for connector in connectors {
                let _ = charger.tell_status(connector).await;
            }
        }),
        (_, "MeterValues") => Answer::status("Accepted").then(async move {
            for connector in connectors {
                let _ = charger.sample(connector, Trigger::Requested).await;
            }
        }),
        (Version::V201, "TransactionEvent") => {
            let running = charger.state.lock().all_running();
            let named: Vec<u32> = running
                .into_iter()
                .map(|(connector, _)| connector)
                .filter(|connector| connectors.contains(connector))
                .collect();
            if named.is_empty() {
                return Answer::status("Rejected");
            }
            Answer::status("Accepted").then(async move {
                for connector in named {
                    let _ = charger.sample(connector, Trigger::Requested).await;
                }
            })
        }
        (_, _) => Answer::status("NotImplemented"),
    }
}
