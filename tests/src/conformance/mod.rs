//! Conformance: for each demand of the standard a conversation over a real socket.
//!
//! `cases/conformance/rows.yaml` lists the demands (rows), the other files of the folder hold the
//! scenarios. A scenario plays messages in their order and says what must come back; every
//! message of either side is checked against the official schemas besides.

mod expect;
mod fill;
mod play;
mod report;
mod scenario;
mod scene;
mod schemas;
mod station;
mod step;

pub use play::{Outcome, play};
pub use report::{OPEN, REPORT, open_rows, render};
pub use scenario::{Row, Scenario, rows, scenarios};
pub use schemas::Schemas;
