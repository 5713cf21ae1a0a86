//! `authz::decide` among 100,000 people, 1,000,000 grants and 20,000 points, random cold keys,
//! half of them refused. Single calls and memory: `cargo run --release -p bench --bin decide_cold`.

use std::hint::black_box;

use authz::Usage;
use bench::population::{Population, Size};
use criterion::{Criterion, Throughput};

#[expect(clippy::disallowed_methods, reason = "the function itself is measured")]
fn decide(criterion: &mut Criterion) {
    // More questions than any cache holds the answers of.
    let population = Population::new(Size::GOAL, 1_000_000);
    let usage = Usage::default();
    let mut questions = population.questions.iter().cycle();
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    group.bench_function("1,000,000 grants, cold keys, half refused", |bencher| {
        bencher.iter(|| {
            let question = questions.next().map(bench::population::Question::request)?;
            Some(authz::decide(
                black_box(&question),
                &population.directory,
                &usage,
                population.now,
            ))
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decide(&mut criterion);
    criterion.final_summary();
}
