//! What is noticed about the conversation with a station: the first time each kind of thing
//! happens is a finding, later ones are counted.

use jiff::Timestamp;

use crate::StationKey;

/// A kind of thing that is noticed. Deviations that are repaired have names of their own
/// (quirks); these are about the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// It connected without BootNotification although it was never accepted.
    BootMissing,
    /// It sent something before it was accepted.
    BeforeAcceptance,
    /// It does not obey TriggerMessage.
    NoTrigger,
    /// It did not answer a command.
    NoAnswer,
    /// It answered a command after its deadline.
    LateAnswer,
    /// It answered the same command again.
    DuplicateAnswer,
    /// It answered something it was not asked.
    UnknownAnswer,
    /// Its answer could not be read.
    UnreadableAnswer,
    /// A message that is not OCPP-J.
    MalformedFrame,
    /// A message that is larger than what is worked on.
    OversizedFrame,
    /// A binary message.
    BinaryFrame,
    /// A message of another OCPP version than the connection's.
    OtherVersion,
    /// A message that no version has.
    UnknownAction,
    /// A message whose payload could not be read even after the repairs.
    RefusedPayload,
    /// It sends more than its rate allows, and is read more slowly.
    TooFast,
    /// A newer connection took the place of one that stood.
    Replaced,
    /// Nothing was heard for too long, so its connection was given up.
    WentSilent,
    /// It did not take what was sent.
    TakesNothing,
    /// What it sent was not WebSocket, or not UTF-8.
    BrokenStream,
    /// A number it read stands for more than one card.
    AmbiguousCard,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [FindingKind; 20] = [
        FindingKind::BootMissing,
        FindingKind::BeforeAcceptance,
        FindingKind::NoTrigger,
        FindingKind::NoAnswer,
        FindingKind::LateAnswer,
        FindingKind::DuplicateAnswer,
        FindingKind::UnknownAnswer,
        FindingKind::UnreadableAnswer,
        FindingKind::MalformedFrame,
        FindingKind::OversizedFrame,
        FindingKind::BinaryFrame,
        FindingKind::OtherVersion,
        FindingKind::UnknownAction,
        FindingKind::RefusedPayload,
        FindingKind::TooFast,
        FindingKind::Replaced,
        FindingKind::WentSilent,
        FindingKind::TakesNothing,
        FindingKind::BrokenStream,
        FindingKind::AmbiguousCard,
    ];

    /// The stable code used in the API and in storage.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            FindingKind::BootMissing => "boot_missing",
            FindingKind::BeforeAcceptance => "before_acceptance",
            FindingKind::NoTrigger => "no_trigger",
            FindingKind::NoAnswer => "no_answer",
            FindingKind::LateAnswer => "late_answer",
            FindingKind::DuplicateAnswer => "duplicate_answer",
            FindingKind::UnknownAnswer => "unknown_answer",
            FindingKind::UnreadableAnswer => "unreadable_answer",
            FindingKind::MalformedFrame => "malformed_frame",
            FindingKind::OversizedFrame => "oversized_frame",
            FindingKind::BinaryFrame => "binary_frame",
            FindingKind::OtherVersion => "other_version",
            FindingKind::UnknownAction => "unknown_action",
            FindingKind::RefusedPayload => "refused_payload",
            FindingKind::TooFast => "too_fast",
            FindingKind::Replaced => "replaced",
            FindingKind::WentSilent => "went_silent",
            FindingKind::TakesNothing => "takes_nothing",
            FindingKind::BrokenStream => "broken_stream",
            FindingKind::AmbiguousCard => "ambiguous_card",
        }
    }

    /// From its code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What was noticed of a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which station.
    pub station: StationKey,
    /// The code of a [`FindingKind`], or the name of a repaired deviation.
    pub code: String,
    /// The particulars of the first time: an action, a field, a size. At most 200 characters; never
    /// a card number or a secret.
    pub detail: String,
    /// How often since.
    pub count: i64,
    /// First.
    pub first_at: Timestamp,
    /// Last; flushed now and then.
    pub last_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_known_again_by_its_code() {
        for kind in FindingKind::ALL {
            assert_eq!(FindingKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(FindingKind::from_code("invented"), None);
    }
}
