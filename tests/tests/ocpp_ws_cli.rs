//! npm `ocpp-ws-cli`: its suites of transport, messages, security and chaos against a real server.
//!
//! The program always ends with 0; what counts is its report. A finding that the standard does not
//! back is listed in `cases/ocpp-ws-cli.yaml` with the reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use keywatt_tests::{Server, cases, program};
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;

/// Its own waits add up to half a minute.
const RUN: Duration = Duration::from_secs(300);

/// The checks of its version 1.1.12.
const CHECKS: usize = 21;

/// A line of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotBacked {
    /// The name of the check.
    finding: String,
    /// In which versions it is found.
    versions: Vec<String>,
    /// Why the standard does not back it.
    because: String,
    /// Where the standard says otherwise.
    section: String,
}

#[tokio::test]
async fn ocpp_ws_cli_finds_nothing_on_1_6_that_the_standard_backs() {
    check("1.6").await;
}

#[tokio::test]
async fn ocpp_ws_cli_finds_nothing_on_2_0_1_that_the_standard_backs() {
    check("2.0.1").await;
}

async fn check(version: &str) {
    let server = Server::plain().await;
    let owner = server.owner();
    let site = owner.installation().await;
    let station = owner.charger(&site, 1).await.station_id;
    let folder = server.file("report");
    let said = run(&server, &station, version, &folder).await;
    let report = report(&folder).unwrap_or_else(|| panic!("no report; it said:\n{said}"));
    let results = report["testResults"].as_array().expect("results");
    assert_eq!(
        results.len(),
        CHECKS,
        "not every check was made: {report:#}"
    );

    let found: BTreeSet<&str> = results
        .iter()
        .filter(|result| result["passed"] != true)
        .filter(|result| ["HIGH", "MEDIUM"].contains(&result["severity"].as_str().unwrap()))
        .map(|result| result["name"].as_str().unwrap())
        .collect();
    let lines: Vec<NotBacked> = cases::read("ocpp-ws-cli.yaml");
    let lines = lines.iter().inspect(|line| {
        let whole = !line.because.is_empty() && !line.section.is_empty();
        assert!(whole, "a line without a reason: {line:?}");
    });
    let listed: BTreeSet<&str> = lines
        .filter(|line| line.versions.iter().any(|own| own == version))
        .map(|line| line.finding.as_str())
        .collect();
    let new: Vec<&&str> = found.difference(&listed).collect();
    assert!(new.is_empty(), "found: {new:?} in {report:#}");
    let stale: Vec<&&str> = listed.difference(&found).collect();
    assert!(
        stale.is_empty(),
        "listed, but not found any more: {stale:?}"
    );

    // Whatever it did, the server serves on.
    assert_eq!(owner.get("/readyz").await.status, 200);
}

async fn run(server: &Server, station: &str, version: &str, folder: &Path) -> String {
    let command = Command::new("node")
        .arg(program::node_modules().join("ocpp-ws-cli/dist/index.js"))
        .args(["test", "--suite", "all", "--report", "json"])
        .args(["--endpoint", &server.ws(), "--identity", station])
        .args(["--protocol", &format!("ocpp{version}"), "--report-dir"])
        .arg(folder)
        // At a terminal it asks questions.
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(RUN, command).await;
    let output = output.expect("an end in time").expect("node");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    said
}

/// The one report of the folder.
fn report(folder: &Path) -> Option<Value> {
    let file = std::fs::read_dir(folder).ok()?.next()?.ok()?.path();
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}
