//! When a session has to do something although nothing came.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// When nothing else is due.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// One timer for everything that a session waits for.
///
/// It is set again only when something is due earlier, so a busy station costs no timer work; when
/// it fires too early, it is set to what is due then.
pub(crate) struct Timing {
    timer: Pin<Box<Sleep>>,
    ping_interval: Option<Duration>,
    last_heard: Instant,
    last_ping: Instant,
}

impl Timing {
    /// `None`: no pings, and silence ends nothing.
    pub(crate) fn new(ping_interval: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            timer: Box::pin(sleep_until(now + ping_interval.unwrap_or(IDLE))),
            ping_interval,
            last_heard: now,
            last_ping: now,
        }
    }

    /// It was changed.
    pub(crate) fn set_ping_interval(&mut self, ping_interval: Option<Duration>) {
        self.ping_interval = ping_interval;
    }

    /// Something came: any frame shows that the station is alive (Q9).
    pub(crate) fn heard(&mut self) {
        self.last_heard = Instant::now();
    }

    /// Ready when something is due: what is known here, or one of the others.
    pub(crate) fn poll_due(
        &mut self,
        cx: &mut Context<'_>,
        others: [Option<Instant>; 4],
    ) -> Poll<()> {
        loop {
            let now = Instant::now();
            let own = [self.ping_due(), self.silence_due()];
            let due = own
                .into_iter()
                .chain(others)
                .flatten()
                .min()
                .unwrap_or(now + IDLE);
            if due < self.timer.deadline() {
                self.timer.as_mut().reset(due);
            }
            ready!(self.timer.as_mut().poll(cx));
            if due <= now {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
    }

    fn ping_due(&self) -> Option<Instant> {
        Some(self.last_heard.max(self.last_ping) + self.ping_interval?)
    }

    fn silence_due(&self) -> Option<Instant> {
        // Two and a half intervals: two pings went unanswered.
        Some(self.last_heard + self.ping_interval?.mul_f32(2.5))
    }

    /// Whether something came within this time.
    pub(crate) fn heard_within(&self, time: Duration) -> bool {
        self.last_heard.elapsed() < time
    }

    /// Nothing was heard for too long.
    pub(crate) fn is_unresponsive(&self, now: Instant) -> bool {
        self.silence_due().is_some_and(|due| now >= due)
    }

    /// Whether to ping now; counts as done.
    pub(crate) fn take_ping(&mut self, now: Instant) -> bool {
        let due = self.ping_due().is_some_and(|due| now >= due);
        if due {
            self.last_ping = now;
        }
        due
    }
}
