//! A change of access holds from the API's answer on, on connections that stay open.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::{Charger, Installation};
use keywatt_tests::wire::{Event201, Presented, Version, status};
use keywatt_tests::{Api, DEADLINE, Server, Wire, unique};
use serde_json::{Value, json};
use simulator::Token;
use simulator::charger::{Charger as Simulated, ChargerConfig, Presented as Shown};

const BOTH: [Version; 2] = [Version::V16, Version::V201];

/// Asks with a card: status and reason.
async fn asks(owner: &Api, wire: &Wire, card: &Presented) -> (String, String) {
    let id = unique::message_id();
    let info = wire.authorize(&id, card).await;
    (status(&info), owner.reason(&wire.station_id, &id).await)
}

/// Starts with a card and ends it again if it was accepted: status and reason.
async fn starts(owner: &Api, wire: &Wire, card: &Presented) -> (String, String) {
    let id = unique::message_id();
    let told = match wire.version() {
        Version::V16 => {
            let started = wire.start_16(&id, 1, card).await;
            wire.stop_16(&unique::message_id(), started.transaction_id, None)
                .await;
            status(&started.info)
        }
        Version::V201 => {
            let name = unique::message_id();
            let answer = wire.event(&id, &Event201::started(&name, 1, card)).await;
            let end = Event201::new("Ended", "EVDeparted", &name, 1);
            wire.event(&unique::message_id(), &end).await;
            status(&answer["idTokenInfo"])
        }
    };
    (told, owner.reason(&wire.station_id, &id).await)
}

fn said(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_permission_at_one_charger_follows_every_change_without_reconnecting() {
    let server = Server::plain().await;
    let owner = server.owner();
    for version in BOTH {
        let no_grant = match version {
            Version::V16 => said("Invalid", "NO_GRANT"),
            Version::V201 => said("NotAtThisLocation", "NO_GRANT"),
        };
        let granted = said("Accepted", "GRANTED");
        let site = owner.installation().await;
        let (a, b) = (owner.charger(&site, 1).await, owner.charger(&site, 1).await);
        let at_a = Wire::booted(&server.endpoint(&a.station_id, version)).await;
        let at_b = Wire::booted(&server.endpoint(&b.station_id, version)).await;
        let since = [since(&owner, &a).await, since(&owner, &b).await];
        let person = owner.person().await;
        let card = owner.card(&person).await.presented;

        assert_eq!(asks(&owner, &at_a, &card).await, no_grant);
        assert_eq!(asks(&owner, &at_b, &card).await, no_grant);

        let on_a = owner.grant(&person, "user", a.node()).await;
        for seen in [
            asks(&owner, &at_a, &card).await,
            starts(&owner, &at_a, &card).await,
        ] {
            assert_eq!(seen, granted, "granted on A, asked at A");
        }
        for seen in [
            asks(&owner, &at_b, &card).await,
            starts(&owner, &at_b, &card).await,
        ] {
            assert_eq!(
                seen, no_grant,
                "granted on A, asked at B of the same installation"
            );
        }

        let on_site = owner.grant(&person, "user", site.node()).await;
        for wire in [&at_a, &at_b] {
            assert_eq!(
                asks(&owner, wire, &card).await,
                granted,
                "granted on the installation"
            );
            assert_eq!(starts(&owner, wire, &card).await, granted);
        }

        owner.revoke(&on_site).await;
        assert_eq!(
            asks(&owner, &at_a, &card).await,
            granted,
            "the one on A is left"
        );
        assert_eq!(
            asks(&owner, &at_b, &card).await,
            no_grant,
            "revoked on the installation"
        );
        assert_eq!(starts(&owner, &at_b, &card).await, no_grant);

        owner.revoke(&on_a).await;
        assert_eq!(asks(&owner, &at_a, &card).await, no_grant, "revoked on A");
        assert_eq!(starts(&owner, &at_a, &card).await, no_grant);

        let still = [self::since(&owner, &a).await, self::since(&owner, &b).await];
        assert_eq!(still, since, "on the connections of the beginning");
        assert!(at_a.connection().is_open() && at_b.connection().is_open());
    }
}

/// Since when a charger is connected.
async fn since(owner: &Api, charger: &Charger) -> Value {
    let body = owner
        .get(&format!("/v1/chargers/{}", charger.id))
        .await
        .ok();
    assert_eq!(body["connection"]["online"], true, "{body}");
    body["connection"]["since"].clone()
}

#[tokio::test]
async fn a_change_carries_its_revision_and_decisions_are_not_older() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let person = owner.person().await;
    let card = owner.card(&person).await.presented;
    let made = owner
        .post(
            "/v1/grants",
            json!({
                "subject": { "person": person.id }, "resource": { "charger": charger.id },
                "role": "user",
            }),
        )
        .await;
    let revision: i64 = made.headers["keywatt-revision"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let id = unique::message_id();
    assert_eq!(status(&wire.authorize(&id, &card).await), "Accepted");
    let decided = owner.decision(&charger.station_id, &id).await.row["revision"]
        .as_i64()
        .unwrap();
    assert!(
        decided >= revision,
        "decided at {decided}, granted at {revision}"
    );
}

#[tokio::test]
async fn a_suspended_card_and_a_suspended_person_are_refused_at_once() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    for version in BOTH {
        let wire = Wire::booted(&server.endpoint(&charger.station_id, version)).await;
        let (person, card) = owner.user(charger.node()).await;
        let granted = said("Accepted", "GRANTED");
        assert_eq!(asks(&owner, &wire, &card.presented).await, granted);
        let set = async |path: String, state: &str| {
            owner
                .patch(&path, json!({ "state": state }))
                .await
                .expect(200);
        };
        let of_card = format!("/v1/credentials/{}", card.id);
        let of_person = format!("/v1/people/{}", person.id);
        set(of_card.clone(), "suspended").await;
        let blocked = |reason| said("Blocked", reason);
        assert_eq!(
            asks(&owner, &wire, &card.presented).await,
            blocked("CREDENTIAL_SUSPENDED")
        );
        set(of_card, "active").await;
        assert_eq!(asks(&owner, &wire, &card.presented).await, granted);
        set(of_person.clone(), "suspended").await;
        assert_eq!(
            asks(&owner, &wire, &card.presented).await,
            blocked("PERSON_SUSPENDED")
        );
        set(of_person, "active").await;
        assert_eq!(starts(&owner, &wire, &card.presented).await, granted);
        wire.close().await;
    }
}

/// Which flag is toggled.
#[derive(Clone, Copy, Debug)]
enum Flag {
    Installation,
    Charger,
}

async fn set(owner: &Api, flag: Flag, site: &Installation, charger: &Charger, to: &str) {
    match flag {
        Flag::Installation => owner.set_installation_flag(site, to).await,
        Flag::Charger => owner.set_charger_flag(charger, to).await,
    }
}

#[tokio::test]
async fn required_again_after_open_refuses_the_card_that_was_free_in_spite_of_the_cache() {
    let server = Server::plain().await;
    for version in BOTH {
        for flag in [Flag::Installation, Flag::Charger] {
            open_and_required_again(&server, version, flag).await;
        }
    }
}

async fn open_and_required_again(server: &Server, version: Version, flag: Flag) {
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let config = ChargerConfig::new(server.endpoint(&charger.station_id, version));
    assert!(
        config.authorization_cache && config.local_pre_authorize,
        "as most are delivered"
    );
    let simulated = Simulated::new(config);
    simulated.switch_on().await.unwrap();
    simulated.plug(1).await.unwrap();
    let card = Token::card(&unique::card());
    let refused = |shown: &Shown| matches!(shown, Shown::Refused(_));

    let shown = simulated.present(1, &card).await.unwrap();
    assert!(refused(&shown), "{version:?} {flag:?}: required: {shown:?}");

    set(&owner, flag, &site, &charger, "open").await;
    assert_eq!(effective(&owner, &charger).await, "open");
    let shown = simulated.present(1, &card).await.unwrap();
    let Shown::Started { start, .. } = &shown else {
        panic!("{version:?} {flag:?}: open: {shown:?}");
    };
    let id = start.message_id.clone().expect("the start was told");
    assert_eq!(
        owner.reason(&charger.station_id, id.as_str()).await,
        "OPEN_ACCESS"
    );
    simulated.unplug(1).await.unwrap();
    simulated.plug(1).await.unwrap();
    assert!(
        simulated.cached_tokens() > 0,
        "the charger remembers the card"
    );

    set(&owner, flag, &site, &charger, "required").await;
    assert_eq!(effective(&owner, &charger).await, "required");
    let cleared = simulated
        .wait_until(DEADLINE, |charger| charger.cached_tokens() == 0)
        .await;
    assert!(
        cleared.is_ok(),
        "{version:?} {flag:?}: ClearCache did not arrive"
    );
    let shown = simulated.present(1, &card).await.unwrap();
    assert!(
        refused(&shown),
        "{version:?} {flag:?}: required again: {shown:?}"
    );
    simulated.switch_off().await;
}

async fn effective(owner: &Api, charger: &Charger) -> String {
    let body = owner
        .get(&format!("/v1/chargers/{}", charger.id))
        .await
        .ok();
    body["effective_authorization_required"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_installations_flag_leaves_a_chargers_own_alone() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let own = owner.charger(&site, 1).await;
    owner.set_charger_flag(&own, "required").await;
    let inherits = owner.charger(&site, 1).await;
    owner.set_installation_flag(&site, "open").await;
    assert_eq!(effective(&owner, &own).await, "required");
    assert_eq!(effective(&owner, &inherits).await, "open");
    owner.set_installation_flag(&site, "required").await;
    assert_eq!(effective(&owner, &own).await, "required");
    assert_eq!(effective(&owner, &inherits).await, "required");
}

#[tokio::test]
async fn a_running_transaction_is_not_cut_by_the_flag() {
    let server = Server::plain().await;
    let owner = server.owner();
    for version in BOTH {
        let site = owner
            .installation_with(json!({ "authorization_required": "open" }))
            .await;
        let charger = owner.charger(&site, 1).await;
        let simulated = Simulated::new(ChargerConfig::new(
            server.endpoint(&charger.station_id, version),
        ));
        simulated.switch_on().await.unwrap();
        simulated.plug(1).await.unwrap();
        let shown = simulated
            .present(1, &Token::card(&unique::card()))
            .await
            .unwrap();
        assert!(matches!(shown, Shown::Started { .. }), "{shown:?}");
        owner.set_installation_flag(&site, "required").await;
        let cleared = simulated
            .wait_until(DEADLINE, |charger| charger.cached_tokens() == 0)
            .await;
        assert!(cleared.is_ok(), "{version:?}: ClearCache did not arrive");
        let view = simulated.view(1).unwrap();
        assert!(view.transaction.is_some(), "it goes on: {view}");
        let path = format!("/v1/transactions?charger={}&open=true", charger.id);
        assert_eq!(owner.list(&path).await.len(), 1, "it goes on");
        simulated.switch_off().await;
    }
}

#[tokio::test]
async fn on_an_open_charger_a_stranger_may_do_nothing_but_use_it() {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner
        .installation_with(json!({ "authorization_required": "open" }))
        .await;
    let charger = owner
        .charger_with(&site, 1, json!({ "authorization_required": "open" }))
        .await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    let (person, stranger) = owner.person_with_login().await;
    let card = owner.card(&person).await;
    let begun = wire
        .start_16(&unique::message_id(), 1, &card.presented)
        .await;
    assert_eq!(
        status(&begun.info),
        "Accepted",
        "use at the point is open to all"
    );
    let someone = wire
        .start_16(&unique::message_id(), 1, &Presented::card(&unique::card()))
        .await;
    assert_eq!(status(&someone.info), "Accepted");
    let transactions = owner
        .list(&format!("/v1/transactions?charger={}", charger.id))
        .await;
    let others = transactions
        .iter()
        .find(|row| row["person_id"].is_null())
        .unwrap();
    let others = others["id"].as_str().unwrap();

    let id = &charger.id;
    let station = &charger.station_id;
    let grant = json!({
        "subject": { "person": person.id }, "resource": { "charger": id }, "role": "user",
    });
    let tries: Vec<(&str, String, Option<Value>)> = vec![
        ("POST", format!("/v1/chargers/{id}/start"), Some(json!({}))),
        ("POST", format!("/v1/transactions/{others}/stop"), None),
        ("GET", format!("/v1/transactions/{others}"), None),
        ("GET", format!("/v1/transactions/{others}/samples"), None),
        ("GET", format!("/v1/chargers/{id}"), None),
        (
            "PATCH",
            format!("/v1/chargers/{id}"),
            Some(json!({ "name": "Mine" })),
        ),
        ("DELETE", format!("/v1/chargers/{id}"), None),
        ("GET", format!("/v1/chargers/{id}/who?action=use"), None),
        ("GET", format!("/v1/installations/{}", site.id), None),
        (
            "PATCH",
            format!("/v1/installations/{}", site.id),
            Some(json!({ "name": "Mine" })),
        ),
        ("POST", "/v1/grants".to_owned(), Some(grant)),
        (
            "PUT",
            format!("/v1/stations/{station}/credential"),
            Some(json!({
                "password": "0123456789abcdef0123",
            })),
        ),
        (
            "POST",
            format!("/v1/stations/{station}/ocpp/Reset"),
            Some(json!({ "type": "Soft" })),
        ),
        (
            "POST",
            format!("/v1/stations/{station}/ocpp/RemoteStartTransaction"),
            Some(json!({
                "idTag": "X",
            })),
        ),
        ("GET", format!("/v1/stations/{station}"), None),
    ];
    for (method, path, body) in tries {
        let answer = stranger.call(method, &path, body.as_ref()).await;
        assert!(matches!(answer.status, 403 | 404), "{answer}");
    }
    for list in [
        "/v1/chargers",
        "/v1/installations",
        "/v1/stations",
        "/v1/decisions",
    ] {
        let seen = stranger.list(list).await;
        assert!(seen.is_empty(), "{list} shows a stranger {seen:?}");
    }
    assert!(
        wire.commands.received("RemoteStartTransaction").is_empty(),
        "nothing reached it"
    );
    assert!(
        wire.commands.received("Reset").is_empty(),
        "nothing reached it"
    );
}
