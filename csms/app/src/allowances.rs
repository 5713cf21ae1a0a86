//! Limits act on what runs: a charge whose minutes or energy are used up is stopped.
//!
//! Each charge by a limited right is known here with the instant at which its minutes end and the
//! energy it may take. One task sleeps until the earliest of these instants; energy is looked at
//! when a meter value comes. A charger that does not stop is asked again every minute.

use std::collections::HashMap;
use std::sync::Arc;

use authz::Used;
use jiff::{SignedDuration, Timestamp};
use model::{Limits, Transaction, TransactionId, UsedUp};
use parking_lot::Mutex;
use store::StoreError;
use tokio::sync::Notify;

use crate::App;
use crate::cache_debts::ASK_AGAIN;

/// What a charge may still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Allowance {
    /// When to act next, and on what.
    due: Option<(Timestamp, UsedUp)>,
    /// The energy after which it is stopped, Wh; `None`: no matter, or acted upon already.
    most_wh: Option<i64>,
}

/// The charges by limited rights.
#[derive(Debug, Default)]
pub(crate) struct Allowances {
    running: Mutex<HashMap<TransactionId, Allowance>>,
    /// The earliest instant may be another one.
    changed: Notify,
}

impl Allowances {
    /// A charge began, or was found at the start of the process; `used` is what was taken of the
    /// right before.
    fn begin(&self, transaction: &Transaction, limits: Limits, used: Used) {
        let due = limits.minutes.and_then(|most| {
            let left = i64::from(most.saturating_sub(used.minutes));
            let end = transaction
                .started_at
                .checked_add(SignedDuration::from_mins(left));
            Some((end.ok()?, UsedUp::Minutes))
        });
        let most_wh = limits
            .wh
            .map(|most| i64::try_from(most.saturating_sub(used.wh)).unwrap_or(i64::MAX));
        let allowance = Allowance { due, most_wh };
        self.running.lock().insert(transaction.id, allowance);
        self.changed.notify_one();
    }

    fn end(&self, id: TransactionId) {
        self.running.lock().remove(&id);
    }

    /// A meter value came; whether its energy is used up with it.
    fn metered(&self, transaction: &Transaction, now: Timestamp) -> bool {
        let mut running = self.running.lock();
        let Some(allowance) = running.get_mut(&transaction.id) else {
            return false;
        };
        let is_used_up = allowance
            .most_wh
            .is_some_and(|most| transaction.energy_wh.unwrap_or(0) >= most);
        if is_used_up {
            allowance.most_wh = None;
            allowance.due = Some((after(now), UsedUp::Wh));
        }
        drop(running);
        if is_used_up {
            self.changed.notify_one();
        }
        is_used_up
    }

    /// Those to stop now; each is due again after a while.
    fn take_due(&self, now: Timestamp) -> Vec<(TransactionId, UsedUp)> {
        let mut running = self.running.lock();
        let due = running.iter_mut().filter_map(|(id, allowance)| {
            let (_, why) = allowance.due.filter(|(at, _)| *at <= now)?;
            allowance.due = Some((after(now), why));
            Some((*id, why))
        });
        due.collect()
    }

    /// The earliest instant at which one is due.
    fn next(&self) -> Option<Timestamp> {
        let running = self.running.lock();
        running
            .values()
            .filter_map(|allowance| allowance.due.map(|(at, _)| at))
            .min()
    }
}

fn after(now: Timestamp) -> Timestamp {
    now.checked_add(ASK_AGAIN).unwrap_or(now)
}

impl App {
    /// Stops what is used up for as long as the process lives.
    pub(crate) fn follow_allowances(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            loop {
                let Some(this) = app.upgrade() else { return };
                let changed = this.allowances.changed.notified();
                let next = this.allowances.next();
                let wait = next.map(|next| {
                    let left = next.duration_since(this.clock.now());
                    left.try_into().unwrap_or(std::time::Duration::ZERO)
                });
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = changed => continue,
                    () = sleep_for(wait) => {}
                }
                this.stop_used_up().await;
            }
        });
    }

    /// Stops the charges whose minutes are used up by now, and asks those again that were asked
    /// and go on.
    pub async fn stop_used_up(&self) {
        for (id, why) in self.allowances.take_due(self.clock.now()) {
            self.stop_one(id, why).await;
        }
    }

    /// Follows a charge by a limited right; `limits` with what was taken before, if it begins by
    /// one now.
    pub(crate) async fn follow_allowance(
        &self,
        transaction: &Transaction,
        begins: Option<(Limits, Used)>,
    ) {
        if transaction.ended_at.is_some() || transaction.refused {
            self.allowances.end(transaction.id);
            return;
        }
        if let Some((limits, used)) = begins {
            self.allowances.begin(transaction, limits, used);
        }
        self.metered(transaction).await;
    }

    /// A meter value of a charge was recorded.
    pub(crate) async fn metered(&self, transaction: &Transaction) {
        if self.allowances.metered(transaction, self.clock.now()) {
            self.stop_one(transaction.id, UsedUp::Wh).await;
        }
    }

    async fn stop_one(&self, id: TransactionId, why: UsedUp) {
        let transaction = match self.store.get_transaction(id).await {
            Ok(Some(transaction)) if transaction.ended_at.is_none() => transaction,
            Ok(Some(_) | None) => {
                self.allowances.end(id);
                return;
            }
            Err(error) => {
                tracing::error!(%error, "a charge that is used up could not be looked up");
                return;
            }
        };
        let now = self.clock.now();
        let noted = self
            .store
            .write(self.settings.hold, move |tx| {
                Box::pin(async move { tx.note_stop(id, why, now).await })
            })
            .await;
        match noted {
            Ok(true) => {
                metrics::counter!("keywatt_used_up_stops_total", "limit" => why.name())
                    .increment(1);
                if let Some(charger) = transaction.charger {
                    let data = serde_json::json!({ "transaction_id": id, "limit": why.name() });
                    self.events.tell(
                        now,
                        "transaction.used_up",
                        charger,
                        transaction.person,
                        data,
                    );
                }
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "why a charge is stopped was not noted"),
        }
        self.stop_in_background(&transaction);
    }

    /// The charges by limited rights from before the last stop.
    pub(crate) async fn take_up_allowances(&self) -> Result<(), StoreError> {
        for running in self.store.running_uses().await? {
            let id = TransactionId(running.of.0);
            let (Some(transaction), Some(grant)) = (
                self.store.get_transaction(id).await?,
                self.store.get_grant(running.grant).await?,
            ) else {
                continue;
            };
            let Some(limits) = grant.condition.limits else {
                continue;
            };
            if transaction.ended_at.is_none() {
                let used = self.store.get_total(running.grant, running.person).await?;
                let used = used.map_or_else(Used::default, |total| crate::pep::used(&total));
                self.allowances.begin(&transaction, limits, used);
            }
        }
        Ok(())
    }
}

async fn sleep_for(wait: Option<std::time::Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
