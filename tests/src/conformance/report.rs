//! The report of a run, as it is checked in.

use std::collections::BTreeMap;
use std::path::Path;

use super::play::Outcome;
use super::scenario::Row;

/// The report, from the root.
pub const REPORT: &str = "docs/conformance.md";

/// What waits for later functions, from the root.
pub const OPEN: &str = "docs/conformance-open.md";

/// The rows that have a line among the open ones: the first column of its tables.
///
/// # Panics
/// When the page cannot be read.
#[must_use]
pub fn open_rows() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(OPEN);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    let first = |line: &str| Some(line.strip_prefix("| ")?.split(" |").next()?.to_owned());
    text.lines()
        .filter_map(first)
        .filter(|cell| cell != "row")
        .flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The report as a page.
#[must_use]
pub fn render(rows: &[Row], outcomes: &[Outcome]) -> String {
    let mut of_row: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        of_row.entry(&outcome.row).or_default().push(outcome);
    }
    let open = open_rows();
    let passed = outcomes.iter().filter(|one| one.fault.is_none()).count();
    let mut page = format!(
        "# Conformance\n\nGenerated from a run of `tests/tests/conformance.rs`; do not edit. Each \
         scenario is a conversation over a real socket with `keywatt serve`, its messages checked \
         against the official schemas; they are in `tests/cases/conformance/`. What still waits \
         for later functions is in [conformance-open.md](conformance-open.md).\n\n\
         {} rows, {} scenarios, {passed} passed.\n\n\
         | row | about | version | scenario | result |\n|---|---|---|---|---|\n",
        rows.len(),
        outcomes.len(),
    );
    for row in rows {
        let about = match open.contains(&row.id) {
            true => format!("{} (partly open)", row.title),
            false => row.title.clone(),
        };
        let played = of_row
            .get(row.id.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        if played.is_empty() {
            page += &format!("| {} | {about} | | none yet | open |\n", row.id);
        }
        for one in played {
            let result = if one.fault.is_none() {
                "passed"
            } else {
                "FAILED"
            };
            page += &format!(
                "| {} | {about} | {} | {} | {result} |\n",
                row.id, one.version, one.claim
            );
        }
    }
    page
}
