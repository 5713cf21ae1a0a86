//! Nobody gives what they do not hold, and nobody takes away the last owner.

use serde_json::{Value, json};

use crate::site::Site;

async fn first_owner(site: &Site) -> (String, String) {
    let me = site.get(&site.owner, "/v1/me").await.expect(200);
    let person = me["persons"][0]["person_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/grants?person_id={person}");
    let grants = site.get(&site.owner, &path).await.expect(200);
    (
        person,
        grants["items"][0]["id"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn the_last_owner_stays_whatever_way_it_is_tried() {
    let site = Site::new().await;
    let (owner, grant) = first_owner(&site).await;
    let person = format!("/v1/people/{owner}");
    let soon = "2026-11-25T12:00:00Z";
    let attempts = || async {
        let deny = json!({
            "subject": { "person": owner }, "effect": "deny", "actions": ["manage_access"],
            "resource": { "organisation": site.organisation },
        });
        let later = json!({
            "subject": { "person": owner }, "effect": "deny", "actions": ["view_all"],
            "resource": { "organisation": site.organisation }, "valid_from": soon,
        });
        vec![
            site.delete(&site.owner, &format!("/v1/grants/{grant}"))
                .await,
            site.patch(&site.owner, &person, json!({ "state": "suspended" }))
                .await,
            site.patch(
                &site.owner,
                &person,
                json!({ "member_until": "2020-01-01T00:00:00Z" }),
            )
            .await,
            site.patch(&site.owner, &person, json!({ "member_until": soon }))
                .await,
            site.delete(&site.owner, &person).await,
            site.post(&site.owner, "/v1/grants", deny).await,
            site.post(&site.owner, "/v1/grants", later).await,
        ]
    };
    for got in attempts().await {
        got.problem(409, "last_owner");
    }
    // An owner whose right ends is the last one until then, and none for good.
    let second = site.person("Second").await;
    let ending = json!({ "role": "owner", "valid_until": soon });
    site.grant(&second, "organisation", &site.organisation, ending)
        .await;
    for got in attempts().await {
        got.problem(409, "last_owner");
    }
    site.grant(
        &second,
        "organisation",
        &site.organisation,
        json!({ "role": "owner" }),
    )
    .await;
    site.patch(&site.owner, &person, json!({ "member_until": soon }))
        .await
        .expect(200);
    site.delete(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(204);
}

#[tokio::test]
async fn two_owners_cannot_remove_each_other_at_the_same_time() {
    let site = Site::new().await;
    let (first, first_grant) = first_owner(&site).await;
    let (second, token) = site
        .with_role(
            "second@example.com",
            "owner",
            "organisation",
            &site.organisation,
        )
        .await;
    let grants = site
        .get(&token, &format!("/v1/grants?person_id={second}"))
        .await
        .expect(200);
    let second_grant = grants["items"][0]["id"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let (one, other) = (
        format!("/v1/grants/{second_grant}"),
        format!("/v1/grants/{first_grant}"),
    );
    let (a, b) = tokio::join!(site.delete(&site.owner, &one), site.delete(&token, &other));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "{a:?} {b:?}");
    assert!([403, 404, 409].contains(&statuses[1]), "{a:?} {b:?}");
}

#[tokio::test]
async fn nobody_gives_or_denies_or_takes_what_they_do_not_hold() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (manager, token) = site.member("manager@example.com").await;
    let held = json!({ "actions": ["manage_access", "use", "view_own"] });
    site.grant(&manager, "installation", &installation, held)
        .await;
    let ann = site.person("Ann").await;
    let give = |what: Value, on: Value| {
        let mut body = json!({ "subject": { "person": ann }, "resource": on });
        for (name, value) in what.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let here = json!({ "installation": installation });
    for (what, missing) in [
        (json!({ "role": "owner" }), "remote_use"),
        (json!({ "role": "user" }), "remote_use"),
        (json!({ "role": "service" }), "manage_settings"),
        (json!({ "actions": ["use", "emergency"] }), "emergency"),
        (
            json!({ "actions": ["manage_security"], "effect": "deny" }),
            "manage_security",
        ),
    ] {
        let got = site
            .post(&token, "/v1/grants", give(what, here.clone()))
            .await;
        assert_eq!(got.problem(403, "forbidden")["missing_action"], missing);
    }
    let body = give(json!({ "actions": ["use", "manage_access"] }), here);
    let given = site.post(&token, "/v1/grants", body).await.expect(201);
    assert_eq!(given["created_by"], json!(manager));
    assert_eq!(given["actions"], json!(["use", "manage_access"]));
    // Above it holds nothing: not even that the organisation is there.
    let above = json!({ "organisation": site.organisation });
    let got = site
        .post(
            &token,
            "/v1/grants",
            give(json!({ "actions": ["use"] }), above),
        )
        .await;
    got.problem(404, "not_found");
    // And does not take an owner's grant.
    let owner_here = json!({ "role": "owner" });
    let grant = site
        .grant(&ann, "installation", &installation, owner_here)
        .await;
    let got = site.delete(&token, &format!("/v1/grants/{grant}")).await;
    got.problem(403, "forbidden");
}

#[tokio::test]
async fn an_owner_appoints_a_service_partner_without_holding_service_test() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let partner = site.person("Partner").await;
    let grant = site
        .grant(
            &partner,
            "installation",
            &installation,
            json!({ "role": "service" }),
        )
        .await;
    let row = site
        .get(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(200);
    assert_eq!(
        row["actions"],
        json!(["manage_settings", "service", "service_test"])
    );
    assert_eq!(row["resource"], json!({ "installation": installation }));
    site.delete(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(204);
}

#[tokio::test]
async fn grants_say_what_they_mean() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let ann = site.person("Ann").await;
    let on = json!({ "charger": charger });
    let valid = json!({ "subject": { "person": ann }, "role": "user", "resource": on });
    for (field, value, faults) in [
        ("role", Value::Null, [("role", "required")]),
        ("actions", json!(["use"]), [("actions", "invalid")]),
        ("resource", json!({}), [("resource", "required")]),
        (
            "resource",
            json!({ "charger": charger, "area": charger }),
            [("resource", "invalid")],
        ),
        (
            "valid_from",
            json!("2027-01-01T00:00:00Z"),
            [("valid_until", "out_of_range")],
        ),
        (
            "subject",
            json!({ "person": installation }),
            [("subject.person", "unknown")],
        ),
        ("role", json!("king"), [("role", "invalid")]),
    ] {
        let mut body = valid.clone();
        body["valid_until"] = json!("2026-12-31T00:00:00Z");
        body[field] = value;
        site.post(&site.owner, "/v1/grants", body)
            .await
            .faults(&faults);
    }
    let as_door =
        json!({ "subject": { "person": ann }, "role": "user", "resource": { "door": charger } });
    site.post(&site.owner, "/v1/grants", as_door)
        .await
        .problem(404, "not_found");
    let path = format!("/v1/grants/{}", site.make("/v1/grants", valid).await);
    let got = site
        .patch(&site.owner, &path, json!({ "role": "owner" }))
        .await;
    got.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn nobody_takes_the_place_of_a_more_powerful_person() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let (_, token) = site
        .with_role("local@example.com", "owner", "installation", &installation)
        .await;
    let body = json!({
        "email": "boss@example.com", "managed_at": { "installation": installation },
    });
    let boss = site.make("/v1/people", body).await;
    let path = format!("/v1/people/{boss}");
    let card = json!({ "kind": "rfid", "value": "04A1B2C3" });
    let edits = || async {
        let login = json!({ "password": "a long sentence about doors" });
        vec![
            site.patch(&token, &path, json!({ "state": "suspended" }))
                .await,
            site.patch(&token, &path, json!({ "state": "active" }))
                .await,
            site.post(&token, &format!("{path}/credentials"), card.clone())
                .await,
            site.post(&token, &format!("{path}/login"), login).await,
            site.delete(&token, &path).await,
        ]
    };
    // Elsewhere a user only: still theirs to manage.
    let elsewhere = site.installation().await;
    site.grant(&boss, "installation", &elsewhere, json!({ "role": "user" }))
        .await;
    site.patch(&token, &path, json!({ "phone": "1" }))
        .await
        .expect(200);
    let owner = json!({ "role": "owner" });
    let grant = site
        .grant(&boss, "organisation", &site.organisation, owner)
        .await;
    for got in edits().await {
        got.problem(403, "forbidden");
    }
    site.delete(&site.owner, &format!("/v1/grants/{grant}"))
        .await
        .expect(204);
    for got in edits().await {
        assert!(got.status.is_success(), "{got:?}");
    }
}
