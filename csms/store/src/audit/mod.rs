//! The logs as chains, so that nobody changes, removes, inserts or moves a row unnoticed.
//!
//! * Each row of the decision log and the change log stands in a **segment** under a sequence
//!   number. Its hash is the SHA-256 of the hash before it, its place and its columns. Segments
//!   belong to one process, one organisation and one [`AuditLog`]; a new one names the end of the
//!   one before.
//! * The **record of a segment** says how long it is and with which hash it ends. It changes in the
//!   transaction that adds rows, and is signed with the [`AuditKey`], which is not in the database.
//!   So a chain is whole after a crash at any moment, and cannot be made anew without the key.
//! * **Retention** deletes whole segments. The record stays, signed once more: the checkpoint.
//! * People, credentials and API keys stand in the logs under **pseudonyms**. What the change log
//!   shows of a person is hashed under a key of that person and can therefore be wiped out.
//!   Erasing a person destroys both; the chain does not notice.

pub(crate) mod chains;
pub(crate) mod digest;
pub(crate) mod erasure;
pub(crate) mod findings;
pub(crate) mod names;
pub(crate) mod reader;
pub(crate) mod retention;
pub(crate) mod segment;
pub(crate) mod verify;
mod walk;

pub use digest::AuditKey;
pub use findings::{AuditReport, Finding};
pub use reader::AuditReader;
pub use segment::AuditLog;

/// Every statement of these modules, for the test that prepares them.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, crate::sql::Sql)> {
    [
        erasure::STATEMENTS,
        names::STATEMENTS,
        retention::STATEMENTS,
        segment::STATEMENTS,
        verify::STATEMENTS,
    ]
    .concat()
}
