//! People and where they are managed.

use serde_json::json;

use crate::site::{PASSWORD, Site};

#[tokio::test]
async fn who_manages_an_installation_says_so_and_manages_only_their_own() {
    let site = Site::new().await;
    let (here, there) = (site.installation().await, site.installation().await);
    let (_, token) = site
        .with_role("local@example.com", "owner", "installation", &here)
        .await;
    let got = site
        .post(&token, "/v1/people", json!({ "name": "Ann" }))
        .await;
    got.faults(&[("managed_at", "required")]);
    let at = |id: &str| json!({ "name": "Ann", "managed_at": { "installation": id } });
    let made = site.post(&token, "/v1/people", at(&here)).await.expect(201);
    assert_eq!(made["managed_at"], json!({ "installation": here }));
    site.post(&token, "/v1/people", at(&there))
        .await
        .problem(404, "not_found");
    let whole = json!({ "managed_at": { "organisation": site.organisation } });
    site.post(&token, "/v1/people", whole)
        .await
        .problem(404, "not_found");
    let people = site.get(&token, "/v1/people").await.expect(200);
    assert_eq!(
        people["items"].as_array().unwrap().len(),
        2,
        "Ann and oneself: {people}"
    );
    let moved = json!({ "managed_at": { "installation": there } });
    let path = format!("/v1/people/{}", made["id"].as_str().unwrap());
    site.patch(&token, &path, moved.clone())
        .await
        .problem(404, "not_found");
    site.patch(&site.owner, &path, moved).await.expect(200);
    site.get(&token, &path).await.problem(404, "not_found");
    let charger = site.charger(&here, "CP1").await;
    let odd = json!({ "managed_at": { "charger": charger } });
    site.post(&site.owner, "/v1/people", odd)
        .await
        .faults(&[("managed_at", "invalid")]);
}

#[tokio::test]
async fn a_login_is_given_once_and_never_over_anothers() {
    let site = Site::new().await;
    let ann = site
        .make("/v1/people", json!({ "email": "Ann@example.com" }))
        .await;
    let path = format!("/v1/people/{ann}/login");
    let weak = json!({ "password": "password1234" });
    site.post(&site.owner, &path, weak)
        .await
        .faults(&[("password", "too_weak")]);
    let good = json!({ "password": PASSWORD });
    let made = site
        .post(&site.owner, &path, good.clone())
        .await
        .expect(201);
    assert_eq!(made["has_login"], true);
    site.login("ann@example.com", PASSWORD).await;
    site.post(&site.owner, &path, good.clone())
        .await
        .problem(409, "login_exists");

    let outsider = site.outsider().await;
    let body = json!({ "email": "ann@example.com" });
    let theirs = site.post(&outsider, "/v1/people", body).await.expect(201);
    let path = format!("/v1/people/{}/login", theirs["id"].as_str().unwrap());
    site.post(&outsider, &path, good.clone())
        .await
        .problem(409, "login_exists");

    let nameless = site.person("No address").await;
    let path = format!("/v1/people/{nameless}/login");
    site.post(&site.owner, &path, good)
        .await
        .faults(&[("email", "required")]);
}

#[tokio::test]
async fn a_removed_person_is_gone_with_everything_they_held() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (ann, token) = site
        .with_role("ann@example.com", "user", "installation", &installation)
        .await;
    let body = json!({ "scopes": ["view_own"], "node": { "installation": installation } });
    let key = site.post(&token, "/v1/api-keys", body).await.expect(201);
    let key = key["key"].as_str().unwrap();
    site.delete(&site.owner, &format!("/v1/people/{ann}"))
        .await
        .expect(204);
    site.get(key, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    site.get(&token, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    let list = format!("/v1/grants?person_id={ann}");
    assert_eq!(
        site.get(&site.owner, &list).await.expect(200)["items"],
        json!([])
    );
    let ended = site
        .get(&site.owner, &format!("{list}&include_revoked=true"))
        .await
        .expect(200);
    assert_eq!(ended["items"].as_array().unwrap().len(), 1);
    site.get(&site.owner, &format!("/v1/people/{ann}"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_stop_group_is_shared_by_its_number_and_is_no_card() {
    let site = Site::new().await;
    let ann = site.person("Ann").await;
    let group = site
        .get(&site.owner, &format!("/v1/people/{ann}"))
        .await
        .expect(200);
    let group = group["stop_group"].as_str().unwrap().to_owned();
    let bob = site
        .make("/v1/people", json!({ "stop_group": group }))
        .await;
    let row = site
        .get(&site.owner, &format!("/v1/people/{bob}"))
        .await
        .expect(200);
    assert_eq!(row["stop_group"], json!(group));
    for bad in ["", "ABC", "not hex, not hex", "1f00a9c3d4e5b6a7"] {
        let got = site
            .post(&site.owner, "/v1/people", json!({ "stop_group": bad }))
            .await;
        got.faults(&[("stop_group", "invalid")]);
    }
    let card = json!({ "kind": "rfid", "value": "04A1B2C3D4E5F6" });
    site.make(&format!("/v1/people/{ann}/credentials"), card)
        .await;
    let got = site
        .post(
            &site.owner,
            "/v1/people",
            json!({ "stop_group": "04A1B2C3D4E5F6" }),
        )
        .await;
    got.faults(&[("stop_group", "invalid")]);
}
