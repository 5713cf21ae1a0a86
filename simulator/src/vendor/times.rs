//! Habits of writing times.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The offset of the station that writes it in short.
const OFFSET: SignedDuration = SignedDuration::from_hours(2);

/// `2026-05-01T12:00:00.000`, meant as UTC.
pub(super) fn without_zone(text: &str) -> Option<String> {
    text.strip_suffix('Z').map(str::to_owned)
}

/// `2026-05-01T14:00:00+02`.
pub(super) fn short_offset(text: &str) -> Option<String> {
    let at: Timestamp = text.parse().ok()?;
    let there = at.checked_add(OFFSET).ok()?;
    let text = format!("{there:.0}");
    Some(format!("{}+02", text.strip_suffix('Z')?))
}

/// Changes every text of a payload that is a time.
pub(super) fn change(payload: &mut Value, how: fn(&str) -> Option<String>) {
    match payload {
        Value::String(text) if is_time(text) => {
            if let Some(changed) = how(text) {
                *text = changed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, how)),
        Value::Object(fields) => fields.values_mut().for_each(|value| change(value, how)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && text.parse::<Timestamp>().is_ok()
}

/// What a station reads that knows only `YYYY-MM-DDTHH:MM:SSZ` (quirk Q23).
pub(crate) fn is_plain(text: &str) -> bool {
    text.len() == 20 && is_time(text)
}
