//! The steps of a scenario.

use serde::Deserialize;
use serde_json::Value;

use super::words::{StepFault, StepFrame, StepHabit, StepId, StepLight};

fn one() -> u32 {
    1
}

fn ten() -> u64 {
    10
}

fn one_long() -> u64 {
    1
}

/// More than any message of OCPP needs.
fn large() -> usize {
    2 * 1024 * 1024
}

/// One step. `station` may be left out where the scenario has only one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Connects, or connects again. `expect`: `ok`, or the HTTP status of a refusal.
    Connect {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Sends BootNotification. `expect`: its status.
    Boot {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Closes the connection.
    Disconnect {
        #[serde(default)]
        station: Option<String>,
    },
    /// Fault: the connection is dropped without a close frame.
    Drop {
        #[serde(default)]
        station: Option<String>,
    },
    /// Fault: the connection stays open and nothing goes over it any more.
    HalfOpen {
        #[serde(default)]
        station: Option<String>,
    },
    /// Restarts. `expect`: the status of BootNotification.
    Reboot {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Fault: sends any text. `expect`: `nothing`, or the code of a CALLERROR.
    Garbage {
        #[serde(default)]
        station: Option<String>,
        text: String,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Sends a CALL of its own making. `expect`: `result`, a status in it, or an error code.
    Call {
        #[serde(default)]
        station: Option<String>,
        action: String,
        payload: Value,
        /// A message id, to use one again.
        #[serde(default)]
        id: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Sends a message of its version, checked before it goes out; without a payload a believable
    /// one. `expect`: `result`, a status in it, or an error code.
    Send {
        #[serde(default)]
        station: Option<String>,
        action: String,
        #[serde(default)]
        payload: Option<Value>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Waits for a CALL of the central system. `with`: what its payload must hold. `expect`: the
    /// status, or error code, it was answered with.
    Received {
        #[serde(default)]
        station: Option<String>,
        action: String,
        #[serde(default)]
        with: Value,
        #[serde(default)]
        expect: Option<String>,
        #[serde(default = "ten")]
        within_seconds: u64,
    },
    /// Fault: spoils the answer to the next CALL of the central system, or to the next of an
    /// action.
    Misbehave {
        #[serde(default)]
        station: Option<String>,
        fault: StepFault,
        #[serde(default)]
        action: Option<String>,
        #[serde(default = "one_long")]
        seconds: u64,
    },
    /// Takes up deviations from the standard, or drops them.
    Deviate {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        take_up: Vec<StepHabit>,
        #[serde(default)]
        drop: Vec<StepHabit>,
    },
    /// Fault: sends a frame that is none of OCPP.
    Frame {
        #[serde(default)]
        station: Option<String>,
        kind: StepFrame,
        #[serde(default = "large")]
        bytes: usize,
    },
    /// Fault: the first two messages in the queue change places (charger).
    Reorder {
        #[serde(default)]
        station: Option<String>,
    },
    /// A connector breaks (charger).
    Fault {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
        #[serde(default)]
        text: String,
    },
    /// It is mended (charger).
    Repair {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
    },
    /// A limit from outside comes, or goes without `amperes` (charger).
    Limit {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        amperes: Option<f64>,
    },
    /// Asks for a certificate with a new key (charger). `expect`: the status.
    SignCertificate {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Sends Authorize (charger). `expect`: the status.
    Authorize {
        #[serde(default)]
        station: Option<String>,
        token: String,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Holds a card before a reader. `expect` at a charger: `started`, `stopped`, `waiting`,
    /// `refused`, `not_yours`, `out_of_service`; at a lock `opened`, `refused`; or a status.
    Card {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
        #[serde(default = "one")]
        door: u32,
        token: String,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Plugs in (charger). `expect`: `started`, `waiting`, or the status of the start.
    Plug {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Pulls the cable (charger).
    Unplug {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
    },
    /// Begins a transaction without asking before (charger). `expect`: the status, or `queued`.
    Start {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
        token: String,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Ends the transaction (charger). `expect`: the status, `none` without one, or `queued`.
    Stop {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Sends a meter sample (charger).
    Meter {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        connector: u32,
    },
    /// Fault: sends the last transaction message again (charger). `expect`: its token status.
    Retry {
        #[serde(default)]
        station: Option<String>,
        #[serde(default)]
        id: StepId,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Pulls a door (lock). `expect`: `opened` or `locked`.
    OpenDoor {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        door: u32,
        #[serde(default)]
        expect: Option<String>,
    },
    /// Lets a door fall shut (lock).
    CloseDoor {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        door: u32,
    },
    /// Leaves by the push bar (lock).
    PushBar {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        door: u32,
    },
    /// Opens a door with force (lock).
    Force {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        door: u32,
    },
    /// Waits until a light has a colour.
    Light {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "one")]
        point: u32,
        is: StepLight,
        #[serde(default = "ten")]
        within_seconds: u64,
    },
    /// Waits until nothing is queued.
    Delivered {
        #[serde(default)]
        station: Option<String>,
        #[serde(default = "ten")]
        within_seconds: u64,
    },
    /// Lets time pass.
    Wait { seconds: u64 },
}

impl Step {
    /// The station named, if the step is about one.
    pub(crate) fn station(&self) -> Option<Option<&str>> {
        match self {
            Step::Connect { station, .. }
            | Step::Boot { station, .. }
            | Step::Disconnect { station }
            | Step::Drop { station }
            | Step::HalfOpen { station }
            | Step::Reboot { station, .. }
            | Step::Garbage { station, .. }
            | Step::Call { station, .. }
            | Step::Send { station, .. }
            | Step::Received { station, .. }
            | Step::Misbehave { station, .. }
            | Step::Deviate { station, .. }
            | Step::Frame { station, .. }
            | Step::Reorder { station }
            | Step::Fault { station, .. }
            | Step::Repair { station, .. }
            | Step::Limit { station, .. }
            | Step::SignCertificate { station, .. }
            | Step::Authorize { station, .. }
            | Step::Card { station, .. }
            | Step::Plug { station, .. }
            | Step::Unplug { station, .. }
            | Step::Start { station, .. }
            | Step::Stop { station, .. }
            | Step::Meter { station, .. }
            | Step::Retry { station, .. }
            | Step::OpenDoor { station, .. }
            | Step::CloseDoor { station, .. }
            | Step::PushBar { station, .. }
            | Step::Force { station, .. }
            | Step::Light { station, .. }
            | Step::Delivered { station, .. } => Some(station.as_deref()),
            Step::Wait { .. } => None,
        }
    }

    /// Its name in the file.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Step::Connect { .. } => "connect",
            Step::Boot { .. } => "boot",
            Step::Disconnect { .. } => "disconnect",
            Step::Drop { .. } => "drop",
            Step::HalfOpen { .. } => "half_open",
            Step::Reboot { .. } => "reboot",
            Step::Garbage { .. } => "garbage",
            Step::Call { .. } => "call",
            Step::Send { .. } => "send",
            Step::Received { .. } => "received",
            Step::Misbehave { .. } => "misbehave",
            Step::Deviate { .. } => "deviate",
            Step::Frame { .. } => "frame",
            Step::Reorder { .. } => "reorder",
            Step::Fault { .. } => "fault",
            Step::Repair { .. } => "repair",
            Step::Limit { .. } => "limit",
            Step::SignCertificate { .. } => "sign_certificate",
            Step::Authorize { .. } => "authorize",
            Step::Card { .. } => "card",
            Step::Plug { .. } => "plug",
            Step::Unplug { .. } => "unplug",
            Step::Start { .. } => "start",
            Step::Stop { .. } => "stop",
            Step::Meter { .. } => "meter",
            Step::Retry { .. } => "retry",
            Step::OpenDoor { .. } => "open_door",
            Step::CloseDoor { .. } => "close_door",
            Step::PushBar { .. } => "push_bar",
            Step::Force { .. } => "force",
            Step::Light { .. } => "light",
            Step::Delivered { .. } => "delivered",
            Step::Wait { .. } => "wait",
        }
    }

    /// What it should come to.
    pub(crate) fn expect(&self) -> Option<&str> {
        match self {
            Step::Connect { expect, .. }
            | Step::Boot { expect, .. }
            | Step::Reboot { expect, .. }
            | Step::Garbage { expect, .. }
            | Step::Call { expect, .. }
            | Step::Send { expect, .. }
            | Step::Received { expect, .. }
            | Step::SignCertificate { expect, .. }
            | Step::Authorize { expect, .. }
            | Step::Card { expect, .. }
            | Step::Plug { expect, .. }
            | Step::Start { expect, .. }
            | Step::Stop { expect, .. }
            | Step::Retry { expect, .. }
            | Step::OpenDoor { expect, .. } => expect.as_deref(),
            Step::Disconnect { .. }
            | Step::Drop { .. }
            | Step::HalfOpen { .. }
            | Step::Misbehave { .. }
            | Step::Deviate { .. }
            | Step::Frame { .. }
            | Step::Reorder { .. }
            | Step::Fault { .. }
            | Step::Repair { .. }
            | Step::Limit { .. }
            | Step::Unplug { .. }
            | Step::Meter { .. }
            | Step::CloseDoor { .. }
            | Step::PushBar { .. }
            | Step::Force { .. }
            | Step::Light { .. }
            | Step::Delivered { .. }
            | Step::Wait { .. } => None,
        }
    }
}
