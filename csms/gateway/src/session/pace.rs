//! How fast a station is listened to.
//!
//! A leaking bucket of each identity, not of an address: many stations of a site share one (Q14).
//! What does not fit waits: the station is not read until there is room, so it is TCP that slows
//! it down. Nothing is refused, dropped or closed for coming too fast, because a station that
//! replays a week offline does just that. A message up to [`PIECE_BYTES`] costs one; a longer one
//! as many as it has such pieces, so that megabytes cannot be had for the price of a heartbeat. It
//! is taken as soon as there is room for one piece, and the rest is owed.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// What one unit of the rate buys.
const PIECE_BYTES: usize = 4 << 10;

/// The longest that a message is paid off, however long it is and however slow the rate.
const LONGEST: Duration = Duration::from_secs(10);

/// How many messages of a station are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, a second.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// What an identity has taken lately. It outlives the connection: neither one that leaves nor one
/// that takes the place of another begins with an empty bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket(Mutex<Option<Instant>>);

impl Bucket {
    /// Of an identity that was here before, if it owes something.
    pub(crate) fn owing(empty_at: Option<Instant>) -> Self {
        Self(Mutex::new(empty_at))
    }

    /// When it is empty again, if it is not now.
    pub(crate) fn owed(&self, now: Instant) -> Option<Instant> {
        self.0.lock().filter(|empty_at| *empty_at > now)
    }
}

/// The rate of one connection, and the bucket of its identity.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The time one message is worth; zero: no limit.
    each: Duration,
    /// How far ahead it may be.
    ahead: Duration,
    bucket: Arc<Bucket>,
}

impl Pace {
    pub(crate) fn new(rate: Option<Rate>, bucket: Arc<Bucket>) -> Self {
        let mut pace = Self {
            each: Duration::ZERO,
            ahead: Duration::ZERO,
            bucket,
        };
        pace.set_rate(rate);
        pace
    }

    /// It was changed; what was taken stays taken.
    pub(crate) fn set_rate(&mut self, rate: Option<Rate>) {
        let rate = rate.filter(|rate| rate.per_second > 0);
        self.each = rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs(1) / rate.per_second
        });
        self.ahead = self.each * rate.map_or(0, |rate| rate.burst.max(1));
    }

    /// Takes a message in, or says when there will be room for it.
    pub(crate) fn take(&self, bytes: usize, now: Instant) -> Result<(), Instant> {
        if self.each.is_zero() {
            return Ok(());
        }
        let mut empty_at = self.bucket.0.lock();
        let level = empty_at.map_or(now, |empty_at| empty_at.max(now));
        if level + self.each > now + self.ahead {
            return Err(level + self.each - self.ahead);
        }
        let pieces = u32::try_from(bytes.div_ceil(PIECE_BYTES).max(1)).unwrap_or(u32::MAX);
        let cost = self.each.saturating_mul(pieces);
        *empty_at = Some(level + cost.min(LONGEST.max(self.each)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 5,
    };

    fn pace(rate: Option<Rate>) -> Pace {
        Pace::new(rate, Arc::default())
    }

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_each_tenth_of_a_second() {
        let now = Instant::now();
        let pace = pace(Some(RATE));
        for _ in 0..5 {
            assert_eq!(pace.take(100, now), Ok(()));
        }
        let room = now + Duration::from_millis(100);
        assert_eq!(pace.take(100, now), Err(room));
        assert_eq!(pace.take(100, room), Ok(()));
        assert_eq!(pace.take(100, room), Err(room + Duration::from_millis(100)));
    }

    #[test]
    fn a_long_message_is_taken_and_paid_off_afterwards() {
        let now = Instant::now();
        let pace = pace(Some(RATE));
        // Twice the burst: it fits all the same, and what it costs above the burst is waited for.
        assert_eq!(pace.take(10 * PIECE_BYTES, now), Ok(()));
        let room = now + Duration::from_millis(600);
        assert_eq!(pace.take(1, now), Err(room));
        assert_eq!(pace.take(1, room), Ok(()));
        assert!(pace.take(1, room).is_err());
    }

    #[test]
    fn the_longest_message_silences_a_slow_station_for_seconds_and_not_for_hours() {
        let slow = Rate {
            per_second: 1,
            burst: 2,
        };
        let now = Instant::now();
        let pace = pace(Some(slow));
        assert_eq!(pace.take(usize::MAX, now), Ok(()));
        assert_eq!(pace.take(1, now), Err(now + Duration::from_secs(9)));
    }

    #[test]
    fn what_is_owed_stays_owed_over_a_reconnect() {
        let now = Instant::now();
        let first = pace(Some(RATE));
        for _ in 0..5 {
            first.take(1, now).unwrap();
        }
        let owed = first.bucket.owed(now);
        let second = Pace::new(Some(RATE), Arc::new(Bucket::owing(owed)));
        assert!(second.take(1, now).is_err());
        assert_eq!(first.bucket.owed(now + Duration::from_secs(1)), None);
    }

    #[test]
    fn two_connections_of_an_identity_take_from_one_bucket() {
        let now = Instant::now();
        let first = pace(Some(RATE));
        let second = Pace::new(Some(RATE), first.bucket.clone());
        for _ in 0..3 {
            first.take(1, now).unwrap();
        }
        second.take(1, now).unwrap();
        second.take(1, now).unwrap();
        assert!(first.take(1, now).is_err());
        assert!(second.take(1, now).is_err());
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let pace = pace(None);
        for _ in 0..10_000 {
            pace.take(1 << 20, Instant::now()).unwrap();
        }
        assert_eq!(pace.bucket.owed(Instant::now()), None);
    }
}
