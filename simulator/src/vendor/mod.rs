//! How real stations deviate from the standard, by name.
//!
//! A station makes its messages well-formed; a habit then changes the JSON, the handshake or the
//! order of things, as some maker's stations do.

mod answers;
mod habit;
mod handshake;
mod readings;
mod requests;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod times;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use serde_json::Value;

pub use habit::Habit;
pub use table::{VENDORS, Vendor, find};
pub(crate) use times::is_plain as is_plain_time;

use crate::station::Core;
use crate::transport::{Answer, Endpoint, Incoming};

/// The habits of one station. They may change while it runs.
#[derive(Debug, Default)]
pub struct Habits {
    set: RwLock<Vec<Habit>>,
    /// Handshakes so far: some stations offer something else each time.
    handshakes: AtomicU32,
}

impl Clone for Habits {
    /// The same habits of another station.
    fn clone(&self) -> Habits {
        Habits::new(&self.all())
    }
}

impl Habits {
    /// These habits.
    #[must_use]
    pub fn new(habits: &[Habit]) -> Habits {
        let new = Habits::default();
        habits.iter().for_each(|habit| new.take_up(*habit));
        new
    }

    /// The station takes up a habit.
    pub fn take_up(&self, habit: Habit) {
        let mut set = self.set.write();
        if !set.contains(&habit) {
            set.push(habit);
        }
    }

    /// The station drops a habit.
    pub fn drop_habit(&self, habit: Habit) {
        self.set.write().retain(|known| *known != habit);
    }

    /// Whether the station has it.
    #[must_use]
    pub fn has(&self, habit: Habit) -> bool {
        self.set.read().contains(&habit)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Habit> {
        self.set.read().clone()
    }

    /// Changes where and how the station connects.
    pub(crate) fn dress(&self, endpoint: &mut Endpoint) {
        let count = self.handshakes.fetch_add(1, Ordering::Relaxed);
        for habit in self.all() {
            handshake::dress(habit, endpoint, count);
        }
    }

    /// How long the station lives without a ping.
    pub(crate) fn ping_patience(&self) -> Option<Duration> {
        self.has(Habit::NeedsPing)
            .then_some(handshake::PING_PATIENCE)
    }

    /// Changes the payload of a CALL that is about to go out.
    pub(crate) fn request(&self, core: &Core, action: &str, mut payload: Value) -> Value {
        for habit in self.all() {
            requests::change(habit, core, action, &mut payload);
        }
        payload
    }

    /// Changes an answer that is about to go out.
    pub(crate) fn answer(&self, core: &Core, call: &Incoming, answer: &mut Answer) {
        for habit in self.all() {
            answers::change(habit, core, call, answer);
        }
    }

    /// What goes out by mistake after a CALL.
    pub(crate) fn strays_after(&self, action: &str) -> Vec<&'static str> {
        self.all()
            .into_iter()
            .filter_map(|habit| match (habit, action) {
                (Habit::EmptyFrames, _) => Some(""),
                (Habit::BrokenJson, "BootNotification" | "MeterValues") => {
                    Some("[,{\"status\":\"Available\"}")
                }
                (_, _) => None,
            })
            .collect()
    }
}
