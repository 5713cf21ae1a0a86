//! Lockdown and evacuation: in every decision at once, at the locks after that, over restarts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Door, Installation, Lock, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::wait::until_equal;
use keywatt_tests::wire::Version;
use keywatt_tests::{Api, Response, Server, Wire};
use serde_json::{Value, json};
use simulator::Token;
use simulator::lock::{Lock as Simulated, LockConfig, Mode};

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// An installation with a lock of one door.
struct Scene {
    owner: Api,
    site: Installation,
    lock: Lock,
    door: Door,
}

impl Scene {
    async fn set(server: &Server) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let lock = owner.lock(&site).await;
        let door = owner.door(&lock, 1).await;
        Scene {
            owner,
            site,
            lock,
            door,
        }
    }

    fn path(&self, kind: &str) -> String {
        format!("/v1/installations/{}/{kind}", self.site.id)
    }

    async fn begin(&self, kind: &str) -> Value {
        let reason = json!({ "reason": "Intruder" });
        let begun = self
            .owner
            .call("PUT", &self.path(kind), Some(&reason))
            .await;
        begun.expect(200)
    }

    async fn door_in(&self, kind: &str) -> Value {
        self.owner.get(&self.path(kind)).await.ok()["doors"][0].clone()
    }

    async fn becomes(&self, kind: &str, mode: &str, state: &str) {
        until_equal(
            "the mode of the door",
            json!([self.door.id, mode, state]),
            || async {
                let door = self.door_in(kind).await;
                json!([door["door_id"], door["mode"], door["state"]])
            },
        )
        .await;
    }
}

async fn simulated(server: &Server, lock: &Lock, version: Version) -> Simulated {
    let lock = Simulated::new(LockConfig::new(server.endpoint(&lock.station_id, version)));
    lock.switch_on().await.unwrap();
    lock
}

async fn mode_becomes(lock: &Simulated, mode: Mode) {
    until_equal("the mode of the lock", Some(mode), || async {
        lock.mode(1)
    })
    .await;
}

#[tokio::test]
async fn a_lockdown_reaches_the_locks_is_read_back_and_stays_over_restarts() {
    for version in BOTH {
        let mut server = Server::plain().await;
        let scene = Scene::set(&server).await;
        let (_, card) = scene.owner.user(scene.door.node()).await;
        let card = Token::card(&card.presented.value);
        let lock = simulated(&server, &scene.lock, version).await;
        assert!(lock.present_card(1, &card).await.unwrap().opened);
        let begun = scene.begin("lockdown").await;
        assert_eq!(begun["doors"][0]["mode"], "lockdown", "{begun}");
        assert_eq!(begun["doors"][0]["state"], "requested");
        assert!(!lock.present_card(1, &card).await.unwrap().opened);
        mode_becomes(&lock, Mode::Lockdown).await;
        scene.becomes("lockdown", "lockdown", "confirmed").await;

        // It is in force after a restart, and a lock that has forgotten it hears of it again.
        drop(lock);
        server.kill_9();
        server.start_again();
        let lock = simulated(&server, &scene.lock, version).await;
        mode_becomes(&lock, Mode::Lockdown).await;
        assert!(!lock.present_card(1, &card).await.unwrap().opened);

        // Evacuation beats it, and leaves it behind.
        scene.begin("evacuation").await;
        mode_becomes(&lock, Mode::Evacuation).await;
        scene.becomes("lockdown", "evacuation", "confirmed").await;
        let stranger = Token::card("04FFFFFF");
        assert!(lock.present_card(1, &stranger).await.unwrap().opened);
        let ended = scene.owner.delete(&scene.path("evacuation")).await;
        ended.expect(204);
        mode_becomes(&lock, Mode::Lockdown).await;
        scene
            .owner
            .get(&scene.path("evacuation"))
            .await
            .problem(404, "not_found");

        scene
            .owner
            .delete(&scene.path("lockdown"))
            .await
            .expect(204);
        mode_becomes(&lock, Mode::Normal).await;
        assert!(lock.present_card(1, &card).await.unwrap().opened);
    }
}

#[tokio::test]
async fn what_a_lock_does_not_confirm_is_asked_again_when_it_comes_back() {
    let server = Server::plain().await;
    for (version, set, expected) in [
        (
            Version::V16,
            "ChangeConfiguration",
            json!({ "key": "LockMode1", "value": "Evacuation" }),
        ),
        (
            Version::V201,
            "SetVariables",
            json!({ "setVariableData": [{
                "attributeValue": "Evacuation",
                "component": { "name": "AccessBarrier", "evse": { "id": 1 } },
                "variable": { "name": "Mode" },
            }] }),
        ),
    ] {
        let scene = Scene::set(&server).await;
        scene.begin("evacuation").await;
        for _ in 0..2 {
            // This station says yes, and knows no mode when it is asked for it.
            let wire = Wire::booted(&server.endpoint(&scene.lock.station_id, version)).await;
            assert_eq!(wire.commands.wait_for(set, 1).await, expected);
            let read = match version {
                Version::V16 => "GetConfiguration",
                Version::V201 => "GetVariables",
            };
            wire.commands.wait_for(read, 1).await;
            scene.becomes("evacuation", "evacuation", "requested").await;
            wire.close().await;
        }
    }
}

#[tokio::test]
async fn a_broken_charger_does_not_keep_an_evacuation_from_the_doors() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let charger = scene.owner.charger(&scene.site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    wire.commands
        .script("ClearCache", keywatt_tests::wire::Scripted::Silence);
    let lock = simulated(&server, &scene.lock, Version::V201).await;
    // A change that the charger must hear of, and does not answer.
    let (person, _) = scene.owner.user(charger.node()).await;
    let gone = scene
        .owner
        .delete(&format!("/v1/people/{}", person.id))
        .await;
    gone.expect(204);
    wire.commands.wait_for("ClearCache", 1).await;
    scene.begin("evacuation").await;
    mode_becomes(&lock, Mode::Evacuation).await;
}

async fn release(api: &Api, path: &str) -> Response {
    api.delete(path).await
}

#[tokio::test]
async fn a_lockdown_is_released_by_two_owners_where_there_are_two() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let organisation = organisation_of(&scene.owner).await;
    let (second, as_second) = scene.owner.person_with_login().await;
    scene
        .owner
        .grant(&second, "owner", ("organisation", &organisation))
        .await;
    let (guard, as_guard) = scene.owner.person_with_login().await;
    let may = json!({ "actions": ["emergency", "view_all"] });
    scene.owner.grant_with(&guard, scene.site.node(), may).await;
    let path = scene.path("lockdown");

    // Who holds the action begins one; only owners release it.
    let reason = json!({ "reason": "Seen from the desk" });
    drop(as_guard.call("PUT", &path, Some(&reason)).await.expect(200));
    release(&as_guard, &path)
        .await
        .problem(409, "two_owners_needed");
    let asked = release(&scene.owner, &path).await.expect(202);
    assert_ne!(asked["release_asked_by"], Value::Null, "{asked}");
    // The same owner again is no second one.
    drop(release(&scene.owner, &path).await.expect(202));
    // Who locks down again takes the word back.
    scene.begin("lockdown").await;
    let again = scene.owner.get(&path).await.ok();
    assert_eq!(again["id"], asked["id"], "it goes on");
    assert_eq!(again["release_asked_by"], Value::Null);
    drop(release(&as_second, &path).await.expect(202));
    release(&scene.owner, &path).await.expect(204);
    release(&scene.owner, &path).await.problem(404, "not_found");
    let audit = scene.owner.list("/v1/audit").await;
    let reasons: Vec<&str> = audit
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .collect();
    for said in ["Seen from the desk", "release asked for"] {
        assert!(reasons.contains(&said), "{said}: {reasons:?}");
    }
}

#[tokio::test]
async fn emergencies_ask_for_the_action_and_for_what_they_need() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let path = scene.path("lockdown");
    let put = async |path: &str, body: Value| scene.owner.call("PUT", path, Some(&body)).await;
    let fault = |body: Value| {
        (
            text(&body["errors"][0], "field"),
            text(&body["errors"][0], "code"),
        )
    };
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    let empty = put(&path, json!({ "reason": "  " })).await.expect(422);
    assert_eq!(fault(empty), pair("reason", "required"));
    let long = put(&path, json!({ "reason": "x".repeat(201) })).await;
    assert_eq!(fault(long.expect(422)), pair("reason", "too_long"));
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let unknown = json!({ "reason": "Drill", "exempt_tag_id": nobody });
    assert_eq!(
        fault(put(&path, unknown).await.expect(422)),
        pair("exempt_tag_id", "unknown")
    );
    let tag = scene
        .owner
        .post("/v1/tags", json!({ "name": "Guards" }))
        .await;
    let tag = text(&tag.expect(201), "id");
    let evacuation = json!({ "reason": "Fire", "exempt_tag_id": tag });
    assert_eq!(
        fault(put(&scene.path("evacuation"), evacuation).await.expect(422)),
        pair("exempt_tag_id", "invalid")
    );
    put(
        &format!("/v1/areas/{}/lockdown", scene.site.id),
        json!({ "reason": "Drill" }),
    )
    .await
    .problem(404, "not_found");
    // While a lockdown names it, a tag does not go.
    let exempt = json!({ "reason": "Drill", "exempt_tag_id": tag });
    drop(put(&path, exempt).await.expect(200));
    let tag_path = format!("/v1/tags/{tag}");
    scene.owner.delete(&tag_path).await.problem(409, "in_use");
    let without = put(&path, json!({ "reason": "Drill" })).await.expect(200);
    assert_eq!(without["exempt_tag_id"], Value::Null);
    scene.owner.delete(&tag_path).await.expect(204);
}
