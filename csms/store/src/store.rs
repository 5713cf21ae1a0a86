//! The handle: writing by jobs, reading from the pool.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{Actor, Decision, Revision};
use parking_lot::Mutex;
use sqlx::SqlStr;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::arg::Arg;
use crate::db::{Db, Reader};
use crate::fault::{Severity, classify};
use crate::link::{Record, Row};
use crate::page::{Cursor, List, Page};
use crate::rows::Droppable;
use crate::work::{Answer, Claim, Typed, Work};
use crate::writer::Order;
use crate::{StoreError, Tx};

/// How long a change of the API waits for a database that is away.
const CHANGE_HOLD: Duration = Duration::from_secs(5);

/// The database. Clones are handles to the same one; it is closed with the last, or by
/// [`Store::close`].
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

type Queues = (
    mpsc::Sender<Box<dyn Work>>,
    mpsc::Sender<Decision>,
    mpsc::Sender<Droppable>,
    mpsc::Sender<Order>,
);

pub(crate) struct Shared {
    db: Db,
    queues: Queues,
    trouble: Arc<Mutex<Option<StoreError>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    pub(crate) fn new(
        db: Db,
        queues: Queues,
        trouble: Arc<Mutex<Option<StoreError>>>,
        writer: JoinHandle<()>,
    ) -> Self {
        Self {
            db,
            queues,
            trouble,
            writer: Mutex::new(Some(writer)),
        }
    }
}

/// How the database keeps what it acknowledges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durability {
    /// SQLite.
    Sqlite {
        /// `PRAGMA synchronous`: 2 is FULL.
        synchronous: i64,
        /// `PRAGMA journal_mode`: `wal`.
        journal_mode: String,
        /// `PRAGMA foreign_keys`: 1 is on.
        foreign_keys: i64,
    },
    /// PostgreSQL.
    Postgres {
        /// `SHOW synchronous_commit`: anything but `off`.
        synchronous_commit: String,
        /// `SHOW fsync`, of the whole server: `on`, or a crash of the machine loses data.
        fsync: String,
    },
}

impl Store {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Runs a job in the writer and returns after its commit. `hold` is how long it may wait for
    /// a full queue or a database that is away. See the rules for jobs in the crate's
    /// documentation. A caller that goes away does not stop a job that is queued.
    ///
    /// # Errors
    /// What a statement of the job failed with; [`StoreError::Unavailable`] or
    /// [`StoreError::Busy`] when `hold` has passed.
    pub async fn write<T, F>(&self, hold: Duration, job: F) -> Result<T, StoreError>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        self.submit(hold, None, job).await.map(|(result, _)| result)
    }

    /// Runs a job that changes access, and returns after its commit, with the revision of its
    /// last change ([`Tx::record`]); `None` if it recorded none. Waits at most 5 s for a database
    /// that is away.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn change<T, F>(
        &self,
        actor: Actor,
        job: F,
    ) -> Result<(T, Option<Revision>), StoreError>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        self.submit(CHANGE_HOLD, Some(actor), job).await
    }

    async fn submit<T, F>(&self, hold: Duration, actor: Option<Actor>, job: F) -> Answer<T>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let deadline = Instant::now() + hold;
        let claim = Claim::new(deadline);
        let (caller, mut answer) = oneshot::channel();
        let place = match timeout_at(deadline, self.shared.queues.0.reserve()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(StoreError::Closed),
            Err(_) => return Err(self.late()),
        };
        place.send(Box::new(Typed {
            job,
            actor,
            claim: claim.clone(),
            result: None,
            caller,
        }));
        match timeout_at(deadline, &mut answer).await {
            Ok(answer) => answer.unwrap_or(Err(StoreError::Closed)),
            Err(_) if claim.abandon() => Err(self.late()),
            // It is being run: the writer answers, whatever comes of it.
            Err(_) => answer.await.unwrap_or(Err(StoreError::Closed)),
        }
    }

    /// Why nothing came in time.
    fn late(&self) -> StoreError {
        self.shared
            .trouble
            .lock()
            .clone()
            .unwrap_or(StoreError::Busy)
    }

    /// Queues a row of the decision log; returns when it has its place. From there it is never
    /// dropped: it is committed with the next batch, however long the database is away.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when there was no place within `wait`.
    pub async fn log_decision(&self, decision: Decision, wait: Duration) -> Result<(), StoreError> {
        match timeout_at(Instant::now() + wait, self.shared.queues.1.send(decision)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(StoreError::Busy),
        }
    }

    /// Queues a row that may be lost: dropped and counted when there is no place.
    pub fn offer(&self, row: Droppable) {
        if let Err(mpsc::error::TrySendError::Full(row) | mpsc::error::TrySendError::Closed(row)) =
            self.shared.queues.2.try_send(row)
        {
            metrics::counter!("keywatt_store_dropped_total", "kind" => row.kind()).increment(1);
        }
    }

    /// Returns when everything queued before is committed or given up; waits for a database that
    /// is away.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.shared.queues.3.send(Order::Flush(done)).await.is_ok() {
            // An error means that the writer has ended: it committed everything before.
            let _ = flushed.await;
        }
    }

    /// Takes nothing more, commits what is queued, and closes the database; waits for one that is
    /// away. Jobs and rows that come afterwards get [`StoreError::Closed`].
    pub async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.shared.queues.3.send(Order::Close).await;
        let writer = self.shared.writer.lock().take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer ended badly");
        }
        self.shared.db.close().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not, or when the writer has no connection.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Some(trouble) = self.shared.trouble.lock().clone() {
            return Err(trouble);
        }
        self.find::<i64>(crate::rows::PING, &[]).await.map(drop)
    }

    /// How the connection of the writer keeps what it acknowledges, as the database says.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn settings_read_back(&self) -> Result<Durability, StoreError> {
        self.write(CHANGE_HOLD, |tx| Box::pin(tx.durability()))
            .await
    }

    /// The first row of a query.
    pub(crate) async fn find<T: Record>(
        &self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Option<T>, StoreError> {
        let mut reader = self.reader().await?;
        match reader.link().optional(sql, args).await {
            Ok(row) => row.as_ref().map(Row::record).transpose(),
            Err(error) => Err(give_back(reader, error)),
        }
    }

    /// The rows of a query.
    pub(crate) async fn find_all<T: Record>(
        &self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let mut reader = self.reader().await?;
        match reader.link().all(sql, args).await {
            Ok(rows) => rows.iter().map(Row::record).collect(),
            Err(error) => Err(give_back(reader, error)),
        }
    }

    /// A piece of a list.
    pub(crate) async fn list<T: Record>(
        &self,
        (sql, args): (SqlStr, Vec<Arg<'_>>),
        page: &Page,
        cursor: impl Fn(&T) -> Cursor,
    ) -> Result<List<T>, StoreError> {
        Ok(List::cut(self.find_all(sql, &args).await?, page, cursor))
    }

    pub(crate) async fn reader(&self) -> Result<Reader, StoreError> {
        self.shared
            .db
            .reader()
            .await
            .map_err(|error| classify(error).0)
    }
}

/// A connection that failed in the middle is not handed on.
pub(crate) fn give_back(reader: Reader, error: sqlx::Error) -> StoreError {
    let (error, severity) = classify(error);
    match severity {
        Severity::Lost => drop(reader.detach()),
        Severity::Refused => drop(reader),
    }
    error
}
