//! Whether a payload fits a type of rust-ocpp, and if not, where.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The place at fault; the library's own words are not told, they quote values.
pub(crate) type Check = fn(&Value) -> Result<(), String>;

/// Whether `value` can be read as `T`.
///
/// # Errors
/// The path to the first value that cannot.
pub(crate) fn fits<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.path().to_string()),
    }
}

/// For messages that rust-ocpp has no type of, or a wrong one.
///
/// # Errors
/// None.
pub(crate) fn anything(_: &Value) -> Result<(), String> {
    Ok(())
}
