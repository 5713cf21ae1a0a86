//! A fleet against a scripted central system.

use std::sync::Arc;
use std::time::Duration;

use rpc::Version;
use serde_json::json;

use super::{Fleet, FleetConfig, Mix, Until, Work};
use crate::scripted_csms::{Script, ScriptedCsms};
use crate::token::Token;
use crate::transport::Journal;

fn config(csms: &ScriptedCsms, version: Version, work: Work) -> FleetConfig {
    let url = csms.endpoint("").url;
    FleetConfig::numbered(&url, version, "SIM", 5, None, work)
}

fn mix(calls: u64) -> Mix {
    let mut mix = Mix::new(
        Until::Calls(calls),
        vec![Token::card("04A1"), Token::card("04A2")],
    );
    mix.refused_tokens = vec![Token::card("04FF")];
    mix.refused_percent = 30;
    mix
}

#[tokio::test]
async fn every_call_is_answered_counted_and_journalled() {
    for version in Version::ALL {
        let csms = ScriptedCsms::start(version).await;
        csms.on("Authorize", move |payload| {
            let status = if payload.to_string().contains("04FF") {
                "Invalid"
            } else {
                "Accepted"
            };
            Script::Result(match version {
                Version::V16 => json!({ "idTagInfo": { "status": status } }),
                Version::V201 => json!({ "idTokenInfo": { "status": status } }),
            })
        });
        let journal = Journal::in_memory();
        let mut config = config(&csms, version, Work::Load(mix(100)));
        config.tap = Some(Arc::new(journal.clone()));
        let report = Fleet::start(config).finish().await;
        assert!(report.is_clean(), "{report}");
        assert_eq!((report.stations, report.accepted), (5, 5));
        assert_eq!(report.round_trips, 500);
        let authorize = &report.actions["Authorize"];
        assert!((150..350).contains(&authorize.answered), "{authorize:?}");
        assert!((30..120).contains(&authorize.refused), "{authorize:?}");
        assert_eq!(journal.exchanges().len(), 505);
        assert_eq!(csms.received().len(), 505);
        assert!(report.latency.p50_us <= report.latency.p99_us);
        assert!(report.latency.p99_us <= report.latency.max_us);
    }
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_told() {
    let csms = ScriptedCsms::start(Version::V16).await;
    csms.on("Authorize", |_| Script::DropConnection);
    let mut mix = mix(100);
    mix.authorize_percent = 100;
    let report = Fleet::start(config(&csms, Version::V16, Work::Load(mix)))
        .finish()
        .await;
    assert!(!report.is_clean());
    assert_eq!((report.lost_connections, report.unanswered.len()), (5, 5));
    assert_eq!(report.unanswered[0].action, "Authorize");
}

#[tokio::test]
async fn stations_that_are_not_accepted_are_counted_with_the_reason() {
    let csms = ScriptedCsms::start(Version::V201).await;
    csms.on("BootNotification", |_| {
        Script::Result(json!({
            "status": "Rejected", "interval": 10, "currentTime": "2026-05-01T12:00:00Z",
        }))
    });
    let report = Fleet::start(config(&csms, Version::V201, Work::Load(mix(10))))
        .finish()
        .await;
    assert_eq!(report.accepted, 0);
    assert_eq!(report.failures.values().sum::<u64>(), 5);
    let reason = report.failures.keys().next().unwrap();
    assert!(reason.contains("Rejected"), "{reason}");
}

#[tokio::test]
async fn an_idle_fleet_holds_its_connections_until_it_is_stopped() {
    let csms = ScriptedCsms::start(Version::V16).await;
    let work = Work::Idle(Duration::from_secs(600));
    let mut fleet = Fleet::start(config(&csms, Version::V16, work));
    assert_eq!(fleet.connected().await, 5);
    let stop = fleet.stopper();
    let finished = tokio::spawn(fleet.finish());
    stop.cancel();
    let report = finished.await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(csms.payloads("BootNotification").len(), 5);
}
