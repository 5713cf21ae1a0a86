//! Single calls of `authz::decide` on keys that are in no cache, and the memory of the Directory.

#![expect(clippy::print_stdout, reason = "a tool that prints its figures")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authz::Usage;
use bench::figures::Sample;
use bench::population::{self, Population, Size};
use bench::process;
use bench::random::Random;
use model::{Change, Committed, GrantId, Revision};
use uuid::Uuid;

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
    let mut decisions = single_calls(&population);
    let mut lookups = cold_lookups();
    let mut times =
        |part| decisions.per_mille(part).as_secs_f64() / lookups.per_mille(part).as_secs_f64();
    let (p50, p99) = (times(500), times(990));
    println!("a decision is {p50:.1} such lookups at p50, {p99:.1} at p99");
    who(&population);
    change(&population);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the function itself is measured")]
fn single_calls(population: &Population) -> Sample {
    let usage = Usage::default();
    let clock = clock_overhead();
    let mut sample = Sample::with_capacity(QUESTIONS);
    let mut allowed = 0_usize;
    for question in &population.questions {
        black_box(question.read());
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
    sample
}

/// The reference of the run: what one lookup in one hash map of a million entries of 64 bytes takes
/// on this machine, in the same way, with keys that are in no cache.
fn cold_lookups() -> Sample {
    let mut random = Random::new(3);
    let map: HashMap<Uuid, [u8; 64]> = (0..QUESTIONS).map(|_| (random.id(), [1; 64])).collect();
    let mut keys: Vec<Uuid> = map.keys().copied().collect();
    random.shuffle(&mut keys);
    let clock = clock_overhead();
    let mut sample = Sample::with_capacity(QUESTIONS);
    for key in &keys {
        let begun = Instant::now();
        black_box(map.get(key).map(|value| value.first().copied()));
        sample.add(begun.elapsed().saturating_sub(clock));
    }
    println!("one lookup in a hash map: {}", sample.summary());
    sample
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
