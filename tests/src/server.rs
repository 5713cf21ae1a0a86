//! The program as a process: started on a free port, killed with the test.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::Endpoint;
use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::wire::Version;
use crate::{Api, Database, DatabaseKind, program, unique};

/// How long the program may take until it is ready.
const START: Duration = Duration::from_secs(60);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// On which database.
    pub database: DatabaseKind,
    /// Plain, or TLS with a certificate of its own.
    pub transport: Transport,
    /// Further arguments of `serve`.
    pub args: Vec<String>,
    /// Further environment.
    pub env: Vec<(String, String)>,
}

/// What the addresses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `http` and `ws`.
    Plain,
    /// `https` and `wss`.
    Tls,
}

impl Default for Options {
    fn default() -> Self {
        Options::on(DatabaseKind::Sqlite)
    }
}

impl Options {
    /// Plain, on a database.
    #[must_use]
    pub fn on(database: DatabaseKind) -> Options {
        let transport = Transport::Plain;
        Options {
            database,
            transport,
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// The same with TLS.
    #[must_use]
    pub fn tls(mut self) -> Options {
        self.transport = Transport::Tls;
        self
    }

    /// The same with further arguments of `serve`.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Options {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// The same with one more variable in the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Options {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running server, its database and its owner.
pub struct Server {
    options: Options,
    folder: TempDir,
    database: Database,
    certificate: Option<Certificate>,
    port: u16,
    running: Option<Running>,
    output: Output,
    /// The key of the first owner.
    pub owner_key: String,
    /// The e-mail address of the first owner.
    pub owner_email: String,
}

/// The password of every owner made here.
pub const OWNER_PASSWORD: &str = "correct horse battery staple";

struct Running {
    child: Child,
}

/// What the processes said, both streams, in order.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<String>>);

impl Server {
    /// Makes database and owner, starts, waits until it is ready.
    pub async fn start(options: Options) -> Server {
        let folder = tempfile::Builder::new()
            .prefix("keywatt-test-")
            .tempdir()
            .unwrap();
        let database = Database::make(options.database, folder.path()).await;
        let certificate =
            (options.transport == Transport::Tls).then(|| Certificate::make(folder.path()));
        let mut server = Server {
            options,
            folder,
            database,
            certificate,
            port: 0,
            running: None,
            output: Output::default(),
            owner_key: String::new(),
            owner_email: unique::email(),
        };
        let email = server.owner_email.clone();
        server.owner_key = server.create_owner(&email, None);
        server.start_again();
        server
    }

    /// A plain one on SQLite.
    pub async fn plain() -> Server {
        Server::start(Options::default()).await
    }

    /// Runs `owner create` and returns the API key. With SQLite the server must not be running.
    pub fn create_owner(&self, email: &str, organisation: Option<&str>) -> String {
        let mut args = vec!["owner", "create", "--password-stdin", "--email", email];
        args.extend(
            organisation
                .iter()
                .flat_map(|name| ["--organisation", name]),
        );
        let (status, stdout, stderr) = self.run(&args, &format!("{OWNER_PASSWORD}\n"));
        assert_eq!(status, 0, "owner create failed:\n{stderr}");
        let key = stdout.strip_suffix('\n').unwrap_or(&stdout);
        assert!(
            key.starts_with("kw_") && !key.contains(char::is_whitespace),
            "the key stands alone on standard output, not: {stdout:?}"
        );
        key.to_owned()
    }

    /// Runs a subcommand to its end: exit code, standard output, standard error.
    pub fn run(&self, args: &[&str], stdin: &str) -> (i32, String, String) {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that ends without reading its input is not at fault here.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap_or(-1),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program::keywatt());
        command
            .args(args)
            .args(["--database", self.database.url()])
            .current_dir(self.folder.path())
            .envs(self.options.env.iter().map(|(name, value)| (name, value)));
        for (name, _) in std::env::vars() {
            // Settings of whoever runs the tests must not reach the program.
            if name.starts_with("KEYWATT_") && !self.options.env.iter().any(|(own, _)| *own == name)
            {
                command.env_remove(name);
            }
        }
        command
    }

    /// Starts on the same database, and on the same port as before.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it is running already");
        let listen = format!("127.0.0.1:{}", self.port);
        let mut args = vec!["serve", "--listen", &listen];
        let certificate = self.certificate.clone();
        let files = certificate.as_ref().map(|own| {
            (
                own.cert_file.display().to_string(),
                own.key_file.display().to_string(),
            )
        });
        if let Some((cert, key)) = &files {
            args.extend(["--tls-cert", cert, "--tls-key", key]);
        }
        args.extend(self.options.args.iter().map(String::as_str));
        let mut child = self
            .command(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (ready, becomes_ready) = mpsc::channel();
        self.output.follow(child.stdout.take().unwrap(), None);
        self.output
            .follow(child.stderr.take().unwrap(), Some(ready));
        self.running = Some(Running { child });
        match becomes_ready.recv_timeout(START) {
            Ok(line) => self.port = port_in(&line),
            Err(_) => panic!(
                "the program did not become ready; it said:\n{}",
                self.output.text()
            ),
        }
    }

    /// Kills it as a power cut would; the database stays.
    pub fn kill_9(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Asks it to drain (SIGTERM) and waits for its end; the exit code.
    pub fn terminate(&mut self) -> i32 {
        let mut running = self.running.take().expect("it is not running");
        let told = Command::new("kill")
            .arg(running.child.id().to_string())
            .status()
            .unwrap();
        assert!(told.success(), "the signal could not be sent");
        running.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The process, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The base of the pages and the API.
    #[must_use]
    pub fn http(&self) -> String {
        match self.options.transport {
            Transport::Plain => format!("http://127.0.0.1:{}", self.port),
            Transport::Tls => format!("https://localhost:{}", self.port),
        }
    }

    /// The base of stations' addresses.
    #[must_use]
    pub fn ws(&self) -> String {
        match self.options.transport {
            Transport::Plain => format!("ws://127.0.0.1:{}/ocpp", self.port),
            Transport::Tls => format!("wss://localhost:{}/ocpp", self.port),
        }
    }

    /// Where a station of this name connects to; with TLS, the certificate is trusted.
    #[must_use]
    pub fn endpoint(&self, station_id: &str, version: Version) -> Endpoint {
        let endpoint = Endpoint::new(&self.ws(), station_id, version);
        match &self.certificate {
            Some(own) => endpoint.with_ca(own.pem.as_bytes()),
            None => endpoint,
        }
    }

    /// The API as the first owner.
    #[must_use]
    pub fn owner(&self) -> Api {
        self.api(&self.owner_key)
    }

    /// The API with a key or session token.
    #[must_use]
    pub fn api(&self, key: &str) -> Api {
        self.anonymous().with_key(key)
    }

    /// The API without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Api {
        let pem = self.certificate.as_ref().map(|own| own.pem.as_str());
        Api::new(&self.http(), pem)
    }

    /// The certificate, with TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Its folder: working directory, SQLite file, pepper.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in its folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it said so far, on both streams.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_9();
        if std::thread::panicking() {
            eprintln!("--- what the program said\n{}---", self.output.text());
        }
    }
}

impl Output {
    /// Reads a stream to its end on a thread of its own; `ready` gets the ready line.
    fn follow(&self, stream: impl Read + Send + 'static, ready: Option<mpsc::Sender<String>>) {
        let kept = Arc::clone(&self.0);
        std::thread::spawn(move || {
            let mut ready = ready;
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                {
                    let mut kept = kept.lock().unwrap();
                    kept.push_str(&line);
                    kept.push('\n');
                }
                if line.starts_with("keywatt ready")
                    && let Some(ready) = ready.take()
                {
                    let _ = ready.send(line);
                }
            }
        });
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// The port of the first address in the ready line.
fn port_in(line: &str) -> u16 {
    let address = line
        .split_whitespace()
        .find(|word| word.starts_with("http://") || word.starts_with("https://"));
    address
        .and_then(|address| {
            address
                .trim_end_matches('/')
                .rsplit(':')
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or_else(|| panic!("no address in the ready line: {line}"))
}

/// A port nobody listens on at the moment.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
