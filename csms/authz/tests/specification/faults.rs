//! Faults seeded into the engine are found by the comparison: it can fail.

use authz::{ORDER, Step};

use crate::agree::{difference, directory, engine};
use crate::small;
use crate::spec;
use crate::world::now;

/// Neighbours that can be swapped without a difference. Who reaches the limits holds a grant, so
/// the one step says nothing while the other refuses; concurrency is a matter of chargers,
/// anti-passback of doors.
const EQUIVALENT: [(Step, Step); 2] = [
    (Step::Grants, Step::Limits),
    (Step::Concurrency, Step::AntiPassback),
];

/// The first difference over the small worlds, in an order that reaches all kinds early.
fn found(order: &[Step]) -> Option<String> {
    const STRIDE: usize = 7919;
    (0..small::count())
        .map(|number| number * STRIDE % small::count())
        .find_map(|number| difference(order, number).err())
}

#[test]
fn a_step_that_is_left_out_is_found() {
    for (index, step) in ORDER.iter().enumerate() {
        let mut order = ORDER.to_vec();
        order.remove(index);
        assert!(found(&order).is_some(), "without {step:?} nothing differs");
    }
}

#[test]
fn two_steps_that_are_swapped_are_found() {
    for (index, pair) in ORDER.windows(2).enumerate() {
        if EQUIVALENT.contains(&(pair[0], pair[1])) {
            continue;
        }
        let mut order = ORDER.to_vec();
        order.swap(index, index + 1);
        assert!(
            found(&order).is_some(),
            "with {pair:?} swapped nothing differs"
        );
    }
}

/// A change that did not reach the picture is found, whatever it is about.
#[test]
fn a_fact_that_did_not_reach_the_engine_is_found() {
    let mut missed = std::collections::BTreeSet::new();
    for number in (0..small::count()).step_by(97) {
        let case = small::case(number);
        let usage = case.facts.usage();
        let rows = case.facts.rows();
        for (left_out, row) in rows.iter().enumerate() {
            let kind = row.kind().name();
            if missed.contains(kind) {
                continue;
            }
            let mut builder = authz::DirectoryBuilder::new((1, 2));
            for (index, row) in rows.iter().enumerate() {
                if index != left_out {
                    builder.add(row);
                }
            }
            let lacking = builder.finish(model::Revision(1));
            let differs = small::questions(&case).iter().any(|question| {
                let expected = spec::decide(&question.request(), &case.facts, now());
                engine(ORDER, question, &lacking, &usage, now()) != expected
            });
            if differs {
                missed.insert(kind);
            }
        }
    }
    let all = small_kinds();
    assert_eq!(missed, all, "kinds of rows whose loss is noticed");
}

fn small_kinds() -> std::collections::BTreeSet<&'static str> {
    let rows = (0..small::count())
        .step_by(97)
        .flat_map(|number| small::case(number).facts.rows());
    rows.map(|row| row.kind().name())
        // No date of the calendar is near: losing it changes nothing today.
        .filter(|kind| *kind != "calendar")
        .collect()
}

/// Facts of use that did not reach the engine are found.
#[test]
fn a_use_that_did_not_reach_the_engine_is_found() {
    let noticed = (0..small::count()).step_by(11).any(|number| {
        let case = small::case(number);
        let picture = directory(&case.facts);
        let none = authz::Usage::default();
        small::questions(&case).iter().any(|question| {
            let expected = spec::decide(&question.request(), &case.facts, now());
            engine(ORDER, question, &picture, &none, now()) != expected
        })
    });
    assert!(noticed);
}
