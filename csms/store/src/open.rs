//! Opening a database: which one, in which form, for whom.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use model::Committed;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::audit::AuditKey;
use crate::audit::chains::Chains;
use crate::db::{Conn, Db, Target};
use crate::error::Source;
use crate::sql::statements;
use crate::store::{Shared, Store};
use crate::tx::Tx;
use crate::writer::{FIRST_PAUSE, Inbox, Writer};
use crate::{OpenError, StoreError};

/// One folder, run unchanged on both databases.
static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long SQLite itself waits when another program writes to the file. Short: the writer waits
/// better, since it lets go of jobs whose time is over.
const WRITER_BUSY: Duration = Duration::from_millis(500);

statements! {
    MIGRATED = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
}

/// What is called with the changes of a batch, after its commit and before any caller is
/// answered. It must not wait: all writes wait for it.
pub(crate) type Hook = Arc<dyn Fn(&[Committed]) + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// Connections for reading.
    pub readers: u32,
    /// Places in each queue to the writer: jobs, decision rows, droppable rows.
    pub queue: usize,
    /// Jobs in one database transaction, at most.
    pub max_batch: usize,
    /// Hears of committed changes, once a batch, in the order of their revisions, after the
    /// commit and before any caller is answered. It must not wait.
    pub on_commit: Hook,
    /// Signs the records of the chains; without one they are written unsigned, which
    /// [`crate::AuditReader::verify`] finds.
    pub audit_key: Option<AuditKey>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            queue: 8192,
            max_batch: 512,
            on_commit: Arc::new(|_| {}),
            audit_key: None,
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("readers", &self.readers)
            .field("queue", &self.queue)
            .field("max_batch", &self.max_batch)
            .finish_non_exhaustive()
    }
}

/// Held while a process has a SQLite database open. Two writers would not see each other's
/// changes: each has its own picture of who may do what.
pub(crate) struct FileLock {
    _file: File,
}

impl Store {
    /// Opens a database: makes the file where there is none (SQLite), brings the tables to the
    /// form of this version, and starts the writer. Must be called within a Tokio runtime.
    ///
    /// `sqlite://PATH` is for one process, which is checked with `PATH.lock`; `postgres://…` as
    /// PostgreSQL's own tools take it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(url: &str, options: StoreOptions) -> Result<Store, OpenError> {
        let target = target(url)?;
        let lock = lock(&target)?;
        let mut conn = target.connect().await.map_err(connect)?;
        bring_up(&mut conn).await?;
        let db = readers(&target, options.readers);

        let queue = options.queue.max(1);
        let (jobs, job_inbox) = mpsc::channel(queue);
        let (decisions, decision_inbox) = mpsc::channel(queue);
        let (offers, offer_inbox) = mpsc::channel(queue);
        let (orders, order_inbox) = mpsc::channel(64);
        let trouble = Arc::default();
        let writer = Writer {
            inbox: Inbox {
                jobs: job_inbox,
                decisions: decision_inbox,
                offers: offer_inbox,
                orders: order_inbox,
            },
            target,
            tx: Some(Tx::new(conn)),
            max_batch: options.max_batch.max(1),
            on_commit: options.on_commit,
            trouble: Arc::clone(&trouble),
            pause: FIRST_PAUSE,
            chains: Chains::new(options.audit_key),
            gathers_until: Instant::now(),
        };
        let task = tokio::spawn(async move {
            writer.run().await;
            // Only now may another process have the file.
            drop(lock);
        });
        Ok(Store::new(Shared::new(
            db,
            (jobs, decisions, offers, orders),
            trouble,
            task,
        )))
    }

    /// Opens a database to look at it: nothing is written to it, and what is to be written gets
    /// [`crate::StoreError::Closed`]. A server may use it meanwhile. Must be called within a Tokio
    /// runtime.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Form`] when it is of another version.
    pub async fn look(url: &str) -> Result<Store, OpenError> {
        let db = readers(&target(url)?, 2);
        let queues = (
            mpsc::channel(1).0,
            mpsc::channel(1).0,
            mpsc::channel(1).0,
            mpsc::channel(1).0,
        );
        let nobody = tokio::spawn(async {});
        let store = Store::new(Shared::new(db, queues, Arc::default(), nobody));
        store
            .ping()
            .await
            .map_err(|error| OpenError::Connect(source(error)))?;
        let migrated: Vec<i64> = match store.find_all(MIGRATED, &[]).await {
            Ok(migrated) => migrated,
            Err(StoreError::Unavailable(error)) => return Err(OpenError::Connect(error)),
            // There is no such table.
            Err(_) => return Err(OpenError::Form),
        };
        if migrated.iter().eq(MIGRATIONS.iter().map(|it| &it.version)) {
            Ok(store)
        } else {
            Err(OpenError::Form)
        }
    }

    /// Brings the tables to the form of this version, and does nothing else.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn migrate(url: &str) -> Result<(), OpenError> {
        let target = target(url)?;
        let _lock = lock(&target)?;
        let mut conn = target.connect().await.map_err(connect)?;
        bring_up(&mut conn).await
    }
}

fn source(error: impl std::error::Error + Send + Sync + 'static) -> Source {
    Arc::new(error)
}

fn connect(error: sqlx::Error) -> OpenError {
    OpenError::Connect(source(error))
}

async fn bring_up(conn: &mut Conn) -> Result<(), OpenError> {
    match conn {
        Conn::Lite(connection) => MIGRATIONS.run(&mut **connection).await,
        Conn::Pg(connection) => MIGRATIONS.run(&mut **connection).await,
    }
    .map_err(|error| OpenError::Migrate(source(error)))
}

pub(crate) fn target(url: &str) -> Result<Target, OpenError> {
    if url.starts_with("sqlite:") {
        let options =
            SqliteConnectOptions::from_str(url).map_err(|_| OpenError::Url(url.to_owned()))?;
        let path = options.get_filename();
        if path.as_os_str().is_empty() || is_in_memory(url) {
            return Err(OpenError::Url(url.to_owned()));
        }
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WRITER_BUSY)
            // What a statement may have to take back is kept in memory, not in a file.
            .pragma("temp_store", "MEMORY")
            // In pages of 4 KiB. Every page written since the last checkpoint is written once more
            // at the next: those of the logs are written many times over.
            .pragma("wal_autocheckpoint", "4000")
            .statement_cache_capacity(500)
            .disable_statement_logging();
        return Ok(Target::Lite(Box::new(options)));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(url)
            // The URL may hold a password: it is not repeated.
            .map_err(|_| OpenError::Url("postgres://…".to_owned()))?
            .application_name("keywatt")
            .statement_cache_capacity(500)
            .disable_statement_logging();
        return Ok(Target::Pg(Box::new(options)));
    }
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    Err(OpenError::Url(scheme.to_owned()))
}

/// An in-memory database is another one for each connection, and durable for none.
fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

pub(crate) fn readers(target: &Target, count: u32) -> Db {
    let count = count.max(1);
    match target {
        Target::Lite(options) => {
            let options = options
                .as_ref()
                .clone()
                .create_if_missing(false)
                .busy_timeout(CONNECT)
                .pragma("query_only", "ON")
                .row_buffer_size(1024);
            Db::Lite(
                SqlitePoolOptions::new()
                    .max_connections(count)
                    .acquire_timeout(CONNECT)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .connect_lazy_with(options),
            )
        }
        Target::Pg(options) => Db::Pg(
            PgPoolOptions::new()
                .max_connections(count)
                .acquire_timeout(CONNECT)
                .connect_lazy_with(options.as_ref().clone()),
        ),
    }
}

/// `None` on PostgreSQL, which is made for many.
fn lock(target: &Target) -> Result<Option<FileLock>, OpenError> {
    let Target::Lite(options) = target else {
        return Ok(None);
    };
    let path = lock_path(options.get_filename());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| OpenError::File {
            path: path.clone(),
            source,
        })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(FileLock { _file: file })),
        Err(TryLockError::WouldBlock) => {
            Err(OpenError::InUse(options.get_filename().to_path_buf()))
        }
        Err(TryLockError::Error(source)) => Err(OpenError::File { path, source }),
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
