//! Accepted, told to wait, sent away; and stations that forget to boot.

use keywatt_tests::wire::{Event201, Scripted};
use keywatt_tests::{Version, Wire, unique};
use rpc::ErrorCode;
use serde_json::{Value, json};

use crate::{BOTH, Scene};

impl Scene {
    async fn decide(&self, acceptance: &str) {
        let body = json!({ "settings": { "acceptance": acceptance } });
        let station = self.owner.patch(&self.path(""), body).await.expect(200);
        assert_eq!(station["settings"]["acceptance"], acceptance);
    }

    async fn raw(&self, action: &str, payload: Value) -> keywatt_tests::Response {
        let path = self.path(&format!("/ocpp/{action}"));
        self.owner.post(&path, payload).await
    }
}

async fn heartbeat(wire: &Wire) -> Result<Value, Option<ErrorCode>> {
    let answer = wire.call("Heartbeat", json!({})).await;
    answer.map_err(|failure| failure.error_code())
}

const REFUSED: Result<Value, Option<ErrorCode>> = Err(Some(ErrorCode::SecurityError));

fn remote_start(version: Version) -> (&'static str, Value) {
    match version {
        Version::V16 => ("RemoteStartTransaction", json!({ "idTag": "04A1B2C3" })),
        Version::V201 => (
            "RequestStartTransaction",
            json!({ "remoteStartId": 1, "idToken": { "idToken": "04A1B2C3", "type": "Central" } }),
        ),
    }
}

#[tokio::test]
async fn a_station_that_is_told_to_wait_says_only_what_it_is_asked_for() {
    for version in BOTH {
        let mut scene = Scene::set(&["--boot-wait-seconds", "0"]).await;
        scene.decide("pending").await;
        let wire = scene.silent(version).await;
        let answer = wire.boot().await;
        assert_eq!(answer["status"], "Pending", "{answer}");
        assert!(answer["interval"].as_u64().unwrap() > 0, "{answer}");
        assert_eq!(heartbeat(&wire).await, REFUSED, "{version:?}");
        let told = scene.finding("before_acceptance").await;
        assert_eq!(told["severity"], "problem");

        // OCPP 1.6 §4.2, B02.FR.05: no starts and stops; anything else may be asked.
        let (action, payload) = remote_start(version);
        scene
            .raw(action, payload)
            .await
            .problem(409, "station_not_accepted");
        assert!(wire.commands.received(action).is_empty());
        let start = format!("/v1/chargers/{}/start", scene.charger.id);
        let start = scene.owner.post(&start, json!({})).await;
        start.problem(409, "station_not_accepted");
        wire.commands.script_status("TriggerMessage", "Accepted");
        let asked = json!({ "requestedMessage": "Heartbeat" });
        assert_eq!(
            scene.raw("TriggerMessage", asked).await.ok()["status"],
            "result"
        );
        // B01.FR.10: what was asked for is served.
        assert!(heartbeat(&wire).await.is_ok(), "{version:?}");
        let card = match version {
            Version::V16 => json!({ "idTag": "04A1B2C3" }),
            Version::V201 => json!({ "idToken": { "idToken": "04A1B2C3", "type": "ISO14443" } }),
        };
        let authorize = wire.call("Authorize", card).await.unwrap_err();
        assert_eq!(authorize.error_code(), Some(ErrorCode::SecurityError));

        // It stays so over a reconnect and a restart.
        wire.close().await;
        scene.server.kill_9();
        scene.server.start_again();
        scene.owner = scene.server.owner();
        let wire = scene.silent(version).await;
        assert_eq!(heartbeat(&wire).await, REFUSED, "{version:?}");

        // Accepted, it is asked to boot again instead of waiting.
        wire.commands.script_status("TriggerMessage", "Accepted");
        scene.decide("accepted").await;
        let asked = wire.commands.wait_for("TriggerMessage", 1).await;
        assert_eq!(asked["requestedMessage"], "BootNotification");
        assert_eq!(wire.boot().await["status"], "Accepted");
        assert!(heartbeat(&wire).await.is_ok(), "{version:?}");
    }
}

#[tokio::test]
async fn a_withdrawn_acceptance_is_told_at_once_where_the_standard_lets_it() {
    for (version, decision, status) in [
        (Version::V16, "pending", "Pending"),
        (Version::V16, "rejected", "Rejected"),
        (Version::V201, "pending", "Pending"),
        (Version::V201, "rejected", "Rejected"),
    ] {
        let scene = Scene::set(&["--boot-wait-seconds", "0"]).await;
        let wire = scene.silent(version).await;
        assert_eq!(wire.boot().await["status"], "Accepted");
        wire.commands.script_status("TriggerMessage", "Accepted");
        scene.decide(decision).await;
        match version {
            Version::V16 => {
                let asked = wire.commands.wait_for("TriggerMessage", 1).await;
                assert_eq!(asked["requestedMessage"], "BootNotification");
            }
            // F06.FR.17: it would refuse.
            Version::V201 => {
                let answer = scene.raw("ClearCache", json!({})).await.ok();
                assert_eq!(answer["payload"]["status"], "Accepted", "{answer}");
                assert!(wire.commands.received("TriggerMessage").is_empty());
            }
        }
        // Nothing but the answer to its boot tells a station.
        assert!(heartbeat(&wire).await.is_ok(), "{version:?}");
        assert_eq!(wire.boot().await["status"], status);
        assert_eq!(heartbeat(&wire).await, REFUSED, "{version:?}");
    }
}

#[tokio::test]
async fn a_report_that_was_asked_for_is_taken_while_a_station_waits() {
    let scene = Scene::set(&["--boot-wait-seconds", "0"]).await;
    scene.decide("pending").await;
    let wire = scene.silent(Version::V201).await;
    assert_eq!(wire.boot().await["status"], "Pending");
    let report = |seq_no: u32| {
        json!({
            "requestId": 7, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": seq_no,
            "tbc": seq_no == 0,
        })
    };
    let early = wire.call("NotifyReport", report(0)).await.unwrap_err();
    assert_eq!(early.error_code(), Some(ErrorCode::SecurityError));
    wire.commands.script_status("GetBaseReport", "Accepted");
    let asked = json!({ "requestId": 7, "reportBase": "FullInventory" });
    assert_eq!(
        scene.raw("GetBaseReport", asked).await.ok()["status"],
        "result"
    );
    for seq_no in 0..2 {
        wire.ok("NotifyReport", report(seq_no)).await;
    }
}

#[tokio::test]
async fn a_station_that_is_sent_away_is_asked_nothing() {
    for version in BOTH {
        let scene = Scene::set(&["--boot-wait-seconds", "1"]).await;
        scene.decide("rejected").await;
        let wire = scene.silent(version).await;
        let answer = wire.boot().await;
        assert_eq!(answer["status"], "Rejected", "{answer}");
        assert_eq!(heartbeat(&wire).await, REFUSED, "{version:?}");
        // B03.FR.03.
        for (action, payload) in [
            remote_start(version),
            ("TriggerMessage", json!({ "requestedMessage": "Heartbeat" })),
            ("ClearCache", json!({})),
        ] {
            scene
                .raw(action, payload)
                .await
                .problem(409, "station_not_accepted");
        }
        let reading = scene
            .owner
            .post(&scene.path("/configuration"), json!({}))
            .await;
        assert_eq!(reading.status, 202, "{reading}");
        let stopped = keywatt_tests::eventually(
            "the reading is stopped",
            keywatt_tests::DEADLINE,
            || async {
                let body = scene.owner.get(&scene.path("/configuration")).await.ok();
                (body["reading"]["state"] == "stopped").then_some(body)
            },
        )
        .await;
        let problem = stopped["reading"]["problem"].as_str().unwrap();
        assert!(problem.contains("accepted"), "{problem}");
        assert!(wire.commands.all().is_empty(), "{:?}", wire.commands.all());
        // Accepted, it comes back by itself.
        scene.decide("accepted").await;
        assert_eq!(wire.boot().await["status"], "Accepted");
        assert!(wire.commands.received("TriggerMessage").is_empty());
    }
}

#[tokio::test]
async fn what_happened_at_a_station_that_waits_is_recorded_all_the_same() {
    let scene = Scene::set(&["--boot-wait-seconds", "0"]).await;
    scene.decide("pending").await;
    let wire = scene.silent(Version::V201).await;
    assert_eq!(wire.boot().await["status"], "Pending");
    let name = unique::message_id();
    let event = Event201::new("Started", "CablePluggedIn", &name, 0);
    // B02.FR.09: refused; and known when it is sent again.
    let refused = wire.call("TransactionEvent", event.payload.clone()).await;
    assert_eq!(
        refused.unwrap_err().error_code(),
        Some(ErrorCode::SecurityError)
    );
    let path = format!("/v1/transactions?station={}", scene.charger.station_id);
    let recorded = scene.owner.list(&path).await;
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    wire.commands.script_status("TriggerMessage", "Accepted");
    scene.decide("accepted").await;
    wire.commands.wait_for("TriggerMessage", 1).await;
    assert_eq!(wire.boot().await["status"], "Accepted");
    wire.event(&unique::message_id(), &event).await;
    assert_eq!(scene.owner.list(&path).await.len(), 1);

    // 1.6 only recommends it, and a station must learn the number of its transaction.
    let scene = Scene::set(&["--boot-wait-seconds", "0"]).await;
    scene.decide("pending").await;
    let wire = scene.silent(Version::V16).await;
    assert_eq!(wire.boot().await["status"], "Pending");
    let start = json!({
        "connectorId": 1, "idTag": "04A1B2C3", "meterStart": 0,
        "timestamp": "2026-01-01T00:00:00Z",
    });
    let started = wire.ok("StartTransaction", start).await;
    assert!(started["transactionId"].as_i64().unwrap() > 0, "{started}");
}

#[tokio::test]
async fn a_station_that_forgets_to_boot_is_asked_for_it_once() {
    for version in BOTH {
        let scene = Scene::set(&["--boot-wait-seconds", "1"]).await;
        let wire = scene.silent(version).await;
        wire.commands.script_status("TriggerMessage", "Accepted");
        let asked = wire.commands.wait_for("TriggerMessage", 1).await;
        assert_eq!(asked, json!({ "requestedMessage": "BootNotification" }));
        assert_eq!(scene.finding("boot_missing").await["severity"], "note");
        assert_eq!(wire.boot().await["status"], "Accepted");
        assert!(heartbeat(&wire).await.is_ok());
        wire.close().await;

        // Its acceptance is known: it is not asked again, and nothing else is.
        let wire = scene.silent(version).await;
        assert!(heartbeat(&wire).await.is_ok());
        let later = tokio::time::Instant::now() + std::time::Duration::from_millis(1_500);
        keywatt_tests::wait::until_instant(later).await;
        assert!(wire.commands.all().is_empty(), "{:?}", wire.commands.all());
    }
}

#[tokio::test]
async fn where_booting_cannot_be_asked_for_1_6_goes_on_and_2_0_1_waits() {
    for version in BOTH {
        let scene = Scene::set(&["--boot-wait-seconds", "1"]).await;
        let wire = scene.silent(version).await;
        wire.commands
            .script("TriggerMessage", Scripted::Error(ErrorCode::NotImplemented));
        assert_eq!(heartbeat(&wire).await, REFUSED, "{version:?}");
        assert_eq!(
            scene.finding("no_trigger").await["detail"],
            "NotImplemented"
        );
        match version {
            Version::V16 => {
                keywatt_tests::eventually("it is served", keywatt_tests::DEADLINE, || async {
                    heartbeat(&wire).await.ok()
                })
                .await;
            }
            Version::V201 => assert_eq!(heartbeat(&wire).await, REFUSED),
        }
        assert_eq!(wire.commands.received("TriggerMessage").len(), 1);
    }
}
