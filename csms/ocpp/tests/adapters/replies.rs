use jiff::Timestamp;
use model::neutral::{
    BootReply, BootStatus, StationReply, StationRequest, TransactionReply, Verdict,
};
use model::{DecisionId, PresentedToken, Reason, StopGroup, TokenKind};
use ocpp::{Adapter, Peer};
use rpc::ErrorCode;
use serde_json::{Value, json};

use crate::conversation::{V16, V201, decode, quirky, raw, reply};

const NOW: &str = "2024-06-01T12:00:00.987654321Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn verdict(reason: Reason) -> Verdict {
    Verdict {
        decision: DecisionId("01900000-0000-7000-8000-000000000000".parse().unwrap()),
        reason,
        token: PresentedToken::new(TokenKind::IdTag, "04A1B2C3"),
        expires_at: reason.allows().then(now),
        stop_group: Some(StopGroup::new("AB12CD34EF56")),
        evses: Vec::new(),
        message: None,
    }
}

fn transaction(number: Option<i64>, verdict: Option<Verdict>) -> StationReply {
    StationReply::Transaction(Box::new(TransactionReply { number, verdict }))
}

/// The answer to a message, through both directions of the adapter.
fn answer(adapter: Adapter, action: &str, payload: &Value, told: &StationReply) -> Value {
    let (request, _) = quirky(adapter, action, &payload.to_string());
    reply(adapter, action, &request, told)
}

fn start() -> Value {
    json!({"connectorId": 1, "idTag": "04A1B2C3", "meterStart": 0, "timestamp": NOW})
}

fn event(kind: &str, token: Option<Value>) -> Value {
    let mut event = json!({"eventType": kind, "timestamp": NOW, "triggerReason": "Authorized",
        "seqNo": 0, "transactionInfo": {"transactionId": "t"}});
    if let Some(token) = token {
        event["idToken"] = token;
    }
    event
}

fn card() -> Option<Value> {
    Some(json!({"idToken": "04A1B2C3", "type": "ISO14443"}))
}

#[test]
fn boot_is_answered_with_time_in_whole_seconds() {
    let told = |status| {
        StationReply::Boot(BootReply {
            status,
            interval_seconds: 300,
            now: now(),
        })
    };
    let boot = json!({"chargePointVendor": "A", "chargePointModel": "B"});
    assert_eq!(
        answer(V16, "BootNotification", &boot, &told(BootStatus::Accepted)),
        json!({"status": "Accepted", "interval": 300, "currentTime": "2024-06-01T12:00:00Z"})
    );
    assert_eq!(
        answer(V16, "BootNotification", &boot, &told(BootStatus::Pending))["status"],
        "Pending"
    );
    let boot = json!({"reason": "PowerUp",
        "chargingStation": {"vendorName": "A", "model": "B"}});
    assert_eq!(
        answer(V201, "BootNotification", &boot, &told(BootStatus::Rejected)),
        json!({"status": "Rejected", "interval": 300, "currentTime": "2024-06-01T12:00:00Z"})
    );
}

#[test]
fn heartbeat_is_answered_with_the_time() {
    let told = StationReply::Time(now());
    assert_eq!(
        answer(V16, "Heartbeat", &json!({}), &told),
        json!({"currentTime": "2024-06-01T12:00:00Z"})
    );
    assert_eq!(
        answer(V201, "Heartbeat", &json!({}), &told),
        json!({"currentTime": "2024-06-01T12:00:00Z"})
    );
}

#[test]
fn authorize_tells_status_expiry_and_group() {
    let told = |reason| StationReply::Authorized(Box::new(verdict(reason)));
    let asked = json!({"idTag": "04A1B2C3"});
    assert_eq!(
        answer(V16, "Authorize", &asked, &told(Reason::Granted)),
        json!({"idTagInfo": {"status": "Accepted", "expiryDate": "2024-06-01T12:00:00Z",
            "parentIdTag": "AB12CD34EF56"}})
    );
    assert_eq!(
        answer(V16, "Authorize", &asked, &told(Reason::NoGrant)),
        json!({"idTagInfo": {"status": "Invalid", "parentIdTag": "AB12CD34EF56"}})
    );
    let asked = json!({"idToken": card()});
    assert_eq!(
        answer(V201, "Authorize", &asked, &told(Reason::Granted)),
        json!({"idTokenInfo": {"status": "Accepted",
            "cacheExpiryDateTime": "2024-06-01T12:00:00Z",
            "groupIdToken": {"idToken": "AB12CD34EF56", "type": "Central"}}})
    );
    assert_eq!(
        answer(V201, "Authorize", &asked, &told(Reason::NoGrant)),
        json!({"idTokenInfo": {"status": "NotAtThisLocation",
            "groupIdToken": {"idToken": "AB12CD34EF56", "type": "Central"}}})
    );
}

#[test]
fn a_stranger_gets_no_group() {
    let stranger = Verdict {
        stop_group: None,
        ..verdict(Reason::CredentialUnknown)
    };
    let told = StationReply::Authorized(Box::new(stranger));
    assert_eq!(
        answer(V16, "Authorize", &json!({"idTag": "04A1B2C3"}), &told),
        json!({"idTagInfo": {"status": "Invalid"}})
    );
    assert_eq!(
        answer(V201, "Authorize", &json!({"idToken": card()}), &told),
        json!({"idTokenInfo": {"status": "Unknown"}})
    );
}

#[test]
fn evses_are_named_only_where_not_all_are_allowed() {
    let allowed = |reason, evses: &[u32]| {
        let verdict = Verdict {
            evses: evses.to_vec(),
            message: None,
            stop_group: None,
            ..verdict(reason)
        };
        let told = StationReply::Authorized(Box::new(verdict));
        answer(V201, "Authorize", &json!({"idToken": card()}), &told)["idTokenInfo"]["evseId"]
            .clone()
    };
    assert_eq!(allowed(Reason::Granted, &[1, 3]), json!([1, 3]));
    assert_eq!(allowed(Reason::Granted, &[]), Value::Null);
    assert_eq!(allowed(Reason::NoGrant, &[1]), Value::Null);
}

#[test]
fn a_start_is_always_given_its_number() {
    let told = |reason| transaction(Some(4711), Some(verdict(reason)));
    assert_eq!(
        answer(V16, "StartTransaction", &start(), &told(Reason::Granted)),
        json!({"transactionId": 4711, "idTagInfo": {"status": "Accepted",
            "expiryDate": "2024-06-01T12:00:00Z", "parentIdTag": "AB12CD34EF56"}})
    );
    assert_eq!(
        answer(V16, "StartTransaction", &start(), &told(Reason::Concurrent)),
        json!({"transactionId": 4711,
            "idTagInfo": {"status": "ConcurrentTx", "parentIdTag": "AB12CD34EF56"}})
    );
}

#[test]
fn a_stop_is_told_about_a_tag_only_if_one_was_sent() {
    let stop = json!({"transactionId": 1, "meterStop": 1, "timestamp": NOW});
    let told = transaction(None, Some(verdict(Reason::CredentialExpired)));
    assert_eq!(answer(V16, "StopTransaction", &stop, &told), json!({}));
    let mut with_tag = stop;
    with_tag["idTag"] = "04A1B2C3".into();
    assert_eq!(
        answer(V16, "StopTransaction", &with_tag, &told),
        json!({"idTagInfo": {"status": "Expired", "parentIdTag": "AB12CD34EF56"}})
    );
    assert_eq!(
        answer(V16, "StopTransaction", &with_tag, &transaction(None, None)),
        json!({})
    );
}

#[test]
fn every_event_with_a_token_is_told_about_it_and_no_other() {
    let told = transaction(None, Some(verdict(Reason::Concurrent)));
    let status = |kind| answer(V201, "TransactionEvent", &event(kind, card()), &told);
    assert_eq!(status("Started")["idTokenInfo"]["status"], "ConcurrentTx");
    assert_eq!(status("Updated")["idTokenInfo"]["status"], "Blocked");
    assert_eq!(status("Ended")["idTokenInfo"]["status"], "Blocked");
    assert_eq!(
        status("Started")["idTokenInfo"]["groupIdToken"],
        json!({"idToken": "AB12CD34EF56", "type": "Central"})
    );
    let without = event("Started", None);
    assert_eq!(answer(V201, "TransactionEvent", &without, &told), json!({}));
    assert_eq!(
        answer(V201, "TransactionEvent", &without, &transaction(None, None)),
        json!({})
    );
}

#[test]
fn no_authorization_is_answered_accepted_whatever_was_decided() {
    let nothing = Some(json!({"idToken": "", "type": "NoAuthorization"}));
    for kind in ["Started", "Updated", "Ended"] {
        for told in [
            transaction(None, Some(verdict(Reason::NoCredential))),
            transaction(None, Some(verdict(Reason::Granted))),
            transaction(None, None),
        ] {
            assert_eq!(
                answer(
                    V201,
                    "TransactionEvent",
                    &event(kind, nothing.clone()),
                    &told
                ),
                json!({"idTokenInfo": {"status": "Accepted"}})
            );
        }
    }
    // Authorize is another matter: the token is refused like any other.
    let told = StationReply::Authorized(Box::new(verdict(Reason::NoCredential)));
    let asked = json!({"idToken": nothing});
    assert_eq!(
        answer(V201, "Authorize", &asked, &told)["idTokenInfo"]["status"],
        "Invalid"
    );
}

#[test]
fn what_is_received_is_answered_without_fields() {
    let time = "2024-06-01T12:00:00Z";
    let check = |adapter, action, payload: Value| {
        assert_eq!(
            answer(adapter, action, &payload, &StationReply::Received),
            json!({}),
            "{action}"
        );
    };
    check(
        V16,
        "StatusNotification",
        json!({"connectorId": 0, "errorCode": "NoError", "status": "Available"}),
    );
    check(
        V16,
        "MeterValues",
        json!({"connectorId": 0, "meterValue": []}),
    );
    check(V16, "FirmwareStatusNotification", json!({"status": "Idle"}));
    check(
        V16,
        "DiagnosticsStatusNotification",
        json!({"status": "Idle"}),
    );
    check(V16, "LogStatusNotification", json!({"status": "Idle"}));
    check(
        V16,
        "SignedFirmwareStatusNotification",
        json!({"status": "Idle"}),
    );
    check(
        V16,
        "SecurityEventNotification",
        json!({"type": "X", "timestamp": time}),
    );
    check(
        V201,
        "StatusNotification",
        json!({"timestamp": time, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}),
    );
    check(V201, "MeterValues", json!({"evseId": 1, "meterValue": []}));
    check(
        V201,
        "NotifyReport",
        json!({"requestId": 1, "generatedAt": time, "seqNo": 0}),
    );
    check(
        V201,
        "SecurityEventNotification",
        json!({"type": "X", "timestamp": time}),
    );
    check(V201, "LogStatusNotification", json!({"status": "Idle"}));
    check(
        V201,
        "FirmwareStatusNotification",
        json!({"status": "Idle"}),
    );
}

#[test]
fn an_unknown_vendor_is_told_so() {
    let transfer = json!({"vendorId": "com.acme"});
    for adapter in [V16, V201] {
        assert_eq!(
            answer(
                adapter,
                "DataTransfer",
                &transfer,
                &StationReply::UnknownVendor
            ),
            json!({"status": "UnknownVendorId"})
        );
    }
}

#[test]
fn an_answer_that_does_not_belong_to_the_question_is_not_invented() {
    let check = |adapter: Adapter, action: &str, payload: &Value, told: StationReply| {
        let request = decode(adapter, action, &payload.to_string())
            .unwrap()
            .requests
            .remove(0);
        let error = adapter.encode_reply(action, &request, &told).unwrap_err();
        assert_eq!(error.code, ErrorCode::InternalError, "{action}");
    };
    check(
        V16,
        "Authorize",
        &json!({"idTag": "A"}),
        StationReply::Received,
    );
    check(
        V16,
        "StartTransaction",
        &start(),
        transaction(None, Some(verdict(Reason::Granted))),
    );
    check(
        V16,
        "StartTransaction",
        &start(),
        transaction(Some(1), None),
    );
    check(
        V16,
        "StartTransaction",
        &start(),
        transaction(Some(i64::MAX), Some(verdict(Reason::Granted))),
    );
    check(
        V201,
        "TransactionEvent",
        &event("Started", card()),
        transaction(None, None),
    );
    check(V201, "Heartbeat", &json!({}), StationReply::EventStored);
    check(
        V201,
        "DataTransfer",
        &json!({"vendorId": "x"}),
        StationReply::Received,
    );
}

#[test]
fn several_requests_of_one_message_are_answered_once() {
    let lock = Peer::Lock { doors: vec![1] };
    let payload =
        r#"{"connectorId":1,"errorCode":"NoError","status":"Available","info":"door=open"}"#;
    let decoded = V16
        .decode(&lock, "StatusNotification", &raw(payload))
        .unwrap();
    assert_eq!(decoded.requests.len(), 2);
    assert!(matches!(decoded.requests[0], StationRequest::Status(_)));
    let told = reply(
        V16,
        "StatusNotification",
        &decoded.requests[0],
        &StationReply::Received,
    );
    assert_eq!(told, json!({}));
}
