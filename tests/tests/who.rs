//! Who may at a point, what a person may, and what the point answers: the same, three ways.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;

use keywatt_tests::facts::{instant, text};
use keywatt_tests::wire::{Version, status};
use keywatt_tests::{Server, Wire, unique};
use serde_json::json;

#[tokio::test]
async fn who_may_and_what_one_may_are_the_same_answer_and_the_door_gives_it_too() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let lock = owner.lock(&site).await;
    let doors = [owner.door(&lock, 1).await, owner.door(&lock, 2).await];
    let charger = owner.charger(&site, 2).await;
    let on_evse = owner.user(("evse", &charger.evses[1])).await;
    let denied = owner.user(site.node()).await;
    let denial = json!({ "role": "user", "effect": "deny" });
    owner.grant_with(&denied.0, doors[1].node(), denial).await;
    let ended = owner
        .person_with(json!({ "member_until": instant(-60) }))
        .await;
    owner.grant(&ended, "user", site.node()).await;
    let ended = (ended.clone(), owner.card(&ended).await);
    let early = owner.person().await;
    owner
        .grant_with(
            &early,
            site.node(),
            json!({
                "role": "user", "valid_from": instant(3600), "valid_until": instant(7200),
            }),
        )
        .await;
    let early = (early.clone(), owner.card(&early).await);
    let people = [
        owner.user(doors[0].node()).await,
        owner.user(site.node()).await,
        owner.user(charger.node()).await,
        on_evse,
        denied,
        ended,
        early,
    ];
    let points: Vec<(String, String)> = doors
        .iter()
        .map(|door| ("doors".to_owned(), door.id.clone()))
        .chain([("chargers".to_owned(), charger.id.clone())])
        .collect();
    for at in [None, Some(instant(5400))] {
        let query = at
            .as_ref()
            .map(|at| format!("&at={}", keywatt_tests::api::encode(at)));
        let query = query.unwrap_or_default();
        let mut seen = 0;
        for (kind, point) in &points {
            let path = format!("/v1/{kind}/{point}/who?action=use{query}");
            let who: BTreeSet<String> = owner
                .list(&path)
                .await
                .iter()
                .map(|row| text(row, "person_id"))
                .collect();
            for (person, _) in &people {
                let path = format!("/v1/people/{}/what?action=use{query}", person.id);
                let what: BTreeSet<String> = owner
                    .list(&path)
                    .await
                    .iter()
                    .map(|row| text(row, "node_id"))
                    .collect();
                assert_eq!(
                    who.contains(&person.id),
                    what.contains(point),
                    "{kind} {point}, person {}, at {at:?}",
                    person.id
                );
                seen += usize::from(who.contains(&person.id));
            }
        }
        assert!(seen >= 5, "of the people here {seen} may");
    }
    // What the doors say now.
    let wire = Wire::booted(&server.endpoint(&lock.station_id, Version::V201)).await;
    for door in &doors {
        let path = format!("/v1/doors/{}/who?action=use", door.id);
        let who: BTreeSet<String> = owner
            .list(&path)
            .await
            .iter()
            .map(|row| text(row, "person_id"))
            .collect();
        for (person, card) in &people {
            let id = unique::message_id();
            let told = wire
                .authorize_201_at_door(&id, &card.presented, Some(door.number))
                .await;
            let opens = status(&told) == "Accepted";
            assert_eq!(
                opens,
                who.contains(&person.id),
                "door {}, {told}",
                door.number
            );
        }
    }
}
