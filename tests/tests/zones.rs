//! Zones: who is inside, over restarts; and who may set whom a door lets in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Card, clock, text};
use keywatt_tests::wire::{Version, status};
use keywatt_tests::{Server, Wire, unique};
use serde_json::{Value, json};

/// Tells an event of a door, as its lock would.
async fn tell(wire: &Wire, door: u32, card: &Card, result: &str, seconds: i64) {
    let event = json!({
        "event_id": unique::message_id(), "door": door,
        "time": keywatt_tests::wire::moment(seconds),
        "token": { "kind": card.presented.kind_at_door(), "value": card.presented.value },
        "result": result, "cause": "card",
    });
    assert_eq!(wire.door_event(&event).await, "Accepted");
}

#[tokio::test]
async fn a_zone_counts_who_is_inside_and_knows_it_after_a_restart() {
    let mut server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let area = json!({ "name": "Vault", "parent_id": site.id, "anti_passback": "hard" });
    let area = text(&owner.post("/v1/areas", area).await.expect(201), "id");
    let area_path = format!("/v1/areas/{area}");
    let occupancy = async || owner.get(&area_path).await.ok()["occupancy"].clone();
    let lock = owner.lock(&site).await;
    let entry = owner
        .door_with(&lock, 1, json!({ "entry_area_id": area }))
        .await;
    let exit = owner
        .door_with(&lock, 2, json!({ "exit_area_id": area }))
        .await;
    let (_, card) = owner.user(site.node()).await;
    let (_, other) = owner.user(site.node()).await;
    let endpoint = server.endpoint(&lock.station_id, Version::V201);
    let wire = Wire::booted(&endpoint).await;
    let told = async |wire: &Wire, door: u32| {
        let id = unique::message_id();
        status(
            &wire
                .authorize_201_at_door(&id, &card.presented, Some(door))
                .await,
        )
    };
    assert_eq!(told(&wire, 1).await, "Accepted");
    let outside = clock().to_string();
    tell(&wire, 1, &card, "refused", 0).await;
    assert_eq!(occupancy().await, json!(0), "who is refused is not inside");
    tell(&wire, 1, &card, "granted", 0).await;
    tell(&wire, 1, &other, "granted", 0).await;
    assert_eq!(occupancy().await, json!(2));
    assert_eq!(told(&wire, 1).await, "Blocked");
    let inside = clock().to_string();
    // An exit of before does not undo the entry.
    tell(&wire, 2, &card, "granted", -30).await;
    assert_eq!(occupancy().await, json!(2));
    wire.close().await;

    server.kill_9();
    server.start_again();
    let wire = Wire::booted(&server.endpoint(&lock.station_id, Version::V201)).await;
    assert_eq!(occupancy().await, json!(2), "over a restart");
    assert_eq!(told(&wire, 1).await, "Blocked");
    assert_eq!(told(&wire, 2).await, "Accepted", "leaving is never refused");
    tell(&wire, 2, &card, "exit", 0).await;
    assert_eq!(occupancy().await, json!(1));
    assert_eq!(told(&wire, 1).await, "Accepted");

    // Who was inside is known of the past as well.
    for (as_of, reason) in [
        (Some(outside), "GRANTED"),
        (Some(inside), "ANTI_PASSBACK"),
        (None, "GRANTED"),
    ] {
        let question = json!({
            "credential": card.id, "point": { "door": entry.id }, "as_of": as_of,
        });
        let answer = owner.post("/v1/decisions/explain", question).await.ok();
        assert_eq!(answer["reason"], reason, "{as_of:?}: {answer}");
    }

    // While a door leads into it, an area does not go.
    owner.delete(&area_path).await.problem(409, "in_use");
    let fault = async |fields: Value| {
        let path = format!("/v1/doors/{}", exit.id);
        let body = owner.patch(&path, fields).await.expect(422);
        (
            text(&body["errors"][0], "field"),
            text(&body["errors"][0], "code"),
        )
    };
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    let nobody = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(
        fault(json!({ "entry_area_id": area })).await,
        pair("exit_area_id", "invalid")
    );
    assert_eq!(
        fault(json!({ "exit_area_id": nobody })).await,
        pair("exit_area_id", "unknown")
    );
    assert_eq!(
        fault(json!({ "unlock_schedule_id": nobody })).await,
        pair("unlock_schedule_id", "unknown")
    );
    let bad = json!({ "anti_passback": "timed" });
    let bad = owner.patch(&area_path, bad).await.expect(422);
    assert_eq!(bad["errors"][0]["field"], "anti_passback_minutes");
    for bad in [
        json!({ "anti_passback": "timed", "anti_passback_minutes": 0 }),
        json!({ "anti_passback": "timed", "anti_passback_minutes": 10_081 }),
        json!({ "anti_passback": "hard", "anti_passback_minutes": 5 }),
        json!({ "anti_passback_minutes": 5 }),
    ] {
        let refused = owner.patch(&area_path, bad).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "anti_passback_minutes");
    }
}

#[tokio::test]
async fn who_only_manages_settings_does_not_set_whom_a_door_lets_in() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let lock = owner.lock(&site).await;
    let door = owner.door(&lock, 1).await;
    let (partner, api) = owner.person_with_login().await;
    owner.grant(&partner, "service", site.node()).await;
    let path = format!("/v1/doors/{}", door.id);
    api.patch(&path, json!({ "open_seconds": 7 }))
        .await
        .expect(200);
    for access in [
        json!({ "minimum_strength": null }),
        json!({ "unlock_schedule_id": null }),
        json!({ "entry_area_id": null }),
    ] {
        api.patch(&path, access).await.problem(403, "forbidden");
    }
    let area = json!({ "name": "Zone", "parent_id": site.id });
    let area = text(&owner.post("/v1/areas", area).await.expect(201), "id");
    api.patch(
        &format!("/v1/areas/{area}"),
        json!({ "anti_passback": "off" }),
    )
    .await
    .problem(403, "forbidden");
}
