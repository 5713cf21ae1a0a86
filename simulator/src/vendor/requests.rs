//! What habits make of the station's own messages.

use rpc::Version;
use serde_json::{Number, Value, json};

use super::{Habit, readings, tags, times};
use crate::station::Core;

/// Changes the payload of a CALL.
pub(super) fn change(habit: Habit, core: &Core, action: &str, payload: &mut Value) {
    match habit {
        Habit::NullPayload if payload == &json!({}) => *payload = Value::Null,
        Habit::NoZone => times::change(payload, times::without_zone),
        Habit::ShortOffset => times::change(payload, times::short_offset),
        Habit::NumbersAsText => numbers(payload, &|number| Value::String(number.to_string())),
        Habit::WholeAsFloat => numbers(payload, &as_float),
        Habit::TagWithSerial | Habit::PaddedTag | Habit::ReversedTag | Habit::OverreadTag => {
            let serial = core.identity.lock().serial.clone().unwrap_or_default();
            for text in tags::places(payload) {
                if let Some(changed) = tags::change(habit, text, &serial) {
                    *text = changed;
                }
            }
        }
        Habit::ObjectInData if action == "DataTransfer" => {
            let inside = payload
                .get("data")
                .and_then(Value::as_str)
                .and_then(|text| serde_json::from_str(text).ok());
            put(payload, "data", inside);
        }
        Habit::NullOptionals => {
            let field = match (action, core.version) {
                ("BootNotification", Version::V16) => "iccid",
                ("StatusNotification", Version::V16) => "vendorId",
                ("StopTransaction", _) => "transactionData",
                ("TransactionEvent", _) => "reservationId",
                (_, _) => return,
            };
            if payload.get(field).is_none() {
                put(payload, field, Some(Value::Null));
            }
        }
        Habit::LongValues => match (action, core.version) {
            ("BootNotification", Version::V16) => {
                put(payload, "firmwareVersion", Some("1.0-".repeat(40).into()));
            }
            ("StatusNotification", Version::V16) => {
                put(payload, "info", Some("all is well ".repeat(20).into()));
            }
            (_, _) => {}
        },
        Habit::UnknownErrorCode if action == "StatusNotification" => {
            if payload.get("errorCode").is_some() {
                put(payload, "errorCode", Some("Error".into()));
            }
        }
        Habit::StopIdZero if action == "StopTransaction" => {
            put(payload, "transactionId", Some(0.into()));
        }
        Habit::StopIdMinusOne if action == "StopTransaction" => {
            put(payload, "transactionId", Some((-1).into()));
        }
        Habit::StopIdNull if action == "StopTransaction" => {
            put(payload, "transactionId", Some(Value::Null));
        }
        Habit::NoTransactionId if action == "MeterValues" => {
            if let Some(fields) = payload.as_object_mut() {
                fields.remove("transactionId");
            }
        }
        Habit::HugeTransactionId if action == "MeterValues" => {
            put(payload, "transactionId", Some(i64::MAX.into()));
        }
        _ => {
            if let Some(values) = payload.get_mut("meterValue").and_then(Value::as_array_mut) {
                readings::change(habit, values);
            }
        }
    }
}

fn put(payload: &mut Value, field: &str, value: Option<Value>) {
    if let (Some(value), Some(fields)) = (value, payload.as_object_mut()) {
        fields.insert(field.to_owned(), value);
    }
}

fn as_float(number: &Number) -> Value {
    number
        .as_i64()
        .and_then(|whole| i32::try_from(whole).ok())
        .and_then(|whole| Number::from_f64(whole.into()))
        .map_or_else(|| Value::Number(number.clone()), Value::Number)
}

fn numbers(value: &mut Value, how: &dyn Fn(&Number) -> Value) {
    match value {
        Value::Number(number) => *value = how(number),
        Value::Array(items) => items.iter_mut().for_each(|item| numbers(item, how)),
        Value::Object(fields) => fields.values_mut().for_each(|item| numbers(item, how)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
