//! What happens at doors.

use jiff::Timestamp;

use crate::{CredentialId, DoorId, EventTime, LockId, OrganisationId, PersonId};

/// The state of a door as its lock reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoorState {
    /// Closed and locked or lockable.
    Closed,
    /// Open.
    Open,
    /// Held open by mode.
    Held,
    /// Forced open.
    Forced,
    /// The bolt does not move.
    Jammed,
}

impl DoorState {
    /// Every state.
    pub const ALL: [DoorState; 5] = [
        DoorState::Closed,
        DoorState::Open,
        DoorState::Held,
        DoorState::Forced,
        DoorState::Jammed,
    ];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DoorState::Closed => "closed",
            DoorState::Open => "open",
            DoorState::Held => "held",
            DoorState::Forced => "forced",
            DoorState::Jammed => "jammed",
        }
    }

    /// From its name, without case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.name().eq_ignore_ascii_case(name))
    }
}

/// What a door event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoorResult {
    /// Somebody was let in.
    Granted,
    /// Somebody was refused.
    Refused,
    /// Somebody left; never prevented.
    Exit,
    /// The door was forced.
    Forced,
}

impl DoorResult {
    /// Every result.
    pub const ALL: [DoorResult; 4] = [
        DoorResult::Granted,
        DoorResult::Refused,
        DoorResult::Exit,
        DoorResult::Forced,
    ];

    /// The name used in the profile, the API and storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DoorResult::Granted => "granted",
            DoorResult::Refused => "refused",
            DoorResult::Exit => "exit",
            DoorResult::Forced => "forced",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == name)
    }
}

/// An event at a door, stored once per `event_id` of its lock.
#[derive(Clone, Debug, PartialEq)]
pub struct DoorEvent {
    /// Made by the lock; 1..=64 characters.
    pub event_id: String,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The lock.
    pub lock: LockId,
    /// The door; `None` if the lock named one that does not exist.
    pub door: Option<DoorId>,
    /// The door number as named.
    pub door_number: u32,
    /// When, as the lock says.
    pub at: EventTime,
    /// When it was received.
    pub received_at: Timestamp,
    /// What happened.
    pub result: DoorResult,
    /// Why, as the lock says: `card`, `remote`, `offline_list` …
    pub cause: Option<String>,
    /// The person, where the token names one.
    pub person: Option<PersonId>,
    /// The credential, where the token names one.
    pub credential: Option<CredentialId>,
    /// The token, masked.
    pub token: Option<String>,
}
