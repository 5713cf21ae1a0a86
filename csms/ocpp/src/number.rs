//! Narrowing of integers at the edge.

use serde_json::{Number, Value};

use crate::decimal::Decimal;

/// An EVSE or connector number; negative or huge ones are none.
pub(crate) fn point(number: i64) -> Option<u32> {
    u32::try_from(number).ok()
}

/// The integer a JSON number is, if it is one: `12`, `12.0` and `1.2e1` are.
pub(crate) fn integer(number: &Number) -> Option<i64> {
    number
        .as_i64()
        .or_else(|| Decimal::parse(&number.to_string())?.integer())
}

/// A JSON number from text as a station writes it, e.g. ` 12,5`.
pub(crate) fn from_text(text: &str) -> Option<Number> {
    match serde_json::from_str::<Value>(&Decimal::parse(text)?.to_text()) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    }
}
