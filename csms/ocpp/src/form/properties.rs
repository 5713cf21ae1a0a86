//! What holds for every table, whatever a station sends.

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{Field, Form, Kind, check_sent, deviations, read};
use crate::{v16, v201};

/// Every table of both versions.
fn forms() -> impl Iterator<Item = (&'static str, &'static Form)> {
    [v16::MESSAGES, v201::MESSAGES]
        .into_iter()
        .flatten()
        .flat_map(|message| {
            [&message.request.form, &message.answer.form].map(|form| (message.action(), form))
        })
}

/// Makes payloads by a table, more or less well, out of bytes.
struct Maker<'a>(std::slice::Iter<'a, u8>);

impl Maker<'_> {
    /// 0 when the bytes are used up, which always means the plain choice.
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn object(&mut self, fields: &[Field]) -> Map<String, Value> {
        let mut object = Map::new();
        for field in fields {
            let name = field.also.filter(|_| self.next() % 16 == 15);
            let value = match self.next() % 16 {
                0..=11 => self.value(&field.kind),
                12 => continue,
                13 => Value::Null,
                _ => self.odd(),
            };
            object.insert(name.unwrap_or(field.name).to_owned(), value);
        }
        if self.next() % 16 == 15 {
            object.insert("extra".to_owned(), self.odd());
        }
        object
    }

    fn value(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Text(_) | Kind::Token(_) => json!("A1"),
            Kind::Choice(choice) | Kind::Closed(choice) => {
                let known = WORDS.iter().find(|word| (choice.knows)(word));
                let spelt = choice.spellings.first().map(|(spelling, _)| spelling);
                json!(known.or(spelt).unwrap_or(&"Unheard"))
            }
            Kind::Integer(_) | Kind::Register => json!(self.next()),
            Kind::Decimal => json!(16.5),
            Kind::DecimalText => json!("16.50"),
            Kind::Boolean => json!(true),
            Kind::Time => json!("2024-06-01T12:00:00Z"),
            Kind::JsonText => json!("{\"a\":1}"),
            Kind::Object(fields) => Value::Object(self.object(fields)),
            Kind::List(list) => {
                let length = 1 + self.next() % 3;
                (0..length).map(|_| self.value(&list.item)).collect()
            }
            Kind::Any => self.odd(),
        }
    }

    fn odd(&mut self) -> Value {
        match self.next() % 16 {
            0 => json!(""),
            1 => json!("1"),
            2 => json!("1.0"),
            3 => json!("1.5"),
            4 => json!(1.0),
            5 => json!(1.5),
            6 => json!(-1),
            7 => json!("true"),
            8 => json!("2024-06-01 12:00:00"),
            9 => json!("2024-06-01T14:00:00+02"),
            10 => json!("Hz"),
            11 => json!("x".repeat(300)),
            12 => json!({"a": 1}),
            13 => json!([1, "a", null, {}]),
            14 => json!(1e300),
            _ => json!(false),
        }
    }
}

const WORDS: &[&str] = &[
    "Accepted",
    "Rejected",
    "Failed",
    "Idle",
    "Soft",
    "Immediate",
    "Operative",
    "Available",
    "Full",
    "Started",
    "Central",
    "Actual",
    "Heartbeat",
    "A",
    "Local",
    "Wh",
];

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_repair_leaves_nothing_to_repair(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (action, form) in forms() {
            let payload = Value::Object(Maker(bytes.iter()).object(form.fields));
            let Ok(once) = read(form, &raw(&payload)) else { continue };
            let repaired = Value::Object(once.fields);
            let twice = read(form, &raw(&repaired));
            let twice = twice.map_err(|fault| {
                TestCaseError::fail(format!("{action}: {fault:?} after the repair of {payload}"))
            })?;
            prop_assert_eq!(&Value::Object(twice.fields), &repaired, "{}: {}", action, payload);
        }
    }

    #[test]
    fn what_may_be_sent_is_read_without_deviation(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for (action, form) in forms() {
            let payload = Value::Object(Maker(bytes.iter()).object(form.fields));
            let clean = deviations(form, &payload).is_empty();
            prop_assert_eq!(check_sent(form, &payload).is_ok(), clean, "{}: {}", action, payload);
            if clean {
                let read = read(form, &raw(&payload)).map_err(|fault| {
                    TestCaseError::fail(format!("{action}: {fault:?} in {payload}"))
                })?;
                prop_assert!(read.quirks.is_empty(), "{}: {:?}", action, read.quirks);
                prop_assert_eq!(Value::Object(read.fields), payload);
            }
        }
    }
}

#[test]
fn without_bytes_most_payloads_keep_their_table() {
    let keeps = |form: &Form| {
        let payload = Value::Object(Maker([].iter()).object(form.fields));
        deviations(form, &payload).is_empty()
    };
    // The others ask for a value that is not among the words, or for a number from 1.
    let clean = forms().filter(|(_, form)| keeps(form)).count();
    assert!(clean > 100, "{clean}");
}
