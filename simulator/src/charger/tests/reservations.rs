//! Reservations: made, used, cancelled, expired, taken away.

use rpc::Version;
use serde_json::{Value, json};

use super::{charger, charger_with};
use crate::charger::{Charger, Presented};
use crate::scripted_csms::LIMIT;
use crate::token::Token;

const LATER: &str = "2099-01-01T00:00:00Z";

fn reserve(version: Version, id: i64, connector: u32, until: &str) -> Value {
    match version {
        Version::V16 => json!({
            "reservationId": id, "connectorId": connector, "expiryDate": until, "idTag": "04A1",
        }),
        Version::V201 => {
            let mut payload = json!({
                "id": id, "expiryDateTime": until,
                "idToken": { "idToken": "04A1", "type": "ISO14443" },
            });
            if connector > 0 {
                payload["evseId"] = connector.into();
            }
            payload
        }
    }
}

fn status(charger: &Charger) -> &'static str {
    charger.view(1).unwrap().status
}

#[tokio::test]
async fn a_reserved_connector_is_for_its_token_only() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let answer = csms
            .command("ReserveNow", reserve(version, 7, 1, LATER))
            .await;
        assert_eq!(answer["status"], "Accepted");
        let reserved = |charger: &Charger| status(charger) == "Reserved";
        charger.wait_until(LIMIT, reserved).await.unwrap();
        let other = charger.present(1, &Token::card("04FF")).await.unwrap();
        assert!(matches!(other, Presented::Reserved(_)), "{other:?}");
        charger.plug(1).await.unwrap();
        let own = charger.present(1, &Token::card("04A1")).await.unwrap();
        assert!(matches!(own, Presented::Started { .. }), "{own:?}");
        let (action, payload) = match version {
            Version::V16 => ("StartTransaction", "reservationId"),
            Version::V201 => ("TransactionEvent", "reservationId"),
        };
        assert_eq!(csms.payloads(action).remove(0)[payload], 7);
        assert!(charger.reservations().is_empty());
    }
}

#[tokio::test]
async fn a_reservation_can_be_cancelled_once() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        csms.command("ReserveNow", reserve(version, 7, 1, LATER))
            .await;
        for status in ["Accepted", "Rejected"] {
            let answer = csms
                .command("CancelReservation", json!({ "reservationId": 7 }))
                .await;
            assert_eq!(answer["status"], status);
        }
        assert!(charger.reservations().is_empty());
    }
}

#[tokio::test]
async fn a_reservation_expires_and_2_0_1_is_told() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let soon = charger.core().clock.now() + jiff::SignedDuration::from_millis(200);
        csms.command("ReserveNow", reserve(version, 7, 1, &soon.to_string()))
            .await;
        let gone =
            |charger: &Charger| charger.reservations().is_empty() && status(charger) == "Available";
        charger.wait_until(LIMIT, gone).await.unwrap();
        if version == Version::V201 {
            let told = csms.wait_for("ReservationStatusUpdate", 1).await;
            assert_eq!(
                told,
                [json!({ "reservationId": 7, "reservationUpdateStatus": "Expired" })]
            );
        }
    }
}

#[tokio::test]
async fn a_broken_connector_loses_its_reservation() {
    let (csms, charger) = charger(Version::V201).await;
    csms.command("ReserveNow", reserve(Version::V201, 7, 1, LATER))
        .await;
    charger.set_fault(1, Some("hot")).await.unwrap();
    let told = csms.wait_for("ReservationStatusUpdate", 1).await;
    assert_eq!(told[0]["reservationUpdateStatus"], "Removed");
    let again = csms
        .command("ReserveNow", reserve(Version::V201, 8, 1, LATER))
        .await;
    assert_eq!(again["status"], "Faulted");
}

#[tokio::test]
async fn any_connector_can_be_kept_free() {
    for version in Version::ALL {
        let (csms, charger) = charger_with(version, |config| config.connectors = 2).await;
        let answer = csms
            .command("ReserveNow", reserve(version, 7, 0, LATER))
            .await;
        assert_eq!(answer["status"], "Accepted");
        let other = Token::card("04FF");
        charger.plug(1).await.unwrap();
        let first = charger.present(1, &other).await.unwrap();
        assert!(matches!(first, Presented::Started { .. }), "{first:?}");
        let second = charger.present(2, &other).await.unwrap();
        assert!(matches!(second, Presented::Reserved(_)), "{second:?}");
    }
}
