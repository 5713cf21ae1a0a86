//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use simulator::functions::Function;
use simulator::vendor::{Habit, Vendor};
use simulator::{Endpoint, Version};

/// Simulated charge points and locks.
///
/// Charger and lock read commands from standard input (`help` lists them), one a line, so that
/// both a person and a pipe can drive them.
#[derive(Parser)]
#[command(
    name = "simulator",
    version,
    arg_required_else_help = true,
    after_help = "\
Exit codes: 0 all went well, 1 something failed, 2 the command line is wrong.

Examples:
  simulator charger --id CP1
  printf 'plug\\ncard 04A1B2C3\\nstop\\n' | simulator charger --id CP1 --version 2.0.1
  printf 'send NotifyEVChargingNeeds\\n' | simulator charger --id CP1 --version 2.0.1
  simulator charger --id CP1 --vendor keba --without reservation,smart_charging
  simulator lock --id LOCK1 --doors 2
  simulator fleet --stations 100 --seconds 30 --token 04A1B2C3 --password secret-secret-00
  simulator run simulator/scenarios/charge.yaml"
)]
pub(super) struct Program {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Lists the makers whose chargers can be imitated, and every deviation.
    #[arg(long)]
    pub list_vendors: bool,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// One charger, driven by commands from standard input.
    Charger(ChargerArgs),
    /// One door controller, driven by commands from standard input.
    Lock(LockArgs),
    /// Many stations: load, or idle connections.
    Fleet(FleetArgs),
    /// Plays a scenario file (schemas/scenario.schema.json).
    Run(RunArgs),
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum VersionArg {
    /// OCPP 1.6 over JSON.
    #[value(name = "1.6")]
    V16,
    /// OCPP 2.0.1.
    #[value(name = "2.0.1")]
    V201,
}

impl From<VersionArg> for Version {
    fn from(version: VersionArg) -> Version {
        match version {
            VersionArg::V16 => Version::V16,
            VersionArg::V201 => Version::V201,
        }
    }
}

/// Where to connect to.
#[derive(Args)]
pub(super) struct TargetArgs {
    /// Base address of the central system; the identity is appended.
    #[arg(long, default_value = "ws://127.0.0.1:8080/ocpp", value_parser = url)]
    pub url: String,
    /// OCPP version.
    #[arg(long, default_value = "1.6")]
    pub version: VersionArg,
    /// PEM file with the certificate that signed the server's (for wss).
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Password for Basic authentication, as text.
    #[arg(
        long,
        env = "SIMULATOR_PASSWORD",
        hide_env_values = true,
        conflicts_with = "password_hex"
    )]
    pub password: Option<String>,
    /// The same as hex digits, for passwords that are no text.
    #[arg(long, value_name = "HEX", value_parser = hex)]
    pub password_hex: Option<Hex>,
}

/// Bytes written as hex digits.
#[derive(Clone)]
pub(super) struct Hex(pub Vec<u8>);

impl TargetArgs {
    pub(super) fn password_bytes(&self) -> Option<Vec<u8>> {
        let text = self.password.as_ref().map(|text| text.clone().into_bytes());
        self.password_hex.as_ref().map(|hex| hex.0.clone()).or(text)
    }

    pub(super) fn ca_pem(&self) -> anyhow::Result<Option<Vec<u8>>> {
        read_ca(self.ca.as_ref())
    }

    pub(super) fn endpoint(&self, id: &str) -> anyhow::Result<Endpoint> {
        let mut endpoint = Endpoint::new(&self.url, id, self.version.into());
        endpoint.password = self.password_bytes();
        endpoint.ca_pem = self.ca_pem()?;
        Ok(endpoint)
    }
}

pub(super) fn read_ca(file: Option<&PathBuf>) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(file) = file else { return Ok(None) };
    let pem = std::fs::read(file)
        .map_err(|error| anyhow::anyhow!("`{}` cannot be read: {error}", file.display()))?;
    Ok(Some(pem))
}

#[derive(Args)]
pub(super) struct ChargerArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Identity.
    #[arg(long, default_value = "CP1")]
    pub id: String,
    /// Number of connectors (EVSEs).
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub connectors: u32,
    /// Without authorization cache.
    #[arg(long)]
    pub no_cache: bool,
    /// Asks again after a remote start (AuthorizeRemoteTxRequests, AuthorizeRemoteStart).
    #[arg(long)]
    pub authorize_remote: bool,
    /// Lets unknown cards start while offline.
    #[arg(long)]
    pub offline_for_unknown: bool,
    /// Like the chargers of a maker, with their name and deviations (`--list-vendors`).
    #[arg(long, value_parser = simulator::vendor::find)]
    pub vendor: Option<&'static Vendor>,
    #[command(flatten)]
    pub habits: HabitArgs,
}

#[derive(Args)]
pub(super) struct LockArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Identity.
    #[arg(long, default_value = "LOCK1")]
    pub id: String,
    /// Number of doors.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub doors: u32,
    /// Seconds a door stays unlocked, unless told otherwise.
    #[arg(long, default_value_t = 5)]
    pub open_seconds: u32,
    /// How it asks about cards; 1.6 takes `door` by default, 2.0.1 `authorize`.
    #[arg(long)]
    pub ask: Option<AskArg>,
    #[command(flatten)]
    pub habits: HabitArgs,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum AskArg {
    /// Door.Authorize by DataTransfer.
    Door,
    /// Authorize; 2.0.1 names the door in it.
    Authorize,
    /// Authorize without naming the door.
    Unnamed,
}

/// Ways in which stations differ.
#[derive(Args)]
pub(super) struct HabitArgs {
    /// Message ids 1, 2, 3 …, from 1 again after a reboot, instead of UUIDs.
    #[arg(long)]
    pub counter_ids: bool,
    /// A clock that always says 1970.
    #[arg(long)]
    pub clock_1970: bool,
    /// A deviation from the standard (repeatable, or several with commas; `--list-vendors`).
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Habit::parse)]
    pub deviate: Vec<Habit>,
    /// What the station lacks (repeatable, or several with commas): local_list, reservation,
    /// smart_charging, firmware, publish_firmware, logs, remote_trigger, certificates,
    /// display_messages, monitoring, customer_information, cost, network_profiles.
    #[arg(long, value_name = "FUNCTION", value_delimiter = ',', value_parser = Function::parse)]
    pub without: Vec<Function>,
    /// Seconds between two steps of a firmware update or an upload.
    #[arg(long, default_value_t = 1)]
    pub pace: u64,
    /// Shows every message as it goes over the wire.
    #[arg(long)]
    pub wire: bool,
}

#[derive(Args)]
pub(super) struct FleetArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Identities are this and a number of five digits, from 00001.
    #[arg(long, default_value = "SIM")]
    pub id: String,
    /// How many stations.
    #[arg(long, default_value_t = 10)]
    pub stations: usize,
    /// How many connect at the same time.
    #[arg(long, default_value_t = 32)]
    pub connect_concurrency: usize,
    /// Ends the load after so many seconds.
    #[arg(long, default_value_t = 10, conflicts_with = "calls")]
    pub seconds: u64,
    /// Ends the load when each station has sent so many CALLs.
    #[arg(long)]
    pub calls: Option<u64>,
    /// Only connects, boots, and holds the connections for so many seconds.
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["calls", "token"])]
    pub idle: Option<u64>,
    /// A token that should be accepted (repeatable).
    #[arg(long, value_name = "TOKEN", required_unless_present = "idle")]
    pub token: Vec<String>,
    /// A token that should be refused (repeatable).
    #[arg(long, value_name = "TOKEN")]
    pub refused_token: Vec<String>,
    /// How many of a hundred Authorize take a token that should be refused.
    #[arg(long, default_value_t = 0, requires = "refused_token", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub refused_percent: u8,
    /// How many of a hundred CALLs are Authorize; the others belong to transactions.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub authorize_percent: u8,
    /// Meter samples in each transaction.
    #[arg(long, default_value_t = 2)]
    pub samples: u32,
    /// Milliseconds between an answer and the next CALL.
    #[arg(long, default_value_t = 0)]
    pub pause_ms: u64,
    /// Makes the random choices repeatable.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One thread for everything.
    #[arg(long)]
    pub current_thread: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Writes every acknowledged CALL to this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

impl FleetArgs {
    pub(super) fn load_time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[derive(Args)]
pub(super) struct RunArgs {
    /// The scenario.
    pub file: PathBuf,
    /// Overrides the address in the file.
    #[arg(long, value_parser = url)]
    pub url: Option<String>,
    /// PEM file with the certificate that signed the server's (for wss).
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

fn url(text: &str) -> Result<String, String> {
    Endpoint::new(text, "CP1", Version::V16)
        .check_url()
        .map(|()| text.to_owned())
        .map_err(|error| error.to_string())
}

fn hex(text: &str) -> Result<Hex, String> {
    simulator::station::unhex(text)
        .map(Hex)
        .ok_or_else(|| "an even number of hex digits is needed".to_owned())
}
