//! Why a message of a station cannot be served.

use rpc::ErrorCode;

/// What goes back as CALLERROR. The description names fields and rules, never values: a value may
/// be a card number or a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct WireError {
    /// The code; each version has its own spelling of it.
    pub code: ErrorCode,
    /// The field at fault and what is wrong with it, for the people at the station's end.
    pub description: String,
}

impl WireError {
    pub(crate) fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
        }
    }

    /// The inside gave an answer that does not belong to the question.
    pub(crate) fn unfitting_reply(action: &str) -> Self {
        Self::new(
            ErrorCode::InternalError,
            format!("no fitting answer to `{action}`"),
        )
    }
}
