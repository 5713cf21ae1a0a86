//! Remote start and stop.

use rpc::Version;
use serde_json::{Value, json};

use super::{actions, charger, charger_with, start_and_stop};
use crate::charger::Charger;
use crate::scripted_csms::LIMIT;
use crate::token::Token;
use crate::view::Light;

/// The command that starts a charge from afar.
fn remote_start(version: Version) -> (&'static str, Value) {
    match version {
        Version::V16 => (
            "RemoteStartTransaction",
            json!({ "idTag": "FE01", "connectorId": 1 }),
        ),
        Version::V201 => (
            "RequestStartTransaction",
            json!({
                "evseId": 1, "remoteStartId": 7,
                "idToken": { "idToken": "FE01", "type": "ISO14443" },
            }),
        ),
    }
}

#[tokio::test]
async fn a_remote_start_begins_at_once_where_it_needs_no_authorization() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        charger.plug(1).await.unwrap();
        let (action, payload) = remote_start(version);
        assert_eq!(csms.command(action, payload).await["status"], "Accepted");
        let running = |charger: &Charger| {
            charger
                .view(1)
                .is_some_and(|view| view.transaction.is_some_and(|id| id != "?"))
        };
        charger.wait_until(LIMIT, running).await.unwrap();
        assert_eq!(actions(&csms), [start_and_stop(version)[0]]);
        if version == Version::V201 {
            let started = csms.payloads("TransactionEvent").remove(0);
            assert_eq!(started["transactionInfo"]["remoteStartId"], 7);
            assert_eq!(started["triggerReason"], "RemoteStart");
        }
        let (action, payload) = remote_start(version);
        assert_eq!(csms.command(action, payload).await["status"], "Rejected");
    }
}

#[tokio::test]
async fn a_remote_start_asks_first_where_it_must() {
    for version in Version::ALL {
        let (csms, charger) = charger_with(version, |config| config.authorize_remote = true).await;
        csms.authorize_as("Invalid");
        charger.plug(1).await.unwrap();
        let (action, payload) = remote_start(version);
        assert_eq!(
            csms.command(action, payload.clone()).await["status"],
            "Accepted"
        );
        let red = |charger: &Charger| charger.view(1).is_some_and(|view| view.light == Light::Red);
        charger.wait_until(LIMIT, red).await.unwrap();
        assert_eq!(actions(&csms), ["Authorize"]);
        csms.authorize_as("Accepted");
        assert_eq!(csms.command(action, payload).await["status"], "Accepted");
        let blue = |charger: &Charger| {
            charger
                .view(1)
                .is_some_and(|view| view.light == Light::Blue)
        };
        charger.wait_until(LIMIT, blue).await.unwrap();
        csms.wait_for(start_and_stop(version)[0].split(' ').next().unwrap(), 1)
            .await;
        assert_eq!(
            actions(&csms),
            ["Authorize", "Authorize", start_and_stop(version)[0]]
        );
    }
}

#[tokio::test]
async fn a_central_token_is_never_asked_about() {
    let (csms, charger) =
        charger_with(Version::V201, |config| config.authorize_remote = true).await;
    charger.plug(1).await.unwrap();
    let start = json!({
        "remoteStartId": 8, "idToken": { "idToken": "FE02", "type": "Central" },
        "groupIdToken": { "idToken": "household", "type": "Central" },
    });
    csms.command("RequestStartTransaction", start).await;
    csms.wait_for("TransactionEvent", 1).await;
    assert_eq!(actions(&csms), ["TransactionEvent Started"]);
}

#[tokio::test]
async fn a_remote_stop_ends_the_named_transaction_only() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let start = charger
            .start_transaction(1, &Token::card("04A1"))
            .await
            .unwrap();
        let name = start.transaction.unwrap();
        let (action, wrong, right) = match version {
            Version::V16 => {
                let number: i64 = name.parse().unwrap();
                ("RemoteStopTransaction", json!(number + 1), json!(number))
            }
            Version::V201 => ("RequestStopTransaction", json!("nobody's"), json!(name)),
        };
        let rejected = csms
            .command(action, json!({ "transactionId": wrong }))
            .await;
        assert_eq!(rejected["status"], "Rejected");
        let accepted = csms
            .command(action, json!({ "transactionId": right }))
            .await;
        assert_eq!(accepted["status"], "Accepted");
        let idle = |charger: &Charger| {
            charger
                .view(1)
                .is_some_and(|view| view.transaction.is_none())
        };
        charger.wait_until(LIMIT, idle).await.unwrap();
        csms.wait_for(start_and_stop(version)[1].split(' ').next().unwrap(), 1)
            .await;
    }
}
