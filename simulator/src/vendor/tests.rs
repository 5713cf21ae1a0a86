//! The habits, and the makers that have them.

use std::collections::HashSet;

use rpc::Version;
use serde_json::json;

use super::{Habit, Habits, VENDORS, find};
use crate::charger::{Charger, ChargerConfig};
use crate::transport::Endpoint;

fn charger(version: Version, habits: &[Habit]) -> Charger {
    let mut config = ChargerConfig::new(Endpoint::new("ws://127.0.0.1:1/ocpp", "CP1", version));
    config.habits = Habits::new(habits);
    Charger::new(config)
}

#[test]
fn every_habit_has_a_name_of_its_own_and_some_maker() {
    let names: HashSet<&str> = Habit::ALL.iter().map(|habit| habit.name()).collect();
    assert_eq!(names.len(), Habit::ALL.len());
    for habit in Habit::ALL {
        assert_eq!(Habit::parse(habit.name()), Ok(*habit));
        assert!(habit.quirk().starts_with('Q'), "{habit}");
        let nobody = VENDORS.iter().all(|vendor| !vendor.habits.contains(habit));
        // A charger without the key has no list for others to stumble over.
        assert!(!nobody || *habit == Habit::NoFeatureProfiles, "{habit}");
    }
    assert!(Habit::parse("politeness").is_err());
}

#[test]
fn makers_are_found_by_name() {
    let names: HashSet<&str> = VENDORS.iter().map(|vendor| vendor.name).collect();
    assert_eq!(names.len(), VENDORS.len());
    assert_eq!(find("keba").unwrap().maker, "Keba AG");
    assert!(find("nobody").unwrap_err().contains("grizzl-e"));
}

#[test]
fn the_handshake_is_offered_as_the_maker_does() {
    let dressed = |habit, times: u32| {
        let habits = Habits::new(&[habit]);
        let mut endpoint = Endpoint::new("ws://127.0.0.1:1/ocpp", "CP1", Version::V16);
        for _ in 0..times {
            endpoint = Endpoint::new("ws://127.0.0.1:1/ocpp", "CP1", Version::V16);
            habits.dress(&mut endpoint);
        }
        endpoint
    };
    let path = |habit| dressed(habit, 1).target().unwrap().path;
    assert_eq!(path(Habit::TrailingSlash), "/ocpp/CP1/");
    assert_eq!(path(Habit::ExtraSegment), "/ocpp/ocpp1.6/CP1");
    assert_eq!(path(Habit::LowerCaseId), "/ocpp/cp1");
    let both = Habits::new(&[Habit::TrailingSlash, Habit::LowerCaseId]);
    let mut endpoint = Endpoint::new("ws://127.0.0.1:1/ocpp", "CP1", Version::V16);
    both.dress(&mut endpoint);
    assert_eq!(endpoint.target().unwrap().path, "/ocpp/cp1/");
    assert!(dressed(Habit::NoSubprotocol, 1).offered().is_empty());
    let several = |times| dressed(Habit::SeveralSubprotocols, times).offered();
    assert_eq!(several(1), ["ocpp1.6", "ocpp2.0.1"]);
    assert_eq!(several(2), ["ocpp2.0.1", "ocpp1.6"]);
}

#[test]
fn payloads_are_written_as_the_maker_does() {
    let at = "2026-05-01T12:00:00.000Z";
    let values = || {
        json!({ "connectorId": 1, "transactionId": 7, "meterValue": [
            { "timestamp": at, "sampledValue": [{ "value": "250" }] },
        ] })
    };
    let written = |habit, action, payload| {
        let charger = charger(Version::V16, &[habit]);
        charger.habits().request(charger.core(), action, payload)
    };
    let meter = |habit| written(habit, "MeterValues", values());
    assert_eq!(meter(Habit::NoTransactionId).get("transactionId"), None);
    assert_eq!(meter(Habit::HugeTransactionId)["transactionId"], i64::MAX);
    assert_eq!(meter(Habit::NumbersAsText)["transactionId"], "7");
    assert_eq!(meter(Habit::WholeAsFloat)["connectorId"].to_string(), "1.0");
    let sample = meter(Habit::NumericValue)["meterValue"][0]["sampledValue"][0]["value"].clone();
    assert_eq!(sample, 250);
    let time = |habit| meter(habit)["meterValue"][0]["timestamp"].clone();
    assert_eq!(time(Habit::NoZone), "2026-05-01T12:00:00.000");
    assert_eq!(time(Habit::ShortOffset), "2026-05-01T14:00:00+02");
    let empty = meter(Habit::EmptySamples);
    assert_eq!(empty["meterValue"][1]["sampledValue"], json!([]));
    let phases = meter(Habit::WrongPhases);
    assert_eq!(phases["meterValue"][0]["sampledValue"][3]["phase"], "L3");
    assert_eq!(
        written(Habit::NullPayload, "Heartbeat", json!({})),
        json!(null)
    );
    let stop = |habit| {
        let payload = json!({ "transactionId": 7, "meterStop": 1, "timestamp": at });
        written(habit, "StopTransaction", payload)["transactionId"].clone()
    };
    assert_eq!(stop(Habit::StopIdZero), 0);
    assert_eq!(stop(Habit::StopIdMinusOne), -1);
    assert_eq!(stop(Habit::StopIdNull), json!(null));
    let tag = written(
        Habit::TagWithSerial,
        "Authorize",
        json!({ "idTag": "04A1" }),
    );
    assert_eq!(tag["idTag"], "04A1_SIM-0001");
    let data = json!({ "vendorId": "x", "data": "{\"a\":1}" });
    assert_eq!(
        written(Habit::ObjectInData, "DataTransfer", data)["data"],
        json!({ "a": 1 })
    );
}
