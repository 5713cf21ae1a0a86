//! How fast a station is listened to.
//!
//! A leaking bucket of each identity, not of an address: many stations of a site share one (Q14).
//! What does not fit waits: the station is not read until there is room, so it is TCP that slows
//! it down. Nothing is refused, dropped or closed for coming too fast, because a station that
//! replays a week offline does just that. A message up to [`PIECE_BYTES`] costs one; a longer one
//! as many as it has such pieces, so that megabytes cannot be had for the price of a heartbeat.

use std::time::Duration;

use tokio::time::Instant;

/// What one unit of the rate buys.
const PIECE_BYTES: usize = 4 << 10;

/// How many messages of a station are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, a second.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// The bucket of one station, for as long as it is connected; the registry keeps what it owes when
/// it leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The time one message is worth; zero: no limit.
    each: Duration,
    /// How far ahead it may be.
    ahead: Duration,
    /// When the bucket is empty again.
    empty_at: Instant,
}

impl Pace {
    /// `owed` is when the bucket of this identity is empty, from an earlier connection.
    pub(crate) fn new(rate: Option<Rate>, owed: Option<Instant>, now: Instant) -> Self {
        let mut pace = Self {
            each: Duration::ZERO,
            ahead: Duration::ZERO,
            empty_at: owed.unwrap_or(now),
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
    pub(crate) fn take(&mut self, bytes: usize, now: Instant) -> Result<(), Instant> {
        if self.each.is_zero() {
            return Ok(());
        }
        let pieces = u32::try_from(bytes.div_ceil(PIECE_BYTES).max(1)).unwrap_or(u32::MAX);
        // The largest message must fit into an empty bucket, however small that is.
        let cost = self.each.saturating_mul(pieces).min(self.ahead);
        let level = self.empty_at.max(now) + cost;
        if level > now + self.ahead {
            return Err(level - self.ahead);
        }
        self.empty_at = level;
        Ok(())
    }

    /// When the bucket is empty again, if it is not now.
    pub(crate) fn owed(&self, now: Instant) -> Option<Instant> {
        (self.empty_at > now).then_some(self.empty_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 5,
    };

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_each_tenth_of_a_second() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(RATE), None, now);
        for _ in 0..5 {
            assert_eq!(pace.take(100, now), Ok(()));
        }
        let room = now + Duration::from_millis(100);
        assert_eq!(pace.take(100, now), Err(room));
        assert_eq!(pace.take(100, room), Ok(()));
        assert_eq!(pace.take(100, room), Err(room + Duration::from_millis(100)));
    }

    #[test]
    fn a_long_message_costs_more_and_the_longest_still_fits() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(RATE), None, now);
        assert_eq!(pace.take(3 * PIECE_BYTES, now), Ok(()));
        assert_eq!(
            pace.take(3 * PIECE_BYTES, now),
            Err(now + Duration::from_millis(100))
        );
        let later = now + Duration::from_secs(60);
        assert_eq!(pace.take(usize::MAX, later), Ok(()));
        assert!(pace.take(1, later).is_err());
    }

    #[test]
    fn what_is_owed_stays_owed_over_a_reconnect() {
        let now = Instant::now();
        let mut first = Pace::new(Some(RATE), None, now);
        for _ in 0..5 {
            first.take(1, now).unwrap();
        }
        let mut second = Pace::new(Some(RATE), first.owed(now), now);
        assert!(second.take(1, now).is_err());
        assert_eq!(first.owed(now + Duration::from_secs(1)), None);
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(None, None, Instant::now());
        for _ in 0..10_000 {
            pace.take(1 << 20, Instant::now()).unwrap();
        }
        assert_eq!(pace.owed(Instant::now()), None);
    }
}
