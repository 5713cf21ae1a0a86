//! A text message that is not a frame, and what its sender is told.

use crate::{ErrorCode, MessageId, Version, call_error};

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing but white space. Some stations send such frames to keep a connection alive (Q10).
    #[error("message is empty")]
    Empty,
    /// Not JSON, and nothing of a CALL could be read before the error.
    #[error("message is not valid JSON")]
    NotJson,
    /// Not JSON, but type, id and action could be read: the payload is what is broken.
    #[error("payload is not valid JSON")]
    PayloadNotJson,
    /// Arrays and objects nest deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("message nests deeper than {} levels", crate::MAX_DEPTH)]
    TooDeep,
    /// JSON, but not an array.
    #[error("message is not a JSON array")]
    NotAnArray,
    /// The first element is not 2, 3 or 4.
    #[error("message type is not supported")]
    UnknownMessageType,
    /// The second element is not a text, or far too long a one.
    #[error(
        "message id is not a text of at most {} characters",
        MessageId::MAX_CHARS
    )]
    IdUnreadable,
    /// The message id is the empty text.
    #[error("message id is empty")]
    IdEmpty,
    /// The message id has more than 36 characters.
    #[error("message id is longer than {} characters", MessageId::MAX_CHARS)]
    IdTooLong,
    /// The array has too few or too many elements for its type.
    #[error("message has {found} elements instead of {expected}")]
    Arity {
        /// How many elements the type of the message asks for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The array of a CALL ends after the action.
    #[error("message has no payload")]
    PayloadMissing,
    /// The third element of a CALL is not a text.
    #[error("action is not a text")]
    ActionNotText,
    /// The error code of a CALLERROR is not a text.
    #[error("error code is not a text")]
    CodeNotText,
    /// The payload of a CALL is neither an object nor `null`.
    #[error("payload is not an object")]
    PayloadNotAnObject,
}

/// Which kind of message the fault was found in, as far as it could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A CALL: its sender waits for an answer.
    Call,
    /// A CALLRESULT or CALLERROR. An answer is never answered.
    Answer,
    /// The message type could not be read.
    Unknown,
}

/// A message that is not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct FrameError {
    /// What is wrong.
    pub fault: Fault,
    /// What kind of message it was.
    pub kind: MessageKind,
    /// Its id, where one could be read. It may be empty or longer than the standards allow.
    pub id: Option<MessageId>,
}

impl FrameError {
    pub(crate) fn new(fault: Fault, kind: MessageKind, id: Option<MessageId>) -> FrameError {
        FrameError { fault, kind, id }
    }

    /// The code that tells the sender what is wrong.
    #[must_use]
    pub fn code(&self, version: Version) -> ErrorCode {
        match self.fault {
            // 1.6 has no code for the wrapper, but one for an incomplete payload (OCPP-J 1.6
            // table 7).
            Fault::PayloadMissing if version == Version::V16 => ErrorCode::ProtocolError,
            Fault::PayloadNotJson | Fault::PayloadNotAnObject | Fault::TooDeep => {
                ErrorCode::FormatViolation
            }
            Fault::UnknownMessageType => ErrorCode::MessageTypeNotSupported,
            Fault::Empty
            | Fault::NotJson
            | Fault::NotAnArray
            | Fault::IdUnreadable
            | Fault::IdEmpty
            | Fault::IdTooLong
            | Fault::Arity { .. }
            | Fault::PayloadMissing
            | Fault::ActionNotText
            | Fault::CodeNotText => ErrorCode::RpcFrameworkError,
        }
    }

    /// The CALLERROR to send, or nothing where the version wants the message ignored.
    #[must_use]
    pub fn answer(&self, version: Version) -> Option<String> {
        if self.kind == MessageKind::Answer || self.fault == Fault::Empty {
            return None;
        }
        let id = match (version, &self.id) {
            // OCPP-J 1.6 §4.1.3: a message of an unknown type is ignored.
            (Version::V16, _) if self.fault == Fault::UnknownMessageType => return None,
            // 1.6 has no id for "could not be read", so there is nobody to answer to.
            (Version::V16, None) => return None,
            // OCPP 2.0.1 part 4 §4.2.3.
            (Version::V201, None) => &MessageId::unreadable(),
            (Version::V201, Some(_)) if self.fault == Fault::IdEmpty => &MessageId::unreadable(),
            (Version::V16 | Version::V201, Some(id)) => id,
        };
        Some(call_error(
            version,
            id,
            self.code(version),
            &self.to_string(),
        ))
    }
}
