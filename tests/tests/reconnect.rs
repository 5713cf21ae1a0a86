//! Connections that break and messages that come again: who is connected, what is a retry, and
//! which transaction is meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Card, Charger, Person, text};
use keywatt_tests::wait::until_equal;
use keywatt_tests::wire::{Event201, Presented, Scripted, Version, moment, now, status};
use keywatt_tests::{Api, DEADLINE, DatabaseKind, Options, Server, Wire, eventually, unique};
use serde_json::{Value, json};
use simulator::Endpoint;
use tokio::time::timeout;

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A charger of two EVSEs and somebody who may use it.
struct Scene {
    server: Server,
    owner: Api,
    charger: Charger,
    person: Person,
    card: Card,
    grant: String,
}

impl Scene {
    async fn set() -> Scene {
        Scene::on(DatabaseKind::Sqlite).await
    }

    async fn on(kind: DatabaseKind) -> Scene {
        let server = Server::start(Options::on(kind)).await;
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 2).await;
        let person = owner.person().await;
        let card = owner.card(&person).await;
        let grant = owner.grant(&person, "user", charger.node()).await;
        Scene {
            server,
            owner,
            charger,
            person,
            card,
            grant,
        }
    }

    fn endpoint(&self, version: Version) -> Endpoint {
        self.server.endpoint(&self.charger.station_id, version)
    }

    async fn wire(&self, version: Version) -> Wire {
        Wire::booted(&self.endpoint(version)).await
    }

    /// Connected without saying anything first.
    async fn silent_wire(&self, version: Version) -> Wire {
        Wire::connect(&self.endpoint(version)).await.unwrap()
    }

    fn token(&self) -> &Presented {
        &self.card.presented
    }

    async fn transactions(&self) -> Vec<Value> {
        self.owner
            .list(&format!("/v1/transactions?charger={}", self.charger.id))
            .await
    }

    /// The one transaction the station calls so.
    async fn transaction(&self, name: impl ToString) -> Value {
        let name = name.to_string();
        let all = self.transactions().await;
        let same: Vec<&Value> = all
            .iter()
            .filter(|one| one["station_transaction_id"] == name.as_str())
            .collect();
        let [one] = same[..] else {
            panic!("`{name}` is there {} times: {all:?}", same.len())
        };
        one.clone()
    }

    async fn connection(&self) -> Value {
        let body = self
            .owner
            .get(&format!("/v1/chargers/{}", self.charger.id))
            .await
            .ok();
        body["connection"].clone()
    }

    /// A command reaches this connection.
    async fn reaches(&self, wire: &Wire) {
        let so_far = wire.commands.received("ClearCache").len();
        let path = format!("/v1/stations/{}/ocpp/ClearCache", self.charger.station_id);
        let answer = self.owner.post(&path, json!({})).await.expect(200);
        assert_eq!(answer["payload"]["status"], "Accepted", "{answer}");
        assert!(
            wire.commands.received("ClearCache").len() > so_far,
            "another one was told"
        );
    }
}

#[tokio::test]
async fn q7_the_newest_connection_wins_while_the_old_one_hangs_half_open() {
    for version in BOTH {
        let scene = Scene::set().await;
        let old = scene.wire(version).await;
        old.connection().freeze().await;
        let new = scene.silent_wire(version).await;
        assert_eq!(new.status_of(scene.token()).await, "Accepted");
        scene.reaches(&new).await;
        // The old one's end takes only itself away.
        old.connection().drop_hard().await;
        scene.reaches(&new).await;
        assert_eq!(scene.connection().await["online"], true);
        new.close().await;
        eventually("offline", DEADLINE, || async {
            (scene.connection().await["online"] == false).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_old_connection_that_listens_is_closed() {
    for version in BOTH {
        let scene = Scene::set().await;
        let old = scene.wire(version).await;
        let new = scene.wire(version).await;
        let closed = timeout(DEADLINE, old.connection().closed())
            .await
            .expect("closed");
        assert!(closed.code.is_some(), "with a close frame: {closed:?}");
        scene.reaches(&new).await;
    }
}

#[tokio::test]
async fn q24_a_start_sent_again_gets_the_same_number_and_answer_even_after_a_revocation() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V16).await;
    let (id, time) = (unique::message_id(), now());
    let first = wire.start_16_at(&id, 1, scene.token(), &time, 7).await;
    assert_eq!(status(&first.info), "Accepted");
    let same_id = wire.start_16_at(&id, 1, scene.token(), &time, 7).await;
    scene.owner.revoke(&scene.grant).await;
    let again = scene.silent_wire(Version::V16).await;
    let new_id = again
        .start_16_at(&unique::message_id(), 1, scene.token(), &time, 7)
        .await;
    let old_id = again.start_16_at(&id, 1, scene.token(), &time, 7).await;
    for retry in [same_id, new_id, old_id] {
        assert_eq!(retry.transaction_id, first.transaction_id);
        assert_eq!(
            status(&retry.info),
            "Accepted",
            "the stored answer: {:?}",
            retry.info
        );
    }
    assert_eq!(scene.transactions().await.len(), 1);
    // Another start is another one, and refused by now.
    let other = again
        .start_16_at(&unique::message_id(), 1, scene.token(), &time, 8)
        .await;
    assert_ne!(other.transaction_id, first.transaction_id);
    assert_ne!(status(&other.info), "Accepted");
    assert!(
        other.transaction_id > 0,
        "refused, and with a number of its own"
    );
}

#[tokio::test]
async fn an_event_sent_again_gets_the_same_answer_and_is_kept_once() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V201).await;
    let name = unique::message_id();
    let (id, event) = (
        unique::message_id(),
        Event201::started(&name, 1, scene.token()),
    );
    let first = wire.event(&id, &event).await;
    scene.owner.revoke(&scene.grant).await;
    let again = scene.silent_wire(Version::V201).await;
    for id in [id, unique::message_id()] {
        let retry = again.event(&id, &event).await;
        assert_eq!(
            retry["idTokenInfo"]["status"], first["idTokenInfo"]["status"],
            "{retry}"
        );
    }
    assert_eq!(scene.transactions().await.len(), 1);
    let sample = json!([{ "timestamp": now(), "sampledValue": [{ "value": 12.5 }] }]);
    let update = Event201::new("Updated", "MeterValuePeriodic", &name, 1).at(1);
    let update = update.with("meterValue", sample);
    for _ in 0..3 {
        again.event(&unique::message_id(), &update).await;
    }
    let id = text(&scene.transaction(&name).await, "id");
    let samples = scene
        .owner
        .list(&format!("/v1/transactions/{id}/samples"))
        .await;
    assert_eq!(samples.len(), 1, "{samples:?}");
}

#[tokio::test]
async fn q15_a_reboot_that_counts_message_ids_from_1_again_is_answered_for_what_it_asks() {
    for version in BOTH {
        let scene = Scene::set().await;
        let unknown = Presented::card(&unique::card());
        let first = scene.silent_wire(version).await;
        boot_as(&first, "1").await;
        assert_eq!(
            status(&first.authorize("2", scene.token()).await),
            "Accepted"
        );
        assert_ne!(status(&first.authorize("3", &unknown).await), "Accepted");
        first.connection().drop_hard().await;
        let second = scene.silent_wire(version).await;
        boot_as(&second, "1").await;
        assert_ne!(status(&second.authorize("2", &unknown).await), "Accepted");
        assert_eq!(
            status(&second.authorize("3", scene.token()).await),
            "Accepted"
        );
        // The same on one connection: an id that comes again with something else.
        assert_ne!(status(&second.authorize("3", &unknown).await), "Accepted");
        assert!(second.ok_as("2", "Heartbeat", json!({})).await["currentTime"].is_string());
    }
}

async fn boot_as(wire: &Wire, id: &str) {
    let payload = match wire.version() {
        Version::V16 => json!({ "chargePointVendor": "Keywatt", "chargePointModel": "Bench" }),
        Version::V201 => json!({
            "reason": "PowerUp", "chargingStation": { "vendorName": "Keywatt", "model": "Bench" },
        }),
    };
    assert_eq!(
        wire.ok_as(id, "BootNotification", payload).await["status"],
        "Accepted"
    );
}

#[tokio::test]
async fn a_charger_whose_clock_says_1970_twice_charged_twice() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V16).await;
    let epoch = "1970-01-01T00:00:00Z";
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let start = || wire.start_16_at("1", 1, scene.token(), epoch, 0);
        let begun = start().await;
        assert_eq!(
            start().await.transaction_id,
            begun.transaction_id,
            "a retry while it runs"
        );
        let number = begun.transaction_id;
        let sample = json!({ "value": "11000", "measurand": "Power.Active.Import", "unit": "W" });
        let values = json!({
            "connectorId": 1, "transactionId": number,
            "meterValue": [{ "timestamp": epoch, "sampledValue": [sample] }],
        });
        wire.ok("MeterValues", values).await;
        let stop = json!({ "transactionId": number, "meterStop": 900, "timestamp": epoch });
        wire.ok("StopTransaction", stop.clone()).await;
        wire.ok("StopTransaction", stop).await;
        numbers.push(number);
    }
    assert_ne!(numbers[0], numbers[1]);
    assert_eq!(scene.transactions().await.len(), 2);
    for number in numbers {
        let one = scene.transaction(number).await;
        assert_eq!(one["energy_wh"], 900, "{one}");
        assert_ne!(one["ended_at"], Value::Null, "{one}");
        // The clock of the charger is no reason to doubt when it was.
        let started: jiff::Timestamp = text(&one, "started_at").parse().unwrap();
        assert!(started.as_second() > 1_000_000_000, "{one}");
        let path = format!("/v1/transactions/{}/samples", text(&one, "id"));
        assert_eq!(scene.owner.list(&path).await.len(), 1, "samples of {one}");
    }
}

#[tokio::test]
async fn a_stop_with_a_number_that_is_none_ends_the_only_one_that_fits() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V16).await;
    for (meter, number) in [(100, -1), (200, 0), (300, 424_242)] {
        let begun = wire
            .start_16_at(&unique::message_id(), 1, scene.token(), &moment(-60), meter)
            .await;
        let stop = json!({
            "transactionId": number, "meterStop": meter + 50, "timestamp": now(),
            "idTag": scene.token().value,
        });
        let answer = wire.ok("StopTransaction", stop).await;
        assert_eq!(status(&answer["idTagInfo"]), "Accepted", "{answer}");
        let one = scene.transaction(begun.transaction_id).await;
        assert_ne!(one["ended_at"], Value::Null, "number {number}: {one}");
        assert_eq!(one["energy_wh"], 50, "number {number}: {one}");
    }
    assert_eq!(scene.transactions().await.len(), 3, "no orphans");
}

#[tokio::test]
async fn a_stop_that_fits_none_or_several_is_kept_and_ends_nothing() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V16).await;
    let stop = |number: i64, meter: i64| json!({ "transactionId": number, "meterStop": meter, "timestamp": now() });
    wire.ok("StopTransaction", stop(-1, 10)).await;
    let kept = scene.transactions().await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["orphan"], true, "{kept:?}");

    let mut open = Vec::new();
    for connector in [1, 2] {
        let id = unique::message_id();
        let begun = wire
            .start_16_at(&id, connector, scene.token(), &moment(-30), 100)
            .await;
        open.push(begun.transaction_id);
    }
    wire.ok("StopTransaction", stop(0, 500)).await;
    // A register that runs backwards fits none either, nor does somebody else's card.
    wire.ok("StopTransaction", stop(-1, 50)).await;
    let (_, stranger) = scene.owner.user(scene.charger.node()).await;
    let mut with_card = stop(-1, 600);
    with_card["idTag"] = json!(stranger.presented.value);
    wire.ok("StopTransaction", with_card).await;
    for number in open {
        let one = scene.transaction(number).await;
        assert_eq!(one["ended_at"], Value::Null, "{one}");
    }
    let orphans = scene.transactions().await;
    let orphans = orphans.iter().filter(|one| one["orphan"] == true).count();
    assert_eq!(orphans, 4);
}

#[tokio::test]
async fn a_second_different_stop_changes_nothing() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V16).await;
    let begun = wire
        .start_16_at(&unique::message_id(), 1, scene.token(), &moment(-60), 100)
        .await;
    let number = begun.transaction_id;
    let time = now();
    let stop = |meter: i64, reason: &str| {
        json!({
            "transactionId": number, "meterStop": meter, "timestamp": time, "reason": reason,
        })
    };
    wire.ok("StopTransaction", stop(1100, "EVDisconnected"))
        .await;
    let before = scene.transaction(number).await;
    assert_eq!(before["energy_wh"], 1000, "{before}");
    wire.ok("StopTransaction", stop(1100, "EVDisconnected"))
        .await;
    wire.ok("StopTransaction", stop(9999, "PowerLoss")).await;
    assert_eq!(scene.transaction(number).await, before);
    assert_eq!(scene.transactions().await.len(), 1);
}

#[tokio::test]
async fn the_end_of_a_2_0_1_transaction_that_comes_twice_and_differs_changes_nothing() {
    let scene = Scene::set().await;
    let wire = scene.wire(Version::V201).await;
    let name = unique::message_id();
    wire.event(
        &unique::message_id(),
        &Event201::started(&name, 1, scene.token()),
    )
    .await;
    let end = |reason: &str| {
        Event201::new("Ended", "EVDeparted", &name, 1).with_info("stoppedReason", json!(reason))
    };
    wire.event(&unique::message_id(), &end("EVDisconnected"))
        .await;
    let before = scene.transaction(&name).await;
    assert_eq!(before["stop_reason"], "EVDisconnected", "{before}");
    wire.event(&unique::message_id(), &end("PowerLoss")).await;
    let after = scene.transaction(&name).await;
    assert_eq!(after["stop_reason"], before["stop_reason"]);
    assert_eq!(after["ended_at"], before["ended_at"]);
}

#[tokio::test]
async fn acceptance_and_open_transactions_outlive_a_restart() {
    for kind in DatabaseKind::available().await {
        for version in BOTH {
            let mut scene = Scene::on(kind).await;
            let wire = scene.wire(version).await;
            let name = unique::message_id();
            let id = unique::message_id();
            let name = match version {
                Version::V16 => {
                    let begun = wire.start_16(&id, 1, scene.token()).await;
                    begun.transaction_id.to_string()
                }
                Version::V201 => {
                    wire.event(&id, &Event201::started(&name, 1, scene.token()))
                        .await;
                    name
                }
            };
            scene.server.terminate();
            scene.server.start_again();

            // No BootNotification: what it said before still holds.
            let wire = scene.silent_wire(version).await;
            assert_eq!(wire.status_of(scene.token()).await, "Accepted");
            assert_eq!(scene.transaction(&name).await["ended_at"], Value::Null);
            // The person's second card stops what the first one began, so it is known who did.
            let other = scene.owner.card(&scene.person).await;
            scene.owner.revoke(&scene.grant).await;
            assert_eq!(
                wire.status_of(&other.presented).await,
                "Accepted",
                "STOP_OWN"
            );
            match version {
                Version::V16 => {
                    let number = name.parse().unwrap();
                    wire.stop_16(&unique::message_id(), number, Some(&other.presented))
                        .await;
                }
                Version::V201 => {
                    let end = Event201::new("Ended", "StopAuthorized", &name, 1);
                    wire.event(&unique::message_id(), &end.by(&other.presented))
                        .await;
                }
            }
            let one = scene.transaction(&name).await;
            assert_ne!(one["ended_at"], Value::Null, "{one}");
            assert_ne!(
                wire.status_of(&other.presented).await,
                "Accepted",
                "nothing runs any more"
            );
        }
    }
}

#[tokio::test]
async fn before_it_is_accepted_a_station_is_told_to_boot() {
    for version in BOTH {
        let scene = Scene::set().await;
        let wire = scene.silent_wire(version).await;
        let payload = match version {
            Version::V16 => json!({ "idTag": scene.token().value }),
            Version::V201 => {
                json!({ "idToken": { "idToken": scene.token().value, "type": "ISO14443" } })
            }
        };
        let failure = wire
            .call("Authorize", payload)
            .await
            .expect_err("not accepted yet");
        assert_eq!(
            failure.error_code(),
            Some(rpc::ErrorCode::SecurityError),
            "{failure}"
        );
        boot_as(&wire, "1").await;
        assert_eq!(wire.status_of(scene.token()).await, "Accepted");
    }
}

#[tokio::test]
async fn a_right_that_ended_while_the_station_was_away_is_cleared_from_its_cache_after_a_kill() {
    for kind in DatabaseKind::available().await {
        for version in BOTH {
            let mut scene = Scene::on(kind).await;
            let wire = scene.wire(version).await;
            assert_eq!(wire.status_of(scene.token()).await, "Accepted");
            wire.close().await;
            until_equal("the charger is offline", json!(false), || async {
                scene.connection().await["online"].clone()
            })
            .await;
            scene.owner.revoke(&scene.grant).await;
            scene.server.kill_9();
            scene.server.start_again();

            let wire = scene.silent_wire(version).await;
            wire.commands.wait_for("ClearCache", 1).await;
            // The answer settles it: what comes next on the next connection is something else.
            let path = format!(
                "/v1/stations/{}/ocpp/GetLocalListVersion",
                scene.charger.station_id
            );
            scene.owner.post(&path, json!({})).await.expect(200);
            wire.close().await;
            let wire = scene.silent_wire(version).await;
            scene.owner.post(&path, json!({})).await.expect(200);
            assert_eq!(wire.commands.received("ClearCache").len(), 0, "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_cache_that_the_station_did_not_clear_is_cleared_when_it_comes_back() {
    let scene = Scene::set().await;
    for version in BOTH {
        let wire = scene.wire(version).await;
        wire.commands
            .script("ClearCache", Scripted::Error(rpc::ErrorCode::InternalError));
        let grant = scene
            .owner
            .grant(&scene.person, "user", scene.charger.node())
            .await;
        scene.owner.revoke(&grant).await;
        wire.commands.wait_for("ClearCache", 1).await;
        wire.close().await;
        let wire = scene.silent_wire(version).await;
        wire.commands.wait_for("ClearCache", 1).await;
        wire.close().await;
    }
}
