//! What the stations of a fleet count together.

use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::histogram::Histogram;
use super::report::{FleetReport, Unanswered};
use crate::token::TokenInfo;
use crate::transport::CallFailure;

#[derive(Default)]
pub(super) struct Shared {
    pub stop: CancellationToken,
    counts: Mutex<Counts>,
    /// When the last station so far had done its work; closing is not part of it.
    worked_until: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Counts {
    report: FleetReport,
    histogram: Histogram,
}

impl Shared {
    pub(super) fn not_ready(&self, reason: String) {
        *self
            .counts
            .lock()
            .report
            .failures
            .entry(reason)
            .or_default() += 1;
    }

    /// A station has done its work.
    pub(super) fn worked(&self) {
        *self.worked_until.lock() = Some(Instant::now());
    }

    pub(super) fn worked_until(&self) -> Option<Instant> {
        *self.worked_until.lock()
    }

    pub(super) fn lost(&self) {
        self.counts.lock().report.lost_connections += 1;
    }

    pub(super) fn unanswered(&self, call: Unanswered) {
        self.counts.lock().report.unanswered.push(call);
    }

    pub(super) fn measured(&self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts.lock().histogram.record(microseconds);
    }

    pub(super) fn count(
        &self,
        action: &'static str,
        outcome: &Result<Value, CallFailure>,
        info: Option<&TokenInfo>,
    ) {
        let mut counts = self.counts.lock();
        let of_action = counts.report.actions.entry(action.to_owned()).or_default();
        match (outcome, info) {
            (Ok(_), Some(info)) if info.is_accepted() => {
                of_action.answered += 1;
                of_action.accepted += 1;
            }
            (Ok(_), Some(_)) => {
                of_action.answered += 1;
                of_action.refused += 1;
            }
            (Ok(_), None) => of_action.answered += 1,
            (Err(CallFailure::Error { .. }), _) => of_action.errors += 1,
            (Err(_), _) => {}
        }
    }

    pub(super) fn take(&self) -> (FleetReport, Histogram) {
        let mut counts = self.counts.lock();
        (
            std::mem::take(&mut counts.report),
            std::mem::take(&mut counts.histogram),
        )
    }
}
