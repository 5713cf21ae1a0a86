//! What is kept: rows of the domain in SQLite or PostgreSQL, one SQL text for both.
//!
//! * [`Store::write`] and [`Store::change`] run a job in the **writer**: one task that puts many
//!   jobs into one database transaction, commits, and answers each only then.
//! * [`Store::log_decision`] queues a row of the decision log, which is never dropped;
//!   [`Store::offer`] queues what may be dropped.
//! * Everything read outside a job comes from a pool of readers and sees committed rows only.
//!
//! # Rules for jobs
//! * A job may be run more than once: when another job of its batch fails, or when the database
//!   goes away. What it wrote before is rolled back each time.
//! * A failed statement fails the job, whatever the job returns. To learn whether something is
//!   there, look for it first; the primitives that may meet a row say so and return a `bool`.
//! * A job that returns `Ok` with a refusing value has written nothing.
//! * A job waits for nothing but its [`Tx`]: all other writes wait behind it.
//!
//! # When the connection breaks during a commit
//! PostgreSQL is asked what became of the transaction, so that a committed batch is neither
//! repeated nor forgotten. Only when the server cannot say (it was replaced by another one) are
//! the jobs run again; natural keys and ids made by the caller then keep a row from being
//! written twice.
//!
//! Times are kept in microseconds and what is finer is cut off. NUL characters, which PostgreSQL
//! cannot keep, become U+FFFD on both databases.

mod arg;
mod audit;
mod batch;
mod constraint;
mod db;
mod error;
mod fault;
mod image;
mod key;
mod link;
mod live;
mod open;
mod packed;
mod page;
mod past;
mod rows;
mod select;
mod sql;
mod store;
mod tx;
mod words;
mod work;
mod writer;

#[cfg(feature = "testing")]
pub mod testing;

pub use audit::{AuditKey, AuditLog, AuditReader, AuditReport, Finding};
pub use constraint::{Constraint, ConstraintKind};
pub use error::{OpenError, StoreError};
pub use futures_util::future::BoxFuture;
pub use image::{image, row_of_image};
pub use open::StoreOptions;
pub use page::{Cursor, CursorError, List, Page};
pub use past::{Forgotten, Past};
pub use rows::*;
pub use store::{Durability, Store};
pub use tx::Tx;
