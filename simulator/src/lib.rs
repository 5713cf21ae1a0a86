//! Charge points and locks as state machines, for tests, demonstrations and load.
//!
//! It shares only the framing with the central system: payloads and behaviour are written from
//! the standards a second time, so that a mistake on one side shows on the other.

pub mod charger;
mod charging;
pub mod clock;
#[cfg(test)]
mod command_samples;
mod error_text;
pub mod fleet;
pub mod functions;
pub mod lock;
pub mod messages;
#[cfg(test)]
mod official_schemas;
pub mod scenario;
#[cfg(test)]
mod scripted_csms;
pub mod station;
pub mod token;
pub mod transport;
pub mod vendor;
pub mod view;
mod wire;

pub use charger::{Charger, ChargerConfig};
pub use error_text::describe;
pub use lock::{Lock, LockConfig};
pub use rpc::{MessageId, Version};
pub use station::{Event, StationError};
pub use token::{Token, TokenInfo, TokenKind};
pub use transport::{CallFailure, ConnectError, Connection, Endpoint};
pub use wire::{BootOutcome, BootReason, Identity, StopReason};
