//! Messages that are not worked on: too large, or not text.

use rpc::{ErrorCode, Frame, MessageId, MessageKind, Version};

/// How much of a large message is looked at: type, id and action stand at its beginning.
const BEGINNING_BYTES: usize = 1 << 10;

/// What can be said about a message that is too large.
pub(super) struct Oversized {
    /// The CALLERROR to send.
    pub(super) answer: Option<String>,
    /// The CALL of ours that it answers.
    pub(super) answered: Option<MessageId>,
}

/// Reads the beginning of a message.
pub(super) fn read(version: Version, text: &str, limit_bytes: usize) -> Oversized {
    let beginning = text
        .get(..text.floor_char_boundary(BEGINNING_BYTES))
        .unwrap_or_default();
    let (kind, id) = match Frame::parse(version, beginning) {
        // Whole, with white space behind.
        Ok(Frame::Call { id, .. }) => (MessageKind::Call, Some(id)),
        Ok(Frame::CallResult { id, .. } | Frame::CallError { id, .. }) => {
            (MessageKind::Answer, Some(id))
        }
        Err(error) => (error.kind, error.id),
    };
    let description = format!("message is larger than {limit_bytes} bytes");
    let error =
        |id: &MessageId| rpc::call_error(version, id, ErrorCode::FormatViolation, &description);
    match (kind, id, version) {
        (MessageKind::Answer, answered, _) => Oversized {
            answer: None,
            answered,
        },
        (MessageKind::Call, Some(id), _) => Oversized {
            answer: Some(error(&id)),
            answered: None,
        },
        // OCPP 2.0.1 part 4 §4.2.3; 1.6 has no way to answer a message without an id.
        (_, _, Version::V201) => Oversized {
            answer: Some(error(&MessageId::unreadable())),
            answered: None,
        },
        (_, _, Version::V16) => Oversized {
            answer: None,
            answered: None,
        },
    }
}

/// The answer to a binary message: OCPP-J knows only text.
pub(super) fn binary(version: Version) -> Option<String> {
    match version {
        Version::V16 => None,
        Version::V201 => Some(rpc::call_error(
            version,
            &MessageId::unreadable(),
            ErrorCode::RpcFrameworkError,
            "message is binary instead of text",
        )),
    }
}
