//! What a card that is presented means besides the decision on it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod site;

use std::time::Duration;

use app::station::{Connection, Stations};
use jiff::SignedDuration;
use model::neutral::{Authorize, AuthorizeForm, Boot, Delivery, StationReply, StationRequest};
use model::{
    Enrolment, EnrolmentId, EnrolmentState, NodeId, OcppVersion, PersonId, PresentedToken, Reason,
    StationKind, TokenKind, UnknownCard,
};
use site::*;
use store::Page;
use uuid::Uuid;

const NOON: &str = "2026-11-24T12:00:00Z";
const CARD: &str = "04A1B2C3D4E5F6";

fn node_of(charger: &Connection) -> NodeId {
    match charger.station.kind {
        StationKind::Charger(id) => id.into(),
        StationKind::Lock(_) => panic!("a lock"),
    }
}

/// Writes a window that is open for a minute.
async fn window(site: &Site, person: PersonId, charger: &Connection) -> EnrolmentId {
    let opened_at = noon();
    let row = Enrolment {
        id: EnrolmentId(Uuid::now_v7()),
        organisation: site.organisation,
        person,
        node: node_of(charger),
        opened_by: None,
        opened_at,
        until: opened_at + SignedDuration::from_secs(60),
        state: EnrolmentState::Open,
        value: None,
        presented_at: None,
        problem: None,
        credential: None,
    };
    let id = row.id;
    site.store
        .write(Duration::from_secs(5), move |tx| {
            let row = row.clone();
            Box::pin(async move { tx.insert_enrolment(&row).await })
        })
        .await
        .unwrap();
    id
}

async fn boot(site: &Site, charger: &Connection) {
    let boot = Boot {
        vendor: "Test".into(),
        model: "One".into(),
        serial: None,
        firmware: None,
        reason: None,
    };
    let request = StationRequest::Boot(boot);
    site.app.handle(charger, "boot", request).await.unwrap();
}

async fn tap(site: &Site, charger: &Connection, kind: TokenKind, number: &str) -> Reason {
    let request = StationRequest::Authorize(Authorize {
        token: PresentedToken::new(kind, number),
        form: AuthorizeForm::Standard,
        door: None,
    });
    match site.app.handle(charger, "tap", request).await.unwrap() {
        StationReply::Authorized(verdict) => verdict.reason,
        other => panic!("{other:?}"),
    }
}

async fn state(site: &Site, id: EnrolmentId) -> EnrolmentState {
    site.store.get_enrolment(id).await.unwrap().unwrap().state
}

async fn inbox(site: &Site) -> Vec<UnknownCard> {
    site.store.flush().await;
    site.store
        .list_unknown_cards(site.organisation, &Page::first(100))
        .await
        .unwrap()
        .items
}

#[tokio::test]
async fn an_open_window_goes_on_after_a_restart_and_is_over_with_its_minute() {
    let mut site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let other = site.charger("CP2", OcppVersion::V16).await;
    let person = site.driver("AA").await;
    let (first, second) = (
        window(&site, person, &charger).await,
        window(&site, person, &other).await,
    );
    site.restart().await;
    for charger in [&charger, &other] {
        boot(&site, charger).await;
    }
    site.pass(59);
    let reason = tap(&site, &charger, TokenKind::IdTag, CARD).await;
    assert_eq!(reason, Reason::CredentialUnknown);
    assert_eq!(state(&site, first).await, EnrolmentState::Presented);
    site.pass(1);
    tap(&site, &other, TokenKind::IdTag, "04CCCCCC").await;
    let row = site.store.get_enrolment(second).await.unwrap().unwrap();
    assert_eq!(row.value, None);
    assert_eq!(row.state_at(site.app.clock.now()), EnrolmentState::Ended);
    let waiting = inbox(&site).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].node, node_of(&other));
}

#[tokio::test]
async fn a_card_presented_at_a_start_is_enrolled_and_one_told_of_later_is_not() {
    let mut site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V16).await;
    let person = site.driver("AA").await;
    let id = window(&site, person, &charger).await;
    site.restart().await;
    boot(&site, &charger).await;
    let mut late = start("2026-11-24T11:00:00Z", "04CCCCCC");
    late.delivery = Delivery::Offline;
    site.send(&charger, late).await;
    assert_eq!(state(&site, id).await, EnrolmentState::Open);
    assert!(inbox(&site).await.is_empty());
    let refused = site.send(&charger, start(NOON, CARD)).await;
    assert_eq!(refused.verdict.unwrap().reason, Reason::CredentialUnknown);
    assert_eq!(state(&site, id).await, EnrolmentState::Presented);
    // The same message again is the same card, presented once.
    site.send(&charger, start(NOON, CARD)).await;
    assert!(inbox(&site).await.is_empty());
}

#[tokio::test]
async fn only_cards_come_into_the_inbox() {
    let site = Site::new().await;
    let charger = site.charger("CP1", OcppVersion::V201).await;
    site.driver("AA").await;
    for (kind, number) in [
        (TokenKind::KeyCode, "123456"),
        (TokenKind::Central, "FE112233445566"),
        (TokenKind::MacAddress, "001122334455"),
        (TokenKind::NoAuthorization, ""),
        (TokenKind::Iso14443, "08A1B2C3"),
        (TokenKind::Iso14443, &"4".repeat(37)),
        (TokenKind::Iso14443, "AA"),
    ] {
        tap(&site, &charger, kind, number).await;
    }
    assert_eq!(inbox(&site).await, []);
    tap(&site, &charger, TokenKind::Iso15693, CARD).await;
    let waiting = inbox(&site).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].value.as_str(), waiting[0].count), (CARD, 1));
    assert_eq!(format!("{:?}", waiting[0]).matches("A1B2").count(), 0);
}
