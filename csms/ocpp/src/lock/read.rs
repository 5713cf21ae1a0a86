//! Reading what a lock says by DataTransfer.

use model::neutral::{Authorize, AuthorizeForm, DoorEventReport, StationRequest};
use model::{DoorResult, PresentedToken};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{AUTHORIZE, EVENT, fields, kind};
use crate::error::WireError;
use crate::form::{self, Form, Repaired};
use crate::quirk::Quirk;
use crate::read::Fields;

/// A message of the profile.
#[derive(Debug)]
pub(crate) enum Message {
    /// One that is served.
    Request(Box<StationRequest>, Vec<Quirk>),
    /// One that is not.
    Refused(Refusal),
}

/// Why a message of the profile is not served; told as a status of DataTransfer, not as an error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The messageId is none of the profile.
    UnknownMessage,
    /// The data is not what the messageId asks; why, without any value of it.
    Malformed(String),
}

/// Reads a DataTransfer of our vendor.
pub(crate) fn read(transfer: Fields<'_>) -> Message {
    let data = transfer.value("data");
    let read = match transfer.text("messageId") {
        Some(AUTHORIZE) => read_data(&fields::AUTHORIZE, data).map(authorize),
        Some(EVENT) => read_data(&fields::EVENT, data).and_then(event),
        _ => Err(Refusal::UnknownMessage),
    };
    match read {
        Ok((request, quirks)) => Message::Request(Box::new(request), quirks),
        Err(refusal) => Message::Refused(refusal),
    }
}

/// The data by its table: JSON text, or an object where the version allows one.
fn read_data(form: &Form, data: Option<&Value>) -> Result<Repaired, Refusal> {
    let text = match data {
        None => return Err(Refusal::Malformed("`data` is missing".to_owned())),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let raw = RawValue::from_string(text)
        .map_err(|_| Refusal::Malformed("`data` is not JSON".to_owned()))?;
    let mut repaired = form::read(form, &raw)
        .map_err(|fault| Refusal::Malformed(WireError::from(fault).description))?;
    for quirk in &mut repaired.quirks {
        quirk.field.insert_str(
            0,
            if quirk.field.is_empty() {
                "data"
            } else {
                "data."
            },
        );
    }
    Ok(repaired)
}

fn authorize(repaired: Repaired) -> (StationRequest, Vec<Quirk>) {
    let fields = Fields::new(&repaired.fields);
    let request = StationRequest::Authorize(Authorize {
        token: token(fields),
        door: fields.point("door"),
        form: AuthorizeForm::Door,
    });
    (request, repaired.quirks)
}

fn event(repaired: Repaired) -> Result<(StationRequest, Vec<Quirk>), Refusal> {
    let fields = Fields::new(&repaired.fields);
    let malformed = |problem: &str| Refusal::Malformed(problem.to_owned());
    let event_id = fields.text("event_id").unwrap_or_default();
    // It is a key in our store.
    if event_id.is_empty() || event_id.chars().count() > 64 {
        return Err(malformed("`event_id` must have 1 to 64 characters"));
    }
    let door = fields
        .point("door")
        .ok_or_else(|| malformed("`door` is out of range"))?;
    let result = fields
        .text("result")
        .and_then(DoorResult::from_name)
        .ok_or_else(|| malformed("`result` is not one of the values allowed"))?;
    let request = StationRequest::DoorEvent(DoorEventReport {
        event_id: event_id.to_owned(),
        door,
        token: fields.object("token").map(token),
        at: fields.time_or_none("time"),
        result,
        cause: fields.filled("cause"),
    });
    Ok((request, repaired.quirks))
}

/// The token; the table has made sure that its kind is known.
fn token(fields: Fields<'_>) -> PresentedToken {
    let kind = fields.text("kind").and_then(kind::from_name);
    let value = fields.text("value").unwrap_or_default();
    PresentedToken::new(kind.unwrap_or(model::TokenKind::NoAuthorization), value)
}

/// The lock's answer to `Door.Open`, from the `data` of its DataTransfer answer.
pub(crate) fn open_status(data: Option<&Value>) -> Option<String> {
    let parsed;
    let answer = match data? {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text).ok()?;
            &parsed
        }
        other => other,
    };
    answer.get("status")?.as_str().map(str::to_owned)
}
