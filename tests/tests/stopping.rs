//! Who may end a transaction: one's own cards and group, even when rights have ended; never a
//! stranger by card. What a station reports as ended is ended, whoever did it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Card, Charger, instant};
use keywatt_tests::wire::{Event201, Presented, Version, status};
use keywatt_tests::{Api, DEADLINE, Server, Wire, eventually, unique};
use serde_json::{Value, json};

/// A charger with a transaction that a user with two cards began.
struct Scene {
    owner: Api,
    charger: Charger,
    wire: Wire,
    begun: Begun,
    /// Began it.
    card: Card,
    /// The starter's second card.
    second: Card,
    /// Of the starter's household, without any grant.
    relative: Card,
    /// May charge here, and is nobody's relative.
    neighbour: Card,
}

/// How the station names the transaction.
enum Begun {
    Number(i64),
    Text(String),
}

impl Scene {
    async fn set(server: &Server, version: Version) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let group = json!({ "stop_group": unique::stop_group() });
        let starter = owner.person_with(group.clone()).await;
        owner.grant(&starter, "user", charger.node()).await;
        let card = owner.card(&starter).await;
        let second = owner.card(&starter).await;
        let relative = owner.card(&owner.person_with(group).await).await;
        let (_, neighbour) = owner.user(charger.node()).await;
        let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
        let id = unique::message_id();
        let (begun, info) = match version {
            Version::V16 => {
                let started = wire.start_16(&id, 1, &card.presented).await;
                (Begun::Number(started.transaction_id), started.info)
            }
            Version::V201 => {
                let name = unique::message_id();
                let event = Event201::started(&name, 1, &card.presented);
                let answer = wire.event(&id, &event).await;
                (Begun::Text(name), answer["idTokenInfo"].clone())
            }
        };
        assert_eq!(status(&info), "Accepted", "{info}");
        Scene {
            owner,
            charger,
            wire,
            begun,
            card,
            second,
            relative,
            neighbour,
        }
    }

    /// Presents a card as one does to stop: what was said, and why.
    async fn asks(&self, card: &Presented) -> (String, String) {
        let id = unique::message_id();
        let info = self.wire.authorize(&id, card).await;
        (
            status(&info),
            self.owner.reason(&self.charger.station_id, &id).await,
        )
    }

    /// The station ends the transaction: the answer, and why it came out so.
    async fn ends(&self, card: Option<&Presented>) -> (Value, Option<String>) {
        let id = unique::message_id();
        let answer = match &self.begun {
            Begun::Number(number) => self.wire.stop_16(&id, *number, card).await,
            Begun::Text(name) => {
                let mut event = Event201::new("Ended", "StopAuthorized", name, 1)
                    .with_info("stoppedReason", json!("Local"));
                if let Some(card) = card {
                    event = event.by(card);
                }
                self.wire.event(&id, &event).await
            }
        };
        let reason = match card {
            Some(_) => Some(self.owner.reason(&self.charger.station_id, &id).await),
            None => None,
        };
        (answer, reason)
    }

    /// The transaction as the API shows it.
    async fn transaction(&self) -> Value {
        let list = self
            .owner
            .list(&format!("/v1/transactions?charger={}", self.charger.id))
            .await;
        assert_eq!(list.len(), 1, "{list:?}");
        list[0].clone()
    }

    async fn has_ended(&self) {
        let row = self.transaction().await;
        assert!(row["ended_at"].is_string(), "it has ended: {row}");
        assert_eq!(row["stop_reason"], "Local", "{row}");
        assert_eq!(row["refused"], false, "{row}");
    }

    async fn expire(&self, card: &Card) {
        let path = format!("/v1/credentials/{}", card.id);
        self.owner
            .patch(&path, json!({ "valid_until": instant(-1) }))
            .await
            .expect(200);
    }
}

/// Status and reason, for comparison.
fn said(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

const BOTH: [Version; 2] = [Version::V16, Version::V201];

#[tokio::test]
async fn the_starters_second_card_may_stop() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        assert_eq!(
            scene.asks(&scene.second.presented).await,
            said("Accepted", "GRANTED")
        );
        // The same after its validity: it may still stop, and start nothing.
        scene.expire(&scene.second).await;
        assert_eq!(
            scene.asks(&scene.second.presented).await,
            said("Accepted", "STOP_OWN")
        );
        let (answer, reason) = scene.ends(Some(&scene.second.presented)).await;
        match version {
            Version::V16 => {
                assert_eq!(
                    status(&answer["idTagInfo"]),
                    "Expired",
                    "as a start would get now"
                );
                assert_eq!(reason.as_deref(), Some("CREDENTIAL_EXPIRED"));
            }
            Version::V201 => {
                assert_eq!(status(&answer["idTokenInfo"]), "Accepted");
                assert_eq!(reason.as_deref(), Some("STOP_OWN"));
            }
        }
        scene.has_ended().await;
        // With the transaction over there is nothing left to stop.
        assert_eq!(
            scene.asks(&scene.second.presented).await,
            said("Expired", "CREDENTIAL_EXPIRED")
        );
    }
}

#[tokio::test]
async fn a_person_of_the_same_stop_group_may_stop() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        assert_eq!(
            scene.asks(&scene.relative.presented).await,
            said("Accepted", "STOP_OWN")
        );
        let (answer, reason) = scene.ends(Some(&scene.relative.presented)).await;
        match version {
            Version::V16 => {
                assert_eq!(
                    status(&answer["idTagInfo"]),
                    "Invalid",
                    "as a start would get now"
                );
                assert_eq!(reason.as_deref(), Some("NO_GRANT"));
            }
            Version::V201 => {
                assert_eq!(status(&answer["idTokenInfo"]), "Accepted");
                assert_eq!(reason.as_deref(), Some("STOP_OWN"));
            }
        }
        scene.has_ended().await;
    }
}

#[tokio::test]
async fn both_answers_name_the_same_group_so_that_the_station_can_tell_offline() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let group = |info: &Value| match version {
            Version::V16 => info["parentIdTag"].clone(),
            Version::V201 => info["groupIdToken"]["idToken"].clone(),
        };
        let of = async |card: &Card| {
            group(
                &scene
                    .wire
                    .authorize(&unique::message_id(), &card.presented)
                    .await,
            )
        };
        let starter = of(&scene.card).await;
        let text = starter.as_str().expect("a group in the answer");
        let hex = text
            .chars()
            .all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c));
        assert!((12..=16).contains(&text.len()) && hex, "{text}");
        assert_eq!(of(&scene.relative).await, starter);
        assert_ne!(of(&scene.neighbour).await, starter);
        // A group is nobody's card.
        let presented = Presented::card(text);
        assert_eq!(scene.asks(&presented).await.1, "CREDENTIAL_UNKNOWN");
    }
}

#[tokio::test]
async fn the_card_that_started_may_stop_though_it_has_expired() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        scene.expire(&scene.card).await;
        assert_eq!(
            scene.asks(&scene.card.presented).await,
            said("Accepted", "STOP_OWN")
        );
        let (answer, _) = scene.ends(Some(&scene.card.presented)).await;
        match version {
            Version::V16 => assert_eq!(status(&answer["idTagInfo"]), "Expired"),
            Version::V201 => assert_eq!(status(&answer["idTokenInfo"]), "Accepted"),
        }
        scene.has_ended().await;
    }
}

#[tokio::test]
async fn a_suspended_or_denied_starter_may_not_stop_by_card() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let path = format!("/v1/credentials/{}", scene.second.id);
        scene
            .owner
            .patch(&path, json!({ "state": "suspended" }))
            .await
            .expect(200);
        assert_eq!(
            scene.asks(&scene.second.presented).await,
            said("Blocked", "CREDENTIAL_SUSPENDED")
        );
        let person = scene.transaction().await["person_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let person = keywatt_tests::facts::Person { id: person };
        let denial = json!({ "role": "user", "effect": "deny" });
        scene
            .owner
            .grant_with(&person, scene.charger.node(), denial)
            .await;
        assert_eq!(
            scene.asks(&scene.card.presented).await,
            said("Blocked", "DENIED_BY_RULE")
        );
        // What the station reports as ended has ended all the same.
        let (answer, _) = scene.ends(Some(&scene.card.presented)).await;
        let info = if version == Version::V16 {
            "idTagInfo"
        } else {
            "idTokenInfo"
        };
        assert_eq!(status(&answer[info]), "Blocked");
        scene.has_ended().await;
    }
}

#[tokio::test]
async fn a_strangers_card_is_refused_and_what_the_station_ended_with_it_has_ended() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let stranger = Presented::card(&unique::card());
        let unknown = if version == Version::V16 {
            "Invalid"
        } else {
            "Unknown"
        };
        assert_eq!(
            scene.asks(&stranger).await,
            said(unknown, "CREDENTIAL_UNKNOWN")
        );
        let (answer, reason) = scene.ends(Some(&stranger)).await;
        let info = if version == Version::V16 {
            "idTagInfo"
        } else {
            "idTokenInfo"
        };
        assert_eq!(status(&answer[info]), unknown);
        assert_eq!(reason.as_deref(), Some("CREDENTIAL_UNKNOWN"));
        scene.has_ended().await;
    }
}

#[tokio::test]
async fn another_users_card_starts_here_and_stops_nothing_of_others() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, Version::V201).await;
    assert_eq!(
        scene.asks(&scene.neighbour.presented).await,
        said("Accepted", "GRANTED")
    );
    let (answer, reason) = scene.ends(Some(&scene.neighbour.presented)).await;
    assert_eq!(status(&answer["idTokenInfo"]), "NotAtThisLocation");
    assert_eq!(reason.as_deref(), Some("NO_GRANT"));
    scene.has_ended().await;

    let scene = Scene::set(&server, Version::V16).await;
    // 1.6 does not say that a card is presented to stop; the group in the answer tells the
    // station whose it is.
    assert_eq!(
        scene.asks(&scene.neighbour.presented).await,
        said("Accepted", "GRANTED")
    );
    let (answer, reason) = scene.ends(Some(&scene.neighbour.presented)).await;
    assert_eq!(
        status(&answer["idTagInfo"]),
        "Accepted",
        "as a start would get now"
    );
    assert_eq!(reason.as_deref(), Some("GRANTED"));
    scene.has_ended().await;
}

#[tokio::test]
async fn a_stop_without_a_card_is_answered_without_a_status() {
    let server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        let (answer, _) = scene.ends(None).await;
        assert!(
            answer["idTagInfo"].is_null() && answer["idTokenInfo"].is_null(),
            "{answer}"
        );
        scene.has_ended().await;
    }
}

#[tokio::test]
async fn a_stop_of_16_without_a_reason_is_a_local_one() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, Version::V16).await;
    let Begun::Number(number) = scene.begun else {
        panic!("1.6 gives numbers")
    };
    let payload = json!({
        "transactionId": number, "meterStop": 10, "timestamp": keywatt_tests::wire::now(),
    });
    scene.wire.ok("StopTransaction", payload).await;
    scene.has_ended().await;
}

#[tokio::test]
async fn a_card_presented_to_stop_in_an_update_of_201_is_decided_as_a_stop() {
    let server = Server::plain().await;
    let scene = Scene::set(&server, Version::V201).await;
    let Begun::Text(name) = &scene.begun else {
        panic!("2.0.1 gives names")
    };
    let id = unique::message_id();
    let event = Event201::new("Updated", "StopAuthorized", name, 1).by(&scene.relative.presented);
    let answer = scene.wire.event(&id, &event).await;
    assert_eq!(status(&answer["idTokenInfo"]), "Accepted");
    let decision = scene.owner.decision(&scene.charger.station_id, &id).await;
    assert_eq!(
        (decision.reason.as_str(), decision.action.as_str()),
        ("STOP_OWN", "stop_own")
    );
    let row = scene.transaction().await;
    assert!(row["ended_at"].is_null(), "an update ends nothing: {row}");
}

#[tokio::test]
async fn the_one_who_started_may_stop_again_after_the_server_was_killed() {
    let mut server = Server::plain().await;
    for version in BOTH {
        let scene = Scene::set(&server, version).await;
        scene.expire(&scene.card).await;
        server.kill_9();
        server.start_again();
        let wire = eventually("the charger to be back", DEADLINE, || async {
            Wire::connect(&server.endpoint(&scene.charger.station_id, version))
                .await
                .ok()
        })
        .await;
        // Accepted before, so no new BootNotification is needed (OCPP-J 1.6 §5.4).
        let scene = Scene { wire, ..scene };
        assert_eq!(
            scene.asks(&scene.card.presented).await,
            said("Accepted", "STOP_OWN")
        );
    }
}
