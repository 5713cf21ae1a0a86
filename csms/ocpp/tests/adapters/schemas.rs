//! The published contracts of the lock profile say what the adapters do.

use jsonschema::Validator;
use model::command::{OpenDoor, StationCommand};
use model::neutral::{DoorReply, StationReply, Verdict};
use model::{DecisionId, PresentedToken, Reason, TokenKind};
use serde_json::{Value, json};

use crate::conversation::{V16, V201, lock, raw, reply};

const AUTHORIZE: &str = include_str!("../../../../schemas/lock/door-authorize.schema.json");
const AUTHORIZE_ANSWER: &str =
    include_str!("../../../../schemas/lock/door-authorize-answer.schema.json");
const EVENT: &str = include_str!("../../../../schemas/lock/door-event.schema.json");
const OPEN: &str = include_str!("../../../../schemas/lock/door-open.schema.json");
const OPEN_ANSWER: &str = include_str!("../../../../schemas/lock/door-open-answer.schema.json");
const REJECTION: &str = include_str!("../../../../schemas/lock/rejection.schema.json");

fn schema(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn transfer(message: &str, data: &Value) -> String {
    json!({"vendorId": "io.keywatt.lock", "messageId": message, "data": data.to_string()})
        .to_string()
}

/// JSON text in `data`, parsed.
fn data(payload: &Value) -> Value {
    serde_json::from_str(payload["data"].as_str().unwrap()).unwrap()
}

/// A message is valid by its schema exactly if it is read without a quirk.
fn check(message: &str, schema: &Validator, sample: &Value, valid: bool) {
    assert_eq!(schema.is_valid(sample), valid, "schema: {sample}");
    for adapter in [V16, V201] {
        let payload = raw(&transfer(message, sample));
        let decoded = adapter
            .decode(&lock(&[1, 2]), "DataTransfer", &payload)
            .unwrap();
        let clean = decoded.answer.is_none() && decoded.quirks.is_empty();
        assert_eq!(clean, valid, "adapter: {sample} {:?}", decoded.quirks);
    }
}

/// The sample with a field replaced, or left out.
fn with(sample: &Value, field: &str, value: Option<Value>) -> Value {
    let mut fields = sample.as_object().unwrap().clone();
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    Value::Object(fields)
}

#[test]
fn door_authorize_is_what_its_schema_says() {
    let schema = schema(AUTHORIZE);
    let sample = json!({"door": 2, "kind": "rfid", "value": "04A1B2C3"});
    let check = |sample: &Value, valid| check("Door.Authorize", &schema, sample, valid);
    check(&sample, true);
    check(&with(&sample, "door", None), true);
    for kind in ["key", "emaid", "pin", "guest", "one_time"] {
        check(&with(&sample, "kind", Some(kind.into())), true);
    }
    check(&with(&sample, "kind", Some("plate".into())), false);
    check(&with(&sample, "kind", None), false);
    check(&with(&sample, "value", None), false);
    check(&with(&sample, "value", Some("A".repeat(37).into())), false);
    check(&with(&sample, "value", Some(7.into())), false);
    // Nothing presented is a question too; the answer is NO_CREDENTIAL.
    check(&with(&sample, "value", Some("".into())), true);
    check(&with(&sample, "door", Some("2".into())), false);
    check(&with(&sample, "door", Some(0.into())), false);
    check(&with(&sample, "door", Some(Value::Null)), false);
    check(&with(&sample, "mood", Some("good".into())), false);
}

#[test]
fn door_event_is_what_its_schema_says() {
    let schema = schema(EVENT);
    let sample = json!({"event_id": "e-1", "door": 1, "token": {"kind": "rfid", "value": "04A1"},
        "time": "2024-06-01T12:00:00Z", "result": "granted", "cause": "card"});
    let check = |sample: &Value, valid| check("Door.Event", &schema, sample, valid);
    check(&sample, true);
    check(&with(&sample, "token", None), true);
    check(&with(&sample, "cause", None), true);
    check(&with(&sample, "door", Some(0.into())), true);
    for result in ["refused", "exit", "forced"] {
        check(&with(&sample, "result", Some(result.into())), true);
    }
    check(&with(&sample, "result", Some("open".into())), false);
    for field in ["event_id", "door", "time", "result"] {
        check(&with(&sample, field, None), false);
    }
    check(&with(&sample, "event_id", Some("".into())), false);
    check(
        &with(&sample, "event_id", Some("e".repeat(65).into())),
        false,
    );
    check(&with(&sample, "door", Some((-1).into())), false);
    check(
        &with(&sample, "time", Some("2024-06-01T12:00:00".into())),
        false,
    );
    check(
        &with(&sample, "token", Some(json!({"kind": "rfid"}))),
        false,
    );
    check(&with(&sample, "token", Some("04A1".into())), false);
    check(&with(&sample, "cause", Some("c".repeat(51).into())), false);
    check(&with(&sample, "mood", Some("good".into())), false);
}

#[test]
fn every_answer_at_a_door_keeps_its_schema() {
    let schema = schema(AUTHORIZE_ANSWER);
    let asked = raw(&transfer(
        "Door.Authorize",
        &json!({"kind": "rfid", "value": "04A1"}),
    ));
    for adapter in [V16, V201] {
        let request = adapter.decode(&lock(&[1]), "DataTransfer", &asked).unwrap();
        for reason in Reason::ALL {
            let told = StationReply::Door(Box::new(DoorReply {
                verdict: Verdict {
                    decision: DecisionId("01900000-0000-7000-8000-000000000000".parse().unwrap()),
                    reason: *reason,
                    token: PresentedToken::new(TokenKind::Iso14443, "04A1"),
                    expires_at: None,
                    stop_group: None,
                    evses: Vec::new(),
                    message: None,
                },
                open_seconds: 5,
                text: "…".into(),
            }));
            let answer = data(&reply(adapter, "DataTransfer", &request.requests[0], &told));
            assert!(schema.is_valid(&answer), "{answer}");
        }
    }
    assert!(
        !schema.is_valid(
            &json!({"status": "Fine", "reason": "GRANTED", "open_seconds": 5, "text": ""})
        )
    );
}

#[test]
fn what_opens_a_door_keeps_its_schema() {
    let schema = schema(OPEN);
    let open = StationCommand::OpenDoor(OpenDoor {
        door: 1,
        seconds: 5,
        request_id: "r-1".into(),
        expires_at: "2024-06-01T12:00:30.123Z".parse().unwrap(),
    });
    for adapter in [V16, V201] {
        let (_, payload) = adapter.encode_command(&open).unwrap();
        assert!(schema.is_valid(&data(&payload)), "{payload}");
    }
    assert!(!schema.is_valid(&json!({"door": 1, "seconds": 5, "request_id": "r-1"})));
    let answer = self::schema(OPEN_ANSWER);
    assert!(answer.is_valid(&json!({"status": "Rejected", "reason": "jammed"})));
    assert!(!answer.is_valid(&json!({"status": "Perhaps"})));
}

#[test]
fn a_rejection_keeps_its_schema() {
    let schema = schema(REJECTION);
    for adapter in [V16, V201] {
        let asked = raw(&transfer("Door.Event", &json!({})));
        let decoded = adapter.decode(&lock(&[1]), "DataTransfer", &asked).unwrap();
        let answer: Value = serde_json::from_str(decoded.answer.unwrap().get()).unwrap();
        assert!(schema.is_valid(&data(&answer)));
    }
    assert!(!schema.is_valid(&json!({})));
}
