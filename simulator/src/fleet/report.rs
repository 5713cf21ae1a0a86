//! What a fleet has measured.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::histogram::Histogram;

/// Counts of one action.
#[derive(Clone, Debug, Default, Serialize, PartialEq, Eq)]
pub struct ActionCounts {
    /// CALLRESULTs.
    pub answered: u64,
    /// Of these, with a token status of Accepted.
    pub accepted: u64,
    /// Of these, with another token status.
    pub refused: u64,
    /// CALLERRORs.
    pub errors: u64,
}

/// Round trips in microseconds.
#[derive(Clone, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Latency {
    /// Median.
    pub p50_us: u64,
    /// 90 of 100 are not slower.
    pub p90_us: u64,
    /// 99 of 100 are not slower.
    pub p99_us: u64,
    /// 999 of 1000 are not slower.
    pub p999_us: u64,
    /// The slowest.
    pub max_us: u64,
    /// The mean.
    pub mean_us: u64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram) -> Latency {
        Latency {
            p50_us: histogram.per_mille(500),
            p90_us: histogram.per_mille(900),
            p99_us: histogram.per_mille(990),
            p999_us: histogram.per_mille(999),
            max_us: histogram.max(),
            mean_us: histogram.mean(),
        }
    }
}

/// A CALL that was sent and never answered: the central system may or may not have done it.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Unanswered {
    /// Identity of the station.
    pub station: String,
    /// Message id.
    pub message_id: String,
    /// Action.
    pub action: String,
    /// Payload.
    pub payload: Value,
}

/// The outcome of a run.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
pub struct FleetReport {
    /// Stations of the fleet.
    pub stations: usize,
    /// Those that were connected and accepted.
    pub accepted: usize,
    /// Why the others were not, with counts.
    pub failures: BTreeMap<String, u64>,
    /// How long it took until all were connected.
    pub connect_milliseconds: u64,
    /// How long the load ran.
    pub load_milliseconds: u64,
    /// CALLs answered during the load.
    pub round_trips: u64,
    /// The same per second.
    pub round_trips_per_second: u64,
    /// Latencies during the load.
    pub latency: Latency,
    /// Counts by action.
    pub actions: BTreeMap<String, ActionCounts>,
    /// CALLs without an answer.
    pub unanswered: Vec<Unanswered>,
    /// Connections that ended before the work did.
    pub lost_connections: u64,
}

impl FleetReport {
    pub(super) fn set_load(&mut self, elapsed: Duration, histogram: &Histogram) {
        self.load_milliseconds = milliseconds(elapsed);
        self.round_trips = histogram.count();
        self.round_trips_per_second = (histogram.count() * 1000)
            .checked_div(self.load_milliseconds)
            .unwrap_or(0);
        self.latency = Latency::of(histogram);
    }

    /// Whether every station was accepted and every CALL answered with a result.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.accepted == self.stations
            && self.lost_connections == 0
            && self.unanswered.is_empty()
            && self.actions.values().all(|counts| counts.errors == 0)
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for FleetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {} stations accepted in {} ms",
            self.accepted, self.stations, self.connect_milliseconds
        )?;
        for (failure, count) in &self.failures {
            writeln!(f, "  {count} × {failure}")?;
        }
        if self.round_trips > 0 {
            let latency = &self.latency;
            writeln!(
                f,
                "{} round trips in {} ms: {} per second",
                self.round_trips, self.load_milliseconds, self.round_trips_per_second
            )?;
            writeln!(
                f,
                "latency in µs: p50 {}  p90 {}  p99 {}  p99.9 {}  max {}  mean {}",
                latency.p50_us,
                latency.p90_us,
                latency.p99_us,
                latency.p999_us,
                latency.max_us,
                latency.mean_us
            )?;
        }
        for (action, counts) in &self.actions {
            writeln!(
                f,
                "  {action}: {} answered, {} accepted, {} refused, {} errors",
                counts.answered, counts.accepted, counts.refused, counts.errors
            )?;
        }
        write!(
            f,
            "{} unanswered, {} connections lost",
            self.unanswered.len(),
            self.lost_connections
        )
    }
}
