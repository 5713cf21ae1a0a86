//! The settings: file, then environment, then flags; each overrides the one before.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::cli::{DatabaseArgs, LogFormat, ServeArgs};

/// The settings file where none is named.
const FILE: &str = "keywatt.toml";

/// `keywatt.toml`: everything may be left out, nothing else may stand there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileConfig {
    database: Option<String>,
    pepper_file: Option<PathBuf>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    listen: Option<Vec<SocketAddr>>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    ocpp_tls_listen: Option<Vec<SocketAddr>>,
    insecure_listen: Option<bool>,
    allow_profile_0: Option<bool>,
    allow_loopback_webhooks: Option<bool>,
    behind_proxy: Option<bool>,
    trusted_proxy: Option<Vec<ProxyNetwork>>,
    heartbeat_seconds: Option<u32>,
    ping_seconds: Option<u32>,
    messages_per_second: Option<u32>,
    boot_wait_seconds: Option<u32>,
    configuration_keys: Option<u32>,
    command_seconds: Option<u32>,
    remote_start_seconds: Option<u32>,
    cache_hours: Option<u32>,
    door_retention_days: Option<u32>,
    decision_retention_days: Option<u32>,
    change_retention_days: Option<u32>,
}

/// A trusted proxy: an address, or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ProxyNetwork(pub(crate) gateway::IpNet);

/// Neither an address nor a network.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither an address nor a network such as 10.0.0.0/8")]
pub(crate) struct NotANetwork(String);

impl FromStr for ProxyNetwork {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<IpAddr>().map(gateway::IpNet::from);
        let network = address.or_else(|_| text.parse());
        network.map(Self).map_err(|_| NotANetwork(text.to_owned()))
    }
}

impl TryFrom<String> for ProxyNetwork {
    type Error = NotANetwork;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProxyNetwork> for String {
    fn from(network: ProxyNetwork) -> Self {
        network.0.to_string()
    }
}

/// The settings in effect.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Config {
    pub(crate) database: String,
    pub(crate) pepper_file: PathBuf,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) ocpp_tls_listen: Vec<SocketAddr>,
    pub(crate) insecure_listen: bool,
    pub(crate) allow_profile_0: bool,
    pub(crate) allow_loopback_webhooks: bool,
    pub(crate) behind_proxy: bool,
    pub(crate) trusted_proxy: Vec<ProxyNetwork>,
    pub(crate) heartbeat_seconds: u32,
    pub(crate) ping_seconds: u32,
    pub(crate) messages_per_second: u32,
    pub(crate) boot_wait_seconds: u32,
    pub(crate) configuration_keys: u32,
    pub(crate) command_seconds: u32,
    pub(crate) remote_start_seconds: u32,
    pub(crate) cache_hours: u32,
    pub(crate) door_retention_days: u32,
    pub(crate) decision_retention_days: u32,
    pub(crate) change_retention_days: u32,
}

impl Config {
    /// Puts the settings together.
    pub(crate) fn gather(args: ServeArgs) -> anyhow::Result<Self> {
        let file = read_file(args.database.config.as_deref())?;
        let database = args
            .database
            .database
            .or(file.database)
            .unwrap_or_else(|| "sqlite://keywatt.db".to_owned());
        let pepper_file = args
            .database
            .pepper_file
            .or(file.pepper_file)
            .unwrap_or_else(|| beside(&database));
        let listen = first_given([args.listen, file.listen.unwrap_or_default()])
            .unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], 8080))]);
        let ocpp_tls_listen = first_given([
            args.ocpp_tls_listen,
            file.ocpp_tls_listen.unwrap_or_default(),
        ])
        .unwrap_or_default();
        let trusted_proxy =
            first_given([args.trusted_proxy, file.trusted_proxy.unwrap_or_default()])
                .unwrap_or_default();
        Ok(Self {
            database,
            pepper_file,
            log: args
                .database
                .log
                .or(file.log)
                .unwrap_or_else(|| "info".to_owned()),
            log_format: args
                .database
                .log_format
                .or(file.log_format)
                .unwrap_or(LogFormat::Text),
            listen,
            tls_cert: args.tls_cert.or(file.tls_cert),
            tls_key: args.tls_key.or(file.tls_key),
            ocpp_tls_listen,
            insecure_listen: args
                .insecure_listen
                .or(file.insecure_listen)
                .unwrap_or(false),
            allow_profile_0: args
                .allow_profile_0
                .or(file.allow_profile_0)
                .unwrap_or(false),
            allow_loopback_webhooks: args
                .allow_loopback_webhooks
                .or(file.allow_loopback_webhooks)
                .unwrap_or(false),
            behind_proxy: args.behind_proxy.or(file.behind_proxy).unwrap_or(false),
            trusted_proxy,
            heartbeat_seconds: args
                .heartbeat_seconds
                .or(file.heartbeat_seconds)
                .unwrap_or(300),
            ping_seconds: args.ping_seconds.or(file.ping_seconds).unwrap_or(60),
            messages_per_second: args
                .messages_per_second
                .or(file.messages_per_second)
                .unwrap_or(100),
            boot_wait_seconds: args
                .boot_wait_seconds
                .or(file.boot_wait_seconds)
                .unwrap_or(10),
            configuration_keys: args
                .configuration_keys
                .or(file.configuration_keys)
                .unwrap_or(10),
            command_seconds: args.command_seconds.or(file.command_seconds).unwrap_or(30),
            remote_start_seconds: args
                .remote_start_seconds
                .or(file.remote_start_seconds)
                .unwrap_or(180),
            cache_hours: args.cache_hours.or(file.cache_hours).unwrap_or(24),
            door_retention_days: args
                .door_retention_days
                .or(file.door_retention_days)
                .unwrap_or(90),
            decision_retention_days: args
                .decision_retention_days
                .or(file.decision_retention_days)
                .unwrap_or(400),
            change_retention_days: args
                .change_retention_days
                .or(file.change_retention_days)
                .unwrap_or(0),
        })
    }

    /// The settings of a command that only needs the database.
    pub(crate) fn for_database(database: DatabaseArgs) -> anyhow::Result<Self> {
        Self::gather(ServeArgs {
            database,
            ..ServeArgs::default()
        })
    }

    /// Whether the settings go together; before anything is opened.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => {
                gateway::load_tls(cert, key)?;
            }
            (None, None) if self.ocpp_tls_listen.is_empty() => {}
            (None, None) => bail!("--ocpp-tls-listen needs --tls-cert and --tls-key"),
            (Some(_), None) => bail!("--tls-cert needs --tls-key"),
            (None, Some(_)) => bail!("--tls-key needs --tls-cert"),
        }
        if !self.listens_with_tls() && !self.insecure_listen {
            for address in &self.listen {
                if !address.ip().is_loopback() {
                    bail!(
                        "`{address}` is not loopback: give --tls-cert and --tls-key, or \
                         --insecure-listen if something in front of it does TLS"
                    );
                }
            }
        }
        if self.remote_start_seconds == 0 || self.command_seconds == 0 {
            bail!("--remote-start-seconds and --command-seconds must be at least 1");
        }
        if self.configuration_keys == 0 {
            bail!("--configuration-keys must be at least 1");
        }
        Ok(())
    }

    /// Whether `--listen` does TLS: with a certificate, unless TLS has addresses of its own.
    pub(crate) fn listens_with_tls(&self) -> bool {
        self.tls_cert.is_some() && self.ocpp_tls_listen.is_empty()
    }

    /// The settings as a file would have them, the database's password masked.
    pub(crate) fn to_toml(&self) -> anyhow::Result<String> {
        let masked = Self {
            database: mask_url(&self.database),
            ..self.clone()
        };
        Ok(toml::to_string(&masked)?)
    }

    pub(crate) fn settings(&self, pepper: app::secret::Pepper) -> app::Settings {
        app::Settings {
            heartbeat: Duration::from_secs(self.heartbeat_seconds.into()),
            command_deadline: Duration::from_secs(self.command_seconds.into()),
            remote_start_window: Duration::from_secs(self.remote_start_seconds.into()),
            cache_for: Duration::from_secs(u64::from(self.cache_hours) * 3600),
            allow_profile_0: self.allow_profile_0,
            boot_wait: Duration::from_secs(self.boot_wait_seconds.into()),
            configuration_keys: self.configuration_keys,
            retention: app::Retention {
                doors: days(self.door_retention_days),
                decisions: days(self.decision_retention_days),
                changes: days(self.change_retention_days),
            },
            ..app::Settings::new(pepper)
        }
    }
}

/// 0 days are for ever.
fn days(count: u32) -> Option<jiff::SignedDuration> {
    (count > 0).then(|| jiff::SignedDuration::from_hours(i64::from(count) * 24))
}

fn read_file(named: Option<&Path>) -> anyhow::Result<FileConfig> {
    let path = named.unwrap_or(Path::new(FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("`{}`", path.display())),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(FileConfig::default())
        }
        Err(error) => Err(error).with_context(|| format!("`{}`", path.display())),
    }
}

fn first_given<T>(given: [Vec<T>; 2]) -> Option<Vec<T>> {
    given.into_iter().find(|values| !values.is_empty())
}

/// Where the pepper is kept if nothing is said: beside a SQLite database.
fn beside(database: &str) -> PathBuf {
    let file = database
        .strip_prefix("sqlite://")
        .map(|rest| rest.split('?').next().unwrap_or(rest));
    file.map_or_else(
        || PathBuf::from("keywatt.pepper"),
        |file| {
            let mut name = std::ffi::OsString::from(file);
            name.push(".pepper");
            PathBuf::from(name)
        },
    )
}

/// A URL without its password.
fn mask_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((user, host)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = user
        .split_once(':')
        .map_or(user.to_owned(), |(name, _)| format!("{name}:…"));
    format!("{scheme}://{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_database_url_is_masked() {
        assert_eq!(
            mask_url("postgres://kw:secret@db/kw"),
            "postgres://kw:…@db/kw"
        );
        assert_eq!(mask_url("sqlite://keywatt.db"), "sqlite://keywatt.db");
    }

    #[test]
    fn the_pepper_lies_beside_the_database() {
        assert_eq!(
            beside("sqlite:///var/kw/a.db?x=1"),
            PathBuf::from("/var/kw/a.db.pepper")
        );
        assert_eq!(beside("postgres://h/n"), PathBuf::from("keywatt.pepper"));
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = toml::from_str::<FileConfig>("lissten = []").unwrap_err();
        assert!(error.to_string().contains("lissten"), "{error}");
    }
}
