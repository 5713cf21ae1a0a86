//! Each demand of the standard on messages and conversation, played over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use keywatt_tests::conformance::{
    Outcome, REPORT, Row, Schemas, open_rows, play, render, rows, scenarios,
};
use keywatt_tests::{Options, Server};

/// Set to write the report anew.
const WRITE: &str = "KEYWATT_WRITE_DOCS";

/// Set to play only scenarios whose row or claim holds this text; the report is not looked at then.
const ONLY: &str = "KEYWATT_CONFORMANCE_ONLY";

/// Scenarios at a time.
const AT_ONCE: usize = 6;

#[test]
fn every_row_has_a_scenario_or_is_among_the_open_ones() {
    let rows = rows();
    let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), rows.len(), "a row is listed twice");
    assert!(rows.iter().all(|row| !row.versions.is_empty()));

    let played: BTreeSet<String> = scenarios().into_iter().map(|one| one.row).collect();
    let open: BTreeSet<String> = open_rows().into_iter().collect();
    let unknown: Vec<&String> = played.iter().filter(|row| !ids.contains(*row)).collect();
    assert!(unknown.is_empty(), "scenarios of no row: {unknown:?}");
    let unknown: Vec<&String> = open.iter().filter(|row| !ids.contains(*row)).collect();
    assert!(unknown.is_empty(), "open, but no row: {unknown:?}");
    let missing: Vec<&String> = ids
        .iter()
        .filter(|row| !played.contains(*row) && !open.contains(*row))
        .collect();
    assert!(missing.is_empty(), "neither played nor open: {missing:?}");
}

#[test]
fn every_row_is_played_in_each_of_its_versions() {
    let scenarios = scenarios();
    let mut missing = Vec::new();
    for row in rows() {
        let of_row: Vec<_> = scenarios.iter().filter(|one| one.row == row.id).collect();
        for version in &row.versions {
            let played = of_row.iter().any(|one| {
                let versions = one.versions.as_ref().unwrap_or(&row.versions);
                versions.contains(version)
            });
            if !of_row.is_empty() && !played {
                missing.push(format!("{} in {}", row.id, version.name()));
            }
        }
    }
    assert!(missing.is_empty(), "not played: {missing:?}");
}

#[test]
fn claims_are_unique_within_their_row() {
    let rows = rows();
    let mut seen = BTreeSet::new();
    for scenario in scenarios() {
        let of_row = rows.iter().find(|row| row.id == scenario.row);
        let of_row = of_row.map(|row| row.versions.clone()).unwrap_or_default();
        for version in scenario.versions.unwrap_or(of_row) {
            let name = (scenario.row.clone(), scenario.claim.clone(), version.name());
            assert!(seen.insert(name.clone()), "{name:?} twice");
            assert!(!name.1.contains('|'), "{name:?} would break the table");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_holds_and_the_report_is_that_of_the_run() {
    let only = std::env::var(ONLY).ok();
    let rows = rows();
    let outcomes = run(&rows, only.as_deref()).await;
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|one| {
            let fault = one.fault.as_ref()?;
            Some(format!(
                "{} ({}) {}\n    {fault}",
                one.row, one.version, one.claim
            ))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} scenarios do not hold:\n  {}",
        failed.len(),
        outcomes.len(),
        failed.join("\n  ")
    );
    if let Some(only) = only {
        eprintln!("only `{only}` was played, so the report is not looked at");
        return;
    }
    let page = render(&rows, &outcomes);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(REPORT);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == page,
        "{REPORT} is not in step: run `{WRITE}=1 cargo test -p keywatt-tests --test conformance`"
    );
}

/// Plays everything, in the order of rows and files.
async fn run(rows: &[Row], only: Option<&str>) -> Vec<Outcome> {
    let schemas = Arc::new(Schemas::load());
    let plain = Arc::new(Server::start(options()).await);
    let tls = Arc::new(Server::start(options().tls()).await);
    let mut plays = Vec::new();
    let all = scenarios();
    for row in rows {
        for scenario in all.iter().filter(|one| one.row == row.id) {
            let wanted = |text: &str| row.id == text || scenario.claim.contains(text);
            if !only.is_none_or(wanted) {
                continue;
            }
            for version in scenario.versions.as_ref().unwrap_or(&row.versions) {
                let server = match scenario.given.is_tls() {
                    true => Arc::clone(&tls),
                    false => Arc::clone(&plain),
                };
                plays.push(play(
                    server,
                    Arc::clone(&schemas),
                    scenario.clone(),
                    *version,
                ));
            }
        }
    }
    assert!(!plays.is_empty(), "nothing is to be played");
    futures_util::stream::iter(plays)
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Short waits, where a scenario waits for the passing of time.
fn options() -> Options {
    Options::default().args(&["--ping-seconds", "2", "--command-seconds", "3"])
}
