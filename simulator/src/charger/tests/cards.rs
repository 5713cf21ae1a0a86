//! Cards at the reader: asked about, remembered, of a group, refused.

use rpc::Version;
use serde_json::json;

use super::{actions, charger, charger_with, start_and_stop};
use crate::charger::{Charger, Presented};
use crate::scripted_csms::{LIMIT, Script};
use crate::station::Source;
use crate::token::Token;
use crate::view::Light;

#[tokio::test]
async fn an_accepted_card_starts_and_the_same_card_stops() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let card = Token::card("04A1B2C3");
        assert_eq!(charger.view(1).unwrap().light, Light::Green);
        charger.plug(1).await.unwrap();
        assert_eq!(charger.view(1).unwrap().light, Light::Amber);
        let presented = charger.present(1, &card).await.unwrap();
        let Presented::Started {
            authorization,
            start,
        } = presented
        else {
            panic!("{presented:?}")
        };
        assert_eq!(authorization.source, Source::CentralSystem);
        assert_eq!(start.status(), Some("Accepted"));
        let view = charger.view(1).unwrap();
        assert_eq!(
            (view.light, view.transaction),
            (Light::Blue, start.transaction)
        );
        charger.meter_values(1).await.unwrap();
        let stopped = charger.present(1, &card).await.unwrap();
        assert!(matches!(stopped, Presented::Stopped(_)), "{stopped:?}");
        charger.unplug(1).await.unwrap();
        assert_eq!(charger.view(1).unwrap().light, Light::Green);
        let [start, stop] = start_and_stop(version);
        let sample = match version {
            Version::V16 => "MeterValues",
            Version::V201 => "TransactionEvent Updated",
        };
        assert_eq!(actions(&csms), ["Authorize", start, sample, stop]);
    }
}

#[tokio::test]
async fn a_card_may_come_before_the_cable() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let presented = charger.present(1, &Token::card("04A1B2C3")).await.unwrap();
        assert!(matches!(presented, Presented::Waiting(_)), "{presented:?}");
        assert_eq!(charger.view(1).unwrap().light, Light::Amber);
        let start = charger.plug(1).await.unwrap().unwrap();
        assert_eq!(start.status(), Some("Accepted"));
        assert_eq!(actions(&csms), ["Authorize", start_and_stop(version)[0]]);
    }
}

#[tokio::test]
async fn a_refused_card_shows_red_and_starts_nothing() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        csms.authorize_as("Blocked");
        charger.plug(1).await.unwrap();
        let presented = charger.present(1, &Token::card("04A1B2C3")).await.unwrap();
        assert!(
            matches!(&presented, Presented::Refused(outcome) if outcome.status() == "Blocked"),
            "{presented:?}"
        );
        assert_eq!(charger.view(1).unwrap().light, Light::Red);
        assert_eq!(actions(&csms), ["Authorize"]);
    }
}

#[tokio::test]
async fn an_error_instead_of_an_answer_starts_nothing() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        csms.on("Authorize", |_| {
            Script::Error(rpc::ErrorCode::InternalError)
        });
        charger.plug(1).await.unwrap();
        let failed = charger.present(1, &Token::card("04A1B2C3")).await;
        assert!(failed.is_err(), "{failed:?}");
        assert_eq!(charger.view(1).unwrap().light, Light::Red);
        assert_eq!(actions(&csms), ["Authorize"]);
    }
}

#[tokio::test]
async fn the_cache_answers_until_it_is_cleared() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let card = Token::card("04A1B2C3");
        charger.present(1, &card).await.unwrap();
        csms.authorize_as("Invalid");
        csms.forget();
        let again = charger.present(1, &card).await.unwrap();
        assert!(
            matches!(&again, Presented::Waiting(outcome) if outcome.source == Source::Cache),
            "{again:?}"
        );
        assert_eq!(actions(&csms), [] as [&str; 0]);
        let cleared = csms.command("ClearCache", json!({})).await;
        assert_eq!(cleared["status"], "Accepted");
        let refused = charger.present(1, &card).await.unwrap();
        assert!(matches!(refused, Presented::Refused(_)), "{refused:?}");
        assert_eq!(actions(&csms), ["Authorize"]);
    }
}

#[tokio::test]
async fn an_expired_entry_is_asked_again() {
    let (csms, charger) = charger(Version::V16).await;
    csms.authorize_with(json!({ "status": "Accepted", "expiryDate": "2020-01-01T00:00:00Z" }));
    let card = Token::card("04A1B2C3");
    charger.present(1, &card).await.unwrap();
    charger.present(1, &card).await.unwrap();
    assert_eq!(actions(&csms), ["Authorize", "Authorize"]);
}

#[tokio::test]
async fn without_a_cache_every_card_is_asked_about() {
    let (csms, charger) = charger_with(Version::V201, |config| {
        config.authorization_cache = false;
    })
    .await;
    let card = Token::card("04A1B2C3");
    charger.present(1, &card).await.unwrap();
    charger.present(1, &card).await.unwrap();
    assert_eq!(actions(&csms), ["Authorize", "Authorize"]);
    assert_eq!(
        csms.command("ClearCache", json!({})).await["status"],
        "Rejected"
    );
}

#[tokio::test]
async fn a_card_of_the_same_group_stops_and_a_stranger_does_not() {
    for version in Version::ALL {
        let (csms, charger) = charger_with(version, |config| {
            config.authorization_cache = false;
        })
        .await;
        let in_group = |group: &str| match version {
            Version::V16 => json!({ "status": "Accepted", "parentIdTag": group }),
            Version::V201 => json!({
                "status": "Accepted",
                "groupIdToken": { "idToken": group, "type": "Central" },
            }),
        };
        csms.authorize_with(in_group("household"));
        charger.plug(1).await.unwrap();
        charger.present(1, &Token::card("04A1")).await.unwrap();
        csms.authorize_with(in_group("neighbours"));
        let stranger = charger.present(1, &Token::card("04A2")).await.unwrap();
        assert!(matches!(stranger, Presented::NotYours(_)), "{stranger:?}");
        csms.authorize_with(json!({ "status": "Accepted" }));
        let without = charger.present(1, &Token::card("04A3")).await.unwrap();
        assert!(matches!(without, Presented::NotYours(_)), "{without:?}");
        csms.authorize_with(in_group("household"));
        let second = charger.present(1, &Token::card("04A4")).await.unwrap();
        assert!(matches!(second, Presented::Stopped(_)), "{second:?}");
        let ended = csms
            .received()
            .into_iter()
            .rfind(|call| call.action != "StatusNotification");
        let (stopped_with, reason) = match (version, ended.unwrap().payload) {
            (Version::V16, stop) => (stop["idTag"].clone(), stop["reason"].clone()),
            (Version::V201, event) => (
                event["idToken"]["idToken"].clone(),
                event["transactionInfo"]["stoppedReason"].clone(),
            ),
        };
        assert_eq!((stopped_with, reason), (json!("04A4"), json!("Local")));
    }
}

#[tokio::test]
async fn a_start_that_is_refused_is_ended_by_the_charger() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        match version {
            Version::V16 => csms.on("StartTransaction", |_| {
                Script::Result(json!({ "transactionId": 9, "idTagInfo": { "status": "Blocked" } }))
            }),
            Version::V201 => csms.on("TransactionEvent", |payload| {
                Script::Result(match payload.get("idToken") {
                    Some(_) => json!({ "idTokenInfo": { "status": "Blocked" } }),
                    None => json!({}),
                })
            }),
        }
        let start = charger
            .start_transaction(1, &Token::card("04A1"))
            .await
            .unwrap();
        assert_eq!(start.status(), Some("Blocked"));
        let red = |charger: &Charger| charger.view(1).is_some_and(|view| view.light == Light::Red);
        charger.wait_until(LIMIT, red).await.unwrap();
        assert_eq!(actions(&csms), start_and_stop(version));
        let stop = csms
            .received()
            .into_iter()
            .rfind(|call| call.action != "StatusNotification");
        let stop = stop.unwrap().payload;
        match version {
            Version::V16 => {
                assert_eq!(
                    (&stop["reason"], &stop["transactionId"]),
                    (&json!("DeAuthorized"), &json!(9))
                );
            }
            Version::V201 => {
                assert_eq!(stop["transactionInfo"]["stoppedReason"], "DeAuthorized");
                assert_eq!(stop["triggerReason"], "Deauthorized");
            }
        }
        assert_eq!(charger.view(1).unwrap().transaction, None);
    }
}

#[tokio::test]
async fn a_refused_start_only_loses_its_energy_where_it_may_not_be_ended() {
    let (csms, charger) = charger_with(Version::V16, |config| config.stop_on_invalid = false).await;
    csms.on("StartTransaction", |_| {
        Script::Result(json!({ "transactionId": 9, "idTagInfo": { "status": "Invalid" } }))
    });
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    let suspended = |charger: &Charger| {
        charger
            .view(1)
            .is_some_and(|view| view.status == "SuspendedEVSE")
    };
    charger.wait_until(LIMIT, suspended).await.unwrap();
    assert_eq!(csms.payloads("StopTransaction").len(), 0);
}
