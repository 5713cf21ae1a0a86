//! What must be in an answer: JSON in which some texts and objects are conditions.
//!
//! An object asks for its fields and allows others; a list asks for as many items. Conditions:
//! `$any`, `$absent`, `$text`, `$positive`, `$utc` (now, in UTC), `$soon` (a time to come),
//! `{$one_of: […]}`, `{$not: x}`, `{$has: x}` (a list with such an item), `{$exactly: x}`,
//! `{$at_most: n}` (characters).

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::clock;

/// How far the server's clock may be from ours; the machine is the same.
const APART_SECONDS: i64 = 600;

/// Whether `found` is what is expected.
///
/// # Errors
/// Where it is not, and why.
pub(super) fn check(expected: &Value, found: Option<&Value>) -> Result<(), String> {
    at("", expected, found)
}

fn at(path: &str, expected: &Value, found: Option<&Value>) -> Result<(), String> {
    let place = if path.is_empty() { "the whole" } else { path };
    let wrong = || {
        let found = found.map_or("nothing".to_owned(), Value::to_string);
        Err(format!("{place}: expected {expected}, found {found}"))
    };
    if expected == "$absent" {
        return if found.is_none() { Ok(()) } else { wrong() };
    }
    let Some(value) = found else { return wrong() };
    let holds = match expected {
        Value::String(word) if word.starts_with('$') => condition(word, value),
        Value::Object(fields) => {
            if let Some((word, operand)) = fields.iter().next()
                && word.starts_with('$')
            {
                return with_operand(place, word, operand, value).or_else(|_| wrong());
            }
            if !value.is_object() {
                return wrong();
            }
            for (name, expected) in fields {
                at(&format!("{path}/{name}"), expected, value.get(name))?;
            }
            true
        }
        Value::Array(items) => {
            let Value::Array(found) = value else {
                return wrong();
            };
            if items.len() != found.len() {
                return wrong();
            }
            for (index, (expected, found)) in items.iter().zip(found).enumerate() {
                at(&format!("{path}/{index}"), expected, Some(found))?;
            }
            true
        }
        Value::Number(number) => value
            .as_f64()
            .is_some_and(|found| Some(found) == number.as_f64()),
        Value::Null | Value::Bool(_) | Value::String(_) => value == expected,
    };
    if holds { Ok(()) } else { wrong() }
}

fn condition(word: &str, value: &Value) -> bool {
    match word {
        "$any" => true,
        "$text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "$positive" => value.as_i64().is_some_and(|number| number > 0),
        "$utc" => utc(value)
            .is_some_and(|time| time.duration_since(clock()).abs().as_secs() < APART_SECONDS),
        "$soon" => utc(value).is_some_and(|time| time > clock()),
        other => panic!("`{other}` is no condition"),
    }
}

/// A time in UTC: stations need not read offsets.
fn utc(value: &Value) -> Option<Timestamp> {
    let text = value.as_str().filter(|text| text.ends_with('Z'))?;
    text.parse().ok()
}

fn with_operand(place: &str, word: &str, operand: &Value, value: &Value) -> Result<(), String> {
    let holds = match word {
        "$one_of" => {
            let options = operand.as_array().expect("a list of options");
            options
                .iter()
                .any(|one| at(place, one, Some(value)).is_ok())
        }
        "$not" => at(place, operand, Some(value)).is_err(),
        "$has" => value.as_array().is_some_and(|items| {
            items
                .iter()
                .any(|item| at(place, operand, Some(item)).is_ok())
        }),
        "$exactly" => value == operand,
        "$at_most" => value
            .as_str()
            .is_some_and(|text| u64::try_from(text.chars().count()).ok() <= operand.as_u64()),
        other => panic!("`{other}` is no condition"),
    };
    if holds { Ok(()) } else { Err(String::new()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    #[test]
    fn conditions_hold_and_fail() {
        let found = json!({"a": 1, "b": "x", "c": [1, {"d": 2}], "t": "2000-01-01T00:00:00Z"});
        let holds = |expected: Value| check(&expected, Some(&found)).is_ok();
        assert!(holds(json!({"a": 1})));
        assert!(holds(
            json!({"a": "$positive", "b": "$text", "z": "$absent"})
        ));
        assert!(holds(json!({"c": {"$has": {"d": 2}}})));
        assert!(holds(json!({"b": {"$one_of": ["y", "x"]}})));
        assert!(holds(json!({"b": {"$not": "y"}, "t": "$any"})));
        assert!(holds(json!({"c": {"$exactly": [1, {"d": 2}]}})));
        assert!(!holds(json!({"a": 2})));
        assert!(!holds(json!({"z": "$any"})));
        assert!(!holds(json!({"a": "$absent"})));
        assert!(!holds(json!({"c": [1]})));
        assert!(!holds(json!({"c": {"$has": {"d": 3}}})));
        assert!(!holds(json!({"b": {"$not": "x"}})));
        assert!(!holds(json!({"b": {"$at_most": 0}})));
        assert!(!holds(json!({"t": "$utc"})));
        assert!(!holds(json!({"t": "$soon"})));
    }
}
