//! Payloads, written and read per version. The rest of the simulator knows only the neutral
//! words of this module.

pub(crate) mod check;
mod entry;
mod transaction;
pub(crate) mod v16;
pub(crate) mod v201;

use jiff::Timestamp;
use rpc::Version;
use serde_json::Value;

pub(crate) use entry::ListEntry;
pub use transaction::StopReason;
pub(crate) use transaction::{ChargingState, Phase, TransactionEvent, TransactionIds, Trigger};

use crate::token::{Token, TokenInfo};

/// A CALL to send.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub action: &'static str,
    pub payload: Value,
}

/// What BootNotification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// chargePointVendor / vendorName.
    pub vendor: String,
    /// chargePointModel / model.
    pub model: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware version.
    pub firmware: Option<String>,
}

/// Why a station boots, in the words of 2.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootReason {
    /// Power came.
    PowerUp,
    /// Reset by the central system.
    RemoteReset,
    /// Restarted on the spot.
    LocalReset,
    /// Asked for by TriggerMessage.
    Triggered,
    /// New firmware is installed.
    FirmwareUpdate,
}

impl BootReason {
    const fn wire(self) -> &'static str {
        match self {
            BootReason::PowerUp => "PowerUp",
            BootReason::RemoteReset => "RemoteReset",
            BootReason::LocalReset => "LocalReset",
            BootReason::Triggered => "Triggered",
            BootReason::FirmwareUpdate => "FirmwareUpdate",
        }
    }
}

/// The status of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectorStatus {
    /// Free.
    Available,
    /// Plugged, or authorized and waiting for the cable.
    Preparing,
    /// Energy flows.
    Charging,
    /// The station lets no energy flow.
    SuspendedEvse,
    /// Ended, but still plugged.
    Finishing,
    /// Kept for somebody.
    Reserved,
    /// Out of service.
    Unavailable,
    /// Broken.
    Faulted,
}

impl ConnectorStatus {
    /// The word of the version; 2.0.1 tells less.
    #[must_use]
    pub(crate) const fn wire(self, version: Version) -> &'static str {
        match (self, version) {
            (ConnectorStatus::Available, _) => "Available",
            (ConnectorStatus::Unavailable, _) => "Unavailable",
            (ConnectorStatus::Faulted, _) => "Faulted",
            (ConnectorStatus::Reserved, _) => "Reserved",
            (ConnectorStatus::Preparing, Version::V16) => "Preparing",
            (ConnectorStatus::Charging, Version::V16) => "Charging",
            (ConnectorStatus::SuspendedEvse, Version::V16) => "SuspendedEVSE",
            (ConnectorStatus::Finishing, Version::V16) => "Finishing",
            (
                ConnectorStatus::Preparing
                | ConnectorStatus::Charging
                | ConnectorStatus::SuspendedEvse
                | ConnectorStatus::Finishing,
                Version::V201,
            ) => "Occupied",
        }
    }
}

/// The answer to BootNotification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootOutcome {
    /// `Accepted`, `Pending` or `Rejected`.
    pub status: String,
    /// Seconds: the heartbeat's, or how long to wait before the next attempt.
    pub interval_seconds: u64,
    /// What the central system's clock says.
    pub current_time: Option<Timestamp>,
}

impl BootOutcome {
    /// Whether the station may go on.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.status == "Accepted"
    }
}

pub(crate) fn boot(version: Version, identity: &Identity, reason: BootReason) -> Message {
    let payload = match version {
        Version::V16 => v16::boot(identity),
        Version::V201 => v201::boot(identity, reason),
    };
    Message {
        action: "BootNotification",
        payload,
    }
}

/// Reads the answer to BootNotification, which both versions share.
pub(crate) fn read_boot(answer: &Value) -> BootOutcome {
    BootOutcome {
        status: text(answer, "status").unwrap_or_default().to_owned(),
        interval_seconds: answer
            .get("interval")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        current_time: time(answer, "currentTime"),
    }
}

pub(crate) fn heartbeat() -> Message {
    Message {
        action: "Heartbeat",
        payload: serde_json::json!({}),
    }
}

pub(crate) fn authorize(version: Version, token: &Token) -> Message {
    let payload = match version {
        Version::V16 => v16::authorize(token),
        Version::V201 => v201::authorize(token, None),
    };
    Message {
        action: "Authorize",
        payload,
    }
}

/// idTagInfo or idTokenInfo of an answer.
pub(crate) fn read_token_info(version: Version, answer: &Value) -> Option<TokenInfo> {
    match version {
        Version::V16 => answer.get("idTagInfo").map(v16::token_info),
        Version::V201 => answer.get("idTokenInfo").map(v201::token_info),
    }
}

pub(crate) fn status(
    version: Version,
    connector: u32,
    status: ConnectorStatus,
    at: Timestamp,
) -> Message {
    let word = status.wire(version);
    let payload = match version {
        Version::V16 => {
            let code = match status {
                ConnectorStatus::Faulted => "OtherError",
                ConnectorStatus::Available
                | ConnectorStatus::Preparing
                | ConnectorStatus::Charging
                | ConnectorStatus::SuspendedEvse
                | ConnectorStatus::Finishing
                | ConnectorStatus::Reserved
                | ConnectorStatus::Unavailable => "NoError",
            };
            v16::status(connector, word, code, None, at)
        }
        Version::V201 => v201::status(connector, word, at),
    };
    Message {
        action: "StatusNotification",
        payload,
    }
}

pub(crate) fn transaction_event(version: Version, event: &TransactionEvent) -> Message {
    match version {
        Version::V16 => v16::transaction_event(event),
        Version::V201 => v201::transaction_event(event),
    }
}

/// MeterValues outside transactions.
pub(crate) fn clock_meter_values(
    version: Version,
    connector: u32,
    meter_wh: i64,
    at: Timestamp,
) -> Message {
    let payload = match version {
        Version::V16 => v16::meter_values(connector, None, meter_wh, at, "Sample.Clock"),
        Version::V201 => v201::meter_values(connector, meter_wh, at),
    };
    Message {
        action: "MeterValues",
        payload,
    }
}

pub(crate) fn security_event(kind: &str, info: Option<&str>, at: Timestamp) -> Message {
    let mut payload = serde_json::json!({ "type": kind, "timestamp": crate::clock::wire_time(at) });
    if let (Some(info), Some(fields)) = (info, payload.as_object_mut()) {
        fields.insert("techInfo".to_owned(), info.into());
    }
    Message {
        action: "SecurityEventNotification",
        payload,
    }
}

/// A text field.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

/// A number that counts or names something.
pub(crate) fn number(object: &Value, field: &str) -> Option<u32> {
    object
        .get(field)
        .and_then(Value::as_u64)
        .and_then(|number| u32::try_from(number).ok())
}

/// An instant.
pub(crate) fn time(object: &Value, field: &str) -> Option<Timestamp> {
    text(object, field).and_then(|text| text.parse().ok())
}
