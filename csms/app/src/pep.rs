//! The policy enforcement point: the one place that asks the engine.
//!
//! Everything with an effect goes through here and gets a permit or a reason. Each decision that
//! leads to an effect, and each refusal, is written to the decision log; merely filtering what a
//! list shows ([`Pep::holds`], [`Pep::sees`]) is not.

mod permits;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authz::{Asker, Attempts, Context, Explanation, Outcome, Request, Resource, Told, Usage, Used};
use jiff::Timestamp;
use metrics::Counter;
use model::{Decision, DecisionId, Entry, GrantId, NodeId, PersonId, Reason, StationKey, UseId};
use parking_lot::Mutex;
use store::{GrantTotal, Lasting, Store, Strictness};
use uuid::Uuid;

use crate::attempts::{CodeAttempts, Noted};
use crate::clock::SharedClock;
use crate::live::Live;

/// Asks the engine and keeps the log.
pub struct Pep {
    live: Arc<Live>,
    usage: Mutex<Usage>,
    attempts: Mutex<CodeAttempts>,
    store: Store,
    clock: SharedClock,
    wait: Duration,
    /// Counters by way in and reason, since finding one by its labels takes as long as deciding.
    counters: Mutex<HashMap<(Entry, Reason), Counter>>,
}

/// Where a question comes from, for the log.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The way in.
    pub entry: Entry,
    /// The station that asks, if one does.
    pub station: Option<&'a StationKey>,
    /// The id of its message.
    pub message_id: Option<&'a str>,
}

impl Origin<'_> {
    /// The API.
    pub const API: Origin<'static> = Origin {
        entry: Entry::Api,
        station: None,
        message_id: None,
    };
}

/// A decision and its row in the log.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What was decided.
    pub outcome: Outcome,
    /// The row that was, or is about to be, written.
    pub row: Decision,
    /// It was one wrong code too many: codes are refused there for a while.
    pub locked_out: bool,
}

/// The decision log has no place; nothing may follow from the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decision could not be logged")]
pub struct NotLogged;

impl std::fmt::Debug for Pep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pep")
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}

impl Pep {
    /// Over a live picture.
    #[must_use]
    pub fn new(live: Arc<Live>, store: Store, clock: SharedClock, wait: Duration) -> Self {
        Self {
            live,
            usage: Mutex::default(),
            attempts: Mutex::default(),
            store,
            clock,
            wait,
            counters: Mutex::default(),
        }
    }

    /// Looks at or changes what changes with use. Never held across an await.
    pub fn usage<R>(&self, with: impl FnOnce(&mut Usage) -> R) -> R {
        with(&mut self.usage.lock())
    }

    /// Decides, without a row in the log.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>, at: Timestamp) -> Outcome {
        let directory = self.live.directory();
        ask(request, &directory, &self.usage.lock(), at)
    }

    /// Decides, without asking anybody elsewhere and without a row in the log: what is decided
    /// elsewhere comes out as [`Outcome::Ask`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the policy enforcement point")]
    pub(crate) fn decide_here(&self, request: &Request<'_>, at: Timestamp) -> Outcome {
        let directory = self.live.directory();
        authz::decide(request, &directory, &self.usage.lock(), at)
    }

    /// Explains over a picture that is not the live one; `usage` is what was used then, `None`:
    /// what is used now.
    #[must_use]
    pub fn explain_over(
        &self,
        picture: &authz::Directory,
        usage: Option<&Usage>,
        request: &Request<'_>,
        at: Timestamp,
    ) -> Explanation {
        match usage {
            Some(usage) => ask_why(request, picture, usage, at),
            None => ask_why(request, picture, &self.usage.lock(), at),
        }
    }

    /// A request that knows whether codes may be tried where it asks, and with its own. Counts
    /// nothing.
    pub(crate) fn with_attempts<'r>(
        &self,
        mut request: Request<'r>,
        directory: &authz::Directory,
    ) -> Request<'r> {
        let Some(attempt) = CodeAttempts::attempt(&request, directory) else {
            return request;
        };
        let at = self.clock.now();
        let usage = self.usage.lock();
        let mut attempts = self.attempts.lock();
        request.context.attempts = attempts.left(&attempt, at);
        if request.context.attempts == Attempts::Left {
            let outcome = ask(&request, directory, &usage, at);
            request.context.attempts = attempts.left_with(&outcome, at);
        }
        request
    }

    /// Decides over a picture that is not the live one: what would be after a change, or was in
    /// the past; `usage` as in [`Pep::explain_over`].
    #[must_use]
    pub fn decide_over(
        &self,
        picture: &authz::Directory,
        usage: Option<&Usage>,
        request: &Request<'_>,
        at: Timestamp,
    ) -> Outcome {
        match usage {
            Some(usage) => ask(request, picture, usage, at),
            None => ask(request, picture, &self.usage.lock(), at),
        }
    }

    /// Decides as of `as_of`, and makes the row for the log. `then` sees the outcome before any
    /// other decision is taken: what it reserves in the usage cannot be reserved twice.
    pub fn decide_and<R>(
        &self,
        request: &Request<'_>,
        origin: &Origin<'_>,
        as_of: Timestamp,
        then: impl FnOnce(&Outcome, &mut Usage) -> R,
    ) -> (Decided, R) {
        let at = self.clock.now();
        let directory = self.live.directory();
        let mut usage = self.usage.lock();
        let begun = Instant::now();
        let (outcome, locked_out) = match CodeAttempts::attempt(request, &directory) {
            None => (ask(request, &directory, &usage, as_of), false),
            Some(attempt) => {
                // Under the lock from the look to the count: of many at once no more are let
                // through than of one after the other.
                let mut attempts = self.attempts.lock();
                let with = |left| Request {
                    context: Context {
                        attempts: left,
                        ..request.context
                    },
                    ..*request
                };
                let left = attempts.left(&attempt, at);
                let mut outcome = ask(&with(left), &directory, &usage, as_of);
                let mut noted = Noted::Nothing;
                if left == Attempts::Left {
                    let left = attempts.left_with(&outcome, at);
                    if left == Attempts::Exhausted {
                        outcome = ask(&with(left), &directory, &usage, as_of);
                    } else {
                        noted = attempts.note(attempt, &outcome, at);
                    }
                }
                (outcome, noted == Noted::Shut)
            }
        };
        let took = begun.elapsed();
        let result = then(&outcome, &mut usage);
        drop(usage);
        let row = row_of(request, origin, &outcome, &directory, at, as_of, took);
        self.observe(origin, &row);
        if locked_out {
            tracing::warn!(
                decision.id = %row.id,
                station.id = origin.station.map(StationKey::as_str),
                "too many wrong codes"
            );
            metrics::counter!("keywatt_code_lockouts_total").increment(1);
        }
        let decided = Decided {
            outcome,
            row,
            locked_out,
        };
        (decided, result)
    }

    /// Decides now and writes the row; waits for a place in the log.
    ///
    /// # Errors
    /// When the log has no place in time: then nothing may follow from the decision.
    pub async fn decide_logged(
        &self,
        request: &Request<'_>,
        origin: &Origin<'_>,
    ) -> Result<Decided, NotLogged> {
        let now = self.clock.now();
        let (decided, ()) = self.decide_and(request, origin, now, |_, _| ());
        self.log(decided.row.clone()).await?;
        Ok(decided)
    }

    /// Decides on something that happens at once: what it takes of a limited grant is taken before
    /// anybody hears of it, and of two at once one gets it.
    ///
    /// # Errors
    /// When nothing could be taken or logged: then nothing may follow from the decision.
    pub async fn decide_taken(
        &self,
        request: &Request<'_>,
        origin: &Origin<'_>,
    ) -> Result<Decided, NotLogged> {
        let now = self.clock.now();
        loop {
            let (decided, taken) = self.decide_and(request, origin, now, |outcome, usage| {
                let Outcome::Allow(terms) = outcome else {
                    return None;
                };
                let taking = terms.taking?;
                let of = taking.of?;
                // A retry has it already and keeps it, whatever comes.
                let again = usage.has_taken(of, taking.grant, taking.person);
                usage.take(of, taking.grant, taking.person, false);
                Some((taking, of, again))
            });
            let Some((taking, of, again)) = taken else {
                self.log(decided.row.clone()).await?;
                return Ok(decided);
            };
            let receipt = self
                .store
                .write(self.wait, move |tx| {
                    Box::pin(async move {
                        tx.take_use(
                            of,
                            taking.grant,
                            taking.person,
                            taking.limits,
                            Lasting::Moment,
                            Strictness::Within,
                            now,
                        )
                        .await
                    })
                })
                .await;
            let terms = match decided.outcome {
                Outcome::Allow(terms) => terms,
                Outcome::Deny(_) | Outcome::Ask(_) => return Err(NotLogged),
            };
            match receipt {
                Ok(Some(receipt)) => {
                    let outcome = terms
                        .reserved(&receipt)
                        .map(Outcome::Allow)
                        .ok_or(NotLogged)?;
                    self.log(decided.row.clone()).await?;
                    return Ok(Decided {
                        outcome,
                        row: decided.row,
                        locked_out: decided.locked_out,
                    });
                }
                // Another node was faster: what it took is learnt, and it is decided again.
                Ok(None) => self.learn_used(taking.grant, taking.person, of).await?,
                Err(error) => {
                    tracing::error!(%error, "a use could not be taken");
                    if !again {
                        self.usage(|usage| usage.give_back(of));
                    }
                    return Err(NotLogged);
                }
            }
        }
    }

    /// What is used of a grant by the database, which may know of other nodes.
    async fn learn_used(
        &self,
        grant: GrantId,
        person: PersonId,
        refused: UseId,
    ) -> Result<(), NotLogged> {
        let total = self.store.get_total(grant, person).await.map_err(|error| {
            tracing::error!(%error, "what is used of a grant is not known");
            NotLogged
        })?;
        self.usage(|usage| {
            usage.give_back(refused);
            if let Some(total) = total {
                usage.set_used(grant, person, used(&total));
            }
        });
        Ok(())
    }

    /// Writes a row; waits for a place in the log.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn log(&self, row: Decision) -> Result<(), NotLogged> {
        self.store
            .log_decision(row, self.wait)
            .await
            .map_err(|error| {
                tracing::error!(%error, "the decision log has no place");
                NotLogged
            })
    }

    fn observe(&self, origin: &Origin<'_>, row: &Decision) {
        let mut counters = self.counters.lock();
        let counter = counters.entry((row.entry, row.reason)).or_insert_with(|| {
            metrics::counter!(
                "keywatt_decisions_total",
                "entry" => row.entry.name(),
                "effect" => row.reason.effect().name(),
                "reason" => row.reason.code(),
            )
        });
        counter.increment(1);
        drop(counters);
        tracing::debug!(
            station.id = origin.station.map(StationKey::as_str),
            message.id = origin.message_id,
            decision.id = %row.id,
            decision.effect = row.reason.effect().name(),
            decision.reason = row.reason.code(),
            "decided"
        );
    }

    /// From when on what is refused at an instant would be allowed, if nothing changes but the
    /// time.
    #[must_use]
    pub fn allowed_from(&self, request: &Request<'_>, at: Timestamp) -> Option<Timestamp> {
        let directory = self.live.directory();
        self.allowed_from_over(&directory, None, request, at)
    }

    /// The same over a picture that is not the live one.
    #[must_use]
    pub fn allowed_from_over(
        &self,
        picture: &authz::Directory,
        usage: Option<&Usage>,
        request: &Request<'_>,
        at: Timestamp,
    ) -> Option<Timestamp> {
        match usage {
            Some(usage) => allowed_from(request, picture, usage, at),
            None => allowed_from(request, picture, &self.usage.lock(), at),
        }
    }
}

/// What was used, as the engine counts it.
pub(crate) fn used(total: &GrantTotal) -> Used {
    Used {
        uses: total.uses,
        minutes: total.minutes,
        wh: u64::try_from(total.wh).unwrap_or(0),
        running: total.running,
    }
}

#[expect(clippy::disallowed_methods, reason = "the policy enforcement point")]
fn ask(
    request: &Request<'_>,
    directory: &authz::Directory,
    usage: &Usage,
    at: Timestamp,
) -> Outcome {
    let outcome = authz::decide(request, directory, usage, at);
    if !matches!(outcome, Outcome::Ask(_)) {
        return outcome;
    }
    authz::decide(&unanswered(request), directory, usage, at)
}

#[expect(clippy::disallowed_methods, reason = "the policy enforcement point")]
fn ask_why(
    request: &Request<'_>,
    directory: &authz::Directory,
    usage: &Usage,
    at: Timestamp,
) -> Explanation {
    let explanation = authz::explain(request, directory, usage, at);
    if !matches!(explanation.outcome, Outcome::Ask(_)) {
        return explanation;
    }
    authz::explain(&unanswered(request), directory, usage, at)
}

/// Nobody is there to be asked: that is no answer.
fn unanswered<'a>(request: &Request<'a>) -> Request<'a> {
    Request {
        context: Context {
            told: Some(Told::Nothing),
            ..request.context
        },
        ..*request
    }
}

/// How many instants are tried at which a grant begins to hold.
const INSTANTS: usize = 8;

/// Grants tell from when on each holds; the engine is asked whether it is allowed then.
fn allowed_from(
    request: &Request<'_>,
    directory: &authz::Directory,
    usage: &Usage,
    at: Timestamp,
) -> Option<Timestamp> {
    let grants = ask_why(request, directory, usage, at).grants;
    let mut instants: Vec<Timestamp> = grants.iter().filter_map(|it| it.holds_from).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut instants = instants.into_iter().take(INSTANTS);
    instants.find(|instant| ask(request, directory, usage, *instant).allows())
}

fn row_of(
    request: &Request<'_>,
    origin: &Origin<'_>,
    outcome: &Outcome,
    directory: &authz::Directory,
    at: Timestamp,
    as_of: Timestamp,
    took: Duration,
) -> Decision {
    let found = outcome.found();
    let (asked, evse): (Option<NodeId>, _) = match request.resource {
        Resource::Node(node) => (Some(node), None),
        Resource::AnyEvse(charger) => (Some(charger.into()), None),
        Resource::Evse(charger, number) => (Some(charger.into()), Some(number)),
        // Where no door was found, it is the site that was asked.
        Resource::Lock(lock, number) => {
            let site = directory.lock(lock).map(|lock| lock.installation.into());
            (found.node.or(site), number)
        }
    };
    let node = asked.filter(|node| directory.node(*node).is_some());
    let entry = node.and_then(|node| directory.node(node));
    let (token, api_key) = match request.asker {
        Asker::Token(token) if token.is_nothing() => (None, None),
        Asker::Token(token) => (Some(token.masked()), None),
        Asker::Nobody => (None, None),
        Asker::Person { key, .. } => (None, key),
    };
    Decision {
        id: DecisionId(Uuid::now_v7()),
        organisation: entry.map(|entry| entry.organisation),
        at,
        as_of,
        revision: outcome.revision(),
        entry: origin.entry,
        station: origin.station.cloned(),
        message_id: origin.message_id.map(str::to_owned),
        action: request.action,
        node,
        evse,
        person: found.person,
        credential: found.credential,
        api_key,
        token,
        reason: outcome.reason(),
        grant: outcome.grant(),
        duration_ns: i64::try_from(took.as_nanos()).unwrap_or(i64::MAX),
    }
}
