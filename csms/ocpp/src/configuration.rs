//! The settings of a station: the question for some of them, and its answer in neutral words.
//!
//! A name is the key in 1.6. In 2.0.1 it is `Component.Variable`; behind either may stand an
//! instance in brackets, behind the component also `@evse` or `@evse.connector`:
//! `DeviceDataCtrlr.ItemsPerMessage[GetVariables]`, `Connector@1.1.Available`.

use model::command::CommandError;
use model::{ConfigurationState, ConfigurationValue, mask};
use rpc::Version;
use serde_json::{Map, Value, json};

use crate::message::invalid;

pub(crate) const GET_CONFIGURATION: &str = "GetConfiguration";
pub(crate) const GET_VARIABLES: &str = "GetVariables";

/// The longest value that is kept, in characters (2.0.1 attributeValue; 1.6 has 500).
const VALUE_CHARS: usize = 2_500;
/// The longest name that is kept, in characters.
const NAME_CHARS: usize = 250;
/// How many settings are taken from one answer: some stations tell all they have, whatever they
/// are asked (Q35).
const MOST: usize = 1_000;

/// The question to a 1.6 station.
pub(crate) fn question_16(names: &[String]) -> (String, Value) {
    (GET_CONFIGURATION.to_owned(), json!({ "key": names }))
}

/// The question to a 2.0.1 station.
///
/// # Errors
/// A name is not of the form above.
pub(crate) fn question_201(names: &[String]) -> Result<(String, Value), CommandError> {
    let asked: Vec<Value> = names
        .iter()
        .map(|name| {
            Variable::parse(name)
                .map(|variable| variable.to_json())
                .ok_or_else(|| {
                    invalid(
                        GET_VARIABLES,
                        format!("`{name}` is not of the form `Component.Variable`"),
                    )
                })
        })
        .collect::<Result<_, _>>()?;
    Ok((
        GET_VARIABLES.to_owned(),
        json!({ "getVariableData": asked }),
    ))
}

/// What a station answered to a question for `names`. Each of them is in it once, what came
/// besides too.
pub(crate) fn answer(
    version: Version,
    names: &[String],
    payload: &Value,
) -> Vec<ConfigurationValue> {
    let mut values = match version {
        Version::V16 => answer_16(payload),
        Version::V201 => answer_201(payload),
    };
    values.truncate(MOST);
    for value in &mut values {
        // The spelling of the question, so that the same setting is not kept twice.
        if let Some(name) = names
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&value.name))
        {
            value.name.clone_from(name);
        }
        hide(value);
    }
    for name in names {
        if !values.iter().any(|value| value.name == *name) {
            values.push(without_value(name, ConfigurationState::Unknown));
        }
    }
    values
}

fn answer_16(payload: &Value) -> Vec<ConfigurationValue> {
    let known = list(payload, "configurationKey").filter_map(|entry| {
        let name = entry.get("key").and_then(Value::as_str)?;
        let value = entry.get("value").and_then(text);
        Some(ConfigurationValue {
            name: cut(name, NAME_CHARS),
            state: ConfigurationState::Known,
            value,
            read_only: entry.get("readonly").and_then(Value::as_bool),
        })
    });
    let unknown = list(payload, "unknownKey")
        .filter_map(Value::as_str)
        .map(|name| without_value(&cut(name, NAME_CHARS), ConfigurationState::Unknown));
    known.chain(unknown).collect()
}

fn answer_201(payload: &Value) -> Vec<ConfigurationValue> {
    list(payload, "getVariableResult")
        .filter_map(|entry| {
            let name = Variable::read(entry)?.name();
            let state = match entry.get("attributeStatus").and_then(Value::as_str) {
                Some("Accepted") => ConfigurationState::Known,
                Some("UnknownComponent" | "UnknownVariable") => ConfigurationState::Unknown,
                _ => ConfigurationState::Refused,
            };
            let value = entry
                .get("attributeValue")
                .and_then(text)
                .filter(|_| state == ConfigurationState::Known);
            Some(ConfigurationValue {
                name: cut(&name, NAME_CHARS),
                state,
                value,
                read_only: None,
            })
        })
        .collect()
}

fn list<'a>(payload: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    payload
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

/// A value as text; numbers and booleans too (Q18).
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(cut(text, VALUE_CHARS)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Short, and without the one character that PostgreSQL keeps in no text.
fn cut(text: &str, chars: usize) -> String {
    text.chars()
        .map(|char| {
            if char == '\0' {
                char::REPLACEMENT_CHARACTER
            } else {
                char
            }
        })
        .take(chars)
        .collect()
}

fn without_value(name: &str, state: ConfigurationState) -> ConfigurationValue {
    ConfigurationValue {
        name: name.to_owned(),
        state,
        value: None,
        read_only: None,
    }
}

/// Takes away what is kept nowhere: secrets altogether, cards and passwords in URLs in part.
fn hide(value: &mut ConfigurationValue) {
    let name = value.name.to_ascii_lowercase();
    let Some(text) = &value.value else { return };
    if is_secret(&value.name, &name) {
        value.state = ConfigurationState::Hidden;
        value.value = None;
    } else if is_card(&name) && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false") {
        value.value = Some(mask(text));
    } else {
        value.value = Some(without_login(text));
    }
}

/// Whether a setting of this name holds a secret. Rather one too many.
fn is_secret(name: &str, lower: &str) -> bool {
    const PARTS: [&str; 9] = [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "credential",
        "authorizationkey",
        "privatekey",
        "apikey",
    ];
    // `TokenReader.Enabled` is none.
    let variable = name.rsplit('.').next().unwrap_or(name);
    const WORDS: [&str; 6] = ["pin", "puk", "key", "psk", "token", "pass"];
    PARTS.iter().any(|part| lower.contains(part))
        || (words(variable).any(|word| WORDS.contains(&word.as_str())) && !lower.contains("public"))
}

/// Whether it holds the number of a card or of a group of cards.
fn is_card(lower: &str) -> bool {
    ["idtag", "rfid", "idtoken", "masterpass", "plugandchargeid"]
        .iter()
        .any(|part| lower.contains(part))
}

/// The words of `WebSocketPINGInterval`: `web`, `socket`, `ping`, `interval`.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        let ends_acronym = chars.peek().is_some_and(char::is_ascii_lowercase);
        let begins = !before.is_ascii_alphanumeric()
            || (char.is_ascii_uppercase() && (!before.is_ascii_uppercase() || ends_acronym));
        if begins || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && char.is_ascii_alphanumeric()
        {
            word.push(char.to_ascii_lowercase());
        }
        before = char;
    }
    words.into_iter()
}

/// `ftp://user:secret@host/` without user and password.
fn without_login(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{path}"),
        None => text.to_owned(),
    }
}

/// A variable of 2.0.1.
#[derive(Debug, PartialEq, Eq)]
struct Variable {
    component: String,
    component_instance: Option<String>,
    evse: Option<(i64, Option<i64>)>,
    name: String,
    instance: Option<String>,
}

impl Variable {
    fn parse(text: &str) -> Option<Self> {
        // The last dot outside brackets that is not between two digits (`@1.1`).
        let dot = separator(text)?;
        let (component, variable) = (text.get(..dot)?, text.get(dot + 1..)?);
        let (component, evse) = match component.rsplit_once('@') {
            Some((component, evse)) => (component, Some(evse_of(evse)?)),
            None => (component, None),
        };
        let (component, component_instance) = instance(component)?;
        let (name, instance) = instance(variable)?;
        Some(Self {
            component,
            component_instance,
            evse,
            name,
            instance,
        })
    }

    fn read(entry: &Value) -> Option<Self> {
        let (component, variable) = (entry.get("component")?, entry.get("variable")?);
        let word = |object: &Value, field: &str| {
            object.get(field).and_then(Value::as_str).map(str::to_owned)
        };
        let evse = component.get("evse").and_then(|evse| {
            let id = evse.get("id")?.as_i64()?;
            Some((id, evse.get("connectorId").and_then(Value::as_i64)))
        });
        Some(Self {
            component: word(component, "name")?,
            component_instance: word(component, "instance"),
            evse,
            name: word(variable, "name")?,
            instance: word(variable, "instance"),
        })
    }

    fn name(&self) -> String {
        let brackets = |instance: &Option<String>| {
            instance
                .as_ref()
                .map_or_else(String::new, |instance| format!("[{instance}]"))
        };
        let evse = match self.evse {
            None => String::new(),
            Some((evse, None)) => format!("@{evse}"),
            Some((evse, Some(connector))) => format!("@{evse}.{connector}"),
        };
        format!(
            "{}{}{evse}.{}{}",
            self.component,
            brackets(&self.component_instance),
            self.name,
            brackets(&self.instance)
        )
    }

    fn to_json(&self) -> Value {
        let named = |name: &str, instance: &Option<String>| {
            let mut object = Map::new();
            object.insert("name".to_owned(), name.into());
            if let Some(instance) = instance {
                object.insert("instance".to_owned(), instance.clone().into());
            }
            object
        };
        let mut component = named(&self.component, &self.component_instance);
        if let Some((id, connector)) = self.evse {
            let mut evse = Map::new();
            evse.insert("id".to_owned(), id.into());
            if let Some(connector) = connector {
                evse.insert("connectorId".to_owned(), connector.into());
            }
            component.insert("evse".to_owned(), Value::Object(evse));
        }
        json!({ "component": component, "variable": named(&self.name, &self.instance) })
    }
}

/// Where the variable's name begins.
fn separator(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    for (at, char) in text.char_indices() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1)?,
            '.' if depth == 0 => {
                let rest = text.get(at + 1..).unwrap_or_default();
                if !rest.starts_with(|next: char| next.is_ascii_digit()) {
                    found = Some(at);
                }
            }
            _ => {}
        }
    }
    found
}

fn evse_of(text: &str) -> Option<(i64, Option<i64>)> {
    match text.split_once('.') {
        Some((evse, connector)) => Some((evse.parse().ok()?, Some(connector.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

/// `Name[instance]`; neither may be empty or longer than 50 characters (2.0.1 ComponentType).
fn instance(text: &str) -> Option<(String, Option<String>)> {
    let (name, instance) = match text.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
        None => (text, None),
    };
    let fits = |text: &str| !text.is_empty() && text.chars().count() <= 50;
    if !fits(name) || instance.is_some_and(|instance| !fits(instance)) {
        return None;
    }
    Some((name.to_owned(), instance.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn told(values: &[ConfigurationValue]) -> Vec<(&str, ConfigurationState, Option<&str>)> {
        values
            .iter()
            .map(|value| (value.name.as_str(), value.state, value.value.as_deref()))
            .collect()
    }

    #[test]
    fn the_answer_of_1_6_tells_known_and_unknown_keys_and_what_was_not_asked() {
        use ConfigurationState::{Known, Unknown};
        let asked = names(&[
            "HeartbeatInterval",
            "MeterValueSampleInterval",
            "Missing",
            "Gone",
        ]);
        let payload = json!({
            "configurationKey": [
                {"key": "heartbeatinterval", "readonly": false, "value": "300"},
                {"key": "MeterValueSampleInterval", "readonly": false, "value": 60},
                {"key": "VendorThing", "readonly": true},
                {"no": "key"},
            ],
            "unknownKey": ["Missing", 7],
        });
        let values = answer(Version::V16, &asked, &payload);
        assert_eq!(
            told(&values),
            [
                ("HeartbeatInterval", Known, Some("300")),
                ("MeterValueSampleInterval", Known, Some("60")),
                ("VendorThing", Known, None),
                ("Missing", Unknown, None),
                ("Gone", Unknown, None),
            ]
        );
        assert_eq!(values[2].read_only, Some(true));
    }

    #[test]
    fn the_answer_of_2_0_1_tells_each_variable_with_its_place() {
        use ConfigurationState::{Known, Refused, Unknown};
        let asked = names(&["AuthCtrlr.Enabled", "X.Y", "EVSE@1.AvailabilityState"]);
        let payload = json!({ "getVariableResult": [
            {"attributeStatus": "Accepted", "attributeValue": "true",
             "component": {"name": "AuthCtrlr"}, "variable": {"name": "Enabled"}},
            {"attributeStatus": "UnknownComponent",
             "component": {"name": "X"}, "variable": {"name": "Y"}},
            {"attributeStatus": "Rejected", "attributeValue": "odd",
             "component": {"name": "EVSE", "evse": {"id": 1}},
             "variable": {"name": "AvailabilityState"}},
        ]});
        assert_eq!(
            told(&answer(Version::V201, &asked, &payload)),
            [
                ("AuthCtrlr.Enabled", Known, Some("true")),
                ("X.Y", Unknown, None),
                ("EVSE@1.AvailabilityState", Refused, None),
            ]
        );
    }

    #[test]
    fn garbage_in_place_of_an_answer_leaves_every_key_unknown() {
        for payload in [
            json!(null),
            json!([]),
            json!({"configurationKey": 7, "unknownKey": {}}),
        ] {
            for version in [Version::V16, Version::V201] {
                let values = answer(version, &names(&["A.B"]), &payload);
                assert_eq!(told(&values), [("A.B", ConfigurationState::Unknown, None)]);
            }
        }
    }

    #[test]
    fn what_is_too_long_or_cannot_be_stored_is_cut_and_replaced() {
        let payload = json!({"configurationKey": [
            {"key": "a\u{0}b", "value": "\u{0}"},
            {"key": "x".repeat(9_000), "value": "y".repeat(9_000)},
        ]});
        let values = answer(Version::V16, &[], &payload);
        assert_eq!(values[0].name, "a\u{fffd}b");
        assert_eq!(values[0].value.as_deref(), Some("\u{fffd}"));
        assert_eq!(values[1].name.len(), NAME_CHARS);
        assert_eq!(values[1].value.as_ref().map(String::len), Some(VALUE_CHARS));
    }

    #[test]
    fn secrets_are_kept_nowhere() {
        for name in [
            "AuthorizationKey",
            "SecurityCtrlr.BasicAuthPassword",
            "WifiPSK",
            "SIM_PIN",
            "SimPin",
            "ApnPwd",
            "MyApiKey",
            "FtpPassword",
            "EncryptionKey",
            "OTAToken",
        ] {
            let payload = json!({"configurationKey": [{"key": name, "value": "s3cret"}]});
            let values = answer(Version::V16, &names(&[name]), &payload);
            assert_eq!(told(&values), [(name, ConfigurationState::Hidden, None)]);
        }
        for (name, value, kept) in [
            ("WebSocketPingInterval", "60", "60"),
            ("OCPPCommCtrlr.WebSocketPingInterval", "60", "60"),
            ("MeterPublicKey", "abc", "abc"),
            ("SupportedFeatureProfiles", "Core", "Core"),
            ("FreeChargingIdTag", "04A1B2C3D4E5F6", "04…F6"),
            ("RfidEnabled", "true", "true"),
            ("DiagUrl", "ftp://me:secret@host/x", "ftp://…@host/x"),
            ("CsUrl", "wss://host/ocpp", "wss://host/ocpp"),
            ("TokenReader.Enabled", "true", "true"),
            ("GetConfigurationMaxKeys", "3", "3"),
        ] {
            let payload = json!({"configurationKey": [{"key": name, "value": value}]});
            let values = answer(Version::V16, &names(&[name]), &payload);
            assert_eq!(
                told(&values),
                [(name, ConfigurationState::Known, Some(kept))]
            );
        }
    }

    #[test]
    fn names_of_2_0_1_come_back_as_they_were() {
        for name in [
            "AuthCtrlr.Enabled",
            "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
            "EVSE@1.AvailabilityState",
            "Connector@2.1.Available",
            "Actuator[out.1].State[a.b]",
        ] {
            let variable = Variable::parse(name).unwrap();
            assert_eq!(variable.name(), name);
            assert_eq!(Variable::read(&variable.to_json()), Some(variable));
        }
        for name in ["", ".", "A", "A.", ".B", "A[.B", "A[].B", "A@x.B", "A].B"] {
            assert_eq!(Variable::parse(name), None, "{name}");
        }
        assert_eq!(Variable::parse(&format!("{}.B", "x".repeat(51))), None);
    }
}
