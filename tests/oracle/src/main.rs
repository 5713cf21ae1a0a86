//! Measures our engine, Cedar and Casbin on the same cases in one run.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use authz::{Request, Usage, decide};
use keywatt_oracle::casbin::Casbin;
use keywatt_oracle::cedar::Cedar;
use keywatt_oracle::random::Random;
use keywatt_oracle::world::{NOW, Question, World};
use model::{Action, Subject};

/// People, and how often each engine is asked: the slow ones seldom, so that the run ends.
const SIZES: [(usize, [usize; 3]); 4] = [
    (100, [200_000, 20_000, 2_000]),
    (1_000, [200_000, 2_000, 200]),
    (10_000, [200_000, 200, 20]),
    (100_000, [1_000_000, 0, 0]),
];

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("| people | rights | engine | asked | refused | p50 | p99 | p50 to ours |");
    println!("|---|---|---|---|---|---|---|---|");
    for (people, [ours, cedars, casbins]) in SIZES {
        let mut random = Random::new(42);
        let world = World::of_size(people, &mut random);
        let questions = questions(&world, ours, &mut random);
        let (directory, usage) = (world.directory(), Usage::default());
        let engine = |question: &Question| {
            let request = Request::person(question.person, None, question.action, question.node);
            Ok(decide(&request, &directory, &usage, question.at).allows())
        };
        let first = measure(&questions, engine)?;
        row(people, &world, "Keywatt", &first, first.p50);
        if cedars > 0 {
            let cedar = Cedar::new(&world)?;
            let theirs = measure(&questions[..cedars], |question| cedar.allows(question))?;
            ensure!(
                theirs.answers == first.answers[..cedars],
                "Cedar says something else"
            );
            row(people, &world, "cedar-policy", &theirs, first.p50);
        }
        if casbins > 0 {
            let casbin = runtime.block_on(Casbin::new(&world))?;
            let theirs = measure(&questions[..casbins], |question| casbin.allows(question))?;
            ensure!(
                theirs.answers == first.answers[..casbins],
                "Casbin says something else"
            );
            row(people, &world, "casbin", &theirs, first.p50);
        }
    }
    Ok(())
}

/// Half of them about a node the person has a right on, the rest about any of the organisation.
fn questions(world: &World, number: usize, random: &mut Random) -> Vec<Question> {
    let nodes: Vec<_> = world.above.keys().copied().collect();
    let mut all = Vec::with_capacity(number);
    while all.len() < number {
        let grant = random.pick(&world.grants);
        let Subject::Person(person) = grant.subject else {
            continue;
        };
        let node = if all.len().is_multiple_of(2) {
            grant.node
        } else {
            random.pick(&nodes)
        };
        all.push(Question {
            person,
            action: Action::RemoteUse,
            node,
            at: NOW,
        });
    }
    all
}

struct Measured {
    answers: Vec<bool>,
    p50: Duration,
    p99: Duration,
}

fn measure(questions: &[Question], ask: impl Fn(&Question) -> Result<bool>) -> Result<Measured> {
    let mut answers = Vec::with_capacity(questions.len());
    let mut times = Vec::with_capacity(questions.len());
    for question in questions {
        let begun = Instant::now();
        let answer = ask(question)?;
        times.push(begun.elapsed());
        answers.push(answer);
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    Ok(Measured {
        answers,
        p50: at(50),
        p99: at(99),
    })
}

fn row(people: usize, world: &World, engine: &str, measured: &Measured, ours: Duration) {
    let asked = measured.answers.len();
    let refused = measured.answers.iter().filter(|allowed| !**allowed).count();
    println!(
        "| {people} | {} | {engine} | {asked} | {} % | {:.1} µs | {:.1} µs | {:.0} |",
        world.grants.len(),
        refused * 100 / asked.max(1),
        measured.p50.as_secs_f64() * 1e6,
        measured.p99.as_secs_f64() * 1e6,
        measured.p50.as_secs_f64() / ours.as_secs_f64(),
    );
}
