//! Every message of both versions at a lock: sent, answered, or honestly refused.

use rpc::Version;
use serde_json::Value;

use super::lock;
use crate::command_samples;
use crate::functions::Function;
use crate::messages;
use crate::official_schemas::{Side, validate};
use crate::scripted_csms::Script;

/// What concerns charging, which a door has no part in.
fn is_about_charging(version: Version, action: &str) -> bool {
    let function = Function::of(version, action);
    [
        Function::Reservation,
        Function::SmartCharging,
        Function::Cost,
    ]
    .iter()
    .any(|charging| function == Some(*charging))
        || action.contains("Transaction")
}

#[tokio::test]
async fn every_command_is_answered_or_refused_as_not_supported() {
    for version in Version::ALL {
        for (action, payload, _) in command_samples::all(version) {
            let (csms, _lock) = lock(version).await;
            let answer = csms.command(action, payload).await;
            if is_about_charging(version, action) {
                assert_eq!(answer["error"], "NotSupported", "{version} {action}");
            } else {
                assert_eq!(answer["error"], Value::Null, "{version} {action}: {answer}");
                validate(version, action, Side::Answer, &answer);
            }
        }
    }
}

#[tokio::test]
async fn every_message_of_a_station_is_sent_and_is_valid() {
    for version in Version::ALL {
        let (csms, lock) = lock(version).await;
        csms.on("DataTransfer", |_| {
            Script::Result(serde_json::json!({ "status": "UnknownVendorId" }))
        });
        for kind in messages::all(version) {
            if !kind.from_station() {
                continue;
            }
            lock.send(kind.action, None)
                .await
                .unwrap_or_else(|error| panic!("{version} {}: {error}", kind.action));
            let sent = csms.payloads(kind.action).pop().unwrap();
            validate(version, kind.action, Side::Request, &sent);
        }
    }
}
