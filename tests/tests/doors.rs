//! A door: by card over both versions and over HTTP, from elsewhere, and what is seen of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;

use keywatt_tests::facts::{Card, Door, Installation, Lock, Person, instant, text};
use keywatt_tests::wait::until_equal;
use keywatt_tests::wire::{Event201, Presented, Received, Scripted, Version, now, status};
use keywatt_tests::{Api, DEADLINE, Server, Wire, eventually, unique};
use serde_json::{Value, json};
use simulator::Token;
use simulator::lock::{Ask, Bolt, Lock as Simulated, LockConfig, Pull};
use simulator::view::{DoorState, KeyIcon, Light, Padlock};

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A lock with one door, and somebody who may enter.
struct Scene {
    owner: Api,
    site: Installation,
    lock: Lock,
    door: Door,
    person: Person,
    card: Card,
}

impl Scene {
    async fn set(server: &Server, door: Value) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let lock = owner.lock(&site).await;
        let door = owner.door_with(&lock, 1, door).await;
        let (person, card) = owner.user(door.node()).await;
        Scene {
            owner,
            site,
            lock,
            door,
            person,
            card,
        }
    }

    async fn simulated(&self, server: &Server, version: Version) -> Simulated {
        self.simulated_asking(server, version, None).await
    }

    async fn simulated_asking(
        &self,
        server: &Server,
        version: Version,
        ask: Option<Ask>,
    ) -> Simulated {
        let mut config = LockConfig::new(server.endpoint(&self.lock.station_id, version));
        config.ask = ask.unwrap_or(config.ask);
        let lock = Simulated::new(config);
        lock.switch_on().await.unwrap();
        lock
    }

    async fn wire(&self, server: &Server, version: Version) -> Wire {
        Wire::booted(&server.endpoint(&self.lock.station_id, version)).await
    }

    async fn door(&self) -> Value {
        self.owner
            .get(&format!("/v1/doors/{}", self.door.id))
            .await
            .ok()
    }

    async fn state_becomes(&self, expected: &str) {
        until_equal("the state of the door", json!(expected), || async {
            self.door().await["state"].clone()
        })
        .await;
    }

    /// The events of the door, oldest first.
    async fn events(&self) -> Vec<Value> {
        let mut events = self
            .owner
            .list(&format!("/v1/doors/{}/events", self.door.id))
            .await;
        events.sort_by_key(|event| text(event, "at"));
        events
    }

    fn open_path(&self) -> String {
        format!("/v1/doors/{}/open", self.door.id)
    }
}

fn card(card: &Card) -> Token {
    Token::card(&card.presented.value)
}

#[tokio::test]
async fn a_card_opens_its_door_and_a_strangers_does_not_and_the_display_shows_it() {
    let server = Server::plain().await;
    for version in BOTH {
        let asks = [Ask::DoorAuthorize, Ask::Authorize, Ask::AuthorizeUnnamed];
        for ask in asks {
            let scene = Scene::set(&server, json!({ "open_seconds": 30 })).await;
            let lock = scene.simulated_asking(&server, version, Some(ask)).await;
            let idle = lock.view(1).unwrap();
            assert_eq!(
                (idle.light, idle.key_icon),
                (Light::Blue, KeyIcon::Shown),
                "{idle}"
            );
            assert_eq!(
                (idle.padlock, idle.door),
                (Padlock::Locked, DoorState::Closed),
                "{idle}"
            );
            assert_eq!(lock.open_door(1).unwrap(), Pull::Locked);

            let stranger = Token::card(&unique::card());
            let refused = lock.present_card(1, &stranger).await.unwrap();
            assert!(!refused.opened, "{refused:?}");
            let seen = lock.view(1).unwrap();
            assert_eq!(
                (seen.light, seen.padlock),
                (Light::Red, Padlock::Locked),
                "{seen}"
            );
            assert_eq!(lock.open_door(1).unwrap(), Pull::Locked);
            let station = &scene.lock.station_id;
            let id = refused.message_id.expect("the lock asked");
            assert_eq!(
                scene.owner.reason(station, id.as_str()).await,
                "CREDENTIAL_UNKNOWN"
            );

            let opened = lock.present_card(1, &card(&scene.card)).await.unwrap();
            assert!(opened.opened, "{version:?} {ask:?}: {opened:?}");
            let seen = lock.view(1).unwrap();
            assert_eq!(
                (seen.light, seen.padlock),
                (Light::Green, Padlock::Unlocked),
                "{seen}"
            );
            let id = opened.message_id.expect("the lock asked");
            assert_eq!(scene.owner.reason(station, id.as_str()).await, "GRANTED");
            if ask == Ask::DoorAuthorize {
                assert_eq!(opened.reason.as_deref(), Some("GRANTED"));
                assert_eq!(refused.reason.as_deref(), Some("CREDENTIAL_UNKNOWN"));
                assert!(
                    opened.text.is_some_and(|text| !text.is_empty()),
                    "a line to show"
                );
            }
            lock.switch_off().await;
        }
    }
}

#[tokio::test]
async fn what_happens_at_the_door_is_shown_by_the_api() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({ "open_seconds": 30 })).await;
        let lock = scene.simulated(&server, version).await;
        scene.state_becomes("closed").await;
        lock.present_card(1, &card(&scene.card)).await.unwrap();
        assert_eq!(lock.open_door(1).unwrap(), Pull::Opened);
        scene.state_becomes("open").await;
        lock.close_door(1).unwrap();
        scene.state_becomes("closed").await;

        lock.set_bolt(1, Bolt::Jammed).unwrap();
        scene.state_becomes("jammed").await;
        lock.set_bolt(1, Bolt::Moves).unwrap();
        scene.state_becomes("closed").await;
        lock.switch_off().await;

        let scene = Scene::set(&server, json!({})).await;
        let lock = scene.simulated(&server, version).await;
        lock.force(1).unwrap();
        scene.state_becomes("forced").await;
        let seen = lock.view(1).unwrap();
        assert_eq!(seen.light, Light::Red, "{seen}");
        lock.switch_off().await;
    }
}

#[tokio::test]
async fn entering_being_refused_leaving_and_forcing_are_events_once_each() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({})).await;
        let lock = scene.simulated(&server, version).await;
        lock.present_card(1, &card(&scene.card)).await.unwrap();
        lock.present_card(1, &Token::card(&unique::card()))
            .await
            .unwrap();
        lock.push_bar(1).unwrap();
        lock.force(1).unwrap();
        let told = lock
            .wait_until(DEADLINE, |lock| lock.waiting_events() == 0)
            .await;
        assert!(told.is_ok(), "{} events wait", lock.waiting_events());
        let events = scene.events().await;
        let results: BTreeSet<String> = events.iter().map(|event| text(event, "result")).collect();
        let expected = ["exit", "forced", "granted", "refused"].map(str::to_owned);
        assert_eq!(results, BTreeSet::from(expected), "{events:?}");
        assert_eq!(events.len(), 4, "{events:?}");
        let granted = events
            .iter()
            .find(|event| event["result"] == "granted")
            .unwrap();
        assert_eq!(granted["person_id"], json!(scene.person.id), "{granted}");
        let value = &scene.card.presented.value;
        assert!(
            !granted.to_string().contains(value),
            "cards are masked: {granted}"
        );
        lock.switch_off().await;
    }
}

#[tokio::test]
async fn a_user_sees_their_own_events_and_not_those_of_others() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({})).await;
    let lock = scene.simulated(&server, Version::V201).await;
    let (person, session) = scene.owner.person_with_login().await;
    let own = scene.owner.card(&person).await;
    scene.owner.grant(&person, "user", scene.site.node()).await;
    for card in [&scene.card, &own] {
        let token = Token::card(&card.presented.value);
        assert!(lock.present_card(1, &token).await.unwrap().opened);
    }
    let told = lock
        .wait_until(DEADLINE, |lock| lock.waiting_events() == 0)
        .await;
    assert!(told.is_ok(), "{} events wait", lock.waiting_events());
    assert_eq!(scene.events().await.len(), 2, "the owner sees both");
    let seen = session
        .list(&format!("/v1/doors/{}/events", scene.door.id))
        .await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["person_id"], json!(person.id));
    lock.switch_off().await;
}

#[tokio::test]
async fn an_event_that_is_told_again_is_stored_once() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({})).await;
        let wire = scene.wire(&server, version).await;
        let event = json!({
            "event_id": unique::message_id(), "door": 1, "time": now(), "result": "exit",
        });
        assert_eq!(wire.door_event(&event).await, "Accepted");
        assert_eq!(wire.door_event(&event).await, "Accepted");
        wire.close().await;
        let wire = Wire::connect(&server.endpoint(&scene.lock.station_id, version))
            .await
            .unwrap();
        assert_eq!(wire.door_event(&event).await, "Accepted");
        assert_eq!(scene.events().await.len(), 1);
        // Another one, of an hour ago, kept while there was no connection.
        let late = json!({
            "event_id": unique::message_id(), "door": 1, "result": "granted", "cause": "list",
            "time": keywatt_tests::wire::moment(-3600),
            "token": { "kind": "rfid", "value": scene.card.presented.value },
        });
        assert_eq!(wire.door_event(&late).await, "Accepted");
        let events = scene.events().await;
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!(
            events[0]["event_id"], late["event_id"],
            "in the order of its time"
        );
        assert_eq!(events[0]["person_id"], json!(scene.person.id));
    }
}

#[tokio::test]
async fn a_door_is_opened_from_elsewhere_only_where_its_owner_allows_it() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({ "open_seconds": 30 })).await;
        let lock = scene.simulated(&server, version).await;
        let why = json!({ "reason": "a parcel" });
        let off = scene.owner.post(&scene.open_path(), why.clone()).await;
        off.problem(409, "remote_open_off");
        assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);

        let path = format!("/v1/doors/{}", scene.door.id);
        scene
            .owner
            .patch(&path, json!({ "remote_open": true }))
            .await
            .expect(200);
        let opened = scene
            .owner
            .post(&scene.open_path(), why.clone())
            .await
            .expect(200);
        assert_eq!(opened["status"], "Accepted", "{opened}");
        let seen = lock.view(1).unwrap();
        assert_eq!(
            (seen.light, seen.padlock),
            (Light::Green, Padlock::Unlocked),
            "{seen}"
        );
        let told = lock
            .wait_until(DEADLINE, |lock| lock.waiting_events() == 0)
            .await;
        assert!(told.is_ok(), "the opening was told");
        let events = scene.events().await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(
            (&events[0]["result"], &events[0]["cause"]),
            (&json!("granted"), &json!("remote"))
        );

        scene
            .owner
            .post(&scene.open_path(), json!({ "reason": " " }))
            .await
            .problem(422, "invalid");
        lock.switch_off().await;
        let offline = eventually("the lock to be gone", DEADLINE, || async {
            let answer = scene.owner.post(&scene.open_path(), why.clone()).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        offline.problem(409, "station_offline");
    }
}

/// The data of the `Door.Open`s a lock received.
fn openings(received: &[Received]) -> Vec<Value> {
    received
        .iter()
        .filter(|call| call.action == "DataTransfer" && call.payload["messageId"] == "Door.Open")
        .map(|call| {
            assert_eq!(call.payload["vendorId"], "io.keywatt.lock");
            serde_json::from_str(call.payload["data"].as_str().expect("JSON text")).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn each_request_to_open_has_an_id_of_its_own_and_ends_with_its_deadline() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({ "remote_open": true, "open_seconds": 7 })).await;
        let wire = scene.wire(&server, version).await;
        let accepted = json!({ "status": "Accepted", "data": "{\"status\":\"Accepted\"}" });
        wire.commands
            .script("DataTransfer", Scripted::Result(accepted));
        for _ in 0..2 {
            let why = json!({ "reason": "a parcel" });
            scene.owner.post(&scene.open_path(), why).await.expect(200);
        }
        let openings = openings(&wire.commands.all());
        assert_eq!(openings.len(), 2, "{openings:?}");
        for opening in &openings {
            assert_eq!(
                (&opening["door"], &opening["seconds"]),
                (&json!(1), &json!(7))
            );
            let end = text(opening, "expires_at");
            assert!(end > now(), "{end} is to come");
        }
        assert_ne!(openings[0]["request_id"], openings[1]["request_id"]);
    }
}

#[tokio::test]
async fn the_same_request_told_twice_opens_once() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, json!({ "remote_open": true, "open_seconds": 1 })).await;
        let lock = scene.simulated(&server, version).await;
        let request = json!({
            "door": 1, "seconds": 1, "request_id": unique::message_id(),
            "expires_at": instant(60),
        });
        let message = json!({
            "vendorId": "io.keywatt.lock", "messageId": "Door.Open", "data": request.to_string(),
        });
        let path = format!("/v1/stations/{}/ocpp/DataTransfer", scene.lock.station_id);
        for _ in 0..2 {
            let answer = scene.owner.post(&path, message.clone()).await.expect(200);
            assert_eq!(answer["status"], "result", "{answer}");
            assert_eq!(answer["payload"]["status"], "Accepted", "{answer}");
        }
        let told = lock
            .wait_until(DEADLINE, |lock| lock.waiting_events() == 0)
            .await;
        assert!(told.is_ok(), "the opening was told");
        assert_eq!(scene.events().await.len(), 1, "one opening");
        lock.switch_off().await;
    }
}

#[tokio::test]
async fn the_same_request_of_a_program_reaches_the_lock_once() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({ "remote_open": true })).await;
    let wire = scene.wire(&server, Version::V16).await;
    let accepted = json!({ "status": "Accepted", "data": "{\"status\":\"Accepted\"}" });
    wire.commands
        .script("DataTransfer", Scripted::Result(accepted));
    for _ in 0..2 {
        let request = scene
            .owner
            .request("POST".parse().unwrap(), &scene.open_path())
            .header("Idempotency-Key", "parcel-1")
            .json(&json!({ "reason": "a parcel" }));
        scene.owner.send(request).await.expect(200);
    }
    assert_eq!(openings(&wire.commands.all()).len(), 1);
}

#[tokio::test]
async fn opening_from_elsewhere_needs_the_right() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({ "remote_open": true })).await;
    let wire = scene.wire(&server, Version::V201).await;
    let accepted = json!({ "status": "Accepted", "data": "{\"status\":\"Accepted\"}" });
    wire.commands
        .script("DataTransfer", Scripted::Result(accepted));
    let why = json!({ "reason": "I live here" });
    let (person, session) = scene.owner.person_with_login().await;
    assert_eq!(
        session.post(&scene.open_path(), why.clone()).await.status,
        404
    );
    scene
        .owner
        .grant_with(&person, scene.door.node(), json!({ "actions": ["use"] }))
        .await;
    let problem = session
        .post(&scene.open_path(), why.clone())
        .await
        .problem(403, "forbidden");
    assert_eq!(problem["missing_action"], "remote_use", "{problem}");
    assert!(
        openings(&wire.commands.all()).is_empty(),
        "nothing reached the lock"
    );
    scene.owner.grant(&person, "user", scene.site.node()).await;
    session.post(&scene.open_path(), why).await.expect(200);
    assert_eq!(openings(&wire.commands.all()).len(), 1);
}

#[tokio::test]
async fn a_controller_that_speaks_http_asks_and_tells_with_its_device_key() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({ "open_seconds": 9 })).await;
    let key = scene.owner.device_key(&scene.lock).await;
    let controller = server.api(&key);
    let access = format!("/v1/doors/{}/access", scene.door.id);
    let ask = |value: &str| json!({ "kind": "rfid", "value": value });
    let known = ask(&scene.card.presented.value);

    let answer = controller.post(&access, known.clone()).await.expect(200);
    assert_eq!(
        (&answer["effect"], &answer["reason"]),
        (&json!("allow"), &json!("GRANTED"))
    );
    assert_eq!(answer["open_seconds"], 9, "{answer}");
    let answer = controller
        .post(&access, ask(&unique::card()))
        .await
        .expect(200);
    assert_eq!(
        (&answer["effect"], &answer["reason"]),
        (&json!("deny"), &json!("CREDENTIAL_UNKNOWN"))
    );
    assert_eq!(answer["open_seconds"], 0, "{answer}");

    let events = format!("/v1/doors/{}/events", scene.door.id);
    let event = json!({ "event_id": unique::message_id(), "time": now(), "result": "exit" });
    for _ in 0..2 {
        let body = json!({ "events": [event] });
        let answer = controller.post(&events, body).await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }
    assert_eq!(scene.events().await.len(), 1, "once");

    // The key is this lock's: it opens nothing else, and finds out about nothing else.
    let other = Scene::set(&server, json!({})).await;
    let elsewhere = format!("/v1/doors/{}/access", other.door.id);
    assert_eq!(controller.post(&elsewhere, known.clone()).await.status, 401);
    let nowhere = format!("/v1/doors/{}/access", other.site.id);
    assert_eq!(controller.post(&nowhere, known.clone()).await.status, 401);
    for stranger in [
        server.anonymous(),
        server.api("kw_no_such_key"),
        server.owner(),
    ] {
        let refused = stranger.post(&access, known.clone()).await;
        assert_eq!(refused.status, 401, "{refused}");
    }
    for path in ["/v1/me", "/v1/doors", "/v1/decisions"] {
        assert_eq!(controller.get(path).await.status, 401, "{path}");
    }
    // A new key ends the old one.
    let renewed = server.api(&scene.owner.device_key(&scene.lock).await);
    renewed.post(&access, known.clone()).await.expect(200);
    assert_eq!(controller.post(&access, known).await.status, 401);
}

#[tokio::test]
async fn a_lock_that_sends_a_transaction_is_answered_and_never_accepted() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({})).await;
    let wire = scene.wire(&server, Version::V16).await;
    let started = wire
        .start_16(&unique::message_id(), 1, &scene.card.presented)
        .await;
    assert!(started.transaction_id > 0);
    assert_ne!(status(&started.info), "Accepted", "{}", started.info);
    wire.stop_16(&unique::message_id(), started.transaction_id, None)
        .await;
    wire.close().await;

    let scene = Scene::set(&server, json!({})).await;
    let wire = scene.wire(&server, Version::V201).await;
    let event = Event201::started(&unique::message_id(), 1, &scene.card.presented);
    let answer = wire.event(&unique::message_id(), &event).await;
    assert_ne!(status(&answer["idTokenInfo"]), "Accepted", "{answer}");
}

#[tokio::test]
async fn a_charger_has_no_doors_to_tell_of() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    for version in BOTH {
        let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
        let event = json!({
            "event_id": unique::message_id(), "door": 1, "time": now(), "result": "granted",
        });
        assert_ne!(wire.door_event(&event).await, "Accepted", "{version:?}");
        wire.close().await;
    }
}

#[tokio::test]
async fn nothing_presented_or_an_unheard_of_kind_opens_nothing() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, json!({})).await;
    let controller = server.api(&scene.owner.device_key(&scene.lock).await);
    let access = format!("/v1/doors/{}/access", scene.door.id);
    for body in [
        json!({}),
        json!({ "kind": "rfid" }),
        json!({ "kind": "rfid", "value": "" }),
        json!({ "kind": "face", "value": "x" }),
        json!({ "kind": "app", "value": "FE0123456789AB" }),
        json!({ "kind": "rfid", "value": 5 }),
    ] {
        let answer = controller.post(&access, body.clone()).await;
        let opened = answer.status == 200 && answer.body["effect"] == "allow";
        assert!(!opened, "{body}: {answer}");
        assert!(answer.status < 500, "{body}: {answer}");
    }
    let wire = scene.wire(&server, Version::V16).await;
    let nothing = wire
        .authorize(&unique::message_id(), &Presented::nothing())
        .await;
    assert_eq!(status(&nothing), "Invalid", "{nothing}");
}
