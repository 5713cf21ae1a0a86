use model::neutral::{MeterReport, StationRequest, Status, TransactionEvent};
use model::{TokenKind, TransactionRef};
use serde_json::json;

use crate::conversation::{V16, V201, quirky};

fn transaction(
    adapter: ocpp::Adapter,
    action: &str,
    payload: &str,
) -> (TransactionEvent, Vec<String>) {
    match quirky(adapter, action, payload) {
        (StationRequest::Transaction(event), quirks) => (*event, quirks),
        (other, _) => panic!("not a transaction: {other:?}"),
    }
}

fn status(payload: &str) -> (Status, Vec<String>) {
    match quirky(V16, "StatusNotification", payload) {
        (StationRequest::Status(status), quirks) => (status, quirks),
        (other, _) => panic!("not a status: {other:?}"),
    }
}

fn meter(payload: &str) -> (MeterReport, Vec<String>) {
    match quirky(V16, "MeterValues", payload) {
        (StationRequest::Meter(report), quirks) => (report, quirks),
        (other, _) => panic!("not meter values: {other:?}"),
    }
}

#[test]
fn numbers_as_text_and_with_a_fraction_are_read() {
    let (event, quirks) = transaction(
        V16,
        "StartTransaction",
        r#"{"connectorId":"1","idTag":"A","meterStart":12.7,"reservationId":1.0,
            "timestamp":"2024-06-01T12:00:00Z"}"#,
    );
    assert_eq!(
        (event.evse, event.meter_wh, event.reservation_id),
        (Some(1), Some(13), Some(1))
    );
    assert_eq!(
        quirks,
        [
            "number_as_text connectorId",
            "fractional_integer meterStart",
            "fractional_integer reservationId"
        ]
    );
    let (event, quirks) = transaction(
        V16,
        "StopTransaction",
        r#"{"transactionId":"7","meterStop":"1500.4","timestamp":"2024-06-01T12:00:00Z"}"#,
    );
    assert_eq!(
        (event.reference, event.meter_wh),
        (TransactionRef::Number(7), Some(1500))
    );
    assert_eq!(
        quirks,
        [
            "number_as_text transactionId",
            "number_as_text meterStop",
            "fractional_integer meterStop"
        ]
    );
}

#[test]
fn a_meter_beyond_32_bits_is_nothing_odd() {
    let (event, quirks) = transaction(
        V16,
        "StopTransaction",
        r#"{"transactionId":7,"meterStop":4294967296,"timestamp":"2024-06-01T12:00:00Z"}"#,
    );
    assert_eq!(event.meter_wh, Some(4_294_967_296));
    assert!(quirks.is_empty());
}

#[test]
fn a_negative_connector_is_nowhere_or_the_station() {
    let (event, quirks) = transaction(
        V16,
        "StartTransaction",
        r#"{"connectorId":-1,"idTag":"A","meterStart":1,"timestamp":"2024-06-01T12:00:00Z"}"#,
    );
    assert_eq!((event.evse, event.connector), (None, None));
    assert_eq!(quirks, ["out_of_range connectorId"]);
    let (status, _) = status(r#"{"connectorId":-1,"errorCode":"NoError","status":"Available"}"#);
    assert_eq!((status.evse, status.connector), (0, 0));
}

#[test]
fn times_are_kept_as_sent_and_read_where_possible() {
    let check = |text: &str, quirk: Option<&str>, readable: bool| {
        let payload = json!({"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": text});
        let (event, quirks) = transaction(V16, "StartTransaction", &payload.to_string());
        assert_eq!(event.at.text, text);
        assert_eq!(event.at.time.is_some(), readable, "{text}");
        let expected: Vec<String> = quirk
            .map(|name| format!("{name} timestamp"))
            .into_iter()
            .collect();
        assert_eq!(quirks, expected, "{text}");
    };
    check("2024-06-01T12:00:00", Some("time_without_zone"), true);
    check("2024-06-01T14:00:00+02", Some("time_form"), true);
    check("1970-01-01T00:00:00Z", None, true);
    check("", Some("time_unreadable"), false);
    check("soon", Some("time_unreadable"), false);
    let (event, quirks) = transaction(
        V16,
        "StartTransaction",
        r#"{"connectorId":1,"idTag":"A","meterStart":1,"timestamp":1717243200}"#,
    );
    assert_eq!(
        (event.at.text.as_str(), event.at.time),
        ("1717243200", None)
    );
    assert_eq!(
        quirks,
        ["text_as_number timestamp", "time_unreadable timestamp"]
    );
}

#[test]
fn unknown_values_are_kept_as_text() {
    let (status, quirks) =
        status(r#"{"connectorId":1,"errorCode":"Error","status":"Sleeping","timestamp":""}"#);
    assert_eq!(
        (status.status.as_str(), status.error_code.as_deref()),
        ("Sleeping", Some("Error"))
    );
    assert_eq!(
        quirks,
        [
            "unknown_value errorCode",
            "unknown_value status",
            "time_unreadable timestamp"
        ]
    );
    let (event, quirks) = transaction(
        V16,
        "StopTransaction",
        r#"{"transactionId":7,"meterStop":1,"timestamp":"2024-06-01T12:00:00Z","reason":"Bored"}"#,
    );
    assert_eq!(event.stop_reason.as_deref(), Some("Bored"));
    assert_eq!(quirks, ["unknown_value reason"]);
}

#[test]
fn long_text_is_kept() {
    let tag = "A".repeat(37);
    let payload = json!({"idTag": tag}).to_string();
    let (request, quirks) = quirky(V16, "Authorize", &payload);
    let StationRequest::Authorize(authorize) = request else {
        panic!("not an authorize")
    };
    assert_eq!(authorize.token.value, tag);
    assert_eq!(quirks, ["too_long idTag"]);
    // Characters count, not bytes.
    let payload = json!({"idTag": "é".repeat(20)}).to_string();
    assert!(quirky(V16, "Authorize", &payload).1.is_empty());
}

#[test]
fn null_counts_as_left_out() {
    let (status, quirks) = status(
        r#"{"connectorId":1,"errorCode":"NoError","status":"Available","info":null,"timestamp":null}"#,
    );
    assert_eq!((status.info, status.at), (None, None));
    assert_eq!(quirks, ["null_field info", "null_field timestamp"]);
    assert_eq!(
        quirky(V16, "Heartbeat", "null"),
        (StationRequest::Heartbeat, vec!["null_payload ".to_owned()])
    );
}

#[test]
fn fields_nobody_knows_are_noted_and_ignored() {
    let (_, quirks) = quirky(
        V16,
        "Heartbeat",
        r#"{"mood":"good","customData":{"vendorId":"x"}}"#,
    );
    assert_eq!(quirks, ["extra_field customData", "extra_field mood"]);
    let (_, quirks) = quirky(
        V201,
        "Heartbeat",
        r#"{"mood":"good","customData":{"vendorId":"x"}}"#,
    );
    assert_eq!(quirks, ["extra_field mood"]);
}

#[test]
fn of_thousands_of_odd_fields_a_few_are_told() {
    let fields: serde_json::Map<String, serde_json::Value> = (0..20_000)
        .map(|n| (format!("f{}_{}", n % 1_000, n / 1_000), json!(n)))
        .collect();
    let (_, quirks) = quirky(
        V16,
        "Heartbeat",
        &serde_json::Value::from(fields).to_string(),
    );
    assert_eq!(quirks.len(), 8);
    assert!(quirks.iter().all(|quirk| quirk.starts_with("extra_field ")));
}

#[test]
fn sampled_values_are_read_in_every_form_seen() {
    let (report, quirks) = meter(
        r#"{"connectorId":1,"meterValue":[{"timestamp":"2024-06-01T12:00:00","sampledValue":[
            {"value":1500.5},
            {"values":"50.0","measurand":"Frequency","unit":"Hz"},
            {"value":"49.9","measurand":"Frequency","unit":"Hertz"},
            {"value":"21","measurand":"Temperature","unit":"Celsius"},
            {"value":"1","measurand":"Request.Energy"},
            {"value":"","context":null},
            {"measurand":"Voltage"},
            7
        ]}]}"#,
    );
    let read: Vec<(&str, Option<&str>, Option<i64>)> = report
        .samples
        .iter()
        .map(|sample| {
            (
                sample.value.as_str(),
                sample.unit.as_deref(),
                sample.energy_wh,
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("1500.5", Some("Wh"), Some(1501)),
            ("50.0", Some("Hertz"), None),
            ("49.9", Some("Hertz"), None),
            ("21", Some("Celsius"), None),
            ("1", None, None),
            ("", Some("Wh"), None),
        ]
    );
    assert_eq!(report.samples[0].at.text, "2024-06-01T12:00:00");
    assert_eq!(
        quirks,
        [
            "time_without_zone meterValue[].timestamp",
            "text_as_number meterValue[].sampledValue[].value",
            "other_name meterValue[].sampledValue[].value",
            "other_spelling meterValue[].sampledValue[].unit",
            "unknown_value meterValue[].sampledValue[].measurand",
            "null_field meterValue[].sampledValue[].context",
            "unreadable_field meterValue[].sampledValue[]",
        ]
    );
}

#[test]
fn empty_and_missing_lists_lose_nothing_else() {
    let (report, quirks) = meter(r#"{"connectorId":1,"transactionId":3}"#);
    assert_eq!(report.transaction, Some(TransactionRef::Number(3)));
    assert_eq!(quirks, ["missing_field meterValue"]);
    let (_, quirks) = meter(
        r#"{"connectorId":1,"meterValue":[{"timestamp":"2024-06-01T12:00:00Z","sampledValue":[]}]}"#,
    );
    assert!(quirks.is_empty());
    let (report, quirks) = meter(
        r#"{"connectorId":1,"meterValue":{"timestamp":"2024-06-01T12:00:00Z",
            "sampledValue":[{"value":"1"}]}}"#,
    );
    assert_eq!(report.samples.len(), 1);
    assert_eq!(quirks, ["single_instead_of_list meterValue"]);
    let (event, quirks) = transaction(
        V201,
        "TransactionEvent",
        r#"{"eventType":"Updated","timestamp":"2024-06-01T12:00:00Z","seqNo":1,
            "triggerReason":"Trigger","transactionInfo":{"transactionId":"t"},"meterValue":[]}"#,
    );
    assert!(event.samples.is_empty());
    assert_eq!(quirks, ["empty_list meterValue"]);
}

#[test]
fn a_transaction_message_is_read_as_far_as_it_can_be() {
    let (event, quirks) = transaction(
        V16,
        "StartTransaction",
        r#"{"connectorId":1,"idTag":12345678,"meterStart":{},"reservationId":"x","timestamp":[]}"#,
    );
    let token = event.token.unwrap();
    assert_eq!(
        (token.kind, token.value.as_str()),
        (TokenKind::IdTag, "12345678")
    );
    assert_eq!((event.meter_wh, event.reservation_id), (None, None));
    assert_eq!((event.at.text.as_str(), event.at.time), ("", None));
    assert_eq!(
        quirks,
        [
            "text_as_number idTag",
            "unreadable_field meterStart",
            "unreadable_field reservationId",
            "unreadable_field timestamp",
        ]
    );
    let (event, quirks) = transaction(
        V16,
        "StopTransaction",
        r#"{"transactionId":null,"meterStop":1e30,"timestamp":"2024-06-01T12:00:00Z",
            "transactionData":[{"timestamp":"2024-06-01T12:00:00Z",
                "sampledValue":[{"value":"42"}]}]}"#,
    );
    assert_eq!(event.reference, TransactionRef::Number(0));
    // Without a readable register the samples serve.
    assert_eq!(event.meter_wh, Some(42));
    assert_eq!(
        quirks,
        [
            "null_field transactionId",
            "missing_field transactionId",
            "unreadable_field meterStop"
        ]
    );
    let (event, quirks) = transaction(
        V201,
        "TransactionEvent",
        r#"{"eventType":"Started","transactionInfo":{"transactionId":7,"chargingState":"Dozing"},
            "offline":"true","evse":{"id":"1","connectorId":-1},
            "idToken":{"idToken":"A","type":"iso"},
            "meterValue":[{"sampledValue":[{"value":"1,5","unitOfMeasure":{"unit":"kWh"}}]}]}"#,
    );
    assert_eq!(event.reference, TransactionRef::Text("7".into()));
    assert_eq!((event.seq_no, event.trigger.as_deref()), (None, None));
    assert_eq!(event.charging_state.as_deref(), Some("Dozing"));
    assert_eq!((event.evse, event.connector), (Some(1), None));
    assert_eq!(event.meter_wh, Some(1500));
    // A type that means nothing permits nothing.
    assert_eq!(
        event.token.map(|token| token.kind),
        Some(TokenKind::MacAddress)
    );
    assert_eq!(
        quirks,
        [
            "missing_field timestamp",
            "missing_field triggerReason",
            "missing_field seqNo",
            "boolean_as_other offline",
            "text_as_number transactionInfo.transactionId",
            "unknown_value transactionInfo.chargingState",
            "number_as_text evse.id",
            "out_of_range evse.connectorId",
            "unknown_value idToken.type",
            "missing_field meterValue[].timestamp",
            "number_as_text meterValue[].sampledValue[].value",
        ]
    );
}

#[test]
fn a_repeated_key_does_not_lose_a_transaction() {
    let (event, quirks) = transaction(
        V16,
        "StopTransaction",
        r#"{"transactionId":1,"transactionId":2,"meterStop":1,"timestamp":"2024-06-01T12:00:00Z"}"#,
    );
    assert_eq!(event.reference, TransactionRef::Number(2));
    assert_eq!(quirks, ["repeated_key transactionId"]);
}

#[test]
fn data_that_is_no_text_becomes_json_text() {
    let (request, quirks) = quirky(
        V16,
        "DataTransfer",
        r#"{"vendorId":"Growatt","data":{"a":[1,2.50]}}"#,
    );
    let StationRequest::DataTransfer(transfer) = request else {
        panic!("not a transfer")
    };
    assert_eq!(transfer.data, Some(json!(r#"{"a":[1,2.50]}"#)));
    assert_eq!(quirks, ["value_instead_of_text data"]);
    let (_, quirks) = quirky(
        V201,
        "DataTransfer",
        r#"{"vendorId":"Growatt","data":{"a":1}}"#,
    );
    assert!(quirks.is_empty());
}
