//! What makers' chargers do that is more than other JSON.

use rpc::Version;
use serde_json::{Value, json};

use super::charger_with;
use crate::charger::{Charger, Presented};
use crate::scripted_csms::{LIMIT, ScriptedCsms};
use crate::token::Token;
use crate::vendor::{Habit, Habits, VENDORS};
use crate::wire::StopReason;

async fn with(habits: &[Habit]) -> (ScriptedCsms, Charger) {
    let habits = Habits::new(habits);
    let (csms, charger) = charger_with(Version::V16, |config| config.habits = habits).await;
    csms.tolerate();
    (csms, charger)
}

fn order(csms: &ScriptedCsms) -> Vec<String> {
    csms.received()
        .into_iter()
        .map(|call| match call.payload.get("status") {
            Some(Value::String(status)) => format!("{} {status}", call.action),
            Some(_) | None => call.action,
        })
        .collect()
}

async fn transaction(charger: &Charger) {
    let card = Token::card("04A1B2C3");
    charger.start_transaction(1, &card).await.unwrap();
    charger.meter_values(1).await.unwrap();
    let stop = charger.stop_transaction(1, StopReason::Local, Some(&card));
    stop.await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_transaction_is_told_in_another_order() {
    let (csms, charger) = with(&[Habit::AvailableBeforeStop]).await;
    transaction(&charger).await;
    let told = order(&csms);
    let at = |what: &str| told.iter().position(|entry| entry == what).unwrap();
    assert!(at("StatusNotification Available") < at("StopTransaction"));

    let (csms, charger) = with(&[Habit::ValuesAfterStop]).await;
    transaction(&charger).await;
    let told = order(&csms);
    let stop = told.iter().position(|entry| entry == "StopTransaction");
    let last = told.iter().rposition(|entry| entry == "MeterValues");
    assert!(last > stop);
}

#[tokio::test]
async fn a_start_is_repeated_with_its_id() {
    let (csms, charger) = with(&[Habit::RepeatsStart]).await;
    transaction(&charger).await;
    let ids: Vec<String> = csms
        .received()
        .into_iter()
        .filter(|call| call.action == "StartTransaction")
        .map(|call| call.id)
        .collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[tokio::test]
async fn a_card_whose_start_was_refused_stays_blocked_until_the_cache_is_cleared() {
    let (csms, charger) = with(&[Habit::BlocksCard]).await;
    let refuse = json!({ "transactionId": 5, "idTagInfo": { "status": "Blocked" } });
    csms.on("StartTransaction", move |_| {
        crate::scripted_csms::Script::Result(refuse.clone())
    });
    let card = Token::card("04A1B2C3");
    charger.start_transaction(1, &card).await.unwrap();
    let ended = |charger: &Charger| charger.view(1).unwrap().transaction.is_none();
    charger.wait_until(LIMIT, ended).await.unwrap();
    csms.forget();
    let refused = charger.present(1, &card).await.unwrap();
    assert!(matches!(refused, Presented::Refused(_)), "{refused:?}");
    assert!(csms.payloads("Authorize").is_empty());
    csms.command("ClearCache", json!({})).await;
    charger.present(1, &card).await.unwrap();
    assert_eq!(csms.payloads("Authorize").len(), 1);
}

#[tokio::test]
async fn configuration_is_told_in_odd_ways() {
    let key = json!({ "key": ["SupportedFeatureProfiles"] });
    let (csms, _charger) = with(&[Habit::ListInBrackets]).await;
    let answer = csms.command("GetConfiguration", key.clone()).await;
    let value = answer["configurationKey"][0]["value"].as_str().unwrap();
    assert!(value.starts_with("[Core, "), "{value}");
    let (csms, _charger) = with(&[Habit::IgnoresKeyFilter]).await;
    let answer = csms.command("GetConfiguration", key.clone()).await;
    assert!(answer["configurationKey"].as_array().unwrap().len() > 10);
    let (csms, _charger) = with(&[Habit::NoFeatureProfiles]).await;
    let answer = csms.command("GetConfiguration", key).await;
    assert_eq!(answer["configurationKey"], json!([]));
    let (csms, _charger) = with(&[Habit::OtherSpelling]).await;
    let answer = csms.command("Reset", json!({ "type": "Lukewarm" })).await;
    assert_eq!(answer["error"], "FormatViolation");
}

#[tokio::test]
async fn a_question_for_everything_makes_it_boot_again() {
    let (csms, charger) = with(&[Habit::RebootsWhenAskedAll]).await;
    let asking = csms.clone();
    let question = tokio::spawn(async move { asking.command("GetConfiguration", json!({})).await });
    csms.wait_for("BootNotification", 1).await;
    question.abort();
    let online = |charger: &Charger| charger.connection().is_some();
    charger.wait_until(LIMIT, online).await.unwrap();
    let one = json!({ "key": ["HeartbeatInterval"] });
    let answer = csms.command("GetConfiguration", one).await;
    assert_eq!(answer["configurationKey"][0]["value"], "300");
}

#[tokio::test]
async fn the_clock_says_1970_until_a_heartbeat_is_answered() {
    let (csms, charger) = with(&[Habit::LostClock]).await;
    charger.status(1).await.unwrap();
    let told = csms.payloads("StatusNotification").pop().unwrap();
    assert_eq!(told["timestamp"], "1970-01-01T00:00:00.000Z");
    charger.send("Heartbeat", None).await.unwrap();
    charger.status(1).await.unwrap();
    let told = csms.payloads("StatusNotification").pop().unwrap();
    assert_ne!(told["timestamp"], "1970-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn strays_go_out_beside_the_messages() {
    let (csms, charger) = with(&[]).await;
    charger.habits().take_up(Habit::EmptyFrames);
    charger.habits().take_up(Habit::BrokenJson);
    charger.meter_values(1).await.unwrap();
    // Whatever was sent before it has come when it is answered.
    charger.habits().drop_habit(Habit::EmptyFrames);
    charger.habits().drop_habit(Habit::BrokenJson);
    charger.send("Heartbeat", None).await.unwrap();
    assert_eq!(csms.strays(), ["", "[,{\"status\":\"Available\"}"]);
}

#[tokio::test]
async fn every_makers_charger_completes_a_transaction() {
    for vendor in VENDORS {
        for version in vendor.versions {
            let csms = ScriptedCsms::start(*version).await;
            csms.tolerate();
            let mut config = crate::ChargerConfig::new(csms.endpoint("CP1"));
            config.imitate(vendor);
            let charger = Charger::new(config);
            let boot = charger.switch_on().await;
            assert!(boot.unwrap().is_accepted(), "{}", vendor.name);
            charger.plug(1).await.unwrap();
            if vendor.habits.contains(&Habit::FreeTag) {
                assert!(charger.view(1).unwrap().transaction.is_some());
            } else {
                let card = Token::card("04A1B2C3");
                let started = charger.present(1, &card).await.unwrap();
                assert!(
                    matches!(started, Presented::Started { .. }),
                    "{}: {started:?}",
                    vendor.name
                );
            }
            charger.meter_values(1).await.unwrap();
            charger
                .stop_transaction(1, StopReason::Local, None)
                .await
                .unwrap();
            assert_eq!(charger.queued(), 0, "{}", vendor.name);
        }
    }
}
