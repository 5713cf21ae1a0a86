//! One decision: the same facts give the same reason at every entry, through its real socket.
//!
//! The cases are data, in `cases/parity/*.yaml`. Their facts are made through the API; the reason
//! is read from the decision log; what is told on the wire is compared with a table of this
//! package; and the explanation of the same question, asked just before, must give the same reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keywatt_tests::cases::{self, Case, Entry};
use keywatt_tests::site::Site;
use keywatt_tests::{DatabaseKind, Options, Server, entries, status_table};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Cases under way at a time.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_decides_alike_on_sqlite() {
    decide_alike(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_decides_alike_on_postgres() {
    if DatabaseKind::available()
        .await
        .contains(&DatabaseKind::Postgres)
    {
        decide_alike(DatabaseKind::Postgres).await;
    }
}

async fn decide_alike(database: DatabaseKind) {
    let server =
        Arc::new(Server::start(Options::on(database).args(&["--allow-loopback-webhooks"])).await);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let explanations = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    let mut names = BTreeMap::new();
    for case in cases::all() {
        let (server, turns) = (Arc::clone(&server), Arc::clone(&turns));
        let explanations = Arc::clone(&explanations);
        let name = case.name.clone();
        let handle = running.spawn(async move {
            let _turn = turns.acquire().await;
            check(&server, &case, &explanations).await
        });
        names.insert(handle.id(), name);
    }
    let mut wrong = Vec::new();
    while let Some(ended) = running.join_next_with_id().await {
        match ended {
            Ok((_, differences)) => wrong.extend(differences),
            Err(error) => wrong.push(format!("{}: {error}", names[&error.id()])),
        }
    }
    wrong.sort();
    assert!(
        wrong.is_empty(),
        "{} differ on {database:?}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let explanations = explanations.load(Ordering::Relaxed);
    println!("{explanations} explanations agree with what was decided on {database:?}");
    assert!(explanations >= 1000, "{explanations} explanations");
}

/// Asks a case at each of its entries; what came out otherwise than expected.
async fn check(server: &Server, case: &Case, explanations: &AtomicUsize) -> Vec<String> {
    let site = Site::make(server, case).await;
    let mut differences = Vec::new();
    for entry in Entry::ALL {
        let Some(expected) = case.expected_at(entry) else {
            continue;
        };
        let told = status_table::status(expected, entry);
        let outcome = entries::ask(&site, case, entry).await;
        if outcome.reason != expected || outcome.status != told {
            differences.push(format!(
                "{} at {}: expected {expected} ({told}), got {} ({})",
                case.name,
                entry.name(),
                outcome.reason,
                outcome.status
            ));
        }
        if let Some(explained) = outcome.explained {
            explanations.fetch_add(1, Ordering::Relaxed);
            if explained != outcome.reason {
                differences.push(format!(
                    "{} at {}: explained as {explained}, decided as {}",
                    case.name,
                    entry.name(),
                    outcome.reason
                ));
            }
        }
    }
    differences
}

/// How many cases expect a reason at an entry.
fn matrix() -> BTreeMap<(&'static str, Entry), usize> {
    let mut counts = BTreeMap::new();
    for reason in status_table::reasons() {
        for entry in Entry::ALL {
            counts.insert((reason, entry), 0);
        }
    }
    for case in cases::all() {
        for entry in Entry::ALL {
            if let Some(reason) = case.expected_at(entry) {
                let cell = counts
                    .iter_mut()
                    .find(|((of, at), _)| *of == reason && *at == entry);
                let (_, count) = cell.unwrap_or_else(|| panic!("`{reason}` is no known reason"));
                *count += 1;
            }
        }
    }
    counts
}

/// Reasons and kinds of credential that the engine knows and no socket reaches yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreached {
    what: String,
    because: String,
}

fn unreached() -> BTreeSet<String> {
    let lines = cases::read::<Vec<Unreached>>("unreached.yaml");
    for line in &lines {
        assert!(line.because.len() > 10, "{}: say why", line.what);
    }
    lines.into_iter().map(|line| line.what).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyCells {
    reason: String,
    entries: Vec<Entry>,
    because: String,
}

#[test]
fn every_empty_cell_of_reason_and_entry_has_a_written_reason() {
    let counts = matrix();
    print!("{:22}", "");
    for entry in Entry::ALL {
        let name = entry
            .name()
            .replace("_transaction", "")
            .replace("authorize", "auth");
        print!(" {:>13}", name);
    }
    println!();
    for reason in status_table::reasons() {
        print!("{reason:22}");
        for entry in Entry::ALL {
            print!(" {:>13}", counts[&(reason, entry)]);
        }
        println!();
    }
    let mut told = BTreeSet::new();
    for line in cases::read::<Vec<EmptyCells>>("empty-cells.yaml") {
        assert!(line.because.len() > 10, "{}: say why", line.reason);
        for entry in line.entries {
            let cell = (line.reason.clone(), entry);
            assert!(told.insert(cell.clone()), "{cell:?} is told twice");
        }
    }
    let unreached = unreached();
    let empty: BTreeSet<(String, Entry)> = counts
        .iter()
        .filter(|((reason, _), count)| **count == 0 && !unreached.contains(*reason))
        .map(|((reason, entry), _)| ((*reason).to_owned(), *entry))
        .collect();
    let untold: Vec<_> = empty.difference(&told).collect();
    assert!(untold.is_empty(), "empty without a reason: {untold:?}");
    let stale: Vec<_> = told.difference(&empty).collect();
    assert!(stale.is_empty(), "told to be empty and are not: {stale:?}");
}

#[test]
fn the_cases_cover_reasons_roles_kinds_and_flags() {
    let cases = cases::all();
    assert!(cases.len() >= 400, "{} cases", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");

    let allows =
        |reason: &str| ["GRANTED", "OPEN_ACCESS", "STOP_OWN", "DELEGATED"].contains(&reason);
    let refusals = cases.iter().filter(|case| !allows(&case.expect)).count();
    assert!(
        refusals * 2 >= cases.len(),
        "{refusals} refusals of {} cases",
        cases.len()
    );

    let unreached = unreached();
    for reason in model::Reason::ALL {
        let count = cases
            .iter()
            .filter(|case| case.expect == reason.code())
            .count();
        if unreached.contains(reason.code()) {
            assert_eq!(count, 0, "{} is reached: take it off", reason.code());
        } else {
            assert!(count >= 2, "{} is expected by {count} cases", reason.code());
        }
        assert!(
            status_table::reasons().any(|known| known == reason.code()),
            "{} has no line in the table of statuses",
            reason.code()
        );
    }
    let people = || cases.iter().flat_map(|case| case.people.values());
    for role in model::Role::ALL {
        let given = |role: model::Role| {
            people()
                .flat_map(|person| &person.grants)
                .any(|grant| grant.role.as_deref() == Some(role.name()) && grant.effect.is_none())
        };
        assert!(given(role), "nobody has the role {}", role.name());
    }
    for kind in model::CredentialKind::ALL {
        let held = people()
            .flat_map(|person| person.cards.values())
            .any(|card| card.kind.as_deref().unwrap_or("rfid") == kind.name());
        let app = cases.iter().any(|case| case.ask.card.ends_with(".app"));
        let is_app = kind == model::CredentialKind::App;
        let presented = held || (is_app && app);
        assert_ne!(
            presented,
            unreached.contains(kind.name()),
            "nobody presents a credential of kind {}, or it is said to be unreached",
            kind.name()
        );
    }
    for flag in ["required", "open"] {
        assert!(
            cases.iter().any(|case| case.installation == flag),
            "no installation is {flag}"
        );
    }
    for flag in ["inherit", "required", "open"] {
        assert!(
            cases.iter().any(|case| case.charger == flag),
            "no charger says {flag}"
        );
    }
}

#[test]
fn every_exception_says_why_and_is_one() {
    for case in cases::all() {
        for exception in &case.except {
            assert!(exception.because.len() > 10, "{}: say why", case.name);
            assert_ne!(
                exception.reason.as_deref(),
                Some(case.expect.as_str()),
                "{}: an exception expects what the case expects",
                case.name
            );
            for entry in &exception.entries {
                assert!(
                    case.at.entries().contains(entry),
                    "{}: {} is not asked at all",
                    case.name,
                    entry.name()
                );
            }
        }
    }
}
