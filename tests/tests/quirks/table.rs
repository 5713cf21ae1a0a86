//! docs/quirks.md is in step with the program and its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use model::{QuirkName, QuirkPlace};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document() -> String {
    std::fs::read_to_string(root().join("docs/quirks.md")).unwrap()
}

/// The cells of the table rows of the document that begin with `| ` and what is asked for.
fn rows(document: &str, first: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    document
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| first(&cells[0]))
        .collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The number of a deviation: `Q24`, or the `q24_` of a test's name.
fn number(text: &str, prefix: char) -> Option<u32> {
    text.strip_prefix(prefix)?.parse().ok()
}

/// The names of all tests in the tree that carry a number.
fn tests() -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for folder in ["csms", "simulator", "tests"] {
        sources(&root().join(folder), &mut |text| {
            for line in text.lines() {
                let line = line.trim_start();
                let name = line
                    .strip_prefix("async fn ")
                    .or_else(|| line.strip_prefix("fn "))
                    .and_then(|rest| rest.split(['(', '<']).next());
                if let Some(name) = name
                    && let Some((head, _)) = name.split_once('_')
                    && let Some(number) = number(head, 'q')
                {
                    found.insert(name.to_owned(), number);
                }
            }
        });
    }
    found
}

fn sources(folder: &Path, take: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, take);
        } else if path.extension().is_some_and(|end| end == "rs") {
            take(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_deviation_has_its_tests_or_a_reason_and_no_test_is_left_out() {
    let document = document();
    let tests = tests();
    let mut named = BTreeSet::new();
    let mut seen = Vec::new();
    for cells in rows(&document, |first| number(first, 'Q').is_some()) {
        let [first, what, shown] = cells.as_slice() else {
            panic!("three columns: {cells:?}")
        };
        let deviation = number(first, 'Q').unwrap();
        assert!(!what.is_empty(), "{first}");
        let names = quoted(shown);
        let why = shown.contains("Cannot apply") || shown.contains("Waits for");
        assert!(
            !names.is_empty() || why,
            "{first}: neither a test nor a reason"
        );
        for name in names {
            match tests.get(name) {
                Some(number) => assert_eq!(*number, deviation, "{name}"),
                None => panic!("{first}: there is no test `{name}`"),
            }
            named.insert(name.to_owned());
        }
        seen.push(deviation);
    }
    assert_eq!(
        seen,
        (1..=36).collect::<Vec<u32>>(),
        "every one, once, in order"
    );
    let unnamed: Vec<_> = tests.keys().filter(|name| !named.contains(*name)).collect();
    assert!(unnamed.is_empty(), "not in docs/quirks.md: {unnamed:?}");
}

#[test]
fn every_named_deviation_is_listed_with_its_meaning_and_default() {
    let mut expected: Vec<Vec<String>> = QuirkName::ALL
        .iter()
        .map(|quirk| {
            let place = match quirk.place() {
                QuirkPlace::Request => "request",
                QuirkPlace::Frame => "frame",
                QuirkPlace::Handshake => "handshake",
                QuirkPlace::Answer => "answer",
                QuirkPlace::Token => "token",
                QuirkPlace::Conduct => "conduct",
            };
            vec![
                format!("`{quirk}`"),
                quirk.meaning().to_owned(),
                place.to_owned(),
                quirk.default_treatment().name().to_owned(),
            ]
        })
        .collect();
    let mut listed = rows(&document(), |first| {
        let name = first.trim_matches('`');
        first.starts_with('`') && !name.contains(' ') && !first.contains(':')
    });
    listed.retain(|cells| cells.len() == 4);
    expected.sort();
    listed.sort();
    assert_eq!(
        listed, expected,
        "the list of docs/quirks.md is not that of the program"
    );
}
