//! Handovers: an owner gives what they own to another person, who accepts.

use keywatt_tests::facts::{Installation, Person, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::{Api, DatabaseKind, Options, Response, Server};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Two, at_fault, fault};

/// Somebody with a login who was made owner of an installation.
async fn owner_of(all: &Api, site: &Installation) -> (Person, Api) {
    let (person, api) = all.person_with_login().await;
    all.grant(&person, "owner", site.node()).await;
    (person, api)
}

async fn offer(by: &Api, site: &Installation, to: &Person, leaves: Option<&str>) -> Response {
    let fields = json!({
        "resource": { "installation": site.id }, "to": to.id, "leaves_role": leaves,
    });
    by.post("/v1/handovers", fields).await
}

async fn accept(as_whom: &Api, handover: &str) -> Response {
    let path = format!("/v1/handovers/{handover}/accept");
    as_whom.post(&path, json!({})).await
}

async fn held_on(as_whom: &Api, site: &Installation) -> Vec<String> {
    let me = as_whom.get("/v1/me").await.ok();
    let held = me["persons"][0]["held"].as_array().unwrap();
    let there = held
        .iter()
        .find(|held| held["resource"] == json!({ "installation": site.id }));
    let actions = |held: &Value| serde_json::from_value(held["actions"].clone()).unwrap();
    there.map(actions).unwrap_or_default()
}

async fn changes_owner_on(database: DatabaseKind) {
    let server = Server::start(Options::on(database)).await;
    let all = server.owner();
    let site = all.installation().await;
    let (before, as_before) = owner_of(&all, &site).await;
    let (after, as_after) = all.person_with_login().await;
    let made = offer(&as_before, &site, &after, Some("user"))
        .await
        .expect(201);
    let id = text(&made, "id");
    assert_eq!(
        (&made["state"], &made["from"]),
        (&json!("open"), &json!(before.id))
    );
    assert!(
        held_on(&as_after, &site).await.is_empty(),
        "nothing before it is accepted"
    );

    accept(&as_before, &id)
        .await
        .problem(403, "handover_for_another");
    let (_, member) = all.person_with_login().await;
    accept(&member, &id).await.problem(404, "not_found");
    assert_eq!(as_after.list("/v1/handovers").await.len(), 1);

    let done = accept(&as_after, &id).await;
    assert!(done.headers.contains_key("keywatt-revision"), "{done}");
    assert_eq!(done.expect(200)["state"], "used");
    assert!(
        held_on(&as_after, &site)
            .await
            .contains(&"manage_access".to_owned())
    );
    assert_eq!(
        held_on(&as_before, &site).await,
        ["use", "remote_use", "stop_own", "view_own"]
    );
    accept(&as_after, &id).await.problem(409, "handover_used");
    let path = format!("/v1/handovers/{id}");
    as_after.delete(&path).await.problem(409, "handover_used");
}

#[tokio::test]
async fn ownership_passes_when_it_is_accepted_and_the_one_before_keeps_a_role() {
    changes_owner_on(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn ownership_passes_when_it_is_accepted_and_the_one_before_keeps_a_role_on_postgres() {
    changes_owner_on(DatabaseKind::Postgres).await;
}

#[tokio::test]
async fn of_two_handovers_of_one_owner_one_is_accepted_even_at_once() {
    let server = Server::plain().await;
    let all = server.owner();
    let site = all.installation().await;
    let (_, as_before) = owner_of(&all, &site).await;
    let mut offers = Vec::new();
    for _ in 0..6 {
        let (person, api) = all.person_with_login().await;
        let made = offer(&as_before, &site, &person, None).await.expect(201);
        offers.push((api, text(&made, "id")));
    }
    let mut at_once = JoinSet::new();
    for (api, id) in offers.clone() {
        at_once.spawn(async move { accept(&api, &id).await });
    }
    let mut accepted = 0;
    while let Some(answer) = at_once.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            200 => accepted += 1,
            _ => drop(answer.problem(409, "handover_void")),
        }
    }
    assert_eq!(accepted, 1);
    assert!(
        held_on(&as_before, &site).await.is_empty(),
        "nothing was left to them"
    );
    let mut owners = 0;
    for (api, _) in &offers {
        owners += usize::from(!held_on(api, &site).await.is_empty());
    }
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn the_organisation_itself_is_handed_over_and_never_left_without_an_owner() {
    let two = Two::make().await;
    let session = two.owner_session().await;
    let (heir, as_heir) = two.owner.person_with_login().await;
    let resource = json!({ "organisation": two.organisation });
    let fields = json!({ "resource": resource, "to": heir.id });
    let made = session
        .post("/v1/handovers", fields.clone())
        .await
        .expect(201);
    // Who may not own it, does not.
    let path = format!("/v1/people/{}", heir.id);
    two.owner
        .patch(&path, json!({ "state": "suspended" }))
        .await
        .expect(200);
    let refused = accept(&as_heir, &text(&made, "id")).await;
    assert_eq!(refused.status, 409, "{refused}");
    assert!(
        matches!(refused.code(), Some("last_owner" | "handover_void")),
        "{refused}"
    );
    assert_eq!(
        session.get("/v1/audit").await.status,
        200,
        "the owner is the owner still"
    );
    two.owner
        .patch(&path, json!({ "state": "active" }))
        .await
        .expect(200);
    accept(&as_heir, &text(&made, "id")).await.expect(200);
    assert_eq!(as_heir.get("/v1/audit").await.status, 200);
    session.get("/v1/audit").await.problem(404, "not_found");
    // A key of the one before does no more than they.
    two.owner.get("/v1/audit").await.problem(404, "not_found");
    session
        .post("/v1/handovers", fields)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn only_an_owner_there_who_is_logged_in_hands_over() {
    let two = Two::make().await;
    let all = &two.owner;
    let site = &two.site;
    let (owner, as_owner) = owner_of(all, site).await;
    let (heir, as_heir) = all.person_with_login().await;
    // The owner of it all owns the site by the organisation, and by a key.
    offer(all, site, &heir, None)
        .await
        .problem(403, "session_required");
    offer(&two.owner_session().await, site, &heir, None)
        .await
        .problem(409, "owned_above");
    // Who manages access and no more is no owner.
    let (manager, as_manager) = all.person_with_login().await;
    all.grant_with(
        &manager,
        site.node(),
        json!({ "actions": ["manage_access"] }),
    )
    .await;
    offer(&as_manager, site, &heir, None)
        .await
        .problem(403, "forbidden");
    offer(&as_heir, site, &owner, None)
        .await
        .problem(404, "not_found");

    let nobody = Person {
        id: uuid::Uuid::now_v7().to_string(),
    };
    let stranger = two.partner.person().await;
    let without_login = all.person().await;
    for (to, code) in [
        (&nobody, "unknown"),
        (&stranger, "unknown"),
        (&without_login, "invalid"),
        (&owner, "invalid"),
    ] {
        assert_eq!(
            at_fault(offer(&as_owner, site, to, None).await),
            fault("to", code)
        );
    }
    let stays = offer(&as_owner, site, &heir, Some("owner")).await;
    assert_eq!(at_fault(stays), fault("leaves_role", "invalid"));
    let charger = all.charger(site, 1).await;
    let fields = json!({ "resource": { "charger": charger.id }, "to": heir.id });
    let answer = as_owner.post("/v1/handovers", fields).await;
    assert_eq!(at_fault(answer), fault("resource", "invalid"));

    // Declined is declined.
    let made = offer(&as_owner, site, &heir, None).await.expect(201);
    let id = text(&made, "id");
    as_heir
        .delete(&format!("/v1/handovers/{id}"))
        .await
        .expect(204);
    accept(&as_heir, &id).await.problem(409, "handover_revoked");
    // Who is no owner any more hands nothing over.
    let made = offer(&as_owner, site, &heir, None).await.expect(201);
    let grants = all
        .list(&format!("/v1/grants?person_id={}", owner.id))
        .await;
    all.revoke(&text(&grants[0], "id")).await;
    accept(&as_heir, &text(&made, "id"))
        .await
        .problem(409, "handover_void");
    assert_eq!(organisation_of(&as_heir).await, two.organisation);
}
