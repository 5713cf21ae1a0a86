//! Rules through the API: tags, hours, kinds of credential, and what is used up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Card, text};
use keywatt_tests::wire::{Presented, Version, status};
use keywatt_tests::{Api, DatabaseKind, Options, Server, Wire, unique};
use serde_json::{Value, json};
use tokio::task::JoinSet;

async fn tag(owner: &Api) -> String {
    let body = owner.post("/v1/tags", json!({ "name": "Tenants" })).await;
    text(&body.expect(201), "id")
}

async fn put(owner: &Api, tag: &str, member: Value) {
    let path = format!("/v1/tags/{tag}/members");
    drop(owner.post(&path, member).await.expect(201));
}

/// Hours that hold now, whenever that is, or never.
async fn schedule(owner: &Api, holds: bool) -> String {
    let days = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]);
    let always = json!([{ "days": days, "from": "00:00", "until": "24:00" }]);
    let slots = if holds { always } else { json!([]) };
    let body = owner
        .post("/v1/schedules", json!({ "name": "Hours", "slots": slots }))
        .await;
    text(&body.expect(201), "id")
}

/// What a card is told at a charger.
async fn told(wire: &Wire, card: &Card) -> String {
    wire.status_of(&card.presented).await
}

#[tokio::test]
async fn a_tag_gives_its_people_its_rights_now_and_later_and_takes_them_back() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let (inner, outer) = (tag(&owner).await, tag(&owner).await);
    put(&owner, &outer, json!({ "tag": inner })).await;
    let grant = json!({
        "subject": { "tag": outer }, "role": "user", "resource": { "installation": site.id },
    });
    let grant = text(&owner.post("/v1/grants", grant).await.expect(201), "id");

    assert_eq!(told(&wire, &card).await, "NotAtThisLocation");
    put(&owner, &inner, json!({ "person": person.id })).await;
    assert_eq!(told(&wire, &card).await, "Accepted");
    let who = owner
        .list(&format!("/v1/chargers/{}/who", charger.id))
        .await;
    assert!(
        who.iter()
            .any(|holder| holder["person_id"] == json!(person.id)),
        "{who:?}"
    );

    // While a grant names it, a tag does not go.
    owner
        .delete(&format!("/v1/tags/{outer}"))
        .await
        .problem(409, "in_use");
    let path = format!("/v1/tags/{inner}/members/{}", person.id);
    owner.delete(&path).await.expect(204);
    assert_eq!(told(&wire, &card).await, "NotAtThisLocation");
    owner.delete(&path).await.problem(404, "not_found");
    put(&owner, &inner, json!({ "person": person.id })).await;
    assert_eq!(told(&wire, &card).await, "Accepted");
    owner.revoke(&grant).await;
    assert_eq!(told(&wire, &card).await, "NotAtThisLocation");
    owner.delete(&format!("/v1/tags/{outer}")).await.expect(204);
}

#[tokio::test]
async fn tags_do_not_stand_in_a_circle_nor_too_deep() {
    let server = Server::plain().await;
    let owner = server.owner();
    let mut tags = Vec::new();
    for _ in 0..5 {
        tags.push(tag(&owner).await);
    }
    for pair in tags[..4].windows(2) {
        put(&owner, &pair[0], json!({ "tag": pair[1] })).await;
    }
    let nest = async |parent: &str, child: &str| {
        let path = format!("/v1/tags/{parent}/members");
        owner.post(&path, json!({ "tag": child })).await
    };
    let fault = |body: Value| body["errors"][0]["code"].as_str().unwrap().to_owned();
    assert_eq!(fault(nest(&tags[3], &tags[0]).await.expect(422)), "cycle");
    assert_eq!(fault(nest(&tags[0], &tags[0]).await.expect(422)), "cycle");
    assert_eq!(
        fault(nest(&tags[3], &tags[4]).await.expect(422)),
        "too_deep"
    );
}

#[tokio::test]
async fn hours_kinds_strength_and_points_narrow_a_grant() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let elsewhere = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let points = tag(&owner).await;
    put(&owner, &points, json!({ "point": charger.id })).await;
    let others = tag(&owner).await;
    put(&owner, &others, json!({ "point": elsewhere.id })).await;
    for (condition, expected) in [
        (
            json!({ "schedule_id": schedule(&owner, true).await }),
            "Accepted",
        ),
        (
            json!({ "schedule_id": schedule(&owner, false).await }),
            "NotAtThisTime",
        ),
        (json!({ "credential_kinds": ["rfid", "key"] }), "Accepted"),
        (json!({ "credential_kinds": ["emaid"] }), "Invalid"),
        (json!({ "minimum_strength": "weak" }), "Accepted"),
        (json!({ "minimum_strength": "strong" }), "Invalid"),
        (json!({ "points_tag_id": points }), "Accepted"),
        (json!({ "points_tag_id": others }), "NotAtThisLocation"),
    ] {
        let person = owner.person().await;
        let card = owner.card(&person).await;
        let mut fields = condition.clone();
        fields["role"] = json!("user");
        owner.grant_with(&person, site.node(), fields).await;
        assert_eq!(told(&wire, &card).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn a_schedule_that_changes_changes_what_it_is_a_condition_of() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let hours = schedule(&owner, true).await;
    let fields = json!({ "role": "user", "schedule_id": hours });
    owner.grant_with(&person, site.node(), fields).await;
    assert_eq!(told(&wire, &card).await, "Accepted");
    let path = format!("/v1/schedules/{hours}");
    owner.patch(&path, json!({ "slots": [] })).await.expect(200);
    assert_eq!(told(&wire, &card).await, "Invalid");
    owner.delete(&path).await.problem(409, "in_use");
}

/// A right for one use, presented everywhere at once, is accepted once.
async fn double_spend(database: DatabaseKind) {
    let server = Server::start(Options::on(database)).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let fields = json!({ "role": "user", "limits": { "uses": 1 } });
    owner.grant_with(&person, site.node(), fields).await;

    let mut wires = Vec::new();
    for number in 0..25 {
        let version = if number % 2 == 0 {
            Version::V16
        } else {
            Version::V201
        };
        let charger = owner.charger(&site, 1).await;
        wires.push(Wire::booted(&server.endpoint(&charger.station_id, version)).await);
    }
    let lock = owner.lock(&site).await;
    let device = owner.device_key(&lock).await;
    let mut doors = Vec::new();
    for number in 1..=25 {
        doors.push(owner.door(&lock, number).await.id);
    }

    let mut asked = JoinSet::new();
    for wire in wires {
        let card = card.presented.clone();
        asked.spawn(async move { (charges(&wire, &card).await, Some(wire)) });
    }
    for door in doors {
        let controller = server.api(&device);
        let card = card.presented.clone();
        asked.spawn(async move {
            let body = json!({ "kind": card.kind_at_door(), "value": card.value });
            let answer = controller
                .post(&format!("/v1/doors/{door}/access"), body)
                .await
                .ok();
            (answer["effect"] == json!("allow"), None)
        });
    }
    let answers = asked.join_all().await;
    assert_eq!(answers.len(), 50);
    let accepted = answers.iter().filter(|(accepted, _)| *accepted).count();
    assert_eq!(
        accepted, 1,
        "a right for one use was accepted {accepted} times"
    );
}

/// Begins to charge; whether that was accepted.
async fn charges(wire: &Wire, card: &Presented) -> bool {
    let id = unique::message_id();
    let info = match wire.version() {
        Version::V16 => wire.start_16(&id, 1, card).await.info,
        Version::V201 => {
            let event = keywatt_tests::wire::Event201::started(&unique::message_id(), 1, card);
            wire.event(&id, &event).await["idTokenInfo"].clone()
        }
    };
    status(&info) == "Accepted"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_for_one_use_is_accepted_once_everywhere_at_once_on_sqlite() {
    double_spend(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_for_one_use_is_accepted_once_everywhere_at_once_on_postgres() {
    if DatabaseKind::available()
        .await
        .contains(&DatabaseKind::Postgres)
    {
        double_spend(DatabaseKind::Postgres).await;
    }
}

#[tokio::test]
async fn what_is_used_up_stays_used_up_over_a_restart_and_a_retry_takes_nothing() {
    let mut server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let person = owner.person().await;
    let card = owner.card(&person).await;
    let fields = json!({ "role": "user", "limits": { "uses": 2 } });
    owner.grant_with(&person, site.node(), fields).await;
    let endpoint = server.endpoint(&charger.station_id, Version::V16);
    let wire = Wire::booted(&endpoint).await;
    let time = keywatt_tests::wire::now();
    let first = wire
        .start_16_at(&unique::message_id(), 1, &card.presented, &time, 0)
        .await;
    let again = wire
        .start_16_at(&unique::message_id(), 1, &card.presented, &time, 0)
        .await;
    assert_eq!(first.transaction_id, again.transaction_id);
    assert_eq!(status(&again.info), "Accepted");
    wire.stop_16(&unique::message_id(), first.transaction_id, None)
        .await;
    assert!(
        charges(&wire, &card.presented).await,
        "the second of two uses"
    );
    wire.close().await;

    server.kill_9();
    server.start_again();
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let other = owner.charger(&site, 1).await;
    let elsewhere = Wire::booted(&server.endpoint(&other.station_id, Version::V16)).await;
    assert!(
        !charges(&elsewhere, &card.presented).await,
        "a third of two uses"
    );
    // Who may not begin may still stop their own.
    assert_eq!(told(&wire, &card).await, "Accepted");
    assert_eq!(told(&elsewhere, &card).await, "Blocked");
}

#[tokio::test]
async fn a_rule_is_a_grant_to_a_tag() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let people = tag(&owner).await;
    let person = owner.person().await;
    let card = owner.card(&person).await;
    put(&owner, &people, json!({ "person": person.id })).await;
    let rule = json!({
        "people_tag_id": people, "resource": { "installation": site.id },
        "credential_kinds": ["rfid"], "schedule_id": schedule(&owner, true).await,
    });
    let made = owner.post("/v1/rules", rule).await.expect(201);
    assert_eq!(
        made["actions"],
        json!(["use", "remote_use", "stop_own", "view_own"])
    );
    assert_eq!(told(&wire, &card).await, "Accepted");
    let grant = owner
        .get(&format!("/v1/grants/{}", text(&made, "id")))
        .await
        .ok();
    assert_eq!(grant["subject"], json!({ "tag": people }));
    // Of grants to others the list knows nothing.
    let other = owner.grant(&person, "user", site.node()).await;
    let listed = owner.list("/v1/rules").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let other = format!("/v1/rules/{other}");
    owner.get(&other).await.problem(404, "not_found");
    owner.delete(&other).await.problem(404, "not_found");
    let path = format!("/v1/rules/{}", text(&made, "id"));
    owner.delete(&path).await.expect(204);
    let ended = owner.get(&path).await.ok();
    assert_ne!(ended["ended_at"], Value::Null);
    assert!(owner.list("/v1/rules").await.is_empty());
    let nobody = json!({
        "people_tag_id": "018f0000-0000-7000-8000-000000000000",
        "resource": { "installation": site.id },
    });
    let refused = owner.post("/v1/rules", nobody).await.expect(422);
    assert_eq!(refused["errors"][0]["code"], "unknown");
}

#[tokio::test]
async fn a_smart_tag_hands_out_app_credentials_and_takes_them_away() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let person = owner.person_with(json!({ "app_credential": false })).await;
    owner.grant(&person, "user", site.node()).await;
    let path = format!("/v1/chargers/{}/start", charger.id);
    let start = async || {
        let body = json!({ "person_id": person.id });
        let answer = owner.post(&path, body).await;
        (answer.status, answer.code().map(str::to_owned))
    };
    let without = (409, Some("no_app_credential".to_owned()));
    assert_eq!(start().await, without);
    let smart = json!({ "name": "With the app", "smart": true });
    let outer = text(&owner.post("/v1/tags", smart).await.expect(201), "id");
    let inner = tag(&owner).await;
    put(&owner, &inner, json!({ "person": person.id })).await;
    put(&owner, &outer, json!({ "tag": inner })).await;
    keywatt_tests::wait::until_equal("a start with the credential", (200, None), &start).await;
    wire.commands.wait_for("RemoteStartTransaction", 1).await;
    // Not with the last membership, but with the last smart one.
    owner
        .delete(&format!("/v1/tags/{outer}/members/{inner}"))
        .await
        .expect(204);
    keywatt_tests::wait::until_equal("a start without it", without, start).await;
    // Who has one of their own keeps it.
    let (own, _) = owner.user(site.node()).await;
    put(&owner, &outer, json!({ "person": own.id })).await;
    let member = format!("/v1/tags/{outer}/members/{}", own.id);
    owner.delete(&member).await.expect(204);
    let body = json!({ "person_id": own.id });
    owner.post(&path, body).await.expect(200);
}
