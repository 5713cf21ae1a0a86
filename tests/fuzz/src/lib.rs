//! What must hold for anything a station may say; see README.md.
//!
//! Every function panics where it does not hold, and nowhere else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a property fails"
)]

use model::OcppVersion;
use model::command::StationCommand;
use model::neutral::StationRequest;
use ocpp::{Adapter, Peer, command_actions, request_actions};
use rpc::{Frame, MAX_DESCRIPTION_CHARS, MessageId, MessageKind, Version};
use serde_json::Value;
use serde_json::value::RawValue;

/// The version, and what stands behind the station.
#[derive(Clone, Copy, Debug)]
pub struct Choice(pub u8);

impl Choice {
    fn adapter(self) -> (Adapter, OcppVersion) {
        let version = match self.0 & 1 {
            0 => OcppVersion::V16,
            _ => OcppVersion::V201,
        };
        (Adapter::for_version(version), version)
    }

    fn peer(self) -> Peer {
        match self.0 & 6 {
            0 | 2 => Peer::Charger,
            4 => Peer::Lock { doors: vec![1] },
            _ => Peer::Lock { doors: vec![1, 2] },
        }
    }
}

/// An input of the fuzzer: a choice, and text.
#[must_use]
pub fn split(input: &[u8]) -> Option<(Choice, &str)> {
    let (first, rest) = input.split_first()?;
    Some((Choice(*first), std::str::from_utf8(rest).ok()?))
}

/// A text message is a frame, or is told what is wrong with it where its sender waits.
pub fn frames(choice: Choice, text: &str) {
    let version = choice.adapter().0.version();
    match Frame::parse(version, text) {
        Ok(Frame::Call {
            id,
            action,
            payload,
        }) => {
            is_valid(&id);
            let again = rpc::call(&id, &action, &payload).expect("what was read can be written");
            let Ok(Frame::Call {
                id: id_again,
                action: action_again,
                payload: payload_again,
            }) = Frame::parse(version, &again)
            else {
                panic!("`{again}` is no CALL any more");
            };
            assert_eq!((&id, &action), (&id_again, &action_again));
            assert_eq!(payload.get(), payload_again.get());
        }
        Ok(answer) => is_valid(answer.id()),
        Err(error) => {
            let due = match (error.kind, version) {
                // An answer is never answered, and nothing at all by nothing.
                (MessageKind::Answer, _) => false,
                _ if error.fault == rpc::Fault::Empty => false,
                // 1.6 has no way to answer what has no id.
                (MessageKind::Call, Version::V16) => error.id.is_some(),
                (MessageKind::Unknown, Version::V16) => return,
                (_, Version::V201) => true,
            };
            let answer = error.answer(version);
            assert_eq!(answer.is_some(), due, "`{text}` got {answer:?}");
            if let Some(answer) = answer {
                is_an_error(version, &answer, error.id.as_ref());
            }
        }
    }
}

fn is_valid(id: &MessageId) {
    assert!(
        MessageId::new(id.as_str()).is_ok(),
        "`{id}` was let through"
    );
}

/// A CALL is understood or refused; what is understood asks for something or has its answer.
/// A report that was kept is read again as itself.
pub fn requests(choice: Choice, text: &str) {
    let (adapter, version) = choice.adapter();
    if let Ok(Frame::Call {
        id,
        action,
        payload,
    }) = Frame::parse(adapter.version(), text)
    {
        request(adapter, &choice.peer(), &id, &action, &payload);
        return;
    }
    // A bare payload is tried with every action.
    let Ok(payload) = serde_json::from_str::<&RawValue>(text) else {
        return;
    };
    let id = MessageId::new("f").expect("a valid id");
    for action in request_actions(version) {
        request(adapter, &choice.peer(), &id, action, payload);
    }
}

fn request(adapter: Adapter, peer: &Peer, id: &MessageId, action: &str, payload: &RawValue) {
    let decoded = match adapter.decode(peer, action, payload) {
        Ok(decoded) => decoded,
        Err(error) => {
            let version = adapter.version();
            let text = rpc::call_error(version, id, error.code, &error.description);
            is_an_error(version, &text, Some(id));
            return;
        }
    };
    assert_eq!(
        decoded.requests.is_empty(),
        decoded.answer.is_some(),
        "{action} {payload} asks for nothing and has no answer, or both"
    );
    if let [StationRequest::Report(report)] = decoded.requests.as_slice() {
        let kept = serde_json::value::to_raw_value(&report.payload).expect("JSON");
        let again = adapter.decode(peer, action, &kept);
        let again = again.unwrap_or_else(|error| panic!("{action} {kept} as kept: {error}"));
        let [StationRequest::Report(second)] = again.requests.as_slice() else {
            panic!("{action} {kept} is no report any more");
        };
        // What was masked may be masked further.
        assert_eq!(
            without_masks(&report.payload),
            without_masks(&second.payload),
            "{action}: not as it was kept"
        );
    }
}

fn without_masks(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains('…') => Value::String("…".to_owned()),
        Value::Array(items) => items.iter().map(without_masks).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), without_masks(value)))
            .collect(),
        other => other.clone(),
    }
}

/// An answer to any command is taken; a command is sent as it was given, or not at all.
pub fn answers(choice: Choice, text: &str) {
    let (adapter, version) = choice.adapter();
    let Ok(answer) = serde_json::from_str::<&RawValue>(text) else {
        return;
    };
    let Ok(payload) = serde_json::from_str::<Value>(text) else {
        return;
    };
    for action in command_actions(version) {
        let command = StationCommand::Raw {
            action: (*action).to_owned(),
            payload: payload.clone(),
        };
        let _ = adapter.decode_answer(&command, answer);
        let _ = adapter.answer_quirks(&command, answer);
        if let Ok((sent_action, sent)) = adapter.encode_command(&command) {
            assert_eq!(sent_action, *action);
            assert_eq!(sent, payload, "{action} was changed on its way");
        }
    }
}

/// A CALLERROR of the version under an id.
fn is_an_error(version: Version, text: &str, id: Option<&MessageId>) {
    let parts: Vec<Value> = serde_json::from_str(text).expect("a CALLERROR is JSON");
    let [kind, told_id, code, description, details] = parts.as_slice() else {
        panic!("`{text}` has not five elements");
    };
    assert_eq!(kind, 4);
    let unreadable = MessageId::unreadable();
    let known = [id, Some(&unreadable)];
    let is_known = |known: Option<&MessageId>| known.is_some_and(|id| told_id == id.as_str());
    assert!(known.into_iter().any(is_known), "`{text}` under a wrong id");
    let code = code.as_str().and_then(rpc::ErrorCode::parse);
    let code = code.unwrap_or_else(|| panic!("`{text}` has no code of {version}"));
    assert_eq!(
        parts[2],
        code.wire(version),
        "`{text}`: another version's code"
    );
    let length = description.as_str().map(|text| text.chars().count());
    assert!(length.is_some_and(|length| length <= MAX_DESCRIPTION_CHARS));
    assert_eq!(details.to_string(), "{}");
}
