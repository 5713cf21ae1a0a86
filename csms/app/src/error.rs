//! What a use case of the API can fail with; `web` turns it into a problem.

use model::Action;
use model::command::CommandError;

/// A field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as a path: `evses[0].number`.
    pub field: String,
    /// Stable, e.g. `required`, `too_long`, `unknown`.
    pub code: &'static str,
    /// What is wrong, in plain words.
    pub message: String,
}

impl FieldError {
    /// A field at fault.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            message: message.into(),
        }
    }
}

/// Why a use case was not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// There is no such thing, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// The caller may know of it, not do this.
    #[error("the action `{action}` is missing")]
    Forbidden {
        /// The missing action.
        action: Action,
        /// Who can give it: names of people, at most five.
        ask: Vec<String>,
        /// The reason of the decision, e.g. `NO_GRANT`.
        reason: model::Reason,
    },
    /// The input is wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// It stands against something that is there.
    #[error("{detail}")]
    Conflict {
        /// Stable, e.g. `station_id_taken`.
        code: &'static str,
        /// What, in plain words.
        detail: String,
    },
    /// It would newly refuse many; it is made when the phrase with its figures is sent.
    #[error(
        "this would newly refuse {} of the {} who may now and were seen in the last 30 days",
        .0.refused, .0.may
    )]
    ConfirmationNeeded(crate::insight::what_if::Impact),
    /// Too often.
    #[error("too many attempts; try again in {retry_after_seconds} s")]
    TooMany {
        /// When to come back.
        retry_after_seconds: u64,
    },
    /// Wrong e-mail, password, token or key; says no more.
    #[error("the credentials are not valid")]
    Unauthenticated,
    /// The station could not be asked, or did not answer.
    #[error(transparent)]
    Station(#[from] CommandError),
    /// The database is away, or the Directory is not loaded.
    #[error("the service is not available now")]
    Unavailable,
    /// A fault of ours; the log has the cause.
    #[error("an internal error")]
    Internal,
}

impl ApiError {
    /// One field at fault.
    pub fn field(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }
}
