//! The live picture that decisions look at: tree, people, credentials, grants, flags.
//!
//! Immutable once shared: a change is applied to a clone, which copies only the shards it touches.
//! It holds what a decision needs and nothing else: no names, no addresses, no card numbers (a
//! credential is found by a keyed 128-bit hash of its normalised value).

mod builder;
mod change;

use std::sync::Arc;

use jiff::Timestamp;
use model::{
    ActionSet, ApiKeyId, AuthorizationRequired, ChargerAuthorization, ChargerId, Committed,
    CredentialId, CredentialKind, CredentialState, DoorId, Effect, EvseId, GrantId, InstallationId,
    LockId, NodeId, NodeKind, OrganisationId, PersonId, PersonState, PresentedToken, Revision,
    StopGroup,
};
use siphasher::sip128::{Hasher128, SipHasher13};

pub use builder::DirectoryBuilder;

use crate::shards::Shards;

/// The longest way from a node to its organisation, both counted.
const DEPTH: usize = 8;

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
    /// Itself first, its organisation last.
    pub path: Arc<[NodeId]>,
    /// What only its kind has.
    pub detail: NodeDetail,
}

/// What only one kind of node has.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeDetail {
    /// Nothing more.
    Organisation,
    /// Its settings.
    Installation(InstallationEntry),
    /// Nothing more.
    Area,
    /// Its flag and its EVSEs by number.
    Charger {
        /// The flag.
        flag: ChargerAuthorization,
        /// EVSE number and node.
        evses: Arc<[(u32, EvseId)]>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstallationEntry {
    /// The flag.
    pub flag: AuthorizationRequired,
    /// Transactions in progress one person may have.
    pub concurrent_transactions: Option<u32>,
    /// Stop running transactions when the right to them ends.
    pub stop_on_revocation: bool,
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
}

/// A lock and its doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockEntry {
    /// The site.
    pub installation: InstallationId,
    /// Door number and node.
    pub doors: Arc<[(u32, DoorId)]>,
}

/// A person and what they were granted, sorted by node, then id.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonEntry {
    /// Their organisation.
    pub organisation: OrganisationId,
    /// Active or suspended.
    pub state: PersonState,
    /// End of membership.
    pub member_until: Option<Timestamp>,
    /// Whom they may stop, and who them.
    pub stop_group: StopGroup,
    /// Where their managers are.
    pub managed_at: NodeId,
    /// What they were granted.
    pub grants: Arc<[GrantEntry]>,
}

/// A grant of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CredentialEntry {
    pub(crate) id: CredentialId,
    pub(crate) person: PersonId,
    pub(crate) kind: CredentialKind,
    pub(crate) state: CredentialState,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) valid_until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyEntry {
    pub(crate) person: PersonId,
    pub(crate) scopes: ActionSet,
    pub(crate) node: NodeId,
    pub(crate) expires_at: Option<Timestamp>,
}

/// The live picture at a revision.
#[derive(Clone)]
pub struct Directory {
    revision: Revision,
    /// Keys the credential index; chosen at start, so that nobody can aim at collisions.
    seed: (u64, u64),
    nodes: Shards<NodeId, NodeEntry>,
    people: Shards<PersonId, PersonEntry>,
    credentials: Shards<u128, CredentialEntry>,
    keys: Shards<ApiKeyId, KeyEntry>,
    locks: Shards<LockId, LockEntry>,
    /// Who has a grant on a node, with as many entries as grants.
    granted: Shards<NodeId, Arc<[PersonId]>>,
}

impl Directory {
    /// An empty picture. `seed` is random, and the same for as long as the process lives.
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            revision: Revision(0),
            seed,
            nodes: Shards::new(),
            people: Shards::new(),
            credentials: Shards::new(),
            keys: Shards::new(),
            locks: Shards::new(),
            granted: Shards::new(),
        }
    }

    /// The revision it stands at.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: impl Into<NodeId>) -> Option<&NodeEntry> {
        self.nodes.get(&id.into())
    }

    /// Every node, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &NodeEntry)> {
        self.nodes.iter().map(|(id, entry)| (*id, entry))
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&PersonEntry> {
        self.people.get(&id)
    }

    /// What an effect at a door must know of it.
    #[must_use]
    pub fn door(&self, id: DoorId) -> Option<DoorEntry> {
        match self.node(id)?.detail {
            NodeDetail::Door(door) => Some(door),
            NodeDetail::Organisation
            | NodeDetail::Installation(_)
            | NodeDetail::Area
            | NodeDetail::Charger { .. }
            | NodeDetail::Evse { .. } => None,
        }
    }

    /// A lock.
    #[must_use]
    pub fn lock(&self, id: LockId) -> Option<&LockEntry> {
        self.locks.get(&id)
    }

    /// Who has a grant on exactly this node; people may come more than once.
    #[must_use]
    pub fn granted_on(&self, node: NodeId) -> &[PersonId] {
        self.granted.get(&node).map_or(&[], |people| people)
    }

    /// The settings of the installation above a node.
    #[must_use]
    pub fn installation_of(&self, node: &NodeEntry) -> Option<(InstallationId, InstallationEntry)> {
        let id = node.installation?;
        match self.nodes.get(&id.into())?.detail {
            NodeDetail::Installation(entry) => Some((id, entry)),
            NodeDetail::Organisation
            | NodeDetail::Area
            | NodeDetail::Charger { .. }
            | NodeDetail::Evse { .. }
            | NodeDetail::Door(_) => None,
        }
    }

    /// The flag in effect at a charger or one of its EVSEs; a door never inherits `Open`, and
    /// every other node is `Required`.
    #[must_use]
    pub fn authorization_required(&self, node: &NodeEntry) -> AuthorizationRequired {
        match &node.detail {
            NodeDetail::Charger {
                flag: ChargerAuthorization::Required,
                ..
            } => AuthorizationRequired::Required,
            NodeDetail::Charger {
                flag: ChargerAuthorization::Open,
                ..
            } => AuthorizationRequired::Open,
            NodeDetail::Charger {
                flag: ChargerAuthorization::Inherit,
                ..
            } => self
                .installation_of(node)
                .map_or(AuthorizationRequired::Required, |(_, installation)| {
                    installation.flag
                }),
            NodeDetail::Evse { charger, .. } => self
                .node(*charger)
                .filter(|above| above.kind == NodeKind::Charger)
                .map_or(AuthorizationRequired::Required, |above| {
                    self.authorization_required(above)
                }),
            NodeDetail::Organisation
            | NodeDetail::Installation(_)
            | NodeDetail::Area
            | NodeDetail::Door(_) => AuthorizationRequired::Required,
        }
    }

    /// Whose token it is, whatever its state: for the record, not a decision.
    #[must_use]
    pub fn holder_of(
        &self,
        organisation: OrganisationId,
        token: &PresentedToken,
    ) -> Option<(CredentialId, PersonId)> {
        self.credential(organisation, &token.key())
            .filter(|entry| token.kind.admits(entry.kind))
            .map(|entry| (entry.id, entry.person))
    }

    /// Whether it is a remote token of somebody in the organisation: made here, on no card.
    #[must_use]
    pub fn is_remote_token(&self, organisation: OrganisationId, token: &PresentedToken) -> bool {
        self.credential(organisation, &token.received_key())
            .is_some_and(|entry| entry.kind == CredentialKind::App && token.kind.admits(entry.kind))
    }

    /// The card whose own number a key is, whatever its state: forms of it that readers show do
    /// not count. For what is noted about readers, not a decision.
    #[must_use]
    pub fn card_numbered(
        &self,
        organisation: OrganisationId,
        key: &str,
    ) -> Option<(CredentialId, PersonId)> {
        self.number_taken(organisation, key)
            .filter(|(kind, ..)| matches!(kind, CredentialKind::Rfid | CredentialKind::Key))
            .map(|(_, id, person)| (id, person))
    }

    /// What a number stands for that can be presented, whatever its state: no other credential
    /// of the organisation can have it.
    #[must_use]
    pub fn number_taken(
        &self,
        organisation: OrganisationId,
        key: &str,
    ) -> Option<(CredentialKind, CredentialId, PersonId)> {
        self.credential(organisation, key)
            .map(|entry| (entry.kind, entry.id, entry.person))
    }

    pub(crate) fn credential(
        &self,
        organisation: OrganisationId,
        key: &str,
    ) -> Option<&CredentialEntry> {
        self.credentials
            .get(&self.index(organisation, Namespace::Token, key))
    }

    pub(crate) fn key(&self, id: ApiKeyId) -> Option<&KeyEntry> {
        self.keys.get(&id)
    }

    /// How many nodes, people, credentials and grants it holds.
    #[must_use]
    pub fn size(&self) -> [usize; 4] {
        let grants = self
            .people
            .iter()
            .map(|(_, person)| person.grants.len())
            .sum();
        [
            self.nodes.len(),
            self.people.len(),
            self.credentials.len(),
            grants,
        ]
    }

    /// The picture after committed changes. Changes at or below the revision it stands at are
    /// already in it and are passed over.
    #[must_use]
    pub fn with(&self, changes: &[Committed]) -> Self {
        let mut next = self.clone();
        for committed in changes {
            if committed.revision > next.revision {
                next.apply(&committed.change);
                next.revision = committed.revision;
            }
        }
        next
    }

    fn index(&self, organisation: OrganisationId, namespace: Namespace, key: &str) -> u128 {
        use std::hash::Hasher;
        let mut hasher = SipHasher13::new_with_keys(self.seed.0, self.seed.1);
        hasher.write(organisation.0.as_bytes());
        hasher.write_u8(namespace as u8);
        hasher.write(key.as_bytes());
        hasher.finish128().as_u128()
    }
}

/// Values are unique within an organisation and a namespace.
#[derive(Clone, Copy)]
enum Namespace {
    Token = 0,
    Plate = 1,
}

impl Namespace {
    const fn of(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::Rfid
            | CredentialKind::Key
            | CredentialKind::Emaid
            | CredentialKind::App => Namespace::Token,
            CredentialKind::Plate => Namespace::Plate,
        }
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [nodes, people, credentials, grants] = self.size();
        f.debug_struct("Directory")
            .field("revision", &self.revision)
            .field("nodes", &nodes)
            .field("people", &people)
            .field("credentials", &credentials)
            .field("grants", &grants)
            .finish_non_exhaustive()
    }
}
