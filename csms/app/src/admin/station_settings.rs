//! What the owner decides about a station: how it is spoken with, what is tolerated of it.

use std::ops::RangeInclusive;

use authz::act;
use model::{
    Acceptance, Change, Numbers, OcppVersion, QuirkName, RateLimit, ReaderProfile, ReaderStep,
    StationSettings, Treatment,
};
use store::image;

use super::Admin;
use super::fields::Faults;
use super::stations::{StationView, node_of};
use super::write::{Done, Write};
use crate::ApiError;

/// Seconds between pings, where there are any: proxies close after a minute or more, and a
/// station on a metered line is asked once a day at least (OCPP-J 1.6 §5.3).
const PING_SECONDS: RangeInclusive<u32> = 5..=86_400;
/// CALLs a second.
const CALLS_PER_SECOND: RangeInclusive<u32> = 1..=1_000;
/// CALLs at once.
const BURST: RangeInclusive<u32> = 1..=10_000;
/// Shorter than 4 KiB no BootNotification with certificates fits, longer than 4 MiB nothing is read.
const MESSAGE_BYTES: RangeInclusive<u32> = 4_096..=4_194_304;
/// Keys in one question.
const KEYS: RangeInclusive<u32> = 1..=100;
/// Steps of a reader profile.
const STEPS: usize = 8;
/// The length of a card number in bytes: OCPP has 36 characters.
const CARD_BYTES: RangeInclusive<u8> = 1..=18;

/// What is to become of a station's settings. `Some(None)`: as the deployment has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsPatch {
    /// See [`StationSettings::acceptance`].
    pub acceptance: Option<Acceptance>,
    /// See [`StationSettings::assume_ocpp16`].
    pub assume_ocpp16: Option<bool>,
    /// See [`StationSettings::pinned_version`].
    pub pinned_version: Option<Option<OcppVersion>>,
    /// See [`StationSettings::ping_interval_seconds`].
    pub ping_interval_seconds: Option<Option<u32>>,
    /// See [`StationSettings::rate_limit`].
    pub rate_limit: Option<Option<RateLimit>>,
    /// See [`StationSettings::max_message_bytes`].
    pub max_message_bytes: Option<Option<u32>>,
    /// See [`StationSettings::configuration_keys_per_call`].
    pub configuration_keys_per_call: Option<Option<u32>>,
    /// What is done about single deviations; `None`: the default. Others stay as they are.
    pub tolerance: Vec<(QuirkName, Option<Treatment>)>,
    /// In place of the old one.
    pub reader_profile: Option<ReaderProfile>,
    /// See [`StationSettings::card_numbers`].
    pub card_numbers: Option<Numbers>,
}

impl SettingsPatch {
    fn apply(self, settings: &mut StationSettings) {
        let Self {
            acceptance,
            assume_ocpp16,
            pinned_version,
            ping_interval_seconds,
            rate_limit,
            max_message_bytes,
            configuration_keys_per_call,
            tolerance,
            reader_profile,
            card_numbers,
        } = self;
        set(&mut settings.acceptance, acceptance);
        set(&mut settings.assume_ocpp16, assume_ocpp16);
        set(&mut settings.pinned_version, pinned_version);
        set(&mut settings.ping_interval_seconds, ping_interval_seconds);
        set(&mut settings.rate_limit, rate_limit);
        set(&mut settings.max_message_bytes, max_message_bytes);
        set(
            &mut settings.configuration_keys_per_call,
            configuration_keys_per_call,
        );
        for (quirk, treatment) in tolerance {
            settings.tolerance.set(quirk, treatment);
        }
        set(&mut settings.reader_profile, reader_profile);
        set(&mut settings.card_numbers, card_numbers);
    }
}

fn set<T>(kept: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *kept = new;
    }
}

/// Whether settings can be kept.
fn check(settings: &StationSettings) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    let mut number = |field: &str, number: Option<u32>, allowed: RangeInclusive<u32>| {
        if number.is_some_and(|number| !allowed.contains(&number)) {
            let (least, most) = allowed.into_inner();
            faults.add(
                format!("settings.{field}"),
                "out_of_range",
                format!("from {least} to {most}"),
            );
        }
    };
    let ping = settings
        .ping_interval_seconds
        .filter(|seconds| *seconds > 0);
    number("ping_interval_seconds", ping, PING_SECONDS);
    let limit = settings.rate_limit.as_ref();
    let rate = limit.map(|limit| limit.calls_per_second);
    number("rate_limit.calls_per_second", rate, CALLS_PER_SECOND);
    number("rate_limit.burst", limit.map(|limit| limit.burst), BURST);
    number(
        "max_message_bytes",
        settings.max_message_bytes,
        MESSAGE_BYTES,
    );
    let keys = settings.configuration_keys_per_call;
    number("configuration_keys_per_call", keys, KEYS);
    let steps = settings.reader_profile.steps();
    faults.check(
        || steps.len() <= STEPS,
        "settings.reader_profile",
        "too_long",
        "at most 8 steps",
    );
    for (position, step) in steps.iter().enumerate() {
        let bytes = match step {
            ReaderStep::StripZeroPadding { bytes }
            | ReaderStep::StripTrailingZeros { bytes }
            | ReaderStep::DecimalToHex { bytes } => *bytes,
            ReaderStep::StripSerialSuffix | ReaderStep::ReverseBytes | ReaderStep::UpperCase => {
                continue;
            }
        };
        faults.check(
            || CARD_BYTES.contains(&bytes),
            &format!("settings.reader_profile[{position}].bytes"),
            "out_of_range",
            "from 1 to 18",
        );
    }
    faults.none()
}

impl Admin {
    /// Changes what is decided about a station; a connection that stands has it from its next
    /// message on.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on it; `Invalid` for a setting out of range.
    pub async fn change_station_settings(
        &self,
        write: Write<StationView>,
        id: &str,
        patch: SettingsPatch,
    ) -> Result<Done, ApiError> {
        let station = self.registered(id).await?;
        let node = node_of(&station);
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, node)
            .await?;
        let telemetry = self.telemetry(&write.caller, node, &station.key).await?;
        // Alone, so that of two changes the connection has the one that was committed last.
        let _order = self.order.write().await;
        let (key, organisation) = (station.key, station.organisation);
        let looked_up = key.clone();
        let done = self
            .change(permit, write, organisation, move |tx| {
                let (key, patch) = (looked_up.clone(), patch.clone());
                let telemetry = telemetry.clone();
                Box::pin(async move {
                    let Some(before) = tx.get_station(&key).await? else {
                        return Ok(Err(ApiError::NotFound));
                    };
                    let mut station = before.clone();
                    patch.apply(&mut station.settings);
                    if let Err(faults) = check(&station.settings) {
                        return Ok(Err(faults));
                    }
                    tx.set_station_settings(&key, &station.settings).await?;
                    let before = image(&Change::Station(Box::new(before)));
                    let change = Change::Station(Box::new(station.clone()));
                    tx.record(change, Some(before));
                    Ok(Ok(StationView { station, telemetry }))
                })
            })
            .await?;
        if let Some(station) = self.store.get_station(&key).await? {
            self.link.configure(&key, &station.settings);
            self.acceptance_decided(&key, station.settings.acceptance);
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(settings: StationSettings) -> Vec<String> {
        match check(&settings) {
            Ok(()) => Vec::new(),
            Err(ApiError::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn settings_out_of_range_are_told_each_by_its_field() {
        let settings = StationSettings {
            ping_interval_seconds: Some(4),
            rate_limit: Some(RateLimit {
                calls_per_second: 0,
                burst: 10_001,
            }),
            max_message_bytes: Some(100),
            configuration_keys_per_call: Some(0),
            reader_profile: ReaderProfile::new(vec![
                ReaderStep::ReverseBytes,
                ReaderStep::DecimalToHex { bytes: 0 },
            ]),
            ..StationSettings::default()
        };
        assert_eq!(
            faults(settings),
            [
                "settings.ping_interval_seconds",
                "settings.rate_limit.calls_per_second",
                "settings.rate_limit.burst",
                "settings.max_message_bytes",
                "settings.configuration_keys_per_call",
                "settings.reader_profile[1].bytes",
            ]
        );
        let steps = vec![ReaderStep::UpperCase; 9];
        let settings = StationSettings {
            ping_interval_seconds: Some(0),
            reader_profile: ReaderProfile::new(steps),
            ..StationSettings::default()
        };
        assert_eq!(faults(settings), ["settings.reader_profile"]);
        assert!(faults(StationSettings::default()).is_empty());
    }

    #[test]
    fn a_patch_leaves_alone_what_it_does_not_name() {
        let mut settings = StationSettings {
            assume_ocpp16: true,
            ping_interval_seconds: Some(60),
            tolerance: [(QuirkName::TooLong, Treatment::Refuse)]
                .into_iter()
                .collect(),
            ..StationSettings::default()
        };
        let patch = SettingsPatch {
            ping_interval_seconds: Some(None),
            tolerance: vec![
                (QuirkName::TimeForm, Some(Treatment::Report)),
                (QuirkName::NullField, None),
            ],
            ..SettingsPatch::default()
        };
        patch.apply(&mut settings);
        assert!(settings.assume_ocpp16);
        assert_eq!(settings.ping_interval_seconds, None);
        let said: Vec<_> = settings.tolerance.said().collect();
        assert_eq!(
            said,
            [
                (QuirkName::TooLong, Treatment::Refuse),
                (QuirkName::TimeForm, Treatment::Report)
            ]
        );
    }
}
