//! Stations that come faster than their rate.

use gateway::Rate;
use model::FindingKind;

use crate::stage::{Stage, options};

fn slow(per_second: u32, burst: u32) -> gateway::GatewayOptions {
    let mut options = options();
    options.rate = Some(Rate { per_second, burst });
    options
}

#[tokio::test]
async fn a_flood_is_read_slowly_answered_whole_and_noticed() {
    let stage = Stage::with(slow(200, 5)).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    for number in 0..60 {
        client.heartbeat(&number.to_string()).await;
    }
    for number in 0..60 {
        assert_eq!(client.receive().await[1], number.to_string());
    }
    assert!(stage.fake.findings("CP1").contains(&FindingKind::TooFast));
}

#[tokio::test]
async fn a_station_that_reconnects_does_not_begin_with_a_full_burst() {
    let stage = Stage::with(slow(1, 3)).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    for _ in 0..3 {
        client.works().await;
    }
    assert!(stage.fake.findings("CP1").is_empty());
    drop(client);
    stage.is_empty_again().await;
    let mut client = stage.station("CP1").await;
    client.works().await;
    assert!(stage.fake.findings("CP1").contains(&FindingKind::TooFast));
}

#[tokio::test]
async fn a_connection_in_the_place_of_another_does_not_begin_with_a_full_burst() {
    let stage = Stage::with(slow(1, 3)).await;
    stage.fake.open("CP1");
    let mut first = stage.station("CP1").await;
    for _ in 0..3 {
        first.works().await;
    }
    let mut second = stage.station("CP1").await;
    first.closed_with(1000).await;
    second.works().await;
    assert!(stage.fake.findings("CP1").contains(&FindingKind::TooFast));
}

#[tokio::test]
async fn q14_one_station_that_is_too_fast_slows_no_other_down() {
    let stage = Stage::with(slow(1, 2)).await;
    stage.fake.open("FAST");
    stage.fake.open("CP1");
    let mut fast = stage.station("FAST").await;
    for number in 0..50 {
        fast.heartbeat(&number.to_string()).await;
    }
    let mut other = stage.station("CP1").await;
    other.works().await;
    other.works().await;
    assert!(stage.fake.findings("CP1").is_empty());
}

#[tokio::test]
async fn a_station_that_is_held_back_can_still_be_closed_and_drained() {
    let stage = Stage::with(slow(1, 1)).await;
    stage.fake.open("CP1");
    let mut client = stage.station("CP1").await;
    for number in 0..20 {
        client.heartbeat(&number.to_string()).await;
    }
    crate::stage::eventually("it is held back", || {
        stage.fake.findings("CP1").contains(&FindingKind::TooFast)
    })
    .await;
    let drained = crate::stage::within(stage.gateway.drain(std::time::Duration::ZERO)).await;
    assert!(drained.complete);
}
