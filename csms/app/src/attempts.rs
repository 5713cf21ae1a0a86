//! How often codes may be tried: at each door and charger, at each controller, and with each code.
//!
//! Only what is refused counts. Where too much was, codes are refused for a while without being
//! looked up, right or wrong, so that nobody learns anything by going on; cards work as before.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use authz::{Asker, Attempts, Directory, Intent, Outcome, Request, Resource};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use model::{CredentialId, LockId, NodeId, TokenKind};

/// Wrong codes before the one that shuts: the fifth at a point, or with one code.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(4).unwrap();
/// The same for a controller of several doors: the twentieth.
const AT_ONE_CONTROLLER: NonZeroU32 = NonZeroU32::new(19).unwrap();
/// Wrong codes a minute in the long run.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(1).unwrap();
/// For how long codes are refused then, at least.
const SHUT_FOR: Duration = Duration::from_secs(60);

/// What a wrong code counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Against {
    /// The door or charger.
    Point(NodeId),
    /// The controller.
    Controller(LockId),
    /// The code, where it is one.
    Credential(CredentialId),
}

/// The attempts of late.
pub(crate) struct CodeAttempts {
    few: DefaultKeyedRateLimiter<Against>,
    many: DefaultKeyedRateLimiter<Against>,
    shut: HashMap<Against, Timestamp>,
}

/// An attempt with a code.
pub(crate) struct Attempt {
    against: Vec<Against>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It does not matter.
    Nothing,
    /// It was one too many.
    Shut,
}

impl Default for CodeAttempts {
    fn default() -> Self {
        let quota = |burst| RateLimiter::keyed(Quota::per_minute(A_MINUTE).allow_burst(burst));
        Self {
            few: quota(AT_ONCE),
            many: quota(AT_ONE_CONTROLLER),
            shut: HashMap::new(),
        }
    }
}

impl CodeAttempts {
    /// The attempt that a request is; `None` if no code is tried, or it has happened already.
    pub(crate) fn attempt(request: &Request<'_>, directory: &Directory) -> Option<Attempt> {
        let Asker::Token(token) = request.asker else {
            return None;
        };
        let is_now = match request.intent {
            Intent::Ask | Intent::Start(_) | Intent::Open(_) => true,
            Intent::Late | Intent::Stop(_) => false,
        };
        if token.kind != TokenKind::KeyCode || token.is_nothing() || !is_now {
            return None;
        }
        let against = match request.resource {
            Resource::Node(node) => vec![Against::Point(node)],
            Resource::AnyEvse(charger) | Resource::Evse(charger, _) => {
                vec![Against::Point(charger.into())]
            }
            Resource::Lock(lock, number) => {
                let doors = directory.lock(lock).map(|lock| &*lock.doors);
                let door = match (number, doors.unwrap_or_default()) {
                    (None, [(_, only)]) => Some(*only),
                    (Some(number), doors) => doors
                        .iter()
                        .find(|(other, _)| *other == number)
                        .map(|(_, door)| *door),
                    (None, _) => None,
                };
                let point = door.map(|door| Against::Point(door.into()));
                point
                    .into_iter()
                    .chain([Against::Controller(lock)])
                    .collect()
            }
        };
        Some(Attempt { against })
    }

    /// Whether codes may be tried there.
    pub(crate) fn left(&mut self, attempt: &Attempt, now: Timestamp) -> Attempts {
        if self.shut.is_empty() {
            return Attempts::Left;
        }
        self.shut.retain(|_, until| now < *until);
        if attempt.against.iter().any(|it| self.shut.contains_key(it)) {
            Attempts::Exhausted
        } else {
            Attempts::Left
        }
    }

    /// Whether the code that was found is one with which too much was tried.
    pub(crate) fn left_with(&self, outcome: &Outcome, now: Timestamp) -> Attempts {
        let shut = outcome
            .found()
            .credential
            .and_then(|id| self.shut.get(&Against::Credential(id)))
            .is_some_and(|until| now < *until);
        if shut {
            Attempts::Exhausted
        } else {
            Attempts::Left
        }
    }

    /// Counts an attempt that was refused.
    pub(crate) fn note(&mut self, attempt: Attempt, outcome: &Outcome, now: Timestamp) -> Noted {
        if outcome.allows() {
            return Noted::Nothing;
        }
        let credential = outcome.found().credential.map(Against::Credential);
        let mut noted = Noted::Nothing;
        for against in attempt.against.into_iter().chain(credential) {
            let limiter = match against {
                Against::Point(_) | Against::Credential(_) => &self.few,
                Against::Controller(_) => &self.many,
            };
            if let Err(too_many) = limiter.check_key(&against) {
                let wait = too_many
                    .wait_time_from(DefaultClock::default().now())
                    .max(SHUT_FOR);
                let until = now.checked_add(wait).unwrap_or(now);
                self.shut.insert(against, until);
                noted = Noted::Shut;
            }
        }
        noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Reason;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt(point: u128, lock: u128) -> Attempt {
        Attempt {
            against: vec![
                Against::Point(NodeId(uuid::Uuid::from_u128(point))),
                Against::Controller(LockId(uuid::Uuid::from_u128(lock))),
            ],
        }
    }

    fn refused() -> Outcome {
        Outcome::Deny(authz::Denial {
            reason: Reason::CredentialUnknown,
            found: authz::Found::default(),
            grant: None,
            revision: model::Revision(0),
        })
    }

    #[test]
    fn the_fifth_wrong_code_shuts_a_door_for_a_minute_and_no_other() {
        let mut attempts = CodeAttempts::default();
        for _ in 0..4 {
            assert_eq!(
                attempts.note(attempt(1, 9), &refused(), at(0)),
                Noted::Nothing
            );
            assert_eq!(attempts.left(&attempt(1, 9), at(0)), Attempts::Left);
        }
        assert_eq!(attempts.note(attempt(1, 9), &refused(), at(0)), Noted::Shut);
        assert_eq!(attempts.left(&attempt(1, 9), at(0)), Attempts::Exhausted);
        assert_eq!(attempts.left(&attempt(2, 9), at(0)), Attempts::Left);
        assert_eq!(attempts.left(&attempt(1, 9), at(59)), Attempts::Exhausted);
        assert_eq!(attempts.left(&attempt(1, 9), at(61)), Attempts::Left);
    }

    #[test]
    fn wrong_codes_at_the_doors_of_one_controller_shut_them_all() {
        let mut attempts = CodeAttempts::default();
        for door in 0..19 {
            assert_eq!(
                attempts.note(attempt(door, 9), &refused(), at(0)),
                Noted::Nothing
            );
        }
        assert_eq!(
            attempts.note(attempt(19, 9), &refused(), at(0)),
            Noted::Shut
        );
        assert_eq!(attempts.left(&attempt(30, 9), at(0)), Attempts::Exhausted);
        assert_eq!(attempts.left(&attempt(30, 8), at(0)), Attempts::Left);
    }
}
