//! The station's clock, which may be wrong in the ways real ones are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the true time.
pub type TimeSource = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the system.
#[must_use]
pub fn system_time() -> TimeSource {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the true time comes in"
    )]
    Arc::new(Timestamp::now)
}

/// How a station's clock is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSetting {
    /// Right.
    Exact,
    /// Fast by this much; slow if negative.
    Offset(SignedDuration),
    /// Always the same instant: a station without a battery that never got the time says 1970.
    Stuck(Timestamp),
    /// 1970 from power-on until the central system has told the time.
    LostAtPowerOn,
}

/// The clock of one station.
#[derive(Clone)]
pub struct StationClock {
    source: TimeSource,
    setting: ClockSetting,
    /// The central system has told the time since power-on.
    told: Arc<AtomicBool>,
}

impl StationClock {
    /// A clock over a time source.
    #[must_use]
    pub fn new(source: TimeSource, setting: ClockSetting) -> StationClock {
        StationClock {
            source,
            setting,
            told: Arc::default(),
        }
    }

    /// What the station believes.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.source)();
        match self.setting {
            ClockSetting::Exact => now,
            ClockSetting::Offset(offset) => now.saturating_add(offset).unwrap_or(now),
            ClockSetting::Stuck(at) => at,
            ClockSetting::LostAtPowerOn if self.told.load(Ordering::Relaxed) => now,
            ClockSetting::LostAtPowerOn => Timestamp::UNIX_EPOCH,
        }
    }

    /// The central system has told the time.
    pub(crate) fn heard(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// The station has no power for a moment.
    pub(crate) fn lose_power(&self) {
        self.told.store(false, Ordering::Relaxed);
    }
}

/// An instant as stations write it: UTC, milliseconds, `Z`.
#[must_use]
pub fn wire_time(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};

    use super::{ClockSetting, StationClock, wire_time};

    #[test]
    fn clocks_are_right_or_wrong_as_set() {
        let noon: Timestamp = "2026-05-01T12:00:00.123456Z".parse().unwrap();
        let clock = |setting| StationClock::new(Arc::new(move || noon), setting).now();
        assert_eq!(
            wire_time(clock(ClockSetting::Exact)),
            "2026-05-01T12:00:00.123Z"
        );
        let slow = ClockSetting::Offset(SignedDuration::from_hours(-2));
        assert_eq!(wire_time(clock(slow)), "2026-05-01T10:00:00.123Z");
        let stuck = ClockSetting::Stuck(Timestamp::UNIX_EPOCH);
        assert_eq!(wire_time(clock(stuck)), "1970-01-01T00:00:00.000Z");
    }
}
