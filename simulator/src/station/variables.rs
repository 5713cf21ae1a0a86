//! Reading, changing and reporting settings, per version.

use std::sync::Arc;

use rpc::Version;
use serde_json::{Value, json};

use super::core::Core;
use super::device::Device;
use super::event::Event;
use super::name::{Setting, SettingName};
use super::settings::{Access, Change, Entry, Kind, Lookup};
use crate::clock::wire_time;
use crate::functions;
use crate::transport::Answer;
use crate::wire::{Message, number, text};

/// Variables in one NotifyReport.
const REPORT_PART: usize = 20;

/// GetConfiguration.
pub(crate) fn get_configuration(core: &Core, payload: &Value) -> Answer {
    let settings = core.settings.lock();
    let wanted: Option<Vec<&str>> = payload
        .get("key")
        .and_then(Value::as_array)
        .filter(|keys| !keys.is_empty())
        .map(|keys| keys.iter().filter_map(Value::as_str).collect());
    let entry = |entry: &Entry| {
        let read_only = entry.access == Access::ReadOnly;
        match entry.access {
            Access::WriteOnly => json!({ "key": entry.name.variable, "readonly": read_only }),
            Access::ReadOnly | Access::ReadWrite => json!({
                "key": entry.name.variable, "readonly": read_only, "value": entry.value,
            }),
        }
    };
    let entries = settings.entries();
    let (known, unknown): (Vec<Value>, Vec<Value>) = match wanted {
        None => (entries.iter().map(entry).collect(), Vec::new()),
        Some(keys) => {
            let mut known = Vec::new();
            let mut unknown = Vec::new();
            for key in keys {
                let name = SettingName::key(key);
                match entries.iter().find(|entry| entry.name.is(&name)) {
                    Some(found) => known.push(entry(found)),
                    None => unknown.push(key.into()),
                }
            }
            (known, unknown)
        }
    };
    Answer::result(json!({ "configurationKey": known, "unknownKey": unknown }))
}

/// ChangeConfiguration.
pub(crate) fn change_configuration<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let name = SettingName::key(text(payload, "key").unwrap_or_default());
    let value = text(payload, "value").unwrap_or_default();
    Answer::status(match change(device, &name, value) {
        Change::Done => "Accepted",
        Change::AfterReboot => "RebootRequired",
        Change::ReadOnly | Change::BadValue => "Rejected",
        Change::UnknownComponent | Change::UnknownVariable => "NotSupported",
    })
}

/// GetVariables.
pub(crate) fn get_variables(core: &Core, payload: &Value) -> Answer {
    let settings = core.settings.lock();
    let results: Vec<Value> = items(payload, "getVariableData")
        .map(|item| {
            let (status, value) = match settings.get(&variable_name(item)) {
                _ if !is_actual(item) => ("NotSupportedAttributeType", None),
                Lookup::Value(value) => ("Accepted", Some(value)),
                Lookup::WriteOnly => ("Rejected", None),
                Lookup::UnknownComponent => ("UnknownComponent", None),
                Lookup::UnknownVariable => ("UnknownVariable", None),
            };
            let mut result = echo(item, status);
            if let (Some(value), Some(fields)) = (value, result.as_object_mut()) {
                fields.insert("attributeValue".to_owned(), value.into());
            }
            result
        })
        .collect();
    Answer::result(json!({ "getVariableResult": results }))
}

/// SetVariables.
pub(crate) fn set_variables<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let results: Vec<Value> = items(payload, "setVariableData")
        .map(|item| {
            if !is_actual(item) {
                return echo(item, "NotSupportedAttributeType");
            }
            let value = text(item, "attributeValue").unwrap_or_default();
            let status = match change(device, &variable_name(item), value) {
                Change::Done => "Accepted",
                Change::AfterReboot => "RebootRequired",
                Change::ReadOnly | Change::BadValue => "Rejected",
                Change::UnknownComponent => "UnknownComponent",
                Change::UnknownVariable => "UnknownVariable",
            };
            echo(item, status)
        })
        .collect();
    Answer::result(json!({ "setVariableResult": results }))
}

fn change<D: Device>(device: &Arc<D>, name: &SettingName, value: &str) -> Change {
    let core = device.core();
    let before = core
        .settings
        .lock()
        .text(name)
        .unwrap_or_default()
        .to_owned();
    let change = core.settings.lock().change(name, value);
    if change == Change::Done {
        let is_password = Setting::Password
            .name(core.version)
            .is_some_and(|password| password.is(name));
        let kept = core
            .settings
            .lock()
            .text(name)
            .unwrap_or_default()
            .to_owned();
        if !is_password {
            functions::setting_changed(device, name, &before, &kept);
        }
        let shown = if is_password { "***".to_owned() } else { kept };
        if is_password {
            new_password(core, value);
        }
        core.emit(Event::SettingChanged {
            name: name.clone(),
            value: shown,
        });
        Arc::clone(device).setting_changed(name);
    }
    change
}

/// A new password counts from the next connection on.
fn new_password(core: &Core, value: &str) {
    let bytes = match core.version {
        // 1.6 security white paper §7.2: the password is sent as hex digits.
        Version::V16 => unhex(value).unwrap_or_else(|| value.as_bytes().to_vec()),
        // A00.FR.205: as text.
        Version::V201 => value.as_bytes().to_vec(),
    };
    core.endpoint.lock().password = Some(bytes);
}

/// Bytes from hex digits; nothing if the text is something else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    digits?
        .chunks(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |sum, d| sum * 16 + d)).ok())
        .collect()
}

/// NotifyReport messages that answer GetBaseReport or GetReport.
pub(crate) fn report_parts(core: &Core, request_id: i64, entries: &[Entry]) -> Vec<Message> {
    let now = wire_time(core.clock.now());
    let data: Vec<Value> = entries.iter().map(report_entry).collect();
    let parts: Vec<&[Value]> = data.chunks(REPORT_PART).collect();
    let last = parts.len().saturating_sub(1);
    parts
        .into_iter()
        .enumerate()
        .map(|(seq_no, part)| Message {
            action: "NotifyReport",
            payload: json!({
                "requestId": request_id,
                "generatedAt": now,
                "seqNo": seq_no,
                "tbc": seq_no < last,
                "reportData": part,
            }),
        })
        .collect()
}

fn report_entry(entry: &Entry) -> Value {
    let (mutability, shown) = match entry.access {
        Access::ReadOnly => ("ReadOnly", true),
        Access::ReadWrite => ("ReadWrite", true),
        Access::WriteOnly => ("WriteOnly", false),
    };
    let mut attribute = json!({ "type": "Actual", "mutability": mutability });
    if let (true, Some(fields)) = (shown, attribute.as_object_mut()) {
        fields.insert("value".to_owned(), entry.value.as_str().into());
    }
    let mut characteristics = json!({
        "dataType": match entry.kind {
            Kind::Text => "string",
            Kind::Bool => "boolean",
            Kind::Count => "integer",
            Kind::Choice(_) => "OptionList",
        },
        "supportsMonitoring": entry.access != Access::WriteOnly,
    });
    if let (Kind::Choice(choices), Some(fields)) = (entry.kind, characteristics.as_object_mut()) {
        fields.insert("valuesList".to_owned(), choices.join(",").into());
    }
    let mut component = json!({ "name": entry.name.component });
    if let (Some(evse), Some(fields)) = (entry.name.evse, component.as_object_mut()) {
        fields.insert("evse".to_owned(), json!({ "id": evse }));
    }
    let mut variable = json!({ "name": entry.name.variable });
    if let (Some(instance), Some(fields)) = (&entry.name.instance, variable.as_object_mut()) {
        fields.insert("instance".to_owned(), instance.as_str().into());
    }
    json!({
        "component": component,
        "variable": variable,
        "variableAttribute": [attribute],
        "variableCharacteristics": characteristics,
    })
}

fn items<'a>(payload: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    payload
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn is_actual(item: &Value) -> bool {
    text(item, "attributeType").is_none_or(|kind| kind == "Actual")
}

fn variable_name(item: &Value) -> SettingName {
    let component = item.get("component").unwrap_or(&Value::Null);
    let variable = item.get("variable").unwrap_or(&Value::Null);
    SettingName {
        component: text(component, "name").unwrap_or_default().to_owned(),
        evse: component.get("evse").and_then(|evse| number(evse, "id")),
        variable: text(variable, "name").unwrap_or_default().to_owned(),
        instance: text(variable, "instance").map(str::to_owned),
    }
}

fn echo(item: &Value, status: &str) -> Value {
    json!({
        "attributeStatus": status,
        "component": item.get("component"),
        "variable": item.get("variable"),
    })
}
