//! A simulated door controller: cards, bolts, doors, and events that are told once each.
//!
//! It speaks the lock profile of Keywatt, inside what OCPP 1.6 and 2.0.1 allow.

mod access;
mod commands;
mod config;
mod door;
mod events;
mod inner;
mod profile;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rpc::Version;
use serde_json::Value;
use tokio::sync::broadcast;

pub use access::CardOutcome;
pub use config::{Ask, LockConfig, OfflinePolicy};
use door::Jammed;
pub use door::Mode;
use inner::Inner;

use crate::functions;
use crate::station::{self, Core, Event, Fault, Received, Registration, SettingName, StationError};
use crate::token::Token;
use crate::transport::Connection;
use crate::vendor::Habits;
use crate::view::DoorView;
use crate::wire::{BootOutcome, BootReason};

/// What came of pulling a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// It opened, or stood open.
    Opened,
    /// It is locked.
    Locked,
}

/// Whether a bolt moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bolt {
    /// As it should.
    Moves,
    /// It is stuck.
    Jammed,
}

/// A door controller. Clones are the same one; it is switched off with [`Lock::switch_off`].
#[derive(Clone)]
pub struct Lock {
    inner: Arc<Inner>,
}

impl Lock {
    /// A lock that is not connected yet.
    #[must_use]
    pub fn new(config: LockConfig) -> Lock {
        Lock {
            inner: Arc::new(Inner::new(config)),
        }
    }

    /// Connects and boots.
    ///
    /// # Errors
    /// When the connection cannot be made, or BootNotification is not answered.
    pub async fn switch_on(&self) -> Result<BootOutcome, StationError> {
        self.connect().await?;
        self.boot().await
    }

    /// Connects, or connects again; if accepted before, tells what has happened meanwhile.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn connect(&self) -> Result<(), StationError> {
        station::connect(&self.inner).await
    }

    /// Sends BootNotification; when accepted, tells door states and waiting events.
    ///
    /// # Errors
    /// When it is not answered.
    pub async fn boot(&self) -> Result<BootOutcome, StationError> {
        station::boot(&self.inner, BootReason::PowerUp).await
    }

    /// Connects and boots in the background, again and again with growing waits until it
    /// succeeds, if the configuration says so.
    pub fn keep_connected(&self) {
        station::keep_connected(&self.inner);
    }

    /// Closes the connection and stays offline; the doors go on working.
    pub async fn disconnect(&self) {
        station::disconnect(&self.inner).await;
    }

    /// Loses the connection without a close frame.
    pub async fn drop_connection(&self) {
        station::drop_connection(&self.inner).await;
    }

    /// Loses the network without a trace: the old connection stays half-open on the side of the
    /// central system for as long as what comes back is kept, and a new one can be made.
    pub async fn abandon_connection(&self) -> Option<Connection> {
        station::abandon_connection(&self.inner).await
    }

    /// Restarts: modes, list and waiting events survive.
    ///
    /// # Errors
    /// When the connection cannot be made, or BootNotification is not answered.
    pub async fn reboot(&self) -> Result<BootOutcome, StationError> {
        station::restart(&self.inner, BootReason::LocalReset).await
    }

    /// Disconnects for good.
    pub async fn switch_off(&self) {
        station::switch_off(&self.inner).await;
    }

    /// Holds a card before the reader of a door, or types a PIN.
    ///
    /// # Errors
    /// When there is no such door.
    pub async fn present_card(
        &self,
        door: u32,
        token: &Token,
    ) -> Result<CardOutcome, StationError> {
        self.inner.present(door, token).await
    }

    /// Leaves through a door by its push bar.
    ///
    /// # Errors
    /// When there is no such door.
    pub fn push_bar(&self, door: u32) -> Result<(), StationError> {
        self.inner.leave(door)
    }

    /// Opens a door with force.
    ///
    /// # Errors
    /// When there is no such door.
    pub fn force(&self, door: u32) -> Result<(), StationError> {
        self.inner.force(door)
    }

    /// Pulls a door.
    ///
    /// # Errors
    /// When there is no such door.
    pub fn open_door(&self, door: u32) -> Result<Pull, StationError> {
        let opened = self.inner.with_door(door, |door, now| door.open(now))?;
        Ok(if opened.is_ok() {
            Pull::Opened
        } else {
            Pull::Locked
        })
    }

    /// Lets a door fall shut.
    ///
    /// # Errors
    /// When there is no such door.
    pub fn close_door(&self, door: u32) -> Result<(), StationError> {
        self.inner.with_door(door, |door, _| door.close())
    }

    /// Sticks a bolt, or frees it.
    ///
    /// # Errors
    /// When there is no such door.
    pub fn set_bolt(&self, door: u32, bolt: Bolt) -> Result<(), StationError> {
        let jammed = match bolt {
            Bolt::Moves => None,
            Bolt::Jammed => Some(Jammed),
        };
        self.inner
            .with_door(door, |door, _| door.set_jammed(jammed))
    }

    /// Somebody opens the case of the controller.
    pub fn tamper(&self) {
        self.inner.tamper();
    }

    /// What a person sees at a door.
    #[must_use]
    pub fn view(&self, door: u32) -> Option<DoorView> {
        self.inner.view(door)
    }

    /// What a person sees at all doors.
    #[must_use]
    pub fn views(&self) -> Vec<DoorView> {
        (1..=self.inner.config.doors)
            .filter_map(|door| self.view(door))
            .collect()
    }

    /// The mode of a door.
    #[must_use]
    pub fn mode(&self, door: u32) -> Option<Mode> {
        self.inner
            .doors
            .lock()
            .doors
            .get(&door)
            .map(|door| door.mode)
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.core.subscribe()
    }

    /// Waits until a condition on this lock holds.
    ///
    /// # Errors
    /// When it does not hold in time.
    pub async fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn(&Lock) -> bool,
    ) -> Result<(), tokio::time::error::Elapsed> {
        self.inner.core.wait_until(limit, || condition(self)).await
    }

    /// Events the central system has not accepted yet.
    #[must_use]
    pub fn waiting_events(&self) -> usize {
        self.inner.reports.length()
    }

    /// Version of the list, and how many tokens are on it.
    #[must_use]
    pub fn local_list(&self) -> (i64, usize) {
        let memory = self.inner.core.memory.lock();
        (memory.list_version(), memory.list_length())
    }

    /// A setting.
    #[must_use]
    pub fn setting(&self, name: &SettingName) -> Option<String> {
        self.inner
            .core
            .settings
            .lock()
            .text(name)
            .map(str::to_owned)
    }

    pub(crate) fn core(&self) -> &Core {
        &self.inner.core
    }

    /// Sends a message, if it is one that stations send and has the form of its version; without
    /// a payload a believable one.
    ///
    /// # Errors
    /// When it is none, has not its form, or is not answered with a result.
    pub async fn send(&self, action: &str, payload: Option<Value>) -> Result<Value, StationError> {
        functions::send(self.core(), action, payload).await
    }

    /// How it deviates from the standard; it may take up and drop habits while it runs.
    #[must_use]
    pub fn habits(&self) -> &Habits {
        &self.core().habits
    }

    /// Spoils the answer to the next CALL of the central system, or to the next of an action.
    pub fn misbehave(&self, action: Option<&str>, fault: Fault) {
        self.core().faults.add(action, fault);
    }

    /// What the central system has sent, with the answers.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.core().inbox.all()
    }

    /// The connection, if one is open, for messages of the caller's own making.
    #[must_use]
    pub fn connection(&self) -> Option<Connection> {
        self.inner.core.connection()
    }

    /// How the central system sees the lock.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.inner.core.registration()
    }

    /// The version spoken.
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.core.version
    }

    /// The identity.
    #[must_use]
    pub fn id(&self) -> String {
        self.inner.core.station_id()
    }
}
