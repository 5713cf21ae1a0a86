//! The official schemas, from the Python package `ocpp` that `./test.sh` installs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use jsonschema::Validator;
use rpc::Version;
use serde_json::{Value, json};

/// Of a CALL or of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Request,
    Answer,
}

type Schemas = HashMap<(Version, String, Side), Validator>;

/// Panics if a payload is not valid by the official schema of its message.
pub(crate) fn validate(version: Version, action: &str, side: Side, payload: &Value) {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    let schemas = SCHEMAS.get_or_init(read);
    let schema = schemas
        .get(&(version, action.to_owned(), side))
        .unwrap_or_else(|| panic!("{version} has no schema for {action} {side:?}"));
    let errors: Vec<String> = schema
        .iter_errors(payload)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{action} {side:?} {payload}: {errors:?}");
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

fn read() -> Schemas {
    let code =
        "import importlib.util as u; print(u.find_spec('ocpp').submodule_search_locations[0])";
    let output = Command::new(python()).args(["-c", code]).output().unwrap();
    assert!(
        output.status.success(),
        "the package `ocpp` is not there: ./test.sh installs it"
    );
    let package = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let mut schemas = Schemas::new();
    for (version, name) in [(Version::V16, "v16"), (Version::V201, "v201")] {
        for entry in std::fs::read_dir(package.join(name).join("schemas")).unwrap() {
            let path = entry.unwrap().path();
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            // 1.6 names a request as its action, 2.0.1 does not.
            let (action, side) = match stem.strip_suffix("Response") {
                Some(action) => (action, Side::Answer),
                None => (stem.strip_suffix("Request").unwrap_or(stem), Side::Request),
            };
            let text = std::fs::read_to_string(&path).unwrap();
            let mut schema: Value =
                serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
            if (action, side) == ("Get15118EVCertificate", Side::Answer) {
                // The package has another length than the standard.
                schema["properties"]["exiResponse"]["maxLength"] = json!(5600);
            }
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap();
            schemas.insert((version, action.to_owned(), side), validator);
        }
    }
    schemas
}
