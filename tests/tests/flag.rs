//! Authorization required, or not: by hours, over time, and what becomes of chargers' own flags.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::text;
use keywatt_tests::wire::{Presented, Version};
use keywatt_tests::{Api, Server, Wire, unique};
use serde_json::{Value, json};

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

async fn stranger(wire: &Wire) -> String {
    wire.status_of(&Presented::card(&unique::card())).await
}

#[tokio::test]
async fn it_is_open_while_a_schedule_holds() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V201)).await;
    let (site_path, charger_path) = (
        format!("/v1/installations/{}", site.id),
        format!("/v1/chargers/{}", charger.id),
    );
    let (holds, never) = (schedule(&owner, true).await, schedule(&owner, false).await);

    assert_eq!(stranger(&wire).await, "Unknown");
    let fields = json!({ "authorization_required": "open", "open_schedule_id": holds });
    let shown = owner.patch(&site_path, fields).await.expect(200);
    assert_eq!(shown["open_schedule_id"], json!(holds));
    assert_eq!(stranger(&wire).await, "Accepted");
    let shown = owner.get(&charger_path).await.expect(200);
    assert_eq!(shown["effective_authorization_required"], "open");

    let fields = json!({ "open_schedule_id": never });
    owner.patch(&site_path, fields).await.expect(200);
    assert_eq!(stranger(&wire).await, "Unknown");
    let shown = owner.get(&charger_path).await.expect(200);
    assert_eq!(shown["effective_authorization_required"], "required");

    // The charger's own, by other hours than the installation's.
    let fields = json!({ "authorization_required": "open", "open_schedule_id": holds });
    let shown = owner.patch(&charger_path, fields).await.expect(200);
    assert_eq!(shown["effective_authorization_required"], "open");
    assert_eq!(stranger(&wire).await, "Accepted");
    owner
        .delete(&format!("/v1/schedules/{holds}"))
        .await
        .problem(409, "in_use");
    let fields = json!({ "open_schedule_id": null });
    let shown = owner.patch(&charger_path, fields).await.expect(200);
    assert_eq!(shown["open_schedule_id"], Value::Null);
    assert_eq!(stranger(&wire).await, "Accepted");
}

#[tokio::test]
async fn hours_of_nobody_or_of_others_are_refused() {
    let mut server = Server::plain().await;
    // With SQLite another owner is made while the server is away.
    server.terminate();
    let other_key = server.create_owner(&unique::email(), Some("Others"));
    server.start_again();
    let (owner, other) = (server.owner(), server.api(&other_key));
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let theirs = schedule(&other, true).await;
    for id in [theirs.as_str(), "018f0000-0000-7000-8000-000000000000"] {
        for path in [
            format!("/v1/installations/{}", site.id),
            format!("/v1/chargers/{}", charger.id),
        ] {
            let refused = owner.patch(&path, json!({ "open_schedule_id": id })).await;
            let body = refused.problem(422, "invalid");
            assert_eq!(body["errors"][0]["field"], "open_schedule_id", "{body}");
            assert_eq!(body["errors"][0]["code"], "unknown", "{body}");
        }
        let new = json!({ "name": "New", "open_schedule_id": id });
        let refused = owner.post("/v1/installations", new).await;
        drop(refused.problem(422, "invalid"));
        let new = json!({
            "installation_id": site.id, "station_id": unique::station_id("CP"), "open_schedule_id": id,
        });
        drop(
            owner
                .post("/v1/chargers", new)
                .await
                .problem(422, "invalid"),
        );
    }
}

#[tokio::test]
async fn the_installations_flag_never_erases_a_chargers_own_and_reset_does() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let with = async |flag: &str| {
        let fields = json!({ "authorization_required": flag });
        owner.charger_with(&site, 1, fields).await.id
    };
    let (inherits, required, open) = (
        with("inherit").await,
        with("required").await,
        with("open").await,
    );
    let own = async |id: &str| {
        let shown = owner.get(&format!("/v1/chargers/{id}")).await.expect(200);
        text(&shown, "authorization_required")
    };
    let path = format!("/v1/installations/{}", site.id);
    assert_eq!(
        owner.get(&path).await.expect(200)["chargers_that_differ"],
        1
    );
    let fields = json!({ "authorization_required": "open" });
    let shown = owner.patch(&path, fields).await.expect(200);
    assert_eq!(shown["chargers_that_differ"], 1, "the other one");
    assert_eq!(own(&required).await, "required");
    assert_eq!(own(&open).await, "open");

    let reset = owner
        .post(&format!("{path}/reset-charger-flags"), json!({}))
        .await
        .expect(200);
    assert_eq!(reset["charger_ids"], json!([required]));
    assert_eq!(own(&required).await, "inherit");
    assert_eq!(own(&open).await, "open", "it did not differ");
    assert_eq!(own(&inherits).await, "inherit");
    assert_eq!(
        owner.get(&path).await.expect(200)["chargers_that_differ"],
        0
    );
}

#[tokio::test]
async fn the_history_says_what_it_was_and_who_said_so() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let begin = async |card: &str| {
        let id = unique::message_id();
        wire.start_16(&id, 1, &Presented::card(card)).await.info["status"].clone()
    };
    assert_eq!(begin(&unique::card()).await, "Invalid");
    let path = format!("/v1/installations/{}", site.id);
    let turn = async |fields: Value| {
        drop(owner.patch(&path, fields).await.expect(200));
    };
    turn(json!({ "authorization_required": "open" })).await;
    assert_eq!(begin(&unique::card()).await, "Accepted");
    turn(json!({ "open_schedule_id": schedule(&owner, false).await })).await;
    let charger_path = format!("/v1/chargers/{}", charger.id);
    let fields = json!({ "authorization_required": "open" });
    drop(owner.patch(&charger_path, fields).await.expect(200));

    let history = owner.list(&format!("{charger_path}/flag-history")).await;
    let told: Vec<(&str, &str)> = history
        .iter()
        .map(|span| {
            let word = |field: &str| span[field].as_str().unwrap();
            (word("authorization_required"), word("source"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("required", "installation"),
            ("open", "installation"),
            ("required", "installation"),
            ("open", "charger"),
        ],
        "{history:?}"
    );
    for pair in history.windows(2) {
        assert_eq!(pair[0]["until"], pair[1]["from"], "{history:?}");
    }
    assert_eq!(history[3]["until"], Value::Null, "it still is so");
    // In pieces it is the same.
    let pieces = owner
        .list(&format!("{charger_path}/flag-history?limit=1"))
        .await;
    assert_eq!(pieces.len(), 4);

    let rows = owner
        .list(&format!("/v1/transactions?charger={}", charger.id))
        .await;
    let mut flags: Vec<(bool, &str)> = rows
        .iter()
        .map(|row| {
            let flag = row["authorization_required"].as_str().unwrap();
            (row["refused"].as_bool().unwrap(), flag)
        })
        .collect();
    flags.sort_unstable();
    assert_eq!(flags, [(false, "open"), (true, "required")]);

    let refused =
        format!("{charger_path}/flag-history?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z");
    drop(owner.get(&refused).await.problem(422, "invalid"));
    let refused = format!("{charger_path}/flag-history?limit=0");
    drop(owner.get(&refused).await.problem(400, "invalid_query"));
    let refused = format!("{charger_path}/flag-history?cursor=yesterday");
    drop(owner.get(&refused).await.problem(422, "invalid"));
}
