//! Reports of the device model (2.0.1, B07 and B08).

use std::sync::Arc;

use serde_json::Value;

use super::monitor::name_of;
use crate::station::{Access, Core, Device, Entry, SettingName, report_parts};
use crate::transport::Answer;
use crate::wire::text;

/// GetBaseReport, answered with NotifyReport.
pub(crate) fn base<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let kind = text(payload, "reportBase").unwrap_or_default();
    let entries = chosen(device.core(), |entry| match kind {
        "ConfigurationInventory" => entry.access != Access::ReadOnly,
        // B07.FR.09: what hinders the use of the station.
        "SummaryInventory" => ["AvailabilityState", "Available", "Problem", "State"]
            .contains(&entry.name.variable.as_str()),
        _ => true,
    });
    answer(device, payload, &entries)
}

/// GetReport, answered with NotifyReport.
pub(crate) fn custom<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let array = |field: &str| payload.get(field).and_then(Value::as_array);
    let wanted: Option<Vec<SettingName>> =
        array("componentVariable").map(|items| items.iter().map(name_of).collect());
    let criteria: Vec<&str> = array("componentCriteria")
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all = chosen(device.core(), |_| true);
    // B08.FR.09: a component fits when one of these is true, or `Available` is not told at all.
    let fits = |entry: &Entry| {
        criteria.is_empty()
            || criteria.iter().any(|criterion| {
                let told = all.iter().find(|other| {
                    other.name.is_in(&entry.name) && other.name.variable == **criterion
                });
                match told {
                    Some(told) => told.value == "true",
                    None => matches!(*criterion, "Available" | "Enabled"),
                }
            })
    };
    let named = |entry: &Entry| {
        wanted.as_ref().is_none_or(|names| {
            names.iter().any(|name| {
                let instance = name.instance.is_none() || name.instance == entry.name.instance;
                name.is_in(&entry.name)
                    && (name.variable.is_empty()
                        || name.variable.eq_ignore_ascii_case(&entry.name.variable) && instance)
            })
        })
    };
    let entries: Vec<Entry> = all
        .iter()
        .filter(|entry| fits(entry) && named(entry))
        .cloned()
        .collect();
    answer(device, payload, &entries)
}

fn chosen(core: &Core, keep: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    let settings = core.settings.lock();
    settings
        .entries()
        .iter()
        .filter(|entry| keep(entry))
        .cloned()
        .collect()
}

fn answer<D: Device>(device: &Arc<D>, payload: &Value, entries: &[Entry]) -> Answer {
    if entries.is_empty() {
        return Answer::status("EmptyResultSet");
    }
    let request_id = payload
        .get("requestId")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let parts = report_parts(device.core(), request_id, entries);
    let device = Arc::clone(device);
    Answer::status("Accepted").then(async move {
        for part in parts {
            device.core().tell(part).await;
        }
    })
}
