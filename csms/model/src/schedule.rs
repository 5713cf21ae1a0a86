//! Weekly schedules and calendars of holidays, by the clock on the installation's wall.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use crate::{CalendarId, Labels, OrganisationId, ScheduleId};

/// Minutes of a day by the clock on the wall.
pub const DAY_MINUTES: u16 = 1440;

/// Days of the week, and holidays: bit 0 is Monday, bit 6 Sunday, bit 7 a day of the schedule's
/// calendar, whatever day of the week it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Days(u8);

impl Days {
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b0001_1111);
    /// Saturday and Sunday.
    pub const WEEKEND: Self = Self(0b0110_0000);
    /// Days of the calendar.
    pub const HOLIDAYS: Self = Self(0b1000_0000);
    /// All of them.
    pub const EVERY: Self = Self(0b1111_1111);

    /// From bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// As bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a day of the week is among them.
    #[must_use]
    pub fn has(self, day: Weekday) -> bool {
        let bit = day.to_monday_zero_offset().unsigned_abs();
        self.0 & (1 << bit) != 0
    }

    /// Whether holidays are among them.
    #[must_use]
    pub const fn has_holidays(self) -> bool {
        self.0 & Self::HOLIDAYS.0 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Some hours of some days: holds where the clock on the wall shows `[from, until)`.
///
/// What the clock shows decides: an hour that is shown twice in autumn counts twice, one that is
/// left out in spring does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The days. A day of the calendar is a holiday and nothing else.
    pub days: Days,
    /// Inclusive; minutes since midnight, 0..=1439.
    pub from: u16,
    /// Exclusive; minutes since midnight, 1..=1440, after `from`. Over midnight takes two slots.
    pub until: u16,
}

impl Slot {
    /// Whether it is a slot at all.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        !self.days.is_empty() && self.from < self.until && self.until <= DAY_MINUTES
    }
}

/// A weekly schedule. Holds where any of its slots does; without slots it never does.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Its hours.
    pub slots: Vec<Slot>,
    /// Its holidays; `None`: every day is a day of the week.
    pub calendar: Option<CalendarId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed: what was allowed by it holds no longer, what was denied by it always.
    pub deleted_at: Option<Timestamp>,
}

/// Dates that are holidays.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// Its id.
    pub id: CalendarId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The dates, by the clock on the wall.
    pub dates: Vec<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed: there are no holidays then.
    pub deleted_at: Option<Timestamp>,
}
