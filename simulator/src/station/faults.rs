//! Answers that go wrong: set for the next CALL, or the next of an action.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use crate::transport::{Answer, Manner};

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None is sent.
    NoAnswer,
    /// It comes later by this much, behind others.
    LateAnswer(Duration),
    /// It carries an id that nobody asked with.
    WrongId,
    /// It comes twice.
    Twice,
    /// A CALLERROR InternalError is sent instead.
    Error,
    /// A text that is no JSON is sent instead.
    Garbled,
    /// The connection is dropped instead.
    Drop,
}

impl Fault {
    /// By the name on the command line and in scenario files; `seconds` is for the late answer.
    #[must_use]
    pub fn parse(name: &str, seconds: u64) -> Option<Fault> {
        Some(match name {
            "no_answer" => Fault::NoAnswer,
            "late_answer" => Fault::LateAnswer(Duration::from_secs(seconds)),
            "wrong_id" => Fault::WrongId,
            "twice" => Fault::Twice,
            "error" => Fault::Error,
            "garbled" => Fault::Garbled,
            "drop" => Fault::Drop,
            _ => return None,
        })
    }

    /// The names.
    pub const NAMES: [&'static str; 7] = [
        "no_answer",
        "late_answer",
        "wrong_id",
        "twice",
        "error",
        "garbled",
        "drop",
    ];

    fn manner(self) -> Manner {
        match self {
            Fault::NoAnswer => Manner::Never,
            Fault::LateAnswer(wait) => Manner::After(wait),
            Fault::WrongId => Manner::WrongId,
            Fault::Twice => Manner::Twice,
            Fault::Error => Manner::Error,
            Fault::Garbled => Manner::Text("[3,\"".to_owned()),
            Fault::Drop => Manner::Drop,
        }
    }
}

/// The faults that wait for their CALL.
#[derive(Default)]
pub(crate) struct Faults {
    next: Mutex<VecDeque<(Option<String>, Fault)>>,
}

impl Faults {
    /// Spoils the answer to the next CALL, or to the next of an action.
    pub(crate) fn add(&self, action: Option<&str>, fault: Fault) {
        self.next
            .lock()
            .push_back((action.map(str::to_owned), fault));
    }

    /// Spoils an answer, if its turn has come.
    pub(crate) fn spoil(&self, action: &str, answer: &mut Answer) {
        let mut next = self.next.lock();
        let at = next
            .iter()
            .position(|(wanted, _)| wanted.as_deref().is_none_or(|wanted| wanted == action));
        if let Some((_, fault)) = at.and_then(|at| next.remove(at)) {
            answer.manner = fault.manner();
        }
    }
}
