//! The programs that are measured, each on a core of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

/// The core of the server.
pub const SERVER_CORE: usize = 0;
/// The core of the load.
pub const LOAD_CORE: usize = 1;

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:8080`.
    pub address: String,
}

impl Server {
    /// Starts a program on the server's core and waits for a line with its address.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(program: &Path, args: &[&str], folder: &Path) -> anyhow::Result<Self> {
        Self::start_on(SERVER_CORE, program, args, folder)
    }

    /// The same on another core.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start_on(
        core: usize,
        program: &Path,
        args: &[&str],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new("taskset")
            .args(["--cpu-list", &core.to_string()])
            .arg(program)
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("taskset (util-linux) {}", program.display()))?;
        let mut lines = BufReader::new(child.stderr.take().context("standard error")?).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().with_context(|| {
                format!("`{}` ended before it was ready:\n{said}", program.display())
            })??;
            if let Some(address) = address_in(&line) {
                break address;
            }
            said.push_str(&line);
            said.push('\n');
        };
        // What it says is read to the end, so that it never waits for a reader; the rest of it is
        // written to a file in its folder.
        let log = std::fs::File::create(folder.join("server.log"))?;
        std::thread::spawn(move || {
            let mut log = std::io::BufWriter::new(log);
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
            }
        });
        Ok(Self { child, address })
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order (SIGTERM) and waits.
    ///
    /// # Errors
    /// When it ends with a fault.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()?;
        ensure!(told.success(), "the signal could not be sent");
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `keywatt ready http://localhost:8080` -> `127.0.0.1:8080`.
fn address_in(line: &str) -> Option<String> {
    let rest = line.split_once(" ready ")?.1;
    let (_, host) = rest.split_whitespace().next()?.split_once("://")?;
    let (_, port) = host.trim_end_matches('/').rsplit_once(':')?;
    Some(format!("127.0.0.1:{port}"))
}

/// A program beside this one, or the one that the variable names.
///
/// # Errors
/// When it is not built.
pub fn program(name: &str, variable: &str) -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os(variable) {
        Some(named) => PathBuf::from(named),
        None => std::env::current_exe()?
            .parent()
            .context("a folder")?
            .join(name),
    };
    ensure!(
        path.is_file(),
        "`{}` is not there: build it with `cargo build --release --workspace --bins`, or name \
         it in {variable}",
        path.display()
    );
    Ok(path)
}
