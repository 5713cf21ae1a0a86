//! What becomes of transaction messages: retried, late, orphaned, without a clock.

#![allow(missing_docs, clippy::unwrap_used)]

mod site;

use model::neutral::{Delivery, TransactionEvent};
use model::{OcppVersion, Phase, Reason, StopGroup};
use site::*;

const NOON: &str = "2026-11-24T12:00:00Z";

#[tokio::test]
async fn a_retried_start_gets_the_same_number_and_the_same_answer_even_if_rights_changed() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let refused = site.send(&charger, start(NOON, "AA")).await;
    assert_eq!(
        refused.verdict.as_ref().unwrap().reason,
        Reason::CredentialUnknown
    );
    site.driver("AA").await;
    let retried = site.send(&charger, start(NOON, "AA")).await;
    assert_eq!(retried, refused);
    let another = site
        .send(&charger, start("2026-11-24T12:00:01Z", "AA"))
        .await;
    assert_eq!(another.verdict.unwrap().reason, Reason::Granted);
    assert_ne!(another.number, refused.number);
    let all = site.transactions(&charger).await;
    assert_eq!(
        all.iter().map(|t| t.refused).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(site.app.pep.usage(|usage| usage.open_count()), 1);
}

#[tokio::test]
async fn a_stop_ends_its_transaction_once_and_says_what_a_start_would_get() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    site.driver("AA").await;
    let number = site.send(&charger, start(NOON, "AA")).await.number.unwrap();
    let end = "2026-11-24T12:00:10Z";
    let first = site
        .send(&charger, stop(number, end, 1500, Some("ZZ")))
        .await;
    assert_eq!(
        first.verdict.as_ref().unwrap().reason,
        Reason::CredentialUnknown
    );
    assert_eq!(
        site.send(&charger, stop(number, end, 1500, Some("ZZ")))
            .await,
        first
    );
    let second = site
        .send(&charger, stop(number, "2026-11-24T12:01:00Z", 9000, None))
        .await;
    assert_eq!(second.verdict, None);
    let all = site.transactions(&charger).await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].energy_wh, all[0].meter_stop_wh),
        (Some(500), Some(1500))
    );
    assert_eq!(all[0].stop_reason.as_deref(), Some("Local"));
    assert_eq!(site.app.pep.usage(|usage| usage.open_count()), 0);
    assert_eq!(site.quirks(&charger).await, ["second_stop"]);
}

#[tokio::test]
async fn a_stop_without_a_number_ends_the_one_that_fits_or_is_kept_as_an_orphan() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    site.driver("AA").await;
    site.send(&charger, start(NOON, "AA")).await;
    site.pass(10);
    for (position, number) in [-1, 0].into_iter().enumerate() {
        let time = format!("2026-11-24T12:00:1{position}Z");
        site.send(&charger, stop(number, &time, 1500, Some("AA")))
            .await;
    }
    let all = site.transactions(&charger).await;
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].orphan, all[0].ended_at.is_some()), (false, true));
    assert_eq!((all[1].orphan, all[1].ended_at.is_some()), (true, true));

    // Two could be meant: neither is ended.
    site.send(&charger, start("2026-11-24T12:01:00Z", "AA"))
        .await;
    let second = TransactionEvent {
        evse: Some(2),
        ..start("2026-11-24T12:01:05Z", "AA")
    };
    site.send(&charger, second).await;
    site.pass(100);
    site.send(&charger, stop(7_777, "2026-11-24T12:01:30Z", 1500, None))
        .await;
    let all = site.transactions(&charger).await;
    assert_eq!(all.iter().filter(|t| t.ended_at.is_none()).count(), 2);
    assert!(all[4].orphan);
}

#[tokio::test]
async fn a_charger_without_a_clock_begins_again_after_each_stop() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    site.driver("AA").await;
    let epoch = "1970-01-01T00:00:05Z";
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let number = site
            .send(&charger, start(epoch, "AA"))
            .await
            .number
            .unwrap();
        let retried = site
            .send(&charger, start(epoch, "AA"))
            .await
            .number
            .unwrap();
        assert_eq!(retried, number);
        numbers.push(number);
        site.pass(60);
        site.send(&charger, stop(number, "1970-01-01T00:01:05Z", 1500, None))
            .await;
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
    let all = site.transactions(&charger).await;
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|t| t.ended_at.is_some() && t.started_at >= noon() && !t.late)
    );
}

#[tokio::test]
async fn a_transaction_of_2_0_1_is_one_however_its_events_arrive() {
    let site = Site::new().await;
    let charger = site.charger("CP2", OcppVersion::V201).await;
    site.driver("AA").await;
    let ended = event201(Phase::Ended, "T1", 2, "2026-11-24T12:00:20Z", None);
    site.send(
        &charger,
        TransactionEvent {
            meter_wh: Some(1700),
            ..ended.clone()
        },
    )
    .await;
    assert!(site.transactions(&charger).await[0].orphan);
    let started = event201(Phase::Started, "T1", 0, NOON, Some("AA"));
    let reply = site.send(&charger, started.clone()).await;
    assert_eq!(reply.verdict.as_ref().unwrap().reason, Reason::Granted);
    assert_eq!(site.send(&charger, started).await, reply);
    let all = site.transactions(&charger).await;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].orphan, all[0].refused), (false, false));
    assert!(all[0].ended_at.is_some() && all[0].authenticated);
    assert_eq!(site.app.pep.usage(|usage| usage.open_count()), 0);
    // The same seqNo with other content is stored, with a quirk.
    site.send(
        &charger,
        event201(Phase::Updated, "T1", 0, "2026-11-24T12:00:09Z", None),
    )
    .await;
    assert_eq!(site.quirks(&charger).await, ["seq_no_reused"]);
}

#[tokio::test]
async fn a_late_start_is_recorded_as_of_then_and_answered_as_of_now() {
    let site = Site::new().await;
    let charger = site.charger("CP2", OcppVersion::V201).await;
    let person = site.person("AA", StopGroup::new("00000000000000AA")).await;
    let grant = site.grant(person).await;
    let mut ended = site.store.get_grant(grant).await.unwrap().unwrap();
    // Another right that ended an hour ago takes its place.
    ended.revoked_at = Some(noon());
    let revoked = ended.clone();
    let actor = model::Actor {
        person: None,
        api_key: None,
        request: None,
        at: noon(),
        reason: None,
    };
    site.store
        .change(actor, move |tx| {
            let revoked = revoked.clone();
            Box::pin(async move {
                tx.revoke_grant(revoked.id, noon()).await?;
                tx.record(model::Change::Grant(revoked), None);
                Ok(())
            })
        })
        .await
        .unwrap();
    ended.id = model::GrantId(uuid::Uuid::now_v7());
    ended.revoked_at = None;
    ended.valid_until = Some("2026-11-24T11:00:00Z".parse().unwrap());
    site.change(model::Change::Grant(ended)).await;

    let started = event201(Phase::Started, "T1", 0, "2026-11-24T10:00:00Z", Some("AA"));
    let started = TransactionEvent {
        delivery: Delivery::Offline,
        ..started
    };
    let reply = site.send(&charger, started).await;
    assert_eq!(reply.verdict.unwrap().reason, Reason::GrantExpired);
    let all = site.transactions(&charger).await;
    assert_eq!(
        (all[0].late, all[0].refused, all[0].authenticated),
        (true, false, true)
    );
}

#[tokio::test]
async fn open_transactions_and_acceptance_survive_a_restart() {
    let mut site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    site.driver("AA").await;
    let number = site.send(&charger, start(NOON, "AA")).await.number.unwrap();
    site.restart().await;
    assert_eq!(site.app.pep.usage(|usage| usage.open_count()), 1);
    assert_eq!(
        site.send(&charger, start(NOON, "AA")).await.number,
        Some(number)
    );
    site.send(&charger, stop(number, "2026-11-24T12:00:30Z", 2000, None))
        .await;
    assert_eq!(site.app.pep.usage(|usage| usage.open_count()), 0);
}
