//! API keys and their scopes.

use serde_json::{Value, json};

use crate::site::Site;

async fn key(site: &Site, by: &str, body: Value) -> String {
    let made = site.post(by, "/v1/api-keys", body).await.expect(201);
    made["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_where_they_say_it() {
    let site = Site::new().await;
    let (one, other) = (site.installation().await, site.installation().await);
    let scoped = json!({ "scopes": ["manage_settings"], "node": { "installation": one } });
    let scoped = key(&site, &site.owner, scoped).await;
    let path = format!("/v1/installations/{one}");
    site.patch(&scoped, &path, json!({ "name": "Mine" }))
        .await
        .expect(200);
    let elsewhere = format!("/v1/installations/{other}");
    site.patch(&scoped, &elsewhere, json!({ "name": "Mine" }))
        .await
        .problem(404, "not_found");
    let person = json!({ "managed_at": { "installation": one } });
    let got = site.post(&scoped, "/v1/people", person).await;
    assert_eq!(
        got.problem(403, "forbidden")["missing_action"],
        "manage_access"
    );
}

#[tokio::test]
async fn a_key_gives_no_more_than_its_maker_holds() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let node = json!({ "installation": installation });
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    let body = json!({ "scopes": ["use", "view_all"], "node": node });
    let got = site.post(&user, "/v1/api-keys", body).await;
    assert_eq!(got.problem(403, "forbidden")["missing_action"], "view_all");
    // A key makes no key with more than itself.
    let narrow = json!({ "scopes": ["manage_settings"], "node": node });
    let narrow = key(&site, &site.owner, narrow).await;
    let body = json!({ "scopes": ["manage_access"], "node": node });
    site.post(&narrow, "/v1/api-keys", body)
        .await
        .problem(403, "forbidden");
    // What the person loses, the key loses.
    let theirs = key(
        &site,
        &user,
        json!({ "scopes": ["view_own"], "node": node }),
    )
    .await;
    let path = format!("/v1/installations/{installation}");
    site.get(&theirs, &path).await.expect(200);
    let me = site.get(&user, "/v1/me").await.expect(200);
    let person = me["persons"][0]["person_id"].as_str().unwrap();
    let suspended = json!({ "state": "suspended" });
    site.patch(&site.owner, &format!("/v1/people/{person}"), suspended)
        .await
        .expect(200);
    site.get(&theirs, &path).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_dangerous_must_be_named() {
    let site = Site::new().await;
    let made = site
        .post(&site.owner, "/v1/api-keys", json!({ "name": "All" }))
        .await
        .expect(201);
    let scopes: Vec<&str> = made["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope.as_str().unwrap())
        .collect();
    assert!(scopes.contains(&"manage_access"), "{scopes:?}");
    for named_only in ["remote_use", "manage_security", "emergency", "service_test"] {
        assert!(!scopes.contains(&named_only), "{scopes:?}");
    }
    let body = json!({ "scopes": ["emergency", "remote_use"] });
    site.post(&site.owner, "/v1/api-keys", body)
        .await
        .expect(201);
    let got = site
        .post(&site.owner, "/v1/api-keys", json!({ "scopes": [] }))
        .await;
    got.faults(&[("scopes", "required")]);
}

#[tokio::test]
async fn a_key_ends_by_time_by_withdrawal_and_makes_none_that_outlives_it() {
    let site = Site::new().await;
    let soon = "2026-11-24T13:00:00Z";
    let ending = key(
        &site,
        &site.owner,
        json!({ "scopes": ["view_all"], "expires_at": soon }),
    )
    .await;
    let longer = json!({ "scopes": ["view_all"], "expires_at": "2026-11-24T14:00:00Z" });
    for body in [json!({ "scopes": ["view_all"] }), longer] {
        site.post(&ending, "/v1/api-keys", body)
            .await
            .faults(&[("expires_at", "out_of_range")]);
    }
    let past = json!({ "scopes": ["view_all"], "expires_at": "2026-11-24T11:00:00Z" });
    site.post(&site.owner, "/v1/api-keys", past)
        .await
        .faults(&[("expires_at", "out_of_range")]);
    site.get(&ending, "/v1/me").await.expect(200);
    site.pass(3600);
    site.get(&ending, "/v1/me")
        .await
        .problem(401, "unauthenticated");

    let made = site
        .post(
            &site.owner,
            "/v1/api-keys",
            json!({ "scopes": ["reports"] }),
        )
        .await
        .expect(201);
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    let outsider = site.outsider().await;
    site.delete(&outsider, &path)
        .await
        .problem(404, "not_found");
    site.delete(&site.owner, &path).await.expect(204);
    site.get(made["key"].as_str().unwrap(), "/v1/me")
        .await
        .problem(401, "unauthenticated");
    site.delete(&site.owner, &path)
        .await
        .problem(404, "not_found");
}
