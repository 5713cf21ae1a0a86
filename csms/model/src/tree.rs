//! The resource tree: organisation, installation, area, charger or door, EVSE.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    AreaId, ChargerId, DoorId, EvseId, InstallationId, Language, LockId, NodeId, OrganisationId,
    ScheduleId, StationId, Strength,
};

/// What kind of node stands in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// The tenant; the root.
    Organisation,
    /// A site.
    Installation,
    /// A circuit, floor or zone.
    Area,
    /// A charger.
    Charger,
    /// An EVSE of a charger.
    Evse,
    /// A door.
    Door,
}

impl NodeKind {
    /// Every kind.
    pub const ALL: [NodeKind; 6] = [
        NodeKind::Organisation,
        NodeKind::Installation,
        NodeKind::Area,
        NodeKind::Charger,
        NodeKind::Evse,
        NodeKind::Door,
    ];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NodeKind::Organisation => "organisation",
            NodeKind::Installation => "installation",
            NodeKind::Area => "area",
            NodeKind::Charger => "charger",
            NodeKind::Evse => "evse",
            NodeKind::Door => "door",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A node and its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// The node above; `None` for an organisation.
    pub parent: Option<NodeId>,
    /// The organisation it belongs to.
    pub organisation: OrganisationId,
}

/// What every entity carries for people and for other systems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Shown to people; 0..=200 characters.
    pub name: String,
    /// The id in another system.
    pub external_id: Option<String>,
    /// Free JSON object.
    pub metadata: Map<String, Value>,
}

/// The flag of an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthorizationRequired {
    /// Only who has a right may charge.
    Required,
    /// Anybody may charge.
    Open,
}

/// The flag of a charger; the nearest that is not `Inherit` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChargerAuthorization {
    /// As the installation says.
    Inherit,
    /// Only who has a right may charge.
    Required,
    /// Anybody may charge.
    Open,
}

/// Who decides about the points of an installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Authority {
    /// This system.
    #[default]
    Native,
    /// A web service is asked.
    Webhook,
}

impl Authority {
    /// Every authority.
    pub const ALL: [Authority; 2] = [Authority::Native, Authority::Webhook];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Authority::Native => "native",
            Authority::Webhook => "webhook",
        }
    }
}

/// What holds at a charger when an outside authority does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChargerOffline {
    /// Everybody is refused.
    Closed,
    /// Who has a right here charges.
    #[default]
    List,
    /// Everybody charges.
    Open,
}

/// How entering twice is dealt with in a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AntiPassback {
    /// Not at all.
    #[default]
    Off,
    /// It is recorded.
    Soft,
    /// It is refused until the person has left.
    Hard,
    /// It is refused for so many minutes.
    Timed(u32),
}

/// On which side of a zone a door stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passage {
    /// Into the area.
    Entry(AreaId),
    /// Out of the area. Leaving is never refused for having left.
    Exit(AreaId),
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct Installation {
    /// Its id; also a node.
    pub id: InstallationId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// IANA time zone, e.g. `Europe/Zurich`.
    pub time_zone: String,
    /// Postal address, free text.
    pub address: Option<String>,
    /// The flag.
    pub authorization_required: AuthorizationRequired,
    /// `Open` only while this schedule holds, else `Required`.
    pub open_schedule: Option<ScheduleId>,
    /// Who decides.
    pub authority: Authority,
    /// Transactions in progress that one person may have here; `None`: no limit.
    pub concurrent_transactions: Option<u32>,
    /// Stop a running transaction when its person loses the right to it.
    pub stop_on_revocation: bool,
    /// How people are spoken to who set no language; `None`: in English.
    pub language: Option<Language>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed; a removed node permits nothing.
    pub deleted_at: Option<Timestamp>,
}

/// A part of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Its id; also a node.
    pub id: AreaId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The installation it belongs to.
    pub installation: InstallationId,
    /// The node above: the installation or another area.
    pub parent: NodeId,
    /// `circuit`, `floor`, `zone` …; free text.
    pub kind: String,
    /// How entering twice is dealt with.
    pub anti_passback: AntiPassback,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// An EVSE of a charger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evse {
    /// Its id; also a node.
    pub id: EvseId,
    /// 2.0.1 evse id; in 1.6 the connector number. From 1.
    pub number: u32,
    /// The connectors, from 1.
    pub connectors: Vec<u32>,
}

/// A charger: a station that meters energy.
#[derive(Clone, Debug, PartialEq)]
pub struct Charger {
    /// Its id; also a node.
    pub id: ChargerId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The installation it belongs to.
    pub installation: InstallationId,
    /// The node above: the installation or an area.
    pub parent: NodeId,
    /// Its OCPP identity.
    pub station: StationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The flag.
    pub authorization_required: ChargerAuthorization,
    /// Its own `Open` only while this schedule holds, else `Required`.
    pub open_schedule: Option<ScheduleId>,
    /// When an outside authority does not answer.
    pub offline_policy: ChargerOffline,
    /// Its EVSEs, by number; at least one.
    pub evses: Vec<Evse>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// A controller of doors: a station, not a node; its doors are nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Its id.
    pub id: LockId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The installation it belongs to; who may manage it is decided there.
    pub installation: InstallationId,
    /// Its OCPP identity.
    pub station: StationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Let `UnlockConnector` open the door (off: only `Door.Open` does).
    pub unlock_connector_opens: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// What the door does without power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoorFail {
    /// Unlocked.
    Safe,
    /// Locked.
    Secure,
}

/// What a door does without connection. `open` does not exist for doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfflinePolicy {
    /// Everybody is refused.
    Closed,
    /// Who is on the list enters.
    List,
}

/// What a door asks of those who come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoorAccess {
    /// A credential at least this strong.
    pub minimum_strength: Option<Strength>,
    /// Open to everybody while this schedule holds.
    pub unlock_schedule: Option<ScheduleId>,
    /// The zone it leads into or out of.
    pub passage: Option<Passage>,
}

/// A door of a lock.
#[derive(Clone, Debug, PartialEq)]
pub struct Door {
    /// Its id; also a node.
    pub id: DoorId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The installation it belongs to.
    pub installation: InstallationId,
    /// The node above: the installation or an area.
    pub parent: NodeId,
    /// The controller.
    pub lock: LockId,
    /// EVSE number (2.0.1) or connector number (1.6) at the controller; from 1.
    pub number: u32,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Without power.
    pub fail: DoorFail,
    /// Whether it may be opened from elsewhere.
    pub remote_open: bool,
    /// How long it stays unlocked, 1..=3600 seconds.
    pub open_seconds: u32,
    /// Without connection, and when an outside authority does not answer.
    pub offline_policy: OfflinePolicy,
    /// What it asks of those who come.
    pub access: DoorAccess,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}
