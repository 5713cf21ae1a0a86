use jiff::Timestamp;
use model::command::{CommandAnswer, OpenDoor, StationCommand};
use model::neutral::{
    Authorize, AuthorizeForm, DoorEventReport, DoorReply, StationReply, StationRequest, Verdict,
};
use model::{DecisionId, DoorResult, EventTime, PresentedToken, Reason, TokenKind};
use ocpp::{Adapter, Decoded};
use serde_json::{Value, json};

use crate::conversation::{V16, V201, lock, names, raw, reply};

const BOTH: [Adapter; 2] = [V16, V201];

/// A DataTransfer of the profile; its data is JSON text.
fn transfer(message: &str, data: &Value) -> String {
    json!({"vendorId": "io.keywatt.lock", "messageId": message, "data": data.to_string()})
        .to_string()
}

fn told(adapter: Adapter, payload: &str) -> Decoded {
    adapter
        .decode(&lock(&[1, 2]), "DataTransfer", &raw(payload))
        .unwrap()
}

fn one(adapter: Adapter, payload: &str) -> StationRequest {
    let mut decoded = told(adapter, payload);
    assert_eq!(names(&decoded), Vec::<String>::new());
    assert!(decoded.answer.is_none());
    decoded.requests.remove(0)
}

/// The answer the adapter gives by itself.
fn refused(adapter: Adapter, payload: &str) -> Value {
    let decoded = told(adapter, payload);
    assert!(decoded.requests.is_empty(), "{payload}");
    serde_json::from_str(decoded.answer.expect(payload).get()).unwrap()
}

fn verdict(reason: Reason) -> Verdict {
    Verdict {
        decision: DecisionId("01900000-0000-7000-8000-000000000000".parse().unwrap()),
        reason,
        token: PresentedToken::new(TokenKind::KeyCode, "246810"),
        expires_at: None,
        stop_group: None,
        evses: Vec::new(),
        message: None,
    }
}

#[test]
fn a_token_at_a_door_asks_for_the_door() {
    let kinds = [
        ("rfid", TokenKind::Iso14443),
        ("key", TokenKind::Local),
        ("emaid", TokenKind::Emaid),
        ("pin", TokenKind::KeyCode),
        ("guest", TokenKind::KeyCode),
        ("one_time", TokenKind::KeyCode),
    ];
    for adapter in BOTH {
        for (name, kind) in kinds {
            let asked = transfer(
                "Door.Authorize",
                &json!({"door": 2, "kind": name, "value": "246810"}),
            );
            assert_eq!(
                one(adapter, &asked),
                StationRequest::Authorize(Authorize {
                    token: PresentedToken::new(kind, "246810"),
                    door: Some(2),
                    form: AuthorizeForm::Door,
                })
            );
        }
        let asked = transfer("Door.Authorize", &json!({"kind": "rfid", "value": "04A1"}));
        assert!(matches!(
            one(adapter, &asked),
            StationRequest::Authorize(Authorize { door: None, .. })
        ));
    }
}

#[test]
fn the_answer_at_a_door_says_why_and_how_long() {
    let asked = transfer(
        "Door.Authorize",
        &json!({"door": 1, "kind": "rfid", "value": "04A1"}),
    );
    let answer = |adapter, reason, open_seconds, text: &str| {
        let request = one(adapter, &asked);
        let told = StationReply::Door(Box::new(DoorReply {
            verdict: verdict(reason),
            open_seconds,
            text: text.into(),
        }));
        let answer = reply(adapter, "DataTransfer", &request, &told);
        assert_eq!(answer["status"], "Accepted");
        serde_json::from_str::<Value>(answer["data"].as_str().unwrap()).unwrap()
    };
    for adapter in BOTH {
        assert_eq!(
            answer(adapter, Reason::Granted, 5, "welcome"),
            json!({"status": "Accepted", "reason": "GRANTED", "open_seconds": 5, "text": "welcome"})
        );
    }
    let refused = |status| json!({"status": status, "reason": "NO_GRANT", "open_seconds": 0, "text": "not here"});
    assert_eq!(
        answer(V16, Reason::NoGrant, 0, "not here"),
        refused("Invalid")
    );
    assert_eq!(
        answer(V201, Reason::NoGrant, 0, "not here"),
        refused("NotAtThisLocation")
    );
}

#[test]
fn a_door_event_is_answered_when_it_is_stored() {
    let time = "2024-06-01T12:00:00Z";
    let data = json!({"event_id": "e-1", "door": 1, "token": {"kind": "rfid", "value": "04A1"},
        "time": time, "result": "granted", "cause": "card"});
    for adapter in BOTH {
        let request = one(adapter, &transfer("Door.Event", &data));
        assert_eq!(
            request,
            StationRequest::DoorEvent(DoorEventReport {
                event_id: "e-1".into(),
                door: 1,
                token: Some(PresentedToken::new(TokenKind::Iso14443, "04A1")),
                at: EventTime {
                    text: time.into(),
                    time: time.parse::<Timestamp>().ok()
                },
                result: DoorResult::Granted,
                cause: Some("card".into()),
            })
        );
        assert_eq!(
            reply(
                adapter,
                "DataTransfer",
                &request,
                &StationReply::EventStored
            ),
            json!({"status": "Accepted"})
        );
    }
    let exit = json!({"event_id": "e-2", "door": 1, "time": time, "result": "exit"});
    let StationRequest::DoorEvent(event) = one(V16, &transfer("Door.Event", &exit)) else {
        panic!("not an event")
    };
    assert_eq!(
        (event.result, event.token, event.cause),
        (DoorResult::Exit, None, None)
    );
}

#[test]
fn a_message_the_profile_does_not_have_is_told_so() {
    for adapter in BOTH {
        let unknown = json!({"status": "UnknownMessageId"});
        assert_eq!(
            refused(adapter, &transfer("Door.Dance", &json!({}))),
            unknown
        );
        assert_eq!(
            refused(adapter, r#"{"vendorId":"io.keywatt.lock"}"#),
            unknown
        );
    }
}

#[test]
fn malformed_data_is_rejected_with_the_reason_and_without_the_value() {
    let check = |message: &str, data: &str, problem: &str| {
        let payload = json!({"vendorId": "io.keywatt.lock", "messageId": message, "data": data});
        for adapter in BOTH {
            let answer = refused(adapter, &payload.to_string());
            assert_eq!(answer["status"], "Rejected");
            let data: Value = serde_json::from_str(answer["data"].as_str().unwrap()).unwrap();
            assert_eq!(data, json!({"error": problem}));
        }
    };
    check("Door.Authorize", "246810", "the payload must be an object");
    check("Door.Authorize", "{246810", "`data` is not JSON");
    check("Door.Authorize", r#"{"kind":"pin"}"#, "`value` is missing");
    check(
        "Door.Authorize",
        r#"{"kind":"pin","value":246810}"#,
        "`value` must be text",
    );
    check(
        "Door.Authorize",
        r#"{"kind":"246810","value":"246810"}"#,
        "`kind` is not one of the values allowed",
    );
    check(
        "Door.Authorize",
        r#"{"kind":"pin","value":"246810","value":"1"}"#,
        "`value` comes twice",
    );
    let event = |event_id: &str, door: i64, result: &str| {
        json!({"event_id": event_id, "door": door, "time": "2024-06-01T12:00:00Z",
            "result": result})
        .to_string()
    };
    check(
        "Door.Event",
        &event("", 1, "exit"),
        "`event_id` must have 1 to 64 characters",
    );
    check(
        "Door.Event",
        &event(&"e".repeat(65), 1, "exit"),
        "`event_id` must have 1 to 64 characters",
    );
    check(
        "Door.Event",
        &event("e", -1, "exit"),
        "`door` is out of range",
    );
    check(
        "Door.Event",
        &event("e", 1, "open"),
        "`result` is not one of the values allowed",
    );
    check("Door.Event", "{}", "`event_id` is missing");
    let missing = r#"{"vendorId":"io.keywatt.lock","messageId":"Door.Event"}"#;
    let answer = refused(V16, missing);
    assert_eq!(answer["data"], json!(r#"{"error":"`data` is missing"}"#));
}

#[test]
fn deviations_in_the_data_are_noted_under_data() {
    let data = json!({"door": "2", "kind": "rfid", "value": "04A1", "mood": 1});
    for adapter in BOTH {
        let decoded = told(adapter, &transfer("Door.Authorize", &data));
        assert_eq!(
            names(&decoded),
            ["number_as_text data.door", "extra_field data.mood"]
        );
    }
    // An object instead of text is understood.
    let payload = json!({"vendorId": "io.keywatt.lock", "messageId": "Door.Authorize",
        "data": {"door": 2, "kind": "rfid", "value": "04A1"}});
    for adapter in BOTH {
        assert_eq!(told(adapter, &payload.to_string()).requests.len(), 1);
    }
}

#[test]
fn a_2_0_1_lock_names_the_door_in_the_token() {
    let ask = |info: Value| {
        let mut id_token = json!({"idToken": "246810", "type": "KeyCode"});
        if !info.is_null() {
            id_token["additionalInfo"] = info;
        }
        let payload = json!({"idToken": id_token}).to_string();
        let decoded = V201
            .decode(&lock(&[1, 2]), "Authorize", &raw(&payload))
            .unwrap();
        let quirks = names(&decoded);
        match &decoded.requests[0] {
            StationRequest::Authorize(authorize) => {
                assert_eq!(
                    authorize.token,
                    PresentedToken::new(TokenKind::KeyCode, "246810")
                );
                assert_eq!(authorize.form, AuthorizeForm::Standard);
                (authorize.door, quirks)
            }
            other => panic!("not an authorize: {other:?}"),
        }
    };
    let info = |kind: &str, value: &str| json!({"type": kind, "additionalIdToken": value});
    assert_eq!(ask(json!([info("door", "2")])), (Some(2), vec![]));
    assert_eq!(
        ask(json!([info("zone", "9"), info("Door", " 1")])),
        (Some(1), vec![])
    );
    assert_eq!(ask(json!([info("zone", "9")])), (None, vec![]));
    assert_eq!(ask(Value::Null), (None, vec![]));
    let (door, quirks) = ask(json!([info("door", "east")]));
    assert_eq!(door, None);
    assert_eq!(
        quirks,
        ["door_unreadable idToken.additionalInfo[].additionalIdToken"]
    );
}

#[test]
fn a_door_is_opened_by_data_transfer() {
    let open = StationCommand::OpenDoor(OpenDoor {
        door: 2,
        seconds: 5,
        request_id: "r-1".into(),
        expires_at: "2024-06-01T12:00:30.5Z".parse().unwrap(),
    });
    for adapter in BOTH {
        let (action, payload) = adapter.encode_command(&open).unwrap();
        assert_eq!(action, "DataTransfer");
        assert_eq!(payload["vendorId"], "io.keywatt.lock");
        assert_eq!(payload["messageId"], "Door.Open");
        let data: Value = serde_json::from_str(payload["data"].as_str().unwrap()).unwrap();
        assert_eq!(
            data,
            json!({"door": 2, "seconds": 5, "request_id": "r-1",
                "expires_at": "2024-06-01T12:00:30Z"})
        );
        let status = |answer: &str| match adapter.decode_answer(&open, &raw(answer)) {
            CommandAnswer::Result { status, .. } => status,
            CommandAnswer::Configuration(_) => panic!("no answer to this"),
            CommandAnswer::Error { .. } => panic!("an answer is no error"),
        };
        assert_eq!(
            status(r#"{"status":"Accepted","data":"{\"status\":\"Opened\"}"}"#).as_deref(),
            Some("Opened")
        );
        assert_eq!(
            status(r#"{"status":"Accepted","data":{"status":"Rejected"}}"#).as_deref(),
            Some("Rejected")
        );
        // A lock that does not know the profile did not open anything.
        assert_eq!(
            status(r#"{"status":"UnknownVendorId"}"#).as_deref(),
            Some("UnknownVendorId")
        );
        assert_eq!(status(r#"{"status":"Accepted"}"#), None);
        assert_eq!(status(r#"{"status":"Accepted","data":"opened"}"#), None);
    }
}
