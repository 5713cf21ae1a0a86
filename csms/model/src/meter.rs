//! Times and meter values as stations report them.

use jiff::{SignedDuration, Timestamp};

/// 2015-01-01: no station of OCPP 1.6 or 2.0.1 is older.
const EARLIEST_SECOND: i64 = 1_420_070_400;
/// A clock may be ahead by that much.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// When a station says something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The received text: part of natural keys.
    pub text: String,
    /// What it means; `None` if it cannot be read.
    pub time: Option<Timestamp>,
}

/// Why a time is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disbelief {
    /// It cannot be read.
    Unreadable,
    /// The clock was never set (Q22: 1970 after power loss).
    NotSet,
    /// It is more than a day ahead.
    Ahead,
}

impl EventTime {
    /// The time, if it can be read and believed.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn believed(&self, now: Timestamp) -> Result<Timestamp, Disbelief> {
        let time = self.time.ok_or(Disbelief::Unreadable)?;
        if time.as_second() < EARLIEST_SECOND {
            return Err(Disbelief::NotSet);
        }
        // A sum beyond the end of time is no bound.
        if now.checked_add(AHEAD).is_ok_and(|latest| time > latest) {
            return Err(Disbelief::Ahead);
        }
        Ok(time)
    }
}

/// One sampled value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterSample {
    /// When it was sampled.
    pub at: EventTime,
    /// As sent, e.g. `12.5`; signed data as JSON text.
    pub value: String,
    /// `Energy.Active.Import.Register` where absent.
    pub measurand: String,
    /// `Wh` where absent for energy.
    pub unit: Option<String>,
    /// `Sample.Periodic` where absent.
    pub context: Option<String>,
    /// `L1`, `N` …
    pub phase: Option<String>,
    /// `Outlet`, `Body` …
    pub location: Option<String>,
    /// The imported energy register in Wh, if the sample is one and can be read.
    pub energy_wh: Option<i64>,
    /// The signed form, as sent, as JSON text.
    pub signed: Option<String>,
}
