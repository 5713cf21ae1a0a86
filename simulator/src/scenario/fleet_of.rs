//! The stations of a scenario, made from their descriptions.

use std::time::Duration;

use jiff::Timestamp;
use rpc::Version;

use super::spec::{SpecClock, SpecIds, SpecVersion, StationKind, StationSpec};
use super::words::{StepFunction, StepHabit, StepVendor};
use crate::charger::{Charger, ChargerConfig};
use crate::clock::ClockSetting;
use crate::functions::Function;
use crate::lock::{Lock, LockConfig};
use crate::station::unhex;
use crate::transport::{Endpoint, MessageIds};

/// A station of a scenario.
#[derive(Clone)]
pub(crate) enum Station {
    Charger(Charger),
    Lock(Lock),
}

/// A description that makes no station.
#[derive(Debug, thiserror::Error)]
#[error("station `{station}`: {error}")]
pub struct BadStation {
    station: String,
    error: &'static str,
}

impl Station {
    pub(crate) fn new(
        url: &str,
        id: &str,
        spec: &StationSpec,
        ca_pem: Option<&[u8]>,
    ) -> Result<Station, BadStation> {
        let version = match spec.version {
            SpecVersion::V16 => Version::V16,
            SpecVersion::V201 => Version::V201,
        };
        let bad = |error| BadStation {
            station: id.to_owned(),
            error,
        };
        let mut endpoint = Endpoint::new(url, id, version);
        endpoint.ca_pem = ca_pem.map(<[u8]>::to_vec);
        endpoint.password = match (&spec.password, &spec.password_hex) {
            (Some(_), Some(_)) => {
                return Err(bad("`password` and `password_hex` exclude each other"));
            }
            (Some(text), None) => Some(text.clone().into_bytes()),
            (None, Some(hex)) => {
                Some(unhex(hex).ok_or_else(|| bad("`password_hex` is not hex digits"))?)
            }
            (None, None) => None,
        };
        if let Some(StepVendor(vendor)) = spec.vendor {
            if spec.kind == StationKind::Lock {
                return Err(bad("a lock is like no maker's charger"));
            }
            if !vendor.versions.contains(&version) {
                return Err(bad("the maker's chargers do not speak this version"));
            }
        }
        if let Some(seconds) = spec.call_timeout_seconds {
            endpoint.call_timeout = Duration::from_secs(seconds);
        }
        let pace = Duration::from_secs(spec.pace_seconds.unwrap_or(1));
        let ids = match spec.message_ids {
            SpecIds::Random => MessageIds::Random,
            SpecIds::Counter => MessageIds::counter(),
        };
        let clock = match spec.clock {
            SpecClock::Exact => ClockSetting::Exact,
            SpecClock::Stuck1970 => ClockSetting::Stuck(Timestamp::UNIX_EPOCH),
        };
        Ok(match spec.kind {
            StationKind::Charger => {
                let mut config = ChargerConfig::new(endpoint);
                config.message_ids = ids;
                config.clock = clock;
                config.connectors = spec.connectors.unwrap_or(config.connectors);
                let or = |given: Option<bool>, usual: bool| given.unwrap_or(usual);
                config.authorization_cache =
                    or(spec.authorization_cache, config.authorization_cache);
                config.authorize_remote = or(spec.authorize_remote, config.authorize_remote);
                config.offline_for_unknown =
                    or(spec.offline_for_unknown, config.offline_for_unknown);
                config.stop_on_invalid = or(spec.stop_on_invalid, config.stop_on_invalid);
                if let Some(StepVendor(vendor)) = spec.vendor {
                    config.imitate(vendor);
                }
                for StepHabit(habit) in &spec.deviations {
                    config.habits.take_up(*habit);
                }
                config.without = lacking(spec);
                config.pace = pace;
                Station::Charger(Charger::new(config))
            }
            StationKind::Lock => {
                let mut config = LockConfig::new(endpoint);
                config.message_ids = ids;
                config.clock = clock;
                config.doors = spec.doors.unwrap_or(config.doors);
                config.open_seconds = spec.open_seconds.unwrap_or(config.open_seconds);
                for StepHabit(habit) in &spec.deviations {
                    config.habits.take_up(*habit);
                }
                config.without.extend(lacking(spec));
                config.pace = pace;
                Station::Lock(Lock::new(config))
            }
        })
    }
}

fn lacking(spec: &StationSpec) -> Vec<Function> {
    spec.without
        .iter()
        .map(|StepFunction(function)| *function)
        .collect()
}
