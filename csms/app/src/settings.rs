//! What can be set about the inside.

use std::time::Duration;

use jiff::SignedDuration;

use crate::secret::Pepper;

/// Settings of the use cases; the binary fills them from its configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key of all keyed hashes; kept outside the database.
    pub pepper: Pepper,
    /// How long a station may remember an accepted token at most.
    pub cache_for: Duration,
    /// The same for an unknown token at an open charger.
    pub open_cache_for: Duration,
    /// Heartbeat interval told to stations.
    pub heartbeat: Duration,
    /// How long an operator waits for a station's answer.
    pub command_deadline: Duration,
    /// How long a remote token counts after its command: connection time-out and a minute.
    pub remote_start_window: Duration,
    /// How long a transaction message is held while the database is away.
    pub hold: Duration,
    /// How long Authorize waits for a place in the decision log.
    pub decision_wait: Duration,
    /// Let stations without a credential in from elsewhere than loopback.
    pub allow_profile_0: bool,
    /// How long a station that was never accepted may be connected without BootNotification before
    /// it is asked for one; zero: it is never asked.
    pub boot_wait: Duration,
    /// When a station that is told to wait shall send BootNotification again.
    pub boot_retry: Duration,
    /// How many of its settings a station is asked for at once.
    pub configuration_keys: u32,
    /// The pause after a first silence while settings are read; doubled with each further one.
    pub configuration_pause: Duration,
    /// How long a login lasts.
    pub session_for: Duration,
    /// How long the logs are kept.
    pub retention: Retention,
}

/// How long rows of the logs are kept; `None`: for ever. They are deleted a day's segment at a
/// time, so some live up to a day longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Movements: decisions at doors, openings and starts from elsewhere, and events of doors.
    pub doors: Option<SignedDuration>,
    /// Every other decision.
    pub decisions: Option<SignedDuration>,
    /// Changes of access.
    pub changes: Option<SignedDuration>,
}

impl Retention {
    /// Movements for 90 days, other decisions for 400, changes for ever.
    pub const DEFAULT: Retention = Retention {
        doors: Some(SignedDuration::from_hours(90 * 24)),
        decisions: Some(SignedDuration::from_hours(400 * 24)),
        changes: None,
    };
}

impl Settings {
    /// The defaults, with a pepper.
    #[must_use]
    pub const fn new(pepper: Pepper) -> Self {
        Self {
            pepper,
            cache_for: Duration::from_secs(24 * 3600),
            open_cache_for: Duration::from_secs(5 * 60),
            heartbeat: Duration::from_secs(300),
            command_deadline: Duration::from_secs(30),
            remote_start_window: Duration::from_secs(180),
            hold: Duration::from_secs(25),
            decision_wait: Duration::from_secs(5),
            allow_profile_0: false,
            boot_wait: Duration::from_secs(10),
            boot_retry: Duration::from_secs(60),
            configuration_keys: 10,
            configuration_pause: Duration::from_secs(5),
            session_for: Duration::from_secs(12 * 3600),
            retention: Retention::DEFAULT,
        }
    }
}
