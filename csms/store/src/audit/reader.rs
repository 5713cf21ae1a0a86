//! A look at a database that may be in use, without writing to it.

use crate::OpenError;
use crate::db::Db;
use crate::open::{readers, target};

/// Reads the chains. A server may use the database meanwhile.
pub struct AuditReader {
    pub(crate) db: Db,
}

impl std::fmt::Debug for AuditReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditReader")
    }
}

impl AuditReader {
    /// For a database as [`crate::Store::open`] takes it; connects when something is read. Must be
    /// called within a Tokio runtime.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn open(url: &str) -> Result<Self, OpenError> {
        Ok(Self {
            db: readers(&target(url)?, 1),
        })
    }

    /// Ends the connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
