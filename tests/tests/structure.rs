//! The house: who may depend on whom (ARCHITECTURE.md), read from `cargo metadata`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Crates of the house and the crates of the house they may name. The binary and the tests may
/// name any, so they are not here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("rpc", &[]),
    ("authz", &["model"]),
    ("store", &["model"]),
    ("ocpp", &["model", "rpc"]),
    ("app", &["model", "authz", "store"]),
    ("gateway", &["model", "app", "ocpp", "rpc"]),
    ("web", &["model", "app"]),
    ("simulator", &["rpc"]),
];

/// Inside csms/, the only crate that names these.
const ONLY: &[(&str, &[&str])] = &[
    ("ocpp", &["rust-ocpp"]),
    ("gateway", &["tokio-tungstenite", "tungstenite"]),
    ("web", &["axum", "utoipa-axum"]),
    ("store", &["sqlx"]),
];

/// What a pure decision has no use for.
const NOT_IN_AUTHZ: &[&str] = &[
    "tokio",
    "tokio-util",
    "async-trait",
    "futures-util",
    "hyper",
    "reqwest",
    "sqlx",
    "axum",
    "tracing",
    "getrandom",
    "chrono",
];

/// May name every crate of the house.
const FREE: &[&str] = &["keywatt", "keywatt-tests", "bench"];

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        // What a manifest names is enough; nothing needs to be downloaded for it.
        .no_deps()
        .exec()
        .expect("cargo metadata")
}

/// The direct dependencies of a package, those of its tests apart.
fn direct(package: &Package) -> BTreeSet<&str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
        .collect()
}

#[test]
fn crates_of_the_house_depend_only_in_the_allowed_directions() {
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        if FREE.contains(&name) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(of, _)| *of == name) else {
            faults.push(format!("`{name}` is in no line of the table"));
            continue;
        };
        for other in direct(package).intersection(&members) {
            if !allowed.contains(other) {
                faults.push(format!("`{name}` names `{other}`"));
            }
        }
    }
    let gone = ALLOWED
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !members.contains(**name));
    faults.extend(gone.map(|name| format!("`{name}` of the table does not exist")));
    assert!(faults.is_empty(), "against ARCHITECTURE.md: {faults:#?}");
}

#[test]
fn each_outside_library_of_an_edge_is_named_by_one_crate_only() {
    let metadata = metadata();
    let csms = metadata.workspace_root.join("csms");
    let mut faults = Vec::new();
    for (owner, libraries) in ONLY {
        for library in *libraries {
            let named = metadata.workspace_packages().into_iter().filter(|package| {
                package.manifest_path.starts_with(&csms) && direct(package).contains(library)
            });
            for package in named.filter(|package| package.name.as_str() != *owner) {
                faults.push(format!(
                    "`{}` names {library}, which only {owner} may",
                    package.name
                ));
            }
        }
        let named = metadata.workspace_packages().into_iter().any(|package| {
            package.name.as_str() == *owner && direct(package).contains(libraries[0])
        });
        if !named {
            faults.push(format!(
                "{owner} does not name {}: the rule is out of date",
                libraries[0]
            ));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_decision_point_knows_no_runtime_no_clock_and_no_io() {
    let metadata = metadata();
    for name in ["authz", "model"] {
        let package = metadata
            .workspace_packages()
            .into_iter()
            .find(|package| package.name.as_str() == name)
            .unwrap_or_else(|| panic!("no crate `{name}`"));
        let named: Vec<&str> = direct(package)
            .into_iter()
            .filter(|dependency| NOT_IN_AUTHZ.contains(dependency))
            .collect();
        assert!(named.is_empty(), "`{name}` names {named:?}");
    }
}

#[test]
fn the_simulator_has_its_own_opinion_of_the_wire() {
    let metadata = metadata();
    let simulator = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == "simulator")
        .expect("the simulator");
    assert!(
        !direct(simulator).contains("rust-ocpp"),
        "its payloads are not those of the CSMS"
    );
}

#[test]
fn every_crate_takes_its_lints_and_its_versions_from_the_workspace() {
    let metadata = metadata();
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        let text = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        if !text.contains("[lints]\nworkspace = true") {
            faults.push(format!("`{}` has lints of its own", package.name));
        }
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
                faults.push(format!("`{}`: {line}", package.name));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_crate_is_empty() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let folder = package
            .manifest_path
            .parent()
            .expect("a folder")
            .join("src");
        let lines: usize = rust_files(folder.as_std_path())
            .iter()
            .map(|file| {
                std::fs::read_to_string(file)
                    .expect("a file")
                    .lines()
                    .count()
            })
            .sum();
        assert!(
            lines >= 100,
            "`{}` has {lines} lines: real content or no crate",
            package.name
        );
    }
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
