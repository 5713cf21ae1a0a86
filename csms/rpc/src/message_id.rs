//! Message ids: the text that ties an answer to its CALL.

use std::fmt;

/// The id of a CALL, repeated in its answer.
///
/// The standards allow 36 characters. Longer ones are read as well, up to
/// [`MessageId::READABLE_BYTES`], so that their sender can be told (they come back inside a
/// [`FrameError`](crate::FrameError), never inside a [`Frame`](crate::Frame)).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Box<str>);

/// A text that may not be sent as a message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessageId {
    /// The empty text names no message.
    #[error("message id is empty")]
    Empty,
    /// More than 36 characters (OCPP-J 1.6 §4.1.4, OCPP 2.0.1 part 4 §4.1.4).
    #[error("message id is longer than {} characters", MessageId::MAX_CHARS)]
    TooLong,
}

impl MessageId {
    /// The longest id the standards allow, in characters.
    pub const MAX_CHARS: usize = 36;
    /// The longest id that is still echoed to its sender, in bytes.
    pub const READABLE_BYTES: usize = 255;

    /// An id for a message of our own.
    ///
    /// # Errors
    /// When the text is empty or longer than 36 characters.
    pub fn new(text: &str) -> Result<MessageId, InvalidMessageId> {
        if text.is_empty() {
            Err(InvalidMessageId::Empty)
        } else if text.chars().count() > MessageId::MAX_CHARS {
            Err(InvalidMessageId::TooLong)
        } else {
            Ok(MessageId(text.into()))
        }
    }

    /// What a CALLERROR carries when the id of the CALL could not be read
    /// (OCPP 2.0.1 part 4 §4.2.3).
    #[must_use]
    pub fn unreadable() -> MessageId {
        MessageId("-1".into())
    }

    /// An id as received, unless it is so long that echoing it would serve nobody.
    pub(crate) fn received(text: &str) -> Option<MessageId> {
        (text.len() <= MessageId::READABLE_BYTES).then(|| MessageId(text.into()))
    }

    /// Whether a message with this id can be worked on.
    pub(crate) fn validity(&self) -> Result<(), InvalidMessageId> {
        MessageId::new(&self.0).map(drop)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

impl AsRef<str> for MessageId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for MessageId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
