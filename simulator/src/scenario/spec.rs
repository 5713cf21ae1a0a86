//! The head of a scenario: names and stations.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Step;
use super::words::{StepFunction, StepHabit, StepVendor};

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// More words about it.
    #[serde(default)]
    pub description: Option<String>,
    /// Base address of the central system; a flag of the program overrides it.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// The stations by identity.
    pub(crate) stations: BTreeMap<String, StationSpec>,
    /// What happens, in order.
    pub(crate) steps: Vec<Step>,
}

/// What a station is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StationKind {
    /// A charger.
    #[default]
    Charger,
    /// A door controller.
    Lock,
}

/// The version a station speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum SpecVersion {
    /// OCPP 1.6.
    #[serde(rename = "1.6")]
    V16,
    /// OCPP 2.0.1.
    #[serde(rename = "2.0.1")]
    V201,
}

/// Where the message ids of a station come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SpecIds {
    /// UUIDs.
    #[default]
    Random,
    /// 1, 2, 3 …, from 1 again after a reboot.
    Counter,
}

/// How the clock of a station is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SpecClock {
    /// Right.
    #[default]
    Exact,
    /// Always 1970.
    Stuck1970,
}

/// A station of a scenario. What is left out is as delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StationSpec {
    /// Charger or lock.
    #[serde(default)]
    pub kind: StationKind,
    /// The version it speaks.
    pub version: SpecVersion,
    /// Password for Basic authentication, as text.
    #[serde(default)]
    pub password: Option<String>,
    /// The same as hex digits.
    #[serde(default)]
    pub password_hex: Option<String>,
    /// Connectors of a charger.
    #[serde(default)]
    pub connectors: Option<u32>,
    /// Doors of a lock.
    #[serde(default)]
    pub doors: Option<u32>,
    /// Authorization cache of a charger.
    #[serde(default)]
    pub authorization_cache: Option<bool>,
    /// AuthorizeRemoteTxRequests / AuthorizeRemoteStart of a charger.
    #[serde(default)]
    pub authorize_remote: Option<bool>,
    /// A charger starts offline for anybody.
    #[serde(default)]
    pub offline_for_unknown: Option<bool>,
    /// A charger ends a transaction whose start was refused.
    #[serde(default)]
    pub stop_on_invalid: Option<bool>,
    /// How long a lock stays unlocked.
    #[serde(default)]
    pub open_seconds: Option<u32>,
    /// A maker whose stations it is like.
    #[serde(default)]
    pub vendor: Option<StepVendor>,
    /// How it deviates from the standard besides.
    #[serde(default)]
    pub deviations: Vec<StepHabit>,
    /// What it lacks.
    #[serde(default)]
    pub without: Vec<StepFunction>,
    /// Seconds between two steps of a firmware update or an upload.
    #[serde(default)]
    pub pace_seconds: Option<u64>,
    /// Message ids.
    #[serde(default)]
    pub message_ids: SpecIds,
    /// The clock.
    #[serde(default)]
    pub clock: SpecClock,
    /// How long a CALL waits for its answer.
    #[serde(default)]
    pub call_timeout_seconds: Option<u64>,
}
