//! Who may connect: TLS, passwords, and the exemption of loopback; and what the operator is told
//! of those who may not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Card, Charger};
use keywatt_tests::wire::Version;
use keywatt_tests::{Api, DEADLINE, Options, Server, Wire, eventually, unique};
use serde_json::{Value, json};
use simulator::Endpoint;
use simulator::transport::ConnectError;
use tokio::time::timeout;

const PASSWORD: &str = "0123456789abcdef";
const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// A charger and somebody's card.
struct Scene {
    owner: Api,
    charger: Charger,
    card: Card,
}

impl Scene {
    async fn set(server: &Server) -> Scene {
        let owner = server.owner();
        let site = owner.installation().await;
        let charger = owner.charger(&site, 1).await;
        let (_, card) = owner.user(charger.node()).await;
        Scene {
            owner,
            charger,
            card,
        }
    }

    fn endpoint(&self, server: &Server, version: Version) -> Endpoint {
        server.endpoint(&self.charger.station_id, version)
    }

    async fn set_credential(&self, body: Value) {
        let path = format!("/v1/stations/{}/credential", self.charger.station_id);
        drop(self.owner.put(&path, body).await.ok());
    }

    async fn is_let_in(&self, endpoint: &Endpoint) -> Wire {
        let wire = Wire::booted(endpoint).await;
        assert_eq!(wire.status_of(&self.card.presented).await, "Accepted");
        wire
    }

    /// What the operator sees of the station that was refused.
    async fn refused(&self, identity: &str, code: &str) -> Value {
        eventually("the refused handshake in the list", DEADLINE, || async {
            let all = self.owner.list("/v1/stations/refused").await;
            all.into_iter()
                .find(|row| row["identity"] == identity && row["code"] == code)
        })
        .await
    }
}

/// Refused with this status and code.
async fn is_refused(endpoint: &Endpoint, status: u16, code: &str) {
    match Wire::connect(endpoint).await {
        Err(ConnectError::Refused {
            status: told,
            body,
            headers,
        }) => {
            assert_eq!(told, status, "{body}");
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["code"], code, "{body}");
            if status == 401 {
                let asks = headers.iter().any(|(name, _)| name == "www-authenticate");
                assert!(asks, "401 asks for authentication: {headers:?}");
            }
        }
        Err(error) => panic!("`{}`: {error}", endpoint.id),
        Ok(_) => panic!("`{}` was let in", endpoint.id),
    }
}

#[tokio::test]
async fn a_station_with_its_password_is_let_in_over_tls_on_both_versions() {
    let server = Server::start(Options::default().tls()).await;
    let scene = Scene::set(&server).await;
    scene.set_credential(json!({ "password": PASSWORD })).await;
    for version in BOTH {
        let endpoint = scene
            .endpoint(&server, version)
            .with_password(PASSWORD.as_bytes());
        scene.is_let_in(&endpoint).await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_not_talked_to() {
    let server = Server::start(Options::default().tls()).await;
    let other = Server::start(Options::default().tls()).await;
    let scene = Scene::set(&server).await;
    let mut endpoint = scene.endpoint(&server, Version::V16);
    endpoint.ca_pem = other.certificate().map(|own| own.pem.clone().into_bytes());
    assert!(matches!(
        Wire::connect(&endpoint).await,
        Err(ConnectError::Io { .. } | ConnectError::Tls(_))
    ));
}

#[tokio::test]
async fn a_plain_connection_to_a_port_with_tls_gets_nowhere() {
    let server = Server::start(Options::default().tls()).await;
    let scene = Scene::set(&server).await;
    let url = format!("ws://127.0.0.1:{}/ocpp", server.port());
    let endpoint = Endpoint::new(&url, &scene.charger.station_id, Version::V16);
    assert!(Wire::connect(&endpoint).await.is_err());
}

#[tokio::test]
async fn wrong_and_missing_passwords_are_refused_and_listed_with_what_to_do() {
    for options in [Options::default(), Options::default().tls()] {
        let server = Server::start(options).await;
        let scene = Scene::set(&server).await;
        scene.set_credential(json!({ "password": PASSWORD })).await;
        let id = scene.charger.station_id.clone();
        let endpoint = scene.endpoint(&server, Version::V16);

        let wrong = endpoint.clone().with_password(b"0123456789abcdeX");
        is_refused(&wrong, 401, "wrong_password").await;
        scene.refused(&id, "wrong_password").await;
        is_refused(&endpoint, 401, "password_missing").await;
        scene.refused(&id, "password_missing").await;
        let mut other = endpoint.clone().with_password(PASSWORD.as_bytes());
        other.user = Some(b"somebody-else".to_vec());
        is_refused(&other, 401, "user_is_not_identity").await;
        let row = scene.refused(&id, "user_is_not_identity").await;
        for field in ["reason", "fix", "address", "first_at", "last_at"] {
            assert!(
                row[field].as_str().is_some_and(|text| text.len() > 8),
                "`{field}` of {row}"
            );
        }
        assert!(
            row["count"].as_i64().is_some_and(|count| count >= 3),
            "{row}"
        );
        // What was offered is nobody's business.
        let all = json!(scene.owner.list("/v1/stations/refused").await).to_string();
        assert!(
            !all.contains(PASSWORD) && !all.contains("0123456789abcdeX"),
            "{all}"
        );
        assert!(
            !server.output().contains("0123456789abcde"),
            "a password is in the log"
        );

        let right = endpoint.with_password(PASSWORD.as_bytes());
        scene.is_let_in(&right).await;
    }
}

#[tokio::test]
async fn an_unknown_station_is_refused_and_can_be_claimed() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let id = unique::station_id("NEW");
    let endpoint = server.endpoint(&id, Version::V201);
    is_refused(&endpoint, 404, "unknown_station").await;
    scene.refused(&id, "unknown_station").await;
    let site = scene.owner.installation().await;
    let body = json!({
        "station_id": id, "password": PASSWORD, "installation_id": site.id, "kind": "charger",
    });
    drop(scene.owner.post("/v1/stations/claim", body).await.ok());
    is_refused(&endpoint, 401, "password_missing").await;
    Wire::booted(&endpoint.with_password(PASSWORD.as_bytes())).await;
}

#[tokio::test]
async fn q11_a_password_is_bytes_with_colons_and_without_utf_8() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let endpoint = scene.endpoint(&server, Version::V16);
    scene
        .set_credential(json!({ "password": "a:b::c:d:e:f:g:h" }))
        .await;
    scene
        .is_let_in(&endpoint.clone().with_password(b"a:b::c:d:e:f:g:h"))
        .await;

    // 1.6 keys are set as hex; on the wire some stations send the bytes, some the hex (Q11).
    let bytes: Vec<u8> = (0xF0..=0xFF).chain([0, 1, 2, 3]).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    scene.set_credential(json!({ "password_hex": hex })).await;
    scene
        .is_let_in(&endpoint.clone().with_password(&bytes))
        .await;
    scene
        .is_let_in(&endpoint.clone().with_password(hex.as_bytes()))
        .await;
    let almost = endpoint.with_password(&bytes[..19]);
    is_refused(&almost, 401, "wrong_password").await;
}

#[tokio::test]
async fn a_changed_password_ends_the_connection_and_the_old_one_at_once() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    scene.set_credential(json!({ "password": PASSWORD })).await;
    let endpoint = scene
        .endpoint(&server, Version::V16)
        .with_password(PASSWORD.as_bytes());
    let wire = scene.is_let_in(&endpoint).await;
    scene
        .set_credential(json!({ "password": "another-password" }))
        .await;
    timeout(DEADLINE, wire.connection().closed())
        .await
        .expect("the connection ends");
    is_refused(&endpoint, 401, "wrong_password").await;
    let path = format!("/v1/stations/{}/credential", scene.charger.station_id);
    scene.owner.delete(&path).await.expect(204);
    let mut without = endpoint;
    without.password = None;
    scene.is_let_in(&without).await;
}

#[tokio::test]
async fn a_connection_without_credentials_never_replaces_one_with_them() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    scene.set_credential(json!({ "password": PASSWORD })).await;
    let endpoint = scene.endpoint(&server, Version::V16);
    let wire = scene
        .is_let_in(&endpoint.clone().with_password(PASSWORD.as_bytes()))
        .await;
    is_refused(&endpoint, 401, "password_missing").await;
    assert_eq!(
        wire.status_of(&scene.card.presented).await,
        "Accepted",
        "the first one stays"
    );
}

#[tokio::test]
async fn a_station_without_a_password_is_let_in_from_this_machine_only() {
    let server = Server::plain().await;
    let scene = Scene::set(&server).await;
    let endpoint = scene.endpoint(&server, Version::V16);
    scene.is_let_in(&endpoint).await;
    for header in [
        "X-Forwarded-For",
        "Forwarded",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "Via",
    ] {
        let mut forwarded = endpoint.clone();
        forwarded
            .headers
            .push((header.to_owned(), "192.0.2.7".to_owned()));
        is_refused(&forwarded, 401, "credential_not_set").await;
    }
    scene
        .refused(&scene.charger.station_id, "credential_not_set")
        .await;
}

#[tokio::test]
async fn q12_behind_a_proxy_this_machine_proves_nothing() {
    for args in [&["--behind-proxy"][..], &["--trusted-proxy", "127.0.0.1"]] {
        let server = Server::start(Options::default().args(args)).await;
        let scene = Scene::set(&server).await;
        let endpoint = scene.endpoint(&server, Version::V16);
        is_refused(&endpoint, 401, "credential_not_set").await;
        scene.set_credential(json!({ "password": PASSWORD })).await;
        scene
            .is_let_in(&endpoint.with_password(PASSWORD.as_bytes()))
            .await;
    }
}

#[tokio::test]
async fn who_takes_the_risk_may_let_stations_without_a_password_in() {
    let args = ["--behind-proxy", "--allow-profile-0"];
    let server = Server::start(Options::default().args(&args)).await;
    let scene = Scene::set(&server).await;
    let endpoint = scene.endpoint(&server, Version::V16);
    scene.is_let_in(&endpoint).await;
    // Who has a password must present it all the same.
    scene.set_credential(json!({ "password": PASSWORD })).await;
    is_refused(&endpoint, 401, "password_missing").await;
}

#[tokio::test]
async fn q12_the_address_a_trusted_proxy_tells_is_the_one_shown() {
    let server = Server::start(Options::default().args(&["--trusted-proxy", "127.0.0.0/8"])).await;
    let scene = Scene::set(&server).await;
    scene.set_credential(json!({ "password": PASSWORD })).await;
    let mut endpoint = scene
        .endpoint(&server, Version::V16)
        .with_password(PASSWORD.as_bytes());
    let forged = "203.0.113.9, 192.0.2.7".to_owned();
    endpoint
        .headers
        .push(("X-Forwarded-For".to_owned(), forged));
    let _wire = scene.is_let_in(&endpoint).await;
    let body = scene
        .owner
        .get(&format!("/v1/chargers/{}", scene.charger.id))
        .await
        .ok();
    let address = body["connection"]["address"].as_str().unwrap_or_default();
    assert!(address.starts_with("192.0.2.7"), "{body}");
}
