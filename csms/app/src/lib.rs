//! Use cases and the policy enforcement point: everything Keywatt does, without knowing how it is
//! reached. The only caller of `authz::decide`.

pub mod caller;
pub mod clock;
pub mod error;
pub mod link;
pub mod station;

pub use caller::{Caller, Proof};
pub use error::{ApiError, FieldError};
