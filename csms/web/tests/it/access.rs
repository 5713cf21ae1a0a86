//! Who gets what: 401, 403, 404.

use serde_json::json;

use crate::site::{EMAIL, PASSWORD, Site};

#[tokio::test]
async fn without_good_credentials_nothing_is_told() {
    let site = Site::new().await;
    let site_id = site.installation().await;
    let path = format!("/v1/installations/{site_id}");
    let unknown_key = format!("kw_{}", "A".repeat(43));
    let mut almost = site.owner.clone();
    almost.pop();
    almost.push(if site.owner.ends_with('A') { 'B' } else { 'A' });
    for key in ["", "x", "kw_", unknown_key.as_str(), almost.as_str()] {
        let got = site.get(key, &path).await;
        assert_eq!(got.header("www-authenticate"), "Bearer realm=\"keywatt\"");
        got.problem(401, "unauthenticated");
        let got = site.post(key, "/v1/installations", json!({})).await;
        got.problem(401, "unauthenticated");
    }
    let basic = [("authorization", "Basic b3duZXI6eA==")];
    site.with("", "GET", "/v1/me", &basic, None)
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let site = Site::new().await;
    let wrong = json!({ "email": EMAIL, "password": "another long sentence" });
    let unknown = json!({ "email": "nobody@example.com", "password": PASSWORD });
    let mut answers = Vec::new();
    for body in [wrong, unknown] {
        answers.push(
            site.post("", "/v1/sessions", body)
                .await
                .problem(401, "wrong_login"),
        );
    }
    assert_eq!(answers[0], answers[1]);
    let shouted = json!({ "email": EMAIL.to_uppercase(), "password": PASSWORD });
    site.post("", "/v1/sessions", shouted).await.expect(201);
}

#[tokio::test]
async fn logins_are_limited_per_address() {
    let site = Site::new().await;
    let wrong = json!({ "email": EMAIL, "password": "guess" });
    for _ in 0..10 {
        site.post("", "/v1/sessions", wrong.clone())
            .await
            .problem(401, "wrong_login");
    }
    let got = site.post("", "/v1/sessions", wrong).await;
    assert!(got.header("retry-after").parse::<u64>().unwrap() >= 1);
    got.problem(429, "too_many_requests");
    // Neither does the right one go through: who guesses must not learn that it was.
    let right = json!({ "email": EMAIL, "password": PASSWORD });
    site.post("", "/v1/sessions", right)
        .await
        .problem(429, "too_many_requests");
}

#[tokio::test]
async fn a_session_ends_by_logging_out_and_by_time() {
    let site = Site::new().await;
    let one = site.login(EMAIL, PASSWORD).await;
    let other = site.login(EMAIL, PASSWORD).await;
    site.delete(&one, "/v1/sessions").await.expect(204);
    site.get(&one, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    let me = site.get(&other, "/v1/me").await.expect(200);
    assert_eq!(me["account"]["email"], EMAIL);
    site.pass(12 * 3600);
    site.get(&other, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    site.delete(&site.owner, "/v1/sessions")
        .await
        .problem(403, "session_required");
}

#[tokio::test]
async fn an_outsider_gets_404_for_everything_of_others() {
    let site = Site::new().await;
    let outsider = site.outsider().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let lock = site.lock(&installation, "LK1").await;
    let door = site.door(&lock, 1).await;
    let person = site.person("Ann").await;
    let area = site
        .make("/v1/areas", json!({ "parent_id": installation }))
        .await;
    let card = json!({ "kind": "rfid", "value": "04A1B2C3" });
    let card = site
        .make(&format!("/v1/people/{person}/credentials"), card)
        .await;
    let grant = site
        .grant(&person, "charger", &charger, json!({ "role": "user" }))
        .await;
    for path in [
        format!("/v1/organisations/{}", site.organisation),
        format!("/v1/installations/{installation}"),
        format!("/v1/areas/{area}"),
        format!("/v1/chargers/{charger}"),
        format!("/v1/chargers/{charger}/who"),
        format!("/v1/locks/{lock}"),
        format!("/v1/doors/{door}"),
        format!("/v1/doors/{door}/events"),
        format!("/v1/people/{person}"),
        format!("/v1/people/{person}/credentials"),
        format!("/v1/people/{person}/what"),
        format!("/v1/credentials/{card}"),
        format!("/v1/grants/{grant}"),
        "/v1/stations/CP1".to_owned(),
        "/v1/stations/LK1".to_owned(),
    ] {
        site.get(&outsider, &path).await.problem(404, "not_found");
        site.get(&site.owner, &path).await.expect(200);
    }
    for (method, path, body) in [
        (
            "PATCH",
            format!("/v1/installations/{installation}"),
            json!({ "name": "Mine" }),
        ),
        (
            "DELETE",
            format!("/v1/installations/{installation}"),
            json!({}),
        ),
        (
            "PATCH",
            format!("/v1/chargers/{charger}"),
            json!({ "name": "Mine" }),
        ),
        ("DELETE", format!("/v1/chargers/{charger}"), json!({})),
        ("POST", format!("/v1/chargers/{charger}/start"), json!({})),
        (
            "PATCH",
            format!("/v1/doors/{door}"),
            json!({ "name": "Mine" }),
        ),
        (
            "POST",
            format!("/v1/doors/{door}/open"),
            json!({ "reason": "in" }),
        ),
        ("POST", format!("/v1/locks/{lock}/device-key"), json!({})),
        (
            "PATCH",
            format!("/v1/people/{person}"),
            json!({ "name": "Mine" }),
        ),
        ("DELETE", format!("/v1/people/{person}"), json!({})),
        (
            "PATCH",
            format!("/v1/credentials/{card}"),
            json!({ "state": "lost" }),
        ),
        ("DELETE", format!("/v1/credentials/{card}"), json!({})),
        ("DELETE", format!("/v1/grants/{grant}"), json!({})),
        (
            "PUT",
            "/v1/stations/CP1/credential".to_owned(),
            json!({ "password": "x".repeat(16) }),
        ),
        (
            "POST",
            "/v1/stations/CP1/ocpp/Reset".to_owned(),
            json!({ "type": "Soft" }),
        ),
        (
            "POST",
            "/v1/stations/LK1/ocpp/Reset".to_owned(),
            json!({ "type": "Soft" }),
        ),
        (
            "POST",
            "/v1/chargers".to_owned(),
            json!({ "installation_id": installation, "station_id": "X" }),
        ),
        (
            "POST",
            "/v1/people".to_owned(),
            json!({ "organisation_id": site.organisation }),
        ),
        (
            "POST",
            "/v1/grants".to_owned(),
            json!({ "subject": { "person": person }, "role": "user", "resource": { "charger": charger } }),
        ),
        (
            "POST",
            "/v1/api-keys".to_owned(),
            json!({ "scopes": ["view_all"], "node": { "charger": charger } }),
        ),
    ] {
        let got = site.with(&outsider, method, &path, &[], Some(&body)).await;
        got.problem(404, "not_found");
    }
    for list in [
        "installations",
        "chargers",
        "areas",
        "locks",
        "doors",
        "transactions",
        "stations",
    ] {
        let got = site
            .get(&outsider, &format!("/v1/{list}"))
            .await
            .expect(200);
        assert_eq!(got["items"], json!([]), "{list}");
    }
    // And nothing has happened.
    let row = site
        .get(&site.owner, &format!("/v1/chargers/{charger}"))
        .await
        .expect(200);
    assert_eq!(row["name"], "");
    assert!(site.link.sent.lock().is_empty());
}

#[tokio::test]
async fn who_sees_something_but_may_not_is_told_what_is_missing_and_whom_to_ask() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    let path = format!("/v1/chargers/{charger}");
    site.get(&user, &path).await.expect(200);
    let problem = site
        .patch(&user, &path, json!({ "name": "Mine" }))
        .await
        .problem(403, "forbidden");
    assert_eq!(problem["missing_action"], "manage_settings");
    assert_eq!(problem["reason"], "NO_GRANT");
    assert_eq!(problem["who_can_give"], json!([EMAIL]));
    let password = json!({ "password": "x".repeat(16) });
    let got = site
        .with(
            &user,
            "PUT",
            "/v1/stations/CP1/credential",
            &[],
            Some(&password),
        )
        .await;
    assert_eq!(
        got.problem(403, "forbidden")["missing_action"],
        "manage_security"
    );
    site.get(&user, "/v1/stations/CP1")
        .await
        .problem(403, "forbidden");
    site.get(&user, "/v1/audit").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_service_partner_sees_technique_and_no_charging_history() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    let (_, service) = site
        .with_role(
            "partner@example.com",
            "service",
            "installation",
            &installation,
        )
        .await;
    let station = site.get(&service, "/v1/stations/CP1").await.expect(200);
    assert_eq!(station["connection"]["address"], "192.0.2.7:4711");
    for list in ["transactions", "decisions", "people"] {
        let got = site.get(&service, &format!("/v1/{list}")).await.expect(200);
        let items = got["items"].as_array().unwrap();
        assert!(
            items.len() <= usize::from(list == "people"),
            "{list}: {got}"
        );
    }
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    let chargers = site.get(&user, "/v1/chargers").await.expect(200);
    assert_eq!(chargers["items"][0]["connection"]["online"], true);
    assert_eq!(chargers["items"][0]["connection"]["address"], json!(null));
}

#[tokio::test]
async fn a_revoked_grant_is_felt_by_the_next_request() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (person, user) = site.member("user@example.com").await;
    let path = format!("/v1/installations/{installation}");
    site.get(&user, &path).await.problem(404, "not_found");
    let grant = site
        .grant(
            &person,
            "installation",
            &installation,
            json!({ "role": "user" }),
        )
        .await;
    site.get(&user, &path).await.expect(200);
    site.delete(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(204);
    site.get(&user, &path).await.problem(404, "not_found");
    site.delete(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .problem(404, "not_found");
    let history = site
        .get(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(200);
    assert_eq!(history["revoked_at"], "2026-11-24T12:00:00Z");
}

#[tokio::test]
async fn refusals_and_permits_of_the_api_are_in_the_decision_log() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let (person, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    site.patch(&user, &format!("/v1/chargers/{charger}"), json!({}))
        .await
        .problem(403, "forbidden");
    site.app.store.flush().await;
    let path = format!("/v1/decisions?person_id={person}&node_id={charger}");
    let list = site.get(&site.owner, &path).await.expect(200);
    let row = &list["items"][0];
    assert_eq!(
        (&row["action"], &row["reason"]),
        (&json!("manage_settings"), &json!("NO_GRANT"))
    );
    assert_eq!(
        (&row["entry"], &row["effect"]),
        (&json!("api"), &json!("deny"))
    );
    let one = format!("/v1/decisions/{}", row["id"].as_str().unwrap());
    assert_eq!(&site.get(&site.owner, &one).await.expect(200), row);
    site.get(&user, &one).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_session_makes_an_organisation_and_owns_it() {
    let site = Site::new().await;
    let (_, token) = site.member("founder@example.com").await;
    let made = site
        .post(&token, "/v1/organisations", json!({ "name": "New" }))
        .await
        .expect(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/organisations/{id}");
    site.patch(&token, &path, json!({ "name": "Newer" }))
        .await
        .expect(200);
    assert_eq!(site.get(&token, &path).await.expect(200)["name"], "Newer");
    site.get(&site.owner, &path).await.problem(404, "not_found");
    let got = site
        .post(
            &site.owner,
            "/v1/organisations",
            json!({ "name": "By key" }),
        )
        .await;
    got.problem(403, "session_required");
    // With two organisations it must be said which one is meant.
    let got = site.post(&token, "/v1/installations", json!({})).await;
    got.faults(&[("organisation_id", "required")]);
    let body = json!({ "organisation_id": id });
    site.post(&token, "/v1/installations", body)
        .await
        .expect(201);
}

#[tokio::test]
async fn who_am_i_tells_everything_that_is_held() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    let me = site.get(&user, "/v1/me").await.expect(200);
    let held = &me["persons"][0]["held"][0];
    assert_eq!(held["resource"], json!({ "installation": installation }));
    assert_eq!(
        held["actions"],
        json!(["use", "remote_use", "stop_own", "view_own"])
    );
    assert_eq!(me["persons"][0]["actions"], json!([]));
    let body = json!({ "scopes": ["stop_own"], "node": { "installation": installation } });
    site.post(&user, "/v1/api-keys", body).await.expect(201);
    let (_, nobody) = site.member("nobody@example.com").await;
    let body = json!({ "scopes": ["stop_own"], "node": { "installation": installation } });
    site.post(&nobody, "/v1/api-keys", body)
        .await
        .problem(404, "not_found");
}
