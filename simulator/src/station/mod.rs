//! What every kind of station does: connecting, booting, settings, lists, events.

mod commands;
mod core;
mod device;
mod event;
mod faults;
mod inbox;
mod incoming;
mod memory;
mod name;
mod settings;
mod variables;

use std::time::Duration;

pub(crate) use self::core::{Core, Parts, Wanted};
pub use self::core::{Registration, StationError};
pub(crate) use commands::common;
pub(crate) use device::{
    Device, abandon_connection, boot, connect, disconnect, drop_connection, keep_connected,
    restart, switch_off,
};
pub use event::Event;
pub use faults::Fault;
pub use inbox::Received;
pub use memory::Source;
pub(crate) use memory::TokenMemory;
pub use name::{Setting, SettingName};
pub(crate) use settings::{Access, Entry, Kind, Lookup, Settings, Switch};
pub use variables::unhex;
pub(crate) use variables::{get_configuration, report_parts};

/// What a station does when its connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Nothing; the one who drives it reconnects.
    Manual,
    /// Tries again, as real stations do.
    BackOff(BackOff),
}

/// Waits between attempts to connect (OCPP 2.0.1 part 4 §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// RetryBackOffWaitMinimum.
    pub minimum: Duration,
    /// RetryBackOffRandomRange, added to every wait.
    pub random_range: Duration,
    /// RetryBackOffRepeatTimes: how often the wait doubles.
    pub repeat_times: u32,
}

impl Default for BackOff {
    fn default() -> BackOff {
        BackOff {
            minimum: Duration::from_secs(2),
            random_range: Duration::from_secs(2),
            repeat_times: 5,
        }
    }
}

/// Whether the station sends Heartbeat by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeats {
    /// No.
    Off,
    /// As often as the answer to BootNotification says.
    AsTold,
    /// At this interval.
    Every(Duration),
}
