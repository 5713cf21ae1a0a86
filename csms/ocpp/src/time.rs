//! Times as stations write them and as they are written to stations.

use chrono::{DateTime, Utc};
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use model::EventTime;

use crate::quirk::Deviation;

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// RFC 3339, as both versions ask.
    Well(Timestamp),
    /// Readable all the same.
    Oddly(Timestamp, Deviation),
    /// Not readable.
    Unreadable,
}

impl Written {
    pub(crate) fn time(self) -> Option<Timestamp> {
        match self {
            Written::Well(time) | Written::Oddly(time, _) => Some(time),
            Written::Unreadable => None,
        }
    }

    pub(crate) fn deviation(self) -> Option<Deviation> {
        match self {
            Written::Well(_) => None,
            Written::Oddly(_, deviation) => Some(deviation),
            Written::Unreadable => Some(Deviation::TimeUnreadable),
        }
    }
}

/// Reads a time. Quirk Q22: without a zone it is taken as UTC; `+02` and a blank instead of `T`
/// are understood.
pub(crate) fn read(text: &str) -> Written {
    let trimmed = text.trim();
    if let Ok(time) = trimmed.parse::<Timestamp>() {
        return if is_rfc3339(text) {
            Written::Well(time)
        } else {
            Written::Oddly(time, Deviation::TimeForm)
        };
    }
    match trimmed
        .parse::<civil::DateTime>()
        .map(|local| local.to_zoned(TimeZone::UTC))
    {
        // A bare date is not a moment.
        Ok(Ok(zoned)) if trimmed.contains(':') => {
            Written::Oddly(zoned.timestamp(), Deviation::TimeWithoutZone)
        }
        _ => Written::Unreadable,
    }
}

/// The time with its received text.
pub(crate) fn event_time(text: &str) -> EventTime {
    EventTime {
        text: text.to_owned(),
        time: read(text).time(),
    }
}

/// RFC 3339 §5.6, what JSON Schema calls `date-time`; the digits' ranges are the parser's matter.
fn is_rfc3339(text: &str) -> bool {
    let shape = |part: &str, pattern: &str| {
        part.len() == pattern.len()
            && part
                .bytes()
                .zip(pattern.bytes())
                .all(|(byte, expected)| match expected {
                    b'0' => byte.is_ascii_digit(),
                    _ => byte.eq_ignore_ascii_case(&expected),
                })
    };
    let Some((seconds, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| {
        let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if zone.len() == fraction.len() {
            ""
        } else {
            zone
        }
    });
    shape(seconds, "0000-00-00T00:00:00")
        && (shape(zone, "Z") || shape(zone, "+00:00") || shape(zone, "-00:00"))
}

/// For answers: whole seconds, never later than the time given. Quirk Q23: some chargers read
/// nothing but seconds and `Z`.
pub(crate) fn whole_seconds(time: Timestamp) -> DateTime<Utc> {
    let floor = TimestampRound::new()
        .smallest(Unit::Second)
        .mode(RoundMode::Floor);
    let seconds = time.round(floor).unwrap_or(time).as_second();
    // Every jiff timestamp lies within chrono's range.
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// As [`whole_seconds`], as text.
pub(crate) fn whole_seconds_text(time: Timestamp) -> String {
    whole_seconds(time).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_seen() {
        let check = |text: &str, deviation: Option<Deviation>, seconds: Option<i64>| {
            let written = read(text);
            assert_eq!(written.deviation(), deviation, "{text}");
            assert_eq!(written.time().map(Timestamp::as_second), seconds, "{text}");
        };
        let noon = Some(1_717_243_200);
        check("2024-06-01T12:00:00Z", None, noon);
        check("2024-06-01t12:00:00z", None, noon);
        check("2024-06-01T12:00:00.123456789Z", None, noon);
        check("2024-06-01T14:00:00+02:00", None, noon);
        check("2024-06-01T10:30:00-01:30", None, noon);
        check("1970-01-01T00:00:00Z", None, Some(0));
        check(
            "2024-06-01T12:00:00",
            Some(Deviation::TimeWithoutZone),
            noon,
        );
        check(
            "2024-06-01 12:00:00.5",
            Some(Deviation::TimeWithoutZone),
            noon,
        );
        check("2024-06-01T14:00:00+02", Some(Deviation::TimeForm), noon);
        check("2024-06-01T14:00:00+0200", Some(Deviation::TimeForm), noon);
        check("2024-06-01 12:00:00Z", Some(Deviation::TimeForm), noon);
        check(" 2024-06-01T12:00:00Z", Some(Deviation::TimeForm), noon);
        check("2024-06-01T12:00Z", Some(Deviation::TimeForm), noon);
        for unreadable in [
            "",
            "2024-06-01",
            "yesterday",
            "2024-13-01T00:00:00Z",
            "12:00:00",
            "0",
        ] {
            check(unreadable, Some(Deviation::TimeUnreadable), None);
        }
    }

    #[test]
    fn the_received_text_is_kept() {
        let time = event_time("2024-06-01 12:00:00");
        assert_eq!(time.text, "2024-06-01 12:00:00");
        assert!(time.time.is_some());
        assert_eq!(
            event_time("garbage"),
            EventTime {
                text: "garbage".into(),
                time: None
            }
        );
    }

    #[test]
    fn answers_carry_whole_seconds_and_z() {
        let time = Timestamp::from_nanosecond(1_717_243_200_999_999_999).unwrap();
        assert_eq!(whole_seconds_text(time), "2024-06-01T12:00:00Z");
        let before_epoch = Timestamp::from_millisecond(-1).unwrap();
        assert_eq!(whole_seconds_text(before_epoch), "1969-12-31T23:59:59Z");
    }
}
