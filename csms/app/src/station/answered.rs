//! What was answered on a connection of late, so that a message that comes again at once costs
//! nothing more: no decision, no job of the writer. What is older is known again by its record.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::answer::StoredAnswer;

/// A station repeats the messages it has not been answered; it has few of them in the air.
const KEPT: usize = 8;

/// The last messages of transactions and their answers, by natural key.
#[derive(Clone, Debug, Default)]
pub struct Answered(Arc<Mutex<VecDeque<(String, StoredAnswer)>>>);

impl Answered {
    /// What was answered, if it was.
    pub(super) fn find(&self, key: &str) -> Option<StoredAnswer> {
        let kept = self.0.lock();
        let (_, answer) = kept.iter().find(|(other, _)| other == key)?;
        Some(answer.clone())
    }

    /// Notes an answer that is recorded.
    pub(super) fn note(&self, key: String, answer: StoredAnswer) {
        let mut kept = self.0.lock();
        kept.retain(|(other, _)| *other != key);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answers_are_kept_and_older_ones_forgotten() {
        let answer = |number: i64| StoredAnswer {
            number: Some(number),
            verdict: None,
        };
        let answered = Answered::default();
        for number in 0..10 {
            answered.note(format!("start|{number}"), answer(number));
        }
        answered.note("start|9".to_owned(), answer(90));
        assert_eq!(answered.find("start|9"), Some(answer(90)));
        assert_eq!(answered.find("start|2"), Some(answer(2)));
        assert_eq!(answered.find("start|1"), None);
        assert_eq!(answered.find("start|10"), None);
    }
}
