//! A simulated charger: cards, cables, transactions, and the central system's commands.

mod authorizing;
mod commands;
mod config;
mod inner;
mod outbox;
mod outcome;
mod quirks;
mod remote;
mod reservations;
mod service;
mod smart_charging;
mod state;
#[cfg(test)]
mod tests;
mod transactions;

use std::sync::Arc;
use std::time::Duration;

use rpc::{MessageId, Version};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::time::Instant;

pub use config::ChargerConfig;
use inner::Inner;
pub use outcome::{AuthorizeOutcome, Presented, StartOutcome, StopOutcome};

use crate::functions;
use crate::station::{
    self, Core, Event, Fault, Received, Registration, Setting, SettingName, StationError, Wanted,
};
use crate::token::Token;
use crate::transport::Connection;
use crate::vendor::Habits;
use crate::view::ConnectorView;
use crate::wire::{BootOutcome, BootReason, StopReason};

/// Which message id a repeated message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryId {
    /// The one it had.
    Same,
    /// A new one.
    New,
}

/// A charger. Clones are the same charger; it is switched off with [`Charger::switch_off`].
#[derive(Clone)]
pub struct Charger {
    inner: Arc<Inner>,
}

impl Charger {
    /// A charger that is not connected yet.
    #[must_use]
    pub fn new(config: ChargerConfig) -> Charger {
        Charger {
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

    /// Connects, or connects again. If the central system has accepted the charger before, it
    /// goes on where it was, and sends what waits in its queue.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn connect(&self) -> Result<(), StationError> {
        station::connect(&self.inner).await
    }

    /// Sends BootNotification; when accepted, tells the state of the connectors and sends what
    /// waits in the queue.
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

    /// Closes the connection and stays offline; transactions go on.
    pub async fn disconnect(&self) {
        station::disconnect(&self.inner).await;
    }

    /// Loses the connection without a close frame. Comes back by itself only if the
    /// configuration says so.
    pub async fn drop_connection(&self) {
        station::drop_connection(&self.inner).await;
    }

    /// Loses the network without a trace: the old connection stays half-open on the side of the
    /// central system for as long as what comes back is kept, and a new one can be made.
    pub async fn abandon_connection(&self) -> Option<Connection> {
        station::abandon_connection(&self.inner).await
    }

    /// Loses power: running transactions end, message ids may begin at 1 again; then connects and
    /// boots.
    ///
    /// # Errors
    /// When the connection cannot be made, or BootNotification is not answered.
    pub async fn reboot(&self) -> Result<BootOutcome, StationError> {
        self.inner.core.want(Wanted::Offline);
        station::drop_connection(&self.inner).await;
        self.inner.end_all(StopReason::PowerLoss).await;
        station::restart(&self.inner, BootReason::LocalReset).await
    }

    /// Disconnects for good.
    pub async fn switch_off(&self) {
        station::switch_off(&self.inner).await;
    }

    /// Sends Authorize, whatever list and cache say.
    ///
    /// # Errors
    /// When it is not answered with a result.
    pub async fn authorize(&self, token: &Token) -> Result<AuthorizeOutcome, StationError> {
        self.inner.ask(token).await
    }

    /// Holds a card before the reader of a connector.
    ///
    /// # Errors
    /// When there is no such connector, or the central system answers Authorize with CALLERROR.
    pub async fn present(&self, connector: u32, token: &Token) -> Result<Presented, StationError> {
        self.inner.present(connector, token).await
    }

    /// Plugs a vehicle in. A transaction begins if somebody was let in before, or if no
    /// authorization is needed.
    ///
    /// # Errors
    /// When there is no such connector.
    pub async fn plug(&self, connector: u32) -> Result<Option<StartOutcome>, StationError> {
        self.inner.plug(connector).await
    }

    /// Pulls the cable out; a running transaction ends.
    ///
    /// # Errors
    /// When there is no such connector.
    pub async fn unplug(&self, connector: u32) -> Result<Option<StopOutcome>, StationError> {
        self.inner.unplug(connector).await
    }

    /// Begins a transaction without asking anybody before.
    ///
    /// # Errors
    /// When there is no such connector, or a transaction runs there.
    pub async fn start_transaction(
        &self,
        connector: u32,
        token: &Token,
    ) -> Result<StartOutcome, StationError> {
        self.inner.start_unasked(connector, token).await
    }

    /// Ends the transaction on a connector, with the card that ended it, if it was one.
    ///
    /// # Errors
    /// When no transaction runs there.
    pub async fn stop_transaction(
        &self,
        connector: u32,
        reason: StopReason,
        token: Option<&Token>,
    ) -> Result<StopOutcome, StationError> {
        self.inner.stop(connector, reason, token.cloned()).await
    }

    /// Sends a meter sample of the transaction on a connector, or a clock-aligned one if none
    /// runs. Nothing comes back if it waits in the queue.
    ///
    /// # Errors
    /// When there is no such connector, or the message is not answered with a result.
    pub async fn meter_values(&self, connector: u32) -> Result<Option<MessageId>, StationError> {
        self.inner.meter_values(connector).await
    }

    /// Sends StatusNotification of a connector, changed or not.
    ///
    /// # Errors
    /// When there is no such connector, or it is not answered with a result.
    pub async fn status(&self, connector: u32) -> Result<(), StationError> {
        self.inner.tell_status(connector).await
    }

    /// Breaks a connector, or repairs it.
    ///
    /// # Errors
    /// When there is no such connector.
    pub async fn set_fault(&self, connector: u32, fault: Option<&str>) -> Result<(), StationError> {
        self.inner.set_fault(connector, fault).await
    }

    /// Sends the last transaction message again, byte for byte but for its id.
    ///
    /// # Errors
    /// When none was sent, or it is not answered with a result.
    pub async fn retry_last(&self, id: RetryId) -> Result<Value, StationError> {
        self.inner.retry(id).await
    }

    /// Sends a message, if it is one that chargers send and has the form of its version; without
    /// a payload a believable one.
    ///
    /// # Errors
    /// When it is none, has not its form, or is not answered with a result.
    pub async fn send(&self, action: &str, payload: Option<Value>) -> Result<Value, StationError> {
        functions::send(self.core(), action, payload).await
    }

    /// Asks for a certificate with a new key.
    ///
    /// # Errors
    /// When it is not answered with a result.
    pub async fn sign_certificate(&self) -> Result<Value, StationError> {
        functions::sign_certificate(&self.inner.core).await
    }

    /// A limit from outside, in amperes, comes or goes.
    pub async fn outside_limit(&self, amperes: Option<f64>) {
        self.inner.outside_limit(amperes).await;
    }

    /// Spoils the answer to the next CALL of the central system, or to the next of an action.
    pub fn misbehave(&self, action: Option<&str>, fault: Fault) {
        self.inner.core.faults.add(action, fault);
    }

    /// Fault: the first two transaction messages in the queue change places. False if there are
    /// no two.
    #[must_use]
    pub fn reorder(&self) -> bool {
        self.inner.outbox.swap()
    }

    /// What the central system has sent, with the answers.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.inner.core.inbox.all()
    }

    /// Waits until the central system has sent a CALL whose payload holds what is wanted, and
    /// takes it out with all before it.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn await_call(
        &self,
        action: &str,
        wanted: &Value,
        limit: Duration,
    ) -> Result<Received, tokio::time::error::Elapsed> {
        let core = &self.inner.core;
        core.await_call(action, wanted, limit).await
    }

    /// The messages on the display, as people read them.
    #[must_use]
    pub fn displayed(&self) -> Vec<String> {
        self.inner.core.functions.displayed()
    }

    /// Certificates installed.
    #[must_use]
    pub fn certificates(&self) -> usize {
        self.inner.core.functions.certificates()
    }

    /// Reservations by id.
    #[must_use]
    pub fn reservations(&self) -> Vec<i64> {
        let state = self.inner.state.lock();
        state.reservations.iter().map(|known| known.id).collect()
    }

    /// Charging profiles kept.
    #[must_use]
    pub fn charging_profiles(&self) -> usize {
        self.inner.state.lock().profiles.count()
    }

    pub(crate) fn core(&self) -> &Core {
        &self.inner.core
    }

    /// How it deviates from the standard; it may take up and drop habits while it runs.
    #[must_use]
    pub fn habits(&self) -> &Habits {
        &self.inner.core.habits
    }

    /// What a driver sees at a connector.
    #[must_use]
    pub fn view(&self, connector: u32) -> Option<ConnectorView> {
        self.inner
            .state
            .lock()
            .view(connector, self.version(), Instant::now())
    }

    /// What drivers see at all connectors.
    #[must_use]
    pub fn views(&self) -> Vec<ConnectorView> {
        (1..=self.inner.config.connectors)
            .filter_map(|number| self.view(number))
            .collect()
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.core.subscribe()
    }

    /// Waits until a condition on this charger holds.
    ///
    /// # Errors
    /// When it does not hold in time.
    pub async fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn(&Charger) -> bool,
    ) -> Result<(), tokio::time::error::Elapsed> {
        self.inner.core.wait_until(limit, || condition(self)).await
    }

    /// The connection, if one is open, for messages of the caller's own making.
    #[must_use]
    pub fn connection(&self) -> Option<Connection> {
        self.inner.core.connection()
    }

    /// How the central system sees the charger.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.inner.core.registration()
    }

    /// Transaction messages that wait in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inner.outbox.length()
    }

    /// Tokens in the authorization cache.
    #[must_use]
    pub fn cached_tokens(&self) -> usize {
        self.inner.core.memory.lock().cache_length()
    }

    /// Version of the local list, and how many tokens are on it.
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

    /// Changes a setting at the charger itself.
    pub fn set(&self, setting: Setting, value: &str) {
        self.inner.core.settings.lock().put_known(setting, value);
        self.inner.core.touch();
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
