//! A PostgreSQL for tests: the one that is given, or one that is started and stopped here.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Names the server to use, e.g. `postgres://postgres@127.0.0.1:5432/postgres`.
const VARIABLE: &str = "KEYWATT_TEST_POSTGRES";

/// How long a server may take to start or stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL server.
#[derive(Clone)]
pub struct Postgres(Arc<Server>);

enum Server {
    /// Somebody else's: its URL up to the name of the database, and what follows the name.
    Given { base: String, rest: String },
    /// Ours.
    Started(Started),
}

struct Started {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    as_postgres: AsPostgres,
    /// Stops the server and removes its folder when its input ends: when this is dropped, and
    /// also when the process of the test is killed.
    guard: Mutex<Option<Child>>,
}

/// What the guard runs: `$1` is the folder, what follows it stops the server.
const GUARD: &str = r#"trap "" INT TERM HUP; cat >/dev/null; folder=$1; shift; "$@" >/dev/null 2>&1; rm -rf "$folder""#;

/// PostgreSQL refuses to run as root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AsPostgres {
    Yes,
    No,
}

/// The server shared by the tests of this process; it ends with the process.
static SHARED: Mutex<Option<Postgres>> = Mutex::new(None);

impl Postgres {
    /// The server of `KEYWATT_TEST_POSTGRES`, or one started for the tests of this process.
    ///
    /// # Errors
    /// When it does not work; `NotFound` when there is none, with the reason in plain words.
    pub async fn shared() -> io::Result<Self> {
        if let Ok(url) = std::env::var(VARIABLE) {
            let (base, rest) = split(&url).ok_or_else(|| {
                io::Error::other(format!("{VARIABLE} is no postgres URL with a database"))
            })?;
            return Ok(Self(Arc::new(Server::Given { base, rest })));
        }
        // Starting takes seconds: whoever comes meanwhile waits for the same server.
        tokio::task::spawn_blocking(|| {
            let mut shared = SHARED.lock();
            if let Some(server) = &*shared {
                return Ok(server.clone());
            }
            let server = Self(Arc::new(Server::Started(Started::new()?)));
            Ok(shared.insert(server).clone())
        })
        .await
        .map_err(io::Error::other)?
    }

    /// One of one's own, to stop and start.
    ///
    /// # Errors
    /// When there is no PostgreSQL here, with the reason in plain words.
    pub async fn start() -> io::Result<Self> {
        let started = tokio::task::spawn_blocking(Started::new)
            .await
            .map_err(io::Error::other)??;
        Ok(Self(Arc::new(Server::Started(started))))
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match &*self.0 {
            Server::Given { base, rest } => format!("{base}{database}{rest}"),
            Server::Started(server) => {
                format!("postgres://postgres@127.0.0.1:{}/{database}", server.port)
            }
        }
    }

    /// Runs a statement in the database `postgres`.
    pub(super) async fn run(&self, sql: &str) -> io::Result<()> {
        super::run(&self.url("postgres"), sql).await.map(drop)
    }

    /// Stops a server of one's own, as a crash of it would: connections break.
    ///
    /// # Errors
    /// When it is somebody else's, or does not stop.
    pub async fn stop(&self) -> io::Result<()> {
        self.control("stop").await
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it is somebody else's, or does not start.
    pub async fn restart(&self) -> io::Result<()> {
        self.control("start").await
    }

    async fn control(&self, order: &'static str) -> io::Result<()> {
        let server = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || match &*server {
            Server::Given { .. } => Err(io::Error::other("a given server is not ours to stop")),
            Server::Started(server) => server.control(order),
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Removes a database without waiting, when a test is done with it. A server of ours goes
    /// away as a whole.
    pub(super) fn drop_later(&self, name: &str) {
        if let Server::Given { .. } = &*self.0 {
            let url = self.url("postgres");
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // The runtime of the test may be ending: a thread of its own has its own.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                if let Ok(runtime) = runtime {
                    // What cannot be removed stays; it disturbs nobody.
                    let _ = runtime.block_on(super::run(&url, &sql));
                }
            });
            let _ = dropping.join();
        }
    }
}

/// `postgres://host/name?x` as `postgres://host/` and `?x`.
fn split(url: &str) -> Option<(String, String)> {
    let (_, after) = url.split_once("://")?;
    let slash = url.len() - after.len() + after.find('/')?;
    let (base, name) = url.split_at(slash + 1);
    let rest = name
        .find('?')
        .map_or("", |at| name.get(at..).unwrap_or_default());
    Some((base.to_owned(), rest.to_owned()))
}

impl Started {
    fn new() -> io::Result<Self> {
        let programs = programs()?;
        let as_postgres = if is_root() {
            AsPostgres::Yes
        } else {
            AsPostgres::No
        };
        let folder = tempfile::Builder::new().prefix("keywatt-pg").tempdir()?;
        if as_postgres == AsPostgres::Yes {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status()?;
            if !owned.success() {
                return Err(io::Error::other(
                    "there is no user `postgres` to run PostgreSQL as",
                ));
            }
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        // From here the guard removes it.
        let folder = folder.keep();
        let server = Self {
            programs,
            folder,
            port,
            as_postgres,
            guard: Mutex::new(None),
        };
        *server.guard.lock() = Some(server.stand_guard()?);
        let data = server.data();
        let data = data.to_string_lossy();
        server.program(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        )?;
        server.control("start")?;
        Ok(server)
    }

    fn stand_guard(&self) -> io::Result<Child> {
        let stop = self.command("pg_ctl");
        Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&self.folder)
            .arg(stop.get_program())
            .args(stop.get_args())
            .args(["stop", "-m", "immediate", "-D"])
            .arg(self.data())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    /// A program of PostgreSQL, as the user it may run as.
    fn command(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        if self.as_postgres == AsPostgres::Yes {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, order: &str) -> io::Result<()> {
        let data = self.data();
        let log = self.folder.join("log");
        let patience = PATIENCE.as_secs().to_string();
        // fsync stays on: these databases stand for real ones.
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
            self.port,
            self.folder.display()
        );
        let (data, log) = (data.to_string_lossy(), log.to_string_lossy());
        let mut args = vec![order, "-D", &data, "-w", "-t", &patience];
        match order {
            "start" => args.extend(["-l", &log, "-o", &options]),
            _ => args.extend(["-m", "immediate"]),
        }
        self.program("pg_ctl", &args)
    }

    fn program(&self, name: &str, args: &[&str]) -> io::Result<()> {
        let mut command = self.command(name);
        // The server inherits these; a pipe of ours would keep a test's reader waiting.
        let mut child = command
            .args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                let log = std::fs::read_to_string(self.folder.join("log"));
                return Err(io::Error::other(format!(
                    "`{name}` ended with {status}; its log: {}",
                    log.unwrap_or_default()
                )));
            }
            if Instant::now() > deadline {
                child.kill()?;
                return Err(io::Error::other(format!("`{name}` does not end")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.lock().take() {
            drop(guard.stdin.take());
            // What it cannot stop or remove stays behind; the test is done.
            let _ = guard.wait();
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| {
        use std::os::unix::fs::MetadataExt;
        process.uid() == 0
    })
}

/// The folder of the newest PostgreSQL here.
fn programs() -> io::Result<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = packaged
        .filter_map(|entry| {
            let version = entry.file_name().to_string_lossy().parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(on_path)
        .find(|folder| has_server(folder))
        .ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!(
                "there is no PostgreSQL: neither {VARIABLE} nor /usr/lib/postgresql/*/bin nor PATH \
                 leads to one"
            ))
        })
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|program| folder.join(program).exists())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_url_is_taken_apart_at_the_name_of_its_database() {
        assert_eq!(
            split("postgres://a@h:5432/postgres?x=y"),
            Some(("postgres://a@h:5432/".to_owned(), "?x=y".to_owned()))
        );
        assert_eq!(split("postgres://h"), None);
    }
}
