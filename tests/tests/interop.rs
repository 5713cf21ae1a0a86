//! Chargers that were not written here: PyPI `ocpp` and npm `ocpp-rpc`, both with their own checks
//! against the official schemas switched on, and PyPI `test-ocpp`.
//!
//! The programs in tests/interop/ print a JSON line for each step; here it is looked at what they
//! were told, and what became of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeMap;

use keywatt_tests::facts::{Charger, Installation, Person, clock, instant, text};
use keywatt_tests::program::python;
use keywatt_tests::{Api, Client, DEADLINE, Options, Server, Version, eventually, unique};
use serde_json::{Value, json};
use tokio::process::Command;

/// The same in all of these: at least 16 bytes, and with a `:` that splits nothing.
const PASSWORD: &str = "interop:password-0123";

/// Whose client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    /// PyPI `ocpp`.
    Python,
    /// npm `ocpp-rpc`.
    Node,
}

#[tokio::test]
async fn pypi_ocpp_charges_as_a_1_6_charger_over_ws() {
    check(Library::Python, Version::V16, Options::default()).await;
}

#[tokio::test]
async fn pypi_ocpp_charges_as_a_1_6_charger_over_wss() {
    check(Library::Python, Version::V16, Options::default().tls()).await;
}

#[tokio::test]
async fn pypi_ocpp_charges_as_a_2_0_1_station_over_ws() {
    check(Library::Python, Version::V201, Options::default()).await;
}

#[tokio::test]
async fn pypi_ocpp_charges_as_a_2_0_1_station_over_wss() {
    check(Library::Python, Version::V201, Options::default().tls()).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_charges_as_a_1_6_charger_over_ws() {
    check(Library::Node, Version::V16, Options::default()).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_charges_as_a_1_6_charger_over_wss() {
    check(Library::Node, Version::V16, Options::default().tls()).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_charges_as_a_2_0_1_station_over_ws() {
    check(Library::Node, Version::V201, Options::default()).await;
}

#[tokio::test]
async fn npm_ocpp_rpc_charges_as_a_2_0_1_station_over_wss() {
    check(Library::Node, Version::V201, Options::default().tls()).await;
}

/// A charger of the library's, and cards of every fate.
struct Scene {
    owner: Api,
    charger: Charger,
    person: Person,
    cards: BTreeMap<&'static str, String>,
}

impl Scene {
    async fn set(server: &Server) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        set_password(&owner, &charger.station_id).await;
        let (person, accepted) = owner.user(charger.node()).await;
        let mut cards = BTreeMap::from([("accepted", accepted.presented.value)]);
        let suspended = owner
            .card_with(&person, json!({ "state": "suspended" }))
            .await;
        cards.insert("suspended", suspended.presented.value);
        let expired = json!({ "valid_from": instant(-7200), "valid_until": instant(-3600) });
        let expired = owner.card_with(&person, expired).await;
        cards.insert("expired", expired.presented.value);
        cards.insert("unknown", unique::card());
        cards.insert("elsewhere", elsewhere(&owner, &site).await);
        Scene {
            owner,
            charger,
            person,
            cards,
        }
    }

    fn facts(&self, server: &Server, version: Version) -> Value {
        let ca = server
            .certificate()
            .map(|own| own.cert_file.display().to_string());
        json!({
            "url": server.ws(),
            "station_id": self.charger.station_id,
            "password": PASSWORD,
            "ca": ca,
            "version": name_of(version),
            "cards": self.cards,
        })
    }
}

/// A card with a right at another charger of the same installation.
async fn elsewhere(owner: &Api, site: &Installation) -> String {
    let other = owner.charger(site, 1).await;
    owner.user(other.node()).await.1.presented.value
}

async fn set_password(owner: &Api, station_id: &str) {
    let path = format!("/v1/stations/{station_id}/credential");
    drop(owner.put(&path, json!({ "password": PASSWORD })).await.ok());
}

fn name_of(version: Version) -> &'static str {
    match version {
        Version::V16 => "1.6",
        Version::V201 => "2.0.1",
    }
}

async fn check(library: Library, version: Version, options: Options) {
    let server = Server::start(options).await;
    let scene = Scene::set(&server).await;
    let facts = scene.facts(&server, version);
    let mut program = match (library, version) {
        (Library::Python, Version::V16) => Client::python("charger_16.py", &facts),
        (Library::Python, Version::V201) => Client::python("charger_201.py", &facts),
        (Library::Node, _) => Client::node("charger.mjs", &facts),
    };
    let mut steps = BTreeMap::new();
    while let Some(line) = program.line().await {
        match line["ask"].as_str() {
            Some("remote_start") => remote_start(&scene).await,
            Some("remote_stop") => remote_stop(&scene, &text(&line, "transaction_id")).await,
            Some(other) => panic!("the program asks for `{other}`"),
            None => {
                let name = text(&line, "step");
                eprintln!("{library:?} {version:?} {line}");
                steps.insert(name, line);
            }
        }
    }
    let names: Vec<String> = steps.keys().cloned().collect();
    program.succeeded(&names).await;
    connection_is_right(&steps, version);
    cards_are_answered(&steps, version);
    remote_token_is_right(&steps, &scene, version);
    transactions_are_kept(&scene, &steps).await;
    decisions_are_kept(&scene).await;
}

async fn remote_start(scene: &Scene) {
    let path = format!("/v1/chargers/{}/start", scene.charger.id);
    let answer = scene
        .owner
        .post(&path, json!({ "person_id": scene.person.id }))
        .await
        .expect(200);
    assert_eq!(
        answer["status"], "Accepted",
        "the charger's own word: {answer}"
    );
}

async fn remote_stop(scene: &Scene, station_transaction_id: &str) {
    let all = transactions(scene).await;
    let running = all
        .iter()
        .find(|one| one["station_transaction_id"] == station_transaction_id)
        .unwrap_or_else(|| panic!("`{station_transaction_id}` is not in {all:?}"));
    assert_eq!(running["ended_at"], Value::Null, "{running}");
    let path = format!("/v1/transactions/{}/stop", text(running, "id"));
    let answer = scene.owner.post(&path, json!({})).await.expect(200);
    assert_eq!(
        answer["status"], "Accepted",
        "the charger's own word: {answer}"
    );
}

async fn transactions(scene: &Scene) -> Vec<Value> {
    scene
        .owner
        .list(&format!("/v1/transactions?charger={}", scene.charger.id))
        .await
}

fn connection_is_right(steps: &BTreeMap<String, Value>, version: Version) {
    assert_eq!(
        steps["connected"]["subprotocol"],
        format!("ocpp{}", name_of(version))
    );
    let boot = &steps["boot"];
    assert_eq!(boot["status"], "Accepted");
    assert!(
        boot["interval"].as_i64().is_some_and(|seconds| seconds > 0),
        "{boot}"
    );
    for step in ["boot", "heartbeat"] {
        let told = text(&steps[step], "current_time");
        // Quirk Q23: some 1.6 chargers read seconds and `Z` only.
        let length = if version == Version::V16 { 20 } else { 24 };
        assert!(
            told.len() <= length && told.ends_with('Z'),
            "{step} was told `{told}`"
        );
        let told: jiff::Timestamp = told.parse().unwrap();
        let apart = clock().duration_since(told).abs();
        assert!(apart.as_secs() < 600, "{step} was told {told}");
    }
    assert_eq!(steps["data_transfer"]["status"], "UnknownVendorId");
}

/// What each card is worth, from docs/authorization.md.
fn cards_are_answered(steps: &BTreeMap<String, Value>, version: Version) {
    let expected = [
        ("authorize accepted", "Accepted", "Accepted"),
        ("authorize suspended", "Blocked", "Blocked"),
        ("authorize expired", "Expired", "Expired"),
        ("authorize unknown", "Invalid", "Unknown"),
        ("authorize elsewhere", "Invalid", "NotAtThisLocation"),
        ("start", "Accepted", "Accepted"),
        ("stop", "Accepted", "Accepted"),
        ("authorize remote", "Accepted", "Accepted"),
        ("start remote", "Accepted", "Accepted"),
    ];
    for (step, in_16, in_201) in expected {
        let status = match version {
            Version::V16 => in_16,
            Version::V201 => in_201,
        };
        assert_eq!(steps[step]["status"], status, "{step}: {}", steps[step]);
    }
    // Every Accepted ages, and names the group that may stop it.
    let info = &steps["authorize accepted"];
    let either = |names: [&str; 2]| names.iter().find_map(|name| info.get(*name)).cloned();
    let expiry = match version {
        Version::V16 => either(["expiry_date", "expiryDate"]),
        Version::V201 => either(["cache_expiry_date_time", "cacheExpiryDateTime"]),
    };
    let expiry: jiff::Timestamp = expiry
        .unwrap_or_else(|| panic!("no expiry in {info}"))
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = expiry.duration_since(clock());
    assert!(
        (0..=24 * 3600).contains(&left.as_secs()),
        "expires at {expiry}"
    );
    let group = match version {
        Version::V16 => either(["parent_id_tag", "parentIdTag"]),
        Version::V201 => either(["group_id_token", "groupIdToken"]),
    };
    assert!(group.is_some(), "no group in {info}");
}

fn remote_token_is_right(steps: &BTreeMap<String, Value>, scene: &Scene, version: Version) {
    let token = text(&steps["remote_start"], "id_tag");
    assert!(
        token.len() == 14 && token.starts_with("FE"),
        "the remote token is `{token}`"
    );
    assert!(
        scene.cards.values().all(|card| *card != token),
        "a card is no remote token"
    );
    if version == Version::V201 {
        assert_eq!(steps["remote_start"]["kind"], "Central");
    }
    assert_eq!(steps["remote_stop"]["same"], true);
}

async fn transactions_are_kept(scene: &Scene, steps: &BTreeMap<String, Value>) {
    let kept = transactions(scene).await;
    for (step, by_card) in [("start", true), ("start remote", false)] {
        let id = match &steps[step]["transaction_id"] {
            Value::String(id) => id.clone(),
            number => number.to_string(),
        };
        let same: Vec<&Value> = kept
            .iter()
            .filter(|one| one["station_transaction_id"] == id)
            .collect();
        let [one] = same[..] else {
            panic!("{step}: `{id}` is in {kept:?} not once")
        };
        assert_eq!(one["person_id"], scene.person.id, "{one}");
        assert_eq!(one["refused"], false, "{one}");
        assert_eq!(one["authenticated"], true, "{one}");
        assert_ne!(one["ended_at"], Value::Null, "{one}");
        let reason = if by_card { "Local" } else { "Remote" };
        assert_eq!(one["stop_reason"], reason, "{one}");
        assert!(one["energy_wh"].as_i64().is_some_and(|wh| wh > 0), "{one}");
        let path = format!("/v1/transactions/{}/samples", text(one, "id"));
        let samples = scene.owner.list(&path).await;
        assert!(!samples.is_empty(), "no samples of {one}");
    }
}

/// Every Authorize has its row with the reason.
async fn decisions_are_kept(scene: &Scene) {
    let station = &scene.charger.station_id;
    let wanted = [
        "GRANTED",
        "CREDENTIAL_SUSPENDED",
        "CREDENTIAL_EXPIRED",
        "CREDENTIAL_UNKNOWN",
        "NO_GRANT",
    ];
    eventually("every reason in the log", DEADLINE, || async {
        let rows = scene
            .owner
            .list(&format!("/v1/decisions?station_id={station}"))
            .await;
        let there = |reason: &&str| rows.iter().any(|row| row["reason"] == **reason);
        wanted.iter().all(there).then_some(())
    })
    .await;
}

/// It boots, beats and prints what it saw; it offers nothing else. It is run without TLS and with,
/// with both versions, with the password and without, with and without a slash at the end, and on
/// a station nobody knows.
#[tokio::test]
async fn pypi_test_ocpp_finds_nothing_wrong() {
    for options in [Options::default(), Options::default().tls()] {
        let server = Server::start(options).await;
        let owner = server.owner();
        let site = owner.installation().await;
        let station = owner.charger(&site, 1).await.station_id;
        set_password(&owner, &station).await;
        for version in ["1.6", "2.0.1"] {
            let told = test_ocpp(&server, &station, version, &["--password", PASSWORD]).await;
            assert_eq!(told.code, 0, "{told}");
            assert!(
                told.output.contains("BootNotification status: Accepted"),
                "{told}"
            );
            assert!(told.output.contains("SUCCESS"), "{told}");
            assert!(!told.output.contains("WARNING"), "{told}");

            let slash = ["--password", PASSWORD, "--trailing-slash"];
            let told = test_ocpp(&server, &station, version, &slash).await;
            assert_eq!(told.code, 0, "{told}");

            for wrong in [&["--password", "not the right password"][..], &[]] {
                let told = test_ocpp(&server, &station, version, wrong).await;
                assert_eq!(told.code, 1, "{told}");
                assert!(told.output.contains("HTTP 401"), "{told}");
            }
            let unknown = unique::station_id("NOBODY");
            let told = test_ocpp(&server, &unknown, version, &[]).await;
            assert_eq!(told.code, 1, "{told}");
            assert!(told.output.contains("HTTP 404"), "{told}");
        }
    }
}

/// What `test-ocpp` said.
struct Told {
    code: i32,
    output: String,
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it ended with {} and said:\n{}", self.code, self.output)
    }
}

async fn test_ocpp(server: &Server, station: &str, version: &str, args: &[&str]) -> Told {
    let mut command = Command::new(python());
    command.args([
        "-m",
        "test_ocpp",
        &server.ws(),
        station,
        "--ocpp",
        version,
        "--timeout",
        "60",
    ]);
    if let Some(own) = server.certificate() {
        command.arg("--ca").arg(&own.cert_file);
    }
    let output = command
        .args(args)
        .kill_on_drop(true)
        .output()
        .await
        .expect("test-ocpp");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Told {
        code: output.status.code().unwrap_or(-1),
        output: said,
    }
}
