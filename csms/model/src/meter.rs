//! Times and meter values as stations report them.

use jiff::Timestamp;

/// When a station says something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The received text: part of natural keys.
    pub text: String,
    /// What it means; `None` if it cannot be read.
    pub time: Option<Timestamp>,
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
