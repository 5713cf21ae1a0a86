//! The two databases behind one set of calls.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    Arguments, Connection, PgConnection, PgPool, Postgres, Row as _, SqlStr, Sqlite,
    SqliteConnection, SqlitePool, ValueRef,
};

use crate::arg::{Arg, Read};
use crate::{Durability, StoreError};

/// How long one statement may take on PostgreSQL before the connection counts as lost. SQLite is
/// in this process and is waited for.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

/// The readers.
#[derive(Clone)]
pub(crate) enum Db {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// A connection borrowed from the readers.
pub(crate) enum Reader {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

/// The connection of the writer.
pub(crate) enum Conn {
    Lite(Box<SqliteConnection>),
    Pg(Box<PgConnection>),
}

/// How to make the connection of the writer.
#[derive(Clone)]
pub(crate) enum Target {
    Lite(Box<SqliteConnectOptions>),
    Pg(Box<PgConnectOptions>),
}

/// Any connection, to run statements on.
pub(crate) enum Link<'c> {
    Lite(&'c mut SqliteConnection),
    Pg(&'c mut PgConnection),
}

impl Db {
    pub(crate) async fn reader(&self) -> Result<Reader, sqlx::Error> {
        match self {
            Db::Lite(pool) => pool.acquire().await.map(Reader::Lite),
            Db::Pg(pool) => pool.acquire().await.map(Reader::Pg),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Db::Lite(pool) => pool.close().await,
            Db::Pg(pool) => pool.close().await,
        }
    }
}

impl Reader {
    pub(crate) fn link(&mut self) -> Link<'_> {
        match self {
            Reader::Lite(connection) => Link::Lite(connection),
            Reader::Pg(connection) => Link::Pg(connection),
        }
    }

    /// Begins a transaction that sees one state of the database throughout.
    pub(crate) async fn begin_snapshot(&mut self) -> Result<(), sqlx::Error> {
        match self {
            // The first read fixes the state (WAL).
            Reader::Lite(connection) => {
                sqlx::raw_sql("BEGIN").execute(&mut **connection).await?;
            }
            Reader::Pg(connection) => {
                sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    .execute(&mut **connection)
                    .await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn end_snapshot(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Reader::Lite(connection) => {
                sqlx::raw_sql("COMMIT").execute(&mut **connection).await?;
            }
            Reader::Pg(connection) => {
                sqlx::raw_sql("COMMIT").execute(&mut **connection).await?;
            }
        }
        Ok(())
    }

    /// Takes the connection out of the pool: whoever stops in the middle must not hand it on.
    pub(crate) fn detach(self) -> Conn {
        match self {
            Reader::Lite(connection) => Conn::Lite(Box::new(connection.detach())),
            Reader::Pg(connection) => Conn::Pg(Box::new(connection.detach())),
        }
    }
}

impl Target {
    pub(crate) async fn connect(&self) -> Result<Conn, sqlx::Error> {
        match self {
            Target::Lite(options) => {
                let connection = SqliteConnection::connect_with(options).await?;
                Ok(Conn::Lite(Box::new(connection)))
            }
            Target::Pg(options) => {
                let connect = async {
                    let mut connection = PgConnection::connect_with(options).await?;
                    // Whatever the server's default: an acknowledged row survives a crash.
                    sqlx::raw_sql(
                        "SELECT set_config('synchronous_commit', 'on', false) \
                         WHERE current_setting('synchronous_commit') = 'off'",
                    )
                    .execute(&mut connection)
                    .await?;
                    Ok(Conn::Pg(Box::new(connection)))
                };
                limited(connect).await
            }
        }
    }
}

impl Conn {
    pub(crate) fn link(&mut self) -> Link<'_> {
        match self {
            Conn::Lite(connection) => Link::Lite(connection),
            Conn::Pg(connection) => Link::Pg(connection),
        }
    }

    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Conn::Lite(connection) => {
                sqlx::raw_sql("BEGIN IMMEDIATE")
                    .execute(&mut **connection)
                    .await?;
            }
            Conn::Pg(connection) => {
                limited(sqlx::raw_sql("BEGIN").execute(&mut **connection)).await?;
            }
        }
        Ok(())
    }

    /// The number PostgreSQL gave to the transaction, by which its fate can be asked later;
    /// `None` where nothing was written, and on SQLite, which is never in doubt.
    pub(crate) async fn number(&mut self) -> Result<Option<String>, sqlx::Error> {
        match self {
            Conn::Lite(_) => Ok(None),
            Conn::Pg(connection) => {
                let query = sqlx::query_scalar::<_, Option<String>>(
                    "SELECT CAST(pg_current_xact_id_if_assigned() AS TEXT)",
                );
                limited(query.fetch_one(&mut **connection)).await
            }
        }
    }

    /// What became of a transaction: `committed`, `aborted`, `in progress`, or unknown.
    pub(crate) async fn fate(&mut self, number: &str) -> Result<Option<String>, sqlx::Error> {
        match self {
            Conn::Lite(_) => Ok(None),
            Conn::Pg(connection) => {
                let query = sqlx::query_scalar::<_, Option<String>>(
                    "SELECT pg_xact_status(CAST($1 AS xid8))",
                );
                limited(query.bind(number).fetch_one(&mut **connection)).await
            }
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Conn::Lite(connection) => {
                sqlx::raw_sql("COMMIT").execute(&mut **connection).await?;
            }
            Conn::Pg(connection) => {
                limited(sqlx::raw_sql("COMMIT").execute(&mut **connection)).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn durability(&mut self) -> Result<Durability, sqlx::Error> {
        match self {
            Conn::Lite(connection) => Ok(Durability::Sqlite {
                synchronous: lite_setting(connection, "PRAGMA synchronous").await?,
                journal_mode: lite_setting(connection, "PRAGMA journal_mode").await?,
                foreign_keys: lite_setting(connection, "PRAGMA foreign_keys").await?,
            }),
            Conn::Pg(connection) => Ok(Durability::Postgres {
                synchronous_commit: pg_setting(connection, "SHOW synchronous_commit").await?,
                fsync: pg_setting(connection, "SHOW fsync").await?,
            }),
        }
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Conn::Lite(connection) => {
                sqlx::raw_sql("ROLLBACK").execute(&mut **connection).await?;
            }
            Conn::Pg(connection) => {
                limited(sqlx::raw_sql("ROLLBACK").execute(&mut **connection)).await?;
            }
        }
        Ok(())
    }
}

impl Link<'_> {
    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<u64, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(args)?);
                query
                    .execute(&mut **connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(args)?);
                limited(query.execute(&mut **connection))
                    .await
                    .map(|done| done.rows_affected())
            }
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn optional(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(args)?);
                query
                    .fetch_optional(&mut **connection)
                    .await
                    .map(|row| row.map(Row::Lite))
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(args)?);
                limited(query.fetch_optional(&mut **connection))
                    .await
                    .map(|row| row.map(Row::Pg))
            }
        }
    }

    /// Every row.
    pub(crate) async fn all(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(args)?);
                let rows = query.fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Row::Lite).collect())
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(args)?);
                let rows = limited(query.fetch_all(&mut **connection)).await?;
                Ok(rows.into_iter().map(Row::Pg).collect())
            }
        }
    }

    /// Every row, one at a time, without keeping them.
    pub(crate) async fn each(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
        mut take: impl FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<Result<(), StoreError>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(args)?);
                let mut rows = query.fetch(&mut **connection);
                while let Some(row) = rows.try_next().await? {
                    if let Err(error) = take(Row::Lite(row)) {
                        return Ok(Err(error));
                    }
                }
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(args)?);
                let mut rows = query.fetch(&mut **connection);
                while let Some(row) = limited(rows.try_next()).await? {
                    if let Err(error) = take(Row::Pg(row)) {
                        return Ok(Err(error));
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// Runs statements of a test; the rows, each value as text.
    #[cfg(feature = "testing")]
    pub(crate) async fn texts(&mut self, sql: String) -> Result<Vec<Vec<String>>, sqlx::Error> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match self {
            Link::Lite(connection) => {
                let rows = sql.fetch_all(&mut **connection).await?;
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<String, _>(at))
                            .collect()
                    })
                    .collect()
            }
            Link::Pg(connection) => {
                // The simple protocol answers in texts.
                let rows = sql.fetch_all(&mut **connection).await?;
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<String, _>(at))
                            .collect()
                    })
                    .collect()
            }
        }
    }

    /// Parses and plans a statement without running it.
    #[cfg(feature = "testing")]
    pub(crate) async fn prepare(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        use sqlx::Executor;
        match self {
            Link::Lite(connection) => (&mut **connection).prepare(sql).await.map(drop),
            Link::Pg(connection) => (&mut **connection).prepare(sql).await.map(drop),
        }
    }
}

async fn lite_setting<T>(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<T, sqlx::Error>
where
    T: for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + Send + Unpin,
{
    sqlx::query_scalar(sql).fetch_one(connection).await
}

async fn pg_setting(
    connection: &mut PgConnection,
    sql: &'static str,
) -> Result<String, sqlx::Error> {
    limited(sqlx::query_scalar(sql).fetch_one(connection)).await
}

async fn limited<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(STATEMENT_LIMIT, call).await {
        Ok(result) => result,
        Err(elapsed) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            elapsed,
        ))),
    }
}

/// PostgreSQL refuses NUL in a text; both databases get the same stand-in.
fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') {
        std::borrow::Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        std::borrow::Cow::Borrowed(text)
    }
}

macro_rules! arguments {
    ($($name:ident -> $type:ty),+) => {$(
        fn $name(args: &[Arg<'_>]) -> Result<$type, sqlx::Error> {
            let mut arguments = <$type>::default();
            arguments.reserve(args.len(), 0);
            for arg in args {
                match arg {
                    Arg::Int(value) => arguments.add(*value),
                    Arg::Bool(value) => arguments.add(*value),
                    Arg::Text(value) => arguments.add(value.as_deref().map(clean)),
                    Arg::Bytes(value) => arguments.add(value.as_deref()),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    )+};
}

arguments!(lite_arguments -> SqliteArguments, pg_arguments -> PgArguments);

/// A row of either database.
pub(crate) enum Row {
    Lite(SqliteRow),
    Pg(PgRow),
}

macro_rules! column {
    ($row:expr, $at:expr) => {
        match $row {
            Row::Lite(row) => row.try_get($at),
            Row::Pg(row) => row.try_get($at),
        }
        .map_err(|error| crate::arg::corrupt("column", error))
    };
}

impl Row {
    pub(crate) fn is_null(&self, at: usize) -> Result<bool, StoreError> {
        match self {
            Row::Lite(row) => row.try_get_raw(at).map(|value| value.is_null()),
            Row::Pg(row) => row.try_get_raw(at).map(|value| value.is_null()),
        }
        .map_err(|error| crate::arg::corrupt("column", error))
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64, StoreError> {
        column!(self, at)
    }

    pub(crate) fn text(&self, at: usize) -> Result<&str, StoreError> {
        column!(self, at)
    }

    pub(crate) fn boolean(&self, at: usize) -> Result<bool, StoreError> {
        column!(self, at)
    }

    pub(crate) fn bytes(&self, at: usize) -> Result<&[u8], StoreError> {
        column!(self, at)
    }

    /// The row as one of ours.
    pub(crate) fn record<T: Record>(&self) -> Result<T, StoreError> {
        T::record(&mut Columns { row: self, next: 0 })
    }
}

/// The columns of a row, read one after the other.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl Columns<'_> {
    /// The next column.
    pub(crate) fn take<T: Read>(&mut self) -> Result<T, StoreError> {
        let at = self.next;
        self.next += 1;
        T::read(self.row, at)
    }
}

/// What a row is read as; its columns in the order of its SELECTs.
pub(crate) trait Record: Sized {
    /// Reads the columns.
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError>;
}

/// A single number.
impl Record for i64 {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take()
    }
}

/// A single text.
impl Record for String {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take()
    }
}

/// What an error of the database means for the transaction it came up in.
pub(crate) enum Severity {
    /// The connection or the database is gone, for now.
    Lost,
    /// The statement was refused.
    Refused,
}

/// What an error of the database means.
pub(crate) fn classify(error: sqlx::Error) -> (StoreError, Severity) {
    if is_lost(&error) {
        return (
            StoreError::Unavailable(std::sync::Arc::new(error)),
            Severity::Lost,
        );
    }
    let constraint = error
        .as_database_error()
        .and_then(|database| match database.constraint() {
            Some(name) => crate::Constraint::from_name(name),
            None => crate::Constraint::from_message(database.message()),
        });
    match constraint {
        Some(constraint) => (StoreError::Conflict(constraint), Severity::Refused),
        None => (
            StoreError::Statement(std::sync::Arc::new(error)),
            Severity::Refused,
        ),
    }
}

/// SQLite refused a row because of a foreign key, and does not say which.
pub(crate) fn is_nameless_foreign_key(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_foreign_key_violation() && error.constraint().is_none())
}

fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .is_some()
            {
                // Connection exceptions, resources used up, the operator's interventions,
                // serialization failures and deadlocks, system errors: all may pass.
                ["08", "53", "57", "40", "58"].iter().any(|class| code.starts_with(class))
                    // The database was set to read-only (a fail-over), or is just being made.
                    || matches!(&*code, "25006" | "3D000")
            } else {
                // The low byte is the primary code: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL,
                // CANTOPEN (sqlite.org/rescode.html).
                code.parse::<i32>()
                    .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14))
            }
        }
        // Everything else is ours: sqlx's enum is open, so it cannot be listed.
        _ => false,
    }
}
