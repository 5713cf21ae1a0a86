//! What can go wrong between a job and its commit.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Constraint;

/// The cause of an error, for the log.
pub(crate) type Source = Arc<dyn Error + Send + Sync + 'static>;

/// Why a job or a query has no result. Nothing of it was written, unless said otherwise.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is away, or its disk is full. If the connection broke during the commit, the
    /// job may have been written all the same.
    #[error("the database is not available")]
    Unavailable(#[source] Source),
    /// The queue to the writer is full, or did not come to this job in time.
    #[error("the database does not keep up")]
    Busy,
    /// It stands against a row that is there, or breaks a rule of the table.
    #[error("the row stands against `{}`", .0.name())]
    Conflict(Constraint),
    /// A stored value is not one of ours.
    #[error("a stored `{what}` cannot be read: {problem}")]
    Corrupt {
        /// The type it was read as.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A statement failed: a fault of ours.
    #[error("a database statement failed")]
    Statement(#[source] Source),
    /// The job panicked.
    #[error("the job panicked")]
    Panicked,
    /// The job took longer than the writer waits for one.
    #[error("the job did not end in time")]
    TooSlow,
    /// A change was recorded by a job that has no actor: use [`crate::Store::change`].
    #[error("a change needs an actor")]
    NoActor,
}

impl StoreError {
    /// The constraint it stands against, if that is what happened.
    #[must_use]
    pub const fn conflict(&self) -> Option<Constraint> {
        match self {
            StoreError::Conflict(constraint) => Some(*constraint),
            StoreError::Unavailable(_)
            | StoreError::Busy
            | StoreError::Corrupt { .. }
            | StoreError::Closed
            | StoreError::Statement(_)
            | StoreError::Panicked
            | StoreError::TooSlow
            | StoreError::NoActor => None,
        }
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Neither `sqlite://PATH` nor `postgres://…`.
    #[error("`{0}` is no database: use `sqlite://PATH` or `postgres://USER@HOST/NAME`")]
    Url(String),
    /// Another process has the file.
    #[error("the database `{}` is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The file or its folder cannot be made.
    #[error("the database file `{}` cannot be opened", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It does not answer, or refuses us.
    #[error("the database cannot be reached")]
    Connect(#[source] Source),
    /// It was only to be looked at, and is not in the form of this version.
    #[error(
        "the database is not in the form of this version; `keywatt migrate` brings an older one up to date"
    )]
    Form,
    /// A migration failed, or the database is newer than this program.
    #[error("the database cannot be brought to the form of this version")]
    Migrate(#[source] Source),
}
