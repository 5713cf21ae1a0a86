//! What errors of the databases mean.

use std::sync::Arc;

use crate::{Constraint, StoreError};

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
        return (StoreError::Unavailable(Arc::new(error)), Severity::Lost);
    }
    let constraint = error
        .as_database_error()
        .and_then(|database| match database.constraint() {
            Some(name) => Constraint::from_name(name),
            None => Constraint::from_message(database.message()),
        });
    match constraint {
        Some(constraint) => (StoreError::Conflict(constraint), Severity::Refused),
        None => (StoreError::Statement(Arc::new(error)), Severity::Refused),
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
