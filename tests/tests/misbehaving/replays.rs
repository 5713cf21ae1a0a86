//! Messages that come twice, and in the wrong order.

use keywatt_tests::{Version, unique};
use serde_json::{Value, json};

use crate::Scene;

impl Scene {
    async fn transactions(&self) -> Vec<Value> {
        let path = format!("/v1/transactions?station={}", self.bad.station_id);
        self.owner.list(&path).await
    }

    fn start_16(&self, time: &str) -> Value {
        json!({
            "connectorId": 1, "idTag": self.card.presented.value, "meterStart": 100,
            "timestamp": time,
        })
    }

    fn event(&self, kind: &str, seq_no: i64, name: &str, time: &str) -> Value {
        let trigger = match kind {
            "Started" => "Authorized",
            "Ended" => "EVDeparted",
            _ => "MeterValuePeriodic",
        };
        let mut event = json!({
            "eventType": kind, "triggerReason": trigger, "seqNo": seq_no, "timestamp": time,
            "offline": true, "transactionInfo": { "transactionId": name },
            "evse": { "id": 1, "connectorId": 1 },
        });
        if kind == "Started" {
            event["idToken"] = json!({ "idToken": self.card.presented.value, "type": "ISO14443" });
        }
        event
    }
}

#[tokio::test]
async fn the_same_start_again_is_the_same_transaction_under_whatever_id() {
    let scene = Scene::set(&[]).await;
    let mut bad = scene.bad(Version::V16).await;
    let start = scene.start_16("2026-01-01T10:00:00Z");
    let first = bad.call_as("1", "StartTransaction", start.clone()).await;
    for id in ["1", "2", "1"] {
        let again = bad.call_as(id, "StartTransaction", start.clone()).await;
        assert_eq!(again, first);
    }
    // The id is another message's now (Q15): it is no repetition of the first.
    let beat = bad.call_as("1", "Heartbeat", json!({})).await;
    assert!(beat["currentTime"].is_string(), "{beat}");
    assert_eq!(scene.transactions().await.len(), 1);
    let stop = json!({
        "transactionId": first["transactionId"], "meterStop": 300,
        "timestamp": "2026-01-01T11:00:00Z",
    });
    for _ in 0..3 {
        bad.call("StopTransaction", stop.clone()).await;
    }
    let all = scene.transactions().await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["energy_wh"], 200, "{all:?}");
    scene.others_are_served().await;
}

#[tokio::test]
async fn events_of_2_0_1_that_come_in_any_order_and_twice_make_one_transaction() {
    let scene = Scene::set(&[]).await;
    let mut bad = scene.bad(Version::V201).await;
    let name = unique::message_id();
    let ended = scene.event("Ended", 3, &name, "2026-01-01T11:00:00Z");
    let updated = scene.event("Updated", 1, &name, "2026-01-01T10:20:00Z");
    let started = scene.event("Started", 0, &name, "2026-01-01T10:00:00Z");
    let later = scene.event("Updated", 2, &name, "2026-01-01T10:40:00Z");
    for event in [&ended, &later, &started, &updated, &ended, &started, &later] {
        bad.call("TransactionEvent", event.clone()).await;
    }
    let all = scene.transactions().await;
    assert_eq!(all.len(), 1, "{all:?}");
    let one = &all[0];
    let instant = |field: &str| one[field].as_str().unwrap().get(..19).unwrap().to_owned();
    assert_eq!(instant("started_at"), "2026-01-01T10:00:00", "{one}");
    assert_eq!(instant("ended_at"), "2026-01-01T11:00:00", "{one}");
    scene.others_are_served().await;
}

#[tokio::test]
async fn a_stop_that_comes_before_its_start_loses_neither() {
    let scene = Scene::set(&[]).await;
    let mut bad = scene.bad(Version::V16).await;
    let stop = json!({
        "transactionId": 987_654, "meterStop": 300, "timestamp": "2026-01-01T11:00:00Z",
        "idTag": scene.card.presented.value,
    });
    bad.call("StopTransaction", stop.clone()).await;
    let started = bad
        .call("StartTransaction", scene.start_16("2026-01-01T10:00:00Z"))
        .await;
    assert!(started["transactionId"].as_i64().unwrap() > 0, "{started}");
    assert_ne!(started["transactionId"], 987_654);
    bad.call("StopTransaction", stop).await;
    assert!(!scene.transactions().await.is_empty());
    bad.works().await;
    scene.others_are_served().await;
}
