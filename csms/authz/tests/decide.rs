//! What the engine decides, claim by claim.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use authz::{Intent, OpenTransaction, Outcome, PendingRemote, Request, Resource, act};
use model::*;
use world::*;

const ADA: u128 = 100;
const BOB: u128 = 101;

fn charger() -> ChargerId {
    id(CHARGER).into()
}

fn start(number: u128) -> Intent {
    Intent::Start(TransactionId(id(number)))
}

fn ada(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::new();
    world.person(ADA).card(ADA, "04A1B2C3");
    change(&mut world);
    world
}

#[test]
fn a_grant_holds_on_its_node_and_below_and_nowhere_else() {
    for (node, here, other) in [
        (ORGANISATION, Reason::Granted, Reason::Granted),
        (INSTALLATION, Reason::Granted, Reason::Granted),
        (AREA, Reason::Granted, Reason::NoGrant),
        (CHARGER, Reason::Granted, Reason::NoGrant),
        (EVSE_1, Reason::Granted, Reason::NoGrant),
        (OTHER_CHARGER, Reason::NoGrant, Reason::Granted),
        (DOOR, Reason::NoGrant, Reason::NoGrant),
    ] {
        let world = ada(|w| {
            w.grant(500, ADA, Role::User, node);
        });
        assert_eq!(world.authorize("04a1b2c3"), here, "{node}");
        let elsewhere = Resource::AnyEvse(id(OTHER_CHARGER).into());
        assert_eq!(
            world.present("04A1B2C3", elsewhere, Intent::Ask),
            other,
            "{node}"
        );
    }
}

#[test]
fn authorize_names_the_evses_it_holds_for_and_the_start_on_another_is_refused() {
    let world = ada(|w| {
        w.grant(500, ADA, Role::User, EVSE_2);
    });
    let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3");
    let request = Request::token(&token, Resource::AnyEvse(charger()), Intent::Ask);
    let Outcome::Allow(terms) = world.decide(&request) else {
        panic!("refused")
    };
    assert_eq!(terms.evses, [2]);
    let at = |evse| world.present("04A1B2C3", Resource::Evse(charger(), evse), start(1));
    assert_eq!(
        (at(1), at(2), at(9)),
        (Reason::NotThisEvse, Reason::Granted, Reason::NotThisEvse)
    );
}

#[test]
fn a_denial_wins_over_every_permission() {
    let world = ada(|w| {
        w.grant(500, ADA, Role::Owner, CHARGER);
        w.grant_with(501, ADA, Role::User, INSTALLATION, |g| {
            g.effect = Effect::Deny
        });
    });
    assert_eq!(world.authorize("04A1B2C3"), Reason::DeniedByRule);
    assert_eq!(
        world.person_may(ADA, Action::RemoteUse, CHARGER),
        Reason::DeniedByRule
    );
    assert_eq!(
        world.person_may(ADA, Action::ManageSettings, CHARGER),
        Reason::Granted
    );
}

#[test]
fn a_denial_at_one_evse_leaves_the_other() {
    let world = ada(|w| {
        w.grant(500, ADA, Role::User, CHARGER);
        w.grant_with(501, ADA, Role::User, EVSE_1, |g| g.effect = Effect::Deny);
    });
    let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3");
    let request = Request::token(&token, Resource::AnyEvse(charger()), Intent::Ask);
    let Outcome::Allow(terms) = world.decide(&request) else {
        panic!("refused")
    };
    assert_eq!(terms.evses, [2]);
}

#[test]
fn the_nearest_miss_is_named_and_ties_go_to_the_newest_grant() {
    let world = ada(|w| {
        w.grant_with(500, ADA, Role::User, CHARGER, |g| {
            g.valid_until = Some(hours(-1))
        });
        w.grant_with(501, ADA, Role::User, CHARGER, |g| {
            g.valid_until = Some(hours(-2))
        });
    });
    let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3");
    let outcome = world.decide(&Request::token(
        &token,
        Resource::AnyEvse(charger()),
        Intent::Ask,
    ));
    assert_eq!(outcome.reason(), Reason::GrantExpired);
    assert_eq!(outcome.grant(), Some(GrantId(id(501))));

    let world = ada(|w| {
        w.grant_with(500, ADA, Role::User, CHARGER, |g| {
            g.valid_until = Some(hours(-1))
        });
        w.grant_with(501, ADA, Role::User, CHARGER, |g| {
            g.valid_from = Some(hours(1))
        });
    });
    assert_eq!(world.authorize("04A1B2C3"), Reason::NotYetValid);
}

#[test]
fn validity_is_half_open() {
    let at = |from: Option<i64>, until: Option<i64>| {
        ada(|w| {
            w.grant_with(500, ADA, Role::User, CHARGER, |g| {
                g.valid_from = from.map(hours);
                g.valid_until = until.map(hours);
            });
        })
        .authorize("04A1B2C3")
    };
    assert_eq!(at(Some(0), None), Reason::Granted);
    assert_eq!(at(None, Some(0)), Reason::GrantExpired);
}

#[test]
fn the_credential_and_the_person_must_be_in_order() {
    let granted = |change: &dyn Fn(&mut World)| {
        let mut world = World::new();
        change(&mut world);
        world.grant(500, ADA, Role::User, CHARGER);
        world.authorize("04A1B2C3")
    };
    let card = |change: fn(&mut Credential)| {
        granted(&|w| {
            w.person(ADA).card_with(ADA, "04A1B2C3", change);
        })
    };
    assert_eq!(
        card(|c| c.state = CredentialState::Suspended),
        Reason::CredentialSuspended
    );
    assert_eq!(
        card(|c| c.state = CredentialState::Lost),
        Reason::CredentialLost
    );
    assert_eq!(
        card(|c| c.valid_until = Some(hours(0))),
        Reason::CredentialExpired
    );
    assert_eq!(
        card(|c| c.valid_from = Some(hours(1))),
        Reason::CredentialExpired
    );
    assert_eq!(
        card(|c| c.kind = CredentialKind::Plate),
        Reason::CredentialUnknown
    );
    assert_eq!(
        card(|c| c.deleted_at = Some(now())),
        Reason::CredentialUnknown
    );
    let person = |change: fn(&mut Person)| {
        granted(&|w| {
            w.person_with(ADA, change).card(ADA, "04A1B2C3");
        })
    };
    assert_eq!(
        person(|p| p.state = PersonState::Suspended),
        Reason::PersonSuspended
    );
    assert_eq!(
        person(|p| p.member_until = Some(now())),
        Reason::MembershipEnded
    );
    assert_eq!(person(|_| {}), Reason::Granted);
}

#[test]
fn an_open_charger_lets_everybody_charge_and_nobody_do_anything_else() {
    let mut world = World::new();
    world.installation(AuthorizationRequired::Open, None);
    world.person(ADA);
    assert_eq!(world.authorize("FFFF"), Reason::OpenAccess);
    assert_eq!(
        world.present("", Resource::AnyEvse(charger()), start(1)),
        Reason::OpenAccess
    );
    let stranger = Action::ALL.iter().filter(|a| **a != Action::Use);
    for action in stranger {
        assert_eq!(
            world.person_may(ADA, *action, CHARGER),
            Reason::NoGrant,
            "{action}"
        );
    }
    // A door never inherits Open.
    let door = Resource::Lock(LockId(id(LOCK)), None);
    assert_eq!(
        world.present("FFFF", door, Intent::Ask),
        Reason::CredentialUnknown
    );
}

#[test]
fn the_flag_of_a_charger_beats_that_of_its_installation() {
    for (installation, own, reason) in [
        (
            AuthorizationRequired::Open,
            ChargerAuthorization::Required,
            Reason::CredentialUnknown,
        ),
        (
            AuthorizationRequired::Required,
            ChargerAuthorization::Open,
            Reason::OpenAccess,
        ),
        (
            AuthorizationRequired::Open,
            ChargerAuthorization::Inherit,
            Reason::OpenAccess,
        ),
        (
            AuthorizationRequired::Required,
            ChargerAuthorization::Inherit,
            Reason::CredentialUnknown,
        ),
    ] {
        let mut world = World::new();
        world.installation(installation, None);
        world.charger(CHARGER, AREA, &[EVSE_1, EVSE_2], own);
        assert_eq!(world.authorize("FFFF"), reason);
    }
}

#[test]
fn a_controller_of_several_doors_must_name_one() {
    let world = ada(|w| {
        w.grant(500, ADA, Role::User, INSTALLATION);
    });
    let at = |lock, door| {
        world.present(
            "04A1B2C3",
            Resource::Lock(LockId(id(lock)), door),
            Intent::Ask,
        )
    };
    assert_eq!(at(DOUBLE_LOCK, None), Reason::DoorNotNamed);
    assert_eq!(at(DOUBLE_LOCK, Some(2)), Reason::Granted);
    assert_eq!(at(DOUBLE_LOCK, Some(3)), Reason::PointUnknown);
    assert_eq!(at(LOCK, None), Reason::Granted);
    assert_eq!(at(999, None), Reason::PointUnknown);
}

#[test]
fn one_owner_more_than_two_transactions_is_concurrent_and_a_start_does_not_count_itself() {
    let mut world = ada(|w| {
        w.grant(500, ADA, Role::User, CHARGER);
        w.installation(AuthorizationRequired::Required, Some(1));
    });
    world.usage.begin(open(1, Some(ADA), "04A1B2C3"));
    let resource = Resource::Evse(charger(), 1);
    assert_eq!(
        world.present("04A1B2C3", resource, start(1)),
        Reason::Granted
    );
    assert_eq!(
        world.present("04A1B2C3", resource, start(2)),
        Reason::Concurrent
    );
    assert_eq!(
        world.present("04A1B2C3", resource, Intent::Ask),
        Reason::Granted
    );
    assert_eq!(
        world.present("04A1B2C3", resource, Intent::Late),
        Reason::Granted
    );
}

fn open(number: u128, person: Option<u128>, card: &str) -> OpenTransaction {
    OpenTransaction {
        id: TransactionId(id(number)),
        charger: charger(),
        installation: id(INSTALLATION).into(),
        person: person.map(|p| PersonId(id(p))),
        stop_group: person.map(|p| StopGroup::new(format!("{p:016X}"))),
        token_key: Some(card.into()),
    }
}

#[test]
fn whoever_began_may_stop_even_when_expired_but_not_when_suspended() {
    let stop = |change: fn(&mut Credential), state: PersonState| {
        let mut world = World::new();
        world
            .person_with(ADA, |p| p.state = state)
            .card_with(ADA, "04A1B2C3", change);
        world.usage.begin(open(1, Some(ADA), "04A1B2C3"));
        let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3");
        let request = Request {
            action: Action::StopOwn,
            ..Request::token(
                &token,
                Resource::AnyEvse(charger()),
                Intent::Stop(TransactionId(id(1))),
            )
        };
        (world.authorize("04A1B2C3"), world.decide(&request).reason())
    };
    let active = PersonState::Active;
    assert_eq!(stop(|_| {}, active), (Reason::StopOwn, Reason::StopOwn));
    let expired = stop(|c| c.valid_until = Some(hours(-1)), active);
    assert_eq!(expired, (Reason::StopOwn, Reason::StopOwn));
    let lost = stop(|c| c.state = CredentialState::Lost, active);
    assert_eq!(lost, (Reason::CredentialLost, Reason::CredentialLost));
    let suspended = stop(|_| {}, PersonState::Suspended);
    assert_eq!(
        suspended,
        (Reason::PersonSuspended, Reason::PersonSuspended)
    );
}

#[test]
fn the_group_may_stop_and_a_stranger_may_not() {
    let mut world = World::new();
    world.person(ADA).card(ADA, "04A1B2C3");
    world
        .person_with(BOB, |p| {
            p.stop_group = StopGroup::new(format!("{ADA:016X}"))
        })
        .card(BOB, "BB");
    world
        .person(102)
        .card(102, "CC")
        .grant(500, 102, Role::User, CHARGER);
    world.usage.begin(open(1, Some(ADA), "04A1B2C3"));
    let stop = |card: &str| {
        let token = PresentedToken::new(TokenKind::IdTag, card);
        let intent = Intent::Stop(TransactionId(id(1)));
        let request = Request {
            action: Action::StopOwn,
            ..Request::token(&token, Resource::AnyEvse(charger()), intent)
        };
        world.decide(&request).reason()
    };
    assert_eq!(stop("BB"), Reason::StopOwn);
    assert_eq!(stop("CC"), Reason::NoGrant);
    assert_eq!(stop("DD"), Reason::CredentialUnknown);
}

#[test]
fn permission_to_stop_is_no_permission_to_start() {
    let mut world = World::new();
    world.person(ADA).card(ADA, "04A1B2C3");
    world.usage.begin(open(1, Some(ADA), "04A1B2C3"));
    let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3");
    let request = Request::token(&token, Resource::AnyEvse(charger()), Intent::Ask);
    let Outcome::Allow(terms) = world.decide(&request) else {
        panic!("refused")
    };
    assert!(terms.permit::<act::Use>().is_none());
    assert!(terms.permit::<act::StopOwn>().is_some());
    assert_eq!(
        world.present("04A1B2C3", Resource::AnyEvse(charger()), start(2)),
        Reason::NoGrant
    );
}

#[test]
fn the_remote_token_counts_only_while_a_command_is_pending_there() {
    let mut world = World::new();
    world
        .person(ADA)
        .card_with(ADA, "FE010203040506", |c| c.kind = CredentialKind::App);
    world.grant_with(500, ADA, Role::User, INSTALLATION, |g| {
        g.actions = [Action::RemoteUse].into_iter().collect();
    });
    assert_eq!(world.authorize("FE010203040506"), Reason::CredentialUnknown);
    let pending = |until| PendingRemote {
        charger: charger(),
        person: PersonId(id(ADA)),
        until,
    };
    world.usage.expect_remote(pending(hours(0)));
    assert_eq!(world.authorize("FE010203040506"), Reason::CredentialUnknown);
    world.usage.expect_remote(pending(hours(1)));
    assert_eq!(world.authorize("FE010203040506"), Reason::Granted);
    let elsewhere = Resource::AnyEvse(id(OTHER_CHARGER).into());
    assert_eq!(
        world.present("FE010203040506", elsewhere, Intent::Ask),
        Reason::CredentialUnknown
    );
}

#[test]
fn a_token_is_looked_for_among_the_kinds_it_may_mean() {
    let world = ada(|w| {
        w.grant(500, ADA, Role::User, CHARGER);
    });
    let present = |kind| {
        let token = PresentedToken::new(kind, "04:a1:b2:c3");
        let resource = Resource::AnyEvse(charger());
        world
            .decide(&Request::token(&token, resource, Intent::Ask))
            .reason()
    };
    assert_eq!(present(TokenKind::Iso14443), Reason::Granted);
    assert_eq!(present(TokenKind::Local), Reason::Granted);
    assert_eq!(present(TokenKind::Emaid), Reason::CredentialUnknown);
    assert_eq!(present(TokenKind::Central), Reason::CredentialUnknown);
    assert_eq!(present(TokenKind::KeyCode), Reason::CredentialUnknown);
    assert_eq!(present(TokenKind::NoAuthorization), Reason::NoCredential);
}

#[test]
fn an_api_key_does_no_more_than_its_scopes_below_its_node() {
    let mut world = World::new();
    world.person(ADA).grant(500, ADA, Role::Owner, ORGANISATION);
    world.rows.push(Change::ApiKey(ApiKey {
        id: ApiKeyId(id(700)),
        organisation: id(ORGANISATION).into(),
        person: PersonId(id(ADA)),
        name: String::new(),
        prefix: "kw_x".into(),
        hash: Vec::new(),
        scopes: [Action::ViewAll].into_iter().collect(),
        node: id(AREA).into(),
        expires_at: Some(hours(1)),
        created_at: now(),
        revoked_at: None,
    }));
    let may = |key: u128, action, node: u128| {
        let key = Some(ApiKeyId(id(key)));
        let request = Request::person(PersonId(id(ADA)), key, action, NodeId(id(node)));
        world.decide(&request).reason()
    };
    assert_eq!(may(700, Action::ViewAll, CHARGER), Reason::Granted);
    assert_eq!(may(700, Action::ViewAll, INSTALLATION), Reason::NoGrant);
    assert_eq!(may(700, Action::ManageAccess, CHARGER), Reason::NoGrant);
    assert_eq!(
        may(701, Action::ViewAll, CHARGER),
        Reason::CredentialUnknown
    );
}

#[test]
fn terms_end_with_the_first_fact_they_rest_on() {
    let mut world = World::new();
    world
        .person_with(ADA, |p| p.member_until = Some(hours(5)))
        .card_with(ADA, "AA", |c| c.valid_until = Some(hours(4)))
        .grant_with(500, ADA, Role::User, CHARGER, |g| {
            g.valid_until = Some(hours(3))
        })
        .grant_with(501, ADA, Role::User, AREA, |g| {
            g.valid_until = Some(hours(6))
        });
    let until = |world: &World| {
        let token = PresentedToken::new(TokenKind::IdTag, "AA");
        match world.decide(&Request::token(
            &token,
            Resource::AnyEvse(charger()),
            Intent::Ask,
        )) {
            Outcome::Allow(terms) => (terms.until, terms.grant),
            other @ (Outcome::Deny(_) | Outcome::Ask(_)) => panic!("{:?}", other.reason()),
        }
    };
    // The longer of the two grants carries it; the lower is named.
    assert_eq!(until(&world), (Some(hours(4)), Some(GrantId(id(500)))));
    world.grant_with(502, ADA, Role::User, ORGANISATION, |g| {
        g.effect = Effect::Deny;
        g.valid_from = Some(hours(2));
    });
    assert_eq!(until(&world).0, Some(hours(2)));
}

#[test]
fn one_number_in_many_organisations_is_a_card_of_each() {
    let mut world = World::new();
    let number = |organisation: u128| 10_000 + organisation;
    for organisation in 2..62 {
        world.person_with(number(organisation), |p| {
            p.organisation = id(organisation).into();
        });
        world.card_with(number(organisation), "04A1B2C3", |card| {
            card.organisation = id(organisation).into();
        });
        if organisation == 30 {
            world.person(ADA).card(ADA, "04A1B2C3");
        }
    }
    assert_eq!(world.authorize("04A1B2C3"), Reason::NoGrant);
    world.grant(500, ADA, Role::User, CHARGER);
    assert_eq!(world.authorize("04A1B2C3"), Reason::Granted);
    // A code of the same digits is another thing.
    let token = PresentedToken::new(TokenKind::KeyCode, "04A1B2C3");
    let request = Request::token(&token, Resource::AnyEvse(charger()), Intent::Ask);
    assert_eq!(world.decide(&request).reason(), Reason::CredentialUnknown);
}

#[test]
fn a_card_is_never_that_of_whoever_came_after_its_holder() {
    let mut world = ada(|_| {});
    world.grant(500, BOB, Role::User, CHARGER);
    assert_eq!(world.authorize("04A1B2C3"), Reason::NoGrant);
    world.person_with(ADA, |person| person.deleted_at = Some(now()));
    world.person(BOB).grant(501, BOB, Role::User, CHARGER);
    assert_eq!(world.authorize("04A1B2C3"), Reason::CredentialUnknown);
    assert_eq!(world.person_may(BOB, Action::Use, CHARGER), Reason::Granted);
}

#[test]
fn the_tree_may_come_in_any_order() {
    let mut world = ada(|w| {
        w.grant(500, ADA, Role::User, AREA);
    });
    let directory = world.directory();
    let is_node = |row: &Change| {
        matches!(
            row,
            Change::Organisation(_)
                | Change::Installation(_)
                | Change::Area(_)
                | Change::Charger(_)
                | Change::Door(_)
        )
    };
    let (mut nodes, mut others): (Vec<_>, Vec<_>) = world.rows.drain(..).partition(is_node);
    nodes.reverse();
    // Locks are no nodes, and come before their doors.
    let locks = others.extract_if(.., |row| matches!(row, Change::Lock(_)));
    let ordered: Vec<Change> = locks.chain(nodes).collect();
    world.rows = ordered.into_iter().chain(others).collect();
    let reversed = world.directory();
    for (node, entry) in directory.nodes() {
        assert_eq!(reversed.node(node), Some(entry), "{node:?}");
    }
    assert_eq!(world.authorize("04A1B2C3"), Reason::Granted);
}
