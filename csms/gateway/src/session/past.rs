//! Our CALLs that came to their end lately: what an answer that nobody waits for is an answer to.

use std::collections::VecDeque;

use model::FindingKind;
use rpc::MessageId;

/// How many are remembered. One is outstanding at a time, so a late answer is rarely to one of
/// more than a few before.
const REMEMBERED: usize = 16;

/// The ends of our last CALLs. Empty, and without a buffer, until there was one.
#[derive(Debug, Default)]
pub(super) struct Past(VecDeque<(MessageId, End)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Answered,
    TimedOut,
}

/// Why an answer is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// Its deadline has passed.
    Late,
    /// It was answered before.
    Duplicate,
    /// We asked nothing of that id, or long ago.
    Unknown,
}

impl Dropped {
    /// For the counters.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Dropped::Late => "late",
            Dropped::Duplicate => "duplicate",
            Dropped::Unknown => "unknown",
        }
    }

    pub(super) const fn finding(self) -> FindingKind {
        match self {
            Dropped::Late => FindingKind::LateAnswer,
            Dropped::Duplicate => FindingKind::DuplicateAnswer,
            Dropped::Unknown => FindingKind::UnknownAnswer,
        }
    }
}

impl Past {
    pub(super) fn answered(&mut self, id: MessageId) {
        self.push(id, End::Answered);
    }

    pub(super) fn timed_out(&mut self, id: MessageId) {
        self.push(id, End::TimedOut);
    }

    fn push(&mut self, id: MessageId, end: End) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((id, end));
    }

    /// What an answer is that nobody waits for. A second late one is a duplicate.
    pub(super) fn of(&mut self, id: &MessageId) -> Dropped {
        match self.0.iter_mut().find(|(known, _)| known == id) {
            Some((_, end @ End::TimedOut)) => {
                *end = End::Answered;
                Dropped::Late
            }
            Some((_, End::Answered)) => Dropped::Duplicate,
            None => Dropped::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> MessageId {
        MessageId::new(text).unwrap()
    }

    #[test]
    fn late_duplicate_and_unknown_answers_are_told_apart() {
        let mut past = Past::default();
        past.answered(id("a"));
        past.timed_out(id("b"));
        assert_eq!(past.of(&id("a")), Dropped::Duplicate);
        assert_eq!(past.of(&id("b")), Dropped::Late);
        assert_eq!(past.of(&id("b")), Dropped::Duplicate);
        assert_eq!(past.of(&id("c")), Dropped::Unknown);
    }

    #[test]
    fn only_the_last_are_remembered() {
        let mut past = Past::default();
        for number in 0..=REMEMBERED {
            past.answered(id(&number.to_string()));
        }
        assert_eq!(past.of(&id("0")), Dropped::Unknown);
        assert_eq!(past.of(&id("1")), Dropped::Duplicate);
    }
}
