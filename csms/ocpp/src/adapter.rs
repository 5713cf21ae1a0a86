//! The way in: one adapter for each version, with the same questions.

use model::command::{CommandAnswer, CommandError, StationCommand};
use model::neutral::{Report, ReportKind, StationReply, StationRequest};
use model::{OcppVersion, Reason};
use rpc::{ErrorCode, Version};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::configuration;
use crate::error::WireError;
use crate::excerpt;
use crate::form::Repaired;
use crate::lock;
use crate::mask;
use crate::message::{self, Message};
use crate::occasion::Occasion;
use crate::peer::Peer;
use crate::quirk::Quirk;
use crate::{v16, v201};

/// Translates between one version of OCPP and the neutral words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adapter {
    version: Version,
}

/// What a station's message says.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// What is to be done, in this order; usually one. The message is answered once, by the reply
    /// to the first of them. Empty only if `answer` is there.
    pub requests: Vec<StationRequest>,
    /// The answer, where the message concerns nobody but the adapter: a message of the lock
    /// profile that is unknown or malformed.
    pub answer: Option<Box<RawValue>>,
    /// The deviations tolerated.
    pub quirks: Vec<Quirk>,
}

impl Decoded {
    pub(crate) fn one(request: StationRequest, quirks: Vec<Quirk>) -> Self {
        Self {
            requests: vec![request],
            answer: None,
            quirks,
        }
    }

    /// A request, and the whole message as a report.
    pub(crate) fn and_report(request: StationRequest, kind: ReportKind, whole: Repaired) -> Self {
        let report = Report {
            kind,
            payload: mask::report(kind, whole.fields),
        };
        Self {
            requests: vec![request, StationRequest::Report(report)],
            answer: None,
            quirks: whole.quirks,
        }
    }
}

impl Adapter {
    /// The adapter of a version.
    #[must_use]
    pub const fn for_version(version: OcppVersion) -> Self {
        match version {
            OcppVersion::V16 => Self {
                version: Version::V16,
            },
            OcppVersion::V201 => Self {
                version: Version::V201,
            },
        }
    }

    /// The version, in the words of the framing.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Reads the payload of a CALL from a station.
    ///
    /// # Errors
    /// The action is unknown or not served, or the payload means nothing even after the repairs.
    pub fn decode(
        &self,
        peer: &Peer,
        action: &str,
        payload: &RawValue,
    ) -> Result<Decoded, WireError> {
        let decoded = match self.version {
            Version::V16 => v16::decode(peer, action, payload),
            Version::V201 => v201::decode(peer, action, payload),
        };
        decoded.unwrap_or_else(|| Err(self.unserved(action)))
    }

    /// Writes the answer to `action`; `request` and `reply` are the first of what [`Self::decode`]
    /// gave and what became of it.
    ///
    /// # Errors
    /// The reply does not belong to the request: nothing is invented in its place.
    pub fn encode_reply(
        &self,
        action: &str,
        request: &StationRequest,
        reply: &StationReply,
    ) -> Result<Box<RawValue>, WireError> {
        match self.version {
            Version::V16 => v16::encode_reply(action, request, reply),
            Version::V201 => v201::encode_reply(action, request, reply),
        }
    }

    /// Writes a command: its action and payload.
    ///
    /// # Errors
    /// The version has no such action, or the payload is not one of it.
    pub fn encode_command(
        &self,
        command: &StationCommand,
    ) -> Result<(String, Value), CommandError> {
        match self.version {
            Version::V16 => v16::encode_command(command),
            Version::V201 => v201::encode_command(command),
        }
    }

    /// Reads the answer to a command. The payload stays as sent; a status that is not there or not
    /// text is `None`. Whether the rest is as it should be tells [`Self::answer_quirks`].
    #[must_use]
    pub fn decode_answer(&self, command: &StationCommand, payload: &RawValue) -> CommandAnswer {
        let payload: Value = serde_json::from_str(rpc::object_text(payload)).unwrap_or(Value::Null);
        let status = payload
            .get("status")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let status = match command {
            // The lock's own status stands in the data, if the lock took the message at all.
            StationCommand::OpenDoor(_) if status.as_deref() == Some("Accepted") => {
                lock::open_status(payload.get("data"))
            }
            StationCommand::OpenDoor(_)
            | StationCommand::RemoteStart(_)
            | StationCommand::RemoteStop(_)
            | StationCommand::ClearCache
            | StationCommand::SetDoorMode { .. }
            | StationCommand::DataTransfer(_)
            | StationCommand::TriggerBoot
            | StationCommand::Raw { .. } => status,
            StationCommand::ReadConfiguration(names) => {
                let values = configuration::answer(self.version, names, &payload);
                return CommandAnswer::Configuration(values);
            }
        };
        CommandAnswer::Result { status, payload }
    }

    /// The deviations of an answer from the standard. An answer is never refused:
    /// the station cannot be told.
    #[must_use]
    pub fn answer_quirks(&self, command: &StationCommand, payload: &RawValue) -> Vec<Quirk> {
        let Ok(payload) = serde_json::from_str::<Value>(rpc::object_text(payload)) else {
            return Vec::new();
        };
        let action = match self.version {
            Version::V16 => v16::action_of(command),
            Version::V201 => v201::action_of(command),
        };
        message::find(self.messages(), action)
            .map(|message| message.answer_quirks(&payload))
            .unwrap_or_default()
    }

    /// The payload of a message as it may be kept to show a deviation: cards and secrets masked,
    /// cut to 2,000 characters. `None` if it cannot be read.
    #[must_use]
    pub fn excerpt(payload: &RawValue) -> Option<String> {
        excerpt::excerpt(payload)
    }

    /// Whether a station spelt the code of its CALLERROR as this version does (quirk Q19).
    #[must_use]
    pub fn is_error_code(&self, code: &str) -> bool {
        ErrorCode::parse(code).is_some_and(|known| known.wire(self.version) == code)
    }

    /// The status a station of this version is told for a reason.
    #[must_use]
    pub fn status_of(&self, reason: Reason, occasion: Occasion) -> &'static str {
        match self.version {
            Version::V16 => v16::status_text(reason, occasion),
            Version::V201 => v201::status_text(reason, occasion),
        }
    }

    const fn messages(&self) -> &'static [Message] {
        match self.version {
            Version::V16 => v16::MESSAGES,
            Version::V201 => v201::MESSAGES,
        }
    }

    fn unserved(&self, action: &str) -> WireError {
        let (other, messages_of_other) = match self.version {
            Version::V16 => (Version::V201, v201::MESSAGES),
            Version::V201 => (Version::V16, v16::MESSAGES),
        };
        // It is one that only we send.
        if message::find(self.messages(), action).is_some() {
            return WireError::new(
                ErrorCode::NotSupported,
                format!("`{action}` is not served by this central system"),
            );
        }
        // Quirk Q3: stations that speak 1.6 on a 2.0.1 connection.
        let hint = if message::find(messages_of_other, action).is_some() {
            format!(
                "`{action}` is an action of OCPP {other}; this connection speaks {}",
                self.version
            )
        } else {
            format!("the action is not one of OCPP {}", self.version)
        };
        WireError::new(ErrorCode::NotImplemented, hint)
    }
}

/// Every message of a version, in the order of the specification's parts.
#[must_use]
pub const fn messages(version: OcppVersion) -> &'static [Message] {
    Adapter::for_version(version).messages()
}

/// The actions that stations of a version send.
pub fn request_actions(version: OcppVersion) -> impl Iterator<Item = &'static str> {
    messages(version)
        .iter()
        .filter(|message| message.is_from_station())
        .map(Message::action)
}

/// The actions that can be sent to stations of a version.
pub fn command_actions(version: OcppVersion) -> impl Iterator<Item = &'static str> {
    messages(version)
        .iter()
        .filter(|message| message.is_to_station())
        .map(Message::action)
}

/// A payload as it goes onto the wire.
pub(crate) fn to_raw<T: Serialize>(payload: &T) -> Result<Box<RawValue>, WireError> {
    let unwritable =
        |_| WireError::new(ErrorCode::InternalError, "the answer could not be written");
    let raw = serde_json::value::to_raw_value(payload).map_err(unwritable)?;
    // Quirk Q23: rust-ocpp writes times of 2.0.1 with thousandths. Ours have none
    // ([`crate::time::whole_seconds`]), and no other text of an answer comes from elsewhere.
    if !raw.get().contains(THOUSANDTHS) {
        return Ok(raw);
    }
    RawValue::from_string(raw.get().replace(THOUSANDTHS, "Z\"")).map_err(unwritable)
}

/// How a time ends that is written with thousandths and has none.
const THOUSANDTHS: &str = ".000Z\"";

/// The payload of an answer without fields.
pub(crate) fn empty() -> Result<Box<RawValue>, WireError> {
    to_raw(&serde_json::Map::new())
}
