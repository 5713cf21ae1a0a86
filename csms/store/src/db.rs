//! The two databases: how each is connected to, and how a transaction runs on it.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

use crate::Durability;
use crate::link::Link;
use crate::sql::Dialect;

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

    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Conn::Lite(_) => Dialect::Lite,
            Conn::Pg(_) => Dialect::Pg,
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

/// Waits for PostgreSQL, not for ever.
pub(crate) async fn limited<T>(
    call: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(STATEMENT_LIMIT, call).await {
        Ok(result) => result,
        Err(elapsed) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            elapsed,
        ))),
    }
}
