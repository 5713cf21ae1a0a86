//! The flag over time: what schedules turn, and what it was when something began.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod site;

use std::time::Duration;

use model::*;
use site::{Site, noon, start};
use uuid::Uuid;

/// Looks until it is so; everything here is done by tasks beside the test.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(tokio::time::Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Open every day until a minute after noon.
async fn open_until_a_minute_past_noon(site: &Site) {
    let schedule = ScheduleId(Uuid::now_v7());
    site.change(Change::Schedule(Schedule {
        id: schedule,
        organisation: site.organisation,
        labels: Labels::default(),
        slots: vec![Slot {
            days: Days::EVERY,
            from: 0,
            until: 12 * 60 + 1,
        }],
        calendar: None,
        created_at: noon(),
        deleted_at: None,
    }))
    .await;
    turn(site, AuthorizationRequired::Open, Some(schedule)).await;
}

async fn turn(site: &Site, flag: AuthorizationRequired, schedule: Option<ScheduleId>) {
    let id = site.installation;
    let actor = Actor {
        person: None,
        api_key: None,
        request: None,
        at: app::clock::Clock::now(site.clock.as_ref()),
        reason: None,
    };
    site.store
        .change(actor, move |tx| {
            Box::pin(async move {
                let mut row = tx.get_installation(id).await?.unwrap();
                row.authorization_required = flag;
                row.open_schedule = schedule;
                tx.update_installation(&row).await?;
                tx.record(Change::Installation(row), None);
                Ok(())
            })
        })
        .await
        .unwrap();
}

async fn owes(site: &Site, name: &str) -> bool {
    let key = StationId::new(name).unwrap().key();
    let debts = site.store.cache_debts().await.unwrap();
    debts.iter().any(|debt| debt.station == key)
}

async fn settled(site: &Site) {
    until("edges followed", async || {
        let changes = site.store.followed_revision().await.unwrap();
        let all = Some(site.store.revision().await.unwrap());
        changes == all && site.store.followed_edges().await.unwrap().is_some()
    })
    .await;
}

#[tokio::test]
async fn where_a_schedule_asks_for_authorization_again_the_cache_is_cleared() {
    let site = Site::new().await;
    open_until_a_minute_past_noon(&site).await;
    site.charger("CP1", OcppVersion::V16).await;
    settled(&site).await;
    assert!(!owes(&site, "CP1").await);

    site.pass(61);
    // Any change wakes whoever follows; so does the clock on the wall, later.
    site.driver("04A1B2C3").await;
    until("the cache is to be cleared", async || {
        owes(&site, "CP1").await
    })
    .await;
}

#[tokio::test]
async fn an_edge_that_passed_while_nobody_was_there_is_made_up_for() {
    let mut site = Site::new().await;
    open_until_a_minute_past_noon(&site).await;
    site.charger("CP1", OcppVersion::V201).await;
    settled(&site).await;
    assert!(!owes(&site, "CP1").await);

    site.pass(61);
    site.restart().await;
    until("the cache is to be cleared", async || {
        owes(&site, "CP1").await
    })
    .await;
}

#[tokio::test]
async fn a_transaction_keeps_the_flag_of_its_beginning_also_when_told_late() {
    let site = Site::new().await;
    open_until_a_minute_past_noon(&site).await;
    let charger = site.charger("CP1", OcppVersion::V16).await;

    // Live, while it is open.
    site.pass(10);
    site.send(&charger, start("2026-11-24T12:00:05Z", "04FFFFFF"))
        .await;
    // The hours are over.
    site.pass(3600);
    site.send(&charger, start("2026-11-24T13:00:09Z", "04EEEEEE"))
        .await;
    // The installation is turned, and a start from the open hours is told late.
    turn(&site, AuthorizationRequired::Required, None).await;
    site.send(&charger, start("2026-11-24T12:00:30Z", "04DDDDDD"))
        .await;
    site.send(&charger, start("2026-11-24T12:30:00Z", "04CCCCCC"))
        .await;

    let kept: Vec<_> = site
        .transactions(&charger)
        .await
        .iter()
        .map(|row| (row.id_token.clone().unwrap(), row.authorization_required))
        .collect();
    let (open, required) = (
        Some(AuthorizationRequired::Open),
        Some(AuthorizationRequired::Required),
    );
    assert_eq!(
        kept,
        [
            ("04…FF".to_owned(), open),
            ("04…EE".to_owned(), required),
            ("04…DD".to_owned(), open),
            ("04…CC".to_owned(), required),
        ]
    );
}
