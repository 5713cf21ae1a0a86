//! The messages of a version: one table each (`v16::messages`, `v201::messages`), from which
//! everything else follows: what is served, what is only kept, what can be sent, and how each is
//! checked.

use model::QuirkName;
use model::command::CommandError;
use model::neutral::{Report, ReportKind, StationRequest};
use rpc::Version;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::adapter::Decoded;
use crate::carrier::{self, Read};
use crate::error::WireError;
use crate::form::{self, Form};
use crate::mask;
use crate::quirk::Quirk;

/// One message with its answer.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub(crate) action: &'static str,
    pub(crate) part: &'static str,
    pub(crate) sender: Sender,
    pub(crate) usage: Usage,
    /// What is kept of it, where nothing else is done with it.
    pub(crate) kept: Option<Kept>,
    pub(crate) request: Shape,
    pub(crate) answer: Shape,
}

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The station.
    Station,
    /// The central system.
    System,
    /// Both.
    Either,
}

/// What the central system does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// A use case acts on it.
    Served,
    /// It is kept as reported state and acknowledged.
    Reported,
    /// It is kept as reported state, and what it asks for is refused in the words of its answer.
    Refused,
    /// A use case sends it.
    Commanded,
    /// It is sent as given by the caller of the API.
    Raw,
}

/// How a message is kept that no use case acts on, and what its sender is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) kind: ReportKind,
    pub(crate) answer: Answer,
}

/// Writes an answer that never differs.
pub(crate) type Answer = fn() -> Result<Box<RawValue>, WireError>;

/// What a payload looks like: its field table, and its type.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub(crate) form: Form,
    pub(crate) read: Read,
}

/// A row of a table: what is done with the message, its name, the part of the specification, and
/// form and type of request and answer.
macro_rules! message {
    ($usage:ident $(($kind:ident $(, $told:path)?))? $action:literal in $part:ident:
        $form:path as $request:ty, $answer_form:path as $answer:ty $(,)?) => {
        $crate::message::Message {
            action: $action,
            part: $part,
            sender: $crate::message::message!(@sender $usage),
            usage: $crate::message::message!(@usage $usage),
            kept: $crate::message::message!(@kept $($kind $(, $told)?)?),
            request: $crate::message::Shape {
                form: $form,
                read: $crate::carrier::read::<$request>,
            },
            answer: $crate::message::Shape {
                form: $answer_form,
                read: $crate::carrier::read::<$answer>,
            },
        }
    };
    (@sender served) => { $crate::message::Sender::Station };
    (@sender reported) => { $crate::message::Sender::Station };
    (@sender refused) => { $crate::message::Sender::Station };
    (@sender commanded) => { $crate::message::Sender::System };
    (@sender raw) => { $crate::message::Sender::System };
    (@sender both) => { $crate::message::Sender::Either };
    (@usage served) => { $crate::message::Usage::Served };
    (@usage reported) => { $crate::message::Usage::Reported };
    (@usage refused) => { $crate::message::Usage::Refused };
    (@usage commanded) => { $crate::message::Usage::Commanded };
    (@usage raw) => { $crate::message::Usage::Raw };
    (@usage both) => { $crate::message::Usage::Served };
    (@kept) => { None };
    (@kept $kind:ident) => { $crate::message::message!(@kept $kind, $crate::adapter::empty) };
    (@kept $kind:ident, $told:path) => {
        Some($crate::message::Kept {
            kind: model::neutral::ReportKind::$kind,
            answer: $told,
        })
    };
}

pub(crate) use message;

impl Message {
    /// The action, e.g. `StartTransaction`.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// The feature profile of 1.6 or the functional block of 2.0.1 that it belongs to.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        self.part
    }

    /// Who may send it.
    #[must_use]
    pub const fn sender(&self) -> Sender {
        self.sender
    }

    /// What is done with it.
    #[must_use]
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// What its request looks like.
    #[must_use]
    pub const fn request(&self) -> &Shape {
        &self.request
    }

    /// What its answer looks like.
    #[must_use]
    pub const fn answer(&self) -> &Shape {
        &self.answer
    }

    pub(crate) fn is_from_station(&self) -> bool {
        match self.sender {
            Sender::Station | Sender::Either => true,
            Sender::System => false,
        }
    }

    pub(crate) fn is_to_station(&self) -> bool {
        match self.sender {
            Sender::System | Sender::Either => true,
            Sender::Station => false,
        }
    }

    /// Checks a payload that is to be sent as given.
    ///
    /// # Errors
    /// The field at fault and what is wrong with it.
    pub(crate) fn check(&self, payload: &Value) -> Result<(), CommandError> {
        let invalid = |problem| invalid(self.action, problem);
        form::check_sent(&self.request.form, payload).map_err(invalid)?;
        match (self.request.read)(payload) {
            Ok(_) => Ok(()),
            Err(path) => Err(invalid(format!(
                "`{path}` is missing, of the wrong type or not a value allowed"
            ))),
        }
    }

    /// Where the answer of a station is not what it should be.
    pub(crate) fn answer_quirks(&self, payload: &Value) -> Vec<Quirk> {
        self.answer
            .deviations(payload)
            .into_iter()
            .map(|place| Quirk {
                name: QuirkName::AnswerForm,
                field: if place.is_empty() {
                    self.action.to_owned()
                } else {
                    format!("{}.{place}", self.action)
                },
            })
            .collect()
    }
}

impl Shape {
    /// The payload read into its type and written again: nothing is lost, `customData` at any
    /// depth included. Times come back in UTC.
    ///
    /// # Errors
    /// The path to the first value that the type cannot hold.
    pub fn carry(&self, payload: &Value) -> Result<Value, String> {
        (self.read)(payload)?.write()
    }

    /// Where a payload is not what the standard says: the places, without list positions where
    /// the payload can be read all the same.
    #[must_use]
    pub fn deviations(&self, payload: &Value) -> Vec<String> {
        let places = form::deviations(&self.form, payload);
        if !places.is_empty() {
            return places;
        }
        match (self.read)(payload) {
            Ok(_) => places,
            Err(path) if path == carrier::WHOLE => vec![String::new()],
            Err(path) => vec![path],
        }
    }
}

/// Reads a message that is only kept; `None` if the version has no such message from stations.
pub(crate) fn reported(
    table: &'static [Message],
    action: &str,
    payload: &RawValue,
) -> Option<Result<Decoded, WireError>> {
    let message = find(table, action)?;
    let kept = message.kept?;
    Some(match form::read(&message.request.form, payload) {
        Ok(repaired) => Ok(Decoded::one(
            StationRequest::Report(Report {
                kind: kept.kind,
                payload: mask::report(kept.kind, repaired.fields),
            }),
            repaired.quirks,
        )),
        Err(fault) => Err(fault.into()),
    })
}

/// The answer to a message that is only kept.
pub(crate) fn kept_answer(
    table: &'static [Message],
    action: &str,
) -> Option<Result<Box<RawValue>, WireError>> {
    find(table, action)?.kept.map(|kept| (kept.answer)())
}

/// The message of that name.
pub(crate) fn find(table: &'static [Message], action: &str) -> Option<&'static Message> {
    table.iter().find(|message| message.action == action)
}

/// The message of that name that can be sent to stations.
///
/// # Errors
/// The version has none.
pub(crate) fn to_station(
    table: &'static [Message],
    action: &str,
    version: Version,
) -> Result<&'static Message, CommandError> {
    find(table, action)
        .filter(|message| message.is_to_station())
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
