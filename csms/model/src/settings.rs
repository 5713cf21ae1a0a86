//! What the owner decides about a station.

use serde::{Deserialize, Serialize};

use crate::{Numbers, OcppVersion, ReaderProfile, Tolerance};

/// What the owner decides about a station. What is `None` is as the deployment has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StationSettings {
    /// How its BootNotification is answered, from the next one on.
    pub acceptance: Acceptance,
    /// Treat an upgrade that offers no subprotocol as 1.6 (Q1).
    pub assume_ocpp16: bool,
    /// The only version it may speak (Q2).
    pub pinned_version: Option<OcppVersion>,
    /// How often it is pinged; 0: never (Q9).
    pub ping_interval_seconds: Option<u32>,
    /// How many CALLs of it are taken.
    pub rate_limit: Option<RateLimit>,
    /// The longest message that is read.
    pub max_message_bytes: Option<u32>,
    /// Of how many keys it is asked at once (Q35).
    pub configuration_keys_per_call: Option<u32>,
    /// What is done about its deviations.
    pub tolerance: Tolerance,
    /// How the numbers that its reader sends become those of cards (Q31).
    pub reader_profile: ReaderProfile,
    /// In which forms a card's number counts there.
    pub card_numbers: Numbers,
}

/// How a station's BootNotification is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acceptance {
    /// It is served.
    #[default]
    Accepted,
    /// It waits; it may be looked at and set up meanwhile.
    Pending,
    /// It is sent away.
    Rejected,
}

/// How many CALLs of a station are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// In the long run, a second.
    pub calls_per_second: u32,
    /// At once.
    pub burst: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{QuirkName, ReaderStep, Treatment};

    #[test]
    fn settings_come_back_from_json_and_nothing_means_the_default() {
        let read = |text: &str| serde_json::from_str::<StationSettings>(text).unwrap();
        assert_eq!(read("{}"), StationSettings::default());
        let settings = StationSettings {
            acceptance: Acceptance::Pending,
            assume_ocpp16: true,
            pinned_version: Some(OcppVersion::V201),
            ping_interval_seconds: Some(0),
            rate_limit: Some(RateLimit {
                calls_per_second: 5,
                burst: 20,
            }),
            max_message_bytes: Some(65_536),
            configuration_keys_per_call: Some(5),
            tolerance: [(QuirkName::ExtraField, Treatment::Refuse)]
                .into_iter()
                .collect(),
            reader_profile: ReaderProfile::new(vec![
                ReaderStep::StripSerialSuffix,
                ReaderStep::StripZeroPadding { bytes: 4 },
            ]),
            card_numbers: Numbers::Forms,
        };
        assert_eq!(read(&serde_json::to_string(&settings).unwrap()), settings);
    }
}
