//! Effects from elsewhere, and controllers that speak HTTP.

use model::command::{CommandAnswer, CommandError, StationCommand};
use serde_json::{Value, json};

use crate::site::Site;

#[tokio::test]
async fn a_remote_start_answers_with_the_stations_word() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let (_, user) = site
        .with_role("user@example.com", "user", "charger", &charger)
        .await;
    let path = format!("/v1/chargers/{charger}/start");
    // No body is as good as an empty one.
    let got = site.with(&user, "POST", &path, &[], None).await.expect(200);
    assert_eq!(got["status"], "Accepted");
    assert!(matches!(
        site.link.sent.lock()[0].1,
        StationCommand::RemoteStart(_)
    ));
    let got = site.post(&user, &path, json!({ "evse": 7 })).await;
    got.faults(&[("evse", "unknown")]);
    for (answer, status, code) in [
        (CommandError::NoAnswer, 504, "station_no_answer"),
        (CommandError::Busy, 409, "station_busy"),
        (CommandError::Offline, 409, "station_offline"),
    ] {
        *site.link.answer.lock() = Err(answer);
        site.post(&user, &path, json!({}))
            .await
            .problem(status, code);
    }
    *site.link.answer.lock() = Ok(CommandAnswer::Error {
        code: "InternalError".into(),
        description: "relay".into(),
        details: json!({}),
    });
    let got = site.post(&user, &path, json!({})).await.expect(200);
    assert_eq!(
        (&got["status"], &got["error"]["code"]),
        (&json!("Error"), &json!("InternalError"))
    );
    // For somebody else it takes more than a right of one's own.
    let ann = site.person("Ann").await;
    let got = site.post(&user, &path, json!({ "person_id": ann })).await;
    assert_eq!(
        got.problem(403, "forbidden")["missing_action"],
        "manage_access"
    );
}

#[tokio::test]
async fn a_raw_message_needs_what_it_amounts_to_and_is_audited() {
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
    let raw = |key: &str, action: &str, payload: Value| {
        let (path, key) = (format!("/v1/stations/CP1/ocpp/{action}"), key.to_owned());
        let site = &site;
        async move { site.post(&key, &path, payload).await }
    };
    let got = raw(&service, "Reset", json!({ "type": "Soft" }))
        .await
        .expect(200);
    assert_eq!(
        got,
        json!({ "status": "result", "payload": { "status": "Accepted" } })
    );
    let key = |key: &str| json!({ "key": key, "value": "1" });
    raw(&service, "ChangeConfiguration", key("HeartbeatInterval"))
        .await
        .expect(200);
    for (action, payload, missing) in [
        (
            "ChangeConfiguration",
            key("LocalPreAuthorize"),
            "manage_access",
        ),
        ("SendLocalList", json!({}), "manage_access"),
        ("InstallCertificate", json!({}), "manage_security"),
        (
            "RemoteStartTransaction",
            json!({ "idTag": "X" }),
            "remote_use",
        ),
        ("MakeCoffee", json!({}), "use"),
    ] {
        let got = raw(&service, action, payload).await;
        assert_eq!(
            got.problem(403, "forbidden")["missing_action"],
            missing,
            "{action}"
        );
    }
    let got = raw(&site.owner, "ChangeConfiguration", key("AuthorizationKey")).await;
    got.faults(&[("key", "not_settable")]);
    raw(&site.owner, "Reset", json!([]))
        .await
        .faults(&[("body", "invalid")]);
    assert_eq!(site.link.sent.lock().len(), 2);
    let audit = site.get(&site.owner, "/v1/audit?limit=2").await.expect(200);
    let reasons: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [json!("raw ChangeConfiguration"), json!("raw Reset")]
    );
    *site.link.answer.lock() = Err(CommandError::UnknownAction {
        action: "MakeCoffee".into(),
        version: "1.6",
    });
    raw(&site.owner, "MakeCoffee", json!({}))
        .await
        .problem(422, "unknown_ocpp_action");
}

#[tokio::test]
async fn a_door_is_not_opened_by_the_back_way() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let lock = site.lock(&installation, "LK1").await;
    let door = site.door(&lock, 1).await;
    let open = json!({
        "vendorId": "io.keywatt.lock", "messageId": "Door.Open",
        "data": "{\"door\":1,\"seconds\":5}",
    });
    let path = "/v1/stations/LK1/ocpp/DataTransfer";
    let unlock = "/v1/stations/LK1/ocpp/UnlockConnector";
    let (partner, service) = site
        .with_role(
            "partner@example.com",
            "service",
            "installation",
            &installation,
        )
        .await;
    for (path, body) in [(path, &open), (unlock, &json!({ "connectorId": 1 }))] {
        let got = site.post(&service, path, body.clone()).await;
        assert_eq!(
            got.problem(403, "forbidden")["missing_action"],
            "remote_use"
        );
    }
    assert!(site.link.sent.lock().is_empty());
    site.post(&site.owner, path, open.clone()).await.expect(200);
    // A right on the door alone is enough for the door.
    site.grant(
        &partner,
        "door",
        &door,
        json!({ "actions": ["remote_use"] }),
    )
    .await;
    site.post(&service, path, open.clone()).await.expect(200);
    let off = json!({ "remote_open": false });
    site.patch(&site.owner, &format!("/v1/doors/{door}"), off)
        .await
        .expect(200);
    site.post(&site.owner, path, open)
        .await
        .problem(409, "remote_open_off");
    let got = site
        .post(&site.owner, unlock, json!({ "connectorId": 1 }))
        .await;
    got.problem(409, "remote_open_off");
}

#[tokio::test]
async fn a_controller_asks_and_tells_with_its_device_key_only() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let lock = site.lock(&installation, "LK1").await;
    let door = site.door(&lock, 1).await;
    let ann = site.person("Ann").await;
    let card = json!({ "kind": "rfid", "value": "04A1B2C3" });
    site.make(&format!("/v1/people/{ann}/credentials"), card.clone())
        .await;
    site.grant(&ann, "door", &door, json!({ "role": "user" }))
        .await;
    let made = site
        .post(
            &site.owner,
            &format!("/v1/locks/{lock}/device-key"),
            json!({}),
        )
        .await;
    let key = made.expect(201)["device_key"].as_str().unwrap().to_owned();
    let path = format!("/v1/doors/{door}/access");
    let got = site.post(&key, &path, card.clone()).await.expect(200);
    assert_eq!(
        (&got["effect"], &got["open_seconds"]),
        (&json!("allow"), &json!(5))
    );
    let unknown = json!({ "kind": "rfid", "value": "04FFFFFF" });
    let got = site.post(&key, &path, unknown).await.expect(200);
    assert_eq!(
        (&got["effect"], &got["reason"], &got["open_seconds"]),
        (&json!("deny"), &json!("CREDENTIAL_UNKNOWN"), &json!(0))
    );
    for stranger in ["", "x", site.owner.as_str()] {
        site.post(stranger, &path, card.clone())
            .await
            .problem(401, "unauthenticated");
    }
    site.get(&key, "/v1/me")
        .await
        .problem(401, "unauthenticated");
    for (body, fault) in [
        (
            json!({ "kind": "rfid", "value": " " }),
            ("value", "required"),
        ),
        (json!({ "kind": "face", "value": "x" }), ("kind", "invalid")),
        (
            json!({ "kind": "rfid", "value": "x".repeat(256) }),
            ("value", "too_long"),
        ),
    ] {
        site.post(&key, &path, body).await.faults(&[fault]);
    }

    let path = format!("/v1/doors/{door}/events");
    let event = json!({
        "event_id": "e1", "time": "2026-11-24T11:59:00Z", "result": "granted", "token": card,
    });
    for new in [1, 0] {
        let got = site
            .post(&key, &path, json!({ "events": [event] }))
            .await
            .expect(200);
        assert_eq!((&got["accepted"], &got["new"]), (&json!(1), &json!(new)));
    }
    let events = site.get(&site.owner, &path).await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    assert_eq!(events["items"][0]["person_id"], json!(ann));
    assert!(!events.to_string().contains("04A1B2C3"), "{events}");
    for (field, value) in [("event_id", json!("")), ("time", json!("noon"))] {
        let mut bad = event.clone();
        bad[field] = value;
        let got = site.post(&key, &path, json!({ "events": [bad] })).await;
        got.problem(422, "invalid");
    }
    site.post(&key, &path, json!({ "events": [] }))
        .await
        .faults(&[("events", "out_of_range")]);
    let renewed = site
        .post(
            &site.owner,
            &format!("/v1/locks/{lock}/device-key"),
            json!({}),
        )
        .await;
    renewed.expect(201);
    site.post(&key, &format!("/v1/doors/{door}/access"), card)
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_decision_is_explained_and_asked_from_the_other_side() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let (ann, token) = site.member("ann@example.com").await;
    let later = json!({ "role": "user", "valid_from": "2026-11-25T00:00:00Z" });
    let grant = site.grant(&ann, "installation", &installation, later).await;
    let body = json!({ "person": ann, "point": { "charger": charger } });
    let got = site
        .post(&site.owner, "/v1/decisions/explain", body)
        .await
        .expect(200);
    assert_eq!(
        (&got["reason"], &got["grant_id"]),
        (&json!("NOT_YET_VALID"), &json!(grant))
    );
    assert!(got["steps"].as_array().unwrap().len() >= 3, "{got}");
    let tomorrow = "2026-11-25T12:00:00Z";
    let body = json!({ "person": ann, "point": { "charger": charger }, "at": tomorrow });
    let got = site
        .post(&site.owner, "/v1/decisions/explain", body)
        .await
        .expect(200);
    assert_eq!(got["reason"], "GRANTED");
    for body in [
        json!({ "point": { "charger": charger } }),
        json!({ "person": ann, "credential": ann, "point": { "charger": charger } }),
        json!({ "person": ann, "point": {} }),
    ] {
        site.post(&site.owner, "/v1/decisions/explain", body)
            .await
            .problem(422, "invalid");
    }
    let ids = |list: &Value, field: &str| -> Vec<String> {
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item[field].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, may) in [("", false), ("?at=2026-11-25T12:00:00Z", true)] {
        let who = site
            .get(&site.owner, &format!("/v1/chargers/{charger}/who{query}"))
            .await
            .expect(200);
        assert_eq!(ids(&who, "person_id").contains(&ann), may, "{who}");
        let what = site
            .get(&token, &format!("/v1/people/{ann}/what{query}"))
            .await
            .expect(200);
        assert_eq!(ids(&what, "node_id").contains(&charger), may, "{what}");
    }
    let got = site
        .get(&site.owner, &format!("/v1/doors/{charger}/who"))
        .await;
    got.problem(404, "not_found");
}
