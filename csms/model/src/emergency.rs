//! Lockdown and evacuation of doors.

use jiff::Timestamp;

use crate::{EmergencyId, NodeId, OrganisationId, PersonId, TagId};

/// What is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EmergencyKind {
    /// Everybody passes every door; beats a lockdown.
    Evacuation,
    /// Nobody passes but who is exempt; beats schedules and grants.
    Lockdown,
}

impl EmergencyKind {
    /// Both.
    pub const ALL: [EmergencyKind; 2] = [EmergencyKind::Evacuation, EmergencyKind::Lockdown];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EmergencyKind::Evacuation => "evacuation",
            EmergencyKind::Lockdown => "lockdown",
        }
    }
}

/// What a door is set to in an emergency; the later beats the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoorMode {
    /// Locked; the engine is asked.
    Normal,
    /// Locked, without connection too.
    Lockdown,
    /// Unlocked for everybody.
    Evacuation,
}

impl DoorMode {
    /// Every mode.
    pub const ALL: [DoorMode; 3] = [DoorMode::Normal, DoorMode::Lockdown, DoorMode::Evacuation];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DoorMode::Normal => "normal",
            DoorMode::Lockdown => "lockdown",
            DoorMode::Evacuation => "evacuation",
        }
    }

    /// The value of AccessBarrier.Mode and `LockMode<n>` of the lock profile.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            DoorMode::Normal => "Normal",
            DoorMode::Lockdown => "Lockdown",
            DoorMode::Evacuation => "Evacuation",
        }
    }

    /// From what a lock tells.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.wire().eq_ignore_ascii_case(text.trim()))
    }
}

impl From<EmergencyKind> for DoorMode {
    fn from(kind: EmergencyKind) -> Self {
        match kind {
            EmergencyKind::Evacuation => DoorMode::Evacuation,
            EmergencyKind::Lockdown => DoorMode::Lockdown,
        }
    }
}

/// A lockdown or an evacuation of all doors below a node. Concerns doors only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Its id.
    pub id: EmergencyId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The organisation, installation, area or door.
    pub node: NodeId,
    /// What.
    pub kind: EmergencyKind,
    /// Lockdown: whose people go on to the other steps.
    pub exempt: Option<TagId>,
    /// Who began it.
    pub created_by: Option<PersonId>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}
