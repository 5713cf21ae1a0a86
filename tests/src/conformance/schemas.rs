//! The official schemas, as PyPI `ocpp` carries them: they are not part of this repository.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::Value;

use crate::program;
use crate::wire::Version;

/// Which half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// CALL.
    Request,
    /// CALLRESULT.
    Answer,
}

/// All of both versions.
pub struct Schemas {
    v16: HashMap<String, Validator>,
    v201: HashMap<String, Validator>,
}

impl Schemas {
    /// Reads them from the Python environment that `./test.sh` makes.
    ///
    /// # Panics
    /// When they are not there.
    #[must_use]
    pub fn load() -> Schemas {
        let package = package();
        let schemas = Schemas {
            v16: folder(&package.join("v16/schemas")),
            v201: folder(&package.join("v201/schemas")),
        };
        assert_eq!((schemas.v16.len(), schemas.v201.len()), (78, 128));
        schemas
    }

    /// Whether a payload is one of its message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(
        &self,
        version: Version,
        action: &str,
        half: Half,
        payload: &Value,
    ) -> Result<(), String> {
        let (schemas, name) = match (version, half) {
            (Version::V16, Half::Request) => (&self.v16, action.to_owned()),
            (Version::V201, Half::Request) => (&self.v201, format!("{action}Request")),
            (Version::V16, Half::Answer) => (&self.v16, format!("{action}Response")),
            (Version::V201, Half::Answer) => (&self.v201, format!("{action}Response")),
        };
        let Some(schema) = schemas.get(&name) else {
            return Err(format!("there is no schema `{name}`"));
        };
        let faults: Vec<String> = schema
            .iter_errors(payload)
            .map(|fault| format!("{}: {fault}", fault.instance_path))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(format!("{payload} is no {name}: {}", faults.join("; ")))
        }
    }
}

/// Where Python finds the package.
fn package() -> PathBuf {
    let python = program::python();
    let output = Command::new(&python)
        .args(["-c", "import ocpp; print(ocpp.__path__[0])"])
        .output()
        .unwrap_or_else(|error| panic!("`{}`: {error}", python.display()));
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        !said.is_empty(),
        "PyPI `ocpp` is not there: ./test.sh installs it"
    );
    PathBuf::from(said)
}

fn folder(path: &Path) -> HashMap<String, Validator> {
    let entries = std::fs::read_dir(path);
    let entries = entries.unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            // One of them begins with a byte order mark.
            let schema: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
            let validator = jsonschema::validator_for(&schema)
                .unwrap_or_else(|error| panic!("`{}`: {error}", file.display()));
            (
                file.file_stem().unwrap().to_string_lossy().into_owned(),
                validator,
            )
        })
        .collect()
}
