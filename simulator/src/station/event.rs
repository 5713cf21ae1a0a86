//! What happens at a station, for tests to wait for and people to read.

use std::fmt;

use rpc::MessageId;

use super::memory::Source;
use super::name::SettingName;
use crate::view::{DoorState, Light};

/// Something happened. Connectors and doors count from 1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A connection is open.
    Connected,
    /// It ended.
    Disconnected {
        /// Code of the server's close frame.
        code: Option<u16>,
        /// Its reason, or what broke.
        reason: String,
    },
    /// An attempt to connect failed.
    ConnectFailed {
        /// Why.
        error: String,
        /// Seconds until the next attempt.
        retry_seconds: u64,
    },
    /// BootNotification was answered.
    Booted {
        /// `Accepted`, `Pending`, `Rejected`.
        status: String,
    },
    /// The station restarts.
    Rebooting,
    /// A token was looked at.
    Checked {
        /// Masked.
        token: String,
        /// As answered.
        status: String,
        /// By whom.
        source: Source,
        /// The message that asked.
        message_id: Option<MessageId>,
    },
    /// A light changed.
    Light {
        /// Connector or door.
        point: u32,
        /// The new colour.
        light: Light,
    },
    /// A transaction began.
    Started {
        /// Connector.
        connector: u32,
        /// The number of 1.6 or the id of 2.0.1; nothing if not answered yet.
        transaction: Option<String>,
        /// Status of the token, if the answer had one.
        status: Option<String>,
    },
    /// A start was answered with something else than Accepted.
    StartRefused {
        /// Connector.
        connector: u32,
        /// As answered.
        status: String,
    },
    /// A transaction ended.
    Stopped {
        /// Connector.
        connector: u32,
        /// The number of 1.6 or the id of 2.0.1.
        transaction: Option<String>,
        /// Why.
        reason: &'static str,
    },
    /// A message waits for the connection.
    Queued {
        /// Action or event.
        what: &'static str,
        /// How many wait now.
        waiting: usize,
    },
    /// A message was given up after too many attempts.
    Dropped {
        /// Action or event.
        what: &'static str,
        /// The last failure.
        error: String,
    },
    /// The central system sent a CALL.
    Command {
        /// Its action.
        action: String,
        /// The status, or code, it was answered with.
        answer: String,
    },
    /// The cache was cleared.
    CacheCleared,
    /// The local list changed.
    LocalList {
        /// Its version.
        version: i64,
        /// How many tokens are on it.
        entries: usize,
    },
    /// A setting changed.
    SettingChanged {
        /// Its name.
        name: SettingName,
        /// Its value; passwords are not told.
        value: String,
    },
    /// A point went into or out of service; 0 is the station.
    Availability {
        /// Connector or door.
        point: u32,
        /// `Operative` or `Inoperative`.
        kind: &'static str,
    },
    /// A cable was released.
    CableReleased {
        /// Connector.
        connector: u32,
    },
    /// A door let somebody in or out, or refused.
    DoorAccess {
        /// Door.
        door: u32,
        /// `granted`, `refused`, `exit`, `forced`.
        result: &'static str,
        /// Why.
        cause: &'static str,
        /// Status, or reason.
        detail: String,
    },
    /// The bolt moved.
    Bolt {
        /// Door.
        door: u32,
        /// `locked` or `unlocked`.
        position: &'static str,
    },
    /// The leaf moved, or is held, forced or jammed.
    Door {
        /// Door.
        door: u32,
        /// What it is now.
        state: DoorState,
    },
    /// A door event was acknowledged by the central system.
    DoorEventStored {
        /// Its id.
        event_id: String,
    },
    /// A firmware update, an upload or the like went on.
    Progress {
        /// What.
        what: &'static str,
        /// The step it is at.
        status: String,
    },
    /// The central system sent something that is not as its version has it.
    BadMessage {
        /// The action.
        action: String,
        /// What is wrong.
        error: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
        match self {
            Event::Connected => f.write_str("connected"),
            Event::Disconnected {
                code: Some(code),
                reason,
            } => {
                write!(f, "disconnected: closed with {code} {reason}")
            }
            Event::Disconnected { code: None, reason } => write!(f, "disconnected: {reason}"),
            Event::ConnectFailed {
                error,
                retry_seconds,
            } => {
                write!(
                    f,
                    "cannot connect: {error}; next attempt in {retry_seconds} s"
                )
            }
            Event::Booted { status } => write!(f, "boot notification: {status}"),
            Event::Rebooting => f.write_str("rebooting"),
            Event::Checked {
                token,
                status,
                source,
                ..
            } => {
                write!(f, "token {token}: {status} ({})", source.name())
            }
            Event::Light { point, light } => write!(f, "{point}: light is {light}"),
            Event::Started {
                connector,
                transaction,
                status,
            } => {
                write!(
                    f,
                    "{connector}: transaction {} started",
                    or_unknown(transaction)
                )?;
                match status {
                    Some(status) => write!(f, ", token {status}"),
                    None => Ok(()),
                }
            }
            Event::StartRefused { connector, status } => {
                write!(f, "{connector}: start refused: {status}")
            }
            Event::Stopped {
                connector,
                transaction,
                reason,
            } => {
                write!(
                    f,
                    "{connector}: transaction {} stopped: {reason}",
                    or_unknown(transaction)
                )
            }
            Event::Queued { what, waiting } => write!(f, "{what} waits; {waiting} in the queue"),
            Event::Dropped { what, error } => write!(f, "{what} given up: {error}"),
            Event::Command { action, answer } => write!(f, "{action} received: {answer}"),
            Event::CacheCleared => f.write_str("authorization cache cleared"),
            Event::LocalList { version, entries } => {
                write!(f, "local list version {version}, {entries} entries")
            }
            Event::SettingChanged { name, value } => write!(f, "{name} = {value}"),
            Event::Availability { point: 0, kind } => write!(f, "station is {kind}"),
            Event::Availability { point, kind } => write!(f, "{point}: {kind}"),
            Event::CableReleased { connector } => write!(f, "{connector}: cable released"),
            Event::DoorAccess {
                door,
                result,
                cause,
                detail,
            } => {
                write!(f, "door {door}: {result} ({cause}) {detail}")
            }
            Event::Bolt { door, position } => write!(f, "door {door}: {position}"),
            Event::Door { door, state } => write!(f, "door {door}: {}", state.name()),
            Event::DoorEventStored { event_id } => write!(f, "door event {event_id} acknowledged"),
            Event::Progress { what, status } => write!(f, "{what}: {status}"),
            Event::BadMessage { action, error } => {
                write!(f, "{action} of the central system is malformed: {error}")
            }
        }
    }
}
