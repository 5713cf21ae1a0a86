//! Monitoring of variables (2.0.1, block N).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::monitor::{Monitor, Noticed, Watch, name_of};
use crate::clock::wire_time;
use crate::station::{Core, Device, Lookup, SettingName};
use crate::transport::Answer;
use crate::wire::{Message, text};

/// MonitoringCtrlr.ItemsPerMessage of a report.
const PART: usize = 5;

/// SeverityEnumType runs from danger (0) to debug (9).
const SEVERITIES: std::ops::RangeInclusive<i64> = 0..=9;

/// The monitors, and the worst severity that is still told.
pub(crate) struct Monitoring {
    monitors: BTreeMap<i64, Monitor>,
    next_id: i64,
    next_event: i64,
    level: i64,
}

impl Default for Monitoring {
    fn default() -> Monitoring {
        Monitoring {
            monitors: BTreeMap::new(),
            next_id: 1,
            next_event: 1,
            level: 9,
        }
    }
}

/// SetVariableMonitoring.
pub(crate) fn set<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let mut periodic = Vec::new();
    let results: Vec<Value> = items(payload, "setMonitoringData")
        .map(|item| {
            let (status, id) = match set_one(device.core(), item) {
                Ok((id, watch)) => {
                    if watch.is_periodic() {
                        periodic.push(id);
                    }
                    ("Accepted", Some(id))
                }
                Err(status) => (status, item.get("id").and_then(Value::as_i64)),
            };
            let mut result = json!({
                "status": status,
                "type": item.get("type"),
                "component": item.get("component"),
                "variable": item.get("variable"),
                "severity": item.get("severity"),
            });
            if let (Some(id), Some(fields)) = (id, result.as_object_mut()) {
                fields.insert("id".to_owned(), id.into());
            }
            result
        })
        .collect();
    for id in periodic {
        let weak = Arc::downgrade(device);
        device.core().tasks.spawn(async move {
            while let Some(wait) = weak.upgrade().and_then(|device| period(device.core(), id)) {
                tokio::time::sleep(wait).await;
                let Some(device) = weak.upgrade() else { return };
                tell_periodic(device.core(), id).await;
            }
        });
    }
    Answer::result(json!({ "setMonitoringResult": results }))
}

fn set_one(core: &Core, item: &Value) -> Result<(i64, Watch), &'static str> {
    let name = name_of(item);
    let current = match core.settings.lock().get(&name) {
        Lookup::Value(value) => value,
        Lookup::WriteOnly => return Err("Rejected"),
        Lookup::UnknownComponent => return Err("UnknownComponent"),
        Lookup::UnknownVariable => return Err("UnknownVariable"),
    };
    let watch = text(item, "type")
        .and_then(Watch::read)
        .ok_or("UnsupportedMonitorType")?;
    // N04.FR.03: thresholds are for numbers.
    if matches!(watch, Watch::Upper | Watch::Lower) && current.parse::<f64>().is_err() {
        return Err("UnsupportedMonitorType");
    }
    let severity = item
        .get("severity")
        .and_then(Value::as_i64)
        .filter(|severity| SEVERITIES.contains(severity))
        .ok_or("Rejected")?;
    let value = item
        .get("value")
        .and_then(Value::as_f64)
        .ok_or("Rejected")?;
    // N04.FR.14: a delta, and a period, cannot be negative; a period of 0 says nothing.
    if value < 0.0 && watch == Watch::Delta || value < 1.0 && watch.is_periodic() {
        return Err("Rejected");
    }
    let mut state = core.functions.monitoring.lock();
    let id = match item.get("id").and_then(Value::as_i64) {
        // N04.FR.12: a monitor is replaced only on the variable it is of.
        Some(id) => match state.monitors.get(&id) {
            Some(known) if known.name.is(&name) => id,
            Some(_) | None => return Err("Rejected"),
        },
        None => {
            let twice = state.monitors.values().any(|known| {
                known.name.is(&name) && known.watch == watch && known.severity == severity
            });
            if twice {
                return Err("Duplicate");
            }
            state.next_id += 1;
            state.next_id - 1
        }
    };
    let monitor = Monitor {
        name,
        component: item.get("component").cloned().unwrap_or_default(),
        variable: item.get("variable").cloned().unwrap_or_default(),
        watch,
        value,
        severity,
        transaction: item
            .get("transaction")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
        alerting: false,
    };
    state.monitors.insert(id, monitor);
    Ok((id, watch))
}

/// ClearVariableMonitoring.
pub(crate) fn clear<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let mut state = device.core().functions.monitoring.lock();
    let results: Vec<Value> = items(payload, "id")
        .filter_map(Value::as_i64)
        .map(|id| {
            let status = match state.monitors.remove(&id) {
                Some(_) => "Accepted",
                None => "NotFound",
            };
            json!({ "status": status, "id": id })
        })
        .collect();
    Answer::result(json!({ "clearMonitoringResult": results }))
}

/// SetMonitoringBase. This station has no monitors of its own, so each base but the whole takes
/// away those that were set.
pub(crate) fn set_base<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    match text(payload, "monitoringBase") {
        Some("All") => {}
        Some(_) | None => device.core().functions.monitoring.lock().monitors.clear(),
    }
    Answer::status("Accepted")
}

/// SetMonitoringLevel.
pub(crate) fn set_level<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    match payload.get("severity").and_then(Value::as_i64) {
        Some(level) if SEVERITIES.contains(&level) => {
            device.core().functions.monitoring.lock().level = level;
            Answer::status("Accepted")
        }
        Some(_) | None => Answer::status("Rejected"),
    }
}

/// GetMonitoringReport, answered with NotifyMonitoringReport.
pub(crate) fn report<D: Device>(device: &Arc<D>, payload: &Value) -> Answer {
    let criteria: Vec<&str> = items(payload, "monitoringCriteria")
        .filter_map(Value::as_str)
        .collect();
    let wanted: Vec<SettingName> = items(payload, "componentVariable").map(name_of).collect();
    let fits = |monitor: &Monitor| {
        let named = |name: &SettingName| {
            name.is_in(&monitor.name) && (name.variable.is_empty() || name.is(&monitor.name))
        };
        (criteria.is_empty() || criteria.contains(&monitor.watch.criterion()))
            && (wanted.is_empty() || wanted.iter().any(named))
    };
    let data = {
        let state = device.core().functions.monitoring.lock();
        by_variable(state.monitors.iter().filter(|(_, monitor)| fits(monitor)))
    };
    if data.is_empty() {
        return Answer::status("EmptyResultSet");
    }
    let request_id = payload.get("requestId").cloned().unwrap_or_default();
    let device = Arc::clone(device);
    Answer::status("Accepted").then(async move {
        let now = wire_time(device.core().clock.now());
        let last = data.len().div_ceil(PART).saturating_sub(1);
        for (seq_no, part) in data.chunks(PART).enumerate() {
            let payload = json!({
                "requestId": request_id,
                "generatedAt": now,
                "seqNo": seq_no,
                "tbc": seq_no < last,
                "monitor": part,
            });
            device
                .core()
                .tell(Message {
                    action: "NotifyMonitoringReport",
                    payload,
                })
                .await;
        }
    })
}

/// The monitors of each variable together.
fn by_variable<'a>(monitors: impl Iterator<Item = (&'a i64, &'a Monitor)>) -> Vec<Value> {
    let mut groups: Vec<(&Monitor, Vec<Value>)> = Vec::new();
    for (id, monitor) in monitors {
        match groups
            .iter_mut()
            .find(|(first, _)| first.name.is(&monitor.name))
        {
            Some((_, group)) => group.push(monitor.wire(*id)),
            None => groups.push((monitor, vec![monitor.wire(*id)])),
        }
    }
    groups
        .into_iter()
        .map(|(first, group)| {
            json!({
                "component": first.component,
                "variable": first.variable,
                "variableMonitoring": group,
            })
        })
        .collect()
}

/// Tells what monitors notice about a changed setting (N07, N08).
pub(crate) fn setting_changed<D: Device>(
    device: &Arc<D>,
    name: &SettingName,
    old: &str,
    new: &str,
) {
    let events: Vec<Value> = {
        let core = device.core();
        let now = wire_time(core.clock.now());
        let mut state = core.functions.monitoring.lock();
        let level = state.level;
        let mut noticed = Vec::new();
        for (id, monitor) in &mut state.monitors {
            if monitor.name.is(name)
                && monitor.severity <= level
                && let Some(seen) = monitor.look(old, new)
            {
                noticed.push((*id, monitor.clone(), seen));
            }
        }
        noticed
            .into_iter()
            .map(|(id, monitor, seen)| {
                let trigger = match monitor.watch {
                    Watch::Delta => "Delta",
                    Watch::Upper | Watch::Lower | Watch::Periodic | Watch::ClockAligned => {
                        "Alerting"
                    }
                };
                let mut event = event(&mut state, id, &monitor, trigger, new, &now);
                if let (Noticed::Cleared, Some(fields)) = (seen, event.as_object_mut()) {
                    fields.insert("cleared".to_owned(), true.into());
                }
                event
            })
            .collect()
    };
    if events.is_empty() {
        return;
    }
    let device = Arc::clone(device);
    let tasks = device.core().tasks.clone();
    tasks.spawn(async move { device.core().tell(notify(device.core(), &events)).await });
}

fn event(
    state: &mut Monitoring,
    id: i64,
    monitor: &Monitor,
    trigger: &str,
    value: &str,
    now: &str,
) -> Value {
    state.next_event += 1;
    json!({
        "eventId": state.next_event - 1,
        "timestamp": now,
        "trigger": trigger,
        "actualValue": value,
        "component": monitor.component,
        "variable": monitor.variable,
        "variableMonitoringId": id,
        "eventNotificationType": "CustomMonitor",
    })
}

fn notify(core: &Core, events: &[Value]) -> Message {
    Message {
        action: "NotifyEvent",
        payload: json!({
            "generatedAt": wire_time(core.clock.now()),
            "seqNo": 0,
            "tbc": false,
            "eventData": events,
        }),
    }
}

/// The period of a periodic monitor; nothing once it is gone.
fn period(core: &Core, id: i64) -> Option<Duration> {
    let state = core.functions.monitoring.lock();
    let monitor = state.monitors.get(&id)?;
    monitor
        .watch
        .is_periodic()
        .then(|| Duration::try_from_secs_f64(monitor.value).ok())
        .flatten()
}

async fn tell_periodic(core: &Core, id: i64) {
    let event = {
        let mut state = core.functions.monitoring.lock();
        let Some(monitor) = state.monitors.get(&id).cloned() else {
            return;
        };
        if monitor.severity > state.level {
            return;
        }
        let value = core
            .settings
            .lock()
            .text(&monitor.name)
            .unwrap_or_default()
            .to_owned();
        let now = wire_time(core.clock.now());
        event(&mut state, id, &monitor, "Periodic", &value, &now)
    };
    core.tell(notify(core, &[event])).await;
}

fn items<'a>(payload: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    payload
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
