//! Invitations: a right offered to an e-mail address by a link that works once.

use keywatt_tests::facts::{Installation, instant, text};
use keywatt_tests::site::organisation_of;
use keywatt_tests::{Api, DEADLINE, DatabaseKind, Options, Response, Server, eventually, unique};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{PASSWORD, Two, at_fault, fault};

/// Invites somebody as a user of an installation; the invitation and its token.
async fn invite(by: &Api, email: &str, site: &Installation, mut more: Value) -> (Value, String) {
    more["email"] = json!(email);
    more["resource"] = json!({ "installation": site.id });
    if more["role"].is_null() && more["actions"].is_null() {
        more["role"] = json!("user");
    }
    let body = by.post("/v1/invitations", more).await.expect(201);
    (body["invitation"].clone(), text(&body, "token"))
}

async fn look_at(api: &Api, token: &str) -> Response {
    let path = "/v1/invitations/look-up";
    api.anonymous().post(path, json!({ "token": token })).await
}

async fn accept(as_whom: &Api, token: &str) -> Response {
    let path = "/v1/invitations/accept";
    as_whom.post(path, json!({ "token": token })).await
}

async fn register(api: &Api, token: &str) -> Response {
    let fields = json!({ "token": token, "name": "Ada", "password": PASSWORD });
    api.anonymous()
        .post("/v1/invitations/register", fields)
        .await
}

async fn joins_on(database: DatabaseKind) {
    let server = Server::start(Options::on(database)).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let email = unique::email();
    let more = json!({ "message": "Welcome", "valid_until": instant(86_400 * 20) });
    let (invitation, token) = invite(&owner, &email.to_uppercase(), &site, more).await;
    assert_eq!(invitation["state"], "open");
    assert_eq!(invitation["email"], json!(email));

    // Whoever has the link sees what is offered, and little else.
    let seen = look_at(&owner, &token).await;
    assert_eq!(seen.status, 200, "{seen}");
    assert_eq!(seen.body["role"], "user");
    assert_eq!(seen.body["resource_kind"], "installation");
    assert_eq!(seen.body["resource_name"], "Test site");
    assert_eq!(seen.body["message"], "Welcome");
    for hidden in [
        &email,
        &site.id,
        &text(&invitation, "id"),
        &organisation_of(&owner).await,
    ] {
        assert!(!seen.text.contains(hidden.as_str()), "{hidden} in {seen}");
    }

    let joined = register(&owner, &token).await.expect(201);
    let person = text(&joined, "person_id");
    assert_eq!(joined["grant"]["source"], "invitation");
    let session = owner.session(&email, PASSWORD).await;
    let me = session.get("/v1/me").await.ok();
    assert_eq!(me["persons"][0]["person_id"], json!(person));
    assert_eq!(me["persons"][0]["name"], "Ada");
    assert_eq!(
        me["persons"][0]["held"][0]["resource"],
        json!({ "installation": site.id })
    );
    let chargers = session.list("/v1/chargers").await;
    assert_eq!(chargers[0]["id"], json!(charger.id));

    // It works once, whichever way.
    look_at(&owner, &token)
        .await
        .problem(409, "invitation_used");
    register(&owner, &token)
        .await
        .problem(409, "invitation_used");
    accept(&session, &token)
        .await
        .problem(409, "invitation_used");
    let path = format!("/v1/invitations/{}", text(&invitation, "id"));
    let now = owner.get(&path).await.expect(200);
    assert_eq!(
        (&now["state"], &now["accepted_by"]),
        (&json!("used"), &json!(person))
    );
    assert_eq!(now["grant_id"], joined["grant"]["id"]);
    owner.delete(&path).await.problem(409, "invitation_used");
    owner
        .post(&format!("{path}/link"), json!({}))
        .await
        .problem(409, "invitation_used");
    // The token is nowhere to be read again, and who was invited is in no log of changes.
    for list in ["/v1/invitations", "/v1/audit"] {
        let answer = owner.get(list).await;
        assert!(!answer.text.contains(&token), "{answer}");
    }
    let audit = owner.list("/v1/audit").await;
    let noted: Vec<&Value> = audit
        .iter()
        .filter(|entry| entry["kind"] == "invitation")
        .collect();
    assert_eq!(noted.len(), 2, "{audit:#?}");
    assert!(
        noted
            .iter()
            .all(|entry| !entry.to_string().contains(&email))
    );
}

#[tokio::test]
async fn whoever_is_invited_joins_with_a_new_login_once() {
    joins_on(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn whoever_is_invited_joins_with_a_new_login_once_on_postgres() {
    joins_on(DatabaseKind::Postgres).await;
}

async fn once_of_many_on(database: DatabaseKind) {
    let server = Server::start(Options::on(database)).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let (_, session) = owner.person_with_login().await;
    let email = text(&session.get("/v1/me").await.ok()["account"], "email");
    let (_, token) = invite(&owner, &email, &site, json!({})).await;
    let mut at_once = JoinSet::new();
    for _ in 0..20 {
        let (session, token) = (session.clone(), token.clone());
        at_once.spawn(async move { accept(&session, &token).await });
    }
    let mut accepted = 0;
    while let Some(answer) = at_once.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            201 => accepted += 1,
            _ => drop(answer.problem(409, "invitation_used")),
        }
    }
    assert_eq!(accepted, 1);
    let grants = session.list("/v1/grants").await;
    assert_eq!(grants.len(), 1, "{grants:?}");
}

#[tokio::test]
async fn of_many_who_accept_at_once_one_does() {
    once_of_many_on(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn of_many_who_accept_at_once_one_does_on_postgres() {
    once_of_many_on(DatabaseKind::Postgres).await;
}

#[tokio::test]
async fn of_many_who_register_at_once_one_does() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let email = unique::email();
    let (_, token) = invite(&owner, &email, &site, json!({})).await;
    let mut at_once = JoinSet::new();
    for _ in 0..8 {
        let (owner, token) = (owner.clone(), token.clone());
        at_once.spawn(async move { register(&owner, &token).await });
    }
    let mut accepted = 0;
    while let Some(answer) = at_once.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            201 => accepted += 1,
            _ => assert!(
                matches!(answer.code(), Some("invitation_used" | "login_exists")),
                "{answer}"
            ),
        }
    }
    assert_eq!(accepted, 1);
    let people = owner.list("/v1/people").await;
    let joined = people
        .iter()
        .filter(|person| person["email"] == json!(email));
    assert_eq!(joined.count(), 1);
}

#[tokio::test]
async fn an_invitation_ends_by_its_time_by_a_new_link_and_by_being_withdrawn() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let (invitation, token) = invite(
        &owner,
        &unique::email(),
        &site,
        json!({ "expires_at": instant(4) }),
    )
    .await;
    let path = format!("/v1/invitations/{}", text(&invitation, "id"));
    eventually("the invitation is over", DEADLINE, || async {
        (owner.get(&path).await.ok()["state"] == "expired").then_some(())
    })
    .await;
    look_at(&owner, &token)
        .await
        .problem(409, "invitation_expired");
    register(&owner, &token)
        .await
        .problem(409, "invitation_expired");

    assert_eq!(owner.get(&path).await.ok()["state"], "expired");
    let renewed = owner
        .post(&format!("{path}/link"), json!({}))
        .await
        .expect(201);
    assert_eq!(renewed["invitation"]["state"], "open");
    let second = text(&renewed, "token");
    look_at(&owner, &token).await.problem(404, "not_found");
    assert_eq!(look_at(&owner, &second).await.status, 200);

    owner.delete(&path).await.expect(204);
    look_at(&owner, &second)
        .await
        .problem(409, "invitation_revoked");
    register(&owner, &second)
        .await
        .problem(409, "invitation_revoked");
    owner.delete(&path).await.problem(409, "invitation_revoked");
    look_at(&owner, "nonsense").await.problem(404, "not_found");
    register(&owner, "nonsense").await.problem(404, "not_found");
}

#[tokio::test]
async fn it_is_accepted_by_the_address_that_was_invited_and_by_a_person() {
    let two = Two::make().await;
    let (_, token) = invite(&two.owner, &unique::email(), &two.site, json!({})).await;
    let (_, other) = two.owner.person_with_login().await;
    accept(&other, &token)
        .await
        .problem(403, "invitation_for_another");
    accept(&two.owner, &token)
        .await
        .problem(403, "session_required");
    accept(&two.owner.anonymous(), &token)
        .await
        .problem(401, "unauthenticated");

    // A login of elsewhere comes to belong here too; none is made for an address that has one.
    let (_, stranger) = two.partner.person_with_login().await;
    let email = text(&stranger.get("/v1/me").await.ok()["account"], "email");
    let (_, token) = invite(&two.owner, &email, &two.site, json!({})).await;
    register(&two.owner, &token)
        .await
        .problem(409, "login_exists");
    let joined = accept(&stranger, &token).await.expect(201);
    assert_eq!(joined["organisation_id"], json!(two.organisation));
    let me = stranger.get("/v1/me").await.ok();
    assert_eq!(me["persons"].as_array().unwrap().len(), 2, "{me}");
    // The next right goes to the person they are here already.
    let (_, token) = invite(&two.owner, &email, &two.site, json!({})).await;
    let again = accept(&stranger, &token).await.expect(201);
    assert_eq!(again["person_id"], joined["person_id"]);
}

#[tokio::test]
async fn a_person_who_waits_for_a_login_gets_it_unless_they_hold_more_than_who_invites() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let email = unique::email();
    let waiting = owner
        .person_with(json!({ "email": email, "name": "Bo" }))
        .await;
    let (invitation, token) = invite(&owner, &email, &site, json!({})).await;
    assert_eq!(invitation["person_id"], json!(waiting.id));
    let joined = register(&owner, &token).await.expect(201);
    assert_eq!(joined["person_id"], json!(waiting.id));
    let fields = json!({
        "email": email, "person_id": waiting.id, "role": "user",
        "resource": { "installation": site.id },
    });
    owner
        .post("/v1/invitations", fields)
        .await
        .problem(409, "login_exists");

    // Who manages access at the site only gives nobody the place of an owner of it all.
    let (manager, as_manager) = owner.person_with_login().await;
    let actions =
        json!({ "actions": ["manage_access", "use", "remote_use", "stop_own", "view_own"] });
    owner.grant_with(&manager, site.node(), actions).await;
    let email = unique::email();
    let mighty = owner
        .person_with(json!({ "email": email, "managed_at": { "installation": site.id } }))
        .await;
    let organisation = organisation_of(&owner).await;
    owner
        .grant(&mighty, "owner", ("organisation", &organisation))
        .await;
    let named = json!({
        "email": email, "person_id": mighty.id, "role": "user",
        "resource": { "installation": site.id },
    });
    as_manager
        .post("/v1/invitations", named)
        .await
        .problem(403, "forbidden");
    let (invitation, token) = invite(&as_manager, &email, &site, json!({})).await;
    assert_eq!(invitation["person_id"], Value::Null);
    let joined = register(&owner, &token).await.expect(201);
    assert_ne!(joined["person_id"], json!(mighty.id));
    let session = owner.session(&email, PASSWORD).await;
    session.get("/v1/audit").await.problem(404, "not_found");

    // The same where they came to hold it after they were invited.
    let email = unique::email();
    let grown = owner
        .person_with(json!({ "email": email, "managed_at": { "installation": site.id } }))
        .await;
    let (invitation, token) = invite(&as_manager, &email, &site, json!({})).await;
    assert_eq!(invitation["person_id"], json!(grown.id));
    owner
        .grant(&grown, "owner", ("organisation", &organisation))
        .await;
    let joined = register(&owner, &token).await.expect(201);
    assert_ne!(joined["person_id"], json!(grown.id));
}

#[tokio::test]
async fn nobody_offers_more_than_they_hold() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let (manager, as_manager) = owner.person_with_login().await;
    let actions = json!({ "actions": ["manage_access", "service"] });
    owner.grant_with(&manager, site.node(), actions).await;
    let offer = |role: &str| {
        json!({
            "email": unique::email(), "role": role, "resource": { "installation": site.id },
        })
    };
    let refused = as_manager.post("/v1/invitations", offer("owner")).await;
    assert_eq!(refused.problem(403, "forbidden")["missing_action"], "use");
    as_manager
        .post("/v1/invitations", offer("user"))
        .await
        .problem(403, "forbidden");
    let service = json!({
        "email": unique::email(), "actions": ["service", "service_test"],
        "resource": { "installation": site.id },
    });
    drop(
        as_manager
            .post("/v1/invitations", service)
            .await
            .expect(201),
    );

    // A user offers nothing; who sees nothing there learns nothing.
    let (user, as_user) = owner.person_with_login().await;
    owner.grant(&user, "user", site.node()).await;
    let refused = as_user.post("/v1/invitations", offer("user")).await;
    assert_eq!(
        refused.problem(403, "forbidden")["missing_action"],
        "manage_access"
    );
    let (_, stranger) = owner.person_with_login().await;
    stranger
        .post("/v1/invitations", offer("user"))
        .await
        .problem(404, "not_found");

    // A key offers what it may, not what its person may.
    let fields = json!({
        "name": "K", "scopes": ["manage_access", "use"], "node": { "installation": site.id },
    });
    let key = owner.post("/v1/api-keys", fields).await.expect(201);
    let keyed = owner.with_key(&text(&key, "key"));
    keyed
        .post("/v1/invitations", offer("user"))
        .await
        .problem(403, "forbidden");
    let used = json!({
        "email": unique::email(), "actions": ["use"], "resource": { "installation": site.id },
    });
    let made = keyed.post("/v1/invitations", used).await.expect(201);
    // When the key is withdrawn, what it promised is void.
    owner
        .delete(&format!("/v1/api-keys/{}", text(&key, "id")))
        .await
        .expect(204);
    register(&owner, &text(&made, "token"))
        .await
        .problem(409, "invitation_void");
}

#[tokio::test]
async fn what_who_invited_lost_is_not_given() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let (manager, as_manager) = owner.person_with_login().await;
    let actions = json!({ "actions": ["manage_access", "use"] });
    let grant = owner.grant_with(&manager, site.node(), actions).await;
    let email = unique::email();
    let offered = json!({ "actions": ["use"] });
    let (invitation, token) = invite(&as_manager, &email, &site, offered).await;
    owner.revoke(&grant).await;
    register(&owner, &token)
        .await
        .problem(409, "invitation_void");
    // They may still manage access, and not give this.
    let only_manages = json!({ "actions": ["manage_access"] });
    owner.grant_with(&manager, site.node(), only_manages).await;
    register(&owner, &token)
        .await
        .problem(409, "invitation_void");
    let path = format!("/v1/invitations/{}", text(&invitation, "id"));
    as_manager.delete(&path).await.problem(403, "forbidden");
    as_manager
        .post(&format!("{path}/link"), json!({}))
        .await
        .problem(403, "forbidden");
    // An owner who makes a new link is the one who invites.
    let renewed = owner
        .post(&format!("{path}/link"), json!({}))
        .await
        .expect(201);
    drop(register(&owner, &text(&renewed, "token")).await.expect(201));
}

#[tokio::test]
async fn bad_input_names_the_field_and_leaves_nothing() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let resource = json!({ "installation": site.id });
    let good = json!({ "email": unique::email(), "role": "user", "resource": resource });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let nobody = uuid::Uuid::now_v7();
    for (body, field, code) in [
        (with("email", json!("")), "email", "invalid"),
        (with("email", json!("x".repeat(300))), "email", "invalid"),
        (with("role", Value::Null), "role", "required"),
        (with("actions", json!(["use"])), "actions", "invalid"),
        (with("role", json!("king")), "role", "invalid"),
        (
            with("message", json!("x".repeat(501))),
            "message",
            "too_long",
        ),
        (
            with("expires_at", json!(instant(-5))),
            "expires_at",
            "out_of_range",
        ),
        (
            with("expires_at", json!(instant(86_400 * 31))),
            "expires_at",
            "out_of_range",
        ),
        (
            with("valid_until", json!(instant(-5))),
            "valid_until",
            "out_of_range",
        ),
        (with("person_id", json!(nobody)), "person_id", "unknown"),
        (with("resource", json!({})), "resource", "required"),
        (with("surprise", json!(1)), "surprise", "unknown"),
    ] {
        let answer = owner.post("/v1/invitations", body).await;
        assert_eq!(at_fault(answer), fault(field, code));
    }
    assert_eq!(owner.list("/v1/invitations").await.len(), 0);

    let made = owner
        .post("/v1/invitations", good.clone())
        .await
        .expect(201);
    let token = text(&made, "token");
    for (name, password, field, code) in [
        ("", PASSWORD, "name", "required"),
        ("Ada\u{7}", PASSWORD, "name", "invalid"),
        ("Ada", "short", "password", "too_weak"),
    ] {
        let fields = json!({ "token": token, "name": name, "password": password });
        let answer = owner
            .anonymous()
            .post("/v1/invitations/register", fields)
            .await;
        assert_eq!(at_fault(answer), fault(field, code));
    }
    drop(register(&owner, &token).await.expect(201));
}

#[tokio::test]
async fn tokens_are_not_tried_at_will() {
    let server = Server::plain().await;
    let owner = server.owner();
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(look_at(&owner, "guess").await.status);
    }
    assert_eq!(answers[0], 404);
    assert!(answers.contains(&429), "{answers:?}");
    look_at(&owner, "guess")
        .await
        .problem(429, "too_many_requests");
}
