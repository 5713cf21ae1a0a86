//! Partners: found by a key, confirmed by an owner, ended by either.

use keywatt_tests::facts::{instant, text};
use keywatt_tests::{Api, DatabaseKind, Response, unique};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Two, at_fault, confirm, fault, ids};

async fn look_up(as_whom: &Api, key: &str) -> Response {
    let fields = json!({ "lookup_key": key });
    as_whom.post("/v1/partners/lookup", fields).await
}

async fn propose(two: &Two, key: &str, role: &str) -> Response {
    let fields = json!({
        "lookup_key": key, "role": role, "resource": { "installation": two.site.id },
    });
    two.owner.post("/v1/partners", fields).await
}

#[tokio::test]
async fn a_key_says_who_it_is_and_gives_nothing() {
    let two = Two::make().await;
    let path = format!("/v1/organisations/{}/lookup-key", two.partner_organisation);
    let before = two.partner.get(&path).await.expect(200);
    assert_eq!(before["lookup_key"], Value::Null);
    two.partner.delete(&path).await.problem(404, "not_found");
    let key = two.key().await;
    assert_eq!(key.len(), 4);
    assert!(!key.contains(['0', '1', 'I', 'O']), "{key}");
    let audit = two.owner.list("/v1/audit").await.len();
    let found = look_up(&two.owner, &format!(" {} ", key.to_lowercase())).await;
    assert!(!found.headers.contains_key("keywatt-revision"), "{found}");
    assert!(!found.text.contains(&two.partner_organisation), "{found}");
    let found = found.expect(200);
    assert_eq!(found["name"], "Installer Ltd");
    assert_eq!(found["verified"], false);
    assert_eq!(two.owner.list("/v1/audit").await.len(), audit);
    assert!(two.partner.list("/v1/installations").await.is_empty());

    let renewed = two.key().await;
    assert_ne!(renewed, key);
    look_up(&two.owner, &key).await.problem(404, "not_found");
    assert_eq!(look_up(&two.owner, &renewed).await.status, 200);
    for bad in ["", "ABC", "ABCDE", "AB0D", "AB D!"] {
        let answer = look_up(&two.owner, bad).await;
        assert_eq!(at_fault(answer), fault("lookup_key", "invalid"));
    }
    two.partner.delete(&path).await.expect(204);
    look_up(&two.owner, &renewed)
        .await
        .problem(404, "not_found");

    // Others make no key for it.
    two.owner
        .put(&path, json!({}))
        .await
        .problem(404, "not_found");
    let (_, member) = two.partner.person_with_login().await;
    member.put(&path, json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn keys_are_not_tried_at_will() {
    let two = Two::make().await;
    let (_, curious) = two.owner.person_with_login().await;
    let mut answers = Vec::new();
    for _ in 0..15 {
        answers.push(look_up(&curious, "ZZZZ").await.status);
    }
    assert_eq!(answers[0], 404);
    let refused = look_up(&curious, "ZZZZ").await;
    assert!(refused.headers.contains_key("retry-after"), "{refused}");
    refused.problem(429, "too_many_requests");
    // Another one is not kept out.
    assert_eq!(look_up(&two.owner, "ZZZZ").await.status, 404);
}

#[tokio::test]
async fn a_verified_name_is_set_by_who_runs_the_deployment_and_is_not_changed_by_the_partner() {
    let two = Two::make().await;
    let key = two.key().await;
    let verified = json!({ "lookup_key": key, "name": "Installer Limited" });
    two.partner
        .post("/v1/partners/verify", verified.clone())
        .await
        .problem(404, "not_found");
    let (person, user) = two.owner.person_with_login().await;
    two.owner
        .grant(&person, "user", ("organisation", &two.organisation))
        .await;
    user.post("/v1/partners/verify", verified.clone())
        .await
        .problem(403, "forbidden");
    let blank = json!({ "lookup_key": key, "name": " " });
    let answer = two.owner.post("/v1/partners/verify", blank).await;
    assert_eq!(at_fault(answer), fault("name", "required"));
    let shown = two
        .owner
        .post("/v1/partners/verify", verified)
        .await
        .expect(200);
    assert_eq!(shown["verified"], true);

    let path = format!("/v1/organisations/{}", two.partner_organisation);
    two.partner
        .patch(&path, json!({ "name": "The Owner Itself" }))
        .await
        .expect(200);
    let found = look_up(&two.owner, &key).await.expect(200);
    assert_eq!(
        (&found["name"], &found["verified"]),
        (&json!("Installer Limited"), &json!(true))
    );
    let taken = json!({ "lookup_key": key, "name": null });
    two.owner
        .post("/v1/partners/verify", taken)
        .await
        .expect(200);
    let found = look_up(&two.owner, &key).await.expect(200);
    assert_eq!(
        (&found["name"], &found["verified"]),
        (&json!("The Owner Itself"), &json!(false))
    );
}

async fn begins_and_ends_on(database: DatabaseKind) {
    let two = Two::on(database).await;
    let charger = two.owner.charger(&two.site, 1).await;
    let key = two.key().await;
    let resource = json!({ "installation": two.site.id });
    // Nothing is given to who is no partner.
    let grant = json!({
        "subject": { "partner": two.partner_organisation }, "role": "service",
        "resource": resource,
    });
    two.owner
        .post("/v1/grants", grant.clone())
        .await
        .problem(409, "no_partnership");
    let proposed = propose(&two, &key, "service").await.expect(201);
    let id = text(&proposed, "id");
    assert_eq!(
        (&proposed["state"], &proposed["partner"]["name"]),
        (&json!("proposed"), &json!("Installer Ltd"))
    );
    two.owner
        .post("/v1/grants", grant.clone())
        .await
        .problem(409, "no_partnership");
    assert!(two.partner.list("/v1/installations").await.is_empty());
    assert_eq!(
        ids(&two.partner.list("/v1/partners").await),
        std::slice::from_ref(&id)
    );
    propose(&two, &key, "service")
        .await
        .problem(409, "partnership_exists");
    // The partner does not confirm for the owner.
    confirm(&two.partner, &id).await.problem(404, "not_found");

    let confirmed = confirm(&two.owner, &id).await;
    assert!(
        confirmed.headers.contains_key("keywatt-revision"),
        "{confirmed}"
    );
    assert_eq!(confirmed.expect(200)["state"], "confirmed");
    confirm(&two.owner, &id)
        .await
        .problem(409, "partnership_confirmed");
    // All its members, present and future, see what they work on.
    let (_, member) = two.partner.person_with_login().await;
    for one in [&two.partner, &member] {
        assert_eq!(
            ids(&one.list("/v1/installations").await),
            std::slice::from_ref(&two.site.id)
        );
        assert_eq!(
            ids(&one.list("/v1/chargers").await),
            std::slice::from_ref(&charger.id)
        );
        assert_eq!(one.list("/v1/stations").await.len(), 1);
        let path = format!("/v1/chargers/{}", charger.id);
        let renamed = json!({ "name": "Mended" });
        assert_eq!(one.patch(&path, renamed).await.status, 200);
        let me = one.get("/v1/me").await.ok();
        let held = me["persons"][0]["held"].as_array().unwrap().clone();
        assert!(held.iter().any(|held| held["resource"] == resource), "{me}");
    }
    let shown = two
        .owner
        .get(&format!("/v1/partners/{id}"))
        .await
        .expect(200);
    assert_eq!(shown["partner_members"], 2);
    // A further grant, now that it is a partner.
    drop(two.owner.post("/v1/grants", grant).await.expect(201));

    let path = format!("/v1/partners/{id}");
    member.delete(&path).await.problem(404, "not_found");
    let ended = two.partner.delete(&path).await;
    assert!(ended.headers.contains_key("keywatt-revision"), "{ended}");
    ended.expect(204);
    for one in [&two.partner, &member] {
        assert!(one.list("/v1/installations").await.is_empty());
        one.get(&format!("/v1/chargers/{}", charger.id))
            .await
            .problem(404, "not_found");
    }
    two.owner
        .delete(&path)
        .await
        .problem(409, "partnership_ended");
    let shown = two.owner.get(&path).await.expect(200);
    assert_eq!(
        (&shown["state"], &shown["ended_by"]),
        (&json!("ended"), &json!("partner"))
    );
    // It may begin again.
    drop(propose(&two, &key, "service").await.expect(201));
}

#[tokio::test]
async fn a_partnership_gives_all_members_what_was_confirmed_and_ends_at_once() {
    begins_and_ends_on(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn a_partnership_gives_all_members_what_was_confirmed_and_ends_at_once_on_postgres() {
    begins_and_ends_on(DatabaseKind::Postgres).await;
}

#[tokio::test]
async fn the_owner_ends_it_too_and_the_keys_of_the_partner_do_nothing_any_more() {
    let two = Two::make().await;
    let id = two.joined().await;
    let fields = json!({
        "name": "K", "scopes": ["service", "manage_settings"],
        "node": { "installation": two.site.id },
    });
    let made = two.partner.post("/v1/api-keys", fields).await.expect(201);
    let keyed = two.partner.with_key(&text(&made, "key"));
    let site = format!("/v1/installations/{}", two.site.id);
    keyed
        .patch(&site, json!({ "name": "By key" }))
        .await
        .expect(200);
    assert!(ids(&two.partner.list("/v1/api-keys").await).contains(&text(&made, "id")));
    let path = format!("/v1/partners/{id}");
    two.owner.delete(&path).await.expect(204);
    keyed
        .patch(&site, json!({ "name": "By key" }))
        .await
        .problem(404, "not_found");
    assert_eq!(two.owner.get(&path).await.ok()["ended_by"], "owner");
    let grants = two.owner.list("/v1/grants?include_revoked=true").await;
    let of_partner: Vec<&Value> = grants
        .iter()
        .filter(|grant| grant["subject"]["partner"].is_string())
        .collect();
    assert!(!of_partner.is_empty());
    assert!(
        of_partner
            .iter()
            .all(|grant| grant["revoked_at"].is_string())
    );
}

#[tokio::test]
async fn nobody_confirms_or_gives_by_a_partner_what_they_do_not_hold() {
    let two = Two::make().await;
    let key = two.key().await;
    let proposed = propose(&two, &key, "owner").await.expect(201);
    let id = text(&proposed, "id");
    // Who manages access and does service proposes an owner, and cannot confirm it.
    let (manager, as_manager) = two.owner.person_with_login().await;
    let actions = json!({ "actions": ["manage_access", "service", "manage_settings"] });
    two.owner
        .grant_with(&manager, two.site.node(), actions)
        .await;
    confirm(&as_manager, &id).await.problem(403, "forbidden");
    let fields = json!({ "name": "K", "scopes": ["manage_access"], "node": { "installation": two.site.id } });
    let made = two.owner.post("/v1/api-keys", fields).await.expect(201);
    let keyed = two.owner.with_key(&text(&made, "key"));
    confirm(&keyed, &id).await.problem(403, "forbidden");
    two.owner
        .delete(&format!("/v1/partners/{id}"))
        .await
        .expect(204);
    confirm(&two.owner, &id)
        .await
        .problem(409, "partnership_ended");

    let proposed = propose(&two, &key, "service").await.expect(201);
    confirm(&as_manager, &text(&proposed, "id"))
        .await
        .expect(200);
    let owner = json!({
        "subject": { "partner": two.partner_organisation }, "role": "owner",
        "resource": { "installation": two.site.id },
    });
    as_manager
        .post("/v1/grants", owner.clone())
        .await
        .problem(403, "forbidden");
    // The partner itself manages no access, until it is given that by name; then no more than it
    // holds.
    let to_itself = json!({
        "subject": { "partner": two.partner_organisation }, "actions": ["service"],
        "resource": { "installation": two.site.id },
    });
    two.partner
        .post("/v1/grants", to_itself.clone())
        .await
        .problem(403, "forbidden");
    let by_name = json!({
        "subject": { "partner": two.partner_organisation }, "actions": ["manage_access"],
        "resource": { "installation": two.site.id },
    });
    drop(two.owner.post("/v1/grants", by_name).await.expect(201));
    drop(two.partner.post("/v1/grants", to_itself).await.expect(201));
    two.partner
        .post("/v1/grants", owner)
        .await
        .problem(403, "forbidden");
    // Nor does it take the owner's place or right away.
    let grants = two.owner.list("/v1/grants").await;
    let owners = grants
        .iter()
        .find(|grant| grant["role"] == "owner")
        .unwrap();
    let taken = two
        .partner
        .delete(&format!("/v1/grants/{}", text(owners, "id")))
        .await;
    assert!(matches!(taken.status, 403 | 404), "{taken}");
}

#[tokio::test]
async fn a_partner_asks_by_a_link_and_the_owner_says_what_and_where() {
    let two = Two::make().await;
    let other = two.owner.installation().await;
    let asked = json!({ "role": "service", "message": "For the heat pump" });
    let made = two
        .partner
        .post("/v1/partner-links", asked)
        .await
        .expect(201);
    let token = text(&made, "token");
    let shown = two
        .owner
        .post("/v1/partner-links/look-up", json!({ "token": token }))
        .await
        .expect(200);
    assert_eq!(shown["partner"]["name"], "Installer Ltd");
    assert_eq!(
        (&shown["role"], &shown["message"]),
        (&json!("service"), &json!("For the heat pump"))
    );
    let consent = |token: &str| {
        json!({
            "token": token, "resource": { "installation": two.site.id },
        })
    };
    // Who may not give it, does not.
    let (person, user) = two.owner.person_with_login().await;
    two.owner.grant(&person, "user", two.site.node()).await;
    user.post("/v1/partner-links/confirm", consent(&token))
        .await
        .problem(403, "forbidden");
    let own = json!({ "token": token, "resource": { "organisation": two.partner_organisation } });
    let answer = two.partner.post("/v1/partner-links/confirm", own).await;
    assert_eq!(at_fault(answer), fault("resource", "invalid"));

    // Of many at once one is the owner's word.
    let mut at_once = JoinSet::new();
    for _ in 0..4 {
        let (owner, body) = (two.owner.clone(), consent(&token));
        at_once.spawn(async move { owner.post("/v1/partner-links/confirm", body).await });
    }
    let mut confirmed = Vec::new();
    while let Some(answer) = at_once.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            201 => confirmed.push(answer.body),
            _ => drop(answer.problem(409, "link_used")),
        }
    }
    assert_eq!(confirmed.len(), 1);
    assert_eq!(confirmed[0]["state"], "confirmed");
    let seen = ids(&two.partner.list("/v1/installations").await);
    assert_eq!(seen, std::slice::from_ref(&two.site.id));
    let links = two.partner.list("/v1/partner-links").await;
    assert_eq!(links[0]["partnership_id"], confirmed[0]["id"]);
    assert!(two.owner.list("/v1/partner-links").await.is_empty());

    // Another link adds to the same partnership, with what the owner says.
    let asked = json!({ "actions": ["service", "reports"] });
    let made = two
        .partner
        .post("/v1/partner-links", asked)
        .await
        .expect(201);
    let consent = json!({
        "token": text(&made, "token"), "actions": ["service"],
        "resource": { "installation": other.id }, "valid_until": instant(3600),
    });
    let second = two
        .owner
        .post("/v1/partner-links/confirm", consent)
        .await
        .expect(201);
    assert_eq!(second["id"], confirmed[0]["id"]);
    let grants = two
        .owner
        .list(&format!("/v1/grants?node_id={}", other.id))
        .await;
    assert_eq!(grants[0]["actions"], json!(["service"]));

    // Withdrawn, over, and nonsense.
    let made = two
        .partner
        .post("/v1/partner-links", json!({ "role": "service" }))
        .await
        .expect(201);
    let path = format!("/v1/partner-links/{}", text(&made["link"], "id"));
    two.owner.delete(&path).await.problem(404, "not_found");
    two.partner.delete(&path).await.expect(204);
    two.partner.delete(&path).await.problem(409, "link_revoked");
    let body = json!({ "token": text(&made, "token"), "resource": { "installation": other.id } });
    two.owner
        .post("/v1/partner-links/confirm", body)
        .await
        .problem(409, "link_revoked");
}

#[tokio::test]
async fn bad_proposals_name_the_field() {
    let two = Two::make().await;
    let key = two.key().await;
    let (_, member) = two.owner.person_with_login().await;
    let good = json!({
        "lookup_key": key, "role": "service", "resource": { "installation": two.site.id },
    });
    member
        .post("/v1/partners", good.clone())
        .await
        .problem(404, "not_found");
    let path = format!("/v1/organisations/{}/lookup-key", two.organisation);
    let own = text(&two.owner.put(&path, json!({})).await.ok(), "lookup_key");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, field, code) in [
        (with("lookup_key", json!(own)), "lookup_key", "invalid"),
        (with("lookup_key", json!("x")), "lookup_key", "invalid"),
        (with("role", Value::Null), "role", "required"),
        (
            with("message", json!("x".repeat(501))),
            "message",
            "too_long",
        ),
        (
            with("valid_until", json!(instant(-1))),
            "valid_until",
            "out_of_range",
        ),
    ] {
        let answer = two.owner.post("/v1/partners", body).await;
        assert_eq!(at_fault(answer), fault(field, code));
    }
    assert!(two.owner.list("/v1/partners").await.is_empty());
    let answer = two
        .partner
        .post(
            "/v1/partner-links",
            json!({ "role": "service", "expires_at": instant(86_400 * 40) }),
        )
        .await;
    assert_eq!(at_fault(answer), fault("expires_at", "out_of_range"));
    let unknown = json!({ "token": unique::email() });
    two.owner
        .post("/v1/partner-links/look-up", unknown)
        .await
        .problem(404, "not_found");
}
