//! What a decision must know of each thing.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{
    ActionSet, AntiPassback, Authority, AuthorizationRequired, CalendarId, ChargerAuthorization,
    ChargerId, ChargerOffline, Condition, Credential, CredentialId, CredentialKind,
    CredentialState, DoorAccess, DoorId, Effect, EmergencyId, EmergencyKind, EvseId, GrantId,
    InstallationId, Language, LockId, NodeId, NodeKind, OfflinePolicy, OrganisationId, Person,
    PersonId, PersonState, ScheduleId, Slot, StopGroup, Strength, Suspension, TagId,
};
use smallvec::SmallVec;

use super::Grants;
use super::tags::InTags;
use crate::pages::Place;

/// A node and what it stands in, nearest first; as deep as most sites are, without an allocation.
pub type NodePath = SmallVec<[NodeId; 5]>;

/// A node and what a decision must know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEntry {
    /// What it is.
    pub kind: NodeKind,
    /// Its organisation.
    pub organisation: OrganisationId,
    /// Its installation; `None` for an organisation.
    pub installation: Option<InstallationId>,
    /// The node above; `None` for an organisation.
    pub parent: Option<NodeId>,
    /// Itself first, its organisation last; as a rule kept here, not behind a pointer.
    pub path: NodePath,
    /// What only its kind has.
    pub detail: NodeDetail,
    /// Where the settings of its installation stand.
    pub(super) settings: Place,
    pub(crate) in_tags: InTags,
}

/// What only one kind of node has.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeDetail {
    /// Nothing more.
    Organisation,
    /// Nothing more: its settings are [`Directory::settings`].
    Installation,
    /// How entering it twice is dealt with.
    Area(AntiPassback),
    /// Its flag and its EVSEs by number.
    Charger {
        /// The flag.
        flag: ChargerAuthorization,
        /// Its own `Open` only while this schedule holds.
        open_schedule: Option<ScheduleId>,
        /// When an outside authority does not answer.
        offline: ChargerOffline,
        /// EVSE number and node.
        evses: SmallVec<[(u32, EvseId); 2]>,
    },
    /// Its number.
    Evse {
        /// From 1.
        number: u32,
        /// The charger it belongs to.
        charger: ChargerId,
    },
    /// Its settings.
    Door(DoorEntry),
}

/// What a decision must know of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationEntry {
    /// The flag.
    pub flag: AuthorizationRequired,
    /// `Open` only while this schedule holds.
    pub open_schedule: Option<ScheduleId>,
    /// Who decides.
    pub authority: Authority,
    /// Its clock; `None`: its name is not known, and no schedule holds.
    pub zone: Option<TimeZone>,
    /// Transactions in progress one person may have.
    pub concurrent_transactions: Option<u32>,
    /// Stop running transactions when the right to them ends.
    pub stop_on_revocation: bool,
    /// For the answer to people who set no language; nothing is decided by it.
    pub language: Option<Language>,
}

/// What an effect at a door must know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorEntry {
    /// Its lock.
    pub lock: LockId,
    /// Its number there.
    pub number: u32,
    /// How long it stays unlocked.
    pub open_seconds: u32,
    /// Whether it may be opened from elsewhere.
    pub remote_open: bool,
    /// When an outside authority does not answer.
    pub offline: OfflinePolicy,
    /// What it asks of those who come.
    pub access: DoorAccess,
}

/// A lock and its doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockEntry {
    /// The site.
    pub installation: InstallationId,
    /// Door number and node.
    pub doors: Arc<[(u32, DoorId)]>,
}

/// A person and what they were granted.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonEntry {
    /// Their organisation.
    pub organisation: OrganisationId,
    /// Active or suspended.
    pub state: PersonState,
    pub(super) bounds: Option<Arc<PersonBounds>>,
    /// Whom they may stop, and who them.
    pub stop_group: StopGroup,
    /// Where their managers are.
    pub managed_at: NodeId,
    /// For the answer to them; nothing is decided by it.
    pub language: Option<Language>,
    /// What they were granted themselves.
    pub grants: Grants,
    pub(crate) in_tags: InTags,
}

/// What bounds a person, behind a pointer like [`Bounds`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PersonBounds {
    suspension: Option<Suspension>,
    member_until: Option<Timestamp>,
}

impl PersonEntry {
    pub(super) fn of(row: &Person, grants: Grants, in_tags: InTags) -> Self {
        let bounds = PersonBounds {
            suspension: row.suspension,
            member_until: row.member_until,
        };
        Self {
            organisation: row.organisation,
            state: row.state,
            bounds: (bounds != PersonBounds::default()).then(|| Arc::new(bounds)),
            stop_group: row.stop_group.clone(),
            managed_at: row.managed_at,
            language: row.language,
            grants,
            in_tags,
        }
    }

    /// Suspended in this time.
    #[must_use]
    pub fn suspension(&self) -> Option<Suspension> {
        self.bounds.as_ref()?.suspension
    }

    /// End of membership.
    #[must_use]
    pub fn member_until(&self) -> Option<Timestamp> {
        self.bounds.as_ref()?.member_until
    }

    /// Every tag they stand in, and those that stand above; sorted.
    #[must_use]
    pub fn tags(&self) -> &[TagId] {
        self.in_tags.all()
    }

    /// Whether they stand in a tag.
    #[must_use]
    pub fn is_in(&self, tag: TagId) -> bool {
        self.in_tags.all().binary_search(&tag).is_ok()
    }
}

/// A grant to a person, a tag or a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantEntry {
    /// On this node and below.
    pub node: NodeId,
    /// Which.
    pub id: GrantId,
    /// Inclusive, UTC microseconds.
    pub from: i64,
    /// Exclusive, UTC microseconds.
    pub until: i64,
    /// What.
    pub actions: ActionSet,
    /// Allow or deny.
    pub effect: Effect,
    /// When, with what and how often; `None`: always.
    pub condition: Option<Arc<Condition>>,
}

/// A lockdown or an evacuation in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmergencyEntry {
    /// Which.
    pub id: EmergencyId,
    /// What.
    pub kind: EmergencyKind,
    /// Lockdown: whose people go on.
    pub exempt: Option<TagId>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScheduleEntry {
    pub(super) organisation: OrganisationId,
    pub(super) slots: Arc<[Slot]>,
    pub(super) calendar: Option<CalendarId>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CalendarEntry {
    pub(super) organisation: OrganisationId,
    /// Sorted.
    pub(super) dates: Arc<[Date]>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CredentialEntry {
    pub(crate) id: CredentialId,
    pub(crate) person: PersonId,
    pub(crate) kind: CredentialKind,
    pub(crate) strength: Strength,
    pub(crate) state: CredentialState,
    /// Where the person stands.
    pub(super) holder: Place,
    bounds: Option<Arc<Bounds>>,
}

/// What bounds a credential. Few are: the others stay small.
#[derive(Clone, Debug, Default, PartialEq)]
struct Bounds {
    suspension: Option<Suspension>,
    places: Option<Vec<NodeId>>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl CredentialEntry {
    pub(super) fn of(row: &Credential, holder: Place) -> Self {
        let bounds = Bounds {
            suspension: row.suspension,
            places: row.places.clone(),
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        };
        Self {
            id: row.id,
            person: row.person,
            kind: row.kind,
            strength: row.strength,
            state: row.state,
            holder,
            bounds: (bounds != Bounds::default()).then(|| Arc::new(bounds)),
        }
    }

    pub(crate) fn suspension(&self) -> Option<Suspension> {
        self.bounds.as_ref()?.suspension
    }

    /// The only places where it counts.
    pub(crate) fn places(&self) -> Option<&[NodeId]> {
        self.bounds.as_ref()?.places.as_deref()
    }

    pub(crate) fn valid_from(&self) -> Option<Timestamp> {
        self.bounds.as_ref()?.valid_from
    }

    pub(crate) fn valid_until(&self) -> Option<Timestamp> {
        self.bounds.as_ref()?.valid_until
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyEntry {
    pub(crate) person: PersonId,
    pub(crate) scopes: ActionSet,
    pub(crate) node: NodeId,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What a number may stand for, looked for before it is known in which organisation.
#[derive(Clone, Copy)]
pub(crate) struct Guess<'a> {
    /// The normalised number, hashed.
    pub(super) number: u128,
    /// By what it is found, and what stands there.
    pub(super) credential: Option<(&'a u128, &'a CredentialEntry)>,
    pub(super) person: Option<&'a PersonEntry>,
}

impl<'a> Guess<'a> {
    /// The person of a credential, if it is the one that was guessed.
    pub(crate) fn holder(&self, credential: &CredentialEntry) -> Option<&'a PersonEntry> {
        let (_, guessed) = self.credential?;
        self.person.filter(|_| guessed.person == credential.person)
    }
}

/// Whose card a number may be.
pub(crate) enum LookedUp<'a> {
    None,
    One(&'a CredentialEntry),
    /// More than one: nobody can tell.
    Several,
}
