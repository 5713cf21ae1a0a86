//! Q22, Q23: times as real clocks write them.

use keywatt_tests::Version::{V16, V201};
use keywatt_tests::wire::{moment, now};
use serde_json::json;

use crate::bench::{BOTH, Bench, Form, check};

const PROPERTY: Option<&str> = Some("PropertyConstraintViolation");

/// Times with the deviation that each is.
fn odd_times() -> Vec<(String, &'static str)> {
    let local = now();
    let local = local.trim_end_matches('Z');
    vec![
        (local.to_owned(), "time_without_zone"),
        (format!("{local}+00"), "time_form"),
        (format!("{local}+0000"), "time_form"),
        (format!("{}Z", local.replace('T', " ")), "time_form"),
        (String::new(), "time_unreadable"),
        ("soon".to_owned(), "time_unreadable"),
        ("1970-01-01T00:00:07Z".to_owned(), "clock_not_set"),
        (moment(3 * 24 * 3600), "clock_ahead"),
    ]
}

#[tokio::test]
async fn q22_odd_times_are_read_as_far_as_they_can_be() {
    let bench = Bench::new().await;
    for (time, quirk) in odd_times() {
        let payload = json!({ "connectorId": 1, "errorCode": "NoError", "status": "Available",
            "timestamp": time })
        .to_string();
        let form = Form {
            quirk,
            version: V16,
            action: "StatusNotification",
            payload: &payload,
            code: PROPERTY,
            field: Some("timestamp"),
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q22_a_clock_ahead_or_never_set_is_noted_on_2_0_1_too() {
    let bench = Bench::new().await;
    for (time, quirk) in [
        ("1970-01-01T00:00:07Z".to_owned(), "clock_not_set"),
        (moment(3 * 24 * 3600), "clock_ahead"),
    ] {
        let payload = json!({ "evseId": 1, "connectorId": 1, "connectorStatus": "Available",
            "timestamp": time })
        .to_string();
        let form = Form {
            quirk,
            version: V201,
            action: "StatusNotification",
            payload: &payload,
            code: PROPERTY,
            field: Some("timestamp"),
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q22_a_transaction_is_never_refused_for_its_time_and_gets_one_that_can_be_believed() {
    let bench = Bench::new().await;
    let begin = keywatt_tests::facts::clock();
    for (time, quirk) in odd_times() {
        let charger = bench.charger_treated(quirk, "refuse").await;
        let mut socket = bench.socket(&charger, V16).await;
        let payload = json!({ "connectorId": 1, "idTag": "NOBODY", "meterStart": 0,
            "timestamp": time })
        .to_string();
        let answer = socket.call("StartTransaction", &payload).await;
        assert_eq!(answer[0], 3, "{time}: {answer}");
        assert!(answer[2]["transactionId"].as_i64().unwrap() > 0, "{answer}");
        let seen = bench.seen(&charger, quirk, 1).await;
        assert_eq!(seen["refused"], 0, "{seen}");
        let told = bench.told(&charger, &mut socket, V16, quirk).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (&told[0]["treatment"], &told[0]["handling"]),
            (&json!("refuse"), &json!("repaired"))
        );
        let path = format!("/v1/transactions?charger={}", charger.id);
        let all = bench.owner.list(&path).await;
        let started = all[0]["started_at"].as_str().unwrap();
        let started: jiff::Timestamp = started.parse().unwrap();
        let apart = started.duration_since(begin).as_secs().abs();
        assert!(apart < 600, "{time}: {started}");
    }
}

#[tokio::test]
async fn q23_times_go_out_in_whole_seconds_of_utc_with_z() {
    let bench = Bench::new().await;
    for version in BOTH {
        let charger = bench.charger().await;
        let (_, card) = bench.owner.user(charger.node()).await;
        let mut socket = bench.socket(&charger, version).await;
        let answer = socket.call("Heartbeat", "{}").await;
        is_plain(answer[2]["currentTime"].as_str().unwrap());
        let (payload, info, until) = match version {
            V16 => (
                json!({ "idTag": card.presented.value }),
                "idTagInfo",
                "expiryDate",
            ),
            V201 => (
                json!({ "idToken": { "idToken": card.presented.value, "type": "ISO14443" } }),
                "idTokenInfo",
                "cacheExpiryDateTime",
            ),
        };
        let answer = socket.call("Authorize", &payload.to_string()).await;
        is_plain(answer[2][info][until].as_str().unwrap());
    }
}

/// `2026-01-02T03:04:05Z`.
fn is_plain(time: &str) {
    let shape: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z", "{time}");
}
