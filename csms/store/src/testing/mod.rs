//! Databases for tests: a SQLite file in a folder that goes away, or a database of its own on
//! PostgreSQL. Feature `testing`; never part of the program.

mod postgres;

use std::io;

use tempfile::TempDir;
use uuid::Uuid;

pub use postgres::Postgres;

use crate::db::Target;
use crate::sql::Dialect;

/// An empty database, gone when this is dropped.
pub struct TestDatabase {
    /// What to give to [`crate::Store::open`].
    pub url: String,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server { server: Postgres, name: String },
}

impl TestDatabase {
    /// A SQLite file.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn sqlite() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("keywatt.db").display());
        Ok(Self {
            url,
            place: Place::Folder(folder),
        })
    }

    /// A database of its own on a server.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn on(server: &Postgres) -> io::Result<Self> {
        let name = format!("keywatt_test_{}", Uuid::new_v4().simple());
        server.run(&format!("CREATE DATABASE {name}")).await?;
        Ok(Self {
            url: server.url(&name),
            place: Place::Server {
                server: server.clone(),
                name,
            },
        })
    }

    /// A database of its own on the PostgreSQL named by `KEYWATT_TEST_POSTGRES`, or on one that is
    /// started for this process.
    ///
    /// # Errors
    /// When there is none, with the reason.
    pub async fn postgres() -> io::Result<Self> {
        Self::on(&Postgres::shared().await?).await
    }

    /// The folder of a SQLite database.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server { .. } => None,
        }
    }

    /// Begins to write, as another program might, and does not end; SQLite lets nobody else write
    /// meanwhile.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep(&self) -> io::Result<Kept> {
        let mut conn = connect(&self.url).await?;
        conn.begin().await.map_err(io::Error::other)?;
        Ok(Kept(conn))
    }

    /// Runs statements by a connection of its own, as an operator might; the rows of the last one,
    /// each value as text.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, sql: &str) -> io::Result<Vec<Vec<String>>> {
        run(&self.url, sql).await
    }
}

/// A database that another program writes to for as long as it likes.
pub struct Kept(crate::db::Conn);

impl Kept {
    /// Ends the other program's transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn let_go(mut self) -> io::Result<()> {
        self.0.rollback().await.map_err(io::Error::other)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { server, name } = &self.place {
            server.drop_later(name);
        }
    }
}

/// Every statement text of the store, by name.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    crate::rows::statements()
        .into_iter()
        .map(|(name, sql)| (name, sql.text()))
        .collect()
}

/// Parses and plans every statement of the store on a database that is open; the names of those it
/// refuses, with the reason.
///
/// # Errors
/// When the database does not answer.
pub async fn prepare_all(url: &str) -> io::Result<Vec<(&'static str, String)>> {
    let mut conn = connect(url).await?;
    let mut refused = Vec::new();
    for (name, sql) in crate::rows::statements() {
        if let Err(error) = conn.link().prepare(sql.into()).await {
            refused.push((name, error.to_string()));
        }
    }
    for whole in crate::rows::live::WHOLE {
        // The condition of one has a parameter.
        let texts = match conn.dialect() {
            Dialect::Lite => vec![whole.last(), whole.packed(1)],
            Dialect::Pg => vec![whole.rows()],
        };
        for sql in texts {
            if let Err(error) = conn.link().prepare(sql).await {
                refused.push((whole.table, error.to_string()));
            }
        }
    }
    Ok(refused)
}

async fn connect(url: &str) -> io::Result<crate::db::Conn> {
    crate::open::target(url)
        .map_err(io::Error::other)?
        .connect()
        .await
        .map_err(io::Error::other)
}

async fn run(url: &str, sql: &str) -> io::Result<Vec<Vec<String>>> {
    let mut conn = connect(url).await?;
    conn.link()
        .texts(sql.to_owned())
        .await
        .map_err(io::Error::other)
}

/// Whether a database of this URL is SQLite.
#[must_use]
pub fn is_sqlite(url: &str) -> bool {
    matches!(crate::open::target(url), Ok(Target::Lite(_)))
}
