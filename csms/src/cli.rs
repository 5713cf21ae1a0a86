//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ProxyNetwork;

/// Who may use which charger and which door: an OCPP 1.6 and 2.0.1 central system with one
/// authorization engine.
///
/// Without a subcommand, `serve` is run. Settings come from keywatt.toml, are overridden by
/// KEYWATT_* variables, and those by flags.
#[derive(Debug, Parser)]
#[command(name = "keywatt", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve stations, the API and its pages.
    ///
    /// Makes the SQLite file and the pepper file where they are missing.
    Serve(Box<ServeArgs>),
    /// Show the main job on an embedded database with simulated chargers and a lock.
    Demo(DemoArgs),
    /// Say why stations do not connect or misbehave, and what to do about it.
    ///
    /// Asks a running server over its API: first the present state, then what happens as it
    /// happens. Needs a key of an owner; refused handshakes of unknown stations are shown to who
    /// holds `manage_security` on the organisation that was made first.
    Doctor(DoctorArgs),
    /// Say why somebody may or may not use a point: every step, every grant, in words.
    ///
    /// Asks a running server over its API with a key of who manages access there; with
    /// --database and no key the database itself, which is only read: a server may be running.
    Explain(Box<ExplainArgs>),
    /// Owners.
    Owner {
        #[command(subcommand)]
        command: OwnerCommand,
    },
    /// Bring the database to the form of this version, and stop.
    Migrate(Box<ServeArgs>),
    /// The decision log and the change log.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Settings.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OwnerCommand {
    /// Make an owner (and an organisation, if there is none) and print an API key, once.
    ///
    /// Works before the first start. With SQLite the server must not be running.
    Create(OwnerCreateArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look whether every row of the logs is as it was written; exit with 1 if not.
    ///
    /// The server may run meanwhile. Rows that retention deleted are covered by signed
    /// checkpoints. Needs the pepper, whose key signed the logs.
    Verify(AuditVerifyArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the settings and print them, secrets masked.
    Check(Box<ServeArgs>),
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which database, and which pepper goes with it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DatabaseArgs {
    /// Settings file [default: keywatt.toml, if it is there].
    #[arg(long, env = "KEYWATT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Database: sqlite://FILE or postgres://USER@HOST/NAME [default: sqlite://keywatt.db].
    #[arg(
        long,
        env = "KEYWATT_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
    /// File with the key of all keyed hashes, kept apart from the database [default: beside a SQLite
    /// database, else keywatt.pepper].
    #[arg(long, env = "KEYWATT_PEPPER_FILE", value_name = "FILE")]
    pub(crate) pepper_file: Option<PathBuf>,
    /// Log level or filter, e.g. info or app=debug [default: info].
    #[arg(long, env = "KEYWATT_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Log format [default: text].
    #[arg(long, env = "KEYWATT_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// Everything `serve` can be told.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Address to listen on; repeatable [default: 127.0.0.1:8080].
    #[arg(
        long,
        env = "KEYWATT_LISTEN",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub(crate) listen: Vec<SocketAddr>,
    /// Certificate chain (PEM) for --listen and --ocpp-tls-listen.
    #[arg(long, env = "KEYWATT_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, env = "KEYWATT_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Another address, always with TLS, e.g. for stations of security profile 2; repeatable.
    /// --listen then stays plain.
    #[arg(
        long,
        env = "KEYWATT_OCPP_TLS_LISTEN",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub(crate) ocpp_tls_listen: Vec<SocketAddr>,
    /// Serve without TLS on other addresses than loopback.
    #[arg(long, env = "KEYWATT_INSECURE_LISTEN", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) insecure_listen: Option<bool>,
    /// Let stations without a password in from elsewhere than this machine.
    #[arg(long, env = "KEYWATT_ALLOW_PROFILE_0", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) allow_profile_0: Option<bool>,
    /// Let outside authorities be on this machine, without TLS and on any port: for tests only.
    #[arg(long, env = "KEYWATT_ALLOW_LOOPBACK_WEBHOOKS", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) allow_loopback_webhooks: Option<bool>,
    /// A reverse proxy on this machine stands before it: loopback proves nothing.
    #[arg(long, env = "KEYWATT_BEHIND_PROXY", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) behind_proxy: Option<bool>,
    /// Address or network of a proxy whose X-Forwarded-For is believed; repeatable.
    #[arg(
        long,
        env = "KEYWATT_TRUSTED_PROXY",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxy: Vec<ProxyNetwork>,
    /// Heartbeat interval told to stations, seconds [default: 300].
    #[arg(long, env = "KEYWATT_HEARTBEAT_SECONDS", value_name = "SECONDS")]
    pub(crate) heartbeat_seconds: Option<u32>,
    /// Pause between WebSocket pings to a silent station, seconds; 0 sends none [default: 60].
    #[arg(long, env = "KEYWATT_PING_SECONDS", value_name = "SECONDS")]
    pub(crate) ping_seconds: Option<u32>,
    /// How many messages of one station are taken a second in the long run; as many at
    /// once. What comes faster is read later, never refused. 0: as many as come [default: 100].
    #[arg(long, env = "KEYWATT_MESSAGES_PER_SECOND", value_name = "COUNT")]
    pub(crate) messages_per_second: Option<u32>,
    /// How long a station that was never accepted may be connected without BootNotification before
    /// it is asked for one, seconds; 0: it is never asked [default: 10].
    #[arg(long, env = "KEYWATT_BOOT_WAIT_SECONDS", value_name = "SECONDS")]
    pub(crate) boot_wait_seconds: Option<u32>,
    /// How many of its settings a station is asked for at once [default: 10].
    #[arg(long, env = "KEYWATT_CONFIGURATION_KEYS", value_name = "COUNT")]
    pub(crate) configuration_keys: Option<u32>,
    /// How long an operator waits for a station's answer, seconds [default: 30].
    #[arg(long, env = "KEYWATT_COMMAND_SECONDS", value_name = "SECONDS")]
    pub(crate) command_seconds: Option<u32>,
    /// How long the token of a remote start counts: connection time-out and 60 s [default: 180].
    #[arg(long, env = "KEYWATT_REMOTE_START_SECONDS", value_name = "SECONDS")]
    pub(crate) remote_start_seconds: Option<u32>,
    /// How long a station may remember an accepted card at most, hours [default: 24].
    #[arg(long, env = "KEYWATT_CACHE_HOURS", value_name = "HOURS")]
    pub(crate) cache_hours: Option<u32>,
    /// How long movements at doors are kept, days; 0 for ever [default: 90].
    #[arg(long, env = "KEYWATT_DOOR_RETENTION_DAYS", value_name = "DAYS")]
    pub(crate) door_retention_days: Option<u32>,
    /// How long other decisions are kept, days; 0 for ever [default: 400].
    #[arg(long, env = "KEYWATT_DECISION_RETENTION_DAYS", value_name = "DAYS")]
    pub(crate) decision_retention_days: Option<u32>,
    /// How long changes of access are kept in their log, days; 0 for ever [default: 0].
    #[arg(long, env = "KEYWATT_CHANGE_RETENTION_DAYS", value_name = "DAYS")]
    pub(crate) change_retention_days: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Only the rows of this organisation, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) organisation: Option<model::OrganisationId>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Go through the round once and exit; non-zero if anything came out otherwise.
    #[arg(long)]
    pub(crate) once: bool,
    /// Keep the database here instead of a temporary folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Where the server is.
    #[arg(
        long,
        env = "KEYWATT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) url: String,
    /// An API key of it.
    #[arg(
        long,
        env = "KEYWATT_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,
    /// Only this station.
    #[arg(long, value_name = "ID")]
    pub(crate) station: Option<String>,
    /// Print the present state and end: with 1 where something needs somebody, else with 0.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("who").required(true).args(["person", "credential", "token"]))]
#[command(group = clap::ArgGroup::new("where").required(true)
    .args(["charger", "door", "evse", "area", "installation"]))]
pub(crate) struct ExplainArgs {
    /// Where the server is.
    #[arg(
        long,
        env = "KEYWATT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) url: String,
    /// An API key of it.
    #[arg(
        long,
        env = "KEYWATT_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// This person, whatever they present.
    #[arg(long, value_name = "ID")]
    pub(crate) person: Option<uuid::Uuid>,
    /// This credential, as if it were presented.
    #[arg(long, value_name = "ID")]
    pub(crate) credential: Option<uuid::Uuid>,
    /// What a reader would send, as an OCPP 1.6 idTag.
    #[arg(long, value_name = "TEXT")]
    pub(crate) token: Option<String>,
    /// At this charger.
    #[arg(long, value_name = "ID")]
    pub(crate) charger: Option<uuid::Uuid>,
    /// At this door.
    #[arg(long, value_name = "ID")]
    pub(crate) door: Option<uuid::Uuid>,
    /// At this EVSE.
    #[arg(long, value_name = "ID")]
    pub(crate) evse: Option<uuid::Uuid>,
    /// On this area.
    #[arg(long, value_name = "ID")]
    pub(crate) area: Option<uuid::Uuid>,
    /// On this installation.
    #[arg(long, value_name = "ID")]
    pub(crate) installation: Option<uuid::Uuid>,
    /// What for [default: use].
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// At this instant (RFC 3339) [default: now, or the moment of --as-of].
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// By the facts of then: a revision, or an instant of the past.
    #[arg(long, value_name = "REVISION|TIME")]
    pub(crate) as_of: Option<String>,
    /// Language of what the person is told: en, fr, it or de [default: theirs].
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct OwnerCreateArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// E-mail address: the login.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: String,
    /// Read the password from standard input (one line).
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
    /// The organisation's name; made if there is none [default: My organisation].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
}
