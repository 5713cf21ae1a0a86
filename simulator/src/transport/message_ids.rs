//! Where the ids of our CALLs come from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rpc::MessageId;

/// A source of message ids, shared by all connections of a station.
#[derive(Clone, Debug)]
pub enum MessageIds {
    /// UUID v4, as most stations do.
    Random,
    /// `1`, `2`, `3` …, as small stations do; begins at 1 again after a reboot (quirk Q15).
    Counter(Arc<AtomicU64>),
}

impl MessageIds {
    /// Ids that count from 1.
    #[must_use]
    pub fn counter() -> MessageIds {
        MessageIds::Counter(Arc::new(AtomicU64::new(1)))
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> MessageId {
        let text = match self {
            MessageIds::Random => uuid::Uuid::new_v4().to_string(),
            MessageIds::Counter(next) => next.fetch_add(1, Ordering::Relaxed).to_string(),
        };
        // Both forms have at most 36 characters, so the fallback is never taken.
        MessageId::new(&text).unwrap_or_else(|_| MessageId::unreadable())
    }

    /// What a reboot does to the ids.
    pub fn restart(&self) {
        match self {
            MessageIds::Random => {}
            MessageIds::Counter(next) => next.store(1, Ordering::Relaxed),
        }
    }
}
