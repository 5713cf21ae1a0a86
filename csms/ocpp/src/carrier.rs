//! Messages in their types, with what the types have no place for kept beside them.
//!
//! Every object of 2.0.1 may hold `customData`; rust-ocpp's types drop it. It is taken out with
//! its place, at any depth, and put back when the message is written.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const CUSTOM_DATA: &str = "customData";

/// The path [`read`] gives where the payload as a whole is at fault.
pub(crate) const WHOLE: &str = ".";

/// Reads a payload into a type.
///
/// # Errors
/// The path to the first value that the type cannot hold; the library's own words are not told,
/// they quote values.
pub(crate) type Read = fn(&Value) -> Result<Box<dyn Carried>, String>;

/// A message in its type.
pub(crate) trait Carried {
    /// The message as it goes onto the wire.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&self) -> Result<Value, String>;
}

/// As [`Read`], for one type.
pub(crate) fn read<T>(payload: &Value) -> Result<Box<dyn Carried>, String>
where
    T: DeserializeOwned + Serialize + 'static,
{
    let message: T =
        serde_path_to_error::deserialize(payload).map_err(|error| error.path().to_string())?;
    let mut custom_data = Vec::new();
    take(payload, &mut Vec::new(), &mut custom_data);
    Ok(Box::new(Carrier {
        message,
        custom_data,
    }))
}

struct Carrier<T> {
    message: T,
    custom_data: Vec<CustomData>,
}

/// A `customData` and where it stood.
struct CustomData {
    place: Vec<Step>,
    data: Value,
}

#[derive(Clone)]
enum Step {
    Field(String),
    Item(usize),
}

impl<T: Serialize> Carried for Carrier<T> {
    fn write(&self) -> Result<Value, String> {
        let mut payload =
            serde_json::to_value(&self.message).map_err(|_| "it cannot be written".to_owned())?;
        for custom in &self.custom_data {
            if let Some(Value::Object(object)) = at(&mut payload, &custom.place) {
                object.insert(CUSTOM_DATA.to_owned(), custom.data.clone());
            }
        }
        Ok(payload)
    }
}

/// Finds each `customData`; what it holds is not searched.
fn take(value: &Value, place: &mut Vec<Step>, found: &mut Vec<CustomData>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if name == CUSTOM_DATA {
                    found.push(CustomData {
                        place: place.clone(),
                        data: value.clone(),
                    });
                    continue;
                }
                place.push(Step::Field(name.clone()));
                take(value, place, found);
                place.pop();
            }
        }
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                place.push(Step::Item(position));
                take(item, place, found);
                place.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn at<'a>(mut value: &'a mut Value, place: &[Step]) -> Option<&'a mut Value> {
    for step in place {
        value = match step {
            Step::Field(name) => value.get_mut(name)?,
            Step::Item(position) => value.get_mut(position)?,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use rust_ocpp::v2_0_1::messages::get_variables::GetVariablesRequest;
    use serde_json::json;

    use super::*;

    fn carried(payload: &Value) -> Result<Value, String> {
        read::<GetVariablesRequest>(payload)?.write()
    }

    #[test]
    fn custom_data_comes_back_from_any_depth() {
        let payload = json!({"customData": {"vendorId": "v", "n": 1.50}, "getVariableData": [
            {"component": {"name": "A", "evse": {"id": 1, "customData": {"vendorId": "w"}}},
             "variable": {"name": "B", "customData": {"vendorId": "x", "customData": 1}}}]});
        assert_eq!(carried(&payload), Ok(payload));
    }

    #[test]
    fn what_the_type_cannot_hold_is_named() {
        let payload = json!({"getVariableData": [{"component": {"name": 1}, "variable": {}}]});
        assert_eq!(
            carried(&payload).unwrap_err(),
            "getVariableData[0].component.name"
        );
    }
}
