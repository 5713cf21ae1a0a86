//! Small rules of the tree that no compiler checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file is about one thing; above this it is about several.
const LONGEST_FILE_LINES: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the root")
}

/// Every file of the tree that is or would be committed, relative to the root.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output();
    let mut files: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout)
            .expect("names in UTF-8")
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .collect(),
        // An unpacked archive is no repository.
        Ok(_) | Err(_) => walk(&root(), Path::new("")),
    };
    files.retain(|file| root().join(file).is_file());
    assert!(files.len() > 50, "the files of the tree were not found");
    files
}

fn walk(root: &Path, below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join(below))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        if ["target", "node_modules", ".git", "__pycache__"]
            .iter()
            .any(|skip| name == *skip)
        {
            continue;
        }
        let path = below.join(&name);
        if entry.path().is_dir() {
            found.extend(walk(root, &path));
        } else {
            found.push(path);
        }
    }
    found
}

fn is(file: &Path, extensions: &[&str]) -> bool {
    file.extension()
        .and_then(|own| own.to_str())
        .is_some_and(|own| extensions.contains(&own))
}

fn read(file: &Path) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(file)).ok()?).ok()
}

/// Every line of the files with these extensions in which the pattern was found.
fn lines_with(extensions: &[&str], found: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let mut hits = Vec::new();
    for file in files().iter().filter(|file| is(file, extensions)) {
        // This file names what it looks for.
        if file == Path::new("tests/tests/tidy.rs") {
            continue;
        }
        for (number, line) in read(file).unwrap_or_default().lines().enumerate() {
            if found(file, line) {
                hits.push(format!(
                    "{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    hits
}

const CODE: &[&str] = &["rs", "py", "mjs", "sql", "sh"];
const TEXT: &[&str] = &[
    "rs", "py", "mjs", "sql", "sh", "toml", "md", "yaml", "yml", "json",
];

#[test]
fn no_file_is_longer_than_one_thing() {
    let long: Vec<String> = files()
        .iter()
        .filter(|file| is(file, CODE))
        .filter_map(|file| {
            let lines = read(file)?.lines().count();
            (lines > LONGEST_FILE_LINES).then(|| format!("{}: {lines}", file.display()))
        })
        .collect();
    assert!(
        long.is_empty(),
        "above {LONGEST_FILE_LINES} lines: {long:#?}"
    );
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_to_do() {
    let hits = lines_with(&["rs"], |_, line| {
        let line = line.trim_start();
        line.starts_with("#[ignore")
            || ["todo!(", "unimplemented!(", "dbg!("]
                .iter()
                .any(|word| line.contains(word))
    });
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn the_tree_names_no_machine_and_nothing_outside_of_itself() {
    let hits = lines_with(TEXT, |_, line| {
        [
            "/work/",
            "../shared",
            "/root/",
            "/home/",
            "/Users/",
            "C:\\Users",
        ]
        .iter()
        .any(|path| line.contains(path))
    });
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn black_box_tests_wait_for_conditions_not_for_time() {
    // tests/src/wait.rs waits, between two looks at a condition with a deadline; nobody else.
    let hits = lines_with(&["rs"], |file, line| {
        file.starts_with("tests/tests")
            && (line.contains("sleep(") || line.contains("sleep_until("))
    });
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn the_published_specifications_are_not_in_the_tree() {
    let found: Vec<_> = files()
        .into_iter()
        .filter(|file| {
            is(file, &["pdf", "docx"])
                || (is(file, &["json"])
                    && read(file).is_some_and(|text| text.contains("urn:OCPP:Cp:")))
        })
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = read(Path::new("Cargo.toml")).expect("the manifest");
    let section = manifest
        .split("\n[")
        .find(|section| section.starts_with("workspace.dependencies]"))
        .expect("the dependencies of the workspace");
    let bare: Vec<&str> = section
        .lines()
        .skip(1)
        .filter(|line| line.contains('=') && !line.trim_start().starts_with('#'))
        // Our own crates need none.
        .filter(|line| !line.contains("path = "))
        .filter(|line| {
            let reason = line.rsplit_once('#').map(|(_, reason)| reason.trim());
            reason.is_none_or(|reason| reason.len() < 3)
        })
        .collect();
    assert!(bare.is_empty(), "without a reason: {bare:#?}");
}

#[test]
fn every_dependency_is_used_by_some_crate() {
    let manifest = read(Path::new("Cargo.toml")).expect("the manifest");
    let section = manifest
        .split("\n[")
        .find(|section| section.starts_with("workspace.dependencies]"))
        .expect("the dependencies of the workspace");
    let members: String = files()
        .iter()
        .filter(|file| file.ends_with("Cargo.toml") && file.components().count() > 1)
        .filter_map(|file| read(file))
        .collect::<Vec<_>>()
        .join("\n");
    let unused: Vec<&str> = section
        .lines()
        .skip(1)
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
        .filter(|name| {
            !members
                .lines()
                .any(|line| line.split('.').next().is_some_and(|own| own == *name))
        })
        .collect();
    assert!(
        unused.is_empty(),
        "named in the workspace and used nowhere: {unused:?}"
    );
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| is(file, &["md"])) {
        let folder = file.parent().unwrap_or(Path::new(""));
        let text = read(file).unwrap_or_default();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split(['#', ' ']).next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            if !root().join(folder).join(path).exists() {
                broken.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn text_ends_its_lines_and_its_files_cleanly() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| is(file, TEXT)) {
        let Some(text) = read(file) else { continue };
        if !text.is_empty() && !text.ends_with('\n') {
            faults.push(format!("{}: no line end at the end", file.display()));
        }
        if text.contains('\r') || text.lines().any(|line| line.ends_with([' ', '\t'])) {
            faults.push(format!("{}: blanks at the end of a line", file.display()));
        }
        if text.contains(&"<".repeat(7)) {
            faults.push(format!("{}: an unresolved conflict", file.display()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
