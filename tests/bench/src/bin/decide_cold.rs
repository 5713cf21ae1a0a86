//! Single calls of `authz::decide` on keys that are in no cache, and the memory of the Directory.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authz::Usage;
use bench::figures::Sample;
use bench::population::{self, Population, Size};
use bench::process;
use bench::random::Random;
use model::{Change, Committed, GrantId, Revision};

const QUESTIONS: usize = 1_000_000;

fn main() -> anyhow::Result<()> {
    let empty = process::own_resident_bytes()?;
    let begun = Instant::now();
    let mut population = Population::new(Size::GOAL, 0);
    let built = begun.elapsed();
    let full = process::own_resident_bytes()?;
    let [nodes, people, credentials, grants] = population.directory.size();
    println!("nodes {nodes}, people {people}, credentials {credentials}, grants {grants}");
    println!("memory of the Directory: {} MB", (full - empty) / 1_000_000);
    println!("built from rows in {built:?}");

    // The same again with questions; what the cards take is not the Directory's.
    population = Population::new(Size::GOAL, QUESTIONS);
    single_calls(&population);
    who(&population);
    change(&population);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the function itself is measured")]
fn single_calls(population: &Population) {
    let usage = Usage::default();
    let clock = clock_overhead();
    let mut sample = Sample::with_capacity(QUESTIONS);
    let mut allowed = 0_usize;
    for question in &population.questions {
        let request = question.request();
        let begun = Instant::now();
        let outcome = authz::decide(&request, &population.directory, &usage, population.now);
        let took = begun.elapsed();
        allowed += usize::from(black_box(outcome).allows());
        sample.add(took.saturating_sub(clock));
    }
    let refused = (sample.count() - allowed) * 100 / sample.count().max(1);
    println!(
        "decide: {} calls, {refused} % refused: {}",
        sample.count(),
        sample.summary()
    );
    println!("(reading the clock, {clock:?}, is taken off)");
}

/// Everybody who may use a charger, each decided.
#[expect(clippy::disallowed_methods, reason = "the function itself is measured")]
fn who(population: &Population) {
    let usage = Usage::default();
    let mut sample = Sample::default();
    let mut found = 0;
    let mut random = Random::new(1);
    for _ in 0..1000 {
        let Some(charger) = random.pick(&population.chargers) else {
            continue;
        };
        let begun = Instant::now();
        let people = authz::candidates(&population.directory, (*charger).into());
        found += people
            .into_iter()
            .map(|person| {
                let node = (*charger).into();
                let request = authz::Request::person(person, None, model::Action::Use, node);
                authz::decide(&request, &population.directory, &usage, population.now)
            })
            .filter(authz::Outcome::allows)
            .count();
        sample.add(begun.elapsed());
    }
    println!(
        "who may use a charger: {} people each: {}",
        found / 1000,
        sample.summary()
    );
}

/// A grant given: the next picture, until it can be shared.
fn change(population: &Population) {
    let mut random = Random::new(2);
    let mut directory = Arc::new(population.directory.clone());
    let mut sample = Sample::default();
    for revision in 2..1002 {
        let Some(charger) = random.pick(&population.chargers) else {
            continue;
        };
        let node = (*charger).into();
        let id = GrantId(random.id());
        let grant = population::grant(id, &population.somebody, node, None, population.now);
        let committed = [Committed {
            revision: Revision(revision),
            change: Change::Grant(grant),
        }];
        let begun = Instant::now();
        directory = Arc::new(directory.with(&committed));
        sample.add(begun.elapsed());
    }
    println!("a grant becomes visible: {}", sample.summary());
    black_box(directory);
}

/// What reading the clock twice takes: the least of many.
fn clock_overhead() -> Duration {
    (0..100_000)
        .map(|_| {
            let begun = Instant::now();
            begun.elapsed()
        })
        .min()
        .unwrap_or_default()
}
