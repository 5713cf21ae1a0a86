//! Stations that dial again and again.
//!
//! A connection costs more than a message: the database is asked, a place is taken, watchers are
//! told. So a station that was let in and dials too often waits for its place. Nobody is refused,
//! and of several that wait only the newest is of any use.

use std::collections::HashMap;
use std::sync::Arc;

use model::StationKey;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::session::{Bucket, Pace, Rate};

/// With more stations than this, those that dial seldom are forgotten now and then.
const REMEMBERED: usize = 1_000;

/// How often which station dials; only of those whose handshake was good, so that nobody else can
/// make a station wait.
#[derive(Debug)]
pub(crate) struct Dials {
    rate: Option<Rate>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    stations: HashMap<StationKey, Arc<Dial>>,
    /// How many there may be before it is looked who can be forgotten.
    enough: usize,
}

/// One station's.
#[derive(Debug, Default)]
struct Dial {
    bucket: Arc<Bucket>,
    /// Its dials, counted.
    newest: watch::Sender<u64>,
}

/// A newer connection of the station waits in its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overtaken;

impl Dials {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            known: Mutex::default(),
        }
    }

    /// Waits until the station may come in.
    pub(crate) async fn place(&self, station: &StationKey) -> Result<(), Overtaken> {
        let dial = self.dial(station);
        let pace = Pace::new(self.rate, dial.bucket.clone());
        let mut newest = dial.newest.subscribe();
        let mut mine = 0;
        dial.newest.send_modify(|newest| {
            *newest += 1;
            mine = *newest;
        });
        while let Err(room) = pace.take(0, Instant::now()) {
            tokio::select! {
                () = sleep_until(room) => {}
                _ = newest.wait_for(|newest| *newest != mine) => return Err(Overtaken),
            }
        }
        Ok(())
    }

    fn dial(&self, station: &StationKey) -> Arc<Dial> {
        let mut known = self.known.lock();
        if known.stations.len() >= known.enough.max(REMEMBERED) {
            let now = Instant::now();
            known
                .stations
                .retain(|_, dial| Arc::strong_count(dial) > 1 || dial.bucket.owed(now).is_some());
            // Not at once again, where all of them are fresh.
            known.enough = known.stations.len() * 2;
        }
        known.stations.entry(station.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use model::StationId;
    use std::time::Duration;

    use super::*;

    const RATE: Rate = Rate {
        per_second: 20,
        burst: 3,
    };

    fn key(id: &str) -> StationKey {
        StationId::new(id).unwrap().key()
    }

    #[tokio::test]
    async fn a_few_come_in_at_once_and_then_at_the_rate() {
        let dials = Dials::new(Some(RATE));
        let begun = Instant::now();
        for _ in 0..5 {
            dials.place(&key("CP1")).await.unwrap();
        }
        assert!(begun.elapsed() >= Duration::from_millis(100));
        assert_eq!(dials.place(&key("CP2")).now_or_never(), Some(Ok(())));
    }

    #[tokio::test]
    async fn of_those_that_wait_the_newest_comes_in() {
        let dials = Dials::new(Some(RATE));
        for _ in 0..3 {
            dials.place(&key("CP1")).await.unwrap();
        }
        let cp1 = key("CP1");
        let (older, newer) = tokio::join!(dials.place(&cp1), dials.place(&cp1));
        assert_eq!((older, newer), (Err(Overtaken), Ok(())));
    }

    #[tokio::test]
    async fn those_that_dial_seldom_are_forgotten() {
        let often = Rate {
            per_second: 1_000_000,
            burst: 1,
        };
        let dials = Dials::new(Some(often));
        for number in 0..REMEMBERED {
            dials.place(&key(&format!("CP{number}"))).await.unwrap();
        }
        dials.place(&key("LAST")).await.unwrap();
        let remembered = dials.known.lock().stations.len();
        assert!(remembered < 10, "{remembered}");
    }

    #[tokio::test]
    async fn without_a_rate_nobody_waits() {
        let dials = Dials::new(None);
        for _ in 0..1_000 {
            dials.place(&key("CP1")).await.unwrap();
        }
    }
}
