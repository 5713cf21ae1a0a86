//! What habits make of the station's answers.

use rpc::Version;
use serde_json::Value;

use super::Habit;
use crate::station::{Core, get_configuration};
use crate::transport::{Answer, Incoming, Manner, Reply};

/// Changes an answer.
pub(super) fn change(habit: Habit, core: &Core, call: &Incoming, answer: &mut Answer) {
    let asked = call.action.as_str();
    match (habit, &mut answer.reply) {
        (Habit::OtherSpelling, Reply::Error { .. }) => {
            answer.manner = Manner::Spelled(match core.version {
                Version::V16 => Version::V201,
                Version::V201 => Version::V16,
            });
        }
        (Habit::IgnoresKeyFilter, _) if asked == "GetConfiguration" => {
            answer.reply = get_configuration(core, &Value::Null).reply;
        }
        (Habit::NumericSettings, Reply::Result(payload)) if asked == "GetConfiguration" => {
            each_value(payload, |_, value| {
                let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
                if let Some(number) = number {
                    *value = number.into();
                }
            });
        }
        (Habit::ListInBrackets, Reply::Result(payload)) if asked == "GetConfiguration" => {
            each_value(payload, |_, value| {
                if let Some(text) = value.as_str().filter(|text| text.contains(',')) {
                    *value = format!("[{}", text.replace(',', ", ")).into();
                }
            });
        }
        (Habit::PowerUnit, Reply::Result(payload)) if asked == "GetConfiguration" => {
            each_value(payload, |key, value| {
                if key == "ChargingScheduleAllowedChargingRateUnit" {
                    *value = "Power".into();
                }
            });
        }
        (Habit::NoFeatureProfiles, Reply::Result(payload)) if asked == "GetConfiguration" => {
            let keys = payload
                .get_mut("configurationKey")
                .and_then(Value::as_array_mut);
            if let Some(keys) = keys {
                keys.retain(|entry| {
                    entry.get("key").and_then(Value::as_str) != Some("SupportedFeatureProfiles")
                });
            }
        }
        (_, _) => {}
    }
}

/// Changes the values of the keys of GetConfiguration.
fn each_value(payload: &mut Value, mut how: impl FnMut(&str, &mut Value)) {
    let keys = payload
        .get_mut("configurationKey")
        .and_then(Value::as_array_mut);
    for entry in keys.into_iter().flatten() {
        let key = entry
            .get("key")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if let Some(value) = entry.get_mut("value") {
            how(&key, value);
        }
    }
}
