//! Whole conversations of a charger with a scripted central system.

mod cards;
mod commands;
mod every_message;
mod faults;
mod functions;
mod offline;
mod profiles;
mod quirks;
mod remote;
mod reservations;

use rpc::Version;
use serde_json::Value;

use super::{Charger, ChargerConfig};
use crate::scripted_csms::ScriptedCsms;

async fn charger_with(
    version: Version,
    change: impl FnOnce(&mut ChargerConfig),
) -> (ScriptedCsms, Charger) {
    let csms = ScriptedCsms::start(version).await;
    let mut config = ChargerConfig::new(csms.endpoint("CP1"));
    change(&mut config);
    let charger = Charger::new(config);
    assert!(charger.switch_on().await.unwrap().is_accepted());
    csms.forget();
    (csms, charger)
}

async fn charger(version: Version) -> (ScriptedCsms, Charger) {
    charger_with(version, |_| {}).await
}

/// The names of the messages, without status notifications.
fn actions(csms: &ScriptedCsms) -> Vec<String> {
    csms.received()
        .into_iter()
        .filter(|call| call.action != "StatusNotification")
        .map(
            |call| match call.payload.get("eventType").and_then(Value::as_str) {
                Some(kind) => format!("{} {kind}", call.action),
                None => call.action,
            },
        )
        .collect()
}

fn start_and_stop(version: Version) -> [&'static str; 2] {
    match version {
        Version::V16 => ["StartTransaction", "StopTransaction"],
        Version::V201 => ["TransactionEvent Started", "TransactionEvent Ended"],
    }
}
