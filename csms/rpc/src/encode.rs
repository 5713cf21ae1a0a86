//! Writing frames.

use serde::Serialize;

use crate::{ErrorCode, MessageId, Version};

/// The longest errorDescription (OCPP 2.0.1 part 4 §4.2.3); longer ones are cut.
pub const MAX_DESCRIPTION_CHARS: usize = 255;

/// A payload that has no JSON form, such as a map with keys that are not texts.
#[derive(Debug, thiserror::Error)]
#[error("payload cannot be written as JSON")]
pub struct EncodeError(#[from] serde_json::Error);

/// `[2, id, action, payload]`.
///
/// # Errors
/// When the payload has no JSON form.
pub fn call(
    id: &MessageId,
    action: &str,
    payload: &(impl Serialize + ?Sized),
) -> Result<String, EncodeError> {
    Ok(serde_json::to_string(&(2, id, action, payload))?)
}

/// `[3, id, payload]`.
///
/// # Errors
/// When the payload has no JSON form.
pub fn call_result(
    id: &MessageId,
    payload: &(impl Serialize + ?Sized),
) -> Result<String, EncodeError> {
    Ok(serde_json::to_string(&(3, id, payload))?)
}

/// `[4, id, code, description, {}]`, in the spelling of the version.
#[must_use]
pub fn call_error(version: Version, id: &MessageId, code: ErrorCode, description: &str) -> String {
    let cut: String = description.chars().take(MAX_DESCRIPTION_CHARS).collect();
    serde_json::json!([4, id.as_str(), code.wire(version), cut, {}]).to_string()
}
