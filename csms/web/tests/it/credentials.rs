//! Cards: masked, unique, sensible.

use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn a_value_is_written_and_never_read() {
    let site = Site::new().await;
    let ann = site.person("Ann").await;
    let path = format!("/v1/people/{ann}/credentials");
    let body = json!({ "kind": "rfid", "value": "04A1B2C3D4E5F6", "name": "Blue fob" });
    let got = site.post(&site.owner, &path, body).await;
    assert_eq!(got.body["value"], "04…F6");
    let id = got.body["id"].as_str().unwrap().to_owned();
    let mut texts = vec![got.text];
    texts.push(site.get(&site.owner, &path).await.text);
    texts.push(
        site.get(&site.owner, &format!("/v1/credentials/{id}"))
            .await
            .text,
    );
    let patch = json!({ "state": "suspended" });
    texts.push(
        site.patch(&site.owner, &format!("/v1/credentials/{id}"), patch)
            .await
            .text,
    );
    texts.push(site.get(&site.owner, "/v1/audit?limit=200").await.text);
    for text in texts {
        assert!(text.contains("04…F6"), "{text}");
        assert!(!text.contains("A1B2C3D4"), "{text}");
    }
    let got = site
        .patch(
            &site.owner,
            &format!("/v1/credentials/{id}"),
            json!({ "value": "X" }),
        )
        .await;
    got.faults(&[("value", "unknown")]);
}

#[tokio::test]
async fn a_value_belongs_to_one_person_of_an_organisation() {
    let site = Site::new().await;
    let (ann, bob) = (site.person("Ann").await, site.person("Bob").await);
    let card = |value: &str| json!({ "kind": "rfid", "value": value });
    let of = |person: &str| format!("/v1/people/{person}/credentials");
    let made = site.make(&of(&ann), card("04:a1:b2:c3")).await;
    for (person, value) in [
        (&bob, "04A1B2C3"),
        (&bob, "04-A1-B2-C3"),
        (&ann, "04a1b2c3"),
    ] {
        let got = site.post(&site.owner, &of(person), card(value)).await;
        got.problem(409, "credential_taken");
    }
    // Another organisation has cards of its own.
    let outsider = site.outsider().await;
    let them = site
        .post(&outsider, "/v1/people", json!({}))
        .await
        .expect(201);
    let path = of(them["id"].as_str().unwrap());
    site.post(&outsider, &path, card("04A1B2C3"))
        .await
        .expect(201);
    // A removed one is free.
    site.delete(&site.owner, &format!("/v1/credentials/{made}"))
        .await
        .expect(204);
    site.make(&of(&bob), card("04A1B2C3")).await;
    // So is one whose person is removed.
    site.delete(&site.owner, &format!("/v1/people/{bob}"))
        .await
        .expect(204);
    site.make(&of(&ann), card("04A1B2C3")).await;
}

#[tokio::test]
async fn impossible_values_are_told() {
    let site = Site::new().await;
    let ann = site.person("Ann").await;
    let path = format!("/v1/people/{ann}/credentials");
    for (kind, value, fault) in [
        ("rfid", "", ("value", "required")),
        ("rfid", "   ", ("value", "required")),
        ("emaid", &"X".repeat(37)[..], ("value", "too_long")),
        ("rfid", "08A1B2C3", ("value", "random_uid")),
        ("key", "a\u{0}b", ("value", "invalid")),
        ("app", "FE010203040506", ("kind", "invalid")),
        ("pin", "123456", ("value", "invalid")),
    ] {
        let body = json!({ "kind": kind, "value": value });
        site.post(&site.owner, &path, body).await.faults(&[fault]);
    }
    let backwards = json!({
        "kind": "rfid", "value": "04A1B2C3",
        "valid_from": "2027-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z",
    });
    site.post(&site.owner, &path, backwards)
        .await
        .faults(&[("valid_until", "out_of_range")]);
}

#[tokio::test]
async fn the_remote_token_is_made_by_the_system_and_not_shown() {
    let site = Site::new().await;
    let ann = site.person("Ann").await;
    let list = site
        .get(&site.owner, &format!("/v1/people/{ann}/credentials"))
        .await
        .expect(200);
    assert_eq!(list["items"], json!([]));
    let token = site
        .app
        .store
        .find_app_credential(ann.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let path = format!("/v1/credentials/{}", token.id);
    let got = site.get(&site.owner, &path).await;
    assert!(!got.text.contains("FE"), "{}", got.text);
    assert_eq!(got.expect(200)["value"], "…");
    site.delete(&site.owner, &path)
        .await
        .problem(409, "made_by_system");
    let got = site
        .patch(&site.owner, &path, json!({ "state": "lost" }))
        .await;
    got.problem(409, "made_by_system");
}

#[tokio::test]
async fn a_person_sees_their_own_cards_and_nobody_elses() {
    let site = Site::new().await;
    let (ann, token) = site.member("ann@example.com").await;
    let bob = site.person("Bob").await;
    let card = json!({ "kind": "rfid", "value": "04A1B2C3" });
    let made = site
        .make(&format!("/v1/people/{ann}/credentials"), card)
        .await;
    let path = format!("/v1/credentials/{made}");
    assert_eq!(site.get(&token, &path).await.expect(200)["value"], "04…C3");
    site.patch(&token, &path, json!({ "state": "active" }))
        .await
        .problem(404, "not_found");
    site.get(&token, &format!("/v1/people/{bob}/credentials"))
        .await
        .problem(404, "not_found");
}
