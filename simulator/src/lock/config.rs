//! What a simulated door controller is like.

use std::sync::Arc;
use std::time::Duration;

use rpc::Version;

use super::door::Mode;
use crate::clock::{ClockSetting, StationClock, TimeSource, system_time};
use crate::functions::Function;
use crate::station::{
    Access, Heartbeats, Kind, Parts, Reconnect, Setting, SettingName, Settings, TokenMemory,
};
use crate::transport::{Endpoint, MessageIds, Tap};
use crate::vendor::Habits;
use crate::wire::Identity;

/// What the controller does with cards while there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflinePolicy {
    /// Refuses all.
    Closed,
    /// Lets in who is on the list.
    List,
}

/// How the controller asks about a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `Door.Authorize` by DataTransfer.
    DoorAuthorize,
    /// The standard's Authorize; 2.0.1 names the door in additionalInfo, 1.6 cannot.
    Authorize,
    /// The standard's Authorize without naming the door, right only with a single door.
    AuthorizeUnnamed,
}

/// A door controller before it is switched on.
#[derive(Clone)]
pub struct LockConfig {
    /// Where it connects to, as whom, in which version.
    pub endpoint: Endpoint,
    /// What it says in BootNotification.
    pub identity: Identity,
    /// Doors, numbered from 1. Door n is EVSE n, connector 1 in 2.0.1 and connector n in 1.6.
    pub doors: u32,
    /// How long a door stays unlocked, unless the central system says otherwise.
    pub open_seconds: u32,
    /// How long a door may stand open before it counts as held.
    pub held_after: Duration,
    /// How it asks about cards.
    pub ask: Ask,
    /// What it does with cards while there is no connection.
    pub offline_policy: OfflinePolicy,
    /// PINs on the list count while there is no connection.
    pub offline_pins: bool,
    /// How many tokens the list holds.
    pub local_list_capacity: usize,
    /// After this long without a connection a door that is held open returns to normal.
    pub offline_hold: Duration,
    /// UnlockConnector opens the door.
    pub unlock_connector_opens: bool,
    /// The wait before a door event that was not accepted is sent again, times the attempts.
    pub event_retry: Duration,
    /// How its clock is set.
    pub clock: ClockSetting,
    /// Where the true time comes from.
    pub time: TimeSource,
    /// Whether it sends Heartbeat by itself.
    pub heartbeats: Heartbeats,
    /// Where its message ids come from.
    pub message_ids: MessageIds,
    /// What it does when the connection ends.
    pub reconnect: Reconnect,
    /// Between two steps of a firmware update or an upload.
    pub pace: Duration,
    /// What the lock lacks; of what concerns charging it has nothing.
    pub without: Vec<Function>,
    /// How it deviates from the standard.
    pub habits: Habits,
    /// Sees all texts.
    pub tap: Option<Arc<dyn Tap>>,
}

impl LockConfig {
    /// A controller of one door, as it is delivered.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> LockConfig {
        let ask = match endpoint.version {
            Version::V16 => Ask::DoorAuthorize,
            Version::V201 => Ask::Authorize,
        };
        LockConfig {
            endpoint,
            identity: Identity {
                vendor: "Keywatt".to_owned(),
                model: "Simulated lock".to_owned(),
                serial: Some("SIM-0002".to_owned()),
                firmware: Some("1.0".to_owned()),
            },
            doors: 1,
            open_seconds: 5,
            held_after: Duration::from_secs(30),
            ask,
            offline_policy: OfflinePolicy::List,
            offline_pins: false,
            local_list_capacity: 500,
            offline_hold: Duration::from_secs(60 * 60),
            unlock_connector_opens: false,
            event_retry: Duration::from_secs(5),
            clock: ClockSetting::Exact,
            time: system_time(),
            heartbeats: Heartbeats::Off,
            message_ids: MessageIds::Random,
            reconnect: Reconnect::Manual,
            pace: Duration::from_secs(1),
            without: vec![
                Function::Reservation,
                Function::SmartCharging,
                Function::Cost,
            ],
            habits: Habits::default(),
            tap: None,
        }
    }

    /// The parts that locks share with other stations.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            identity: self.identity.clone(),
            endpoint: self.endpoint.clone(),
            ids: self.message_ids.clone(),
            clock: StationClock::new(Arc::clone(&self.time), self.clock),
            settings: self.settings(),
            memory: TokenMemory::new(self.endpoint.version, self.local_list_capacity),
            reconnect: self.reconnect,
            tap: self.tap.clone(),
            pace: self.pace,
            without: self.without.clone(),
            habits: self.habits.clone(),
        }
    }

    fn settings(&self) -> Settings {
        let version = self.endpoint.version;
        let mut settings = Settings::new(version);
        settings.define_known(Setting::LocalList, Kind::Bool, "true");
        settings.define_known(Setting::HeartbeatInterval, Kind::Count, "300");
        settings.define_known(Setting::Password, Kind::Text, "");
        let capacity = self.local_list_capacity.to_string();
        let seconds = self.open_seconds.to_string();
        match version {
            Version::V16 => {
                let doors = self.doors.to_string();
                for (key, kind, value) in [
                    ("NumberOfConnectors", Kind::Count, doors.as_str()),
                    (
                        "SupportedFeatureProfiles",
                        Kind::Text,
                        "Core,LocalAuthListManagement",
                    ),
                    ("LocalAuthListMaxLength", Kind::Count, &capacity),
                    ("SendLocalListMaxLength", Kind::Count, &capacity),
                ] {
                    settings.define(SettingName::key(key), kind, Access::ReadOnly, value);
                }
            }
            Version::V201 => {
                for (component, variable, kind, value) in [
                    (
                        "LocalAuthListCtrlr",
                        "Entries",
                        Kind::Count,
                        capacity.as_str(),
                    ),
                    (
                        "LocalAuthListCtrlr",
                        "ItemsPerMessage",
                        Kind::Count,
                        &capacity,
                    ),
                    (
                        "AuthCtrlr",
                        "OfflineTxForUnknownIdEnabled",
                        Kind::Bool,
                        "false",
                    ),
                    ("OCPPCommCtrlr", "QueueAllMessages", Kind::Bool, "true"),
                ] {
                    let name = SettingName::variable(component, variable);
                    settings.define(name, kind, Access::ReadOnly, value);
                }
            }
        }
        for door in 1..=self.doors {
            let kind = Kind::Choice(Mode::NAMES);
            let mode = Mode::Normal.name();
            settings.define(mode_name(version, door), kind, Access::ReadWrite, mode);
            settings.define(
                seconds_name(version, door),
                Kind::Count,
                Access::ReadWrite,
                &seconds,
            );
            if version == Version::V201 {
                for (component, variable, kind, access, value) in [
                    (
                        "AccessBarrier",
                        "Enabled",
                        Kind::Bool,
                        Access::ReadWrite,
                        "true",
                    ),
                    (
                        "AccessBarrier",
                        "Active",
                        Kind::Bool,
                        Access::ReadOnly,
                        "false",
                    ),
                    (
                        "AccessBarrier",
                        "Problem",
                        Kind::Bool,
                        Access::ReadOnly,
                        "false",
                    ),
                    (
                        "AccessBarrier",
                        "State",
                        Kind::Text,
                        Access::ReadOnly,
                        "Closed",
                    ),
                    (
                        "TokenReader",
                        "Enabled",
                        Kind::Bool,
                        Access::ReadWrite,
                        "true",
                    ),
                    (
                        "TokenReader",
                        "Problem",
                        Kind::Bool,
                        Access::ReadOnly,
                        "false",
                    ),
                ] {
                    let name = SettingName::variable(component, variable).of_evse(door);
                    settings.define(name, kind, access, value);
                }
                let bolt = SettingName::variable("Actuator", "Active").of_evse(door);
                let bolt = bolt.with_instance("Bolt");
                settings.define(bolt, Kind::Bool, Access::ReadOnly, "false");
            }
        }
        settings
    }
}

/// What the mode of a door is called.
pub(crate) fn mode_name(version: Version, door: u32) -> SettingName {
    match version {
        Version::V16 => SettingName::key(&format!("LockMode{door}")),
        Version::V201 => SettingName::variable("AccessBarrier", "Mode").of_evse(door),
    }
}

/// What the time a door stays unlocked is called.
pub(crate) fn seconds_name(version: Version, door: u32) -> SettingName {
    match version {
        Version::V16 => SettingName::key(&format!("OpenSeconds{door}")),
        Version::V201 => SettingName::variable("AccessBarrier", "Timeout").of_evse(door),
    }
}
