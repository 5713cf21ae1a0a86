//! What is written in one database transaction.

use model::{Actor, Committed, Decision, Revision};
use tokio::time::{Duration, Instant};

use crate::audit::chains::{Chains, Draft};
use crate::rows::{Droppable, insert_droppables};
use crate::tx::{Fault, Recorded};
use crate::work::{Run, Work};
use crate::{StoreError, Tx};

/// After this long a batch is committed with the jobs it has run; the others come next.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// Jobs, decision rows and droppable rows that are committed together.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) jobs: Vec<Box<dyn Work>>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) offers: Vec<Droppable>,
}

/// What a batch came to.
pub(crate) enum Attempt {
    /// It is committed.
    Committed(Written),
    /// The connection broke during the commit.
    Doubtful(Doubt),
    /// The database went away; nothing is written.
    Lost(StoreError),
    /// Something in it was refused; nothing is written.
    Refused(StoreError),
    /// As `Refused`, and the connection cannot be used again.
    Broken(StoreError),
}

/// A transaction of which it is not known whether it was committed.
pub(crate) struct Doubt {
    pub(crate) written: Written,
    /// Its number at the server.
    pub(crate) number: Option<String>,
    pub(crate) cause: StoreError,
}

/// What was written, for the callers and the hook.
#[derive(Default)]
pub(crate) struct Written {
    /// Per job that was run, in order: the revision of its last change.
    pub(crate) revisions: Vec<Option<Revision>>,
    pub(crate) changes: Vec<Committed>,
    /// What it made of the chains.
    pub(crate) draft: Draft,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.decisions.is_empty() && self.offers.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len() + self.decisions.len() + self.offers.len()
    }

    /// Takes the jobs for a run and forgets those given up by their callers.
    pub(crate) fn claim(&mut self) {
        self.jobs.retain(|job| job.claim());
    }

    /// Gives the jobs back to wait; those whose time is over are answered.
    pub(crate) fn release(&mut self, cause: &StoreError) {
        for job in std::mem::take(&mut self.jobs) {
            if job.release() {
                self.jobs.push(job)
            } else {
                job.failed(cause.clone())
            }
        }
    }

    /// Answers the jobs of a committed batch; those that did not come to run stay.
    pub(crate) fn answer(&mut self, written: &Written) {
        let ran = written.revisions.len().min(self.jobs.len());
        for (job, revision) in self.jobs.drain(..ran).zip(&written.revisions) {
            job.committed(*revision);
        }
        self.decisions.clear();
        self.offers.clear();
    }

    /// The parts in which a refused batch is tried again: every job alone; the rows together, and
    /// when that was refused too, each alone.
    pub(crate) fn split(self) -> Vec<Batch> {
        let rows_only =
            self.jobs.is_empty() && (self.decisions.is_empty() || self.offers.is_empty());
        let mut parts: Vec<Batch> = self
            .jobs
            .into_iter()
            .map(|job| Batch {
                jobs: vec![job],
                ..Self::default()
            })
            .collect();
        if rows_only {
            parts.extend(self.decisions.into_iter().map(|row| Batch {
                decisions: vec![row],
                ..Self::default()
            }));
            parts.extend(self.offers.into_iter().map(|row| Batch {
                offers: vec![row],
                ..Self::default()
            }));
        } else {
            parts.push(Batch {
                decisions: self.decisions,
                ..Self::default()
            });
            parts.push(Batch {
                offers: self.offers,
                ..Self::default()
            });
        }
        parts
    }

    /// Runs everything in one transaction and commits.
    pub(crate) async fn attempt(&mut self, tx: &mut Tx, chains: &Chains) -> Attempt {
        if let Err(error) = tx.conn.begin().await {
            return Attempt::Lost(StoreError::Unavailable(std::sync::Arc::new(error)));
        }
        match self.fill(tx, chains).await {
            Ok(written) => commit(tx, written).await,
            Err(attempt) => {
                if matches!(attempt, Attempt::Refused(_))
                    && let Err(error) = tx.conn.rollback().await
                {
                    return Attempt::Lost(StoreError::Unavailable(std::sync::Arc::new(error)));
                }
                attempt
            }
        }
    }

    async fn fill(&mut self, tx: &mut Tx, chains: &Chains) -> Result<Written, Attempt> {
        drop(tx.take_decisions());
        tx.take_erased();
        let begun = Instant::now();
        let mut changes: Vec<(Actor, Recorded)> = Vec::new();
        // Per job: how many changes there are after it, if it made any.
        let mut ends: Vec<Option<usize>> = Vec::new();
        for job in &mut self.jobs {
            if begun.elapsed() > LONG_ENOUGH {
                break;
            }
            drop(tx.take_recorded());
            match job.run(tx).await {
                Run::Done => {}
                Run::Refused(error) => return Err(Attempt::Refused(error)),
                Run::Broken(error) => return Err(Attempt::Broken(error)),
                Run::Lost(error) => return Err(Attempt::Lost(error)),
            }
            let recorded = tx.take_recorded();
            if recorded.is_empty() {
                ends.push(None);
                continue;
            }
            let Some(actor) = job.actor() else {
                return Err(Attempt::Refused(StoreError::NoActor));
            };
            changes.extend(recorded.into_iter().map(|change| (actor.clone(), change)));
            ends.push(Some(changes.len()));
        }
        let rows = write_rows(tx, chains, &self.decisions, &self.offers, changes).await;
        let (changes, draft) = match (rows, tx.take_fault()) {
            (_, Some(Fault::Lost(error))) => return Err(Attempt::Lost(error)),
            (_, Some(Fault::Refused(error))) | (Err(error), None) => {
                return Err(Attempt::Refused(error));
            }
            (Ok(written), None) => written,
        };
        let revisions = ends
            .into_iter()
            .map(|end| {
                changes
                    .get(end?.checked_sub(1)?)
                    .map(|committed| committed.revision)
            })
            .collect();
        Ok(Written {
            revisions,
            changes,
            draft,
        })
    }
}

/// The rows that come without a job; last the logs, whose locks every writer of a deployment
/// needs.
async fn write_rows(
    tx: &mut Tx,
    chains: &Chains,
    decisions: &[Decision],
    offers: &[Droppable],
    changes: Vec<(Actor, Recorded)>,
) -> Result<(Vec<Committed>, Draft), StoreError> {
    insert_droppables(tx, offers).await?;
    chains.write(tx, decisions, changes).await
}

async fn commit(tx: &mut Tx, written: Written) -> Attempt {
    let lost = |error| StoreError::Unavailable(std::sync::Arc::new(error));
    let number = match tx.conn.number().await {
        Ok(number) => number,
        Err(error) => return Attempt::Lost(lost(error)),
    };
    match tx.conn.commit().await {
        Ok(()) => Attempt::Committed(written),
        Err(error) => Attempt::Doubtful(Doubt {
            written,
            number,
            cause: lost(error),
        }),
    }
}
