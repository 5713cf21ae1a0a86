//! A service is tried beside, takes over, and is left again.

use keywatt_tests::facts::text;
use keywatt_tests::webhook::{Mode, Webhook};
use keywatt_tests::wire::{Presented, Version, status};
use keywatt_tests::{Api, DEADLINE, Response, Wire, eventually, unique};
use serde_json::{Value, json};

use crate::{asked, authority, elsewhere, only, server, set, settings, user};

#[tokio::test]
async fn a_shadow_says_what_a_switch_would_change_and_nothing_follows_from_it() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let (both, here) = (user(&owner, &site).await, user(&owner, &site).await);
    let there = Presented::card(&unique::card());
    let hook = Webhook::start(only(&[&both.presented, &there])).await;
    let path = format!("{}/shadow", authority(&site));
    owner
        .put(&path, json!({}))
        .await
        .problem(409, "webhook_missing");
    set(&owner, &site, settings(&hook)).await;
    let shown = owner.put(&path, json!({})).await.expect(200);
    assert_eq!(shown["authority"], "native");
    assert_ne!(shown["shadow_since"], Value::Null);

    for (card, told) in [
        (&both.presented, "Accepted"),
        (&here.presented, "Accepted"),
        (&there, "Invalid"),
    ] {
        assert_eq!(
            asked(&owner, &wire, card).await.0,
            told,
            "nothing follows from it"
        );
    }
    let report = eventually("three answers", DEADLINE, || async {
        let report = owner.get(&path).await.expect(200);
        (report["all"]["decisions"] == 3).then_some(report)
    })
    .await;
    assert_eq!(report["all"]["agreed"], 1, "{report}");
    assert_eq!(report["all"]["newly_refused"], 1, "{report}");
    assert_eq!(report["all"]["newly_allowed"], 1, "{report}");
    assert_eq!(report["credentials_seen"], 3);
    let of_here = report["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["credential_id"] == json!(here.id))
        .unwrap();
    assert_eq!(of_here["count"]["newly_refused"], 1, "{report}");
    assert!(
        !report.to_string().contains(&there.value),
        "masked: {report}"
    );
    let questions = hook.received(&["authorize"]);
    assert!(questions.iter().all(|one| one.body["purpose"] == "shadow"));

    // A failing one changes nothing either.
    hook.set(Mode::Closes);
    assert_eq!(asked(&owner, &wire, &both.presented).await.0, "Accepted");
    eventually("no answer", DEADLINE, || async {
        let report = owner.get(&path).await.expect(200);
        (report["all"]["unanswered"] == 1).then_some(())
    })
    .await;
    let shown = owner.delete(&path).await.expect(200);
    assert_eq!(shown["shadow_since"], Value::Null);
    hook.set(Mode::Yes);
    let before = hook.received(&["authorize"]).len();
    asked(&owner, &wire, &both.presented).await;
    assert_eq!(
        hook.received(&["authorize"]).len(),
        before,
        "no longer asked"
    );
}

/// Gives authority to another, with the phrase that confirms it.
async fn give_authority(owner: &Api, path: &str, to: &str, phrase: Option<&str>) -> Response {
    let mut request = owner.request("POST".parse().unwrap(), path);
    if let Some(phrase) = phrase {
        request = request.header("Keywatt-Confirm", phrase);
    }
    owner.send(request.json(&json!({ "to": to }))).await
}

#[tokio::test]
async fn a_switch_that_refuses_many_wants_to_be_confirmed_and_is_taken_back_at_once() {
    let server = server().await;
    let owner = server.owner();
    let site = owner
        .installation_with(json!({ "name": "Garage", "authorization_required": "required" }))
        .await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let mut cards = Vec::new();
    for _ in 0..6 {
        let card = user(&owner, &site).await;
        assert_eq!(asked(&owner, &wire, &card.presented).await.0, "Accepted");
        cards.push(card.presented);
    }
    let hook = Webhook::start(Mode::No).await;
    set(&owner, &site, settings(&hook)).await;
    let (switch_path, revert_path) = (
        format!("{}/switch", authority(&site)),
        format!("{}/revert", authority(&site)),
    );
    let to = async |to: &str, phrase: Option<&str>| {
        give_authority(&owner, &switch_path, to, phrase).await
    };
    // Nothing of it yet.
    owner
        .post(&revert_path, json!({}))
        .await
        .problem(409, "nothing_to_revert");
    to("native", None).await.problem(409, "already_so");

    let body = to("webhook", None).await;
    let body = body.problem(409, "confirmation_needed");
    assert_eq!(
        body["confirmation"],
        json!({ "phrase": "refuse 6 of 6", "would_refuse": 6, "of": 6 }),
        "{body}"
    );
    let dry = hook.received(&["authorize"]);
    assert_eq!(dry.len(), 6);
    assert!(dry.iter().all(|one| one.body["purpose"] == "dry_run"));
    for wrong in ["refuse 5 of 6", "yes", "refuse 6 of 7"] {
        let again = to("webhook", Some(wrong)).await;
        drop(again.problem(409, "confirmation_needed"));
    }
    assert_eq!(
        asked(&owner, &wire, &cards[0]).await.1,
        "GRANTED",
        "nothing changed"
    );
    // One that says nothing is no better.
    hook.set(Mode::Status(500));
    let body = to("webhook", None).await;
    let body = body.problem(409, "confirmation_needed");
    assert_eq!(body["confirmation"]["unanswered"], 6, "{body}");

    hook.set(Mode::No);
    let shown = to("webhook", Some("refuse 6 of 6")).await.expect(200);
    assert_eq!(shown["authority"], "webhook");
    assert_eq!(shown["revert_to"]["authority"], "native");
    assert_eq!(asked(&owner, &wire, &cards[0]).await.1, "DELEGATED_REFUSAL");
    let path = format!("{}/webhook", authority(&site));
    owner.delete(&path).await.problem(409, "in_use");

    let shown = owner.post(&revert_path, json!({})).await.expect(200);
    assert_eq!(shown["authority"], "native");
    assert_eq!(asked(&owner, &wire, &cards[0]).await.1, "GRANTED");
    owner
        .post(&revert_path, json!({}))
        .await
        .problem(409, "nothing_to_revert");
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_way_back_that_refuses_many_wants_to_be_confirmed_too() {
    let server = server().await;
    let owner = server.owner();
    let site = owner
        .installation_with(json!({ "name": "Garage", "authorization_required": "required" }))
        .await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let hook = Webhook::start(Mode::Yes).await;
    elsewhere(&owner, &site, &hook).await;
    // Known there only.
    for _ in 0..5 {
        let id = unique::message_id();
        let card = Presented::card(&unique::card());
        let started = wire.start_16(&id, 1, &card).await;
        assert_eq!(status(&started.info), "Accepted");
        let id = unique::message_id();
        wire.stop_16(&id, started.transaction_id, None).await;
    }
    let path = format!("{}/switch", authority(&site));
    let body = give_authority(&owner, &path, "native", None).await;
    let body = body.problem(409, "confirmation_needed");
    assert_eq!(body["confirmation"]["would_refuse"], 5, "{body}");
    let phrase = text(&body["confirmation"], "phrase");
    let shown = give_authority(&owner, &path, "native", Some(&phrase)).await;
    let shown = shown.expect(200);
    assert_eq!(shown["authority"], "native");
    assert_eq!(shown["revert_to"]["authority"], "webhook");
}

#[tokio::test]
async fn what_is_decided_elsewhere_is_edited_there() {
    let server = server().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let person = owner.person().await;
    let given = owner.grant(&person, "user", site.node()).await;
    let hook = Webhook::start(Mode::Yes).await;
    elsewhere(&owner, &site, &hook).await;
    let host = hook
        .url
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix("/hook")
        .unwrap();

    let site_path = format!("/v1/installations/{}", site.id);
    let charger_path = format!("/v1/chargers/{}", charger.id);
    for path in [&site_path, &charger_path] {
        let shown = owner.get(path).await.expect(200);
        assert_eq!(shown["managed_elsewhere"], json!(host), "{shown}");
        for fields in [
            json!({ "authorization_required": "open" }),
            json!({ "open_schedule_id": null }),
        ] {
            let body = owner
                .patch(path, fields)
                .await
                .problem(409, "managed_elsewhere");
            assert!(body["detail"].as_str().unwrap().contains(host), "{body}");
        }
        let renamed = owner
            .patch(path, json!({ "name": "Renamed" }))
            .await
            .expect(200);
        assert_eq!(renamed["managed_elsewhere"], json!(host));
    }
    let path = format!("{site_path}/reset-charger-flags");
    owner
        .post(&path, json!({}))
        .await
        .problem(409, "managed_elsewhere");
    let grant = |role: &str| {
        json!({
            "subject": { "person": person.id }, "role": role,
            "resource": { "charger": charger.id },
        })
    };
    let refused = owner.post("/v1/grants", grant("user")).await;
    drop(refused.problem(409, "managed_elsewhere"));
    let path = format!("/v1/grants/{given}");
    owner.delete(&path).await.problem(409, "managed_elsewhere");
    // The administration of the site is no matter of it.
    drop(owner.post("/v1/grants", grant("owner")).await.expect(201));

    let revert = format!("{}/revert", authority(&site));
    owner.post(&revert, json!({})).await.expect(200);
    let shown = owner.get(&site_path).await.expect(200);
    assert_eq!(shown["managed_elsewhere"], Value::Null);
    drop(owner.post("/v1/grants", grant("user")).await.expect(201));
    owner.delete(&path).await.expect(204);
}
