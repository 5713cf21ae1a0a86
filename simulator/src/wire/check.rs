//! A second opinion on what goes over the wire, in words for a log line.

use rpc::Version;
use serde_json::Value;

use crate::messages::{self, Malformed};

/// Whether the answer to our CALL has the form of its version.
pub(crate) fn answer(version: Version, action: &str, payload: &Value) -> Result<(), String> {
    known(messages::check_answer(version, action, payload))
}

/// Whether a CALL has the form of its version.
#[cfg(test)]
pub(crate) fn request(version: Version, action: &str, payload: &Value) -> Result<(), String> {
    known(messages::check_request(version, action, payload))
}

/// An action nobody knows has no form; what becomes of it is decided elsewhere.
fn known(checked: Result<(), Malformed>) -> Result<(), String> {
    match checked {
        Ok(()) | Err(Malformed::UnknownAction(_)) => Ok(()),
        Err(other) => Err(other.to_string()),
    }
}
