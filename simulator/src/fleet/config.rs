//! What a fleet is and does.

use std::sync::Arc;
use std::time::Duration;

use rpc::Version;

use crate::clock::{TimeSource, system_time};
use crate::token::Token;
use crate::transport::Tap;

/// One station of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetStation {
    /// Identity.
    pub id: String,
    /// Password for Basic authentication.
    pub password: Option<Vec<u8>>,
}

/// When the load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// When each station has sent so many CALLs.
    Calls(u64),
}

/// What the stations do once they are accepted.
#[derive(Clone, Debug)]
pub enum Work {
    /// Nothing: they hold their connections for a while.
    Idle(Duration),
    /// A mix of Authorize and transactions, one CALL in flight per station.
    Load(Mix),
}

/// The mix of a load.
#[derive(Clone, Debug)]
pub struct Mix {
    /// When it ends.
    pub until: Until,
    /// Tokens that should be accepted; also those of transactions.
    pub tokens: Vec<Token>,
    /// Tokens that should be refused.
    pub refused_tokens: Vec<Token>,
    /// How many of a hundred Authorize take a token that should be refused.
    pub refused_percent: u8,
    /// How many of a hundred CALLs are Authorize; the others belong to transactions.
    pub authorize_percent: u8,
    /// Meter samples in each transaction.
    pub samples: u32,
    /// Wait between an answer and the next CALL.
    pub pause: Duration,
}

impl Mix {
    /// Half Authorize, half transactions with two samples, without pause.
    #[must_use]
    pub fn new(until: Until, tokens: Vec<Token>) -> Mix {
        Mix {
            until,
            tokens,
            refused_tokens: Vec::new(),
            refused_percent: 0,
            authorize_percent: 50,
            samples: 2,
            pause: Duration::ZERO,
        }
    }
}

/// A fleet before it starts.
#[derive(Clone)]
pub struct FleetConfig {
    /// Base address; each identity is appended.
    pub url: String,
    /// The version spoken.
    pub version: Version,
    /// The stations.
    pub stations: Vec<FleetStation>,
    /// PEM certificates that may have signed the server's.
    pub ca_pem: Option<Vec<u8>>,
    /// How many connect at the same time.
    pub connect_concurrency: usize,
    /// How long a CALL waits for its answer.
    pub call_timeout: Duration,
    /// What they do.
    pub work: Work,
    /// Makes the random choices repeatable.
    pub seed: u64,
    /// Where the true time comes from.
    pub time: TimeSource,
    /// Sees every acknowledged CALL.
    pub tap: Option<Arc<dyn Tap>>,
}

impl FleetConfig {
    /// Stations `{prefix}00001`, `{prefix}00002` … with the same password.
    #[must_use]
    pub fn numbered(
        url: &str,
        version: Version,
        prefix: &str,
        count: usize,
        password: Option<&[u8]>,
        work: Work,
    ) -> FleetConfig {
        let station = |number| FleetStation {
            id: format!("{prefix}{number:05}"),
            password: password.map(<[u8]>::to_vec),
        };
        FleetConfig {
            url: url.to_owned(),
            version,
            stations: (1..=count).map(station).collect(),
            ca_pem: None,
            connect_concurrency: 32,
            call_timeout: Duration::from_secs(30),
            work,
            seed: 1,
            time: system_time(),
            tap: None,
        }
    }
}
