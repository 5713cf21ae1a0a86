//! Installations, areas, chargers, locks, doors.

use std::time::Duration;

use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn an_identity_is_taken_in_the_whole_deployment_without_case() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP One").await;
    let outsider = site.outsider().await;
    let theirs = site
        .post(&outsider, "/v1/installations", json!({}))
        .await
        .expect(201);
    let body = |station: &str| json!({ "installation_id": theirs["id"], "station_id": station });
    for path in ["/v1/chargers", "/v1/locks"] {
        let got = site.post(&outsider, path, body("cp one")).await;
        let problem = got.problem(409, "station_id_taken");
        assert!(
            !problem.to_string().contains(&site.organisation),
            "{problem}"
        );
    }
    site.delete(&site.owner, &format!("/v1/chargers/{charger}"))
        .await
        .expect(204);
    let gone = async {
        while site.link.disconnected.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
    site.post(&outsider, "/v1/locks", body("cp one"))
        .await
        .expect(201);
    for (bad, code) in [
        ("", "required"),
        ("a/b", "invalid"),
        (&"x".repeat(49)[..], "too_long"),
    ] {
        let got = site.post(&outsider, "/v1/chargers", body(bad)).await;
        got.faults(&[("station_id", code)]);
    }
}

#[tokio::test]
async fn what_holds_something_is_not_removed() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let area = site
        .make(
            "/v1/areas",
            json!({ "parent_id": installation, "kind": "floor" }),
        )
        .await;
    let lock = site.lock(&installation, "LK1").await;
    let door = json!({ "lock_id": lock, "number": 1, "area_id": area });
    let door = site.make("/v1/doors", door).await;
    let order = [
        format!("/v1/installations/{installation}"),
        format!("/v1/areas/{area}"),
        format!("/v1/locks/{lock}"),
    ];
    for path in &order {
        site.delete(&site.owner, path)
            .await
            .problem(409, "not_empty");
    }
    site.delete(&site.owner, &format!("/v1/doors/{door}"))
        .await
        .expect(204);
    for path in order.iter().rev() {
        site.delete(&site.owner, path).await.expect(204);
        site.get(&site.owner, path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn the_installations_flag_says_how_many_chargers_differ() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let path = format!("/v1/installations/{installation}");
    for (number, flag) in ["inherit", "open", "required", "required"]
        .iter()
        .enumerate()
    {
        let body = json!({
            "installation_id": installation, "station_id": format!("CP{number}"),
            "authorization_required": flag,
        });
        site.make("/v1/chargers", body).await;
    }
    assert_eq!(
        site.get(&site.owner, &path).await.expect(200)["chargers_that_differ"],
        1
    );
    let open = json!({ "authorization_required": "open" });
    let row = site.patch(&site.owner, &path, open).await.expect(200);
    assert_eq!(row["chargers_that_differ"], 2);
    let chargers = site.get(&site.owner, "/v1/chargers").await.expect(200);
    let flags: Vec<_> = chargers["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|charger| {
            charger["effective_authorization_required"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(flags, ["open", "open", "required", "required"]);
}

#[tokio::test]
async fn an_evse_keeps_its_id_and_grants_when_the_others_change() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let path = format!("/v1/chargers/{charger}");
    let row = site.get(&site.owner, &path).await.expect(200);
    assert_eq!(row["evses"][0]["connectors"], json!([{ "number": 1 }]));
    let first = row["evses"][0]["id"].clone();
    let wanted = json!([{ "number": 2 }, { "number": 1, "connectors": [{ "number": 2 }] }]);
    let row = site
        .patch(&site.owner, &path, json!({ "evses": wanted }))
        .await
        .expect(200);
    assert_eq!(row["evses"][0]["id"], first);
    assert_eq!(row["evses"][0]["connectors"], json!([{ "number": 2 }]));
    assert_ne!(row["evses"][1]["id"], first);
    // As it was read, it can be written.
    let same = json!({ "evses": row["evses"] });
    assert_eq!(
        site.patch(&site.owner, &path, same).await.expect(200)["evses"],
        row["evses"]
    );
    let swapped = json!({ "evses": [{ "number": 1, "id": row["evses"][1]["id"] }] });
    site.patch(&site.owner, &path, swapped)
        .await
        .faults(&[("evses[0].id", "unknown")]);
    let twice = json!({ "evses": [{ "number": 1 }, { "number": 1 }] });
    site.patch(&site.owner, &path, twice)
        .await
        .faults(&[("evses[1].number", "duplicate")]);
}

#[tokio::test]
async fn things_stand_in_areas_of_their_own_installation() {
    let site = Site::new().await;
    let (here, there) = (site.installation().await, site.installation().await);
    let area = site.make("/v1/areas", json!({ "parent_id": here })).await;
    let elsewhere = site.make("/v1/areas", json!({ "parent_id": there })).await;
    let body =
        |area: &str| json!({ "installation_id": here, "area_id": area, "station_id": "CP1" });
    site.post(&site.owner, "/v1/chargers", body(&elsewhere))
        .await
        .faults(&[("area_id", "unknown")]);
    let charger = site.make("/v1/chargers", body(&area)).await;
    let path = format!("/v1/chargers/{charger}");
    assert_eq!(
        site.get(&site.owner, &path).await.expect(200)["area_id"],
        json!(area)
    );
    let out = site
        .patch(&site.owner, &path, json!({ "area_id": null }))
        .await
        .expect(200);
    assert_eq!(out["area_id"], json!(null));
    let got = site
        .patch(&site.owner, &path, json!({ "area_id": elsewhere }))
        .await;
    got.faults(&[("area_id", "unknown")]);
    let mut parent = area;
    for _ in 0..3 {
        parent = site.make("/v1/areas", json!({ "parent_id": parent })).await;
    }
    let got = site
        .post(&site.owner, "/v1/areas", json!({ "parent_id": parent }))
        .await;
    got.faults(&[("parent_id", "too_deep")]);
    let got = site
        .post(&site.owner, "/v1/areas", json!({ "parent_id": charger }))
        .await;
    got.faults(&[("parent_id", "invalid")]);
}

#[tokio::test]
async fn a_door_has_a_number_of_its_own_at_its_lock() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let lock = site.lock(&installation, "LK1").await;
    let door = site.door(&lock, 1).await;
    let body = json!({ "lock_id": lock, "number": 1 });
    site.post(&site.owner, "/v1/doors", body)
        .await
        .problem(409, "door_number_taken");
    let body = json!({ "lock_id": lock, "number": 0, "open_seconds": 3601 });
    let got = site.post(&site.owner, "/v1/doors", body).await;
    got.faults(&[("number", "out_of_range"), ("open_seconds", "out_of_range")]);
    let path = format!("/v1/doors/{door}");
    let patch = json!({ "remote_open": false, "open_seconds": 30, "fail": "safe" });
    let row = site.patch(&site.owner, &path, patch).await.expect(200);
    assert_eq!(
        (
            &row["remote_open"],
            &row["open_seconds"],
            &row["fail"],
            &row["state"]
        ),
        (&json!(false), &json!(30), &json!("safe"), &json!(null))
    );
    site.delete(&site.owner, &path).await.expect(204);
    site.door(&lock, 1).await;
}

#[tokio::test]
async fn a_patch_leaves_alone_what_it_does_not_name() {
    let site = Site::new().await;
    let body = json!({
        "name": "Garage", "external_id": "X1", "address": "Street 1", "time_zone": "Europe/Zurich",
        "metadata": { "floor": -1, "big": 12345678901234567890_u64 }, "concurrent_transactions": 2,
    });
    let made = site
        .post(&site.owner, "/v1/installations", body)
        .await
        .expect(201);
    let path = format!("/v1/installations/{}", made["id"].as_str().unwrap());
    let row = site.patch(&site.owner, &path, json!({})).await.expect(200);
    assert_eq!(row, made);
    let emptied = json!({ "address": null, "external_id": null, "concurrent_transactions": null });
    let row = site.patch(&site.owner, &path, emptied).await.expect(200);
    for field in ["address", "external_id", "concurrent_transactions"] {
        assert_eq!(row[field], json!(null), "{field}");
    }
    assert_eq!(
        (&row["name"], &row["metadata"]),
        (&made["name"], &made["metadata"])
    );
}

#[tokio::test]
async fn every_change_is_in_the_audit_with_who_and_why() {
    let site = Site::new().await;
    let headers = [("keywatt-reason", "moved in")];
    let body = json!({ "name": "Garage" });
    let got = site
        .with(
            &site.owner,
            "POST",
            "/v1/installations",
            &headers,
            Some(&body),
        )
        .await;
    let audit = site.get(&site.owner, "/v1/audit?limit=1").await.expect(200);
    let row = &audit["items"][0];
    assert_eq!(row["kind"], "installation");
    assert_eq!(row["id"], got.body["id"]);
    assert_eq!(row["reason"], "moved in");
    assert_eq!(row["request_id"], got.header("keywatt-request-id"));
    assert_eq!(row["revision"].to_string(), got.header("keywatt-revision"));
    assert_eq!(
        (&row["before"], &row["after"]["name"]),
        (&json!(null), &json!("Garage"))
    );
    let me = site.get(&site.owner, "/v1/me").await.expect(200);
    assert_eq!(row["person_id"], me["persons"][0]["person_id"]);
    assert_eq!(row["api_key_id"], me["api_key"]["id"]);
}
