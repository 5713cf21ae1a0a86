//! Nothing a station says makes the program fail, close the connection, or stay silent where an
//! answer is due. The properties are those of the fuzzing programs in `tests/fuzz`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "../fuzz/src/lib.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the library of the fuzzing programs"
)]
mod properties;

use std::path::Path;

use keywatt_tests::{Server, Version, Wire, unique};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use properties::Choice;

/// The messages of both versions that are sent to other people's libraries too.
fn samples() -> Vec<(String, Value)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/messages.json");
    let messages: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let all = ["1.6", "2.0.1"]
        .iter()
        .flat_map(|version| ["station", "central"].map(|half| &messages[version][half]))
        .flat_map(|half| half.as_array().unwrap().iter());
    all.map(|sample| {
        let action = sample["action"].as_str().unwrap().to_owned();
        (action, sample["payload"].clone())
    })
    .collect()
}

/// A value that does not belong where it is put.
fn intruder() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!("")),
        Just(json!("1970-01-01T00:00:00+02")),
        Just(json!("😀\u{0}\u{7f}")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,300}".prop_map(Value::from),
    ]
}

/// A message in which some values were exchanged, or some text of it was.
fn bent() -> impl Strategy<Value = String> {
    let samples = samples();
    let places = prop::collection::vec((any::<prop::sample::Index>(), intruder()), 0..4);
    let cuts = prop::option::of((any::<prop::sample::Index>(), ".{0,6}"));
    (prop::sample::select(samples), places, cuts).prop_map(
        |((action, mut payload), places, cut)| {
            for (place, value) in places {
                exchange(&mut payload, &place, value);
            }
            let text = json!([2, unique::message_id(), action, payload]).to_string();
            match cut {
                None => text,
                Some((at, with)) => cut_in(&text, &at, &with),
            }
        },
    )
}

/// Puts a value in the place of another, anywhere below.
fn exchange(payload: &mut Value, place: &prop::sample::Index, value: Value) {
    let mut pointers = Vec::new();
    collect(payload, String::new(), &mut pointers);
    let pointer = place.get(&pointers).clone();
    if let Some(there) = payload.pointer_mut(&pointer) {
        *there = value;
    }
}

fn collect(value: &Value, pointer: String, into: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => (0..).map(|n: usize| n.to_string()).zip(items).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, value) in below {
        collect(value, format!("{pointer}/{name}"), into);
    }
    into.push(pointer);
}

fn cut_in(text: &str, at: &prop::sample::Index, with: &str) -> String {
    let at = text.floor_char_boundary(at.index(text.len()));
    let rest = &text[at..];
    let after = rest
        .char_indices()
        .nth(3)
        .map_or("", |(next, _)| &rest[next..]);
    format!("{}{with}{after}", &text[..at])
}

/// Any text, some of it nearly a message.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![6 => bent(), 1 => ".{0,60}", 1 => r#"\[[0-9],"[a-z]{0,40}"(,"?[A-Za-z{}\[\]]{0,20}"?){0,4}\]"#]
}

/// So many cases; a failing one is told, not kept in a file.
fn bounded(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(bounded(1500))]

    #[test]
    fn no_text_is_beyond_the_framing(choice in any::<u8>(), text in anything()) {
        properties::frames(Choice(choice), &text);
    }

    #[test]
    fn no_message_is_beyond_the_adapters(choice in any::<u8>(), text in anything()) {
        properties::requests(Choice(choice), &text);
    }

    #[test]
    fn no_answer_is_beyond_the_adapters(choice in any::<u8>(), text in anything()) {
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        let payload = message.pointer("/3").unwrap_or(&message);
        properties::answers(Choice(choice), &payload.to_string());
    }
}

#[test]
fn the_seeds_of_the_fuzzing_programs_hold() {
    hold("frames", properties::frames);
    hold("requests", properties::requests);
    hold("answers", properties::answers);
}

fn hold(name: &str, property: fn(Choice, &str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(file.unwrap().path()).unwrap();
        let (choice, text) = properties::split(&input).expect("a choice and text");
        property(choice, text);
        seen += 1;
    }
    assert!(seen > 5, "the seeds of `{name}` were not found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_survives_everything_that_is_said_on_it() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    for version in [Version::V16, Version::V201] {
        let station = owner.charger(&site, 1).await.station_id;
        let wire = Wire::booted(&server.endpoint(&station, version)).await;
        tokio::task::spawn_blocking(move || talk(&wire))
            .await
            .unwrap();
    }
}

/// Says much at once, and then something in order on the same connection.
fn talk(wire: &Wire) {
    let runtime = tokio::runtime::Handle::current();
    let mut runner = TestRunner::new(bounded(40));
    let texts = prop::collection::vec(anything(), 1..12);
    let outcome = runner.run(&texts, |texts| {
        let beat = runtime.block_on(async {
            for text in texts {
                wire.text(text).await.map_err(|error| error.to_string())?;
            }
            wire.call("Heartbeat", json!({}))
                .await
                .map_err(|error| error.to_string())
        });
        let beat = beat.map_err(TestCaseError::fail)?;
        prop_assert!(beat["currentTime"].is_string());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
