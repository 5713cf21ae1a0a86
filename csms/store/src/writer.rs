//! The one task that writes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use model::{Committed, Decision};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::audit::chains::Chains;
use crate::batch::{Attempt, Batch, Doubt};
use crate::db::Target;
use crate::open::Hook;
use crate::rows::Droppable;
use crate::work::Work;
use crate::{StoreError, Tx};

/// How long to wait after the database went away, at first and at most.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Rows that nobody waits for are written no more often than this: each commit costs a wait for the
/// disk and every page it touches, however few rows it has.
const GATHERED: Duration = Duration::from_millis(10);

/// The queues to the writer, from its side.
pub(crate) struct Inbox {
    pub(crate) jobs: mpsc::Receiver<Box<dyn Work>>,
    pub(crate) decisions: mpsc::Receiver<Decision>,
    pub(crate) offers: mpsc::Receiver<Droppable>,
    pub(crate) orders: mpsc::Receiver<Order>,
}

/// What the writer is told besides.
pub(crate) enum Order {
    /// Tell me when everything queued before is committed.
    Flush(oneshot::Sender<()>),
    /// Take nothing more, commit what is queued, and end.
    Close,
}

/// A flush that waits for what was queued before it.
struct Flush {
    jobs: usize,
    decisions: usize,
    offers: usize,
    done: oneshot::Sender<()>,
}

pub(crate) struct Writer {
    pub(crate) inbox: Inbox,
    pub(crate) target: Target,
    pub(crate) tx: Option<Tx>,
    pub(crate) max_batch: usize,
    pub(crate) on_commit: Hook,
    /// Why the database is away, for callers that give up; `None` while it is there.
    pub(crate) trouble: Arc<Mutex<Option<StoreError>>>,
    pub(crate) pause: Duration,
    pub(crate) chains: Chains,
    /// From when on rows that nobody waits for are written again.
    pub(crate) gathers_until: Instant,
}

impl Writer {
    /// Runs until the store is closed or its last handle is gone, and everything is committed.
    pub(crate) async fn run(mut self) {
        let mut flushes = Vec::new();
        while let Some(batch) = self.next(&mut flushes).await {
            let size = batch.len();
            let begun = Instant::now();
            let counts = (batch.jobs.len(), batch.decisions.len(), batch.offers.len());
            self.settle(batch).await;
            self.chains.recheck = false;
            self.gathers_until = Instant::now() + GATHERED;
            metrics::histogram!("keywatt_store_batch_rows").record(to_float(size));
            metrics::histogram!("keywatt_store_batch_seconds")
                .record(begun.elapsed().as_secs_f64());
            for flush in &mut flushes {
                flush.jobs = flush.jobs.saturating_sub(counts.0);
                flush.decisions = flush.decisions.saturating_sub(counts.1);
                flush.offers = flush.offers.saturating_sub(counts.2);
            }
            answer_flushes(&mut flushes);
        }
    }

    /// What is queued, up to a batch; waits for something. `None`: the end.
    async fn next(&mut self, flushes: &mut Vec<Flush>) -> Option<Batch> {
        let mut batch = Batch::default();
        loop {
            while let Ok(order) = self.inbox.orders.try_recv() {
                self.order(order, flushes, &batch);
            }
            self.take(&mut batch);
            if !batch.is_empty() {
                if self.may_gather(&batch, flushes) {
                    self.gather(&mut batch, flushes).await;
                    self.take(&mut batch);
                }
                return Some(batch);
            }
            answer_flushes(flushes);
            let inbox = &mut self.inbox;
            tokio::select! {
                Some(job) = inbox.jobs.recv() => batch.jobs.push(job),
                Some(row) = inbox.decisions.recv() => batch.decisions.push(row),
                Some(row) = inbox.offers.recv() => batch.offers.push(row),
                Some(order) = inbox.orders.recv() => self.order(order, flushes, &batch),
                else => return None,
            }
        }
    }

    fn take(&mut self, batch: &mut Batch) {
        let inbox = &mut self.inbox;
        take(&mut inbox.jobs, &mut batch.jobs, self.max_batch);
        take(&mut inbox.decisions, &mut batch.decisions, self.max_batch);
        take(&mut inbox.offers, &mut batch.offers, self.max_batch);
    }

    /// Whether nobody waits for the batch, and it can still grow.
    fn may_gather(&self, batch: &Batch, flushes: &[Flush]) -> bool {
        batch.jobs.is_empty()
            && batch.decisions.len() < self.max_batch
            && batch.offers.len() < self.max_batch
            && flushes.is_empty()
            && !self.inbox.orders.is_closed()
    }

    /// Lets rows come, until it is time or somebody waits.
    async fn gather(&mut self, batch: &mut Batch, flushes: &mut Vec<Flush>) {
        let inbox = &mut self.inbox;
        tokio::select! {
            () = tokio::time::sleep_until(self.gathers_until) => {}
            Some(job) = inbox.jobs.recv() => batch.jobs.push(job),
            Some(order) = inbox.orders.recv() => self.order(order, flushes, batch),
        }
    }

    /// `batch` is what was taken from the queues already.
    fn order(&mut self, order: Order, flushes: &mut Vec<Flush>, batch: &Batch) {
        match order {
            Order::Flush(done) => flushes.push(Flush {
                jobs: self.inbox.jobs.len() + batch.jobs.len(),
                decisions: self.inbox.decisions.len() + batch.decisions.len(),
                offers: self.inbox.offers.len() + batch.offers.len(),
                done,
            }),
            Order::Close => {
                self.inbox.jobs.close();
                self.inbox.decisions.close();
                self.inbox.offers.close();
                self.inbox.orders.close();
            }
        }
    }

    /// Sees to it that everything in the batch is committed, answered, or given up.
    async fn settle(&mut self, mut batch: Batch) {
        loop {
            batch.claim();
            if batch.is_empty() {
                return;
            }
            match self.attempt(&mut batch).await {
                Attempt::Committed(mut written) => {
                    self.chains.apply(std::mem::take(&mut written.draft));
                    self.announce(&written.changes);
                    batch.answer(&written);
                }
                Attempt::Doubtful(doubt) => self.resolve(doubt, &mut batch).await,
                Attempt::Lost(cause) => self.wait(cause, &mut batch).await,
                Attempt::Broken(error) => {
                    self.tx = None;
                    return self.blame(error, batch).await;
                }
                Attempt::Refused(error) => return self.blame(error, batch).await,
            }
        }
    }

    async fn attempt(&mut self, batch: &mut Batch) -> Attempt {
        let tx = match &mut self.tx {
            Some(tx) => tx,
            none => match self.target.connect().await {
                Ok(conn) => none.insert(Tx::new(conn)),
                Err(error) => {
                    return Attempt::Lost(StoreError::Unavailable(Arc::new(error)));
                }
            },
        };
        let attempt = batch.attempt(tx, &self.chains).await;
        if !matches!(attempt, Attempt::Lost(_) | Attempt::Doubtful(_)) {
            self.calm();
        }
        attempt
    }

    /// The database answers.
    fn calm(&mut self) {
        self.pause = FIRST_PAUSE;
        if self.trouble.lock().take().is_some() {
            tracing::info!("the database is available again");
        }
    }

    /// The database is away: jobs whose time is over are answered, the others wait with everything
    /// else. The connection is not used again.
    async fn wait(&mut self, cause: StoreError, batch: &mut Batch) {
        self.tx = None;
        if self.trouble.lock().replace(cause.clone()).is_none() {
            let error: &dyn std::error::Error = &cause;
            tracing::error!(
                cause = error.source().map(tracing::field::display),
                "the database is not available; what is queued waits"
            );
        }
        batch.release(&cause);
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// The connection broke during a commit: asks the server what became of it.
    async fn resolve(&mut self, doubt: Doubt, batch: &mut Batch) {
        let Doubt {
            mut written,
            number,
            mut cause,
        } = doubt;
        // The jobs that were run; the callers of some may give up while the server is asked.
        let rest = batch
            .jobs
            .split_off(written.revisions.len().min(batch.jobs.len()));
        let mut ran: Vec<_> = batch.jobs.drain(..).map(Some).collect();
        batch.jobs = rest;
        loop {
            for slot in &mut ran {
                if slot.as_ref().is_some_and(|job| !job.release())
                    && let Some(job) = slot.take()
                {
                    job.failed(cause.clone());
                }
            }
            self.wait(cause, batch).await;
            match self.fate(number.as_deref()).await {
                Ok(Fate::Committed) => {
                    self.calm();
                    self.chains.apply(std::mem::take(&mut written.draft));
                    self.announce(&written.changes);
                    for (job, revision) in ran.into_iter().zip(written.revisions) {
                        if let Some(job) = job.filter(|job| job.claim()) {
                            job.committed(revision);
                        }
                    }
                    batch.decisions.clear();
                    batch.offers.clear();
                    return;
                }
                Ok(Fate::NotCommitted) => {
                    // Or on a server that is another one now: what is there is not written again.
                    self.chains.recheck = true;
                    let rest = std::mem::take(&mut batch.jobs);
                    batch.jobs = ran.into_iter().flatten().chain(rest).collect();
                    return;
                }
                Ok(Fate::Open) => cause = StoreError::Busy,
                Err(error) => cause = error,
            }
        }
    }

    async fn fate(&mut self, number: Option<&str>) -> Result<Fate, StoreError> {
        let unavailable = |error| StoreError::Unavailable(Arc::new(error));
        // Without a number nothing was written, or SQLite rolled back what it could not commit.
        let Some(number) = number else {
            return Ok(Fate::NotCommitted);
        };
        let mut conn = self.target.connect().await.map_err(unavailable)?;
        let fate = conn.fate(number).await;
        self.tx = Some(Tx::new(conn));
        match fate {
            Ok(Some(word)) if word == "committed" => Ok(Fate::Committed),
            Ok(Some(word)) if word == "in progress" => Ok(Fate::Open),
            Ok(Some(_) | None) => Ok(Fate::NotCommitted),
            Err(error) => {
                let (error, severity) = crate::fault::classify(error);
                match severity {
                    crate::fault::Severity::Lost => Err(error),
                    // Another server, which does not know the number.
                    crate::fault::Severity::Refused => Ok(Fate::NotCommitted),
                }
            }
        }
    }

    /// Something in the batch was refused: the parts are tried alone, so that only the guilty one
    /// fails.
    async fn blame(&mut self, error: StoreError, mut batch: Batch) {
        if batch.len() > 1 {
            batch.release(&StoreError::Busy);
            for part in batch.split() {
                Box::pin(self.settle(part)).await;
            }
            return;
        }
        if let Some(job) = batch.jobs.pop() {
            job.failed(error);
            return;
        }
        let kind = batch.offers.first().map_or("decision", Droppable::kind);
        metrics::counter!("keywatt_store_rejected_total", "kind" => kind).increment(1);
        let cause: &dyn std::error::Error = &error;
        tracing::error!(
            kind,
            decision.id = batch.decisions.first().map(|row| tracing::field::display(row.id)),
            error = %error,
            cause = cause.source().map(tracing::field::display),
            "a row cannot be stored and is left out"
        );
    }

    /// Tells the hook, before any caller is answered.
    fn announce(&self, changes: &[Committed]) {
        if changes.is_empty() {
            return;
        }
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| (self.on_commit)(changes)));
        if told.is_err() {
            tracing::error!("the hook of the store panicked; committed changes are not applied");
        }
    }
}

/// What became of a transaction.
enum Fate {
    Committed,
    NotCommitted,
    /// The server has not finished with it.
    Open,
}

fn take<T>(queue: &mut mpsc::Receiver<T>, into: &mut Vec<T>, limit: usize) {
    while into.len() < limit
        && let Ok(item) = queue.try_recv()
    {
        into.push(item);
    }
}

fn answer_flushes(flushes: &mut Vec<Flush>) {
    let (done, waiting) = std::mem::take(flushes)
        .into_iter()
        .partition::<Vec<_>, _>(|flush| flush.jobs + flush.decisions + flush.offers == 0);
    *flushes = waiting;
    for flush in done {
        // Whoever asked may have gone.
        let _ = flush.done.send(());
    }
}

/// Batch sizes are far below 2^32.
fn to_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
