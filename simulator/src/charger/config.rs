//! What a simulated charger is like.

use std::sync::Arc;
use std::time::Duration;

use rpc::Version;

use super::smart_charging::{MAX_PERIODS, MAX_STACK_LEVEL};
use crate::clock::{ClockSetting, StationClock, TimeSource, system_time};
use crate::functions::Function;
use crate::station::{
    Access, Heartbeats, Kind, Parts, Reconnect, Setting, SettingName, Settings, TokenMemory,
};
use crate::transport::{Endpoint, MessageIds, Tap};
use crate::vendor::{Habit, Habits, Vendor};
use crate::wire::Identity;

/// A charger before it is switched on.
#[derive(Clone)]
pub struct ChargerConfig {
    /// Where it connects to, as whom, in which version.
    pub endpoint: Endpoint,
    /// What it says in BootNotification.
    pub identity: Identity,
    /// Connectors, numbered from 1. In 2.0.1 each is connector 1 of an EVSE of that number.
    pub connectors: u32,
    /// The authorization cache is there and on.
    pub authorization_cache: bool,
    /// The local list is there and on.
    pub local_list: bool,
    /// How many tokens the local list holds.
    pub local_list_capacity: usize,
    /// AuthorizeRemoteTxRequests / AuthCtrlr.AuthorizeRemoteStart.
    pub authorize_remote: bool,
    /// Starts online from list or cache without asking.
    pub local_pre_authorize: bool,
    /// Starts offline from list or cache.
    pub local_authorize_offline: bool,
    /// Starts offline for anybody.
    pub offline_for_unknown: bool,
    /// Ends a transaction whose start was refused; otherwise only cuts the energy.
    pub stop_on_invalid: bool,
    /// How long an accepted card, or a remote start, waits for the cable.
    pub connection_timeout: Duration,
    /// Has the keys FreeCharging and FreeChargingIdTag (1.6 only, as a known maker has them).
    pub free_charging_keys: bool,
    /// Further settings that may be read and changed.
    pub extra_settings: Vec<(SettingName, String)>,
    /// Settings of these names count only after a reboot.
    pub reboot_settings: Vec<SettingName>,
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
    /// Energy counted for every meter sample and at the end of a transaction, in Wh.
    pub sample_wh: i64,
    /// TransactionMessageAttempts: how often a transaction message is sent before it is dropped.
    pub transaction_attempts: u32,
    /// TransactionMessageRetryInterval, times the number of attempts so far.
    pub transaction_retry: Duration,
    /// Between two steps of a firmware update or an upload.
    pub pace: Duration,
    /// What the charger lacks.
    pub without: Vec<Function>,
    /// How it deviates from the standard.
    pub habits: Habits,
    /// Sees all texts.
    pub tap: Option<Arc<dyn Tap>>,
}

impl ChargerConfig {
    /// A charger with one connector, cache and local list, as they are delivered.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> ChargerConfig {
        ChargerConfig {
            endpoint,
            identity: Identity {
                vendor: "Keywatt".to_owned(),
                model: "Simulated charger".to_owned(),
                serial: Some("SIM-0001".to_owned()),
                firmware: Some("1.0".to_owned()),
            },
            connectors: 1,
            authorization_cache: true,
            local_list: true,
            local_list_capacity: 100,
            authorize_remote: false,
            local_pre_authorize: true,
            local_authorize_offline: true,
            offline_for_unknown: false,
            stop_on_invalid: true,
            connection_timeout: Duration::from_secs(60),
            free_charging_keys: false,
            extra_settings: Vec::new(),
            reboot_settings: Vec::new(),
            clock: ClockSetting::Exact,
            time: system_time(),
            heartbeats: Heartbeats::Off,
            message_ids: MessageIds::Random,
            reconnect: Reconnect::Manual,
            sample_wh: 250,
            transaction_attempts: 3,
            transaction_retry: Duration::from_secs(10),
            pace: Duration::from_secs(1),
            without: Vec::new(),
            habits: Habits::default(),
            tap: None,
        }
    }

    /// Makes it one of a known maker's, with their name and habits.
    pub fn imitate(&mut self, vendor: &Vendor) {
        self.identity.vendor = vendor.maker.to_owned();
        self.identity.model = vendor.model.to_owned();
        for habit in vendor.habits {
            self.habits.take_up(*habit);
        }
    }

    /// The parts that chargers share with other stations.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            identity: self.identity.clone(),
            endpoint: self.endpoint.clone(),
            ids: self.message_ids.clone(),
            clock: StationClock::new(Arc::clone(&self.time), self.clock_setting()),
            settings: self.settings(),
            memory: TokenMemory::new(self.endpoint.version, self.local_list_capacity),
            reconnect: self.reconnect,
            tap: self.tap.clone(),
            pace: self.pace,
            without: self.without.clone(),
            habits: self.habits.clone(),
        }
    }

    fn clock_setting(&self) -> ClockSetting {
        if self.habits.has(Habit::LostClock) {
            ClockSetting::LostAtPowerOn
        } else {
            self.clock
        }
    }

    fn has(&self, function: Function) -> bool {
        !self.without.contains(&function)
    }

    fn settings(&self) -> Settings {
        let version = self.endpoint.version;
        let mut settings = Settings::new(version);
        let switch = |on: bool| if on { "true" } else { "false" };
        for (setting, on) in [
            (Setting::AuthorizeRemote, self.authorize_remote),
            (Setting::LocalPreAuthorize, self.local_pre_authorize),
            (Setting::LocalAuthorizeOffline, self.local_authorize_offline),
            (Setting::OfflineForUnknown, self.offline_for_unknown),
            (Setting::Cache, self.authorization_cache),
            (
                Setting::LocalList,
                self.local_list && self.has(Function::LocalList),
            ),
            (Setting::StopOnInvalid, self.stop_on_invalid),
            (Setting::Authorization, true),
        ] {
            settings.define_known(setting, Kind::Bool, switch(on));
        }
        let timeout = self.connection_timeout.as_secs().to_string();
        settings.define_known(Setting::ConnectionTimeout, Kind::Count, &timeout);
        settings.define_known(Setting::HeartbeatInterval, Kind::Count, "300");
        settings.define_known(Setting::Password, Kind::Text, "");
        let capacity = self.local_list_capacity.to_string();
        let read_only = |settings: &mut Settings, name, kind, value: &str| {
            settings.define(name, kind, Access::ReadOnly, value);
        };
        match version {
            Version::V16 => {
                let connectors = self.connectors.to_string();
                let profiles = Function::profiles(&self.without);
                let levels = MAX_STACK_LEVEL.to_string();
                let periods = MAX_PERIODS.to_string();
                for (key, kind, value) in [
                    ("NumberOfConnectors", Kind::Count, connectors.as_str()),
                    ("SupportedFeatureProfiles", Kind::Text, profiles.as_str()),
                    ("GetConfigurationMaxKeys", Kind::Count, "50"),
                    ("LocalAuthListMaxLength", Kind::Count, &capacity),
                    ("SendLocalListMaxLength", Kind::Count, &capacity),
                    ("ChargeProfileMaxStackLevel", Kind::Count, &levels),
                    ("ChargingScheduleMaxPeriods", Kind::Count, &periods),
                    ("MaxChargingProfilesInstalled", Kind::Count, "20"),
                    (
                        "ChargingScheduleAllowedChargingRateUnit",
                        Kind::Text,
                        "Current,Power",
                    ),
                    ("ReserveConnectorZeroSupported", Kind::Bool, "true"),
                    ("ConnectorPhaseRotation", Kind::Text, "1.RST"),
                    ("CertificateStoreMaxLength", Kind::Count, "10"),
                    ("SecurityProfile", Kind::Count, "1"),
                ] {
                    read_only(&mut settings, SettingName::key(key), kind, value);
                }
                for (key, value) in [
                    ("MeterValueSampleInterval", "0"),
                    ("ClockAlignedDataInterval", "0"),
                    ("ResetRetries", "3"),
                    ("TransactionMessageAttempts", "3"),
                    ("TransactionMessageRetryInterval", "10"),
                ] {
                    settings.define(SettingName::key(key), Kind::Count, Access::ReadWrite, value);
                }
                // It counts from the next connection on, as with most makers.
                let ping = SettingName::key("WebSocketPingInterval");
                settings.define(ping.clone(), Kind::Count, Access::ReadWrite, "0");
                settings.needs_reboot(&ping);
                if self.free_charging_keys {
                    let on = SettingName::key("FreeCharging");
                    settings.define(on, Kind::Bool, Access::ReadWrite, "false");
                    let tag = SettingName::key("FreeChargingIdTag");
                    settings.define(tag, Kind::Text, Access::ReadWrite, "");
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
                    ("TxCtrlr", "TxStartPoint", Kind::Text, "PowerPathClosed"),
                    ("TxCtrlr", "TxStopPoint", Kind::Text, "PowerPathClosed"),
                    ("SecurityCtrlr", "Identity", Kind::Text, &self.endpoint.id),
                    ("SecurityCtrlr", "SecurityProfile", Kind::Count, "1"),
                    ("ReservationCtrlr", "NonEvseSpecific", Kind::Bool, "true"),
                    ("SmartChargingCtrlr", "RateUnit", Kind::Text, "A,W"),
                    (
                        "SmartChargingCtrlr",
                        "PeriodsPerSchedule",
                        Kind::Count,
                        "24",
                    ),
                    ("SmartChargingCtrlr", "ProfileStackLevel", Kind::Count, "9"),
                    ("SmartChargingCtrlr", "Entries", Kind::Count, "20"),
                    ("DeviceDataCtrlr", "ItemsPerMessage", Kind::Count, "20"),
                    (
                        "ChargingStation",
                        "AvailabilityState",
                        Kind::Text,
                        "Available",
                    ),
                ] {
                    let name = SettingName::variable(component, variable);
                    read_only(&mut settings, name, kind, value);
                }
                let ping = SettingName::variable("OCPPCommCtrlr", "WebSocketPingInterval");
                settings.define(ping.clone(), Kind::Count, Access::ReadWrite, "0");
                settings.needs_reboot(&ping);
                for (component, function) in [
                    ("LocalAuthListCtrlr", Function::LocalList),
                    ("ReservationCtrlr", Function::Reservation),
                    ("SmartChargingCtrlr", Function::SmartCharging),
                    ("DisplayMessageCtrlr", Function::DisplayMessages),
                    ("MonitoringCtrlr", Function::Monitoring),
                ] {
                    let name = SettingName::variable(component, "Available");
                    let there = switch(self.has(function));
                    read_only(&mut settings, name, Kind::Bool, there);
                }
                for evse in 1..=self.connectors {
                    let power = SettingName::variable("EVSE", "Power").of_evse(evse);
                    read_only(&mut settings, power, Kind::Count, "11000");
                }
            }
        }
        for (name, value) in &self.extra_settings {
            settings.define(name.clone(), Kind::Text, Access::ReadWrite, value);
        }
        for name in &self.reboot_settings {
            settings.needs_reboot(name);
        }
        settings
    }
}
