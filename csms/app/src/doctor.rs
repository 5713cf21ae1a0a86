//! The connection doctor's book: what each thing that was noticed of a station means, and what to
//! do about it, in plain words.

use model::{FindingKind, QuirkName, QuirkPlace};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Served all the same; good to know.
    Note,
    /// Something does not work until somebody acts.
    Problem,
}

impl Severity {
    /// The word in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Problem => "problem",
        }
    }
}

/// What is said of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// How bad it is.
    pub severity: Severity,
    /// What happened.
    pub reason: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// What is said of a code: of a [`FindingKind`], or of a deviation that was repaired.
#[must_use]
pub fn finding(code: &str) -> Words {
    FindingKind::from_code(code).map_or_else(|| deviation(code), of_kind)
}

const fn problem(reason: &'static str, fix: &'static str) -> Words {
    Words {
        severity: Severity::Problem,
        reason,
        fix,
    }
}

const fn note(reason: &'static str, fix: &'static str) -> Words {
    Words {
        severity: Severity::Note,
        reason,
        fix,
    }
}

const fn of_kind(kind: FindingKind) -> Words {
    match kind {
        FindingKind::BootMissing => note(
            "the station connected without BootNotification, though it was never accepted here",
            "it was asked for one; if it sends none, restart the station",
        ),
        FindingKind::BeforeAcceptance => problem(
            "the station sent messages before it was accepted; they were refused",
            "restart the station so that it sends BootNotification; if it is set to `pending` or \
             `rejected` here, set `acceptance` to `accepted`",
        ),
        FindingKind::NoTrigger => note(
            "the station does not obey TriggerMessage",
            "nothing; messages cannot be asked for, restart the station where one is missing",
        ),
        FindingKind::NoAnswer => problem(
            "the station did not answer a command in time",
            "try again; if it never answers, update its firmware or turn the function off in it",
        ),
        FindingKind::LateAnswer => note(
            "the station answered a command after nobody waited any more",
            "raise --command-seconds if its answers are slow but good",
        ),
        FindingKind::DuplicateAnswer => note(
            "the station answered the same command twice; the second answer was dropped",
            "nothing; tell its maker",
        ),
        FindingKind::UnknownAnswer => note(
            "the station answered something it was not asked; the answer was dropped",
            "nothing; if it happens often, its firmware mixes up message ids",
        ),
        FindingKind::UnreadableAnswer => problem(
            "the station's answer to a command could not be read",
            "update its firmware; the command may have been carried out all the same",
        ),
        FindingKind::MalformedFrame => problem(
            "the station sent something that is no OCPP-J message",
            "look at what it sends; a proxy in between may cut messages, else update its firmware",
        ),
        FindingKind::OversizedFrame => problem(
            "the station sent a message that is larger than allowed; it was refused",
            "let it send less at once: fewer measurands, shorter clock-aligned intervals",
        ),
        FindingKind::BinaryFrame => problem(
            "the station sent a binary message; OCPP knows only text",
            "set the station to OCPP JSON",
        ),
        FindingKind::OtherVersion => problem(
            "the station sends messages of another OCPP version than the one it agreed on",
            "set one version in the station's menu, or pin the version here so that only that one \
             is agreed on",
        ),
        FindingKind::UnknownAction => note(
            "the station sends a message that is in no OCPP version; it was answered \
             NotImplemented",
            "nothing; makers carry their own messages in DataTransfer, tell them",
        ),
        FindingKind::RefusedPayload => problem(
            "a message of the station could not be read and was refused",
            "the particulars name the field; update its firmware, or set the deviation to `repair`",
        ),
        FindingKind::TooFast => note(
            "the station sends faster than its rate; it is read more slowly, nothing is lost",
            "raise its `rate_limit` if this is wanted; else look for a loop in the station",
        ),
        FindingKind::Replaced => note(
            "a new connection took the place of one that was alive",
            "if this goes on, two devices use this identity: give each its own",
        ),
        FindingKind::WentSilent => note(
            "nothing was heard of the station for too long, so its connection was given up",
            "look at its network; on a metered link that sleeps, set its ping interval to 0",
        ),
        FindingKind::TakesNothing => problem(
            "the station did not take what was sent to it, so its connection was given up",
            "look at its network; restart it",
        ),
        FindingKind::BrokenStream => problem(
            "what came from the station was no WebSocket stream that can be read",
            "look for a proxy in between that changes or compresses the stream, else update its \
             firmware",
        ),
        FindingKind::AmbiguousCard => problem(
            "the number that the reader shows stands for more than one card, and is refused",
            "enrol one of the cards by the number that this reader shows, set the station's \
             `reader_profile`, or let fewer forms count (`card_numbers`)",
        ),
    }
}

/// Of a deviation, by its name. What becomes of it is the owner's to say (docs/quirks.md).
fn deviation(name: &str) -> Words {
    let Some(quirk) = QuirkName::from_name(name) else {
        return note(
            "the station deviates from the standard",
            "nothing: what it means can be read",
        );
    };
    let fix = match quirk.place() {
        QuirkPlace::Request | QuirkPlace::Frame => {
            "nothing, as long as `settings.tolerance` does not refuse it; a firmware update may \
             help"
        }
        QuirkPlace::Handshake => {
            "nothing; set the station's URL, identity or version as it is registered to be sure"
        }
        QuirkPlace::Answer | QuirkPlace::Conduct => "nothing; tell its maker",
        QuirkPlace::Token => "nothing; a `reader_profile` turns its card numbers round for good",
    };
    note(quirk.meaning(), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_reason_and_a_fix_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for kind in FindingKind::ALL {
            let words = finding(kind.code());
            assert!(words.reason.len() > 20 && words.fix.len() > 10, "{kind:?}");
            assert!(seen.insert(words.reason), "{kind:?}");
        }
    }

    #[test]
    fn a_deviation_that_nobody_wrote_words_for_is_told_all_the_same() {
        let words = finding("invented_yesterday");
        assert_eq!(words.severity, Severity::Note);
        assert!(words.reason.contains("deviates"));
        let known = finding(QuirkName::TimeWithoutZone.name());
        assert_eq!(known.reason, QuirkName::TimeWithoutZone.meaning());
    }
}
