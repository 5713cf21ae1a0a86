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
