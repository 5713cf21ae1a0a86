//! Limits act on what runs.

#![allow(missing_docs, clippy::unwrap_used)]

mod site;

use model::{
    Change, Condition, Effect, Grant, GrantId, Limits, OcppVersion, PersonId, Phase, Role,
    StopGroup, Subject, UsedUp,
};
use site::*;

const NOON: &str = "2026-11-24T12:00:00Z";

async fn limited(site: &Site, limits: Limits) -> PersonId {
    let person = site.person("AA", StopGroup::new("0123456789ABCDEF")).await;
    site.change(Change::Grant(Grant {
        id: GrantId(uuid::Uuid::now_v7()),
        organisation: site.organisation,
        subject: Subject::Person(person),
        role: Some(Role::User),
        actions: Role::User.actions(),
        node: site.installation.into(),
        effect: Effect::Allow,
        condition: Condition {
            limits: Some(limits),
            ..Condition::default()
        },
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "test".into(),
        created_by: None,
        created_at: noon(),
        revoked_at: None,
    }))
    .await;
    person
}

/// What of the right of the only transaction is used up, if it was asked to stop.
async fn used_up(site: &Site, charger: &app::station::Connection) -> Option<UsedUp> {
    let all = site.transactions(charger).await;
    let stop = site.store.get_stop(all.first().unwrap().id).await.unwrap();
    stop.map(|stop| stop.used_up)
}

#[tokio::test]
async fn a_charge_whose_minutes_are_used_up_is_stopped_over_a_restart_too() {
    let mut site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let limits = Limits {
        minutes: Some(2),
        ..Limits::default()
    };
    limited(&site, limits).await;
    let number = site.send(&charger, start(NOON, "AA")).await.number.unwrap();
    site.pass(119);
    site.app.stop_used_up().await;
    assert_eq!(used_up(&site, &charger).await, None);
    site.restart().await;
    site.pass(1);
    site.app.stop_used_up().await;
    assert_eq!(used_up(&site, &charger).await, Some(UsedUp::Minutes));
    // It is recorded once, however often it is asked.
    site.pass(60);
    site.app.stop_used_up().await;
    site.send(&charger, stop(number, "2026-11-24T12:03:00Z", 1500, None))
        .await;
    let again = site
        .send(&charger, start("2026-11-24T12:03:10Z", "AA"))
        .await;
    assert_eq!(again.verdict.unwrap().reason, model::Reason::LimitReached);
}

#[tokio::test]
async fn what_was_used_before_counts_for_the_next_charge() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let limits = Limits {
        minutes: Some(3),
        ..Limits::default()
    };
    limited(&site, limits).await;
    let first = site.send(&charger, start(NOON, "AA")).await.number.unwrap();
    site.pass(90);
    site.send(&charger, stop(first, "2026-11-24T12:01:30Z", 1500, None))
        .await;
    let begun = "2026-11-24T12:01:31Z";
    site.pass(1);
    let second = site.send(&charger, start(begun, "AA")).await;
    assert_eq!(second.verdict.unwrap().reason, model::Reason::Granted);
    let id = site.transactions(&charger).await.last().unwrap().id;
    let asked = async || site.store.get_stop(id).await.unwrap().is_some();
    // Two of three minutes were begun.
    site.pass(59);
    site.app.stop_used_up().await;
    assert!(!asked().await);
    site.pass(1);
    site.app.stop_used_up().await;
    assert!(asked().await);
}

#[tokio::test]
async fn a_charge_that_ended_is_not_stopped() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let limits = Limits {
        minutes: Some(1),
        wh: Some(10_000),
        ..Limits::default()
    };
    limited(&site, limits).await;
    let number = site.send(&charger, start(NOON, "AA")).await.number.unwrap();
    site.pass(30);
    site.send(&charger, stop(number, "2026-11-24T12:00:30Z", 1500, None))
        .await;
    site.pass(600);
    site.app.stop_used_up().await;
    assert_eq!(used_up(&site, &charger).await, None);
}

#[tokio::test]
async fn a_meter_value_beyond_the_energy_granted_stops_a_charge() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V201).await;
    let limits = Limits {
        wh: Some(500),
        ..Limits::default()
    };
    limited(&site, limits).await;
    let event = |phase, seq_no, time: &str, meter, card| model::neutral::TransactionEvent {
        meter_wh: Some(meter),
        ..event201(phase, "T1", seq_no, time, card)
    };
    site.send(&charger, event(Phase::Started, 0, NOON, 1000, Some("AA")))
        .await;
    for (seq_no, meter, expected) in [(1, 1499, None), (2, 1500, Some(UsedUp::Wh))] {
        let time = format!("2026-11-24T12:00:0{seq_no}Z");
        site.send(&charger, event(Phase::Updated, seq_no, &time, meter, None))
            .await;
        assert_eq!(used_up(&site, &charger).await, expected, "{meter}");
    }
}
