//! Where the schemas are.

use std::path::PathBuf;
use std::process::Command;

use model::OcppVersion;
use serde_json::{Value, json};

/// A schema.
pub(crate) struct Official {
    pub(crate) action: String,
    pub(crate) side: Side,
    pub(crate) schema: Value,
}

/// Of a CALL or of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Request,
    Answer,
}

fn python() -> PathBuf {
    let path = match (
        std::env::var_os("KEYWATT_TEST_PYTHON"),
        std::env::home_dir(),
    ) {
        (Some(named), _) => PathBuf::from(named),
        (None, Some(home)) => home.join(".cache/keywatt/venv/bin/python"),
        (None, None) => PathBuf::from("python3"),
    };
    assert!(
        path.exists(),
        "`{}` is not there: ./test.sh installs it",
        path.display()
    );
    path
}

fn folder() -> PathBuf {
    let code =
        "import importlib.util as u; print(u.find_spec('ocpp').submodule_search_locations[0])";
    let output = Command::new(python()).args(["-c", code]).output().unwrap();
    assert!(
        output.status.success(),
        "the package `ocpp` is not there: ./test.sh installs it"
    );
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Every schema of a version, by action.
pub(crate) fn of_version(version: OcppVersion) -> Vec<Official> {
    let name = match version {
        OcppVersion::V16 => "v16",
        OcppVersion::V201 => "v201",
    };
    let mut all: Vec<Official> = std::fs::read_dir(folder().join(name).join("schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            // 1.6 names a request as its action, 2.0.1 does not.
            let (action, side) = match stem.strip_suffix("Response") {
                Some(action) => (action, Side::Answer),
                None => (stem.strip_suffix("Request").unwrap_or(stem), Side::Request),
            };
            let text = std::fs::read_to_string(&path).unwrap();
            // Some of the files begin with a byte order mark.
            let mut schema: Value =
                serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
            if (action, side) == ("Get15118EVCertificate", Side::Answer) {
                schema["properties"]["exiResponse"]["maxLength"] = json!(5600);
            }
            Official {
                action: action.to_owned(),
                side,
                schema,
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.action, a.side).cmp(&(&b.action, b.side)));
    all
}
