//! Whole conversations of a charger with a scripted central system.

use rpc::Version;
use serde_json::{Value, json};

use super::{Charger, ChargerConfig, Presented, RetryId};
use crate::scripted_csms::{LIMIT, Script, ScriptedCsms};
use crate::station::{Setting, Source};
use crate::token::Token;
use crate::transport::MessageIds;
use crate::view::Light;
use crate::wire::StopReason;

async fn charger_with(
    version: Version,
    change: impl FnOnce(&mut ChargerConfig),
) -> (ScriptedCsms, Charger) {
    let csms = ScriptedCsms::start(version).await;
    let mut config = ChargerConfig::new(csms.endpoint("CP1"));
    change(&mut config);
    let charger = Charger::new(config);
    assert!(charger.switch_on().await.unwrap().is_accepted());
    csms.forget();
    (csms, charger)
}

async fn charger(version: Version) -> (ScriptedCsms, Charger) {
    charger_with(version, |_| {}).await
}

/// The names of the messages, without status notifications.
fn actions(csms: &ScriptedCsms) -> Vec<String> {
    csms.received()
        .into_iter()
        .filter(|call| call.action != "StatusNotification")
        .map(
            |call| match call.payload.get("eventType").and_then(Value::as_str) {
                Some(kind) => format!("{} {kind}", call.action),
                None => call.action,
            },
        )
        .collect()
}

fn start_and_stop(version: Version) -> [&'static str; 2] {
    match version {
        Version::V16 => ["StartTransaction", "StopTransaction"],
        Version::V201 => ["TransactionEvent Started", "TransactionEvent Ended"],
    }
}

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
async fn authorization_can_be_switched_off_and_on() {
    let (csms, charger) = charger(Version::V201).await;
    let set = |value: &str| {
        json!({ "setVariableData": [{
            "attributeValue": value,
            "component": { "name": "AuthCtrlr" }, "variable": { "name": "Enabled" },
        }] })
    };
    let answer = csms.command("SetVariables", set("false")).await;
    assert_eq!(
        answer["setVariableResult"][0]["attributeStatus"],
        "Accepted"
    );
    charger.plug(1).await.unwrap();
    let started = csms.payloads("TransactionEvent").remove(0);
    assert_eq!(
        started["idToken"],
        json!({ "idToken": "", "type": "NoAuthorization" })
    );
    charger.unplug(1).await.unwrap();
    csms.command("SetVariables", set("true")).await;
    assert_eq!(charger.plug(1).await.unwrap(), None);
}

#[tokio::test]
async fn settings_are_read_and_changed_in_1_6() {
    let (csms, charger) = charger(Version::V16).await;
    let keys = json!({ "key": ["AuthorizeRemoteTxRequests", "AuthorizationKey", "Colour"] });
    let answer = csms.command("GetConfiguration", keys).await;
    assert_eq!(
        answer["configurationKey"],
        json!([
            { "key": "AuthorizeRemoteTxRequests", "readonly": false, "value": "false" },
            { "key": "AuthorizationKey", "readonly": false },
        ])
    );
    assert_eq!(answer["unknownKey"], json!(["Colour"]));
    let change = |key: &str, value: &str| json!({ "key": key, "value": value });
    for (key, value, status) in [
        ("AuthorizeRemoteTxRequests", "true", "Accepted"),
        ("AuthorizeRemoteTxRequests", "maybe", "Rejected"),
        ("NumberOfConnectors", "7", "Rejected"),
        ("Colour", "red", "NotSupported"),
    ] {
        let answer = csms
            .command("ChangeConfiguration", change(key, value))
            .await;
        assert_eq!(answer["status"], status, "{key} {value}");
    }
    let name = Setting::AuthorizeRemote.name(Version::V16).unwrap();
    assert_eq!(charger.setting(&name).as_deref(), Some("true"));
}

#[tokio::test]
async fn a_base_report_tells_every_variable_once() {
    let (csms, _charger) = charger_with(Version::V201, |config| config.connectors = 12).await;
    let request = json!({ "requestId": 3, "reportBase": "FullInventory" });
    assert_eq!(
        csms.command("GetBaseReport", request).await["status"],
        "Accepted"
    );
    let parts = csms.wait_for("NotifyReport", 2).await;
    let tbc: Vec<_> = parts
        .iter()
        .map(|part| part["tbc"].as_bool().unwrap())
        .collect();
    assert_eq!(tbc, [true, false]);
    assert!(parts.iter().all(|part| part["requestId"] == 3));
}

#[tokio::test]
async fn a_reset_on_idle_waits_for_the_transaction() {
    let (csms, charger) = charger(Version::V201).await;
    charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    let answer = csms.command("Reset", json!({ "type": "OnIdle" })).await;
    assert_eq!(answer["status"], "Scheduled");
    assert_eq!(csms.payloads("BootNotification").len(), 0);
    charger
        .stop_transaction(1, StopReason::Local, None)
        .await
        .unwrap();
    let boot = csms.wait_for("BootNotification", 1).await.remove(0);
    assert_eq!(boot["reason"], "RemoteReset");
}

#[tokio::test]
async fn commands_get_the_answers_of_their_version() {
    for (version, action, payload, status) in [
        (
            Version::V16,
            "UnlockConnector",
            json!({ "connectorId": 1 }),
            "Unlocked",
        ),
        (
            Version::V16,
            "UnlockConnector",
            json!({ "connectorId": 9 }),
            "NotSupported",
        ),
        (
            Version::V201,
            "UnlockConnector",
            json!({ "evseId": 9, "connectorId": 1 }),
            "UnknownConnector",
        ),
        (
            Version::V16,
            "TriggerMessage",
            json!({ "requestedMessage": "Heartbeat" }),
            "Accepted",
        ),
        (
            Version::V201,
            "TriggerMessage",
            json!({ "requestedMessage": "TransactionEvent" }),
            "Rejected",
        ),
        (
            Version::V201,
            "TriggerMessage",
            json!({ "requestedMessage": "SignV2GCertificate" }),
            "NotImplemented",
        ),
        (
            Version::V16,
            "DataTransfer",
            json!({ "vendorId": "org.example" }),
            "UnknownVendorId",
        ),
        (
            Version::V16,
            "ChangeAvailability",
            json!({ "connectorId": 0, "type": "Inoperative" }),
            "Accepted",
        ),
        (
            Version::V16,
            "ChangeAvailability",
            json!({ "connectorId": 4, "type": "Operative" }),
            "Rejected",
        ),
    ] {
        let (csms, _charger) = charger(version).await;
        let answer = csms.command(action, payload.clone()).await;
        assert_eq!(answer["status"], status, "{version} {action} {payload}");
    }
    let (csms, _charger) = charger(Version::V16).await;
    assert_eq!(
        csms.command("ReserveNow", json!({})).await["error"],
        "NotImplemented"
    );
    let malformed = csms.command("Reset", json!({ "type": "Lukewarm" })).await;
    assert_eq!(malformed["error"], "FormationViolation");
    assert_eq!(
        csms.command("GetLocalListVersion", json!({})).await["listVersion"],
        0
    );
}
