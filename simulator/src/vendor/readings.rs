//! Habits of meter values: samples beside the good ones, or in other words.

use serde_json::{Value, json};

use super::Habit;

/// Changes the list of meter values of a message.
pub(super) fn change(habit: Habit, values: &mut Vec<Value>) {
    match habit {
        Habit::EmptySamples => {
            if let Some(at) = values.first().and_then(|value| value.get("timestamp")) {
                values.push(json!({ "timestamp": at, "sampledValue": [] }));
            }
        }
        Habit::NumericValue => each_sample(values, |sample| {
            let number = sample
                .get("value")
                .and_then(Value::as_str)
                .and_then(|text| text.parse::<i64>().ok());
            if let (Some(number), Some(value)) = (number, sample.get_mut("value")) {
                *value = number.into();
            }
        }),
        Habit::EmptyValue => add(values, &[json!({ "value": "", "measurand": "Voltage" })]),
        Habit::UnknownContext => {
            let sample = json!({ "value": "16.000", "context": "CurrentMax", "unit": "A" });
            add(values, &[sample]);
        }
        Habit::UnknownUnit => {
            let sample = json!({ "value": "50.0", "measurand": "Frequency", "unit": "Hz" });
            add(values, &[sample]);
        }
        Habit::BothCelsius => {
            let sample =
                |unit: &str| json!({ "value": "21.5", "measurand": "Temperature", "unit": unit });
            add(values, &[sample("Celcius"), sample("Celsius")]);
        }
        Habit::WrongPhases => {
            let Some(total) = first_total(values) else {
                return;
            };
            // Each phase has the whole total.
            let phases: Vec<Value> = ["L1", "L2", "L3"]
                .iter()
                .map(|phase| {
                    let mut sample = total.clone();
                    if let Some(fields) = sample.as_object_mut() {
                        fields.insert("phase".to_owned(), (*phase).into());
                    }
                    sample
                })
                .collect();
            add(values, &phases);
        }
        _ => {}
    }
}

fn first_total(values: &[Value]) -> Option<Value> {
    values
        .first()?
        .get("sampledValue")?
        .as_array()?
        .first()
        .cloned()
}

/// Puts samples behind those of the first meter value.
fn add(values: &mut [Value], samples: &[Value]) {
    let list = values
        .first_mut()
        .and_then(|value| value.get_mut("sampledValue"))
        .and_then(Value::as_array_mut);
    if let Some(list) = list {
        list.extend_from_slice(samples);
    }
}

fn each_sample(values: &mut [Value], mut change: impl FnMut(&mut Value)) {
    for value in values {
        let samples = value.get_mut("sampledValue").and_then(Value::as_array_mut);
        samples.into_iter().flatten().for_each(&mut change);
    }
}
