//! What holds for every set of facts.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use authz::{Directory, Intent, Request, Resource};
use model::*;
use proptest::prelude::*;
use world::*;

const NODES: [u128; 8] = [
    ORGANISATION,
    INSTALLATION,
    AREA,
    CHARGER,
    EVSE_1,
    EVSE_2,
    OTHER_CHARGER,
    DOOR,
];

fn any_grant() -> impl Strategy<Value = (u128, u128, usize, bool, i64, i64)> {
    (
        500u128..520,
        100u128..103,
        0usize..8,
        any::<bool>(),
        -3i64..3,
        -3i64..3,
    )
}

fn row((number, person, node, deny, from, until): (u128, u128, usize, bool, i64, i64)) -> Grant {
    let role = [Role::Owner, Role::User, Role::Service][usize::try_from(number % 3).unwrap()];
    Grant {
        effect: if deny { Effect::Deny } else { Effect::Allow },
        valid_from: (from != 0).then(|| hours(from)),
        valid_until: (until != 0).then(|| hours(until)),
        ..grant(number, person, role, NODES[node])
    }
}

fn people() -> World {
    let mut world = World::new();
    for person in 100..103 {
        world.person(person).card(person, &format!("CARD{person}"));
    }
    world
}

/// Every answer of a small world: each person, action and node, and each card at each EVSE.
fn answers(directory: &Directory, world: &World) -> Vec<(Reason, Option<GrantId>)> {
    let mut all = Vec::new();
    for person in 100..103 {
        for action in Action::ALL {
            for node in NODES {
                let request =
                    Request::person(PersonId(id(person)), None, *action, NodeId(id(node)));
                #[allow(clippy::disallowed_methods)]
                let outcome = authz::decide(&request, directory, &world.usage, now());
                all.push((outcome.reason(), outcome.grant()));
            }
        }
        let token = PresentedToken::new(TokenKind::IdTag, format!("CARD{person}"));
        for resource in [
            Resource::AnyEvse(id(CHARGER).into()),
            Resource::Evse(id(CHARGER).into(), 1),
            Resource::Evse(id(CHARGER).into(), 2),
            Resource::Lock(LockId(id(LOCK)), None),
        ] {
            let request = Request::token(&token, resource, Intent::Ask);
            #[allow(clippy::disallowed_methods)]
            let outcome = authz::decide(&request, directory, &world.usage, now());
            all.push((outcome.reason(), outcome.grant()));
        }
    }
    all
}

fn distinct(grants: Vec<Grant>) -> Vec<Grant> {
    let mut seen = std::collections::BTreeMap::new();
    for grant in grants {
        seen.entry(grant.id).or_insert(grant);
    }
    seen.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_facts_is_irrelevant(
        grants in prop::collection::vec(any_grant(), 0..12),
        seed in any::<u64>(),
    ) {
        let grants = distinct(grants.into_iter().map(row).collect());
        let mut world = people();
        world.rows.extend(grants.iter().cloned().map(Change::Grant));
        let expected = answers(&world.directory(), &world);
        let mut shuffled = people();
        let mut rest = grants;
        let mut state = seed;
        while !rest.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = usize::try_from(state >> 33).unwrap() % rest.len();
            shuffled.rows.push(Change::Grant(rest.swap_remove(index)));
        }
        prop_assert_eq!(answers(&shuffled.directory(), &shuffled), expected);
    }

    #[test]
    fn changes_one_by_one_give_the_same_picture_as_all_at_once(
        grants in prop::collection::vec(any_grant(), 0..20),
        revoked in prop::collection::vec(any::<bool>(), 20),
    ) {
        let grants = distinct(grants.into_iter().map(row).collect());
        let base = people();
        let mut changed = base.directory();
        let mut revision = 1;
        let mut left = people();
        for (grant, revoked) in grants.into_iter().zip(revoked) {
            revision += 1;
            let given = Committed { revision: Revision(revision), change: Change::Grant(grant.clone()) };
            changed = changed.with(&[given]);
            if revoked {
                revision += 1;
                let ended = Grant { revoked_at: Some(now()), ..grant };
                let ended = Committed { revision: Revision(revision), change: Change::Grant(ended) };
                changed = changed.with(&[ended]);
            } else {
                left.rows.push(Change::Grant(grant));
            }
        }
        prop_assert_eq!(answers(&changed, &base), answers(&left.directory(), &left));
        prop_assert_eq!(changed.size(), left.directory().size());
    }

    #[test]
    fn adding_a_denial_never_allows_and_taking_a_grant_away_never_does(
        grants in prop::collection::vec(any_grant(), 1..12),
        denied in any_grant(),
    ) {
        let grants = distinct(grants.into_iter().map(row).collect());
        let mut world = people();
        world.rows.extend(grants.iter().cloned().map(Change::Grant));
        let before = answers(&world.directory(), &world);

        let mut more = people();
        more.rows.extend(grants.iter().cloned().map(Change::Grant));
        let denial = Grant { effect: Effect::Deny, id: GrantId(id(9_999)), ..row(denied) };
        more.rows.push(Change::Grant(denial));
        for (before, after) in before.iter().zip(answers(&more.directory(), &more)) {
            prop_assert!(before.0.allows() || !after.0.allows());
        }

        let allow = grants.iter().position(|grant| grant.effect == Effect::Allow);
        if let Some(index) = allow {
            let mut fewer = people();
            let kept = grants.iter().enumerate().filter(|(other, _)| *other != index);
            fewer.rows.extend(kept.map(|(_, grant)| Change::Grant(grant.clone())));
            for (before, after) in before.iter().zip(answers(&fewer.directory(), &fewer)) {
                prop_assert!(before.0.allows() || !after.0.allows());
            }
        }
    }

    #[test]
    fn the_explanation_is_of_the_same_decision(
        grants in prop::collection::vec(any_grant(), 0..12),
    ) {
        let grants = distinct(grants.into_iter().map(row).collect());
        let mut world = people();
        world.rows.extend(grants.into_iter().map(Change::Grant));
        let directory = world.directory();
        for person in 100..103 {
            for node in NODES {
                let node = NodeId(id(node));
                let request = Request::person(PersonId(id(person)), None, Action::Use, node);
                #[allow(clippy::disallowed_methods)]
                let decided = authz::decide(&request, &directory, &world.usage, now());
                #[allow(clippy::disallowed_methods)]
                let explained = authz::explain(&request, &directory, &world.usage, now());
                for considered in &explained.grants {
                    let Some(later) = considered.holds_from else { continue };
                    prop_assert!(later > now());
                    #[allow(clippy::disallowed_methods)]
                    let then = authz::explain(&request, &directory, &world.usage, later);
                    let then = then.grants.iter().find(|it| it.grant.id == considered.grant.id);
                    let finding = then.map(|it| it.finding);
                    prop_assert!(
                        !matches!(
                            finding,
                            Some(
                                authz::GrantFinding::NotYetValid
                                    | authz::GrantFinding::OutsideSchedule
                                    | authz::GrantFinding::Expired
                            )
                        ),
                        "{considered:?} is {finding:?} at {later}"
                    );
                }
                prop_assert_eq!(decided, explained.outcome);
            }
        }
    }
}
