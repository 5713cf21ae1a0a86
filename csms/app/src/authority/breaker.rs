//! Who does not answer is not asked for a while: each station would wait for nothing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use model::{InstallationId, Webhook};
use parking_lot::Mutex;

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It is asked.
    Closed,
    /// It is not asked.
    Open,
    /// One question is on its way to see whether it answers again.
    HalfOpen,
}

impl BreakerState {
    /// The word of the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        }
    }
}

/// A breaker as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerView {
    /// Its state.
    pub state: BreakerState,
    /// Failures in a row.
    pub failures: u32,
    /// Until when it is not asked.
    pub until: Option<Timestamp>,
}

/// Not asked: it has failed too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAsked;

#[derive(Clone, Copy, Debug, Default)]
struct Breaker {
    failures: u32,
    /// Not asked until then.
    open_until: Option<Timestamp>,
    /// The one question that may be asked then is on its way, at the longest until this.
    probing_until: Option<Timestamp>,
}

/// The breakers of all outside authorities.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<InstallationId, Breaker>>);

impl Breakers {
    /// Asks for leave to ask.
    pub(crate) fn enter(&self, webhook: &Webhook, now: Timestamp) -> Result<(), NotAsked> {
        let mut all = self.0.lock();
        let breaker = all.entry(webhook.installation).or_default();
        let Some(open_until) = breaker.open_until else {
            return Ok(());
        };
        let probing = breaker.probing_until.is_some_and(|until| now < until);
        if now < open_until || probing {
            return Err(NotAsked);
        }
        breaker.probing_until = Some(later(now, webhook.breaker_seconds));
        Ok(())
    }

    /// It answered.
    pub(crate) fn answered(&self, installation: InstallationId) {
        if let Some(breaker) = self.0.lock().remove(&installation)
            && breaker.open_until.is_some()
        {
            tracing::info!(installation.id = %installation, "the outside authority answers again");
            metrics::gauge!("keywatt_webhook_breakers_open").decrement(1.0);
        }
    }

    /// It did not.
    pub(crate) fn failed(&self, webhook: &Webhook, now: Timestamp) {
        let mut all = self.0.lock();
        let breaker = all.entry(webhook.installation).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        breaker.probing_until = None;
        if breaker.failures >= webhook.breaker_failures {
            if breaker.open_until.is_none() {
                tracing::error!(
                    installation.id = %webhook.installation,
                    failures = breaker.failures,
                    "the outside authority does not answer and is not asked for a while"
                );
                metrics::gauge!("keywatt_webhook_breakers_open").increment(1.0);
            }
            breaker.open_until = Some(later(now, webhook.breaker_seconds));
        }
    }

    /// Another service is asked from now on, or the same one in another way.
    pub(crate) fn forget(&self, installation: InstallationId) {
        if let Some(breaker) = self.0.lock().remove(&installation)
            && breaker.open_until.is_some()
        {
            metrics::gauge!("keywatt_webhook_breakers_open").decrement(1.0);
        }
    }

    /// As it is shown.
    pub(crate) fn view(&self, installation: InstallationId, now: Timestamp) -> BreakerView {
        let breaker = self
            .0
            .lock()
            .get(&installation)
            .copied()
            .unwrap_or_default();
        let state = match breaker.open_until {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        };
        BreakerView {
            state,
            failures: breaker.failures,
            until: breaker.open_until,
        }
    }
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds.into()))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{OrganisationId, WebhookLogin};
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn after_failures_in_a_row_one_question_finds_out_whether_it_answers_again() {
        let webhook = Webhook {
            installation: InstallationId(Uuid::nil()),
            organisation: OrganisationId(Uuid::nil()),
            url: "https://example.com/".into(),
            login: WebhookLogin::None,
            secret: None,
            deadline_ms: 100,
            breaker_failures: 2,
            breaker_seconds: 30,
            shadow_since: None,
            former: None,
            created_at: at(0),
            changed_at: at(0),
            deleted_at: None,
        };
        let breakers = Breakers::default();
        let state = |second| breakers.view(webhook.installation, at(second)).state;
        assert_eq!(breakers.enter(&webhook, at(0)), Ok(()));
        breakers.failed(&webhook, at(0));
        // An answer in between: they were not in a row.
        breakers.answered(webhook.installation);
        breakers.failed(&webhook, at(1));
        assert_eq!(state(1), BreakerState::Closed);
        assert_eq!(breakers.enter(&webhook, at(1)), Ok(()));
        breakers.failed(&webhook, at(2));
        assert_eq!(state(2), BreakerState::Open);
        assert_eq!(breakers.enter(&webhook, at(31)), Err(NotAsked));
        assert_eq!(state(32), BreakerState::HalfOpen);
        assert_eq!(breakers.enter(&webhook, at(32)), Ok(()));
        assert_eq!(breakers.enter(&webhook, at(32)), Err(NotAsked), "one only");
        breakers.failed(&webhook, at(33));
        assert_eq!(state(33), BreakerState::Open);
        // One that never came back does not close the way for ever.
        assert_eq!(breakers.enter(&webhook, at(63)), Ok(()));
        assert_eq!(breakers.enter(&webhook, at(93)), Ok(()));
        breakers.answered(webhook.installation);
        assert_eq!(state(94), BreakerState::Closed);
    }
}
