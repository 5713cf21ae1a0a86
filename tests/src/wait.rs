//! Waiting for conditions, with a deadline; nothing else in these tests waits.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take that is expected to happen. Generous: machines that run tests
/// are slow.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(15);

/// Looks until there is something, and returns it.
///
/// # Panics
/// When the deadline passes first.
pub async fn eventually<T, F, Fut>(what: &str, deadline: Duration, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            Instant::now() < end,
            "waited {deadline:?} in vain for {what}"
        );
        sleep(PAUSE).await;
    }
}

/// Looks until the value is the expected one; tells the last one otherwise.
///
/// # Panics
/// When the deadline passes first.
pub async fn until_equal<T, F, Fut>(what: &str, expected: T, mut look: F)
where
    T: PartialEq + Debug,
    F: FnMut() -> Fut,
    Fut: Future<Output = T>,
{
    let end = Instant::now() + DEADLINE;
    loop {
        let seen = look().await;
        if seen == expected {
            return;
        }
        assert!(
            Instant::now() < end,
            "{what}: expected {expected:?}, last seen {seen:?}"
        );
        sleep(PAUSE).await;
    }
}

/// Lets an instant go by, where the passing of time itself is what is tested: a validity that
/// ends, a window that closes.
pub async fn until_instant(end: Instant) {
    tokio::time::sleep_until(end).await;
}
