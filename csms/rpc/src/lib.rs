//! OCPP-J framing for both ends of a connection: frames, message ids and error codes of
//! OCPP 1.6 and 2.0.1. It does no IO and knows no action; payloads stay raw.
//!
//! A text message goes through [`Frame::parse`]. What cannot be read as a frame comes back as a
//! [`FrameError`] that knows which CALLERROR, if any, its version wants to be sent. The other
//! direction is [`call`], [`call_result`] and [`call_error`].

mod encode;
mod error_code;
mod frame;
mod frame_error;
mod message_id;
mod payload;
mod scan;
mod version;

pub use encode::{EncodeError, MAX_DESCRIPTION_CHARS, call, call_error, call_result};
pub use error_code::ErrorCode;
pub use frame::Frame;
pub use frame_error::{Fault, FrameError, MessageKind};
pub use message_id::{InvalidMessageId, MessageId};
pub use payload::{EMPTY_OBJECT, is_null, object_text, repeated_key};
pub use scan::MAX_DEPTH;
pub use version::Version;
