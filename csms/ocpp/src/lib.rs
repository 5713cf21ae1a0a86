//! The edge between OCPP and the inside: wire payloads of 1.6 and 2.0.1 on one side, the neutral
//! words of `model` on the other. Nothing else in Keywatt knows a field name of OCPP.
//!
//! A payload of a station goes through the field table of its action ([`form`]): known deviations
//! are repaired and noted as [`Quirk`]s, the rest is checked. What is left is read into
//! [`model::neutral::StationRequest`]s. Types are rust-ocpp's, or ours where it lacks a message or
//! would lose something of it; no value of them ever comes from a `Default`, which there means
//! `Accepted`. One table of each version ([`messages`]) says for every message what becomes of it.
//!
//! [`Adapter`] is the way in, for both versions. `lock` is our own profile for doors, which both
//! versions carry in DataTransfer.

mod adapter;
mod carrier;
mod configuration;
mod decimal;
mod error;
mod excerpt;
mod form;
mod lock;
mod mask;
mod message;
mod meter;
mod number;
mod occasion;
mod peer;
mod policy;
mod quirk;
mod read;
mod time;
mod v16;
mod v201;

pub use adapter::{Adapter, Decoded, command_actions, messages, request_actions};
pub use error::WireError;
pub use message::{Message, Sender, Shape, Usage};
pub use occasion::Occasion;
pub use peer::Peer;
pub use quirk::Quirk;
