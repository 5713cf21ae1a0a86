//! Masking of what is kept of a report: card numbers and secrets have no place in it.

use model::mask;
use model::neutral::ReportKind;
use serde_json::{Map, Value};

/// Keys under which 1.6 and 2.0.1 carry a token.
const TOKEN_KEYS: [&str; 4] = ["idToken", "idTag", "parentIdTag", "additionalIdToken"];

/// Keys under which a variable's value is reported.
const VALUE_KEYS: [&str; 3] = ["actualValue", "value", "attributeValue"];

/// The payload of a report with tokens, secrets and what is about a person masked.
pub(crate) fn report(kind: ReportKind, mut fields: Map<String, Value>) -> Value {
    for name in personal(kind) {
        if let Some(Value::String(text)) = fields.get_mut(*name) {
            *text = "…".to_owned();
        }
    }
    tokens(fields)
}

/// A payload with tokens and secrets masked.
pub(crate) fn tokens(fields: Map<String, Value>) -> Value {
    let mut payload = Value::Object(fields);
    clean(&mut payload);
    payload
}

/// The fields whose text is about a person as a whole. That it came is kept, what it says is not.
fn personal(kind: ReportKind) -> &'static [&'static str] {
    match kind {
        // What a station knows of a customer, in its own words.
        ReportKind::CustomerInformation => &["data"],
        // The request of a car; names the car or its contract.
        ReportKind::EvCertificateRequest => &["exiRequest"],
        ReportKind::Boot
        | ReportKind::Events
        | ReportKind::Inventory
        | ReportKind::SecurityEvent
        | ReportKind::LogStatus
        | ReportKind::FirmwareStatus
        | ReportKind::PublishFirmwareStatus
        | ReportKind::Monitoring
        | ReportKind::ChargingProfiles
        | ReportKind::ChargingLimit
        | ReportKind::ChargingLimitCleared
        | ReportKind::EvChargingNeeds
        | ReportKind::EvChargingSchedule
        | ReportKind::DisplayMessages
        | ReportKind::ReservationStatus
        | ReportKind::CertificateRequest
        | ReportKind::CertificateStatusRequest => &[],
    }
}

fn clean(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let shape = secrecy(object);
            for (key, value) in object.iter_mut() {
                match value {
                    Value::String(text) if TOKEN_KEYS.contains(&key.as_str()) => {
                        *text = shape.hide(text);
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => clean(value),
                }
            }
            if shape.hides_values() {
                hide_values(object, shape);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// How much of an object's values may be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// Everything but tokens, of which the ends.
    Plain,
    /// The value is a token: its ends.
    TokenValue,
    /// The value is a secret or a PIN: nothing.
    Secret,
}

impl Secrecy {
    fn hide(self, text: &str) -> String {
        match self {
            Secrecy::Plain | Secrecy::TokenValue => mask(text),
            Secrecy::Secret => "…".to_owned(),
        }
    }

    fn hides_values(self) -> bool {
        match self {
            Secrecy::TokenValue | Secrecy::Secret => true,
            Secrecy::Plain => false,
        }
    }
}

/// What the object is: a token with its type, or a value with the variable it is of.
fn secrecy(object: &Map<String, Value>) -> Secrecy {
    if object.get("type").and_then(Value::as_str) == Some("KeyCode") {
        return Secrecy::Secret;
    }
    let variable = object
        .get("variable")
        .and_then(|variable| variable.get("name"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_ascii_lowercase();
    // APP 3.2: TokenReader.Token is the card read last, AuthCtrlr.MasterPassGroupId a group.
    if variable == "token" || variable == "masterpassgroupid" {
        return Secrecy::TokenValue;
    }
    let secret = [
        "password",
        "secret",
        "privatekey",
        "authorizationkey",
        "pin",
    ];
    if secret.iter().any(|word| variable.contains(word)) {
        return Secrecy::Secret;
    }
    Secrecy::Plain
}

/// Hides the values of a variable, here and in its attributes.
fn hide_values(object: &mut Map<String, Value>, secrecy: Secrecy) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::String(text) if VALUE_KEYS.contains(&key.as_str()) => {
                *text = secrecy.hide(text);
            }
            Value::Array(items) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    hide_values(item, secrecy);
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(value: Value) -> Value {
        let Value::Object(object) = value else {
            panic!("not an object")
        };
        report(ReportKind::Events, object)
    }

    #[test]
    fn the_card_read_last_is_masked() {
        let event = masked(json!({"eventData": [{
            "component": {"name": "TokenReader"}, "variable": {"name": "Token"},
            "actualValue": "04A1B2C3D4E5F6"}]}));
        assert_eq!(event["eventData"][0]["actualValue"], "04…F6");
    }

    #[test]
    fn passwords_in_an_inventory_are_hidden() {
        let report = masked(json!({"reportData": [
            {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"},
             "variableAttribute": [{"value": "very-long-password"}]},
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"},
             "variableAttribute": [{"value": "300"}]}]}));
        assert_eq!(
            report["reportData"][0]["variableAttribute"][0]["value"],
            "…"
        );
        assert_eq!(
            report["reportData"][1]["variableAttribute"][0]["value"],
            "300"
        );
    }

    #[test]
    fn tokens_are_masked_wherever_they_stand_and_codes_entirely() {
        let report = masked(
            json!({"x": {"idToken": {"idToken": "04A1B2C3D4", "type": "ISO14443"}},
            "y": {"idToken": "123456789012", "type": "KeyCode"}, "idTag": "04A1B2C3D4"}),
        );
        assert_eq!(report["x"]["idToken"]["idToken"], "04…D4");
        assert_eq!(report["y"]["idToken"], "…");
        assert_eq!(report["idTag"], "04…D4");
    }
}
