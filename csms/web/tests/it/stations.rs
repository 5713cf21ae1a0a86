//! Stations, their passwords, and those that knock.

use std::net::SocketAddr;

use app::link::Disconnect;
use app::station::{Refusal, Stations};
use model::{StationId, StationKey};
use serde_json::{Value, json};

use crate::site::Site;

fn key(id: &str) -> StationKey {
    StationId::new(id).unwrap().key()
}

#[tokio::test]
async fn a_password_is_set_once_in_one_form_and_never_shown() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP 1").await;
    let path = "/v1/stations/cp%201/credential";
    let put = |body: Value| {
        let site = &site;
        async move { site.with(&site.owner, "PUT", path, &[], Some(&body)).await }
    };
    for (body, fault) in [
        (json!({}), ("password", "required")),
        (json!({ "password": "short" }), ("password", "out_of_range")),
        (
            json!({ "password": "x".repeat(16), "password_hex": "00" }),
            ("password_hex", "invalid"),
        ),
        (
            json!({ "password_hex": "0".repeat(33) }),
            ("password_hex", "invalid"),
        ),
        (
            json!({ "password_hex": "zz".repeat(16) }),
            ("password_hex", "invalid"),
        ),
    ] {
        put(body).await.faults(&[fault]);
    }
    put(json!({ "password_hex": "ff".repeat(20) }))
        .await
        .expect(204);
    let row = site.get(&site.owner, "/v1/stations/CP%201").await;
    assert!(!row.text.contains("ffff"), "{}", row.text);
    assert_eq!(row.body["has_password"], true);
    assert_eq!(
        *site.link.disconnected.lock(),
        [(key("CP 1"), Disconnect::CredentialChanged)]
    );
    let audit = site.get(&site.owner, "/v1/audit?limit=1").await.expect(200);
    assert_eq!(audit["items"][0]["reason"], "station password set");
    site.delete(&site.owner, path).await.expect(204);
    let row = site
        .get(&site.owner, "/v1/stations/CP%201")
        .await
        .expect(200);
    assert_eq!(row["has_password"], false);
}

#[tokio::test]
async fn a_refused_station_is_seen_by_who_runs_the_deployment_and_claimed() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let refusal = Refusal {
        status: 404,
        code: "unknown_station",
        reason: "nobody registered it".into(),
        fix: "register it".into(),
    };
    let address = SocketAddr::from(([203, 0, 113, 9], 5000));
    site.app.refused("NEW1", address, &refusal);
    site.app.store.flush().await;
    let list = site
        .get(&site.owner, "/v1/stations/refused")
        .await
        .expect(200);
    assert_eq!(list["items"][0]["identity"], "NEW1");
    assert_eq!(list["items"][0]["code"], "unknown_station");
    let outsider = site.outsider().await;
    site.get(&outsider, "/v1/stations/refused")
        .await
        .problem(404, "not_found");

    let claim = json!({
        "station_id": "NEW1", "password": "x".repeat(16), "installation_id": installation,
        "kind": "charger",
    });
    let made = site
        .post(&site.owner, "/v1/stations/claim", claim.clone())
        .await
        .expect(201);
    assert_eq!(
        (&made["kind"], &made["has_password"]),
        (&json!("charger"), &json!(true))
    );
    let list = site
        .get(&site.owner, "/v1/stations/refused")
        .await
        .expect(200);
    assert_eq!(list["items"], json!([]));
    let got = site.post(&site.owner, "/v1/stations/claim", claim).await;
    got.problem(409, "station_id_taken");
    let chargers = site.get(&site.owner, "/v1/chargers").await.expect(200);
    assert_eq!(chargers["items"][0]["evses"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn claims_are_limited() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let claim = |number: u32| {
        json!({
            "station_id": format!("LK{number}"), "password_hex": "00".repeat(16),
            "installation_id": installation, "kind": "lock",
        })
    };
    for number in 0..10 {
        site.post(&site.owner, "/v1/stations/claim", claim(number))
            .await
            .expect(201);
    }
    let got = site
        .post(&site.owner, "/v1/stations/claim", claim(11))
        .await;
    got.problem(429, "too_many_requests");
}

#[tokio::test]
async fn stations_are_listed_for_technical_work() {
    let site = Site::new().await;
    let installation = site.installation().await;
    let charger = site.charger(&installation, "CP1").await;
    let lock = site.lock(&installation, "LK1").await;
    let list = site.get(&site.owner, "/v1/stations").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["charger_id"], &items[1]["lock_id"]),
        (&json!(charger), &json!(lock))
    );
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    assert_eq!(
        site.get(&user, "/v1/stations").await.expect(200)["items"],
        json!([])
    );
}

#[tokio::test]
async fn settings_are_changed_one_by_one_logged_and_given_to_the_connection() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    let path = "/v1/stations/cp1";
    let fresh = site.get(&site.owner, path).await.expect(200);
    assert_eq!(
        fresh["settings"],
        json!({ "acceptance": "accepted", "card_numbers": "exact", "assume_ocpp16": false, "pinned_version": null,
            "ping_interval_seconds": null, "rate_limit": null, "max_message_bytes": null, "configuration_keys_per_call": null,
            "tolerance": {}, "reader_profile": [] })
    );
    let patch = |settings: Value| {
        let (site, body) = (&site, json!({ "settings": settings }));
        async move {
            site.with(&site.owner, "PATCH", path, &[], Some(&body))
                .await
        }
    };
    let first = json!({ "ping_interval_seconds": 0, "tolerance": { "time_form": "refuse" } });
    patch(first).await.expect(200);
    let second = json!({ "tolerance": { "too_long": "report" },
        "reader_profile": [{ "step": "strip_zero_padding", "bytes": 4 }] });
    let answer = patch(second).await.expect(200);
    assert_eq!(answer["settings"]["ping_interval_seconds"], 0);
    assert_eq!(
        answer["settings"]["tolerance"],
        json!({ "time_form": "refuse", "too_long": "report" })
    );
    let third = json!({ "tolerance": { "time_form": null }, "ping_interval_seconds": null });
    let answer = patch(third).await.expect(200);
    assert_eq!(
        answer["settings"]["tolerance"],
        json!({ "too_long": "report" })
    );
    assert_eq!(answer["settings"]["ping_interval_seconds"], Value::Null);
    assert_eq!(
        site.get(&site.owner, path).await.expect(200)["settings"],
        answer["settings"]
    );

    let configured = site.link.configured.lock().clone();
    assert_eq!(configured.len(), 3);
    assert!(configured.iter().all(|(station, _)| *station == key("CP1")));
    assert_eq!(configured[0].1.ping_interval_seconds, Some(0));
    assert_eq!(configured[2].1.ping_interval_seconds, None);

    let audit = site.get(&site.owner, "/v1/audit?limit=1").await.expect(200);
    let entry = &audit["items"][0];
    assert_eq!(entry["kind"], "station");
    assert_eq!(
        entry["before"]["settings"]["tolerance"]["time_form"],
        "refuse"
    );
    assert_eq!(
        entry["after"]["settings"]["tolerance"]["time_form"],
        Value::Null
    );
    assert_eq!(entry["after"]["station_id"], "CP1");
}

#[tokio::test]
async fn settings_that_mean_nothing_are_refused_by_their_field() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    for (settings, fault) in [
        (
            json!({ "ping_interval_seconds": 1 }),
            ("settings.ping_interval_seconds", "out_of_range"),
        ),
        (
            json!({ "rate_limit": { "calls_per_second": 0, "burst": 1 } }),
            ("settings.rate_limit.calls_per_second", "out_of_range"),
        ),
        (
            json!({ "max_message_bytes": 1 }),
            ("settings.max_message_bytes", "out_of_range"),
        ),
        (
            json!({ "tolerance": { "mood": "repair" } }),
            ("settings.tolerance", "invalid"),
        ),
        (
            json!({ "reader_profile": [{ "step": "decimal_to_hex", "bytes": 19 }] }),
            ("settings.reader_profile[0].bytes", "out_of_range"),
        ),
        (
            json!({ "reader_profile": [{ "step": "decimal_to_hex" }] }),
            ("settings.reader_profile[0].bytes", "required"),
        ),
    ] {
        let body = json!({ "settings": settings });
        site.with(&site.owner, "PATCH", "/v1/stations/CP1", &[], Some(&body))
            .await
            .faults(&[fault]);
    }
    let unknown = json!({ "settings": { "mood": 1 } });
    site.with(
        &site.owner,
        "PATCH",
        "/v1/stations/CP1",
        &[],
        Some(&unknown),
    )
    .await
    .faults(&[("settings.mood", "unknown")]);
    assert!(site.link.configured.lock().is_empty());
}
