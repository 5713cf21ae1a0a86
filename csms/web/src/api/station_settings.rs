//! What the owner decides about a station, in the bodies of stations.

use std::collections::BTreeMap;

use app::admin::SettingsPatch;
use jiff::Timestamp;
use model::{QuirkName, RateLimit, ReaderProfile, ReaderProposal, ReaderStep, StationSettings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::nullable;
use crate::problem::Problem;
use crate::words::{AcceptanceWord, CardNumbersWord, OcppVersionWord, TreatmentWord};

/// What the owner decides about a station; null is as the deployment has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsBody {
    /// How its BootNotification is answered, from the next one on.
    acceptance: AcceptanceWord,
    /// A handshake that names no OCPP version is taken as 1.6.
    assume_ocpp16: bool,
    /// The only version it may speak.
    pinned_version: Option<OcppVersionWord>,
    /// 0: it is not pinged.
    ping_interval_seconds: Option<u32>,
    rate_limit: Option<RateLimitBody>,
    max_message_bytes: Option<u32>,
    /// Of how many keys a 1.6 station is asked at once.
    configuration_keys_per_call: Option<u32>,
    /// What is done about its deviations, by their names, where that is not the default.
    tolerance: BTreeMap<&'static str, TreatmentWord>,
    /// How the numbers that its reader sends become those of cards, in this order.
    reader_profile: Vec<ReaderStepBody>,
    /// In which forms a card's number counts there.
    card_numbers: CardNumbersWord,
}

/// How many CALLs of a station are taken.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimitBody {
    /// In the long run.
    #[schema(minimum = 1, maximum = 1000)]
    calls_per_second: u32,
    /// At once.
    #[schema(minimum = 1, maximum = 10000)]
    burst: u32,
}

/// What a step of a reader profile does.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReaderStepWord {
    /// Cuts off `_` and the station's own serial number.
    StripSerialSuffix,
    /// Turns the bytes of a hex number round.
    ReverseBytes,
    /// Cuts zeros off the left until `bytes` bytes are left.
    StripZeroPadding,
    /// Cuts zeros off the right until `bytes` bytes are left.
    StripTrailingZeros,
    /// A decimal number becomes hex of `bytes` bytes.
    DecimalToHex,
    /// Upper-case letters.
    UpperCase,
}

/// A step of a reader profile.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaderStepBody {
    step: ReaderStepWord,
    /// For `strip_zero_padding`, `strip_trailing_zeros` and `decimal_to_hex`: the length of the number in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 18)]
    bytes: Option<u8>,
}

/// What is to be changed; what is left out stays, null is as the deployment has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsPatchBody {
    /// One that waits is asked to boot again when it is accepted.
    #[serde(default)]
    acceptance: Option<AcceptanceWord>,
    #[serde(default)]
    assume_ocpp16: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<OcppVersionWord>)]
    pinned_version: Option<Option<OcppVersionWord>>,
    /// 0, or from 5.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>, maximum = 86400)]
    ping_interval_seconds: Option<Option<u32>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<RateLimitBody>)]
    rate_limit: Option<Option<RateLimitBody>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>, minimum = 4096, maximum = 4194304)]
    max_message_bytes: Option<Option<u32>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    configuration_keys_per_call: Option<Option<u32>>,
    /// By the names of deviations; null: its default again. Others stay as they are.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, TreatmentWord>)]
    tolerance: BTreeMap<String, Option<TreatmentWord>>,
    /// In place of all of the old.
    #[serde(default)]
    #[schema(max_items = 8)]
    reader_profile: Option<Vec<ReaderStepBody>>,
    #[serde(default)]
    card_numbers: Option<CardNumbersWord>,
}

impl From<&StationSettings> for SettingsBody {
    fn from(settings: &StationSettings) -> Self {
        Self {
            acceptance: settings.acceptance.into(),
            assume_ocpp16: settings.assume_ocpp16,
            pinned_version: settings.pinned_version.map(Into::into),
            ping_interval_seconds: settings.ping_interval_seconds,
            rate_limit: settings.rate_limit.map(|limit| RateLimitBody {
                calls_per_second: limit.calls_per_second,
                burst: limit.burst,
            }),
            max_message_bytes: settings.max_message_bytes,
            configuration_keys_per_call: settings.configuration_keys_per_call,
            tolerance: settings
                .tolerance
                .said()
                .map(|(quirk, treatment)| (quirk.name(), treatment.into()))
                .collect(),
            reader_profile: steps_body(&settings.reader_profile),
            card_numbers: settings.card_numbers.into(),
        }
    }
}

impl SettingsPatchBody {
    /// # Errors
    /// A name of no deviation, a step with bytes where it takes none, or without.
    pub(crate) fn patch(self) -> Result<SettingsPatch, Problem> {
        let mut tolerance = Vec::with_capacity(self.tolerance.len());
        for (name, treatment) in self.tolerance {
            let quirk = QuirkName::from_name(&name).ok_or_else(|| {
                Problem::field(
                    "settings.tolerance",
                    "invalid",
                    format!("`{name}` is the name of no deviation"),
                )
            })?;
            tolerance.push((quirk, treatment.map(Into::into)));
        }
        let profile = match self.reader_profile {
            None => None,
            Some(steps) => {
                let steps = steps.into_iter().enumerate().map(step);
                Some(ReaderProfile::new(steps.collect::<Result<_, _>>()?))
            }
        };
        Ok(SettingsPatch {
            acceptance: self.acceptance.map(Into::into),
            assume_ocpp16: self.assume_ocpp16,
            pinned_version: self.pinned_version.map(|version| version.map(Into::into)),
            ping_interval_seconds: self.ping_interval_seconds,
            rate_limit: self.rate_limit.map(|limit| {
                limit.map(|limit| RateLimit {
                    calls_per_second: limit.calls_per_second,
                    burst: limit.burst,
                })
            }),
            max_message_bytes: self.max_message_bytes,
            configuration_keys_per_call: self.configuration_keys_per_call,
            tolerance,
            reader_profile: profile,
            card_numbers: self.card_numbers.map(Into::into),
        })
    }
}

/// A reader profile that would explain how readers of the station's model show known cards.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReaderProposalBody {
    /// As it can be given to `settings.reader_profile`.
    reader_profile: Vec<ReaderStepBody>,
    /// How often a known card was shown so.
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl From<&ReaderProposal> for ReaderProposalBody {
    fn from(row: &ReaderProposal) -> Self {
        Self {
            reader_profile: steps_body(&row.profile),
            count: row.count,
            first_at: row.first_at,
            last_at: row.last_at,
        }
    }
}

fn steps_body(profile: &ReaderProfile) -> Vec<ReaderStepBody> {
    profile.steps().iter().copied().map(step_body).collect()
}

fn step_body(step: ReaderStep) -> ReaderStepBody {
    let (step, bytes) = match step {
        ReaderStep::StripSerialSuffix => (ReaderStepWord::StripSerialSuffix, None),
        ReaderStep::ReverseBytes => (ReaderStepWord::ReverseBytes, None),
        ReaderStep::StripZeroPadding { bytes } => (ReaderStepWord::StripZeroPadding, Some(bytes)),
        ReaderStep::StripTrailingZeros { bytes } => {
            (ReaderStepWord::StripTrailingZeros, Some(bytes))
        }
        ReaderStep::DecimalToHex { bytes } => (ReaderStepWord::DecimalToHex, Some(bytes)),
        ReaderStep::UpperCase => (ReaderStepWord::UpperCase, None),
    };
    ReaderStepBody { step, bytes }
}

fn step((position, body): (usize, ReaderStepBody)) -> Result<ReaderStep, Problem> {
    let field = format!("settings.reader_profile[{position}].bytes");
    match (body.step, body.bytes) {
        (ReaderStepWord::StripZeroPadding, Some(bytes)) => {
            Ok(ReaderStep::StripZeroPadding { bytes })
        }
        (ReaderStepWord::StripTrailingZeros, Some(bytes)) => {
            Ok(ReaderStep::StripTrailingZeros { bytes })
        }
        (ReaderStepWord::DecimalToHex, Some(bytes)) => Ok(ReaderStep::DecimalToHex { bytes }),
        (
            ReaderStepWord::StripZeroPadding
            | ReaderStepWord::StripTrailingZeros
            | ReaderStepWord::DecimalToHex,
            None,
        ) => Err(Problem::field(
            &field,
            "required",
            "the length of the number in bytes",
        )),
        (ReaderStepWord::StripSerialSuffix, None) => Ok(ReaderStep::StripSerialSuffix),
        (ReaderStepWord::ReverseBytes, None) => Ok(ReaderStep::ReverseBytes),
        (ReaderStepWord::UpperCase, None) => Ok(ReaderStep::UpperCase),
        (
            ReaderStepWord::StripSerialSuffix
            | ReaderStepWord::ReverseBytes
            | ReaderStepWord::UpperCase,
            Some(_),
        ) => Err(Problem::field(&field, "invalid", "this step takes none")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_come_back_as_they_were_given() {
        let given = json!({
            "acceptance": "pending", "assume_ocpp16": true, "pinned_version": "2.0.1", "ping_interval_seconds": 0,
            "rate_limit": {"calls_per_second": 5, "burst": 9}, "max_message_bytes": 8192,
            "configuration_keys_per_call": 4, "tolerance": {"time_form": "refuse"},
            "reader_profile": [{"step": "strip_serial_suffix"},
                {"step": "strip_zero_padding", "bytes": 4},
                {"step": "strip_trailing_zeros", "bytes": 4}, {"step": "reverse_bytes"},
                {"step": "decimal_to_hex", "bytes": 7}, {"step": "upper_case"}],
            "card_numbers": "weak_forms"
        });
        let body: SettingsPatchBody = serde_json::from_value(given.clone()).unwrap();
        let patch = body.patch().unwrap();
        let settings = StationSettings {
            acceptance: patch.acceptance.unwrap(),
            assume_ocpp16: patch.assume_ocpp16.unwrap(),
            pinned_version: patch.pinned_version.unwrap(),
            ping_interval_seconds: patch.ping_interval_seconds.unwrap(),
            rate_limit: patch.rate_limit.unwrap(),
            max_message_bytes: patch.max_message_bytes.unwrap(),
            configuration_keys_per_call: patch.configuration_keys_per_call.unwrap(),
            tolerance: patch
                .tolerance
                .into_iter()
                .filter_map(|(quirk, treatment)| Some((quirk, treatment?)))
                .collect(),
            reader_profile: patch.reader_profile.unwrap(),
            card_numbers: patch.card_numbers.unwrap(),
        };
        assert_eq!(
            serde_json::to_value(SettingsBody::from(&settings)).unwrap(),
            given
        );
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for wrong in [
            json!({"tolerance": {"mood": "refuse"}}),
            json!({"reader_profile": [{"step": "strip_zero_padding"}]}),
            json!({"reader_profile": [{"step": "strip_trailing_zeros"}]}),
            json!({"reader_profile": [{"step": "upper_case", "bytes": 4}]}),
        ] {
            let body: SettingsPatchBody = serde_json::from_value(wrong.clone()).unwrap();
            assert!(body.patch().is_err(), "{wrong}");
        }
        for wrong in [
            json!({"tolerance": {"time_form": "ignore"}}),
            json!({"reader_profile": [{"step": "guess"}]}),
            json!({"pinned_version": "1.5"}),
            json!({"mood": 1}),
        ] {
            assert!(
                serde_json::from_value::<SettingsPatchBody>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }
}
