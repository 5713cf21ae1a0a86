//! Reading frames.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::frame_error::{Fault, FrameError, MessageKind};
use crate::message_id::InvalidMessageId;
use crate::{EMPTY_OBJECT, MessageId, Version, scan};

/// One OCPP-J message.
#[derive(Debug, Clone)]
pub enum Frame {
    /// `[2, id, action, payload]`: a request.
    Call {
        /// Repeated in the answer.
        id: MessageId,
        /// The name of the message, case-sensitive.
        action: String,
        /// An object, or `null` (see [`is_null`](crate::is_null)).
        payload: Box<RawValue>,
    },
    /// `[3, id, payload]`: the answer to a request.
    CallResult {
        /// The id of the request.
        id: MessageId,
        /// As received; any JSON.
        payload: Box<RawValue>,
    },
    /// `[4, id, code, description, details]`: the request was not served.
    CallError {
        /// The id of the request.
        id: MessageId,
        /// As received; [`ErrorCode::parse`](crate::ErrorCode::parse) knows the usual ones.
        code: String,
        /// May be empty.
        description: String,
        /// As received; `{}` when left out.
        details: Box<RawValue>,
    },
}

impl Frame {
    /// Reads one text message. Both versions share the form; what to answer to a message that
    /// has not got it differs, see [`FrameError::answer`].
    ///
    /// # Errors
    /// When the text is not a frame.
    pub fn parse(_version: Version, text: &str) -> Result<Frame, FrameError> {
        if text.trim().is_empty() {
            return Err(FrameError::new(Fault::Empty, MessageKind::Unknown, None));
        }
        if scan::nests_too_deep(text) {
            return Err(broken(text, Fault::TooDeep));
        }
        let elements: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(elements) => elements,
            Err(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                return Err(FrameError::new(
                    Fault::NotAnArray,
                    MessageKind::Unknown,
                    None,
                ));
            }
            Err(_) => return Err(broken(text, Fault::NotJson)),
        };
        read(&elements)
    }

    /// The id of the message.
    #[must_use]
    pub fn id(&self) -> &MessageId {
        match self {
            Frame::Call { id, .. } | Frame::CallResult { id, .. } | Frame::CallError { id, .. } => {
                id
            }
        }
    }
}

/// A message that cannot be parsed as a whole: says what its beginning tells.
fn broken(text: &str, fault: Fault) -> FrameError {
    let opening = scan::opening(text);
    let kind = match opening.type_number {
        Some(2) => MessageKind::Call,
        Some(3 | 4) => MessageKind::Answer,
        Some(_) | None => MessageKind::Unknown,
    };
    let id = opening.id.as_deref().and_then(MessageId::received);
    let fault = match (fault, kind) {
        (Fault::NotJson, MessageKind::Call) if id.is_some() && opening.third.is_some() => {
            Fault::PayloadNotJson
        }
        (fault, _) => fault,
    };
    FrameError::new(fault, kind, id)
}

/// A JSON array as a frame.
fn read(elements: &[&RawValue]) -> Result<Frame, FrameError> {
    let id = elements
        .get(1)
        .and_then(|raw| text(raw))
        .and_then(|id| MessageId::received(&id));
    match elements.first().map(|raw| raw.get()) {
        Some("2") => read_call(known_id(id, MessageKind::Call)?, elements),
        Some("3") => read_result(known_id(id, MessageKind::Answer)?, elements),
        Some("4") => read_error(known_id(id, MessageKind::Answer)?, elements),
        _ => Err(FrameError::new(
            Fault::UnknownMessageType,
            MessageKind::Unknown,
            id,
        )),
    }
}

fn read_call(id: MessageId, elements: &[&RawValue]) -> Result<Frame, FrameError> {
    let fail = |fault| FrameError::new(fault, MessageKind::Call, Some(id.clone()));
    let [_, _, action, payload] = elements else {
        return Err(fail(match elements {
            [_, _, action] if text(action).is_some() => Fault::PayloadMissing,
            _ => Fault::Arity {
                expected: 4,
                found: elements.len(),
            },
        }));
    };
    let action = text(action).ok_or_else(|| fail(Fault::ActionNotText))?;
    if !payload.get().starts_with('{') && !crate::is_null(payload) {
        return Err(fail(Fault::PayloadNotAnObject));
    }
    Ok(Frame::Call {
        id,
        action,
        payload: (*payload).to_owned(),
    })
}

fn read_result(id: MessageId, elements: &[&RawValue]) -> Result<Frame, FrameError> {
    let [_, _, payload] = elements else {
        let fault = Fault::Arity {
            expected: 3,
            found: elements.len(),
        };
        return Err(FrameError::new(fault, MessageKind::Answer, Some(id)));
    };
    Ok(Frame::CallResult {
        id,
        payload: (*payload).to_owned(),
    })
}

/// Description and details may be missing or of another type: stations leave them out, and
/// the sender of the CALL must learn of the refusal all the same.
fn read_error(id: MessageId, elements: &[&RawValue]) -> Result<Frame, FrameError> {
    let fail = |fault| FrameError::new(fault, MessageKind::Answer, Some(id.clone()));
    let (code, rest) = match elements {
        [_, _, code, rest @ ..] if rest.len() <= 2 => (code, rest),
        _ => {
            return Err(fail(Fault::Arity {
                expected: 5,
                found: elements.len(),
            }));
        }
    };
    let code = text(code).ok_or_else(|| fail(Fault::CodeNotText))?;
    let description = rest.first().and_then(|raw| text(raw)).unwrap_or_default();
    let details = rest
        .get(1)
        .map_or_else(empty_object, |raw| (*raw).to_owned());
    Ok(Frame::CallError {
        id,
        code,
        description,
        details,
    })
}

/// The id of a message that can be worked on.
fn known_id(id: Option<MessageId>, kind: MessageKind) -> Result<MessageId, FrameError> {
    let Some(id) = id else {
        return Err(FrameError::new(Fault::IdUnreadable, kind, None));
    };
    let fault = match id.validity() {
        Ok(()) => return Ok(id),
        Err(InvalidMessageId::Empty) => Fault::IdEmpty,
        Err(InvalidMessageId::TooLong) => Fault::IdTooLong,
    };
    Err(FrameError::new(fault, kind, Some(id)))
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn empty_object() -> Box<RawValue> {
    // `{}` is JSON; were it not, `null` would say the same here.
    RawValue::from_string(EMPTY_OBJECT.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
