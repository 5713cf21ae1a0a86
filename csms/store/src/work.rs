//! A job on its way through the writer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::{Actor, Revision};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::tx::Fault;
use crate::{StoreError, Tx};

/// How long one job may run. It waits for statements only, so this is met by a job that waits
/// for something else, against the rules.
const JOB_LIMIT: Duration = Duration::from_secs(30);

/// What a job comes to, with the revision of its last change.
pub(crate) type Answer<T> = Result<(T, Option<Revision>), StoreError>;

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const ABANDONED: u8 = 2;

/// Who has the job now: the caller, who may give it up when its time is over, or the writer, who
/// must answer it. So a job answered `Unavailable` is not committed afterwards.
#[derive(Clone)]
pub(crate) struct Claim {
    state: Arc<AtomicU8>,
    pub(crate) deadline: Instant,
}

impl Claim {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self {
            state: Arc::new(AtomicU8::new(WAITING)),
            deadline,
        }
    }

    /// From whatever state but abandoned.
    fn pass(&self, to: u8) -> bool {
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (state != ABANDONED).then_some(to)
            })
            .is_ok()
    }

    /// The caller gives up. `false`: the writer has it and will answer.
    pub(crate) fn abandon(&self) -> bool {
        self.state
            .compare_exchange(WAITING, ABANDONED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// How a run of a job ended.
pub(crate) enum Run {
    /// Its statements are in the transaction.
    Done,
    /// It failed; the transaction can be rolled back.
    Refused(StoreError),
    /// It failed in the middle of something: the connection cannot be used again.
    Broken(StoreError),
    /// The database went away.
    Lost(StoreError),
}

/// A job of whatever result.
pub(crate) trait Work: Send {
    /// Takes the job for a run; `false`: the caller has given it up.
    fn claim(&self) -> bool;
    /// Gives the job back to wait for another run; `false`: its time is over.
    fn release(&self) -> bool;
    /// Who does it, if it is a change.
    fn actor(&self) -> Option<&Actor>;
    /// Runs it.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Run>;
    /// It is committed.
    fn committed(self: Box<Self>, revision: Option<Revision>);
    /// It is not.
    fn failed(self: Box<Self>, error: StoreError);
}

/// A job with its result and its caller.
pub(crate) struct Typed<T, F> {
    pub(crate) job: F,
    pub(crate) actor: Option<Actor>,
    pub(crate) claim: Claim,
    pub(crate) result: Option<T>,
    pub(crate) caller: oneshot::Sender<Answer<T>>,
}

impl<T, F> Work for Typed<T, F>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    T: Send + 'static,
{
    fn claim(&self) -> bool {
        self.claim.pass(RUNNING)
    }

    fn release(&self) -> bool {
        Instant::now() < self.claim.deadline && self.claim.pass(WAITING)
    }

    fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Run> {
        async move {
            let job = AssertUnwindSafe(async { (self.job)(tx).await }).catch_unwind();
            let outcome = tokio::time::timeout(JOB_LIMIT, job).await;
            let fault = tx.take_fault();
            match (outcome, fault) {
                (Err(_), _) => Run::Broken(StoreError::TooSlow),
                (Ok(Err(_)), _) => Run::Broken(StoreError::Panicked),
                (_, Some(Fault::Lost(error))) => Run::Lost(error),
                (_, Some(Fault::Refused(error))) | (Ok(Ok(Err(error))), None) => {
                    Run::Refused(error)
                }
                (Ok(Ok(Ok(result))), None) => {
                    self.result = Some(result);
                    Run::Done
                }
            }
        }
        .boxed()
    }

    fn committed(self: Box<Self>, revision: Option<Revision>) {
        let answer = match self.result {
            Some(result) => Ok((result, revision)),
            // Not reached: a committed job was run.
            None => Err(StoreError::Closed),
        };
        // A caller that went away does not need its answer.
        let _ = self.caller.send(answer);
    }

    fn failed(self: Box<Self>, error: StoreError) {
        let _ = self.caller.send(Err(error));
    }
}
