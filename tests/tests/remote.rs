//! Starting and stopping from elsewhere, and the token that stands for the person meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Charger, Installation, Person};
use keywatt_tests::wire::{Event201, Presented, Scripted, Version, status};
use keywatt_tests::{Api, DEADLINE, Options, Server, Wire, eventually, unique};
use serde_json::{Value, json};
use simulator::charger::{Charger as Simulated, ChargerConfig};

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A charger and somebody who may use it, logged in.
struct Scene {
    owner: Api,
    site: Installation,
    charger: Charger,
    person: Person,
    session: Api,
    version: Version,
}

impl Scene {
    async fn set(server: &Server, version: Version) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 2).await;
        let (person, session) = owner.person_with_login().await;
        owner.grant(&person, "user", charger.node()).await;
        Scene {
            owner,
            site,
            charger,
            person,
            session,
            version,
        }
    }

    async fn wire(&self, server: &Server) -> Wire {
        Wire::booted(&server.endpoint(&self.charger.station_id, self.version)).await
    }

    fn start_path(&self) -> String {
        format!("/v1/chargers/{}/start", self.charger.id)
    }

    /// Has the person start; returns the token the charger was given.
    async fn command(&self, wire: &Wire) -> (Presented, Value) {
        let (action, pointer) = match self.version {
            Version::V16 => ("RemoteStartTransaction", "/idTag"),
            Version::V201 => ("RequestStartTransaction", "/idToken/idToken"),
        };
        let so_far = wire.commands.received(action).len();
        let answer = self
            .session
            .post(&self.start_path(), json!({}))
            .await
            .expect(200);
        assert_eq!(
            answer["status"], "Accepted",
            "the station's own word: {answer}"
        );
        let command = wire.commands.wait_for(action, so_far + 1).await;
        let token = command
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("a token");
        (
            Presented {
                kind: "app".to_owned(),
                value: token.to_owned(),
            },
            command,
        )
    }

    /// Asks with a token at a station: status and reason.
    async fn asks(&self, wire: &Wire, token: &Presented) -> (String, String) {
        let id = unique::message_id();
        let info = wire.authorize(&id, token).await;
        (
            status(&info),
            self.owner.reason(&wire.station_id, &id).await,
        )
    }

    /// Starts with a token at a station: how it is named, status and reason.
    async fn starts(&self, wire: &Wire, token: &Presented) -> (String, String, String) {
        self.starts_at(wire, 1, token).await
    }

    async fn starts_at(
        &self,
        wire: &Wire,
        evse: u32,
        token: &Presented,
    ) -> (String, String, String) {
        let id = unique::message_id();
        let (name, told) = match wire.version() {
            Version::V16 => {
                let started = wire.start_16(&id, evse, token).await;
                (started.transaction_id.to_string(), status(&started.info))
            }
            Version::V201 => {
                let name = unique::message_id();
                let event = Event201::started(&name, evse, token);
                let answer = wire.event(&id, &event).await;
                (name, status(&answer["idTokenInfo"]))
            }
        };
        (name, told, self.owner.reason(&wire.station_id, &id).await)
    }

    async fn ends(&self, wire: &Wire, name: &str) {
        let id = unique::message_id();
        match wire.version() {
            Version::V16 => drop(wire.stop_16(&id, name.parse().unwrap(), None).await),
            Version::V201 => {
                let event = Event201::new("Ended", "EVDeparted", name, 1);
                drop(wire.event(&id, &event).await);
            }
        }
    }

    /// The only transaction in progress at the charger.
    async fn open_transaction(&self) -> Value {
        let path = format!("/v1/transactions?charger={}&open=true", self.charger.id);
        eventually("a transaction in progress", DEADLINE, || async {
            self.owner.list(&path).await.into_iter().next()
        })
        .await
    }

    fn unknown(&self) -> (String, String) {
        let told = match self.version {
            Version::V16 => "Invalid",
            Version::V201 => "Unknown",
        };
        (told.to_owned(), "CREDENTIAL_UNKNOWN".to_owned())
    }
}

fn said(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_person_starts_and_stops_by_their_own_session_whether_the_charger_asks_again_or_not() {
    let server = Server::plain().await;
    for version in BOTH {
        for authorize_remote in [false, true] {
            let scene = Scene::set(&server, version).await;
            let endpoint = server.endpoint(&scene.charger.station_id, version);
            let simulated = Simulated::new(ChargerConfig {
                authorize_remote,
                ..ChargerConfig::new(endpoint)
            });
            simulated.switch_on().await.unwrap();
            simulated.plug(1).await.unwrap();

            let answer = scene
                .session
                .post(&scene.start_path(), json!({}))
                .await
                .expect(200);
            assert_eq!(answer["status"], "Accepted", "{answer}");
            let row = scene.open_transaction().await;
            assert_eq!(row["person_id"], json!(scene.person.id), "{row}");
            assert_eq!(row["refused"], false, "{row}");
            assert_eq!(row["authenticated"], true, "{row}");

            let station = &scene.charger.station_id;
            let log = scene
                .owner
                .list(&format!("/v1/decisions?station_id={station}"))
                .await;
            let asked = log.iter().any(|row| {
                row["entry"]
                    .as_str()
                    .is_some_and(|entry| entry.ends_with("_authorize"))
            });
            // C05.FR.01: a 2.0.1 station never asks about a Central token.
            let asks = authorize_remote && version == Version::V16;
            assert_eq!(asked, asks, "{version:?}: {log:?}");
            for row in &log {
                assert_eq!(row["reason"], "GRANTED", "{row}");
            }

            let stop = format!("/v1/transactions/{}/stop", row["id"].as_str().unwrap());
            let answer = scene.session.call("POST", &stop, None).await.expect(200);
            assert_eq!(answer["status"], "Accepted", "{answer}");
            let path = format!("/v1/transactions/{}", row["id"].as_str().unwrap());
            let ended = eventually("its end", DEADLINE, || async {
                let row = scene.owner.get(&path).await.ok();
                row["ended_at"].is_string().then_some(row)
            })
            .await;
            assert_eq!(ended["stop_reason"], "Remote", "{ended}");
            let again = scene.session.call("POST", &stop, None).await;
            again.problem(409, "transaction_ended");
            simulated.switch_off().await;
        }
    }
}

#[tokio::test]
async fn the_token_is_fit_for_the_wire_and_says_nothing_about_the_person() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, command) = scene.command(&wire).await;
        let hex = token
            .value
            .chars()
            .all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c));
        assert!(
            token.value.len() == 14 && hex && token.value.starts_with("FE"),
            "{command}"
        );
        if version == Version::V201 {
            assert_eq!(command["idToken"]["type"], "Central", "{command}");
            assert!(command["remoteStartId"].is_i64(), "{command}");
            assert!(command["groupIdToken"]["idToken"].is_string(), "{command}");
        }
        let again = scene.command(&wire).await.0;
        assert_eq!(again, token, "each person has one");
        let path = format!("/v1/people/{}/credentials", scene.person.id);
        let shown = scene.owner.get(&path).await;
        assert!(!shown.text.contains(&token.value), "never shown: {shown}");
    }
}

#[tokio::test]
async fn the_token_counts_while_a_command_is_pending_and_is_one_start() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        assert_eq!(scene.asks(&wire, &token).await, said("Accepted", "GRANTED"));
        let (name, told, reason) = scene.starts(&wire, &token).await;
        assert_eq!((told.as_str(), reason.as_str()), ("Accepted", "GRANTED"));
        // It goes on, and no other one begins.
        let (other, told, reason) = scene.starts_at(&wire, 2, &token).await;
        assert_eq!((told, reason), scene.unknown());
        scene.ends(&wire, &other).await;
        scene.ends(&wire, &name).await;

        // Its transaction is over and no command is pending.
        assert_eq!(scene.asks(&wire, &token).await, scene.unknown());
        let (_, told, reason) = scene.starts(&wire, &token).await;
        assert_eq!((told, reason), scene.unknown());
    }
}

#[tokio::test]
async fn a_token_read_off_the_wire_is_refused_without_a_command() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        let (name, _, _) = scene.starts(&wire, &token).await;
        scene.ends(&wire, &name).await;
        // As the app's kind, and pretending to be a card.
        let as_card = Presented::card(&token.value);
        for presented in [&token, &as_card] {
            assert_eq!(scene.asks(&wire, presented).await, scene.unknown());
            let (_, told, reason) = scene.starts(&wire, presented).await;
            assert_eq!((told, reason), scene.unknown());
        }
    }
}

#[tokio::test]
async fn the_token_does_not_count_at_another_station() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        scene
            .owner
            .grant(&scene.person, "user", scene.site.node())
            .await;
        let wire = scene.wire(&server).await;
        let other = scene.owner.charger(&scene.site, 1).await;
        let elsewhere = Wire::booted(&server.endpoint(&other.station_id, version)).await;
        let (token, _) = scene.command(&wire).await;
        assert_eq!(scene.asks(&elsewhere, &token).await, scene.unknown());
        let (_, told, reason) = scene.starts(&elsewhere, &token).await;
        assert_eq!((told, reason), scene.unknown());
        // The attempt there has not used up the command here.
        assert_eq!(scene.asks(&wire, &token).await, said("Accepted", "GRANTED"));
    }
}

#[tokio::test]
async fn the_token_does_not_count_after_its_time() {
    let server = Server::start(Options::default().args(&["--remote-start-seconds", "4"])).await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        assert_eq!(scene.asks(&wire, &token).await, said("Accepted", "GRANTED"));
        eventually("the window to close", DEADLINE, || async {
            let seen = scene.asks(&wire, &token).await;
            (seen == scene.unknown()).then_some(())
        })
        .await;
        let (_, told, reason) = scene.starts(&wire, &token).await;
        assert_eq!((told, reason), scene.unknown());
    }
}

#[tokio::test]
async fn a_refused_command_leaves_no_token_behind() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        let (name, _, _) = scene.starts(&wire, &token).await;
        scene.ends(&wire, &name).await;
        for action in ["RemoteStartTransaction", "RequestStartTransaction"] {
            wire.commands.script_status(action, "Rejected");
        }
        let answer = scene
            .session
            .post(&scene.start_path(), json!({}))
            .await
            .expect(200);
        assert_eq!(
            answer["status"], "Rejected",
            "the station's own word: {answer}"
        );
        assert_eq!(scene.asks(&wire, &token).await, scene.unknown());
    }
}

#[tokio::test]
async fn a_retried_start_gets_the_same_answer_though_the_right_is_gone() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, Version::V16).await;
    let wire = scene.wire(&server).await;
    let (token, _) = scene.command(&wire).await;
    let at = keywatt_tests::wire::now();
    let first = unique::message_id();
    let started = wire.start_16_at(&first, 1, &token, &at, 17).await;
    assert_eq!(status(&started.info), "Accepted");
    let path = format!("/v1/people/{}", scene.person.id);
    scene
        .owner
        .patch(&path, json!({ "state": "suspended" }))
        .await
        .expect(200);
    for id in [first, unique::message_id()] {
        let again = wire.start_16_at(&id, 1, &token, &at, 17).await;
        assert_eq!(again.transaction_id, started.transaction_id);
        assert_eq!(again.info["status"], started.info["status"]);
    }
    let path = format!("/v1/transactions?charger={}", scene.charger.id);
    assert_eq!(scene.owner.list(&path).await.len(), 1, "one start");

    let scene = Scene::set(&server, Version::V201).await;
    let wire = scene.wire(&server).await;
    let (token, command) = scene.command(&wire).await;
    let name = unique::message_id();
    let event = Event201::new("Started", "RemoteStart", &name, 0)
        .at(1)
        .by(&token);
    let event = event.with_info("remoteStartId", command["remoteStartId"].clone());
    let first = unique::message_id();
    let answer = wire.event(&first, &event).await;
    assert_eq!(status(&answer["idTokenInfo"]), "Accepted");
    let path = format!("/v1/people/{}", scene.person.id);
    scene
        .owner
        .patch(&path, json!({ "state": "suspended" }))
        .await
        .expect(200);
    for id in [first, unique::message_id()] {
        let again = wire.event(&id, &event).await;
        assert_eq!(
            again["idTokenInfo"]["status"],
            answer["idTokenInfo"]["status"]
        );
    }
    let path = format!("/v1/transactions?charger={}", scene.charger.id);
    assert_eq!(scene.owner.list(&path).await.len(), 1, "one start");
}

#[tokio::test]
async fn a_command_survives_that_the_server_is_killed() {
    let mut server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        server.kill_9();
        server.start_again();
        let wire = eventually("the charger to be back", DEADLINE, || async {
            Wire::connect(&server.endpoint(&scene.charger.station_id, version))
                .await
                .ok()
        })
        .await;
        let (_, told, reason) = scene.starts(&wire, &token).await;
        assert_eq!((told.as_str(), reason.as_str()), ("Accepted", "GRANTED"));
    }
}

#[tokio::test]
async fn a_charger_that_is_offline_is_409_and_one_that_does_not_answer_504() {
    let server = Server::start(Options::default().args(&["--command-seconds", "1"])).await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let offline = scene.session.post(&scene.start_path(), json!({})).await;
        assert_eq!(offline.status, 409, "{offline}");

        let wire = scene.wire(&server).await;
        for action in ["RemoteStartTransaction", "RequestStartTransaction"] {
            wire.commands.script(action, Scripted::Silence);
        }
        let silent = scene.session.post(&scene.start_path(), json!({})).await;
        assert_eq!(silent.status, 504, "{silent}");
        // It may have been obeyed all the same: the start it begets is no surprise.
        let action = match version {
            Version::V16 => "RemoteStartTransaction",
            Version::V201 => "RequestStartTransaction",
        };
        let pointer = if version == Version::V16 {
            "/idTag"
        } else {
            "/idToken/idToken"
        };
        let command = wire.commands.wait_for(action, 1).await;
        let token = command
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned();
        let token = Presented {
            kind: "app".to_owned(),
            value: token,
        };
        let (_, told, reason) = scene.starts(&wire, &token).await;
        assert_eq!((told.as_str(), reason.as_str()), ("Accepted", "GRANTED"));
    }
}

#[tokio::test]
async fn q34_a_charger_that_cannot_is_told_as_it_said() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        for action in ["RemoteStartTransaction", "RequestStartTransaction"] {
            wire.commands
                .script(action, Scripted::Error(rpc::ErrorCode::NotSupported));
        }
        let answer = scene.session.post(&scene.start_path(), json!({})).await;
        assert!(answer.text.contains("NotSupported"), "{answer}");
    }
}

#[tokio::test]
async fn starting_needs_the_right_and_starting_for_others_the_right_to_manage() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, Version::V16).await;
    let wire = scene.wire(&server).await;
    let (other, stranger) = scene.owner.person_with_login().await;
    let nothing = stranger.post(&scene.start_path(), json!({})).await;
    assert_eq!(
        nothing.status, 404,
        "who has nothing there does not learn of it: {nothing}"
    );
    let neighbour = scene.owner.charger(&scene.site, 1).await;
    scene
        .owner
        .grant(&other, "service", scene.charger.node())
        .await;
    let no_use = stranger.post(&scene.start_path(), json!({})).await;
    let problem = no_use.problem(403, "forbidden");
    assert!(
        problem["detail"].to_string().contains("remote_use"),
        "{problem}"
    );
    let elsewhere = format!("/v1/chargers/{}/start", neighbour.id);
    assert_eq!(scene.session.post(&elsewhere, json!({})).await.status, 404);

    // A user starts for nobody else; an owner only for who may.
    let for_other = scene
        .session
        .post(&scene.start_path(), json!({ "person_id": other.id }))
        .await;
    for_other.problem(403, "forbidden");
    let may_not = scene
        .owner
        .post(&scene.start_path(), json!({ "person_id": other.id }))
        .await;
    assert_eq!(may_not.status, 422, "{may_not}");
    let body = json!({ "person_id": scene.person.id });
    scene
        .owner
        .post(&scene.start_path(), body)
        .await
        .expect(200);
    assert_eq!(
        wire.commands.received("RemoteStartTransaction").len(),
        1,
        "the last one only"
    );
}

#[tokio::test]
async fn stopping_needs_to_be_ones_own_or_the_right_to_stop_any() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let wire = scene.wire(&server).await;
        let (token, _) = scene.command(&wire).await;
        scene.starts(&wire, &token).await;
        let row = scene.open_transaction().await;
        let stop = format!("/v1/transactions/{}/stop", row["id"].as_str().unwrap());
        let action = match version {
            Version::V16 => "RemoteStopTransaction",
            Version::V201 => "RequestStopTransaction",
        };

        let (neighbour, session) = scene.owner.person_with_login().await;
        assert_eq!(session.call("POST", &stop, None).await.status, 404);
        scene
            .owner
            .grant(&neighbour, "user", scene.charger.node())
            .await;
        let refused = session.call("POST", &stop, None).await;
        assert!(matches!(refused.status, 403 | 404), "{refused}");
        assert!(
            wire.commands.received(action).is_empty(),
            "nothing reached the charger"
        );

        for who in [&scene.session, &scene.owner] {
            who.call("POST", &stop, None).await.expect(200);
        }
        let command = wire.commands.wait_for(action, 2).await;
        let named = match version {
            Version::V16 => command["transactionId"].to_string(),
            Version::V201 => command["transactionId"].as_str().unwrap().to_owned(),
        };
        assert_eq!(row["station_transaction_id"], json!(named));
        wire.close().await;
        let offline = eventually("the charger to be gone", DEADLINE, || async {
            let answer = scene.session.call("POST", &stop, None).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        assert_eq!(offline.status, 409, "{offline}");
    }
}
