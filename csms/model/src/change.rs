//! What changes a decision: rows of the live picture, in the order of their revision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ApiKey, ApiKeyId, Area, Calendar, Charger, Credential, Door, Emergency, Grant, Installation,
    Lock, Membership, Organisation, Person, PersonId, RequestId, Schedule, Sharing, Station,
    StationKind, Tag, Webhook,
};

/// The number of a change; the order of commits is the order of revisions.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The row as it is after the change; removed rows say so themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An organisation.
    Organisation(Organisation),
    /// An installation.
    Installation(Installation),
    /// An area.
    Area(Area),
    /// A charger with its EVSEs.
    Charger(Charger),
    /// A lock.
    Lock(Lock),
    /// What the owner decides about a station.
    Station(Box<Station>),
    /// A door.
    Door(Door),
    /// A person.
    Person(Person),
    /// A credential.
    Credential(Credential),
    /// A grant.
    Grant(Grant),
    /// An API key.
    ApiKey(ApiKey),
    /// A tag.
    Tag(Tag),
    /// That something stands in a tag.
    Membership(Membership),
    /// A schedule.
    Schedule(Schedule),
    /// A calendar of holidays.
    Calendar(Calendar),
    /// A lockdown or an evacuation.
    Emergency(Emergency),
    /// A right on its way: an invitation, a handover, a partnership.
    Sharing(Box<Sharing>),
    /// The outside authority of an installation.
    Webhook(Box<Webhook>),
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// An organisation.
    Organisation,
    /// An installation.
    Installation,
    /// An area.
    Area,
    /// A charger.
    Charger,
    /// A lock.
    Lock,
    /// What the owner decides about a station.
    Station,
    /// A door.
    Door,
    /// A person.
    Person,
    /// A credential.
    Credential,
    /// A grant.
    Grant,
    /// An API key.
    ApiKey,
    /// A tag.
    Tag,
    /// That something stands in a tag.
    Membership,
    /// A schedule.
    Schedule,
    /// A calendar of holidays.
    Calendar,
    /// A lockdown or an evacuation.
    Emergency,
    /// An invitation.
    Invitation,
    /// A handover of ownership.
    Handover,
    /// How a partner is found.
    PartnerProfile,
    /// A partnership.
    Partnership,
    /// A partner's link.
    PartnerLink,
    /// The outside authority of an installation.
    Webhook,
}

impl ChangeKind {
    /// The name used in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ChangeKind::Organisation => "organisation",
            ChangeKind::Installation => "installation",
            ChangeKind::Area => "area",
            ChangeKind::Charger => "charger",
            ChangeKind::Lock => "lock",
            ChangeKind::Station => "station",
            ChangeKind::Door => "door",
            ChangeKind::Person => "person",
            ChangeKind::Credential => "credential",
            ChangeKind::Grant => "grant",
            ChangeKind::ApiKey => "api_key",
            ChangeKind::Tag => "tag",
            ChangeKind::Membership => "membership",
            ChangeKind::Schedule => "schedule",
            ChangeKind::Calendar => "calendar",
            ChangeKind::Emergency => "emergency",
            ChangeKind::Invitation => "invitation",
            ChangeKind::Handover => "handover",
            ChangeKind::PartnerProfile => "partner_profile",
            ChangeKind::Partnership => "partnership",
            ChangeKind::PartnerLink => "partner_link",
            ChangeKind::Webhook => "webhook",
        }
    }
}

impl Change {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match self {
            Change::Organisation(_) => ChangeKind::Organisation,
            Change::Installation(_) => ChangeKind::Installation,
            Change::Area(_) => ChangeKind::Area,
            Change::Charger(_) => ChangeKind::Charger,
            Change::Lock(_) => ChangeKind::Lock,
            Change::Station(_) => ChangeKind::Station,
            Change::Door(_) => ChangeKind::Door,
            Change::Person(_) => ChangeKind::Person,
            Change::Credential(_) => ChangeKind::Credential,
            Change::Grant(_) => ChangeKind::Grant,
            Change::ApiKey(_) => ChangeKind::ApiKey,
            Change::Tag(_) => ChangeKind::Tag,
            Change::Membership(_) => ChangeKind::Membership,
            Change::Schedule(_) => ChangeKind::Schedule,
            Change::Calendar(_) => ChangeKind::Calendar,
            Change::Emergency(_) => ChangeKind::Emergency,
            Change::Sharing(row) => match row.as_ref() {
                Sharing::Invitation(_) => ChangeKind::Invitation,
                Sharing::Handover(_) => ChangeKind::Handover,
                Sharing::PartnerProfile(_) => ChangeKind::PartnerProfile,
                Sharing::Partnership(_) => ChangeKind::Partnership,
                Sharing::PartnerLink(_) => ChangeKind::PartnerLink,
            },
            Change::Webhook(_) => ChangeKind::Webhook,
        }
    }

    /// The id of the row; of a membership that of the member.
    #[must_use]
    pub fn id(&self) -> uuid::Uuid {
        match self {
            Change::Organisation(row) => row.id.0,
            Change::Installation(row) => row.id.0,
            Change::Area(row) => row.id.0,
            Change::Charger(row) => row.id.0,
            Change::Lock(row) => row.id.0,
            // A station has no id of ours: the charger or lock behind it.
            Change::Station(row) => match row.kind {
                StationKind::Charger(id) => id.0,
                StationKind::Lock(id) => id.0,
            },
            Change::Door(row) => row.id.0,
            Change::Person(row) => row.id.0,
            Change::Credential(row) => row.id.0,
            Change::Grant(row) => row.id.0,
            Change::ApiKey(row) => row.id.0,
            Change::Tag(row) => row.id.0,
            Change::Membership(row) => row.member.id(),
            Change::Schedule(row) => row.id.0,
            Change::Calendar(row) => row.id.0,
            Change::Emergency(row) => row.id.0,
            Change::Sharing(row) => row.id(),
            // One of each installation.
            Change::Webhook(row) => row.installation.0,
        }
    }

    /// The organisation the row belongs to.
    #[must_use]
    pub fn organisation(&self) -> crate::OrganisationId {
        match self {
            Change::Organisation(row) => row.id,
            Change::Installation(row) => row.organisation,
            Change::Area(row) => row.organisation,
            Change::Charger(row) => row.organisation,
            Change::Lock(row) => row.organisation,
            Change::Station(row) => row.organisation,
            Change::Door(row) => row.organisation,
            Change::Person(row) => row.organisation,
            Change::Credential(row) => row.organisation,
            Change::Grant(row) => row.organisation,
            Change::ApiKey(row) => row.organisation,
            Change::Tag(row) => row.organisation,
            Change::Membership(row) => row.organisation,
            Change::Schedule(row) => row.organisation,
            Change::Calendar(row) => row.organisation,
            Change::Emergency(row) => row.organisation,
            Change::Sharing(row) => row.organisation(),
            Change::Webhook(row) => row.organisation,
        }
    }
}

/// A change with the revision it was committed under.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// Its number.
    pub revision: Revision,
    /// The row after it.
    pub change: Change,
}

/// Who did it, for the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; `None` for the command line and the system itself.
    pub person: Option<PersonId>,
    /// The key used, if any.
    pub api_key: Option<ApiKeyId>,
    /// The HTTP request, if any.
    pub request: Option<RequestId>,
    /// When.
    pub at: Timestamp,
    /// Why, as the person said.
    pub reason: Option<String>,
}
