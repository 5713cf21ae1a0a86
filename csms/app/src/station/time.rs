//! Times that stations report, and how far they are believed.

use jiff::{SignedDuration, Timestamp};
use model::EventTime;
use model::neutral::Delivery;

/// What is older than that is late.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// The time, if it can be read and believed (Q22: 1970 after power loss, clocks in the future).
pub(super) fn plausible(time: &EventTime, now: Timestamp) -> Option<Timestamp> {
    time.believed(now).ok()
}

/// The time if it can be believed, else the time of receipt.
pub(super) fn plausible_or(time: Option<&EventTime>, now: Timestamp) -> Timestamp {
    time.and_then(|time| plausible(time, now)).unwrap_or(now)
}

/// Whether something is reported when it happens or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timeliness {
    /// As it happens.
    Live,
    /// Later; it happened then.
    Late(Timestamp),
}

/// Late: said to be, or from before this connection, or more than five minutes ago. A time that
/// cannot be believed says nothing.
pub(super) fn timeliness(
    time: &EventTime,
    delivery: Delivery,
    connected: Timestamp,
    now: Timestamp,
) -> Timeliness {
    let believed = plausible(time, now).map(|time| time.min(now));
    match (delivery, believed) {
        (Delivery::Offline, time) => Timeliness::Late(time.unwrap_or(now)),
        // Whole seconds: stations cut fractions off.
        (Delivery::Live, Some(time))
            if time.as_second() < connected.as_second() || now.duration_since(time) > LATE =>
        {
            Timeliness::Late(time)
        }
        (Delivery::Live, _) => Timeliness::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> EventTime {
        EventTime {
            text: text.into(),
            time: text.parse().ok(),
        }
    }

    #[test]
    fn a_clock_of_1970_says_nothing() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let time = at("1970-01-01T00:00:07Z");
        assert_eq!(plausible(&time, now), None);
        assert_eq!(
            timeliness(&time, Delivery::Live, now, now),
            Timeliness::Live
        );
    }

    #[test]
    fn late_is_said_or_from_before_the_connection_or_old() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let connected: Timestamp = "2026-11-24T09:00:00.7Z".parse().unwrap();
        let cases = [
            ("2026-11-24T09:59:00Z", Delivery::Live, false),
            ("2026-11-24T09:59:00Z", Delivery::Offline, true),
            ("2026-11-24T09:54:59Z", Delivery::Live, true),
            ("2026-11-24T08:59:59Z", Delivery::Live, true),
        ];
        for (text, delivery, late) in cases {
            let found = timeliness(&at(text), delivery, connected, now);
            assert_eq!(matches!(found, Timeliness::Late(_)), late, "{text}");
        }
        let just: Timestamp = "2026-11-24T09:00:01Z".parse().unwrap();
        let same_second = at("2026-11-24T09:00:00Z");
        assert_eq!(
            timeliness(&same_second, Delivery::Live, connected, just),
            Timeliness::Live
        );
    }
}
