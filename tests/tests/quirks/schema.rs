//! Q18, Q20, Q21: values and lengths that the schema does not have.

use keywatt_tests::Version::{V16, V201};
use serde_json::{Value, json};

use crate::bench::{Bench, Form, check};

const TYPE: Option<&str> = Some("TypeConstraintViolation");
const PROPERTY: Option<&str> = Some("PropertyConstraintViolation");
const FORMATION: Option<&str> = Some("FormationViolation");
const FORMAT: Option<&str> = Some("FormatViolation");

#[tokio::test]
async fn q18_unknown_values_are_kept_and_other_spellings_understood() {
    let bench = Bench::new().await;
    let status = r#"{"connectorId":1,"errorCode":"Error","status":"Available"}"#;
    let sample = r#"{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",
        "sampledValue":[{"value":"50","measurand":"Frequency","unit":"Hz"}]}]}"#;
    let measurand = r#"{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",
        "sampledValue":[{"value":"1","measurand":"Request.Energy"}]}]}"#;
    for (quirk, action, payload, code, field) in [
        (
            "unknown_value",
            "StatusNotification",
            status,
            PROPERTY,
            "errorCode",
        ),
        (
            "other_spelling",
            "MeterValues",
            sample,
            None,
            "meterValue[].sampledValue[].unit",
        ),
        (
            "unknown_value",
            "MeterValues",
            measurand,
            None,
            "meterValue[].sampledValue[].measurand",
        ),
    ] {
        let form = Form {
            quirk,
            version: V16,
            action,
            payload,
            code,
            field: Some(field),
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q18_both_spellings_of_celsius_are_right() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let mut socket = bench.socket(&charger, V16).await;
    for unit in ["Celsius", "Celcius"] {
        let payload = json!({ "connectorId": 1, "meterValue": [{
            "timestamp": "2026-01-01T00:00:00Z",
            "sampledValue": [{ "value": "21", "measurand": "Temperature", "unit": unit }] }] });
        let answer = socket.call("MeterValues", &payload.to_string()).await;
        assert_eq!(answer[0], 3, "{answer}");
    }
    socket.call("Heartbeat", r#"{"x":1}"#).await;
    bench.seen(&charger, "extra_field", 1).await;
    assert!(bench.quirk(&charger, "unknown_value").await.is_none());
    assert!(bench.quirk(&charger, "other_spelling").await.is_none());
}

#[tokio::test]
async fn q18_numbers_as_text_and_text_as_numbers_are_read() {
    let bench = Bench::new().await;
    for (quirk, payload, field) in [
        (
            "number_as_text",
            r#"{"connectorId":"1","errorCode":"NoError","status":"Available"}"#,
            "connectorId",
        ),
        (
            "fractional_integer",
            r#"{"connectorId":1.0,"errorCode":"NoError","status":"Available"}"#,
            "connectorId",
        ),
        (
            "text_as_number",
            r#"{"connectorId":1,"errorCode":"NoError","status":"Available","info":12}"#,
            "info",
        ),
        (
            "null_field",
            r#"{"connectorId":1,"errorCode":"NoError","status":"Available","info":null}"#,
            "info",
        ),
    ] {
        let (action, field) = ("StatusNotification", Some(field));
        let form = Form {
            quirk,
            version: V16,
            action,
            payload,
            code: TYPE,
            field,
        };
        check(&bench, &form).await;
    }
    let sampled = r#"{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",
        "sampledValue":[{"value":1500.5}]}]}"#;
    let form = Form {
        quirk: "text_as_number",
        version: V16,
        action: "MeterValues",
        payload: sampled,
        code: None,
        field: Some("meterValue[].sampledValue[].value"),
    };
    check(&bench, &form).await;
}

#[tokio::test]
async fn q18_objects_in_data_and_fields_nobody_knows_are_taken() {
    let bench = Bench::new().await;
    let data = r#"{"vendorId":"Growatt","data":{"power":[1,2.50]}}"#;
    for (quirk, version, action, payload, code, field) in [
        (
            "value_instead_of_text",
            V16,
            "DataTransfer",
            data,
            TYPE,
            "data",
        ),
        (
            "extra_field",
            V16,
            "Heartbeat",
            r#"{"mood":1}"#,
            FORMATION,
            "mood",
        ),
        (
            "extra_field",
            V201,
            "Heartbeat",
            r#"{"mood":1}"#,
            FORMAT,
            "mood",
        ),
    ] {
        let form = Form {
            quirk,
            version,
            action,
            payload,
            code,
            field: Some(field),
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q18_meter_values_of_older_and_emptier_kinds_lose_nothing_else() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let mut socket = bench.socket(&charger, V16).await;
    let payload = r#"{"connectorId":1,"meterValue":[
        {"timestamp":"2026-01-01T00:00:00Z","sampledValue":[]},
        {"timestamp":"2026-01-01T00:01:00Z","sampledValue":[{"values":"7"},{"value":""}]}]}"#;
    let answer = socket.call("MeterValues", payload).await;
    assert_eq!(answer[0], 3, "{answer}");
    let seen = bench.seen(&charger, "other_name", 1).await;
    assert_eq!(seen["field"], "meterValue[].sampledValue[].value", "{seen}");
    socket.works().await;
}

#[tokio::test]
async fn q20_evse_and_connector_may_be_those_of_the_station() {
    let bench = Bench::new().await;
    let status = |evse: u32, connector: u32| {
        json!({ "evseId": evse, "connectorId": connector, "connectorStatus": "Available",
            "timestamp": keywatt_tests::wire::now() })
        .to_string()
    };
    for (evse, connector) in [(0, 1), (1, 0)] {
        let payload = status(evse, connector);
        let form = Form {
            quirk: "station_level_connector",
            version: V201,
            action: "StatusNotification",
            payload: &payload,
            code: PROPERTY,
            field: Some("connectorId"),
        };
        check(&bench, &form).await;
    }
    let charger = bench.charger().await;
    let mut socket = bench.socket(&charger, V201).await;
    let answer = socket.call("StatusNotification", &status(0, 0)).await;
    assert_eq!(answer[0], 3, "{answer}");
    // An inventory without any EVSE.
    let report = json!({ "requestId": 1, "generatedAt": keywatt_tests::wire::now(), "seqNo": 0 });
    let answer = socket.call("NotifyReport", &report.to_string()).await;
    assert_eq!(answer[0], 3, "{answer}");
    let body = bench
        .owner
        .get(&format!("/v1/chargers/{}", charger.id))
        .await
        .ok();
    assert_eq!(body["evses"].as_array().map(Vec::len), Some(2), "{body}");
}

#[tokio::test]
async fn q21_longer_text_is_taken_and_only_short_text_sent() {
    let bench = Bench::new().await;
    let info = json!({ "connectorId": 1, "errorCode": "NoError", "status": "Available",
        "info": "x".repeat(51) })
    .to_string();
    let form = Form {
        quirk: "too_long",
        version: V16,
        action: "StatusNotification",
        payload: &info,
        code: PROPERTY,
        field: Some("info"),
    };
    check(&bench, &form).await;

    // A tag above 20 characters is looked up whole, and what goes back is short.
    let charger = bench.charger().await;
    let person = bench.owner.person().await;
    let long = format!("LONG-{}", "0123456789".repeat(3));
    let card = json!({ "kind": "rfid", "value": long });
    let card = bench.owner.card_with(&person, card).await;
    bench.owner.grant(&person, "user", charger.node()).await;
    let mut socket = bench.socket(&charger, V16).await;
    let asked = json!({ "idTag": card.presented.value }).to_string();
    let answer = socket.call("Authorize", &asked).await;
    assert_eq!(answer[2]["idTagInfo"]["status"], "Accepted", "{answer}");
    let parent = answer[2]["idTagInfo"]["parentIdTag"].as_str();
    assert!(parent.is_none_or(|parent| parent.len() <= 16), "{answer}");
    bench.seen(&charger, "too_long", 1).await;
}

#[tokio::test]
async fn examples_hide_cards_and_secrets() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let mut socket = bench.socket(&charger, V16).await;
    let payload = r#"{"idTag":"04A1B2C3D4E5F6","rfid":"04A1B2C3D4E5F6","mood":"good"}"#;
    let answer = socket.call("Authorize", payload).await;
    assert_eq!(answer[0], 3, "{answer}");
    let seen = bench.seen(&charger, "extra_field", 1).await;
    let shown = seen["example"]["payload"].as_str().unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    assert_eq!(
        shown,
        json!({ "idTag": "04…F6", "rfid": "…", "mood": "good" })
    );
}
