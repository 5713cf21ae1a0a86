//! The inside as a whole, and how it begins.

use std::sync::{Arc, Weak};

use authz::{OpenTransaction, PendingRemote};
use model::{Actor, StationKind};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Caller;
use crate::after::DoorOpenings;
use crate::allowances::Allowances;
use crate::authority::{Authorities, Outside};
use crate::blocked_cards::BlockedCards;
use crate::cache_debts::CacheDebts;
use crate::clock::{SharedClock, SharedRandom};
use crate::configuration::Readings;
use crate::door_modes::DoorModes;
use crate::events::Events;
use crate::link::StationLink;
use crate::live::Live;
use crate::pep::Pep;
use crate::secret::{HashError, Passwords};
use crate::settings::Settings;
use crate::station::{Findings, Gate, Refusals, Standing, Windows};

/// Everything Keywatt does, without knowing how it is reached.
pub struct App {
    /// The database.
    pub store: Store,
    /// The live picture.
    pub live: Arc<Live>,
    /// The policy enforcement point.
    pub pep: Pep,
    /// The connections to stations; what may not be asked of one is not sent.
    pub link: Arc<dyn StationLink>,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub random: SharedRandom,
    /// What can be set.
    pub settings: Settings,
    /// What happens, for watchers.
    pub events: Events,
    /// People's passwords.
    pub passwords: Passwords,
    /// What is known of each station while the process lives.
    pub(crate) standing: Arc<Standing>,
    /// Enrolments that wait for a card.
    pub(crate) windows: Windows,
    /// What is known of outside authorities.
    pub(crate) authorities: Arc<Authorities>,
    /// Caches of stations that must be cleared.
    pub(crate) cache_debts: CacheDebts,
    /// What charges by limited rights may still take.
    pub(crate) allowances: Allowances,
    /// What doors are set to.
    pub(crate) door_modes: DoorModes,
    /// Who was refused where of late.
    pub(crate) blocked_cards: BlockedCards,
    /// How often doors were opened.
    pub(crate) door_openings: DoorOpenings,
    /// For what runs in the background.
    pub(crate) myself: Weak<App>,
    pub(crate) findings: Findings,
    pub(crate) refusals: Refusals,
    pub(crate) readings: Readings,
    /// Held while a picture of the past is put together: one at a time.
    pub(crate) rebuilding: tokio::sync::Mutex<()>,
    pub(crate) tasks: TaskTracker,
    closing: CancellationToken,
    stop: CancellationToken,
}

/// What the inside is made of.
pub struct Parts {
    /// The database, opened with [`Live::hook`] of `live`.
    pub store: Store,
    /// The live picture, still empty.
    pub live: Arc<Live>,
    /// The connections to stations.
    pub link: Arc<dyn StationLink>,
    /// Who speaks HTTP with outside authorities.
    pub outside: Arc<dyn Outside>,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub random: SharedRandom,
    /// What can be set.
    pub settings: Settings,
}

/// Why the inside could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be read.
    #[error("the database could not be read")]
    Store(#[from] StoreError),
    /// Passwords cannot be hashed.
    #[error("passwords cannot be hashed")]
    Passwords(#[from] HashError),
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Reads the database and begins.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        let app = Self::look(parts).await?;
        app.take_up_debts().await?;
        app.take_up_enrolments().await?;
        for webhook in app.store.all_webhooks().await? {
            app.authorities.note(&webhook);
        }
        app.tell_outside();
        app.follow_changes();
        app.follow_emergencies();
        app.follow_smart_tags();
        app.take_up_allowances().await?;
        app.follow_allowances();
        app.forget_examples();
        Ok(app)
    }

    /// Reads the database and does nothing by itself: for questions about what there is.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn look(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts {
            store,
            live,
            link,
            outside,
            clock,
            random,
            settings,
        } = parts;
        live.read(&store, clock.now()).await?;
        let pep = Pep::new(
            Arc::clone(&live),
            store.clone(),
            clock.clone(),
            settings.decision_wait,
        );
        take_up_usage(&store, &live, &pep, &clock).await?;
        let mut epoch = [0; 4];
        random.fill(&mut epoch);
        let passwords = Passwords::new(random.as_ref())?;
        let standing = Arc::new(Standing::default());
        let link = Arc::new(Gate {
            link,
            standing: Arc::clone(&standing),
            clock: clock.clone(),
        });
        Ok(Arc::new_cyclic(|myself| Self {
            passwords,
            events: Events::new(u64::from(u32::from_be_bytes(epoch))),
            standing,
            windows: Windows::default(),
            authorities: Arc::new(Authorities::new(outside)),
            cache_debts: CacheDebts::default(),
            allowances: Allowances::default(),
            door_modes: DoorModes::default(),
            blocked_cards: BlockedCards::default(),
            door_openings: DoorOpenings::default(),
            myself: myself.clone(),
            findings: Findings::default(),
            refusals: Refusals::default(),
            readings: Readings::default(),
            rebuilding: tokio::sync::Mutex::new(()),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            stop: CancellationToken::new(),
            store,
            live,
            pep,
            link,
            clock,
            random,
            settings,
        }))
    }

    /// Lets open streams of watchers end, so that a drain need not wait for them.
    pub fn begin_closing(&self) {
        self.closing.cancel();
    }

    /// Returns when [`App::begin_closing`] was called.
    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Ends what runs in the background and waits until all that was queued is written.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.flush().await;
    }

    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Who does it, for the change log.
    #[must_use]
    pub fn actor(&self, caller: &Caller, organisation: model::OrganisationId) -> Actor {
        Actor {
            // A partner acts as a person of their own organisation.
            person: caller
                .person_in(organisation)
                .or_else(|| caller.persons.first().map(|(_, person)| *person)),
            api_key: caller.api_key(),
            request: Some(caller.request),
            at: self.clock.now(),
            reason: caller.reason.clone(),
        }
    }
}

/// Transactions in progress, remote starts waited for, what was used and who is where, from before
/// the last stop.
async fn take_up_usage(
    store: &Store,
    live: &Live,
    pep: &Pep,
    clock: &SharedClock,
) -> Result<(), StoreError> {
    let directory = live.directory();
    let now = clock.now();
    let open = store.open_all().await?;
    let totals = store.all_totals().await?;
    let running = store.running_uses().await?;
    let passages = store.last_passages().await?;
    let mut remotes = Vec::new();
    for remote in store.all_pending(now).await? {
        if let Some(station) = store.get_station(&remote.station).await?
            && let StationKind::Charger(charger) = station.kind
        {
            remotes.push(PendingRemote {
                charger,
                person: remote.person,
                until: remote.until,
            });
        }
    }
    pep.usage(|usage| {
        for total in &totals {
            usage.set_used(total.grant, total.person, crate::pep::used(total));
        }
        for last in passages {
            crate::station::follow_passage(usage, &directory, last);
        }
        for it in running {
            usage.recall(it.of, it.grant, it.person);
        }
        for transaction in open {
            let Some(charger) = transaction.charger else {
                continue;
            };
            let Some(installation) = directory.node(charger).and_then(|node| node.installation)
            else {
                continue;
            };
            if !transaction.refused {
                usage.begin(OpenTransaction {
                    id: transaction.id,
                    charger,
                    installation,
                    person: transaction.person,
                    stop_group: transaction.stop_group,
                    token_key: transaction.token_key,
                });
            }
        }
        for remote in remotes {
            usage.expect_remote(remote);
        }
    });
    Ok(())
}
