//! What is printed: who, what, why, and what to do.

use super::client::Station;

/// How bad it is. The order is that of printing: the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It works again.
    Good,
    /// Good to know.
    Note,
    /// Somebody must act.
    Problem,
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) severity: Severity,
    /// The identity.
    pub(super) who: String,
    /// The code.
    pub(super) what: String,
    pub(super) reason: String,
    /// May be empty.
    pub(super) fix: String,
    /// When, and how often.
    pub(super) when: String,
}

impl Entry {
    /// Two lines; the texts of stations can do nothing to a terminal.
    pub(super) fn lines(&self, colour: bool) -> String {
        let (mark, on) = match self.severity {
            Severity::Good => ("OK     ", "\u{1b}[32m"),
            Severity::Note => ("note   ", "\u{1b}[33m"),
            Severity::Problem => ("PROBLEM", "\u{1b}[31m"),
        };
        let (on, off) = if colour { (on, "\u{1b}[0m") } else { ("", "") };
        let mut text = format!(
            "{on}{mark}{off} {who}: {reason} [{what}{when}]",
            who = clean(&self.who),
            reason = clean(&self.reason),
            what = clean(&self.what),
            when = clean(&self.when),
        );
        if !self.fix.is_empty() {
            text.push_str("\n        -> ");
            text.push_str(&clean(&self.fix));
        }
        text
    }
}

/// A registered station that is not there. Most were switched off on purpose.
pub(super) fn offline(station: &Station) -> Entry {
    let (reason, fix) = match &station.last_seen {
        Some(at) => (format!("not connected; last heard {at}"), String::new()),
        None => (
            "registered, but never connected".to_owned(),
            "enter this server's address in the station, ending in its identity; what it tries is \
             listed here"
                .to_owned(),
        ),
    };
    Entry {
        severity: Severity::Note,
        who: station.id.clone(),
        what: "offline".to_owned(),
        reason,
        fix,
        when: String::new(),
    }
}

fn clean(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { '?' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            severity: Severity::Problem,
            who: "CP1\u{1b}[2J".to_owned(),
            what: "wrong_password".to_owned(),
            reason: "the password is wrong".to_owned(),
            fix: "set the same on both sides".to_owned(),
            when: ", 3 times".to_owned(),
        }
    }

    #[test]
    fn an_entry_names_who_why_and_what_to_do() {
        assert_eq!(
            entry().lines(false),
            "PROBLEM CP1?[2J: the password is wrong [wrong_password, 3 times]\n        \
             -> set the same on both sides"
        );
    }

    #[test]
    fn colour_is_only_there_where_it_is_asked_for() {
        assert!(entry().lines(true).contains("\u{1b}[31mPROBLEM\u{1b}[0m"));
        assert!(!entry().lines(false).contains('\u{1b}'));
    }

    #[test]
    fn the_worst_comes_first() {
        assert!(Severity::Problem > Severity::Note && Severity::Note > Severity::Good);
    }
}
