//! A program of `tests/interop/`: it plays a station with a library that was not written here,
//! and prints a JSON line for each step.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::program;

/// For a line of a program: interpreters start slowly on a loaded machine.
const LINE: Duration = Duration::from_secs(90);

/// A running one.
pub struct Client {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    errors: tokio::task::JoinHandle<String>,
}

impl Client {
    /// Starts a script of the folder with Python; the facts are in its environment.
    #[must_use]
    pub fn python(script: &str, facts: &Value) -> Client {
        Client::start(program::python().as_os_str(), script, facts)
    }

    /// The same with Node.
    #[must_use]
    pub fn node(script: &str, facts: &Value) -> Client {
        Client::start(OsStr::new("node"), script, facts)
    }

    fn start(interpreter: &OsStr, script: &str, facts: &Value) -> Client {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        let mut child = Command::new(interpreter)
            .arg(folder.join(script))
            .env("INTEROP_FACTS", facts.to_string())
            .env("KEYWATT_TEST_NODE_MODULES", program::node_modules())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = child.stderr.take().unwrap();
        let errors = tokio::spawn(async move {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said).await;
            String::from_utf8_lossy(&said).into_owned()
        });
        Client {
            child,
            lines,
            errors,
        }
    }

    /// The next line; `None` at the end.
    ///
    /// # Panics
    /// When none comes in time, or it is no JSON.
    pub async fn line(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(LINE, self.lines.next_line()).await;
        let line = line.expect("a line in time").expect("text");
        line.map(|line| {
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
        })
    }

    /// It came to its end, whole, and complained of nothing.
    ///
    /// # Panics
    /// When it did not, or did.
    pub async fn succeeded(mut self, steps: &[String]) {
        let status = self.child.wait().await.unwrap();
        let said = self.errors.await.unwrap();
        assert!(
            status.success() && steps.iter().any(|step| step == "done"),
            "the program ended with {status} after {steps:?}:\n{said}"
        );
        assert!(said.is_empty(), "the library complains:\n{said}");
    }
}
