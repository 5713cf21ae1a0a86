//! Whole conversations of a lock with a scripted central system.

mod every_message;

use std::time::Duration;

use rpc::Version;
use serde_json::{Value, json};

use super::{Ask, Bolt, Lock, LockConfig, Mode, Pull};
use crate::scripted_csms::{LIMIT, Script, ScriptedCsms};
use crate::station::Source;
use crate::token::Token;
use crate::view::{DoorState, Light, Padlock};

async fn lock_with(version: Version, change: impl FnOnce(&mut LockConfig)) -> (ScriptedCsms, Lock) {
    let csms = ScriptedCsms::start(version).await;
    csms.on("DataTransfer", |payload| {
        answer_door(payload, "Accepted", "GRANTED")
    });
    let mut config = LockConfig::new(csms.endpoint("LOCK1"));
    config.event_retry = Duration::from_millis(10);
    change(&mut config);
    let lock = Lock::new(config);
    assert!(lock.switch_on().await.unwrap().is_accepted());
    csms.forget();
    (csms, lock)
}

async fn lock(version: Version) -> (ScriptedCsms, Lock) {
    lock_with(version, |_| {}).await
}

/// The central system's side of the profile.
fn answer_door(payload: &Value, status: &str, reason: &str) -> Script {
    assert_eq!(payload["vendorId"], "io.keywatt.lock");
    Script::Result(if payload["messageId"] == "Door.Authorize" {
        let data = json!({ "status": status, "reason": reason, "open_seconds": 4, "text": "hm" });
        json!({ "status": "Accepted", "data": data.to_string() })
    } else {
        json!({ "status": "Accepted" })
    })
}

fn refuse(csms: &ScriptedCsms, version: Version) {
    match version {
        Version::V16 => {
            csms.on("DataTransfer", |payload| {
                answer_door(payload, "Invalid", "NO_GRANT")
            });
        }
        Version::V201 => csms.authorize_as("NotAtThisLocation"),
    }
}

/// The door events as received, in order.
fn events(csms: &ScriptedCsms) -> Vec<Value> {
    csms.payloads("DataTransfer")
        .into_iter()
        .filter(|payload| payload["messageId"] == "Door.Event")
        .map(|payload| serde_json::from_str(payload["data"].as_str().unwrap()).unwrap())
        .collect()
}

async fn told(lock: &Lock) {
    lock.wait_until(LIMIT, |lock| lock.waiting_events() == 0)
        .await
        .unwrap();
}

async fn open_remotely(csms: &ScriptedCsms, data: Value) -> Value {
    let payload = json!({
        "vendorId": "io.keywatt.lock", "messageId": "Door.Open", "data": data.to_string(),
    });
    let answer = csms.command("DataTransfer", payload).await;
    assert_eq!(answer["status"], "Accepted", "{answer}");
    serde_json::from_str(answer["data"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_granted_card_unlocks_and_the_event_is_told_once() {
    for version in Version::ALL {
        let (csms, lock) = lock(version).await;
        let view = lock.view(1).unwrap();
        assert_eq!((view.light, view.padlock), (Light::Blue, Padlock::Locked));
        assert_eq!(lock.open_door(1).unwrap(), Pull::Locked);
        let outcome = lock
            .present_card(1, &Token::card("04A1B2C3"))
            .await
            .unwrap();
        assert!(outcome.opened, "{outcome:?}");
        let view = lock.view(1).unwrap();
        assert_eq!(
            (view.light, view.padlock),
            (Light::Green, Padlock::Unlocked)
        );
        assert_eq!(lock.open_door(1).unwrap(), Pull::Opened);
        lock.close_door(1).unwrap();
        assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);
        told(&lock).await;
        let events = events(&csms);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["event_id"], outcome.event_id);
        assert_eq!(events[0]["result"], "granted");
        assert_eq!(
            events[0]["token"],
            json!({ "kind": "rfid", "value": "04A1B2C3" })
        );
    }
}

#[tokio::test]
async fn each_version_names_the_door_in_its_own_way() {
    let (csms, lock) = lock_with(Version::V201, |config| config.doors = 2).await;
    lock.present_card(2, &Token::parse("KeyCode:445566"))
        .await
        .unwrap();
    assert_eq!(
        csms.payloads("Authorize")[0]["idToken"],
        json!({
            "idToken": "445566", "type": "KeyCode",
            "additionalInfo": [{ "type": "door", "additionalIdToken": "2" }],
        })
    );
    let (csms, lock) = lock_with(Version::V16, |config| config.doors = 2).await;
    let outcome = lock
        .present_card(2, &Token::parse("KeyCode:445566"))
        .await
        .unwrap();
    assert_eq!(outcome.reason.as_deref(), Some("GRANTED"));
    let asked = csms.payloads("DataTransfer")[0]["data"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(
        asked,
        json!({ "door": 2, "kind": "pin", "value": "445566" })
    );
    let (csms, lock) = lock_with(Version::V16, |config| config.ask = Ask::Authorize).await;
    lock.present_card(1, &Token::card("04A1")).await.unwrap();
    assert_eq!(csms.payloads("Authorize")[0], json!({ "idTag": "04A1" }));
}

#[tokio::test]
async fn a_refused_card_and_an_error_leave_the_door_locked() {
    for version in Version::ALL {
        let (csms, lock) = lock(version).await;
        refuse(&csms, version);
        let refused = lock.present_card(1, &Token::card("04A1")).await.unwrap();
        assert!(!refused.opened);
        assert_eq!(lock.view(1).unwrap().light, Light::Red);
        let asked = match version {
            Version::V16 => "DataTransfer",
            Version::V201 => "Authorize",
        };
        csms.on(asked, |_| Script::Error(rpc::ErrorCode::InternalError));
        let failed = lock.present_card(1, &Token::card("04A1")).await.unwrap();
        assert_eq!(
            (failed.opened, failed.status.as_str()),
            (false, "InternalError")
        );
        assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);
    }
}

#[tokio::test]
async fn an_event_is_kept_until_it_is_accepted_over_reconnects() {
    for version in Version::ALL {
        let (csms, lock) = lock(version).await;
        let mut attempts = 0;
        csms.on("DataTransfer", move |payload| {
            if payload["messageId"] != "Door.Event" {
                return answer_door(payload, "Accepted", "GRANTED");
            }
            attempts += 1;
            match attempts {
                1 => Script::Error(rpc::ErrorCode::InternalError),
                2 => Script::Result(json!({ "status": "Rejected" })),
                3 => Script::DropConnection,
                _ => Script::Result(json!({ "status": "Accepted" })),
            }
        });
        let outcome = lock.present_card(1, &Token::card("04A1")).await.unwrap();
        lock.wait_until(LIMIT, |lock| lock.connection().is_none())
            .await
            .unwrap();
        assert_eq!(lock.waiting_events(), 1);
        lock.push_bar(1).unwrap();
        lock.connect().await.unwrap();
        told(&lock).await;
        let ids: Vec<Value> = events(&csms)
            .into_iter()
            .map(|event| event["event_id"].clone())
            .collect();
        assert_eq!(ids.len(), 5);
        assert!(ids[..4].iter().all(|id| *id == outcome.event_id), "{ids:?}");
        assert_ne!(ids[4], outcome.event_id);
        lock.reboot().await.unwrap();
        assert_eq!(events(&csms).len(), 5);
    }
}

#[tokio::test]
async fn a_repeated_request_opens_nothing_again() {
    for version in Version::ALL {
        let (csms, lock) = lock(version).await;
        let request = json!({
            "door": 1, "seconds": 30, "request_id": "r1", "expires_at": "2999-01-01T00:00:00Z",
        });
        assert_eq!(
            open_remotely(&csms, request.clone()).await["status"],
            "Accepted"
        );
        assert_eq!(lock.view(1).unwrap().padlock, Padlock::Unlocked);
        lock.open_door(1).unwrap();
        lock.close_door(1).unwrap();
        assert_eq!(open_remotely(&csms, request).await["status"], "Accepted");
        assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);
        told(&lock).await;
        assert_eq!(events(&csms).len(), 1);
    }
}

#[tokio::test]
async fn a_request_that_is_late_or_wrong_opens_nothing() {
    let (csms, lock) = lock(Version::V16).await;
    for (request, reason) in [
        (
            json!({ "door": 1, "request_id": "r1", "expires_at": "2020-01-01T00:00:00Z" }),
            "expired",
        ),
        (json!({ "door": 7, "request_id": "r2" }), "unknown_door"),
    ] {
        let answer = open_remotely(&csms, request).await;
        assert_eq!(answer, json!({ "status": "Rejected", "reason": reason }));
    }
    lock.set_bolt(1, Bolt::Jammed).unwrap();
    let answer = open_remotely(&csms, json!({ "door": 1, "request_id": "r3" })).await;
    assert_eq!(answer["reason"], "jammed");
    assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);
    let unknown = json!({ "vendorId": "io.keywatt.lock", "messageId": "Door.Paint" });
    assert_eq!(
        csms.command("DataTransfer", unknown).await["status"],
        "UnknownMessageId"
    );
}

#[tokio::test]
async fn unlock_connector_opens_only_a_lock_that_is_set_to_it() {
    for (version, payload, no) in [
        (Version::V16, json!({ "connectorId": 1 }), "NotSupported"),
        (
            Version::V201,
            json!({ "evseId": 1, "connectorId": 1 }),
            "UnknownConnector",
        ),
    ] {
        let (csms, set) = lock_with(version, |config| config.unlock_connector_opens = true).await;
        assert_eq!(
            csms.command("UnlockConnector", payload.clone()).await["status"],
            "Unlocked"
        );
        assert_eq!(set.view(1).unwrap().padlock, Padlock::Unlocked);
        let (csms, unset) = lock(version).await;
        assert_eq!(csms.command("UnlockConnector", payload).await["status"], no);
        assert_eq!(unset.view(1).unwrap().padlock, Padlock::Locked);
    }
}

#[tokio::test]
async fn offline_only_listed_cards_open_and_lockdown_stays() {
    for version in Version::ALL {
        let (csms, lock) = lock_with(version, |config| config.doors = 2).await;
        let list = match version {
            Version::V16 => json!({
                "listVersion": 1, "updateType": "Full", "localAuthorizationList": [
                    { "idTag": "04A1", "idTagInfo": { "status": "Accepted" } },
                    { "idTag": "04A2", "idTagInfo": {
                        "status": "Accepted", "expiryDate": "2020-01-01T00:00:00Z" } },
                ],
            }),
            Version::V201 => json!({
                "versionNumber": 1, "updateType": "Full", "localAuthorizationList": [
                    { "idToken": { "idToken": "04A1", "type": "ISO14443" },
                      "idTokenInfo": { "status": "Accepted", "evseId": [1] } },
                    { "idToken": { "idToken": "04A2", "type": "ISO14443" },
                      "idTokenInfo": {
                        "status": "Accepted", "cacheExpiryDateTime": "2020-01-01T00:00:00Z" } },
                ],
            }),
        };
        assert_eq!(
            csms.command("SendLocalList", list).await["status"],
            "Accepted"
        );
        lock.disconnect().await;
        assert_eq!(lock.view(1).unwrap().light, Light::Amber);
        for (door, card, opened) in [
            (1, "04A1", true),
            (2, "04A1", version == Version::V16),
            (1, "04A2", false),
            (1, "04FF", false),
            (1, "KeyCode:04A1", false),
        ] {
            let outcome = lock.present_card(door, &Token::parse(card)).await.unwrap();
            assert_eq!(
                outcome.opened, opened,
                "{version} {door} {card} {outcome:?}"
            );
            assert!(matches!(outcome.source, Source::LocalList | Source::Nobody));
        }
        assert_eq!(lock.waiting_events(), 5);
        lock.inner.set_mode(1, Mode::Lockdown).unwrap();
        let locked = lock.present_card(1, &Token::card("04A1")).await.unwrap();
        assert!(!locked.opened);
        lock.connect().await.unwrap();
        told(&lock).await;
        assert_eq!(events(&csms).len(), 6);
    }
}

#[tokio::test]
async fn modes_are_set_read_back_and_survive_a_restart() {
    let (csms, lock) = lock(Version::V16).await;
    let set = json!({ "key": "LockMode1", "value": "lockdown" });
    assert_eq!(
        csms.command("ChangeConfiguration", set).await["status"],
        "Accepted"
    );
    assert_eq!(lock.mode(1), Some(Mode::Lockdown));
    let read = csms
        .command("GetConfiguration", json!({ "key": ["LockMode1"] }))
        .await;
    assert_eq!(read["configurationKey"][0]["value"], "Lockdown");
    let wrong = json!({ "key": "LockMode1", "value": "ajar" });
    assert_eq!(
        csms.command("ChangeConfiguration", wrong).await["status"],
        "Rejected"
    );
    lock.reboot().await.unwrap();
    assert_eq!(lock.mode(1), Some(Mode::Lockdown));

    let (csms, lock) = self::lock(Version::V201).await;
    let mode = json!({
        "component": { "name": "AccessBarrier", "evse": { "id": 1 } },
        "variable": { "name": "Mode" },
    });
    let mut set = mode.clone();
    set["attributeValue"] = json!("Evacuation");
    let answer = csms
        .command("SetVariables", json!({ "setVariableData": [set] }))
        .await;
    assert_eq!(
        answer["setVariableResult"][0]["attributeStatus"],
        "Accepted"
    );
    assert_eq!(lock.view(1).unwrap().padlock, Padlock::Unlocked);
    let answer = csms
        .command("GetVariables", json!({ "getVariableData": [mode] }))
        .await;
    assert_eq!(
        answer["getVariableResult"][0]["attributeValue"],
        "Evacuation"
    );
}

#[tokio::test]
async fn a_door_held_open_returns_to_normal_when_the_connection_stays_away() {
    let (_csms, lock) = lock_with(Version::V16, |config| {
        config.offline_hold = Duration::from_millis(20);
    })
    .await;
    lock.inner.set_mode(1, Mode::HeldOpen).unwrap();
    lock.disconnect().await;
    lock.wait_until(LIMIT, |lock| lock.mode(1) == Some(Mode::Normal))
        .await
        .unwrap();
    assert_eq!(lock.view(1).unwrap().padlock, Padlock::Locked);
}

#[tokio::test]
async fn door_states_are_told_in_the_words_of_the_version() {
    let (csms, lock) = lock(Version::V16).await;
    lock.force(1).unwrap();
    let status = csms.wait_for("StatusNotification", 1).await.remove(0);
    assert_eq!(
        (&status["info"], &status["errorCode"]),
        (&json!("door=forced"), &json!("OtherError"))
    );
    assert_eq!(lock.view(1).unwrap().door, DoorState::Forced);
    lock.close_door(1).unwrap();
    let status = csms.wait_for("StatusNotification", 2).await.remove(1);
    assert_eq!(
        (&status["info"], &status["errorCode"]),
        (&json!("door=closed"), &json!("NoError"))
    );
    lock.set_bolt(1, Bolt::Jammed).unwrap();
    let status = csms.wait_for("StatusNotification", 3).await.remove(2);
    assert_eq!(status["errorCode"], "ConnectorLockFailure");
    told(&lock).await;
    assert_eq!(events(&csms)[0]["result"], "forced");

    let (csms, lock) = self::lock(Version::V201).await;
    lock.push_bar(1).unwrap();
    let event = csms.wait_for("NotifyEvent", 1).await.remove(0);
    let values: Vec<_> = event["eventData"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            assert_eq!(
                finding["component"],
                json!({ "name": "AccessBarrier", "evse": { "id": 1 } })
            );
            (
                finding["variable"]["name"].clone(),
                finding["actualValue"].clone(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            (json!("State"), json!("Open")),
            (json!("Active"), json!("true")),
            (json!("Problem"), json!("false")),
        ]
    );
    told(&lock).await;
    assert_eq!(events(&csms)[0]["result"], "exit");
    lock.tamper();
    told(&lock).await;
    let tampered = csms.payloads("SecurityEventNotification").remove(0);
    assert_eq!(tampered["type"], "TamperDetectionActivated");
}

#[tokio::test]
async fn a_lock_out_of_service_takes_no_cards() {
    let (csms, lock) = lock(Version::V16).await;
    let change = |kind: &str| json!({ "connectorId": 1, "type": kind });
    csms.command("ChangeAvailability", change("Inoperative"))
        .await;
    let refused = lock.present_card(1, &Token::card("04A1")).await.unwrap();
    assert_eq!((refused.opened, refused.message_id), (false, None));
    csms.command("ChangeAvailability", change("Operative"))
        .await;
    assert!(
        lock.present_card(1, &Token::card("04A1"))
            .await
            .unwrap()
            .opened
    );
}

#[tokio::test]
async fn no_answer_in_time_counts_as_no_connection() {
    let csms = ScriptedCsms::start(Version::V201).await;
    let mut endpoint = csms.endpoint("LOCK1");
    endpoint.call_timeout = Duration::from_millis(50);
    let lock = Lock::new(LockConfig::new(endpoint));
    lock.switch_on().await.unwrap();
    csms.on("Authorize", |_| Script::Silence);
    let outcome = lock.present_card(1, &Token::card("04A1")).await.unwrap();
    assert_eq!((outcome.opened, outcome.source), (false, Source::Nobody));
}
