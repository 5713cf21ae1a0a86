//! The hours of a schedule in words: `Mon-Fri 07:00-20:00, Sat 09:00-12:00`.

use std::fmt::Write;

use model::{DAY_MINUTES, Days, Slot};

const NAMES: [&str; 8] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "holidays"];

/// The hours in words, slots of the same hours together, in the order of their first day.
#[must_use]
pub(crate) fn in_words(slots: &[Slot]) -> String {
    let mut hours: Vec<((u16, u16), u8)> = Vec::new();
    for slot in slots {
        match hours
            .iter_mut()
            .find(|(times, _)| *times == (slot.from, slot.until))
        {
            Some((_, days)) => *days |= slot.days.bits(),
            None => hours.push(((slot.from, slot.until), slot.days.bits())),
        }
    }
    if hours.is_empty() {
        return "never".to_owned();
    }
    hours.sort_by_key(|((from, _), days)| (days.trailing_zeros(), *from));
    let mut words = String::new();
    for ((from, until), days) in hours {
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(&days_in_words(days));
        if (from, until) != (0, DAY_MINUTES) {
            // Writing to a text cannot fail.
            let _ = write!(words, " {}-{}", clock(from), clock(until));
        }
    }
    words
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `Mon-Fri`, `Mon, Wed`, `every day`, `Sat-Sun and holidays`.
fn days_in_words(bits: u8) -> String {
    if bits == Days::EVERY.bits() {
        return "every day".to_owned();
    }
    let has = |day: usize| bits & (1 << day) != 0;
    let mut runs: Vec<String> = Vec::new();
    let mut day = 0;
    while day < 7 {
        if !has(day) {
            day += 1;
            continue;
        }
        let first = day;
        while day < 7 && has(day) {
            day += 1;
        }
        let name = |day: usize| NAMES.get(day).copied().unwrap_or_default();
        runs.push(match day - first {
            1 => name(first).to_owned(),
            2 => format!("{}, {}", name(first), name(first + 1)),
            _ => format!("{}-{}", name(first), name(day - 1)),
        });
    }
    let week = runs.join(", ");
    let holidays = bits & Days::HOLIDAYS.bits() != 0;
    match (week.is_empty(), holidays) {
        (false, true) => format!("{week} and holidays"),
        (true, true) => "holidays".to_owned(),
        (_, false) => week,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_told_in_few_words() {
        let slot = |days: u8, from: u16, until: u16| Slot {
            days: Days::from_bits(days),
            from,
            until,
        };
        let working = Days::WORKING.bits();
        for (slots, expected) in [
            (vec![], "never"),
            (vec![slot(working, 420, 1200)], "Mon-Fri 07:00-20:00"),
            (vec![slot(255, 0, 1440)], "every day"),
            (
                vec![slot(0b10_0000, 540, 720), slot(working, 420, 1200)],
                "Mon-Fri 07:00-20:00, Sat 09:00-12:00",
            ),
            (
                vec![slot(0b1, 420, 1200), slot(0b100, 420, 1200)],
                "Mon, Wed 07:00-20:00",
            ),
            (vec![slot(0b1110_0000, 0, 1440)], "Sat, Sun and holidays"),
            (vec![slot(0b1000_0000, 0, 60)], "holidays 00:00-01:00"),
            (
                vec![slot(working, 1320, 1440), slot(working, 0, 360)],
                "Mon-Fri 00:00-06:00, Mon-Fri 22:00-24:00",
            ),
        ] {
            assert_eq!(in_words(&slots), expected);
        }
    }
}
