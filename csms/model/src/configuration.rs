//! The settings of a station as it tells them: 1.6 configuration keys, 2.0.1 variables.

use jiff::Timestamp;

use crate::StationKey;

/// What a station said of one of its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationValue {
    /// 1.6: the key. 2.0.1: `Component.Variable`, each with `[instance]` behind it where it has
    /// one, and `@evse` or `@evse.connector` behind the component.
    pub name: String,
    /// What came of asking.
    pub state: ConfigurationState,
    /// The value, at most 2,500 characters; `None` where there is none, or where it is a secret.
    pub value: Option<String>,
    /// 1.6 `readonly`; 2.0.1 does not tell it here.
    pub read_only: Option<bool>,
}

/// What came of asking for a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigurationState {
    /// The station told it.
    Known,
    /// The station told it, but it is a secret and kept nowhere.
    Hidden,
    /// The station does not know it.
    Unknown,
    /// The station does not tell it.
    Refused,
}

impl ConfigurationState {
    /// The word in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ConfigurationState::Known => "known",
            ConfigurationState::Hidden => "hidden",
            ConfigurationState::Unknown => "unknown",
            ConfigurationState::Refused => "refused",
        }
    }
}

/// The last that is known of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownConfiguration {
    /// Of which station.
    pub station: StationKey,
    /// What it said.
    pub value: ConfigurationValue,
    /// When.
    pub read_at: Timestamp,
}
