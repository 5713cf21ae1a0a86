//! Scenario files: their form, and playing them.

use rpc::Version;
use serde_json::{Value, json};

use super::{BadScenario, Options, Scenario, ScenarioError, run};
use crate::scripted_csms::{Script, ScriptedCsms};

const CHARGE: &str = include_str!("../../scenarios/charge.yaml");
const DOOR: &str = include_str!("../../scenarios/door.yaml");
const FUNCTIONS: &str = include_str!("../../scenarios/functions.yaml");
const SCHEMA: &str = include_str!("../../../schemas/scenario.schema.json");

/// A scenario of one 1.6 charger with these steps.
fn charger(steps: &str) -> String {
    format!("name: test\nstations: {{ CP1: {{ version: \"1.6\" }} }}\nsteps: {steps}\n")
}

fn valid_by_schema(text: &str) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let value: Value = serde_yaml_ng::from_str(text).unwrap();
    jsonschema::validator_for(&schema).unwrap().is_valid(&value)
}

/// Answers by the card: the examples' card is known, one is suspended, others are unknown.
fn by_card(payload: &Value, version: Version) -> &'static str {
    let text = payload.to_string();
    match version {
        _ if text.contains("04A1B2C3D4E5F6") => "Accepted",
        _ if text.contains("04DEADBEEF0001") => "Blocked",
        Version::V16 => "Invalid",
        Version::V201 => "Unknown",
    }
}

async fn csms(version: Version) -> ScriptedCsms {
    let csms = ScriptedCsms::start(version).await;
    let field = match version {
        Version::V16 => "idTagInfo",
        Version::V201 => "idTokenInfo",
    };
    csms.on("Authorize", move |payload| {
        Script::Result(json!({ field: { "status": by_card(payload, version) } }))
    });
    csms.on("DataTransfer", move |payload| {
        let data = json!({ "status": by_card(payload, version) }).to_string();
        Script::Result(json!({ "status": "Accepted", "data": data }))
    });
    csms
}

async fn play(text: &str, version: Version) -> (Result<(), ScenarioError>, Vec<String>) {
    let csms = csms(version).await;
    let scenario = Scenario::parse(text).unwrap();
    let options = Options {
        url: Some(csms.endpoint("").url),
        ca_pem: None,
    };
    let mut lines = Vec::new();
    let outcome = run(&scenario, &options, &mut |line| lines.push(line.to_owned())).await;
    (outcome, lines)
}

/// The part of the first example that is about the charger of one version.
fn charge_of(version: Version) -> String {
    let station = match version {
        Version::V16 => "CP16",
        Version::V201 => "CP201",
    };
    let mut example: Value = serde_yaml_ng::from_str(CHARGE).unwrap();
    let of_station = |step: &Value| step.to_string().contains(&format!("\"{station}\""));
    example["steps"].as_array_mut().unwrap().retain(of_station);
    example["stations"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name == station);
    // The scripted central system reads no garbage.
    example["steps"]
        .as_array_mut()
        .unwrap()
        .retain(|step| step.get("garbage").is_none());
    serde_yaml_ng::to_string(&example).unwrap()
}

#[tokio::test]
async fn the_examples_play_to_their_end() {
    for version in Version::ALL {
        let (outcome, lines) = play(&charge_of(version), version).await;
        assert!(outcome.is_ok(), "{outcome:?} {lines:#?}");
    }
    let (outcome, lines) = play(DOOR, Version::V16).await;
    assert!(outcome.is_ok(), "{outcome:?} {lines:#?}");
    assert_eq!(lines.len(), 16);
    let (outcome, lines) = play(&without_frames(), Version::V201).await;
    assert!(outcome.is_ok(), "{outcome:?} {lines:#?}");
}

/// The third example without frames that are none: the scripted central system reads no garbage.
fn without_frames() -> String {
    let mut example: Value = serde_yaml_ng::from_str(FUNCTIONS).unwrap();
    example["steps"]
        .as_array_mut()
        .unwrap()
        .retain(|step| step.get("frame").is_none() && step.get("deviate").is_none());
    serde_yaml_ng::to_string(&example).unwrap()
}

#[tokio::test]
async fn a_command_of_the_central_system_can_be_expected() {
    let csms = csms(Version::V16).await;
    let text = charger(
        "[connect: {}, misbehave: { fault: error, action: Reset }, boot: {}, \
         received: { action: ClearCache, expect: Accepted }, \
         received: { action: Reset, with: { type: Soft }, within_seconds: 5 }]",
    );
    let scenario = Scenario::parse(&text).unwrap();
    let options = Options {
        url: Some(csms.endpoint("").url),
        ca_pem: None,
    };
    let playing = tokio::spawn(async move {
        let mut lines = Vec::new();
        run(&scenario, &options, &mut |line| lines.push(line.to_owned())).await
    });
    csms.wait_for("BootNotification", 1).await;
    csms.command("ClearCache", json!({})).await;
    let reset = csms.command("Reset", json!({ "type": "Soft" })).await;
    assert_eq!(reset["error"], "InternalError");
    playing.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unmet_expectation_names_the_step() {
    let text = charger(
        "[connect: {}, boot: {}, authorize: { token: \"04FF\", expect: Accepted }, unplug: {}]",
    );
    let (outcome, lines) = play(&text, Version::V16).await;
    let error = outcome.unwrap_err().to_string();
    assert_eq!(
        error,
        "step 3 (authorize): expected `Accepted`, got `Invalid`"
    );
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn a_maker_is_a_chargers_and_speaks_its_version() {
    for (station, error) in [
        (
            "{ version: \"2.0.1\", vendor: keba }",
            "do not speak this version",
        ),
        (
            "{ version: \"1.6\", kind: lock, vendor: keba }",
            "no maker's charger",
        ),
    ] {
        let text = format!("name: test\nstations: {{ CP1: {station} }}\nsteps: []\n");
        let (outcome, _) = play(&text, Version::V16).await;
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(error), "{told}");
    }
    let nobody = "name: t\nstations: { A: { version: \"1.6\", vendor: nobody } }\nsteps: []";
    let told = Scenario::parse(nobody).unwrap_err().to_string();
    assert!(told.contains("grizzl-e"), "{told}");
}

#[tokio::test]
async fn a_step_that_cannot_be_done_fails() {
    let (outcome, _) = play(&charger("[boot: {}]"), Version::V16).await;
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "step 1 (boot): there is no connection"
    );
    let (outcome, _) = play(&charger("[push_bar: {}]"), Version::V16).await;
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("a charger cannot do this")
    );
}

#[test]
fn schema_and_reader_agree() {
    for text in [
        CHARGE,
        DOOR,
        FUNCTIONS,
        &charger("[]"),
        &charger("[reorder: {}, sign_certificate: { expect: Accepted }]"),
        &charger("[frame: { kind: oversized, bytes: 10 }, received: { action: Reset }]"),
        &charger("[wait: { seconds: 1 }]"),
    ] {
        assert!(valid_by_schema(text), "{text}");
        assert!(Scenario::parse(text).is_ok(), "{text}");
    }
    for steps in [
        "[dance: {}]",
        "[connect: {}, boot: { expct: Accepted }]",
        "[authorize: {}]",
        "[authorize: { token: 41122334 }]",
        "[{ connect: {}, boot: {} }]",
        "[light: { is: pink }]",
        "[wait: { seconds: -1 }]",
        "[retry: { id: older }]",
        "[frame: { kind: odd }]",
        "[misbehave: { fault: sulk }]",
        "[received: {}]",
    ] {
        let text = charger(steps);
        assert!(!valid_by_schema(&text), "schema takes {steps}");
        assert!(Scenario::parse(&text).is_err(), "reader takes {steps}");
    }
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let error = Scenario::parse(&charger("[authorize: { token: 4112233 }]")).unwrap_err();
    let BadScenario::Form { path, error } = error else {
        panic!("{error}")
    };
    assert!(path.starts_with("steps[0]"), "{path}");
    assert!(error.contains("string"), "{error}");
    let error = Scenario::parse(&charger("[boot: { station: CP2 }]")).unwrap_err();
    assert_eq!(error.to_string(), "step 1: there is no station `CP2`");
    let two = "name: t\nstations: { A: { version: \"1.6\" }, B: { version: \"1.6\" } }\n\
               steps: [boot: {}]";
    assert_eq!(
        Scenario::parse(two).unwrap_err().to_string(),
        "step 1: `station` is missing"
    );
}
