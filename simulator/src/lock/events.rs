//! Door events: kept until the central system accepts them, over reconnects and restarts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::inner::Inner;
use super::profile::{self, AccessEvent};
use crate::station::{Event, StationError};
use crate::transport::CallFailure;
use crate::wire::{self, Message};

/// Something the central system must know.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    Access(AccessEvent),
    Security {
        kind: &'static str,
        at: jiff::Timestamp,
    },
}

impl Report {
    fn message(&self) -> Message {
        match self {
            Report::Access(event) => profile::event(event),
            Report::Security { kind, at } => wire::security_event(kind, None, *at),
        }
    }

    fn is_stored(&self, answer: &serde_json::Value) -> bool {
        match self {
            Report::Access(_) => profile::is_accepted(answer),
            Report::Security { .. } => true,
        }
    }
}

struct Item {
    report: Report,
    attempts: u32,
    not_before: Option<Instant>,
}

#[derive(Default)]
pub(crate) struct Reports {
    queue: Mutex<VecDeque<Item>>,
    sending: tokio::sync::Mutex<()>,
}

impl Reports {
    pub(crate) fn length(&self) -> usize {
        self.queue.lock().len()
    }
}

enum Step {
    Again,
    Done,
}

impl Inner {
    /// Keeps a report and sends it beside whatever else goes on.
    pub(crate) fn report(self: &Arc<Self>, report: Report) {
        let waiting = {
            let mut queue = self.reports.queue.lock();
            queue.push_back(Item {
                report,
                attempts: 0,
                not_before: None,
            });
            queue.len()
        };
        if self.core.is_ready() {
            self.send_reports_soon(Duration::ZERO);
        } else {
            self.core.emit(Event::Queued {
                what: "door event",
                waiting,
            });
        }
    }

    fn send_reports_soon(self: &Arc<Self>, wait: Duration) {
        let weak = Arc::downgrade(self);
        self.core.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(lock) = weak.upgrade() {
                lock.send_reports().await;
            }
        });
    }

    /// Sends the reports, in order, as far as they are accepted.
    pub(crate) async fn send_reports(self: &Arc<Self>) {
        let _sending = self.reports.sending.lock().await;
        while let Step::Again = self.send_first_report().await {}
        self.core.touch();
    }

    async fn send_first_report(self: &Arc<Self>) -> Step {
        let report = {
            let queue = self.reports.queue.lock();
            match queue.front() {
                Some(item) if item.not_before.is_none_or(|at| at <= Instant::now()) => {
                    item.report.clone()
                }
                Some(_) | None => return Step::Done,
            }
        };
        if !self.core.is_ready() {
            return Step::Done;
        }
        match self.core.call(report.message()).await {
            Ok((_, answer)) if report.is_stored(&answer) => {
                self.reports.queue.lock().pop_front();
                if let Report::Access(event) = report {
                    self.core.emit(Event::DoorEventStored {
                        event_id: event.event_id,
                    });
                }
                Step::Again
            }
            // The connection is gone: the next one brings another attempt.
            Err(StationError::NotConnected | StationError::Call(CallFailure::Closed { .. })) => {
                Step::Done
            }
            Ok(_) | Err(_) => {
                self.try_later();
                Step::Done
            }
        }
    }

    fn try_later(self: &Arc<Self>) {
        let wait = {
            let mut queue = self.reports.queue.lock();
            let Some(item) = queue.front_mut() else {
                return;
            };
            item.attempts += 1;
            let wait = self.config.event_retry * item.attempts.min(12);
            item.not_before = Some(Instant::now() + wait);
            wait
        };
        self.send_reports_soon(wait);
    }
}
