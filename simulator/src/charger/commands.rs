//! The central system's commands to a charger, by name.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::inner::Inner;
use crate::functions;
use crate::transport::{Answer, Incoming};
use crate::vendor::Habit;
use crate::wire::{Trigger, text, v16, v201};

/// Answers a command; nothing if it is one that all stations answer alike, or unknown.
pub(crate) async fn answer(charger: &Arc<Inner>, call: &Incoming) -> Option<Answer> {
    let payload = &call.payload;
    if charger.core.habits.has(Habit::RejectsConnectorZero)
        && payload.get("connectorId") == Some(&json!(0))
    {
        return Some(Answer::status("Rejected"));
    }
    Some(match (charger.core.version, call.action.as_str()) {
        (Version::V16, "RemoteStartTransaction") => charger.remote_start_v16(payload),
        (Version::V16, "RemoteStopTransaction") => charger.remote_stop(payload),
        (Version::V201, "RequestStartTransaction") => charger.remote_start_v201(payload),
        (Version::V201, "RequestStopTransaction") => charger.remote_stop(payload),
        (Version::V201, "GetTransactionStatus") => transaction_status(charger, payload),
        (Version::V201, "CostUpdated") => cost_updated(charger, payload),
        (_, "UnlockConnector") => charger.unlock(payload).await,
        (_, "Reset") => charger.reset(payload),
        (_, "ChangeAvailability") => charger.change_availability(payload),
        (_, "ReserveNow") => charger.reserve_now(payload),
        (_, "CancelReservation") => charger.cancel_reservation(payload),
        (_, "SetChargingProfile") => charger.set_charging_profile(payload),
        (_, "ClearChargingProfile") => charger.clear_charging_profile(payload),
        (_, "GetCompositeSchedule") => charger.get_composite_schedule(payload),
        (Version::V201, "GetChargingProfiles") => charger.get_charging_profiles(payload),
        (_, "TriggerMessage" | "ExtendedTriggerMessage") => trigger(charger, call),
        _ => return None,
    })
}

/// GetTransactionStatus (E14).
fn transaction_status(charger: &Inner, payload: &Value) -> Answer {
    let Some(wanted) = text(payload, "transactionId") else {
        return Answer::result(json!({ "messagesInQueue": charger.outbox.length() > 0 }));
    };
    let running = charger.connector_of(wanted).is_some();
    Answer::result(json!({
        "ongoingIndicator": running,
        "messagesInQueue": charger.outbox.waits_for(wanted),
    }))
}

/// CostUpdated (I02): the running cost comes on the display.
fn cost_updated(charger: &Inner, payload: &Value) -> Answer {
    let connector = text(payload, "transactionId").and_then(|name| charger.connector_of(name));
    let cost = payload.get("totalCost").and_then(Value::as_f64);
    if let (Some(connector), Some(cost)) = (connector, cost) {
        charger.set_display(connector, &format!("cost so far {cost:.2}"));
        charger.core.touch();
    }
    Answer::result(json!({}))
}

/// TriggerMessage and ExtendedTriggerMessage.
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
    let message = text(&call.payload, "requestedMessage").unwrap_or_default();
    let device = charger;
    let charger = Arc::clone(charger);
    match (version, message) {
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
        (_, other) => {
            functions::trigger(device, other).unwrap_or_else(|| Answer::status("NotImplemented"))
        }
    }
}
