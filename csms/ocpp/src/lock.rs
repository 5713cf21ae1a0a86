//! Our profile for locks: what DataTransfer with `vendorId` [`VENDOR`] carries, in both versions.
//!
//! `data` is JSON text. From the lock: `Door.Authorize`, `Door.Event`; to the lock: `Door.Open`.
//! The contracts are published in `schemas/lock/`.

mod fields;
mod kind;
mod read;
mod write;

pub(crate) use read::{Message, Refusal, open_status, read};
pub(crate) use write::{door_answer, malformed_answer, open_data};

/// The `vendorId` of the profile.
pub(crate) const VENDOR: &str = "io.keywatt.lock";
/// The `messageId` by which a lock asks whether a token opens a door.
pub(crate) const AUTHORIZE: &str = "Door.Authorize";
/// The `messageId` by which a lock reports what happened at a door.
pub(crate) const EVENT: &str = "Door.Event";
/// The `messageId` that opens a door.
pub(crate) const OPEN: &str = "Door.Open";
