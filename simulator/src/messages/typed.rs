//! Reading a payload into its type and back.

use ocpp_types::validate::Validate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Malformed;

/// Whether the payload is one of the type: its fields, their bounds, and nothing else.
pub(super) fn check<T>(payload: &Value) -> Result<(), Malformed>
where
    T: DeserializeOwned + Serialize + Validate,
{
    let read: T = serde_path_to_error::deserialize(payload)
        .map_err(|error| Malformed::Form(error.to_string()))?;
    read.validate()
        .map_err(|error| Malformed::Form(error.to_string()))?;
    // The types take unknown fields and drop them; the schemas refuse them.
    let written =
        serde_json::to_value(&read).map_err(|error| Malformed::Form(error.to_string()))?;
    match lost(payload, &written) {
        Some(path) => Err(Malformed::Extra(path)),
        None => Ok(()),
    }
}

/// The first field that did not come back.
fn lost(sent: &Value, written: &Value) -> Option<String> {
    match (sent, written) {
        (Value::Object(sent), Value::Object(written)) => {
            sent.iter()
                .find_map(|(name, value)| match written.get(name) {
                    None => Some(name.clone()),
                    Some(kept) => lost(value, kept).map(|inner| match inner.strip_prefix('[') {
                        Some(_) => format!("{name}{inner}"),
                        None => format!("{name}.{inner}"),
                    }),
                })
        }
        (Value::Array(sent), Value::Array(written)) => sent
            .iter()
            .zip(written)
            .enumerate()
            .find_map(|(index, (value, kept))| {
                lost(value, kept).map(|inner| format!("[{index}].{inner}"))
            }),
        (_, _) => None,
    }
}

/// The messages of a version: `action: sender, request, answer;`.
macro_rules! messages {
    ($($action:literal: $sender:ident, $request:ty, $answer:ty;)+) => {
        pub(super) const KINDS: &[crate::messages::Kind] = &[
            $(crate::messages::Kind {
                action: $action,
                sender: crate::messages::Sender::$sender,
            },)+
        ];

        pub(super) fn request(
            action: &str,
            payload: &serde_json::Value,
        ) -> Result<(), crate::messages::Malformed> {
            match action {
                $($action => crate::messages::typed::check::<$request>(payload),)+
                _ => Err(crate::messages::Malformed::UnknownAction(action.to_owned())),
            }
        }

        pub(super) fn answer(
            action: &str,
            payload: &serde_json::Value,
        ) -> Result<(), crate::messages::Malformed> {
            match action {
                $($action => crate::messages::typed::check::<$answer>(payload),)+
                _ => Err(crate::messages::Malformed::UnknownAction(action.to_owned())),
            }
        }
    };
}

pub(super) use messages;
