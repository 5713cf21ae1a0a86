//! A payload as it may be kept to show a deviation: without card numbers, codes and secrets.
//!
//! What a station sends in a wrong field, under a wrong name or in a wrong form may be a card
//! number, too, so what is shown is what is known to be harmless, and the rest is hidden.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::decimal::Decimal;
use crate::form::tellable;
use crate::mask;

/// The longest excerpt, in characters.
const LONGEST: usize = 2_000;

/// What stands for something that is not shown.
const HIDDEN: &str = "…";

/// Fields whose values are shown, whatever digits they hold.
const PLAIN: [&str; 16] = [
    "timestamp",
    "currentTime",
    "generatedAt",
    "time",
    "meterStart",
    "meterStop",
    "transactionId",
    "reservationId",
    "remoteStartId",
    "requestId",
    "seqNo",
    "connectorId",
    "evseId",
    "messageId",
    "vendorId",
    "event_id",
];

/// Parts of names whose values are never shown.
const DELICATE: [&str; 13] = [
    "card",
    "certificate",
    "csr",
    "email",
    "exi",
    "key",
    "pass",
    "phone",
    "pin",
    "secret",
    "tag",
    "token",
    "uid",
];

/// The payload as it may be kept; `None` if it cannot be read.
pub(crate) fn excerpt(payload: &RawValue) -> Option<String> {
    let value = match serde_json::from_str(payload.get()).ok()? {
        // Tokens show their ends, as everywhere.
        Value::Object(fields) => mask::tokens(fields),
        other => other,
    };
    let text = shown(value, "", "").to_string();
    if text.chars().count() <= LONGEST {
        return Some(text);
    }
    Some(text.chars().take(LONGEST).chain(HIDDEN.chars()).collect())
}

fn shown(value: Value, parent: &str, key: &str) -> Value {
    match value {
        Value::Object(fields) => Value::Object(object(fields, key)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| shown(item, parent, key))
            .collect(),
        Value::String(text) => Value::String(leaf(text, parent, key)),
        Value::Number(number) => {
            let text = number.to_string();
            if leaf(text.clone(), parent, key) == text {
                Value::Number(number)
            } else {
                Value::String(HIDDEN.to_owned())
            }
        }
        Value::Null | Value::Bool(_) => value,
    }
}

fn object(fields: Map<String, Value>, parent: &str) -> Map<String, Value> {
    let kind = |name: &str| fields.get(name).and_then(Value::as_str);
    let is_code = matches!(kind("kind"), Some("pin" | "guest" | "one_time"));
    fields
        .into_iter()
        .map(|(key, value)| {
            let hidden = is_code && key == "value";
            let value = if hidden {
                Value::String(HIDDEN.to_owned())
            } else {
                shown(value, parent, &key)
            };
            (tellable(&key).to_owned(), value)
        })
        .collect()
}

fn leaf(text: String, parent: &str, key: &str) -> String {
    // Hidden already, or its ends are all that is shown.
    if text.contains(HIDDEN) {
        return text;
    }
    let reading = parent == "sampledValue" && (key == "value" || key == "values");
    if PLAIN.contains(&key) || (reading && Decimal::parse(&text).is_some()) {
        return text;
    }
    if key == "data"
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&text)
    {
        let value = match value {
            Value::Object(fields) => mask::tokens(fields),
            other => other,
        };
        return shown(value, "", "").to_string();
    }
    if key == "data" {
        // NotifyCustomerInformation: about a person, in the station's own words.
        return HIDDEN.to_owned();
    }
    let name = key.to_ascii_lowercase();
    let delicate = DELICATE.iter().any(|part| name.contains(part));
    if delicate || holds_a_number(&text) {
        return HIDDEN.to_owned();
    }
    text
}

/// Whether it holds what may be part of a number on a card.
fn holds_a_number(text: &str) -> bool {
    let longest = |is: fn(&char) -> bool| {
        text.split(|c: char| !is(&c))
            .map(str::len)
            .max()
            .unwrap_or(0)
    };
    longest(char::is_ascii_digit) >= 4 || longest(char::is_ascii_hexdigit) >= 8
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(payload: &str, expected: &Value) {
        let raw = RawValue::from_string(payload.to_owned()).unwrap();
        let text = excerpt(&raw).unwrap();
        assert_eq!(
            &serde_json::from_str::<Value>(&text).unwrap(),
            expected,
            "{payload}"
        );
    }

    #[test]
    fn what_shows_the_deviation_stays() {
        check(
            r#"{"connectorId":"1","meterStart":12.50,"timestamp":"2024-06-01 12:00:00"}"#,
            &json!({"connectorId": "1", "meterStart": serde_json::from_str::<Value>("12.50").unwrap(),
                "timestamp": "2024-06-01 12:00:00"}),
        );
        check(
            r#"{"meterValue":[{"sampledValue":[{"value":123456,"unit":"Hz"}]}],"status":"Sleeping"}"#,
            &json!({"meterValue": [{"sampledValue": [{"value": 123_456, "unit": "Hz"}]}],
                "status": "Sleeping"}),
        );
    }

    #[test]
    fn card_numbers_are_hidden_wherever_they_stand() {
        check(r#"{"idTag":"04A1B2C3D4"}"#, &json!({"idTag": "04…D4"}));
        check(r#"{"idTag":3004897467}"#, &json!({"idTag": "…"}));
        check(r#"{"IDTAG":"ABCDEF"}"#, &json!({"IDTAG": "…"}));
        check(
            r#"{"rfid":"04A1B2C3","x":"3004897467","y":31389193}"#,
            &json!({"rfid": "…", "x": "…", "y": "…"}),
        );
        check(r#"{"04A1B2C3D4":true}"#, &json!({"?": true}));
        check(r#"{"value":"3004897467"}"#, &json!({"value": "…"}));
        check(
            r#"{"meterValue":[{"sampledValue":[{"value":"04A1B2C3D4"}]}]}"#,
            &json!({"meterValue": [{"sampledValue": [{"value": "…"}]}]}),
        );
    }

    #[test]
    fn codes_and_secrets_are_hidden_in_texts_of_json_too() {
        check(
            r#"{"idToken":{"idToken":"12345678","type":"KeyCode"}}"#,
            &json!({"idToken": {"idToken": "…", "type": "KeyCode"}}),
        );
        let data = json!({"kind": "pin", "value": "1234", "door": 1, "password": "x"}).to_string();
        check(
            &json!({"vendorId": "V", "data": data}).to_string(),
            &json!({"vendorId": "V",
                "data": json!({"kind": "pin", "value": "…", "door": 1, "password": "…"}).to_string()}),
        );
        check(r#"{"data":"PIN 1234"}"#, &json!({"data": "…"}));
        check(
            r#"{"data":{"a":[1,"04A1B2C3"]}}"#,
            &json!({"data": {"a": [1, "…"]}}),
        );
    }

    #[test]
    fn it_is_cut_to_its_length() {
        let raw = RawValue::from_string(json!({"x": "y".repeat(5_000)}).to_string()).unwrap();
        assert_eq!(excerpt(&raw).unwrap().chars().count(), LONGEST + 1);
        let odd = RawValue::from_string("[1, \"a\"]".to_owned()).unwrap();
        assert_eq!(excerpt(&odd).as_deref(), Some("[1,\"a\"]"));
    }
}
