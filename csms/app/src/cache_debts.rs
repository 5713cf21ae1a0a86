//! Authorization caches of stations that must be cleared because a right has ended.
//!
//! What is owed is noted in the database together with how far changes were followed, and is paid
//! when the station has answered: being offline, not answering and a restart of the program do not
//! lose it. What was changed and not followed before a crash is made up for at the start, by
//! clearing the caches of every charger of the organisations concerned.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use authz::NodeDetail;
use model::command::{CommandAnswer, CommandError, StationCommand};
use model::{ChargerId, OrganisationId, Revision, StationKey};
use parking_lot::Mutex;
use store::{CacheDebt, StoreError};

use crate::App;

/// How often those are asked again that are there and did not answer.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What is owed, beside the database.
#[derive(Debug, Default)]
pub(crate) struct CacheDebts {
    owed: Mutex<HashMap<StationKey, Owed>>,
    /// Those being asked right now.
    asked: Mutex<HashSet<StationKey>>,
}

/// What is owed to a station.
#[derive(Clone, Copy, Debug)]
struct Owed {
    /// Because of changes up to this one.
    revision: Revision,
    /// Since then, as far as this process knows.
    since: Instant,
}

impl CacheDebts {
    fn owe(&self, station: StationKey, revision: Revision) {
        let mut all = self.owed.lock();
        let owed = all.entry(station).or_insert_with(|| Owed {
            revision,
            since: Instant::now(),
        });
        owed.revision = revision.max(owed.revision);
    }

    fn of(&self, station: &StationKey) -> Option<Owed> {
        self.owed.lock().get(station).copied()
    }

    fn pay(&self, debt: &CacheDebt) {
        let mut owed = self.owed.lock();
        if owed
            .get(&debt.station)
            .is_some_and(|owed| owed.revision <= debt.revision)
        {
            owed.remove(&debt.station);
        }
    }
}

impl App {
    /// Reads what is owed from before the last stop, and makes up for what was not followed.
    pub(crate) async fn take_up_debts(&self) -> Result<(), StoreError> {
        for debt in self.store.cache_debts().await? {
            self.cache_debts.owe(debt.station, debt.revision);
        }
        let directory = self.live.directory();
        let now = directory.revision();
        let followed = self.store.followed_revision().await?;
        let missed: HashSet<OrganisationId> = match followed {
            Some(followed) if followed < now => {
                let missed = self.store.organisations_changed_after(followed).await?;
                missed.into_iter().collect()
            }
            Some(_) | None => HashSet::new(),
        };
        let chargers = directory
            .nodes()
            .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Charger { .. }))
            .filter(|(_, entry)| missed.contains(&entry.organisation))
            .map(|(id, _)| id.into())
            .collect();
        self.owe_caches(chargers, now).await;
        Ok(())
    }

    /// Notes that these chargers' caches must be cleared because of what was changed up to
    /// `revision`, and asks those that are there.
    pub(crate) async fn owe_caches(&self, chargers: HashSet<ChargerId>, revision: Revision) {
        self.note_owed(chargers, revision, Some(revision)).await;
    }

    /// As [`App::owe_caches`], where no change made it so but the passing of time.
    pub(crate) async fn owe_caches_by_time(&self, chargers: HashSet<ChargerId>, now: Revision) {
        self.note_owed(chargers, now, None).await;
    }

    async fn note_owed(
        &self,
        chargers: HashSet<ChargerId>,
        revision: Revision,
        followed: Option<Revision>,
    ) {
        let mut stations = Vec::with_capacity(chargers.len());
        for charger in chargers {
            match self.store.get_charger(charger).await {
                Ok(Some(row)) if row.deleted_at.is_none() => stations.push(row.station.key()),
                Ok(Some(_) | None) => {}
                Err(error) => {
                    tracing::error!(%error, "the station of a changed charger is not known");
                }
            }
        }
        for station in &stations {
            self.cache_debts.owe(station.clone(), revision);
        }
        let debts: Arc<[CacheDebt]> = stations
            .iter()
            .map(|station| CacheDebt {
                station: station.clone(),
                revision,
            })
            .collect();
        let noted = self
            .store
            .write(self.settings.hold, move |tx| {
                let debts = Arc::clone(&debts);
                Box::pin(async move {
                    for debt in debts.iter() {
                        tx.owe_cache(debt).await?;
                    }
                    match followed {
                        Some(followed) => tx.note_followed(followed).await,
                        None => Ok(()),
                    }
                })
            })
            .await;
        if let Err(error) = noted {
            // Made up for at the next start, from where changes were followed.
            tracing::error!(%error, "which caches must be cleared was not noted");
        }
        for station in &stations {
            self.pay_debts(station);
        }
    }

    /// Asks those again that are there and have not answered.
    pub(crate) fn ask_debtors(&self) {
        let owed: Vec<StationKey> = self.cache_debts.owed.lock().keys().cloned().collect();
        for station in owed {
            self.pay_debts(&station);
        }
    }

    /// The station was removed: nothing is owed to it.
    pub(crate) async fn forgive(&self, station: StationKey, revision: Revision) {
        self.settle(CacheDebt { station, revision }).await;
    }

    /// Clears the station's cache, if that is owed and the station is there.
    pub(crate) fn pay_debts(&self, station: &StationKey) {
        if self.cache_debts.of(station).is_none() || self.link.presence(station).is_none() {
            return;
        }
        if !self.cache_debts.asked.lock().insert(station.clone()) {
            return;
        }
        let Some(app) = self.myself.upgrade() else {
            return;
        };
        let station = station.clone();
        let stop = self.stopping();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = app.clear_cache(&station) => {}
            }
            app.cache_debts.asked.lock().remove(&station);
        });
    }

    /// Asks until nothing is owed: a right may end while the station answers.
    async fn clear_cache(&self, station: &StationKey) {
        while let Some(Owed { revision, since }) = self.cache_debts.of(station) {
            let answer = self
                .link
                .command(
                    station,
                    StationCommand::ClearCache,
                    self.settings.command_deadline,
                )
                .await;
            if !is_done(&answer) {
                tracing::info!(station.id = %station, ?answer, "a cache was not cleared");
                return;
            }
            tracing::debug!(station.id = %station, ?answer, "a cache was cleared");
            // From the change to the station's acknowledgement.
            metrics::histogram!("keywatt_cache_clear_seconds")
                .record(since.elapsed().as_secs_f64());
            self.settle(CacheDebt {
                station: station.clone(),
                revision,
            })
            .await;
        }
    }

    async fn settle(&self, debt: CacheDebt) {
        self.cache_debts.pay(&debt);
        let paid = self
            .store
            .write(self.settings.hold, move |tx| {
                let debt = debt.clone();
                Box::pin(async move { tx.pay_cache(&debt).await.map(drop) })
            })
            .await;
        if let Err(error) = paid {
            // It is cleared once more after the next start.
            tracing::info!(%error, "a cleared cache was not noted");
        }
    }
}

/// Whether the station has cleared its cache, or has none. A station without a cache answers
/// Rejected (OCPP 1.6 §5.4, 2.0.1 C11.FR.04) or does not know the message.
fn is_done(answer: &Result<CommandAnswer, CommandError>) -> bool {
    match answer {
        Ok(CommandAnswer::Result { .. }) => true,
        Ok(CommandAnswer::Error { code, .. }) => {
            ["NotImplemented", "NotSupported"].contains(&code.as_str())
        }
        Ok(CommandAnswer::Configuration(_)) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn station(name: &str) -> StationKey {
        model::StationId::new(name).unwrap().key()
    }

    #[test]
    fn a_later_change_is_not_paid_by_an_earlier_answer() {
        let debts = CacheDebts::default();
        let station = station("CP1");
        debts.owe(station.clone(), Revision(4));
        debts.owe(station.clone(), Revision(7));
        debts.owe(station.clone(), Revision(5));
        let paid = |revision| CacheDebt {
            station: station.clone(),
            revision: Revision(revision),
        };
        debts.pay(&paid(4));
        let revision = || debts.of(&station).map(|owed| owed.revision);
        assert_eq!(revision(), Some(Revision(7)));
        debts.pay(&paid(7));
        assert_eq!(revision(), None);
    }

    #[test]
    fn a_station_that_failed_is_asked_again() {
        let error = |code: &str| {
            Ok(CommandAnswer::Error {
                code: code.to_owned(),
                description: String::new(),
                details: json!({}),
            })
        };
        let result = Ok(CommandAnswer::Result {
            status: Some("Rejected".to_owned()),
            payload: json!({"status": "Rejected"}),
        });
        assert!(is_done(&result));
        assert!(is_done(&error("NotSupported")));
        assert!(!is_done(&error("InternalError")));
        assert!(!is_done(&Err(CommandError::NoAnswer)));
    }
}
