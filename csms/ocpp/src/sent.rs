//! What is common to the commands of both versions: the check of a payload given from outside.

use model::command::CommandError;
use rpc::Version;
use serde_json::Value;

use crate::form::{self, Form};
use crate::typed::Check;

/// A message to stations: how its payload is checked before it is sent, and the answer after.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) action: &'static str,
    /// Names, lengths and values; where there is none, any object goes that `request` takes.
    pub(crate) form: Option<Form>,
    /// The type of rust-ocpp.
    pub(crate) request: Check,
    /// The type of rust-ocpp for the answer.
    pub(crate) answer: Check,
}

impl Sent {
    /// Checks a payload that is to be sent as given.
    ///
    /// # Errors
    /// The field at fault and what is wrong with it.
    pub(crate) fn check(&self, payload: &Value) -> Result<(), CommandError> {
        let invalid = |problem| invalid(self.action, problem);
        if !payload.is_object() {
            return Err(invalid("the payload must be an object".to_owned()));
        }
        if let Some(form) = &self.form {
            form::check_sent(form, payload).map_err(invalid)?;
        }
        (self.request)(payload).map_err(|path| {
            invalid(format!(
                "`{path}` is missing, of the wrong type or not a value allowed"
            ))
        })
    }
}

/// The message of that name.
///
/// # Errors
/// The version has none.
pub(crate) fn find<'a>(
    table: &'a [Sent],
    action: &str,
    version: Version,
) -> Result<&'a Sent, CommandError> {
    table
        .iter()
        .find(|sent| sent.action == action)
        .ok_or_else(|| CommandError::UnknownAction {
            action: action.to_owned(),
            version: version.number(),
        })
}

pub(crate) fn invalid(action: &str, problem: impl Into<String>) -> CommandError {
    CommandError::InvalidPayload {
        action: action.to_owned(),
        problem: problem.into(),
    }
}

/// The payload of a message of ours.
pub(crate) fn payload<T: serde::Serialize>(
    action: &str,
    message: &T,
) -> Result<(String, Value), CommandError> {
    let payload =
        serde_json::to_value(message).map_err(|_| invalid(action, "it cannot be written"))?;
    Ok((action.to_owned(), payload))
}

/// Where an answer deviates: the action, and the place within.
pub(crate) fn deviation(sent: &Sent, payload: &Value) -> Option<String> {
    match (sent.answer)(payload) {
        Ok(()) => None,
        Err(path) if path == "." => Some(sent.action.to_owned()),
        Err(path) => Some(format!("{}.{path}", sent.action)),
    }
}
