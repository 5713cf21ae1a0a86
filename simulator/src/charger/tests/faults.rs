//! Answers that go wrong, and frames that are none.

use std::time::Duration;

use rpc::Version;
use serde_json::{Value, json};

use super::{charger, charger_with};
use crate::scripted_csms::LIMIT;
use crate::station::Fault;
use crate::token::Token;
use crate::wire::StopReason;

#[tokio::test]
async fn an_answer_can_be_an_error_or_late() {
    let (csms, charger) = charger(Version::V16).await;
    charger.misbehave(Some("ClearCache"), Fault::Error);
    charger.misbehave(None, Fault::LateAnswer(Duration::from_millis(50)));
    let error = csms.command("ClearCache", json!({})).await;
    assert_eq!(error["error"], "InternalError");
    let late = csms.command("ClearCache", json!({})).await;
    assert_eq!(late["status"], "Accepted");
    assert_eq!(
        csms.command("ClearCache", json!({})).await["status"],
        "Accepted"
    );
}

#[tokio::test]
async fn a_fault_waits_for_its_action_and_spoils_one_answer_only() {
    let (csms, charger) = charger(Version::V201).await;
    csms.tolerate();
    charger.misbehave(Some("ClearCache"), Fault::Garbled);
    let version = csms.command("GetLocalListVersion", json!({})).await;
    assert_eq!(version["versionNumber"], 0);
    let lost = tokio::time::timeout(
        Duration::from_millis(300),
        csms.command("ClearCache", json!({})),
    );
    assert!(lost.await.is_err(), "a garbled answer answers nothing");
    assert_eq!(csms.strays(), ["[3,\""]);
    let again = csms.command("ClearCache", json!({})).await;
    assert_eq!(again["status"], "Accepted");
}

#[tokio::test]
async fn an_answer_can_drop_the_connection() {
    let (csms, charger) = charger(Version::V16).await;
    charger.misbehave(None, Fault::Drop);
    let command = csms.clone();
    let lost = tokio::spawn(async move { command.command("ClearCache", json!({})).await });
    charger
        .wait_until(LIMIT, |charger| charger.connection().is_none())
        .await
        .unwrap();
    lost.abort();
}

#[tokio::test]
async fn queued_messages_can_change_places() {
    let (csms, charger) = charger(Version::V16).await;
    let card = Token::card("04A1");
    charger.start_transaction(1, &card).await.unwrap();
    charger.disconnect().await;
    assert!(!charger.reorder());
    charger.meter_values(1).await.unwrap();
    charger
        .stop_transaction(1, StopReason::Local, None)
        .await
        .unwrap();
    assert!(charger.reorder());
    csms.forget();
    charger.connect().await.unwrap();
    csms.wait_for("MeterValues", 1).await;
    let order: Vec<String> = csms
        .received()
        .into_iter()
        .map(|call| call.action)
        .filter(|action| action != "StatusNotification")
        .collect();
    assert_eq!(order, ["StopTransaction", "MeterValues"]);
}

#[tokio::test]
async fn calls_of_the_central_system_can_be_waited_for() {
    let (csms, charger) = charger_with(Version::V16, |_| {}).await;
    csms.command("UnlockConnector", json!({ "connectorId": 1 }))
        .await;
    csms.command("Reset", json!({ "type": "Soft" })).await;
    let wanted = json!({ "type": "Soft" });
    let call = charger.await_call("Reset", &wanted, LIMIT).await.unwrap();
    assert_eq!(call.answer, "Accepted");
    // What came before is taken, too.
    let soon = Duration::from_millis(20);
    let none = charger.await_call("UnlockConnector", &Value::Null, soon);
    assert!(none.await.is_err());
}
