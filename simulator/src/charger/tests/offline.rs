//! What happens without a connection, and repeated messages.

use std::time::Duration;

use rpc::Version;
use serde_json::json;

use super::{actions, charger, charger_with, start_and_stop};
use crate::charger::{Charger, ChargerConfig, Presented, RetryId};
use crate::scripted_csms::{LIMIT, Script, ScriptedCsms};
use crate::station::{BackOff, Heartbeats, Reconnect, Setting, Source};
use crate::token::Token;
use crate::transport::MessageIds;
use crate::wire::StopReason;

#[tokio::test]
async fn what_happens_offline_is_told_later_and_in_order() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let list = match version {
            Version::V16 => json!({
                "listVersion": 1, "updateType": "Full", "localAuthorizationList": [
                    { "idTag": "04A1", "idTagInfo": { "status": "Accepted" } },
                    { "idTag": "04A2", "idTagInfo": { "status": "Blocked" } },
                ],
            }),
            Version::V201 => json!({
                "versionNumber": 1, "updateType": "Full", "localAuthorizationList": [
                    { "idToken": { "idToken": "04A1", "type": "ISO14443" },
                      "idTokenInfo": { "status": "Accepted" } },
                    { "idToken": { "idToken": "04A2", "type": "ISO14443" },
                      "idTokenInfo": { "status": "Blocked" } },
                ],
            }),
        };
        assert_eq!(
            csms.command("SendLocalList", list).await["status"],
            "Accepted"
        );
        charger.drop_connection().await;
        csms.forget();
        charger.plug(1).await.unwrap();
        for unwelcome in ["04A2", "04FF"] {
            let refused = charger.present(1, &Token::card(unwelcome)).await.unwrap();
            assert!(matches!(refused, Presented::Refused(_)), "{refused:?}");
        }
        let listed = charger.present(1, &Token::card("04A1")).await.unwrap();
        let Presented::Started {
            authorization,
            start,
        } = listed
        else {
            panic!("{listed:?}")
        };
        assert_eq!(authorization.source, Source::LocalList);
        assert_eq!((start.message_id, start.info), (None, None));
        charger.meter_values(1).await.unwrap();
        charger.present(1, &Token::card("04A1")).await.unwrap();
        assert_eq!(charger.queued(), 3);
        charger.connect().await.unwrap();
        assert_eq!(charger.queued(), 0);
        match version {
            Version::V16 => {
                assert_eq!(
                    actions(&csms),
                    ["StartTransaction", "MeterValues", "StopTransaction"]
                );
                let number = &csms.payloads("StopTransaction")[0]["transactionId"];
                assert_eq!(number, &csms.payloads("MeterValues")[0]["transactionId"]);
                assert_eq!(number, &json!(101));
            }
            Version::V201 => {
                let events = csms.payloads("TransactionEvent");
                let told: Vec<_> = events
                    .iter()
                    .map(|event| (&event["seqNo"], &event["offline"]))
                    .collect();
                let yes = &json!(true);
                assert_eq!(told, [(&json!(0), yes), (&json!(1), yes), (&json!(2), yes)]);
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_card_starts_offline_only_where_it_may() {
    let (_csms, charger) = charger_with(Version::V16, |config| {
        config.offline_for_unknown = true;
    })
    .await;
    charger.disconnect().await;
    let presented = charger.present(1, &Token::card("04FF")).await.unwrap();
    let Presented::Waiting(outcome) = presented else {
        panic!("{presented:?}")
    };
    assert_eq!(outcome.source, Source::OfflineForUnknown);
    charger.set(Setting::OfflineForUnknown, "false");
    let refused = charger.present(1, &Token::card("04FE")).await.unwrap();
    assert!(matches!(refused, Presented::Refused(_)), "{refused:?}");
}

#[tokio::test]
async fn a_start_that_was_never_answered_is_told_again_after_the_connection_is_back() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let action = start_and_stop(version)[0].split(' ').next().unwrap();
        csms.on(action, |_| Script::DropConnection);
        let start = charger
            .start_transaction(1, &Token::card("04A1"))
            .await
            .unwrap();
        assert_eq!(start.message_id, None);
        assert_eq!(charger.queued(), 1);
        match version {
            Version::V16 => csms.on(action, |_| {
                Script::Result(json!({ "transactionId": 5, "idTagInfo": { "status": "Accepted" } }))
            }),
            Version::V201 => csms.on(action, |_| {
                Script::Result(json!({ "idTokenInfo": { "status": "Accepted" } }))
            }),
        }
        charger.connect().await.unwrap();
        assert_eq!(charger.queued(), 0);
        let sent = csms.payloads(action);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0], sent[1]);
    }
}

#[tokio::test]
async fn the_last_message_can_be_repeated_with_its_id_or_a_new_one() {
    let (csms, charger) = charger(Version::V16).await;
    assert!(charger.retry_last(RetryId::Same).await.is_err());
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    charger.retry_last(RetryId::Same).await.unwrap();
    charger.retry_last(RetryId::New).await.unwrap();
    let starts: Vec<_> = csms
        .received()
        .into_iter()
        .filter(|call| call.action == "StartTransaction")
        .collect();
    assert_eq!(starts.len(), 3);
    assert_eq!(starts[0].id, starts[1].id);
    assert_ne!(starts[0].id, starts[2].id);
    assert!(starts.iter().all(|call| call.payload == starts[0].payload));
}

#[tokio::test]
async fn message_ids_begin_at_one_again_after_a_reboot() {
    let (csms, charger) = charger_with(Version::V201, |config| {
        config.message_ids = MessageIds::counter();
    })
    .await;
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    csms.forget();
    charger.reboot().await.unwrap();
    let received = csms.received();
    assert_eq!(
        (received[0].id.as_str(), received[0].action.as_str()),
        ("1", "BootNotification")
    );
    assert_eq!(received[0].payload["reason"], "LocalReset");
    let ended = csms.payloads("TransactionEvent").pop().unwrap();
    assert_eq!(ended["transactionInfo"]["stoppedReason"], "PowerLoss");
    assert_eq!(ended["offline"], true);
}

#[tokio::test]
async fn a_lost_connection_comes_back_by_itself_where_it_should() {
    let (csms, charger) = charger_with(Version::V201, |config| {
        config.reconnect = Reconnect::BackOff(BackOff {
            minimum: Duration::from_millis(5),
            random_range: Duration::from_millis(5),
            repeat_times: 1,
        });
    })
    .await;
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    charger.drop_connection().await;
    charger
        .stop_transaction(1, StopReason::Local, None)
        .await
        .unwrap();
    let told = |charger: &Charger| charger.connection().is_some() && charger.queued() == 0;
    charger.wait_until(LIMIT, told).await.unwrap();
    // OCPP-J 1.6 §5.4: a station that was accepted does not boot again.
    assert_eq!(csms.payloads("BootNotification").len(), 0);
    assert_eq!(csms.payloads("TransactionEvent").len(), 2);
    charger.disconnect().await;
    assert!(charger.connection().is_none());
}

#[tokio::test]
async fn a_charger_that_is_not_accepted_asks_again_and_sends_nothing_else() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let mut attempts = 0;
    csms.on("BootNotification", move |_| {
        attempts += 1;
        let status = if attempts == 1 { "Pending" } else { "Accepted" };
        Script::Result(json!({
            "status": status, "interval": 1, "currentTime": "2026-05-01T12:00:00Z",
        }))
    });
    let mut config = ChargerConfig::new(csms.endpoint("CP1"));
    config.reconnect = Reconnect::BackOff(BackOff::default());
    let charger = Charger::new(config);
    assert_eq!(charger.switch_on().await.unwrap().status, "Pending");
    let start = charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    assert_eq!(start.message_id, None);
    assert_eq!(csms.received().len(), 1);
    let told = |charger: &Charger| charger.queued() == 0;
    charger.wait_until(LIMIT, told).await.unwrap();
    assert_eq!(csms.payloads("BootNotification").len(), 2);
    assert_eq!(csms.payloads("StartTransaction").len(), 1);
}

#[tokio::test]
async fn heartbeats_come_as_often_as_told() {
    let (csms, _charger) = charger_with(Version::V16, |config| {
        config.heartbeats = Heartbeats::Every(Duration::from_millis(5));
    })
    .await;
    csms.wait_for("Heartbeat", 3).await;
}
