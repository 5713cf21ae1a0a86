//! Settings, reports, resets and the other commands.

use rpc::Version;
use serde_json::json;

use super::{charger, charger_with};
use crate::station::Setting;
use crate::token::Token;
use crate::wire::StopReason;

#[tokio::test]
async fn authorization_can_be_switched_off_and_on() {
    let (csms, charger) = charger(Version::V201).await;
    let set = |value: &str| {
        json!({ "setVariableData": [{
            "attributeValue": value,
            "component": { "name": "AuthCtrlr" }, "variable": { "name": "Enabled" },
        }] })
    };
    let answer = csms.command("SetVariables", set("false")).await;
    assert_eq!(
        answer["setVariableResult"][0]["attributeStatus"],
        "Accepted"
    );
    charger.plug(1).await.unwrap();
    let started = csms.payloads("TransactionEvent").remove(0);
    assert_eq!(
        started["idToken"],
        json!({ "idToken": "", "type": "NoAuthorization" })
    );
    charger.unplug(1).await.unwrap();
    csms.command("SetVariables", set("true")).await;
    assert_eq!(charger.plug(1).await.unwrap(), None);
}

#[tokio::test]
async fn settings_are_read_and_changed_in_1_6() {
    let (csms, charger) = charger(Version::V16).await;
    let keys = json!({ "key": ["AuthorizeRemoteTxRequests", "AuthorizationKey", "Colour"] });
    let answer = csms.command("GetConfiguration", keys).await;
    assert_eq!(
        answer["configurationKey"],
        json!([
            { "key": "AuthorizeRemoteTxRequests", "readonly": false, "value": "false" },
            { "key": "AuthorizationKey", "readonly": false },
        ])
    );
    assert_eq!(answer["unknownKey"], json!(["Colour"]));
    let change = |key: &str, value: &str| json!({ "key": key, "value": value });
    for (key, value, status) in [
        ("AuthorizeRemoteTxRequests", "true", "Accepted"),
        ("AuthorizeRemoteTxRequests", "maybe", "Rejected"),
        ("NumberOfConnectors", "7", "Rejected"),
        ("Colour", "red", "NotSupported"),
        ("WebSocketPingInterval", "30", "RebootRequired"),
    ] {
        let answer = csms
            .command("ChangeConfiguration", change(key, value))
            .await;
        assert_eq!(answer["status"], status, "{key} {value}");
    }
    let name = Setting::AuthorizeRemote.name(Version::V16).unwrap();
    assert_eq!(charger.setting(&name).as_deref(), Some("true"));
}

#[tokio::test]
async fn a_base_report_tells_every_variable_once() {
    let (csms, _charger) = charger_with(Version::V201, |config| config.connectors = 12).await;
    let request = json!({ "requestId": 3, "reportBase": "FullInventory" });
    assert_eq!(
        csms.command("GetBaseReport", request).await["status"],
        "Accepted"
    );
    let parts = csms.wait_for("NotifyReport", 3).await;
    let tbc: Vec<_> = parts
        .iter()
        .map(|part| part["tbc"].as_bool().unwrap())
        .collect();
    assert_eq!(tbc, [true, true, false]);
    assert!(parts.iter().all(|part| part["requestId"] == 3));
}

#[tokio::test]
async fn a_reset_on_idle_waits_for_the_transaction() {
    let (csms, charger) = charger(Version::V201).await;
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    let answer = csms.command("Reset", json!({ "type": "OnIdle" })).await;
    assert_eq!(answer["status"], "Scheduled");
    assert_eq!(csms.payloads("BootNotification").len(), 0);
    charger
        .stop_transaction(1, StopReason::Local, None)
        .await
        .unwrap();
    let boot = csms.wait_for("BootNotification", 1).await.remove(0);
    assert_eq!(boot["reason"], "RemoteReset");
}

#[tokio::test]
async fn commands_get_the_answers_of_their_version() {
    for (version, action, payload, status) in [
        (
            Version::V16,
            "UnlockConnector",
            json!({ "connectorId": 1 }),
            "Unlocked",
        ),
        (
            Version::V16,
            "UnlockConnector",
            json!({ "connectorId": 9 }),
            "NotSupported",
        ),
        (
            Version::V201,
            "UnlockConnector",
            json!({ "evseId": 9, "connectorId": 1 }),
            "UnknownConnector",
        ),
        (
            Version::V16,
            "TriggerMessage",
            json!({ "requestedMessage": "Heartbeat" }),
            "Accepted",
        ),
        (
            Version::V201,
            "TriggerMessage",
            json!({ "requestedMessage": "TransactionEvent" }),
            "Rejected",
        ),
        (
            Version::V201,
            "TriggerMessage",
            json!({ "requestedMessage": "SignV2GCertificate" }),
            "NotImplemented",
        ),
        (
            Version::V16,
            "DataTransfer",
            json!({ "vendorId": "org.example" }),
            "UnknownVendorId",
        ),
        (
            Version::V16,
            "ChangeAvailability",
            json!({ "connectorId": 0, "type": "Inoperative" }),
            "Accepted",
        ),
        (
            Version::V16,
            "ChangeAvailability",
            json!({ "connectorId": 4, "type": "Operative" }),
            "Rejected",
        ),
    ] {
        let (csms, _charger) = charger(version).await;
        let answer = csms.command(action, payload.clone()).await;
        assert_eq!(answer["status"], status, "{version} {action} {payload}");
    }
    let (csms, _charger) = charger(Version::V16).await;
    assert_eq!(
        csms.command("BreakDown", json!({})).await["error"],
        "NotImplemented"
    );
    let malformed = csms.command("Reset", json!({ "type": "Lukewarm" })).await;
    assert_eq!(malformed["error"], "FormationViolation");
    assert_eq!(
        csms.command("GetLocalListVersion", json!({})).await["listVersion"],
        0
    );
}

#[tokio::test]
async fn a_new_password_counts_from_the_next_connection() {
    for (version, action, payload, expected) in [
        (
            Version::V16,
            "ChangeConfiguration",
            json!({ "key": "AuthorizationKey", "value": "0001FF" }),
            vec![0x00, 0x01, 0xFF],
        ),
        (
            Version::V201,
            "SetVariables",
            json!({ "setVariableData": [{
                "attributeValue": "0001FF",
                "component": { "name": "SecurityCtrlr" },
                "variable": { "name": "BasicAuthPassword" },
            }] }),
            b"0001FF".to_vec(),
        ),
    ] {
        let (csms, charger) = charger(version).await;
        csms.command(action, payload).await;
        assert_eq!(charger.inner.core.endpoint.lock().password, Some(expected));
    }
}
