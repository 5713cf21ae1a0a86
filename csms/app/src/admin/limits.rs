//! How often what needs no credentials, or probes for them, may be tried.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::PersonId;
use uuid::Uuid;

use crate::{ApiError, Caller, Proof};

/// Logins with one e-mail address: ten, then one every six seconds.
const LOGINS_OF_EMAIL: Quota = Quota::per_minute(NonZeroU32::new(10).unwrap());
/// Logins from one address: sixty a minute.
const LOGINS_OF_ADDRESS: Quota = Quota::per_minute(NonZeroU32::new(60).unwrap());
/// Requests without valid credentials from one address: a thousand, then twenty a second.
const STRANGERS: Quota =
    Quota::per_second(NonZeroU32::new(20).unwrap()).allow_burst(NonZeroU32::new(1000).unwrap());
/// Claims of stations by one person: each could probe whether an identity is taken.
const CLAIMS: Quota = Quota::per_minute(NonZeroU32::new(10).unwrap());
/// Tokens of links tried from one address: thirty, then one every two seconds.
const LINKS: Quota = Quota::per_minute(NonZeroU32::new(30).unwrap());
/// Lookup keys tried by one person: ten, then one every six seconds. There are a million keys.
const LOOKUPS: Quota = Quota::per_minute(NonZeroU32::new(10).unwrap());
/// So many keys are remembered before those that have recovered are forgotten.
const REMEMBERED: usize = 10_000;

/// The limiters of the API.
pub(super) struct Limits {
    login_email: DefaultKeyedRateLimiter<String>,
    login_address: DefaultKeyedRateLimiter<IpAddr>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
    claims: DefaultKeyedRateLimiter<PersonId>,
    links: DefaultKeyedRateLimiter<IpAddr>,
    lookups: DefaultKeyedRateLimiter<Uuid>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            login_email: RateLimiter::keyed(LOGINS_OF_EMAIL),
            login_address: RateLimiter::keyed(LOGINS_OF_ADDRESS),
            strangers: RateLimiter::keyed(STRANGERS),
            claims: RateLimiter::keyed(CLAIMS),
            links: RateLimiter::keyed(LINKS),
            lookups: RateLimiter::keyed(LOOKUPS),
        }
    }
}

impl Limits {
    pub(super) fn login(&self, email: &str, address: Option<IpAddr>) -> Result<(), ApiError> {
        if let Some(address) = address {
            check(&self.login_address, &network(address))?;
        }
        check(&self.login_email, &email.to_owned())
    }

    pub(super) fn stranger(&self, address: IpAddr) -> Result<(), ApiError> {
        check(&self.strangers, &network(address))
    }

    pub(super) fn claim(&self, person: PersonId) -> Result<(), ApiError> {
        check(&self.claims, &person)
    }

    pub(super) fn link(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        address.map_or(Ok(()), |address| check(&self.links, &network(address)))
    }

    /// A login counts once, whatever organisations it belongs to and however it proves itself.
    pub(super) fn lookup(&self, caller: &Caller) -> Result<(), ApiError> {
        let who = match (caller.proof, caller.persons.first()) {
            (Proof::Session { account, .. }, _) => account.0,
            (Proof::ApiKey(_), Some((_, person))) => person.0,
            (Proof::ApiKey(key), None) => key.0,
        };
        check(&self.lookups, &who)
    }
}

/// Who has one IPv6 address has a /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

fn check<K: Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), ApiError> {
    if limiter.len() > REMEMBERED {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        let seconds = wait
            .saturating_add(Duration::from_millis(999))
            .as_secs()
            .max(1);
        ApiError::TooMany {
            retry_after_seconds: seconds,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_email_is_limited_and_another_is_not() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.login("a@example.com", None).unwrap();
        }
        assert!(matches!(
            limits.login("a@example.com", None),
            Err(ApiError::TooMany {
                retry_after_seconds: 1..=6
            })
        ));
        limits.login("b@example.com", None).unwrap();
    }

    #[test]
    fn an_ipv6_neighbourhood_is_one_address() {
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let other: IpAddr = "2001:db8::ffff:1".parse().unwrap();
        assert_eq!(network(one), network(other));
        assert_eq!(
            network("::ffff:10.0.0.1".parse().unwrap()),
            "10.0.0.1".parse::<IpAddr>().unwrap()
        );
    }
}
