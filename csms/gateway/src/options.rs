//! What can be set about listeners and connections.

use std::time::Duration;

use ipnet::IpNet;
use model::StationSettings;

use crate::session::Rate;

/// Limits and times of the gateway. The defaults serve a deployment of any size; tests shorten
/// the times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// A proxy stands in front, so a loopback peer proves nothing.
    pub behind_proxy: bool,
    /// Proxies whose `X-Forwarded-*` headers are believed. Any entry also ends the exemption of
    /// loopback peers.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest message that is worked on, in bytes; a larger one gets a CALLERROR.
    pub max_message_bytes: usize,
    /// The largest message that is read at all, in bytes; a larger one ends the connection with
    /// 1009.
    pub max_read_bytes: usize,
    /// How many connections all listeners hold together; further ones are closed at once.
    pub max_connections: usize,
    /// How many requests of one station may wait for their turn; with more, its socket is not
    /// read until there is room.
    pub max_waiting_calls: usize,
    /// How many commands may wait for one station; a further one is `Busy`.
    pub max_waiting_commands: usize,
    /// The longest a command may wait for its answer, whatever deadline its sender names.
    pub command_timeout: Duration,
    /// How many messages of one station are taken; what comes faster waits unread. `None`: as many
    /// as come.
    pub rate: Option<Rate>,
    /// How often one station may connect; one that dials more often waits, the newest first.
    /// `None`: as often as it likes.
    pub dial_rate: Option<Rate>,
    /// A station that is silent this long is pinged, and given up after two and a half times as
    /// long. `None`: no pings, and silence ends nothing (stations on metered links, Q9).
    pub ping_interval: Option<Duration>,
    /// For the TLS handshake, for the decision on a peer, and for the upgrade, each.
    pub handshake_timeout: Duration,
    /// For the head of an HTTP request; also how long a connection may idle between requests.
    pub header_timeout: Duration,
    /// How long a peer may leave written bytes untaken before its connection is given up.
    pub write_timeout: Duration,
    /// How long the end of a connection waits for the peer's close frame.
    pub close_timeout: Duration,
    /// How long [`crate::Gateway::drain`] waits for what is in flight, after the last station was
    /// told.
    pub drain_timeout: Duration,
}

impl GatewayOptions {
    /// For a station: as its owner decides, else as the deployment has it.
    pub(crate) fn ping_interval_of(&self, settings: &StationSettings) -> Option<Duration> {
        match settings.ping_interval_seconds {
            None => self.ping_interval,
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.into())),
        }
    }

    /// The same for its rate.
    pub(crate) fn rate_of(&self, settings: &StationSettings) -> Option<Rate> {
        let own = settings.rate_limit.map(|limit| Rate {
            per_second: limit.calls_per_second,
            burst: limit.burst,
        });
        own.or(self.rate)
    }

    /// The same for the largest message that is worked on.
    pub(crate) fn max_message_bytes_of(&self, settings: &StationSettings) -> usize {
        settings
            .max_message_bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(self.max_message_bytes)
            .min(self.max_read_bytes)
    }
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            behind_proxy: false,
            trusted_proxies: Vec::new(),
            max_message_bytes: 1 << 20,
            max_read_bytes: 4 << 20,
            max_connections: 200_000,
            max_waiting_calls: 32,
            max_waiting_commands: 32,
            command_timeout: Duration::from_secs(30),
            rate: Some(Rate {
                per_second: 100,
                burst: 100,
            }),
            dial_rate: Some(Rate {
                per_second: 2,
                burst: 10,
            }),
            ping_interval: Some(Duration::from_secs(60)),
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            drain_timeout: Duration::from_secs(10),
        }
    }
}
