//! Random large worlds: the engine agrees with the specification there too, with itself when the
//! picture came about change by change, and with who() and what().

use authz::{Directory, Intent, ORDER, Outcome, Resource, candidates, decide, resources_of};
use jiff::{SignedDuration, Timestamp};
use model::*;

use crate::agree::{answer, directory, engine};
use crate::facts::{Facts, used};
use crate::random::*;
use crate::spec;
use crate::world::*;

#[test]
fn the_engine_agrees_with_the_specification_over_random_large_worlds() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let facts = some_world(&mut dice);
        let (directory, usage) = (directory(&facts), facts.usage());
        for it in &facts.uses {
            assert_eq!(
                usage.used(it.grant, it.person),
                used(&facts.uses, it.grant, it.person)
            );
        }
        for _ in 0..500 {
            let at = instant(&mut dice);
            let question = some_question(&facts, &mut dice);
            let expected = spec::decide(&question.request(), &facts, at);
            let got = engine(ORDER, &question, &directory, &usage, at);
            assert_eq!(got, expected, "seed {seed}, {at}: {question:?}");
        }
    }
}

/// A random change, made in the facts; the rows as they are then.
fn change(facts: &mut Facts, dice: &mut Dice) -> Change {
    match dice.below(12) {
        0 => {
            let index = dice.below(facts.people.len());
            let number = facts.people[index].id.0.as_u128();
            // Who is gone does not come back.
            if facts.people[index].deleted_at.is_none() {
                facts.people[index] = some_person(dice, number);
            }
            Change::Person(facts.people[index].clone())
        }
        1 => {
            let index = dice.below(facts.credentials.len());
            let before = facts.credentials[index].clone();
            let fresh = some_credential(dice, before.id.0.as_u128());
            facts.credentials[index] = Credential {
                state: fresh.state,
                suspension: fresh.suspension,
                valid_until: fresh.valid_until,
                deleted_at: before.deleted_at.or(fresh.deleted_at),
                ..before
            };
            Change::Credential(facts.credentials[index].clone())
        }
        2..6 => {
            let index = dice.below(facts.grants.len());
            if facts.grants[index].revoked_at.is_none() {
                facts.grants[index].revoked_at = Some(now());
                Change::Grant(facts.grants[index].clone())
            } else {
                let number = 500 + facts.grants.len() as u128;
                facts.grants.push(Grant {
                    revoked_at: None,
                    ..some_grant(dice, number)
                });
                Change::Grant(facts.grants.last().unwrap().clone())
            }
        }
        6 | 7 => {
            let row = some_membership(dice);
            put_membership(facts, row);
            Change::Membership(row)
        }
        8 => {
            let number = dice.pick(&[453, 454, 455]);
            let row = some_schedule(dice, number);
            facts.schedules.retain(|it| it.id != row.id);
            facts.schedules.push(row.clone());
            Change::Schedule(row)
        }
        9 => {
            let number = 800 + dice.below(4) as u128;
            let row = some_emergency(dice, number);
            // What has begun at a node ends there.
            let row = match facts.emergencies.iter().find(|it| it.id == row.id) {
                Some(before) => Emergency {
                    node: before.node,
                    ..row
                },
                None => row,
            };
            facts.emergencies.retain(|it| it.id != row.id);
            facts.emergencies.push(row.clone());
            Change::Emergency(row)
        }
        10 => {
            shuffle_settings(facts, dice);
            let site = facts.installations[0].clone();
            Change::Installation(site)
        }
        _ => {
            let row = facts.calendars[0].clone();
            Change::Calendar(row)
        }
    }
}

#[test]
fn a_picture_changed_ten_thousand_times_equals_one_built_at_once() {
    let mut dice = Dice::new(7);
    let mut facts = some_world(&mut dice);
    let mut changed = directory(&facts);
    for number in 1..=10_000 {
        let mut rows = vec![change(&mut facts, &mut dice)];
        if matches!(rows[0], Change::Installation(_)) {
            // The settings of all points were shuffled with it.
            rows = facts
                .rows()
                .into_iter()
                .filter(|row| {
                    matches!(
                        row,
                        Change::Installation(_)
                            | Change::Area(_)
                            | Change::Charger(_)
                            | Change::Door(_)
                    )
                })
                .collect();
        }
        if number == 6000 {
            // A tag goes, with all that stood in it.
            let tag = &mut facts.tags[4];
            tag.deleted_at = Some(now());
            rows.push(Change::Tag(tag.clone()));
        }
        let revision = changed.revision().0;
        let committed: Vec<Committed> = rows
            .into_iter()
            .zip(revision + 1..)
            .map(|(change, revision)| Committed {
                revision: Revision(revision),
                change,
            })
            .collect();
        changed = changed.with(&committed);
        if number % 500 == 0 {
            compare(&changed, &facts, &mut dice);
        }
    }
}

fn compare(changed: &Directory, facts: &Facts, dice: &mut Dice) {
    let (rebuilt, usage) = (directory(facts), facts.usage());
    assert_eq!(changed.size(), rebuilt.size());
    for (id, entry) in rebuilt.people() {
        assert_eq!(changed.person(id), Some(entry));
    }
    for (id, entry) in rebuilt.nodes() {
        assert_eq!(changed.node(id), Some(entry));
        assert_eq!(candidates(changed, id), candidates(&rebuilt, id));
    }
    for tag in TAGS {
        assert_eq!(changed.tag(TagId(id(tag))), rebuilt.tag(TagId(id(tag))));
    }
    for _ in 0..300 {
        let at = instant(dice);
        let question = some_question(facts, dice);
        let expected = spec::decide(&question.request(), facts, at);
        let got = engine(ORDER, &question, changed, &usage, at);
        assert_eq!(got, expected, "{at}: {question:?}");
    }
}

#[test]
fn who_and_what_agree_with_each_decision() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let facts = some_world(&mut dice);
        let (directory, usage) = (directory(&facts), facts.usage());
        let at = instant(&mut dice);
        for action in [
            Action::Use,
            Action::RemoteUse,
            Action::Service,
            Action::ManageAccess,
        ] {
            for (node, entry) in directory.nodes() {
                if !matches!(entry.kind, NodeKind::Charger | NodeKind::Door) {
                    continue;
                }
                let resource = Resource::Node(node);
                let candidates = candidates(&directory, node);
                for person in &facts.people {
                    let who = person.id.0.as_u128();
                    let question = by(who, None, action, resource);
                    let outcome = decide(&question.request(), &directory, &usage, at);
                    // An open door is everybody's; who() lists those who have a right.
                    if outcome.reason() == Reason::Granted {
                        assert!(candidates.contains(&person.id), "seed {seed}: {question:?}");
                        let what = resources_of(&directory, person.id);
                        assert!(what.contains(&node), "seed {seed}: {question:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_may_be_remembered_until_then_holds_until_then() {
    let mut looked = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(seed + 1000);
        let facts = some_world(&mut dice);
        let (directory, usage) = (directory(&facts), facts.usage());
        for _ in 0..300 {
            let at = instant(&mut dice);
            let question = Question {
                intent: Intent::Ask,
                ..some_question(&facts, &mut dice)
            };
            let request = question.request();
            let Outcome::Allow(terms) = decide(&request, &directory, &usage, at) else {
                continue;
            };
            let (Some(until), false) = (terms.until, terms.once) else {
                continue;
            };
            assert!(until > at, "seed {seed}, {at}: {question:?} until {until}");
            looked += 1;
            let last = until - SignedDuration::from_micros(1);
            let length = until.duration_since(at);
            for moment in [at + length / 3, at + length / 2, last] {
                let later = decide(&request, &directory, &usage, moment);
                assert!(
                    later.allows(),
                    "seed {seed}: {question:?} at {at} until {until}, at {moment} {:?}",
                    answer(&later)
                );
            }
        }
    }
    assert!(looked > 1000, "only {looked} answers with an end");
}

/// What is allowed of many questions.
fn allowed(facts: &Facts, questions: &[(Question, Timestamp)]) -> Vec<bool> {
    let (directory, usage) = (directory(facts), facts.usage());
    questions
        .iter()
        .map(|(question, at)| decide(&question.request(), &directory, &usage, *at).allows())
        .collect()
}

#[test]
fn a_denial_more_or_a_permission_less_never_allows() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed + 2000);
        let facts = some_world(&mut dice);
        let questions: Vec<(Question, Timestamp)> = (0..400)
            .map(|_| (some_question(&facts, &mut dice), instant(&mut dice)))
            .collect();
        let before = allowed(&facts, &questions);
        let mut changed = Vec::new();
        for number in 0..4 {
            let mut more = facts.clone();
            more.grants.push(Grant {
                effect: Effect::Deny,
                revoked_at: None,
                ..some_grant(&mut dice, 900 + number)
            });
            changed.push(more);
            let mut fewer = facts.clone();
            let permissions = fewer
                .grants
                .iter_mut()
                .filter(|it| it.effect == Effect::Allow);
            let mut permissions: Vec<&mut Grant> = permissions.collect();
            let index = dice.below(permissions.len());
            permissions[index].revoked_at = Some(now());
            changed.push(fewer);
        }
        for facts in &changed {
            let after = allowed(facts, &questions);
            for ((question, at), (before, after)) in questions.iter().zip(before.iter().zip(after))
            {
                assert!(*before || !after, "seed {seed}, {at}: {question:?}");
            }
        }
    }
}

#[test]
fn the_order_of_facts_is_irrelevant() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed + 3000);
        let facts = some_world(&mut dice);
        let in_order = directory(&facts);
        // What others stand in or belong to comes first; everything else in any order.
        let (mut rows, mut rest): (Vec<Change>, Vec<Change>) =
            facts.rows().into_iter().partition(|row| match row {
                Change::Credential(_)
                | Change::ApiKey(_)
                | Change::Membership(_)
                | Change::Schedule(_)
                | Change::Calendar(_)
                | Change::Grant(_)
                | Change::Emergency(_)
                | Change::Sharing(_)
                | Change::Webhook(_) => false,
                Change::Organisation(_)
                | Change::Installation(_)
                | Change::Area(_)
                | Change::Charger(_)
                | Change::Lock(_)
                | Change::Station(_)
                | Change::Door(_)
                | Change::Person(_)
                | Change::Tag(_) => true,
            });
        while !rest.is_empty() {
            let index = dice.below(rest.len());
            rows.push(rest.swap_remove(index));
        }
        let mut builder = authz::DirectoryBuilder::new((1, 2));
        for row in &rows {
            builder.add(row);
        }
        let shuffled = builder.finish(Revision(1));
        let usage = facts.usage();
        for _ in 0..400 {
            let question = some_question(&facts, &mut dice);
            let at = instant(&mut dice);
            let request = question.request();
            assert_eq!(
                decide(&request, &shuffled, &usage, at),
                decide(&request, &in_order, &usage, at),
                "seed {seed}, {at}: {question:?}"
            );
        }
    }
}
