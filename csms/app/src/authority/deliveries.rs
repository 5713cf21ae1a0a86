//! News for outside authorities: written with the transaction they tell of, sent until the other
//! side has them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{Authority, ChargerId, InstallationId, TransactionId};
use store::{Delivery, DeliveryEvent, StoreError};
use uuid::Uuid;

use super::asking::Silence;
use super::message;
use super::outside::{CallError, Expects};
use crate::App;

/// How often is looked for what is due.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// So many are taken at once.
const AT_ONCE: u32 = 32;
/// While one is on its way nobody else takes it: longer than the longest deadline.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(15);
/// The longest pause between attempts.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// What could not be told in this time is given up.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24 * 7);

/// News of a transaction.
pub(crate) fn told_of(
    installation: InstallationId,
    transaction: TransactionId,
    event: DeliveryEvent,
    now: Timestamp,
) -> Delivery {
    Delivery {
        id: Uuid::now_v7(),
        installation,
        transaction,
        event,
        created_at: now,
        next_at: now,
        attempts: 0,
    }
}

impl App {
    /// Who must be told of the transactions of a charger.
    pub(crate) fn told_elsewhere(&self, charger: Option<ChargerId>) -> Option<InstallationId> {
        let directory = self.live.directory();
        let (installation, settings) = directory.installation_of(directory.node(charger?)?)?;
        match settings.authority {
            Authority::Native => None,
            Authority::Webhook => Some(installation),
        }
    }

    /// Tells for as long as the process lives.
    pub(crate) fn tell_outside(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        let authorities = Arc::clone(&self.authorities);
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = authorities.bell.notified() => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
                let Some(app) = app.upgrade() else { return };
                tokio::select! {
                    () = stop.cancelled() => return,
                    told = app.tell_due() => if let Err(error) = told {
                        tracing::warn!(%error, "what must be told outside could not be read");
                    },
                }
            }
        });
    }

    async fn tell_due(&self) -> Result<(), StoreError> {
        let due = self.store.due_deliveries(self.clock.now(), AT_ONCE).await?;
        futures_util::future::join_all(due.iter().map(|delivery| self.deliver(delivery))).await;
        Ok(())
    }

    async fn deliver(&self, delivery: &Delivery) {
        let now = self.clock.now();
        let taken_until = later(now, TAKEN_FOR);
        match self.postpone(*delivery, taken_until, 0).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "news could not be taken");
                return;
            }
        }
        let taken = Delivery {
            next_at: taken_until,
            ..*delivery
        };
        let told = self.tell_one(delivery).await;
        let now = self.clock.now();
        let settled = match told {
            Ok(()) => self.forget(delivery.id).await,
            Err(Silence::Unset) => {
                tracing::info!(installation.id = %delivery.installation, "nobody to be told");
                self.forget(delivery.id).await
            }
            Err(silence) if now.duration_since(delivery.created_at) > GIVEN_UP => {
                tracing::error!(
                    %silence,
                    installation.id = %delivery.installation,
                    transaction.id = %delivery.transaction,
                    "given up telling the outside authority"
                );
                metrics::counter!("keywatt_webhook_given_up_total").increment(1);
                self.forget(delivery.id).await
            }
            Err(_) => self
                .postpone(taken, later(now, pause(delivery.attempts)), 1)
                .await
                .map(drop),
        };
        if let Err(error) = settled {
            // It is sent again later; the other side knows it by its id.
            tracing::warn!(%error, "that something was told could not be noted");
        }
    }

    async fn tell_one(&self, delivery: &Delivery) -> Result<(), Silence> {
        let webhook = self.webhook(delivery.installation).await?;
        let row = self.store.get_transaction(delivery.transaction).await;
        let row = row.map_err(|error| {
            tracing::warn!(%error, "the transaction could not be read");
            Silence::Ours
        })?;
        let Some(row) = row else {
            return Err(Silence::Unset);
        };
        let body = message::news(delivery, &row);
        let (event, id) = (delivery.event.name(), delivery.id);
        let told = self.call(&webhook, event, id, body, Expects::Nothing).await;
        if told.is_ok() {
            self.authorities.breakers.answered(webhook.installation);
        }
        let result = match &told {
            Ok(_) => "told",
            Err(Silence::Call(CallError::Status(_))) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("keywatt_webhook_news_total", "result" => result).increment(1);
        told.map(drop)
    }

    async fn postpone(
        &self,
        delivery: Delivery,
        next: Timestamp,
        attempts: u32,
    ) -> Result<bool, StoreError> {
        self.store
            .write(self.settings.hold, move |tx| {
                Box::pin(async move { tx.postpone_delivery(&delivery, next, attempts).await })
            })
            .await
    }

    async fn forget(&self, id: Uuid) -> Result<(), StoreError> {
        self.store
            .write(self.settings.hold, move |tx| {
                Box::pin(async move { tx.delete_delivery(id).await })
            })
            .await
    }
}

/// 1, 2, 4 … seconds, at most an hour.
fn pause(attempts: u32) -> SignedDuration {
    let seconds = 1_i64.checked_shl(attempts.min(12)).unwrap_or(4096);
    SignedDuration::from_secs(seconds).min(LONGEST)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_and_never_end_before_their_time() {
        let seconds = |attempts| pause(attempts).as_secs();
        assert_eq!([seconds(0), seconds(1), seconds(5)], [1, 2, 32]);
        assert_eq!([seconds(12), seconds(u32::MAX)], [3600, 3600]);
    }
}
