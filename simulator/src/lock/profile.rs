//! The lock profile: what DataTransfer of vendor `io.keywatt.lock` carries, as JSON text.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::wire_time;
use crate::token::{Token, TokenInfo, TokenKind};
use crate::wire::{Message, number, text, time};

/// The vendorId of the profile.
pub(crate) const VENDOR: &str = "io.keywatt.lock";

/// What happened at a door, as the profile names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessResult {
    Granted,
    Refused,
    Exit,
    Forced,
}

impl AccessResult {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AccessResult::Granted => "granted",
            AccessResult::Refused => "refused",
            AccessResult::Exit => "exit",
            AccessResult::Forced => "forced",
        }
    }
}

/// An event to be told once.
#[derive(Clone, Debug)]
pub(crate) struct AccessEvent {
    pub event_id: String,
    pub door: u32,
    pub token: Option<Token>,
    pub at: Timestamp,
    pub result: AccessResult,
    pub cause: &'static str,
}

/// The answer to `Door.Authorize`.
pub(crate) struct DoorAnswer {
    pub info: TokenInfo,
    pub reason: Option<String>,
    pub open_seconds: Option<u32>,
}

/// `Door.Open` of the central system.
pub(crate) struct OpenRequest {
    pub door: u32,
    pub seconds: Option<u32>,
    pub request_id: String,
    pub expires_at: Option<Timestamp>,
}

fn transfer(message_id: &str, data: &Value) -> Message {
    Message {
        action: "DataTransfer",
        payload: json!({ "vendorId": VENDOR, "messageId": message_id, "data": data.to_string() }),
    }
}

/// The kinds of credential in the profile's own words.
fn kind_name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::KeyCode => "pin",
        TokenKind::EMaid => "emaid",
        TokenKind::Local => "key",
        TokenKind::Iso14443
        | TokenKind::Iso15693
        | TokenKind::Central
        | TokenKind::MacAddress
        | TokenKind::NoAuthorization => "rfid",
    }
}

pub(crate) fn authorize(door: u32, token: &Token) -> Message {
    transfer(
        "Door.Authorize",
        &json!({ "door": door, "kind": kind_name(token.kind()), "value": token.text() }),
    )
}

pub(crate) fn event(event: &AccessEvent) -> Message {
    let mut data = json!({
        "event_id": event.event_id,
        "door": event.door,
        "time": wire_time(event.at),
        "result": event.result.name(),
        "cause": event.cause,
    });
    // A PIN is not written down.
    let told = event
        .token
        .as_ref()
        .filter(|token| token.kind() != TokenKind::KeyCode);
    if let (Some(token), Some(fields)) = (told, data.as_object_mut()) {
        fields.insert(
            "token".to_owned(),
            json!({ "kind": kind_name(token.kind()), "value": token.text() }),
        );
    }
    transfer("Door.Event", &data)
}

/// Whether the central system has taken a message.
pub(crate) fn is_accepted(answer: &Value) -> bool {
    text(answer, "status") == Some("Accepted")
}

/// Reads the answer to `Door.Authorize`; anything that is not understood is a refusal.
pub(crate) fn read_answer(answer: &Value) -> DoorAnswer {
    let data = read_data(answer).filter(|_| is_accepted(answer));
    let status = match &data {
        Some(data) => text(data, "status").unwrap_or("Invalid"),
        None => text(answer, "status")
            .filter(|status| *status != "Accepted")
            .unwrap_or("Invalid"),
    };
    let mut info = TokenInfo::with_status(status);
    info.message = data
        .as_ref()
        .and_then(|data| text(data, "text"))
        .map(str::to_owned);
    DoorAnswer {
        info,
        reason: data
            .as_ref()
            .and_then(|data| text(data, "reason"))
            .map(str::to_owned),
        open_seconds: data.as_ref().and_then(|data| number(data, "open_seconds")),
    }
}

/// Reads `Door.Open`.
pub(crate) fn read_open(payload: &Value) -> Option<OpenRequest> {
    let data = read_data(payload)?;
    let expires_at = match data.get("expires_at") {
        // One that cannot be read must not count as none.
        Some(_) => Some(time(&data, "expires_at")?),
        None => None,
    };
    Some(OpenRequest {
        door: number(&data, "door")?,
        seconds: number(&data, "seconds"),
        request_id: text(&data, "request_id")?.to_owned(),
        expires_at,
    })
}

/// JSON text in `data`, or an object, which 2.0.1 allows.
fn read_data(payload: &Value) -> Option<Value> {
    match payload.get("data")? {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AccessEvent, AccessResult, event, read_answer, read_open};
    use crate::token::Token;

    #[test]
    fn only_an_accepted_answer_lets_in() {
        let check = |answer: serde_json::Value, status: &str| {
            assert_eq!(read_answer(&answer).info.status, status, "{answer}");
        };
        let data = |status: &str| json!({ "status": status, "open_seconds": 4 }).to_string();
        check(
            json!({ "status": "Accepted", "data": data("Accepted") }),
            "Accepted",
        );
        check(
            json!({ "status": "Accepted", "data": data("Blocked") }),
            "Blocked",
        );
        check(
            json!({ "status": "Rejected", "data": data("Accepted") }),
            "Rejected",
        );
        check(json!({ "status": "UnknownVendorId" }), "UnknownVendorId");
        check(json!({ "status": "Accepted" }), "Invalid");
        check(
            json!({ "status": "Accepted", "data": "not JSON" }),
            "Invalid",
        );
    }

    #[test]
    fn an_unreadable_expiry_is_not_no_expiry() {
        let open = |data: serde_json::Value| read_open(&json!({ "data": data.to_string() }));
        let good = json!({ "door": 1, "request_id": "r", "expires_at": "2026-05-01T12:00:00Z" });
        assert!(open(good).is_some_and(|open| open.expires_at.is_some()));
        assert!(open(json!({ "door": 1, "request_id": "r" })).is_some());
        assert!(open(json!({ "door": 1, "request_id": "r", "expires_at": "soon" })).is_none());
        assert!(open(json!({ "door": 1 })).is_none());
    }

    #[test]
    fn a_pin_does_not_go_into_an_event() {
        let with = |token: &str| {
            event(&AccessEvent {
                event_id: "e".to_owned(),
                door: 1,
                token: Some(Token::parse(token)),
                at: "2026-05-01T12:00:00Z".parse().unwrap(),
                result: AccessResult::Granted,
                cause: "card",
            })
            .payload
            .to_string()
        };
        assert!(with("04A1B2C3").contains("04A1B2C3"));
        assert!(!with("KeyCode:445566").contains("445566"));
    }
}
