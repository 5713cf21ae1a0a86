//! Databases that come with a test and go with it.

use std::path::Path;

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::unique;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file.
    Sqlite,
    /// A database of its own on the server named by `KEYWATT_TEST_POSTGRES`.
    Postgres,
}

/// Names the maintenance database: databases are made and dropped from there.
pub const POSTGRES_VARIABLE: &str = "KEYWATT_TEST_POSTGRES";

/// A database; dropped with its last server.
#[derive(Debug)]
pub struct Database {
    url: String,
    made_on: Option<MadeOn>,
}

/// Where a database was made.
#[derive(Debug)]
struct MadeOn {
    maintenance: String,
    name: String,
}

impl DatabaseKind {
    /// The databases there are to test on: SQLite always, PostgreSQL where one is reachable.
    pub async fn available() -> Vec<DatabaseKind> {
        match maintenance_url().await {
            Ok(_) => vec![DatabaseKind::Sqlite, DatabaseKind::Postgres],
            Err(reason) => {
                eprintln!("only SQLite is tested: {reason}");
                vec![DatabaseKind::Sqlite]
            }
        }
    }
}

impl Database {
    /// Makes one; a file goes into `folder`.
    pub async fn make(kind: DatabaseKind, folder: &Path) -> Database {
        match kind {
            DatabaseKind::Sqlite => Database {
                url: format!("sqlite://{}", folder.join("keywatt.db").display()),
                made_on: None,
            },
            DatabaseKind::Postgres => {
                let maintenance = maintenance_url().await.unwrap();
                let name = format!("kwtest_{}", unique::card().to_lowercase());
                let mut connection = PgConnection::connect(&maintenance).await.unwrap();
                let sql = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
                connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
                let _ = connection.close().await;
                Database {
                    url: naming(&maintenance, &name),
                    made_on: Some(MadeOn { maintenance, name }),
                }
            }
        }
    }

    /// For `--database`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        if self.made_on.is_some() {
            DatabaseKind::Postgres
        } else {
            DatabaseKind::Sqlite
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(MadeOn { maintenance, name }) = self.made_on.take() else {
            return;
        };
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // Dropping happens outside of any runtime, or inside of one that may not be blocked.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async move {
                let mut connection = PgConnection::connect(&maintenance).await?;
                connection.execute(sqlx::AssertSqlSafe(sql)).await?;
                connection.close().await
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("a test database stays behind: {error}");
        }
    }
}

/// The same server's database of another name: `postgres://host/this?and=so/on`.
fn naming(maintenance: &str, name: &str) -> String {
    let (base, query) = match maintenance.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (maintenance, String::new()),
    };
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    format!("{}/{name}{query}", &base[..end])
}

/// The maintenance database, if it can be reached; else why not.
async fn maintenance_url() -> Result<String, String> {
    if let Ok(named) = std::env::var(POSTGRES_VARIABLE) {
        // Named and unreachable is a fault of whoever named it: nothing is skipped silently.
        return match PgConnection::connect(&named).await {
            Ok(_) => Ok(named),
            Err(error) => panic!("{POSTGRES_VARIABLE} names `{named}`: {error}"),
        };
    }
    let mut reasons = Vec::new();
    for user in ["postgres", "root"] {
        let url = format!("postgres://{user}@127.0.0.1:5432/postgres");
        match PgConnection::connect(&url).await {
            Ok(_) => return Ok(url),
            Err(error) => reasons.push(format!("`{url}`: {error}")),
        }
    }
    Err(format!(
        "{POSTGRES_VARIABLE} is not set and {}",
        reasons.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::naming;

    #[test]
    fn only_the_name_of_the_database_changes() {
        for (given, made) in [
            ("postgres://u@h:5432/postgres", "postgres://u@h:5432/x"),
            ("postgres://u@h", "postgres://u@h/x"),
            (
                "postgres:///postgres?host=/run/pg",
                "postgres:///x?host=/run/pg",
            ),
        ] {
            assert_eq!(naming(given, "x"), made);
        }
    }
}
