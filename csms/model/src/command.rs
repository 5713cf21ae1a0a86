//! What the central system asks of stations, and what they answer.

use jiff::Timestamp;
use serde_json::Value;

use crate::neutral::DataTransfer;
use crate::{ConfigurationValue, DoorMode, PresentedToken, StopGroup, TransactionRef};

/// A command to a station, in neutral words; the adapter of the connection's version speaks it.
#[derive(Clone, Debug, PartialEq)]
pub enum StationCommand {
    /// RemoteStartTransaction / RequestStartTransaction.
    RemoteStart(RemoteStart),
    /// RemoteStopTransaction / RequestStopTransaction.
    RemoteStop(TransactionRef),
    /// ClearCache.
    ClearCache,
    /// `Door.Open` of the lock profile, by DataTransfer.
    OpenDoor(OpenDoor),
    /// The mode of a door: ChangeConfiguration `LockMode<n>` / SetVariables AccessBarrier.Mode.
    SetDoorMode {
        /// Door number.
        door: u32,
        /// What it is to be set to.
        mode: DoorMode,
    },
    /// DataTransfer.
    DataTransfer(DataTransfer),
    /// TriggerMessage for BootNotification.
    TriggerBoot,
    /// GetConfiguration / GetVariables: the names, see [`crate::ConfigurationValue::name`].
    ReadConfiguration(Vec<String>),
    /// Any message of the connection's version, by name, with its payload as given.
    Raw {
        /// The action, e.g. `ChangeAvailability`.
        action: String,
        /// The payload, checked by the adapter before it is sent.
        payload: Value,
    },
}

/// Start charging from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteStart {
    /// The person's remote token.
    pub token: PresentedToken,
    /// EVSE number; `None`: the station chooses.
    pub evse: Option<u32>,
    /// Comes back in the first TransactionEvent (2.0.1).
    pub remote_start_id: i64,
    /// The person's stop group.
    pub stop_group: Option<StopGroup>,
}

/// Open a door from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDoor {
    /// Door number.
    pub door: u32,
    /// How long it stays unlocked.
    pub seconds: u32,
    /// A repeated one opens nothing again.
    pub request_id: String,
    /// Not to be obeyed from then on.
    pub expires_at: Timestamp,
}

/// The station's real answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandAnswer {
    /// CALLRESULT.
    Result {
        /// `status` of the answer where it has one, e.g. `Accepted`.
        status: Option<String>,
        /// The payload as sent.
        payload: Value,
    },
    /// To [`StationCommand::ReadConfiguration`]: everything asked for, and what came besides.
    Configuration(Vec<ConfigurationValue>),
    /// CALLERROR.
    Error {
        /// As sent.
        code: String,
        /// As sent.
        description: String,
        /// As sent.
        details: Value,
    },
}

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// The station is not connected.
    #[error("the station is offline")]
    Offline,
    /// No answer before the deadline.
    #[error("the station did not answer in time")]
    NoAnswer,
    /// The queue to the station is full.
    #[error("too many commands wait for the station")]
    Busy,
    /// The connection was lost while waiting.
    #[error("the connection to the station was lost")]
    Lost,
    /// The message is not one of the connection's version.
    #[error("`{action}` is not a message of OCPP {version}")]
    UnknownAction {
        /// The action.
        action: String,
        /// The version of the connection.
        version: &'static str,
    },
    /// The payload is not one of the message.
    #[error("the payload is not a valid `{action}`: {problem}")]
    InvalidPayload {
        /// The action.
        action: String,
        /// The field at fault and what is wrong with it.
        problem: String,
    },
    /// The station was not accepted, so it may not be asked.
    #[error("the station has not been accepted yet")]
    NotAccepted,
}
