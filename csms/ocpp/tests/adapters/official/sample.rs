//! Samples of a schema: the least, the most, each value of each enumeration, and the most without
//! each thing that may be left out; and any payload that bytes choose.

use serde_json::{Map, Value, json};

/// A valid payload, and what it is a sample of.
pub(crate) struct Sample {
    pub(crate) about: String,
    pub(crate) payload: Value,
}

const TIME: &str = "2024-06-01T12:00:00.123Z";

/// Lists are not filled to their limit of up to 1024 items.
const ITEMS: u64 = 4;

/// Every sample of a schema.
pub(crate) fn samples(schema: &Value) -> Vec<Sample> {
    let maker = |extent, twist| Maker {
        root: schema,
        extent,
        twist,
    };
    let sample = |about: String, maker: Maker<'_>| Sample {
        about,
        payload: maker.value(schema, "", ""),
    };
    let mut all = vec![
        sample("least".into(), maker(Extent::Least, Twist::None)),
        sample("most".into(), maker(Extent::Most, Twist::None)),
    ];
    let mut places = Places::default();
    places.visit(schema, schema, "");
    for (place, value) in &places.values {
        all.push(sample(
            format!("{place} = {value}"),
            maker(Extent::Most, Twist::Value(place, value)),
        ));
    }
    for place in &places.optional {
        all.push(sample(
            format!("without {place}"),
            maker(Extent::Most, Twist::Without(place)),
        ));
    }
    all
}

/// A valid payload that the bytes choose.
pub(crate) fn random(schema: &Value, bytes: &[u8]) -> Value {
    let mut chooser = Chooser {
        root: schema,
        bytes: bytes.iter(),
    };
    chooser.value(schema, "")
}

struct Chooser<'a> {
    root: &'a Value,
    bytes: std::slice::Iter<'a, u8>,
}

impl Chooser<'_> {
    /// 0 when the bytes are used up.
    fn next(&mut self) -> u64 {
        self.bytes.next().copied().unwrap_or(0).into()
    }

    fn value(&mut self, schema: &Value, name: &str) -> Value {
        let schema = resolved(self.root, schema);
        if let Some(values) = schema["enum"].as_array() {
            let chosen = self.next() as usize % values.len();
            return values[chosen].clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    if is_required(schema, name) || self.next() % 2 == 1 {
                        object.insert(name.clone(), self.value(property, name));
                    }
                }
                Value::Object(object)
            }
            Some("array") => {
                let least = schema["minItems"].as_u64().unwrap_or(0);
                let most = schema["maxItems"].as_u64().unwrap_or(ITEMS).min(ITEMS);
                let length = least + self.next() % (most - least + 1);
                (0..length)
                    .map(|_| self.value(&schema["items"], name))
                    .collect()
            }
            Some("string") => match schema["format"].as_str() {
                Some("date-time") => {
                    let (seconds, millis) = (self.next() * 12_345_678, self.next());
                    let time = jiff::Timestamp::new(seconds as i64, millis as i32 * 1_000_000);
                    json!(time.unwrap().to_string())
                }
                Some(_) => json!("https://example.org/file"),
                None => {
                    let most = schema["maxLength"].as_u64().unwrap_or(40).min(40);
                    let length = self.next() % (most + 1);
                    let letters: Vec<char> = "aZ09 :-_.,;äß漢😀\"\\/{}\u{7f}".chars().collect();
                    let text: String = (0..length)
                        .map(|_| letters[self.next() as usize % letters.len()])
                        .collect();
                    json!(text)
                }
            },
            Some("integer") => {
                let most = most(schema, name).min(i64::from(i32::MAX));
                let number = (self.next() << 24) + (self.next() << 12) + self.next();
                json!(1 + number as i64 % most)
            }
            // The validator counts multiples of 0.1 in floats.
            Some("number") if schema["multipleOf"].is_number() => {
                let numbers = json!([0, 6.0, 7.4, 16.5, 21.5, 32, 11000.5]);
                numbers[self.next() as usize % 7].clone()
            }
            Some("number") => {
                let number = format!("{}.{}", self.next() << 8, self.next() % 10);
                serde_json::from_str(&number).unwrap()
            }
            Some("boolean") => json!(self.next() % 2 == 1),
            None => json!({"a": [self.next(), "b"]}),
            Some(other) => panic!("{name}: {other}"),
        }
    }
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => &root["definitions"][reference.trim_start_matches("#/definitions/")],
        None => schema,
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"]
        .as_array()
        .is_some_and(|names| names.iter().any(|required| required == name))
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

/// Where there is something to choose.
#[derive(Default)]
struct Places {
    values: Vec<(String, String)>,
    optional: Vec<String>,
}

impl Places {
    fn visit(&mut self, root: &Value, schema: &Value, place: &str) {
        let schema = resolved(root, schema);
        for value in schema["enum"].as_array().into_iter().flatten() {
            let value = value.as_str().unwrap().to_owned();
            self.values.push((place.to_owned(), value));
        }
        if schema["items"].is_object() {
            self.visit(root, &schema["items"], &format!("{place}[]"));
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = below(place, name);
            if !is_required(schema, name) {
                self.optional.push(place.clone());
            }
            if name != "customData" {
                self.visit(root, property, &place);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Least,
    Most,
}

#[derive(Clone, Copy)]
enum Twist<'a> {
    None,
    Value(&'a str, &'a str),
    Without(&'a str),
}

struct Maker<'a> {
    root: &'a Value,
    extent: Extent,
    twist: Twist<'a>,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, place: &str, name: &str) -> Value {
        let schema = resolved(self.root, schema);
        if let Some(values) = schema["enum"].as_array() {
            return match self.twist {
                Twist::Value(at, value) if at == place => json!(value),
                Twist::Value(..) | Twist::None | Twist::Without(_) => values[0].clone(),
            };
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, place, name),
            Some("array") => self.list(schema, place, name),
            Some("string") => self.text(schema),
            Some("integer") => self.integer(schema, name),
            Some("number") => match self.extent {
                Extent::Least => json!(0),
                Extent::Most => json!(21.5),
            },
            Some("boolean") => json!(self.extent == Extent::Most),
            None => json!({"text": "x", "list": [1, 2.5, null]}),
            Some(other) => panic!("{place}: {other}"),
        }
    }

    fn object(&self, schema: &Value, place: &str, name: &str) -> Value {
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = below(place, name);
            let left_out = match self.twist {
                Twist::Without(at) => at == place,
                Twist::None | Twist::Value(..) => false,
            };
            if left_out || (self.extent == Extent::Least && !is_required(schema, name)) {
                continue;
            }
            object.insert(name.clone(), self.value(property, &place, name));
        }
        if name == "customData" {
            object.insert("more".into(), json!({"n": 1.5, "list": [true, null]}));
        }
        Value::Object(object)
    }

    fn list(&self, schema: &Value, place: &str, name: &str) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(ITEMS).min(ITEMS);
        let length = match self.extent {
            Extent::Least => least,
            Extent::Most => most.max(least),
        };
        let place = format!("{place}[]");
        let item = |_| self.value(&schema["items"], &place, name);
        Value::Array((0..length).map(item).collect())
    }

    fn text(&self, schema: &Value) -> Value {
        match (schema["format"].as_str(), self.extent) {
            (Some("date-time"), _) => json!(TIME),
            (Some("uri"), _) => json!("https://example.org/file"),
            (_, Extent::Least) => json!("a"),
            (_, Extent::Most) => {
                let length = schema["maxLength"].as_u64().unwrap_or(600) as usize;
                // Lengths are counted in characters.
                let mut text = "x".repeat(length - 1);
                text.push('é');
                json!(text)
            }
        }
    }

    fn integer(&self, schema: &Value, name: &str) -> Value {
        match self.extent {
            Extent::Least => json!(1),
            // More than 16 bits hold: the seconds of a day.
            Extent::Most => json!(most(schema, name).min(86_400)),
        }
    }
}

/// The schemas hardly limit integers; what the standard says of some in words is kept.
fn most(schema: &Value, name: &str) -> i64 {
    match name {
        "severity" => 9,
        "amountMultiplier" => 3,
        _ => schema["maximum"]
            .as_f64()
            .map_or(i64::from(i32::MAX), |most| most as i64),
    }
}
