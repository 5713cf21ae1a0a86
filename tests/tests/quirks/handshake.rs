//! Q1 to Q14: before the first message.

use keywatt_tests::{DEADLINE, Version, Wire};
use serde_json::json;
use tokio::time::timeout;

use crate::bench::{BOTH, Bench, Socket, TREATMENTS};

/// 20 bytes, some of them no UTF-8 and one a colon.
const KEY: [u8; 20] = *b"\xF0\xF1:\xFF\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09ABCDEF";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test]
async fn q1_no_subprotocol_is_1_6_where_the_owner_says_so() {
    let bench = Bench::new().await;
    for treatment in TREATMENTS {
        let charger = bench.charger_treated("no_subprotocol", treatment).await;
        let path = format!("/ocpp/{}", charger.station_id);
        // Without the owner's word the handshake is finished and closed at once.
        let mut refused = Socket::connect(&bench.server, &path, &[]).await;
        assert_eq!(refused.closed().await, Some(1002));
        let listed = bench.listed(&charger.station_id, "no_subprotocol").await;
        let fix = listed["fix"].as_str().unwrap();
        assert!(fix.contains("assume_ocpp16"), "{fix}");

        bench.set(&charger, json!({ "assume_ocpp16": true })).await;
        let mut socket = Socket::connect(&bench.server, &path, &[]).await;
        if treatment == "refuse" {
            assert_eq!(socket.closed().await, Some(1002));
            continue;
        }
        assert_eq!(socket.subprotocol, None);
        socket.boot(Version::V16).await;
        let seen = bench.seen(&charger, "no_subprotocol", 1).await;
        assert_eq!(
            (&seen["action"], &seen["refused"]),
            (&json!("handshake"), &json!(0))
        );
        let told = bench
            .told(&charger, &mut socket, Version::V16, "no_subprotocol")
            .await;
        assert_eq!(told.len(), usize::from(treatment == "report"), "{told:?}");
    }
}

#[tokio::test]
async fn q2_of_several_subprotocols_the_first_known_is_spoken_and_a_probe_changes_nothing() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let path = format!("/ocpp/{}", charger.station_id);
    for (offered, named) in [
        (&["ocpp2.0.1", "ocpp1.6"][..], "ocpp2.0.1"),
        (&["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (&["ocpp2.1", "ocpp1.6"], "ocpp1.6"),
    ] {
        let socket = Socket::connect(&bench.server, &path, offered).await;
        assert_eq!(socket.subprotocol.as_deref(), Some(named), "{offered:?}");
    }
    // A short 1.6 probe; then the station comes back with 2.0.1 and is spoken to in it.
    let probe = Socket::connect(&bench.server, &path, &["ocpp1.6"]).await;
    drop(probe);
    let mut socket = Socket::connect(&bench.server, &path, &["ocpp2.0.1"]).await;
    socket.boot(Version::V201).await;
    let body = bench
        .owner
        .get(&format!("/v1/chargers/{}", charger.id))
        .await
        .ok();
    assert_eq!(body["connection"]["version"], "2.0.1", "{body}");
}

#[tokio::test]
async fn q3_messages_of_the_other_version_are_told_so() {
    let bench = Bench::new().await;
    for (version, action, other) in [
        (Version::V201, "StartTransaction", "1.6"),
        (Version::V16, "TransactionEvent", "2.0.1"),
    ] {
        let charger = bench.charger().await;
        let mut socket = bench.socket(&charger, version).await;
        let answer = socket.call(action, "{}").await;
        assert_eq!(
            (&answer[0], &answer[2]),
            (&json!(4), &json!("NotImplemented")),
            "{answer}"
        );
        let told = answer[3].as_str().unwrap();
        assert!(told.contains(&format!("OCPP {other}")), "{told}");
        socket.works().await;
    }
}

#[tokio::test]
async fn q4_slashes_doubled_or_at_the_end_are_passed_over() {
    let bench = Bench::new().await;
    for treatment in TREATMENTS {
        let charger = bench.charger_treated("path_slashes", treatment).await;
        let id = &charger.station_id;
        let paths = [
            format!("/ocpp/{id}/"),
            format!("//ocpp//{id}"),
            format!("/ocpp/{id}//"),
        ];
        for (times, path) in (1..).zip(&paths) {
            let socket = Socket::dial(&bench.server, path, &["ocpp1.6"], None).await;
            if treatment == "refuse" {
                assert_eq!(socket.err().as_deref(), Some("400 path_slashes"), "{path}");
                continue;
            }
            let mut socket = socket.unwrap_or_else(|error| panic!("{path}: {error}"));
            socket.boot(Version::V16).await;
            bench.seen(&charger, "path_slashes", times).await;
        }
        if treatment == "refuse" {
            bench.listed(id, "path_slashes").await;
        }
        let mut plain = bench.socket(&charger, Version::V16).await;
        let told = bench
            .told(&charger, &mut plain, Version::V16, "path_slashes")
            .await;
        assert_eq!(told.len(), usize::from(treatment == "report"), "{told:?}");
    }
}

#[tokio::test]
async fn q5_segments_before_the_identity_and_a_query_behind_it_are_accepted() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let id = &charger.station_id;
    for path in [
        format!("/{id}"),
        format!("/steve/websocket/CentralSystemService/{id}"),
        format!("/a/b/c/d/{id}"),
        format!("/ocpp/{id}?token=x&serial=1"),
        format!("/ocpp/%{:02X}{}", id.as_bytes()[0], &id[1..]),
    ] {
        let mut socket = Socket::connect(&bench.server, &path, &["ocpp1.6"]).await;
        socket.boot(Version::V16).await;
    }
    let deep = format!("/a/b/c/d/e/{id}");
    let refused = Socket::dial(&bench.server, &deep, &["ocpp1.6"], None).await;
    assert_eq!(refused.err().as_deref(), Some("400 path_too_long"));
}

#[tokio::test]
async fn q6_the_identity_may_come_in_other_letter_case() {
    let bench = Bench::new().await;
    for treatment in TREATMENTS {
        let charger = bench.charger_treated("identity_case", treatment).await;
        let lower = charger.station_id.to_lowercase();
        assert_ne!(lower, charger.station_id);
        let path = format!("/ocpp/{lower}");
        let socket = Socket::dial(&bench.server, &path, &["ocpp1.6"], None).await;
        if treatment == "refuse" {
            assert_eq!(socket.err().as_deref(), Some("400 identity_case"));
            bench.listed(&lower, "identity_case").await;
            continue;
        }
        let mut socket = socket.unwrap_or_else(|error| panic!("{error}"));
        socket.boot(Version::V16).await;
        bench.seen(&charger, "identity_case", 1).await;
        // Inside it has the identity as registered.
        let told = bench
            .told(&charger, &mut socket, Version::V16, "identity_case")
            .await;
        assert_eq!(told.len(), usize::from(treatment == "report"), "{told:?}");
    }
}

#[tokio::test]
async fn q11_a_key_is_known_as_bytes_and_as_hex() {
    let bench = Bench::new().await;
    let text = hex(&KEY);
    for treatment in TREATMENTS {
        let charger = bench.charger_treated("password_form", treatment).await;
        let id = charger.station_id.clone();
        let path = format!("/ocpp/{id}");
        let dial = async |password: &[u8]| {
            let pair = [id.as_bytes(), b":", password].concat();
            let dialled = Socket::dial(&bench.server, &path, &["ocpp1.6"], Some(&pair)).await;
            dialled.map(drop)
        };
        bench
            .password(&charger, json!({ "password_hex": text }))
            .await;
        assert_eq!(dial(&KEY).await, Ok(()), "the bytes as they were set");
        let others = [text.clone().into_bytes(), text.to_lowercase().into_bytes()];
        for (times, other) in (1..).zip(others) {
            let dialled = dial(&other).await;
            if treatment == "refuse" {
                assert_eq!(dialled, Err("401 wrong_password".to_owned()));
            } else {
                assert_eq!(dialled, Ok(()), "hex text of them");
                bench.seen(&charger, "password_form", times).await;
            }
        }
        // The other way round: the key was set as the text that stands in the station's menu.
        bench.password(&charger, json!({ "password": text })).await;
        assert_eq!(dial(text.as_bytes()).await, Ok(()));
        let dialled = dial(&KEY).await;
        assert_eq!(dialled.is_ok(), treatment != "refuse", "{dialled:?}");
        assert_eq!(dial(&KEY[..19]).await, Err("401 wrong_password".to_owned()));
    }
}

#[tokio::test]
async fn q11_the_user_is_the_identity_and_the_password_whatever_follows_the_first_colon() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let id = charger.station_id.clone();
    let path = format!("/ocpp/{id}");
    bench
        .password(&charger, json!({ "password": "a:b::c:d:e:f:g:h" }))
        .await;
    let dial = async |pair: Option<Vec<u8>>| {
        Socket::dial(&bench.server, &path, &["ocpp1.6"], pair.as_deref())
            .await
            .map(drop)
    };
    let pair = |user: &str, password: &str| Some(format!("{user}:{password}").into_bytes());
    assert_eq!(dial(pair(&id, "a:b::c:d:e:f:g:h")).await, Ok(()));
    assert_eq!(
        dial(pair(&id.to_lowercase(), "a:b::c:d:e:f:g:h")).await,
        Ok(())
    );
    for (pair, code) in [
        (
            pair("somebody", "a:b::c:d:e:f:g:h"),
            "401 user_is_not_identity",
        ),
        (pair(&id, ""), "401 wrong_password"),
        (None, "401 password_missing"),
    ] {
        assert_eq!(dial(pair).await, Err(code.to_owned()));
    }
}

#[tokio::test]
async fn q14_wrong_passwords_of_one_station_keep_no_other_out_behind_the_same_address() {
    let bench = Bench::new().await;
    let (careless, careful) = (bench.charger().await, bench.charger().await);
    for charger in [&careless, &careful] {
        bench
            .password(charger, json!({ "password": "0123456789abcdef" }))
            .await;
    }
    let dial = async |id: &str, password: &str| {
        let pair = format!("{id}:{password}").into_bytes();
        let path = format!("/ocpp/{id}");
        Socket::dial(&bench.server, &path, &["ocpp1.6"], Some(&pair))
            .await
            .map(drop)
    };
    let mut told = Ok(());
    for _ in 0..11 {
        told = dial(&careless.station_id, "a wrong password").await;
    }
    assert_eq!(told, Err("429 too_many_attempts".to_owned()));
    assert_eq!(dial(&careful.station_id, "0123456789abcdef").await, Ok(()));
}

#[tokio::test]
async fn q7_the_newest_connection_wins_on_both_versions() {
    let bench = Bench::new().await;
    for version in BOTH {
        let charger = bench.charger().await;
        let old = Wire::booted(&bench.server.endpoint(&charger.station_id, version)).await;
        let mut new = bench.socket(&charger, version).await;
        let closed = timeout(DEADLINE, old.connection().closed());
        closed.await.expect("the old connection ends");
        // The old one took only itself away.
        new.works().await;
        let body = bench
            .owner
            .get(&format!("/v1/chargers/{}", charger.id))
            .await
            .ok();
        assert_eq!(body["connection"]["online"], true, "{body}");
    }
}
