//! Chargers that deviate as known makers' do, before the real program: each boots, has a card
//! looked at, charges and tells its settings; what it does is seen in the API and nothing is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;

use keywatt_tests::facts::{Card, Charger, Installation, Person};
use keywatt_tests::{Api, DEADLINE, Server, Version, eventually};
use serde_json::{Value, json};
use simulator::charger::{Charger as Simulated, ChargerConfig, Presented};
use simulator::vendor::{VENDORS, Vendor, find};
use simulator::{StopReason, Token};

/// What a maker's charger needs, and what is seen of it.
struct Expected {
    vendor: &'static str,
    /// What its owner has to decide about it.
    settings: Value,
    /// The number of a card as it must be registered, where the reader turns it.
    registered: fn(&str) -> String,
    /// The deviations that are counted.
    quirks: &'static [&'static str],
}

fn as_printed(card: &str) -> String {
    card.to_owned()
}

/// Filled up with zeros on the right, which no step of a reader profile takes away.
fn free(_: &str) -> String {
    "#FreeCharging".to_owned()
}

fn plain(vendor: &'static str, quirks: &'static [&'static str]) -> Expected {
    Expected {
        vendor,
        settings: json!({}),
        registered: as_printed,
        quirks,
    }
}

fn set(vendor: &'static str, settings: Value, quirks: &'static [&'static str]) -> Expected {
    Expected {
        settings,
        ..plain(vendor, quirks)
    }
}

fn table() -> Vec<Expected> {
    let suffix = json!({ "reader_profile": [{ "step": "strip_serial_suffix" }] });
    // The cards of the scene have 7 bytes.
    let padded = json!({ "reader_profile": [{ "step": "strip_trailing_zeros", "bytes": 7 }] });
    let reversed = json!({ "reader_profile": [{ "step": "reverse_bytes" }] });
    vec![
        plain("abb", &[]),
        plain("alfen", &["unknown_value"]),
        plain("delta", &[]),
        plain("en-plus", &["clock_not_set"]),
        plain("everest", &[]),
        plain("foxess", &[]),
        set(
            "grizzl-e",
            json!({ "assume_ocpp16": true }),
            &["no_subprotocol"],
        ),
        plain("growatt", &["value_instead_of_text", "time_without_zone"]),
        plain("huawei", &[]),
        set("keba", suffix, &["token_suffix"]),
        set("keba-padded", padded, &["token_padding"]),
        plain("microocpp", &["clock_not_set"]),
        plain("monta-emulator", &["time_form"]),
        plain("ocular", &[]),
        plain("schneider", &[]),
        plain("setec", &[]),
        set("smartevse", reversed, &["token_byte_order"]),
        plain("teison", &[]),
        plain(
            "unnamed",
            &[
                "path_slashes",
                "identity_case",
                "empty_frame",
                "fractional_integer",
            ],
        ),
        plain(
            "unnamed-units",
            &[
                "text_as_number",
                "number_as_text",
                "too_long",
                "answer_form",
            ],
        ),
        plain("unnamed-settings", &[]),
        // An empty list of samples is within the schema of 1.6.
        plain("vestel", &[]),
        Expected {
            registered: free,
            ..plain("webasto", &[])
        },
        plain("zj-beny", &["unreadable_message"]),
    ]
}

/// A maker's charger, and somebody with a card who may use it.
struct Scene {
    owner: Api,
    charger: Charger,
    person: Person,
    card: Card,
    name: String,
}

impl Scene {
    async fn set(owner: &Api, site: &Installation, expected: &Expected, name: String) -> Scene {
        let charger = owner.charger(site, 1).await;
        let path = format!("/v1/stations/{}", charger.station_id);
        let settings = json!({ "settings": expected.settings });
        if expected.settings != json!({}) {
            owner.patch(&path, settings).await.expect(200);
        }
        let person = owner.person().await;
        let mut card = owner.card(&person).await;
        let registered = (expected.registered)(&card.presented.value);
        if registered != card.presented.value {
            let number = card.presented.value.clone();
            card = owner
                .card_with(&person, json!({ "value": registered }))
                .await;
            card.presented.value = number;
        }
        owner.grant(&person, "user", charger.node()).await;
        Scene {
            owner: owner.clone(),
            charger,
            person,
            card,
            name,
        }
    }

    async fn station(&self) -> Value {
        let path = format!("/v1/stations/{}", self.charger.station_id);
        self.owner.get(&path).await.ok()
    }

    /// The only transaction of the station, as soon as it has ended.
    async fn ended(&self) -> Value {
        let path = format!("/v1/transactions?station={}", self.charger.station_id);
        let what = format!("the ended transaction of {}", self.name);
        eventually(&what, DEADLINE, || async {
            let all = self.owner.list(&path).await;
            assert!(all.len() <= 1, "{}: {all:#?}", self.name);
            all.into_iter().find(|row| row["ended_at"].is_string())
        })
        .await
    }

    /// Waits until these deviations are shown.
    async fn shows(&self, quirks: &[&str]) {
        let mut seen = names(&self.station().await);
        for name in quirks {
            let what = format!("`{name}` of {} beside {seen:?}", self.name);
            seen = eventually(&what, DEADLINE, || async {
                let seen = names(&self.station().await);
                seen.contains(*name).then_some(seen)
            })
            .await;
        }
    }
}

fn names(station: &Value) -> BTreeSet<String> {
    station["connection"]["quirks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|quirk| quirk["name"].as_str())
        .map(str::to_owned)
        .collect()
}

fn simulated(server: &Server, scene: &Scene, vendor: &Vendor, version: Version) -> Simulated {
    let endpoint = server.endpoint(&scene.charger.station_id, version);
    let mut config = ChargerConfig::new(endpoint);
    config.imitate(vendor);
    Simulated::new(config)
}

/// Charges from the card to the end; by the plug alone where the maker does so.
async fn charge(station: &Simulated, scene: &Scene) {
    let card = Token::card(&scene.card.presented.value);
    let begun = station.plug(1).await.unwrap();
    if begun.is_none() {
        let presented = station.present(1, &card).await.unwrap();
        assert!(
            matches!(presented, Presented::Started { .. }),
            "{}: {presented:?}",
            scene.name
        );
    }
    for _ in 0..2 {
        station.meter_values(1).await.unwrap();
    }
    station
        .stop_transaction(1, StopReason::Local, Some(&card))
        .await
        .unwrap();
    assert_eq!(station.queued(), 0, "{}", scene.name);
}

/// What was told of the transaction is all there.
async fn nothing_is_lost(scene: &Scene) {
    let row = scene.ended().await;
    let name = &scene.name;
    assert_eq!(row["person_id"], scene.person.id, "{name}: {row}");
    assert_eq!(row["authenticated"], true, "{name}: {row}");
    assert_eq!(row["refused"], false, "{name}: {row}");
    assert_eq!(row["orphan"], false, "{name}: {row}");
    assert_eq!(row["energy_wh"], 750, "{name}: {row}");
    let started = row["started_at"].as_str().unwrap_or_default();
    assert!(!started.starts_with("1970"), "{name}: {row}");
    let path = format!(
        "/v1/transactions/{}/samples",
        row["id"].as_str().unwrap_or_default()
    );
    let samples = scene.owner.list(&path).await;
    for energy in [250, 500] {
        assert!(
            samples.iter().any(|sample| sample["energy_wh"] == energy),
            "{name} has no sample of {energy} Wh: {samples:#?}"
        );
    }
}

/// Asks a 1.6 station for one of its settings.
async fn asks(scene: &Scene) -> Value {
    let path = format!(
        "/v1/stations/{}/ocpp/GetConfiguration",
        scene.charger.station_id
    );
    let keys = json!({ "key": ["NumberOfConnectors"] });
    scene.owner.post(&path, keys).await.expect(200)
}

async fn one(server: &Server, site: &Installation, expected: &Expected, version: Version) {
    let vendor = find(expected.vendor).unwrap();
    let name = format!("{} over {version:?}", expected.vendor);
    let scene = Scene::set(&server.owner(), site, expected, name).await;
    let station = simulated(server, &scene, vendor, version);
    let boot = station.switch_on().await;
    let boot = boot.unwrap_or_else(|error| panic!("{}: {error}", scene.name));
    assert!(boot.is_accepted(), "{}: {boot:?}", scene.name);
    station.send("Heartbeat", None).await.unwrap();
    charge(&station, &scene).await;
    nothing_is_lost(&scene).await;
    if version == Version::V16 {
        let answer = asks(&scene).await;
        assert_eq!(answer["status"], "result", "{}: {answer}", scene.name);
    }
    scene.shows(expected.quirks).await;
    let told = scene.station().await;
    assert_eq!(told["vendor"], vendor.maker, "{}", scene.name);
    assert_eq!(told["connection"]["online"], true, "{}", scene.name);
    station.switch_off().await;
}

/// Speaks 1.6 on a connection for 2.0.1, which is told so and no more; its own test is below.
const NEVER_BOOTS: &str = "foxess-201";

#[tokio::test]
async fn every_makers_charger_charges_and_nothing_is_lost() {
    let table = table();
    let tried: BTreeSet<&str> = table
        .iter()
        .map(|expected| expected.vendor)
        .chain([NEVER_BOOTS])
        .collect();
    let known: BTreeSet<&str> = VENDORS.iter().map(|vendor| vendor.name).collect();
    assert_eq!(tried, known, "a maker is missing");
    let server = Server::plain().await;
    let site = server.owner().installation().await;
    for expected in &table {
        for version in find(expected.vendor).unwrap().versions {
            one(&server, &site, expected, *version).await;
        }
    }
}

#[tokio::test]
async fn messages_of_1_6_on_a_connection_of_2_0_1_are_told_so() {
    let server = Server::plain().await;
    let site = server.owner().installation().await;
    let expected = plain(NEVER_BOOTS, &[]);
    let scene = Scene::set(&server.owner(), &site, &expected, NEVER_BOOTS.to_owned()).await;
    let vendor = find(NEVER_BOOTS).unwrap();
    let station = simulated(&server, &scene, vendor, Version::V16);
    let error = station.switch_on().await.unwrap_err().to_string();
    assert!(error.contains("ConstraintViolation"), "{error}");
    assert!(station.connection().is_some(), "the connection stays");
    station.switch_off().await;
}

#[tokio::test]
async fn a_charger_that_reboots_when_asked_for_everything_comes_back() {
    let server = Server::plain().await;
    let site = server.owner().installation().await;
    let expected = plain("abb", &[]);
    let scene = Scene::set(&server.owner(), &site, &expected, "abb".to_owned()).await;
    let station = simulated(&server, &scene, find("abb").unwrap(), Version::V16);
    station.switch_on().await.unwrap();
    let path = format!(
        "/v1/stations/{}/ocpp/GetConfiguration",
        scene.charger.station_id
    );
    let answer = scene.owner.post(&path, json!({})).await;
    assert_ne!(answer.body["status"], "result", "{answer}");
    eventually("the charger to be back", DEADLINE, || async {
        let path = format!("/v1/stations/{}", scene.charger.station_id);
        let online = scene.owner.get(&path).await.ok()["connection"]["online"] == true;
        (online && station.registration() == simulator::station::Registration::Accepted)
            .then_some(())
    })
    .await;
    assert_eq!(asks(&scene).await["status"], "result");
    station.switch_off().await;
}

#[tokio::test]
async fn a_card_blocked_by_the_charger_itself_works_again_after_the_right_is_given() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let suffix = json!({ "reader_profile": [{ "step": "strip_serial_suffix" }] });
    let expected = set("keba", suffix, &[]);
    let scene = Scene::set(&owner, &site, &expected, "keba".to_owned()).await;
    let station = simulated(&server, &scene, find("keba").unwrap(), Version::V16);
    station.switch_on().await.unwrap();
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let token = Token::card(&card.presented.value);
    let start = station.start_transaction(1, &token).await.unwrap();
    assert_ne!(start.status(), Some("Accepted"));
    station
        .wait_until(DEADLINE, |station| {
            station.queued() == 0
                && station
                    .view(1)
                    .is_some_and(|view| view.transaction.is_none())
        })
        .await
        .unwrap();
    let refused = station.present(1, &token).await.unwrap();
    assert!(matches!(refused, Presented::Refused(_)), "{refused:?}");
    let cleared = || {
        let received = station.received();
        let clear = received.iter().filter(|call| call.action == "ClearCache");
        clear.count()
    };
    let before = cleared();
    owner.grant(&person, "user", scene.charger.node()).await;
    // The cache is cleared for the charger by itself, and its own list of blocked cards with it.
    station
        .wait_until(DEADLINE, |_| cleared() > before)
        .await
        .unwrap();
    let started = station.present(1, &token).await.unwrap();
    assert!(matches!(started, Presented::Started { .. }), "{started:?}");
    station.switch_off().await;
}
