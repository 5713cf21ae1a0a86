//! Charging profiles.

use rpc::Version;
use serde_json::{Value, json};

use super::charger;
use crate::token::Token;
use crate::vendor::Habit;
use crate::wire::StopReason;

fn profile(version: Version, id: i64, purpose: &str, limit: f64) -> Value {
    let schedule = json!({
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit }],
    });
    let connector = u32::from(!purpose.ends_with("MaxProfile"));
    match version {
        Version::V16 => json!({ "connectorId": connector, "csChargingProfiles": {
            "chargingProfileId": id, "stackLevel": 1, "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative", "chargingSchedule": schedule,
        } }),
        Version::V201 => {
            let mut schedule = schedule;
            schedule["id"] = json!(1);
            json!({ "evseId": connector, "chargingProfile": {
                "id": id, "stackLevel": 1, "chargingProfilePurpose": purpose,
                "chargingProfileKind": "Relative", "chargingSchedule": [schedule],
            } })
        }
    }
}

fn limit(version: Version, answer: &Value) -> f64 {
    let schedule = match version {
        Version::V16 => &answer["chargingSchedule"],
        Version::V201 => &answer["schedule"],
    };
    schedule["chargingSchedulePeriod"][0]["limit"]
        .as_f64()
        .unwrap()
}

fn ask(version: Version) -> Value {
    match version {
        Version::V16 => json!({ "connectorId": 1, "duration": 600 }),
        Version::V201 => json!({ "evseId": 1, "duration": 600 }),
    }
}

#[tokio::test]
async fn a_profile_of_a_transaction_needs_one_and_goes_with_it() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let set = |purpose: &'static str, id, amperes| {
            csms.command("SetChargingProfile", profile(version, id, purpose, amperes))
        };
        assert_eq!(set("TxProfile", 1, 8.0).await["status"], "Rejected");
        let card = Token::card("04A1");
        charger.start_transaction(1, &card).await.unwrap();
        assert_eq!(set("TxProfile", 1, 8.0).await["status"], "Accepted");
        assert_eq!(set("TxDefaultProfile", 2, 12.0).await["status"], "Accepted");
        let schedule = csms.command("GetCompositeSchedule", ask(version)).await;
        assert!((limit(version, &schedule) - 8.0).abs() < 0.01, "{schedule}");
        charger
            .stop_transaction(1, StopReason::Local, None)
            .await
            .unwrap();
        let schedule = csms.command("GetCompositeSchedule", ask(version)).await;
        assert!(
            (limit(version, &schedule) - 12.0).abs() < 0.01,
            "{schedule}"
        );
        let clear = json!({});
        let answer = csms.command("ClearChargingProfile", clear.clone()).await;
        assert_eq!(answer["status"], "Accepted");
        assert_eq!(charger.charging_profiles(), 0);
        let answer = csms.command("ClearChargingProfile", clear).await;
        assert_eq!(answer["status"], "Unknown");
    }
}

#[tokio::test]
async fn profiles_are_told_in_parts() {
    let version = Version::V201;
    let (csms, charger) = charger(version).await;
    for id in 1..=3 {
        let mut payload = profile(version, id, "TxDefaultProfile", 10.0);
        payload["chargingProfile"]["stackLevel"] = json!(id);
        let answer = csms.command("SetChargingProfile", payload).await;
        assert_eq!(answer["status"], "Accepted");
    }
    charger.outside_limit(Some(13.0)).await;
    assert_eq!(csms.wait_for("NotifyChargingLimit", 1).await.len(), 1);
    let all = json!({ "requestId": 9, "chargingProfile": {} });
    assert_eq!(
        csms.command("GetChargingProfiles", all).await["status"],
        "Accepted"
    );
    let told = csms.wait_for("ReportChargingProfiles", 3).await;
    let ends: Vec<bool> = told.iter().map(|part| part["tbc"] == true).collect();
    assert_eq!(ends, [true, true, false]);
    assert_eq!(told[2]["chargingLimitSource"], "EMS");
    assert!(told.iter().all(|part| part["requestId"] == 9));
    let schedule = csms.command("GetCompositeSchedule", ask(version)).await;
    assert!(
        (limit(version, &schedule) - 10.0).abs() < 0.01,
        "{schedule}"
    );
    charger.outside_limit(None).await;
    csms.wait_for("ClearedChargingLimit", 1).await;
}

#[tokio::test]
async fn a_remote_start_brings_its_profile() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        charger.plug(1).await.unwrap();
        let set = profile(version, 5, "TxProfile", 6.0);
        let (action, payload) = match version {
            Version::V16 => (
                "RemoteStartTransaction",
                json!({
                    "idTag": "04A1", "connectorId": 1,
                    "chargingProfile": set["csChargingProfiles"],
                }),
            ),
            Version::V201 => (
                "RequestStartTransaction",
                json!({
                    "remoteStartId": 1, "evseId": 1, "chargingProfile": set["chargingProfile"],
                    "idToken": { "idToken": "04A1", "type": "ISO14443" },
                }),
            ),
        };
        assert_eq!(csms.command(action, payload).await["status"], "Accepted");
        charger
            .wait_until(crate::scripted_csms::LIMIT, |charger| {
                charger.core().touch();
                charger.charging_profiles() == 1
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_maker_may_accept_a_profile_and_ignore_it() {
    let version = Version::V16;
    let (csms, charger) = charger(version).await;
    charger.habits().take_up(Habit::IgnoresMaxProfile);
    let payload = profile(version, 1, "ChargePointMaxProfile", 6.0);
    let answer = csms.command("SetChargingProfile", payload).await;
    assert_eq!(answer["status"], "Accepted");
    let schedule = csms.command("GetCompositeSchedule", ask(version)).await;
    assert!(
        (limit(version, &schedule) - 32.0).abs() < 0.01,
        "{schedule}"
    );
}
