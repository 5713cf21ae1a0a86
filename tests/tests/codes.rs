//! Codes: made by the system, shown once, tried a few times, used as often as they may be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Person, instant, text};
use keywatt_tests::wire::{Event201, Presented, Version, status};
use keywatt_tests::{Api, DEADLINE, DatabaseKind, Options, Server, Wire, eventually, unique};
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn path(person: &Person) -> String {
    format!("/v1/people/{}/credentials", person.id)
}

/// The first field at fault, and its code.
fn fault(body: &Value) -> (String, String) {
    let first = &body["errors"][0];
    (text(first, "field"), text(first, "code"))
}

#[tokio::test]
async fn a_code_is_shown_once_and_never_again() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let person = owner.person().await;
    for (kind, more, digits) in [
        ("pin", json!({}), 8),
        ("guest", json!({ "digits": 6, "limits": { "uses": 3 } }), 6),
        ("one_time", json!({ "digits": 12 }), 12),
    ] {
        let mut fields = more;
        fields["kind"] = json!(kind);
        fields["place_ids"] = json!([charger.id, charger.id]);
        let made = owner.post(&path(&person), fields).await.expect(201);
        let code = text(&made, "code");
        assert_eq!(code.len(), digits, "{made}");
        assert!(code.chars().all(|c| c.is_ascii_digit()));
        assert_eq!(made["place_ids"], json!([charger.id]));
        assert_eq!(made["strength"], "weak");
        assert_eq!(made.get("grant_id").is_some(), kind != "pin");
        let id = text(&made, "id");
        let shown = owner.get(&format!("/v1/credentials/{id}")).await.ok();
        assert!(shown.get("code").is_none(), "{shown}");
        assert!(!shown.to_string().contains(&code), "{shown}");
        let listed = owner.list(&path(&person)).await;
        assert!(!json!(listed).to_string().contains(&code));
        let audit = owner.list("/v1/audit").await;
        assert!(!json!(audit).to_string().contains(&code));
    }
}

#[tokio::test]
async fn what_cannot_be_a_code_is_refused_with_the_field_at_fault() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await.id;
    let person = owner.person().await;
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let many: Vec<String> = (0..201)
        .map(|n| format!("018f0000-0000-7000-8000-{n:012}"))
        .collect();
    for (fields, field, code) in [
        (json!({ "kind": "pin" }), "place_ids", "out_of_range"),
        (
            json!({ "kind": "pin", "place_ids": [] }),
            "place_ids",
            "out_of_range",
        ),
        (
            json!({ "kind": "pin", "place_ids": many }),
            "place_ids",
            "out_of_range",
        ),
        (
            json!({ "kind": "pin", "place_ids": [nobody] }),
            "place_ids.0",
            "unknown",
        ),
        (
            json!({ "kind": "pin", "place_ids": [site.id] }),
            "place_ids.0",
            "unknown",
        ),
        (
            json!({ "kind": "pin", "place_ids": [charger], "value": "123456" }),
            "value",
            "invalid",
        ),
        (
            json!({ "kind": "pin", "place_ids": [charger], "digits": 5 }),
            "digits",
            "out_of_range",
        ),
        (
            json!({ "kind": "pin", "place_ids": [charger], "digits": 13 }),
            "digits",
            "out_of_range",
        ),
        (
            json!({ "kind": "pin", "place_ids": [charger], "limits": { "uses": 2 } }),
            "limits",
            "invalid",
        ),
        (
            json!({ "kind": "pin", "place_ids": [charger], "strength": "strong" }),
            "strength",
            "invalid",
        ),
        (
            json!({ "kind": "guest", "place_ids": [charger] }),
            "valid_until",
            "required",
        ),
        (
            json!({ "kind": "guest", "place_ids": [charger], "limits": { "uses": 0 } }),
            "limits",
            "out_of_range",
        ),
        (
            json!({ "kind": "one_time", "place_ids": [charger], "limits": { "uses": 2 } }),
            "limits.uses",
            "invalid",
        ),
        (json!({ "kind": "rfid" }), "value", "required"),
        (
            json!({ "kind": "rfid", "value": "04A1B2C3", "place_ids": [charger] }),
            "place_ids",
            "invalid",
        ),
        (
            json!({ "kind": "rfid", "value": "04A1B2C3", "limits": { "uses": 2 } }),
            "limits",
            "invalid",
        ),
    ] {
        let body = owner.post(&path(&person), fields.clone()).await.expect(422);
        assert_eq!(
            fault(&body),
            (field.to_owned(), code.to_owned()),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn who_may_not_give_access_at_a_place_makes_no_guests_code_there() {
    let server = Server::plain().await;
    let owner = server.owner();
    let (own, other) = (owner.installation().await, owner.installation().await);
    let (here, there) = (owner.charger(&own, 1).await, owner.charger(&other, 1).await);
    let (manager, api) = owner.person_with_login().await;
    owner.grant(&manager, "owner", own.node()).await;
    let managed = json!({ "managed_at": { "installation": own.id }, "name": "Guest" });
    let guest = Person {
        id: text(&api.post("/v1/people", managed).await.expect(201), "id"),
    };
    let code = |place: &str| json!({ "kind": "one_time", "place_ids": [place] });
    api.post(&path(&guest), code(&there.id))
        .await
        .problem(404, "not_found");
    drop(api.post(&path(&guest), code(&here.id)).await.expect(201));
    let both = json!({ "kind": "one_time", "place_ids": [here.id, there.id] });
    api.post(&path(&guest), both)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_code_that_is_removed_opens_no_longer_and_its_right_ends() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let person = owner.person().await;
    let fields = json!({
        "kind": "guest", "place_ids": [charger.id], "valid_until": instant(3600),
        "limits": { "uses": 5 },
    });
    let made = owner.post(&path(&person), fields).await.expect(201);
    let presented = Presented {
        kind: "guest".to_owned(),
        value: text(&made, "code"),
    };
    assert_eq!(wire.status_of(&presented).await, "Accepted");
    let grant_path = format!("/v1/grants/{}", text(&made, "grant_id"));
    let grant = owner.get(&grant_path).await.ok();
    assert_eq!(grant["credential_id"], made["id"], "{grant}");
    assert_eq!(grant["limits"]["uses"], 5);
    assert_eq!(grant["resource"], json!({ "charger": charger.id }));
    assert_eq!(grant["revoked_at"], Value::Null);
    let explained = owner
        .post(
            "/v1/decisions/explain",
            json!({ "credential": made["id"], "point": { "charger": charger.id } }),
        )
        .await;
    assert_eq!(explained.ok()["reason"], "GRANTED");
    owner
        .delete(&format!("/v1/credentials/{}", text(&made, "id")))
        .await
        .expect(204);
    assert_eq!(wire.status_of(&presented).await, "Unknown");
    let grant = owner.get(&grant_path).await.ok();
    assert_ne!(grant["revoked_at"], Value::Null);
}

/// A one-time code, presented at many doors and chargers at once, is accepted once.
async fn double_spend(database: DatabaseKind) {
    let server = Server::start(Options::on(database)).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let person = owner.person().await;
    // What its host holds is of no use to the code.
    owner.grant(&person, "owner", site.node()).await;
    let mut places = Vec::new();
    let mut wires = Vec::new();
    for _ in 0..25 {
        let charger = owner.charger(&site, 1).await;
        wires.push(Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await);
        places.push(charger.id);
    }
    let lock = owner.lock(&site).await;
    let device = owner.device_key(&lock).await;
    let mut doors = Vec::new();
    for number in 1..=25 {
        doors.push(owner.door(&lock, number).await.id);
    }
    places.extend(doors.clone());
    let fields = json!({ "kind": "one_time", "place_ids": places });
    let made = owner.post(&path(&person), fields).await.expect(201);
    let code = Presented {
        kind: "one_time".to_owned(),
        value: text(&made, "code"),
    };

    let mut asked = JoinSet::new();
    for wire in wires {
        let code = code.clone();
        asked.spawn(async move {
            let event = Event201::started(&unique::message_id(), 1, &code);
            let answer = wire.event(&unique::message_id(), &event).await;
            status(&answer["idTokenInfo"]) == "Accepted"
        });
    }
    for door in doors {
        let controller: Api = server.api(&device);
        let body = json!({ "kind": "one_time", "value": code.value });
        asked.spawn(async move {
            let path = format!("/v1/doors/{door}/access");
            controller.post(&path, body).await.ok()["effect"] == json!("allow")
        });
    }
    let answers = asked.join_all().await;
    assert_eq!(answers.len(), 50);
    let accepted = answers.iter().filter(|accepted| **accepted).count();
    assert_eq!(accepted, 1, "a one-time code was accepted {accepted} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_code_is_accepted_once_everywhere_at_once_on_sqlite() {
    double_spend(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_code_is_accepted_once_everywhere_at_once_on_postgres() {
    if DatabaseKind::available()
        .await
        .contains(&DatabaseKind::Postgres)
    {
        double_spend(DatabaseKind::Postgres).await;
    }
}

#[tokio::test]
async fn too_many_wrong_codes_shut_a_door_for_codes_and_it_says_so_and_it_is_logged() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let lock = owner.lock(&site).await;
    let door = owner.door(&lock, 1).await;
    let other = owner.door(&lock, 2).await;
    let controller = server.api(&owner.device_key(&lock).await);
    let (person, card) = owner.user(site.node()).await;
    let fields = json!({ "kind": "pin", "place_ids": [door.id, other.id] });
    let pin = text(
        &owner.post(&path(&person), fields).await.expect(201),
        "code",
    );
    let asks = async |door: &str, kind: &str, value: &str| {
        let path = format!("/v1/doors/{door}/access");
        let body = json!({ "kind": kind, "value": value });
        controller.post(&path, body).await.ok()
    };
    // Typed with a dash, it is the same code.
    let typed = format!("{}-{}", &pin[..4], &pin[4..]);
    assert_eq!(asks(&door.id, "pin", &typed).await["reason"], "GRANTED");
    // Many at once are no more than one after the other.
    let mut tried = JoinSet::new();
    for number in 0..40 {
        let api = controller.clone();
        let path = format!("/v1/doors/{}/access", door.id);
        let body = json!({ "kind": "pin", "value": format!("{number:05}") });
        tried.spawn(async move { text(&api.post(&path, body).await.ok(), "reason") });
    }
    let reasons = tried.join_all().await;
    let looked_up = reasons
        .iter()
        .filter(|reason| *reason == "CREDENTIAL_UNKNOWN")
        .count();
    assert_eq!(looked_up, 5, "{reasons:?}");
    let refused = asks(&door.id, "pin", &pin).await;
    assert_eq!(refused["reason"], "TOO_MANY_ATTEMPTS", "{refused}");
    assert_eq!(refused["open_seconds"], 0);
    assert!(text(&refused, "text").contains("wait"), "{refused}");
    let decision = format!("/v1/decisions/{}", text(&refused, "decision_id"));
    let row = eventually("the refusal in the log", DEADLINE, || async {
        let found = owner.get(&decision).await;
        (found.status == 200).then_some(found.body)
    })
    .await;
    assert_eq!(row["reason"], "TOO_MANY_ATTEMPTS");
    // Cards open there, and codes open elsewhere.
    let value = &card.presented.value;
    assert_eq!(asks(&door.id, "rfid", value).await["reason"], "GRANTED");
    assert_eq!(asks(&other.id, "pin", &pin).await["reason"], "GRANTED");
}
