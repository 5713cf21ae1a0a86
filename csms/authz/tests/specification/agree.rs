//! The comparison, and every combination of the small world.

use std::sync::atomic::{AtomicUsize, Ordering};

use authz::{Directory, DirectoryBuilder, ORDER, Outcome, Step, Usage, decide_in_order};
use jiff::Timestamp;
use model::Revision;

use crate::facts::Facts;
use crate::small;
use crate::spec::{self, Answer};
use crate::world::{Question, now};

pub fn directory(facts: &Facts) -> Directory {
    let mut builder = DirectoryBuilder::new((1, 2));
    for row in facts.rows() {
        builder.add(&row);
    }
    builder.finish(Revision(1))
}

pub fn answer(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Allow(terms) => Answer::Yes(terms.reason, terms.grant),
        Outcome::Deny(denial) => Answer::No(denial.reason, denial.grant),
        Outcome::Ask(_) => Answer::Ask,
    }
}

/// The engine's answer, its steps in some order.
pub fn engine(
    order: &[Step],
    question: &Question,
    directory: &Directory,
    usage: &Usage,
    at: Timestamp,
) -> Answer {
    let request = question.request();
    answer(&decide_in_order(
        order,
        &request,
        directory,
        usage,
        at,
        &mut (),
    ))
}

/// Compares one world; the first difference.
pub fn difference(order: &[Step], number: usize) -> Result<usize, String> {
    let case = small::case(number);
    let directory = directory(&case.facts);
    let usage = case.facts.usage();
    let questions = small::questions(&case);
    for question in &questions {
        let expected = spec::decide(&question.request(), &case.facts, now());
        let got = engine(order, question, &directory, &usage, now());
        if got != expected {
            return Err(format!(
                "world {number}: {question:?}: {got:?}, by the specification {expected:?}"
            ));
        }
    }
    Ok(questions.len())
}

#[test]
fn the_engine_agrees_with_the_specification_over_every_small_world() {
    let next = AtomicUsize::new(0);
    let asked = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= small::count() {
                        break;
                    }
                    match difference(ORDER, number) {
                        Ok(questions) => asked.fetch_add(questions, Ordering::Relaxed),
                        Err(difference) => panic!("{difference}"),
                    };
                }
            });
        }
    });
    let asked = asked.into_inner();
    println!("{asked} requests in {} worlds", small::count());
    assert!(asked >= 1_000_000, "only {asked} requests");
}
