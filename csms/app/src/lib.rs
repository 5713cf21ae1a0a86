//! Use cases and the policy enforcement point: everything Keywatt does, without knowing how it is
//! reached. The only caller of `authz::decide`.

mod after;
mod allowances;
mod app;
mod attempts;
pub mod authority;
mod blocked_cards;
mod cache_debts;
mod card;
mod door_modes;
mod flag_edges;
mod flag_history;
mod smart_tags;

pub mod admin;
pub mod caller;
pub mod clock;
pub mod configuration;
pub mod doctor;
pub mod error;
pub mod events;
pub mod insight;
pub mod link;
pub mod live;
pub mod pep;
pub mod reading;
mod remote;
mod retention;
pub mod secret;
pub mod settings;
pub mod station;
pub mod wording;

pub use app::{App, Parts, StartError};
pub use caller::{Caller, Proof};
pub use error::{ApiError, FieldError};
pub use events::Events;
pub use flag_history::{FlagSource, FlagSpan};
pub use live::Live;
pub use pep::Pep;
pub use retention::Deleted;
pub use settings::{Retention, Settings};
