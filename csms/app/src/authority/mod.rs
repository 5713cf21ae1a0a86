//! Authority elsewhere: an outside service is asked who may charge and enter, told of what begins
//! and ends, and tried beside before it counts. docs/authority.md has it for its operators.

mod asking;
mod breaker;
mod deliveries;
mod guard;
mod message;
mod outside;
mod seal;
mod shadow;

use std::collections::HashSet;
use std::sync::Arc;

use model::InstallationId;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

pub(crate) use asking::About;
pub use breaker::{BreakerState, BreakerView};
pub(crate) use deliveries::told_of;
pub(crate) use guard::token_of;
pub(crate) use message::{check as check_body, proves};
pub use outside::{AddressFault, Call, CallError, Expects, Login, Nowhere, Outside, Secret};
pub(crate) use seal::{open as unseal, seal};
pub use shadow::{ShadowCount, ShadowReport, ShadowedCredential};

use breaker::Breakers;

/// Questions asked beside at a time; more are left out and counted.
const SHADOWS_AT_ONCE: usize = 16;

/// What is known of outside authorities while the process lives.
pub(crate) struct Authorities {
    pub(crate) outside: Arc<dyn Outside>,
    pub(crate) breakers: Breakers,
    /// The installations where one is asked beside.
    shadows: Mutex<HashSet<InstallationId>>,
    shadow_places: Arc<Semaphore>,
    /// Rung when there is something to tell.
    pub(crate) bell: Notify,
}

impl Authorities {
    pub(crate) fn new(outside: Arc<dyn Outside>) -> Self {
        Self {
            outside,
            breakers: Breakers::default(),
            shadows: Mutex::default(),
            shadow_places: Arc::new(Semaphore::new(SHADOWS_AT_ONCE)),
            bell: Notify::new(),
        }
    }

    /// What was set about one.
    pub(crate) fn note(&self, webhook: &model::Webhook) {
        let mut shadows = self.shadows.lock();
        if webhook.shadow_since.is_some() && webhook.deleted_at.is_none() {
            shadows.insert(webhook.installation);
        } else {
            shadows.remove(&webhook.installation);
        }
    }

    /// Whether nowhere one is asked beside.
    fn shadow_nobody(&self) -> bool {
        self.shadows.lock().is_empty()
    }

    fn is_shadowed(&self, installation: InstallationId) -> bool {
        self.shadows.lock().contains(&installation)
    }
}
