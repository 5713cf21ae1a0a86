//! When a schedule holds: by the clock on the installation's wall.
//!
//! What the clock shows decides. In autumn an hour is shown twice and counts twice; in spring one
//! is left out and does not come.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use model::{DAY_MINUTES, Slot};

/// How far ahead the next change is looked for, days.
const LOOKAHEAD_DAYS: i64 = 8;

/// The hours of a schedule at a place.
#[derive(Clone, Copy)]
pub(crate) struct Hours<'a> {
    pub(crate) slots: &'a [Slot],
    /// Sorted.
    pub(crate) holidays: &'a [Date],
    pub(crate) zone: &'a TimeZone,
}

impl Hours<'_> {
    /// Whether it holds at an instant.
    pub(crate) fn hold(&self, at: Timestamp) -> bool {
        let local = self.zone.to_datetime(at);
        let minute = minute_of(local);
        let holiday = self.holidays.binary_search(&local.date()).is_ok();
        self.slots.iter().any(|slot| {
            let today = if holiday {
                slot.days.has_holidays()
            } else {
                slot.days.has(local.date().weekday())
            };
            today && slot.from <= minute && minute < slot.until
        })
    }

    /// The first instant after `at` at which it begins to hold, or no longer holds; if there is
    /// none soon, how far was looked.
    pub(crate) fn next_change(&self, at: Timestamp) -> Timestamp {
        let horizon = at
            .checked_add(SignedDuration::from_hours(24 * LOOKAHEAD_DAYS))
            .unwrap_or(Timestamp::MAX);
        let holds = self.hold(at);
        let mut edges = self.edges(at, horizon);
        edges.sort_unstable();
        edges
            .into_iter()
            .find(|edge| self.hold(*edge) != holds)
            .unwrap_or(horizon)
    }

    /// Every instant in `(at, horizon)` at which it may change: the edges of its slots, midnights,
    /// and shifts of the clock.
    fn edges(&self, at: Timestamp, horizon: Timestamp) -> Vec<Timestamp> {
        let mut minutes: Vec<u16> = self
            .slots
            .iter()
            .flat_map(|slot| [slot.from, slot.until])
            .chain([0])
            .filter(|minute| *minute < DAY_MINUTES)
            .collect();
        minutes.sort_unstable();
        minutes.dedup();
        let mut edges: Vec<Timestamp> = self
            .zone
            .following(at)
            .map(|shift| shift.timestamp())
            .take_while(|shift| *shift < horizon)
            .collect();
        let first = self.zone.to_datetime(at).date();
        let mut day = first.yesterday().unwrap_or(first);
        for _ in 0..=LOOKAHEAD_DAYS + 2 {
            for minute in &minutes {
                self.instants_of(day, *minute, &mut edges);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        edges.retain(|edge| *edge > at && *edge < horizon);
        edges
    }

    /// When the clock shows a time: once, twice, or never.
    fn instants_of(&self, day: Date, minute: u16, into: &mut Vec<Timestamp>) {
        let Ok(shown) = DateTime::from(day).checked_add(i64::from(minute).minutes()) else {
            return;
        };
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                into.extend(offset.to_timestamp(shown));
            }
            AmbiguousOffset::Fold { before, after } => {
                into.extend(before.to_timestamp(shown));
                into.extend(after.to_timestamp(shown));
            }
            // The shift itself is among the edges.
            AmbiguousOffset::Gap { .. } => {}
        }
    }
}

fn minute_of(local: DateTime) -> u16 {
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;
    use model::Days;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn slot(days: Days, from: u16, until: u16) -> Slot {
        Slot { days, from, until }
    }

    /// Minutes that hold of those between two instants.
    fn minutes(hours: &Hours<'_>, from: &str, until: &str) -> i64 {
        let (mut at, until): (Timestamp, Timestamp) =
            (from.parse().unwrap(), until.parse().unwrap());
        let mut held = 0;
        while at < until {
            held += i64::from(hours.hold(at));
            at += SignedDuration::from_mins(1);
        }
        held
    }

    #[test]
    fn a_day_has_23_or_25_hours_where_the_clock_is_shifted() {
        let zurich = zone("Europe/Zurich");
        let hours = Hours {
            slots: &[slot(Days::WEEKEND, 0, DAY_MINUTES)],
            holidays: &[],
            zone: &zurich,
        };
        // A Sunday each; the neighbours of spring are of other lengths.
        for (from, until, expected) in [
            ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23 * 60),
            ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25 * 60),
        ] {
            assert_eq!(minutes(&hours, from, until), expected);
            let before = from.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(24);
            // Saturday and Sunday are one stretch; it ends at midnight on the wall.
            assert_eq!(hours.next_change(before), until.parse().unwrap());
        }
    }

    #[test]
    fn an_hour_shown_twice_counts_twice_and_one_left_out_does_not_come() {
        let zurich = zone("Europe/Zurich");
        let hours = Hours {
            slots: &[slot(Days::EVERY, 2 * 60, 3 * 60)],
            holidays: &[],
            zone: &zurich,
        };
        let day = |from: &str, until: &str| minutes(&hours, from, until);
        assert_eq!(day("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 120);
        assert_eq!(day("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 0);
        assert_eq!(day("2026-06-01T22:00:00Z", "2026-06-02T22:00:00Z"), 60);
    }

    #[test]
    fn edges_are_inclusive_and_exclusive() {
        let utc = zone("UTC");
        let hours = Hours {
            slots: &[
                slot(Days::WORKING, 7 * 60, 20 * 60),
                slot(Days::HOLIDAYS, 0, 60),
            ],
            holidays: &["2026-11-27".parse().unwrap()],
            zone: &utc,
        };
        let holds = |at: &str| hours.hold(at.parse().unwrap());
        assert!(!holds("2026-11-26T06:59:59.999999Z"));
        assert!(holds("2026-11-26T07:00:00Z"));
        assert!(holds("2026-11-26T19:59:59.999999Z"));
        assert!(!holds("2026-11-26T20:00:00Z"));
        // A Friday that is a holiday.
        assert!(holds("2026-11-27T00:30:00Z"));
        assert!(!holds("2026-11-27T12:00:00Z"));
    }

    #[test]
    fn the_next_change_is_the_first_minute_that_differs() {
        let mut seed = 7_u64;
        let mut next = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % most
        };
        let zones = [
            "Europe/Zurich",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
        ];
        let around = [
            "2026-03-28T20:00:00Z",
            "2026-10-24T20:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-04-04T10:00:00Z",
        ];
        for _ in 0..200 {
            let zone = zone(zones[usize::try_from(next(4)).unwrap()]);
            let slots: Vec<Slot> = (0..next(4))
                .map(|_| {
                    let from = u16::try_from(next(1439)).unwrap();
                    let until = from + 1 + u16::try_from(next(u64::from(1440 - from))).unwrap();
                    slot(
                        Days::from_bits(1 + u8::try_from(next(255)).unwrap()),
                        from,
                        until,
                    )
                })
                .collect();
            let at: Timestamp = around[usize::try_from(next(4)).unwrap()].parse().unwrap();
            let at = at + SignedDuration::from_mins(i64::try_from(next(1440)).unwrap());
            let hours = Hours {
                slots: &slots,
                holidays: &["2026-10-25".parse().unwrap()],
                zone: &zone,
            };
            let now = hours.hold(at);
            let mut scanned = at;
            let horizon = at + SignedDuration::from_hours(24 * LOOKAHEAD_DAYS);
            while scanned < horizon && hours.hold(scanned) == now {
                scanned += SignedDuration::from_mins(1);
            }
            assert_eq!(
                hours.next_change(at),
                scanned,
                "{slots:?} in {zone:?} at {at}"
            );
        }
    }
}
