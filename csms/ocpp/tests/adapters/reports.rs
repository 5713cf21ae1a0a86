use model::neutral::StationRequest;
use serde_json::json;

use crate::conversation::{V201, clean};

#[test]
fn a_card_in_an_event_is_masked_before_it_is_kept() {
    let time = "2024-06-01T12:00:00Z";
    let payload = json!({"generatedAt": time, "seqNo": 0, "eventData": [{
        "eventId": 1, "timestamp": time, "trigger": "Delta", "actualValue": "04A1B2C3D4E5F6",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "TokenReader", "evse": {"id": 1}},
        "variable": {"name": "Token"}}]});
    let StationRequest::Report(report) = clean(V201, "NotifyEvent", &payload.to_string()) else {
        panic!("not a report")
    };
    assert_eq!(report.payload["eventData"][0]["actualValue"], "04…F6");
    assert!(!report.payload.to_string().contains("A1B2C3"));
}

#[test]
fn a_password_in_an_inventory_is_hidden_before_it_is_kept() {
    let payload = json!({"requestId": 1, "generatedAt": "2024-06-01T12:00:00Z", "seqNo": 0,
        "reportData": [{"component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
            "variableAttribute": [{"value": "correct-horse-battery"}]}]});
    let StationRequest::Report(report) = clean(V201, "NotifyReport", &payload.to_string()) else {
        panic!("not a report")
    };
    assert!(!report.payload.to_string().contains("horse"));
}
