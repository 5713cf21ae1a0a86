//! Q31: one card, many numbers.

use keywatt_tests::Version::{self, V16, V201};
use keywatt_tests::facts::{Card, Charger};
use keywatt_tests::wire::now;
use keywatt_tests::{DEADLINE, Wire, eventually, unique};
use serde_json::{Value, json};

use crate::bench::{BOTH, Bench, Socket, TREATMENTS};

const SERIAL: &str = "SN-4711";

fn bytes(hex: &str) -> Vec<&str> {
    (0..hex.len() / 2)
        .map(|at| &hex[at * 2..at * 2 + 2])
        .collect()
}

fn reversed(hex: &str) -> String {
    bytes(hex).into_iter().rev().collect()
}

fn decimal(hex: &str) -> String {
    u128::from_str_radix(hex, 16).unwrap().to_string()
}

/// How a reader writes a card's number, the steps that turn it back, and the deviation it is.
fn readers(card: &str) -> Vec<(String, Value, &'static str)> {
    vec![
        (
            format!("{card}_{SERIAL}"),
            json!([{ "step": "strip_serial_suffix" }]),
            "token_suffix",
        ),
        (
            reversed(card),
            json!([{ "step": "reverse_bytes" }]),
            "token_byte_order",
        ),
        (
            format!("00{card}"),
            json!([{ "step": "strip_zero_padding", "bytes": 7 }]),
            "token_padding",
        ),
        (
            format!("{card}00"),
            json!([{ "step": "strip_trailing_zeros", "bytes": 7 }]),
            "token_padding",
        ),
        (
            decimal(card),
            json!([{ "step": "decimal_to_hex", "bytes": 7 }]),
            "token_decimal",
        ),
    ]
}

async fn asks(socket: &mut Socket, version: Version, number: &str) -> String {
    let (payload, info) = match version {
        V16 => (json!({ "idTag": number }), "idTagInfo"),
        V201 => (
            json!({ "idToken": { "idToken": number, "type": "ISO14443" } }),
            "idTokenInfo",
        ),
    };
    let answer = socket.call("Authorize", &payload.to_string()).await;
    answer[2][info]["status"].as_str().unwrap().to_owned()
}

async fn scene(bench: &Bench, version: Version, settings: Value) -> (Charger, Card, Socket) {
    let charger = bench.charger().await;
    bench.set(&charger, settings).await;
    let person = bench.owner.person().await;
    bench.owner.grant(&person, "user", charger.node()).await;
    // With a letter in it, so that it is no decimal number as well.
    let value = format!("{}A", &unique::card()[..13]);
    let value = json!({ "kind": "rfid", "value": value });
    let card = bench.owner.card_with(&person, value).await;
    let path = format!("/ocpp/{}", charger.station_id);
    let offered = match version {
        V16 => "ocpp1.6",
        V201 => "ocpp2.0.1",
    };
    let mut socket = Socket::connect(&bench.server, &path, &[offered]).await;
    let serial = match version {
        V16 => json!({ "chargePointSerialNumber": SERIAL }),
        V201 => json!({ "serialNumber": SERIAL }),
    };
    socket.boot_with(version, serial).await;
    (charger, card, socket)
}

#[tokio::test]
async fn q31_a_readers_number_is_that_of_the_card_where_its_profile_says_how() {
    let bench = Bench::new().await;
    for version in BOTH {
        for position in 0..4 {
            for treatment in TREATMENTS {
                let (charger, card, mut socket) = scene(&bench, version, json!({})).await;
                let number = &card.presented.value;
                let (received, steps, quirk) = readers(number).swap_remove(position);
                // Nothing is turned unless the owner says so.
                assert_ne!(
                    asks(&mut socket, version, &received).await,
                    "Accepted",
                    "{quirk}"
                );
                assert!(bench.quirk(&charger, quirk).await.is_none());
                let settings = json!({
                    "reader_profile": steps, "tolerance": { quirk: treatment },
                });
                bench.set(&charger, settings).await;
                let status = asks(&mut socket, version, &received).await;
                assert_eq!(
                    status == "Accepted",
                    treatment != "refuse",
                    "{quirk} {status}"
                );
                // The card's own number is still the card's, where the step lets it be.
                if quirk != "token_byte_order" {
                    assert_eq!(
                        asks(&mut socket, version, number).await,
                        "Accepted",
                        "{quirk}"
                    );
                }
                let told = bench.told(&charger, &mut socket, version, quirk).await;
                assert_eq!(told.len(), usize::from(treatment == "report"), "{told:?}");
                if treatment != "refuse" {
                    bench.seen(&charger, quirk, 1).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn q31_another_stations_suffix_is_part_of_the_number() {
    let bench = Bench::new().await;
    let settings = json!({ "reader_profile": [{ "step": "strip_serial_suffix" }] });
    let (_, card, mut socket) = scene(&bench, V16, settings).await;
    let number = &card.presented.value;
    for suffix in ["_OTHER", "_", ""] {
        let status = asks(&mut socket, V16, &format!("{number}{suffix}")).await;
        assert_eq!(status == "Accepted", suffix.is_empty(), "{suffix}");
    }
}

#[tokio::test]
async fn q31_letter_case_never_counts_and_is_noted_where_the_profile_names_it() {
    let bench = Bench::new().await;
    let (charger, card, mut socket) = scene(&bench, V16, json!({})).await;
    let lower = card.presented.value.to_lowercase();
    assert_eq!(asks(&mut socket, V16, &lower).await, "Accepted");
    bench
        .set(
            &charger,
            json!({ "reader_profile": [{ "step": "upper_case" }] }),
        )
        .await;
    assert_eq!(asks(&mut socket, V16, &lower).await, "Accepted");
    bench.seen(&charger, "token_case", 1).await;
}

#[tokio::test]
async fn q31_a_transaction_is_the_cards_and_a_retry_is_known_though_the_profile_changed() {
    let bench = Bench::new().await;
    let profile = json!({ "reader_profile": [{ "step": "reverse_bytes" }] });
    let (charger, card, mut socket) = scene(&bench, V16, profile).await;
    let received = reversed(&card.presented.value);
    let start = json!({ "connectorId": 1, "idTag": received, "meterStart": 0,
        "timestamp": now() })
    .to_string();
    let first = socket.call("StartTransaction", &start).await;
    assert_eq!(first[2]["idTagInfo"]["status"], "Accepted", "{first}");
    bench.set(&charger, json!({ "reader_profile": [] })).await;
    let again = socket.call("StartTransaction", &start).await;
    assert_eq!(
        again[2]["transactionId"], first[2]["transactionId"],
        "{again}"
    );
    let all = bench
        .owner
        .list(&format!("/v1/transactions?charger={}", charger.id))
        .await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["credential_id"], card.id.as_str(), "{}", all[0]);
    // The record shows what was received.
    let shown = format!("{}…{}", &received[..2], &received[12..]);
    assert_eq!(all[0]["id_token"], shown, "{}", all[0]);
}

#[tokio::test]
async fn q31_the_token_of_a_remote_start_never_saw_the_reader() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let profile = json!({ "reader_profile": [{ "step": "reverse_bytes" }] });
    bench.set(&charger, profile).await;
    let (person, _) = bench.owner.user(charger.node()).await;
    let wire = Wire::booted(&bench.server.endpoint(&charger.station_id, V16)).await;
    let path = format!("/v1/chargers/{}/start", charger.id);
    let body = json!({ "evse": 1, "person_id": person.id });
    let _ = bench.owner.post(&path, body).await.ok();
    let command = wire.commands.wait_for("RemoteStartTransaction", 1).await;
    let token = command["idTag"].as_str().unwrap();
    let started = wire
        .ok(
            "StartTransaction",
            json!({ "connectorId": 1, "idTag": token, "meterStart": 0, "timestamp": now() }),
        )
        .await;
    assert_eq!(started["idTagInfo"]["status"], "Accepted", "{started}");
    assert!(bench.quirk(&charger, "token_byte_order").await.is_none());
}

#[tokio::test]
async fn q31_a_locks_reader_has_a_profile_too() {
    let bench = Bench::new().await;
    let lock = bench.owner.lock(&bench.site).await;
    let door = bench.owner.door(&lock, 1).await;
    let person = bench.owner.person().await;
    let card = bench.owner.card(&person).await;
    bench.owner.grant(&person, "user", door.node()).await;
    let path = format!("/v1/stations/{}", lock.station_id);
    let settings = json!({ "reader_profile": [{ "step": "reverse_bytes" }] });
    bench
        .owner
        .patch(&path, json!({ "settings": settings }))
        .await
        .expect(200);
    let wire = Wire::booted(&bench.server.endpoint(&lock.station_id, V16)).await;
    let mut turned = card.presented.clone();
    turned.value = reversed(&card.presented.value);
    let id = unique::message_id();
    let answer = wire.door_authorize_16(&id, 1, &turned).await;
    assert_eq!(answer["status"], "Accepted", "{answer}");
    let event = json!({ "event_id": "E1", "door": 1, "time": now(), "result": "granted",
        "token": { "kind": "rfid", "value": turned.value } });
    assert_eq!(wire.door_event(&event).await, "Accepted");
    let events = eventually("the event", DEADLINE, || async {
        let path = format!("/v1/doors/{}/events", door.id);
        let all = bench.owner.list(&path).await;
        (!all.is_empty()).then_some(all)
    })
    .await;
    assert_eq!(events[0]["person_id"], person.id.as_str(), "{events:?}");

    // However the controller speaks.
    let controller = bench.server.api(&bench.owner.device_key(&lock).await);
    let path = format!("/v1/doors/{}/access", door.id);
    for (number, effect) in [(&turned.value, "allow"), (&card.presented.value, "deny")] {
        let asked = json!({ "kind": "rfid", "value": number });
        let answer = controller.post(&path, asked).await.expect(200);
        assert_eq!(answer["effect"], effect, "{answer}");
    }
}
