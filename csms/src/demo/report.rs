//! What came of the round, line by line.

use std::fmt::Write;

use crate::print_line;

/// Lines so far.
#[derive(Default)]
pub(crate) struct Report {
    right: usize,
    wrong: usize,
}

/// One question and what was expected of it.
pub(crate) struct Line<'a> {
    /// Where, e.g. `GARAGE-1`.
    pub(crate) place: &'a str,
    /// What was done, in words.
    pub(crate) what: &'a str,
    /// What the station or caller was told.
    pub(crate) told: &'a str,
    /// What it should have been told.
    pub(crate) told_expected: &'a str,
    /// The reason from the decision log.
    pub(crate) reason: &'a str,
    /// What it should have been.
    pub(crate) reason_expected: &'a str,
}

impl Report {
    pub(crate) fn line(&mut self, line: &Line<'_>) {
        let as_expected = line.told == line.told_expected && line.reason == line.reason_expected;
        let mut text = format!(
            "{} {:<9} {:<44} {:<9} {}",
            if as_expected { "✓" } else { "✗" },
            line.place,
            line.what,
            line.told,
            line.reason,
        );
        if let Ok(reason) = line.reason.parse::<model::Reason>() {
            let _ = write!(text, ": {}", reason.words());
        }
        if as_expected {
            self.right += 1;
        } else {
            self.wrong += 1;
            let _ = write!(
                text,
                "   expected {} {}",
                line.told_expected, line.reason_expected
            );
        }
        print_line(&text);
    }

    /// Something that is seen rather than decided.
    pub(crate) fn fact(&mut self, place: &str, what: &str, holds: Holds) {
        match holds {
            Holds::Yes => self.right += 1,
            Holds::No => self.wrong += 1,
        }
        print_line(&format!(
            "{} {place:<9} {what}",
            if holds == Holds::Yes { "✓" } else { "✗" }
        ));
    }

    pub(crate) fn is_as_expected(&self) -> bool {
        self.wrong == 0 && self.right > 0
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "\n{} of {} as expected",
            self.right,
            self.right + self.wrong
        )
    }
}

/// Whether a fact was as expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It was.
    Yes,
    /// It was not.
    No,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Holds::Yes } else { Holds::No }
    }
}
