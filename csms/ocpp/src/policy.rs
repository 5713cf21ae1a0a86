//! What the owner wants of a message that deviates.

use jiff::Timestamp;
use model::neutral::StationRequest;
use model::{Disbelief, EventTime, QuirkName, Tolerance, Treatment};

use crate::adapter::Decoded;
use crate::error::WireError;
use crate::quirk::{self, Quirk};

impl Decoded {
    /// Notes what no table can see: times that cannot be believed (quirk Q22: of 1970 after a
    /// power loss, or ahead), and EVSEs and connectors that do not go together (quirk Q20).
    pub fn note_values(&mut self, now: Timestamp) {
        let mut notes: Vec<Quirk> = Vec::new();
        for request in &self.requests {
            if let StationRequest::Status(status) = request
                && (status.evse == 0) != (status.connector == 0)
            {
                notes.push(Quirk {
                    name: QuirkName::StationLevelConnector,
                    field: "connectorId".to_owned(),
                });
            }
            each_time(request, |field, time| {
                let name = match time.believed(now) {
                    // An unreadable one was noted when it was read.
                    Ok(_) | Err(Disbelief::Unreadable) => return,
                    Err(Disbelief::NotSet) => QuirkName::ClockNotSet,
                    Err(Disbelief::Ahead) => QuirkName::ClockAhead,
                };
                let noted = notes
                    .iter()
                    .any(|quirk| quirk.name == name && quirk.field == field);
                if !noted {
                    notes.push(Quirk {
                        name,
                        field: field.to_owned(),
                    });
                }
            });
        }
        self.quirks.append(&mut notes);
    }

    /// What goes back instead of the answer where the owner does not tolerate a deviation of the
    /// message; `None` where all are tolerated, and for a message that tells what has happened:
    /// a CALLERROR would make the station drop it or repeat it for ever.
    #[must_use]
    pub fn refusal(&self, tolerance: &Tolerance) -> Option<WireError> {
        if self.tells_a_fact() {
            return None;
        }
        let refused = self
            .quirks
            .iter()
            .find(|quirk| tolerance.of(quirk.name) == Treatment::Refuse)?;
        let problem = quirk::words(refused.name);
        let description = if refused.field.is_empty() {
            format!("the payload {problem}")
        } else {
            format!("`{}` {problem}", refused.field)
        };
        Some(WireError::new(quirk::code(refused.name), description))
    }

    /// Transactions, their meter values and door events have happened.
    fn tells_a_fact(&self) -> bool {
        self.requests.iter().any(|request| {
            matches!(
                request,
                StationRequest::Transaction(_)
                    | StationRequest::Meter(_)
                    | StationRequest::DoorEvent(_)
            )
        })
    }
}

/// The times a request carries, with their fields.
fn each_time(request: &StationRequest, mut take: impl FnMut(&'static str, &EventTime)) {
    match request {
        StationRequest::Transaction(event) => {
            take("timestamp", &event.at);
            for sample in &event.samples {
                take("meterValue[].timestamp", &sample.at);
            }
        }
        StationRequest::Meter(report) => {
            for sample in &report.samples {
                take("meterValue[].timestamp", &sample.at);
            }
        }
        StationRequest::Status(status) => {
            if let Some(at) = &status.at {
                take("timestamp", at);
            }
        }
        StationRequest::DoorEvent(event) => take("data.time", &event.at),
        StationRequest::DoorState(_)
        | StationRequest::Boot(_)
        | StationRequest::Heartbeat
        | StationRequest::Authorize(_)
        | StationRequest::Report(_)
        | StationRequest::DataTransfer(_) => {}
    }
}
