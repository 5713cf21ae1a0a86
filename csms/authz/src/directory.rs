//! The live picture that decisions look at: tree, people, credentials, grants, flags.
//!
//! Immutable once shared: a change is applied to a clone, which copies only the shards it touches.
//! It holds what a decision needs and nothing else: no names, no addresses, no card numbers (a
//! credential is found by a keyed 128-bit hash of its normalised value).

use std::sync::Arc;

use jiff::Timestamp;
use model::{
    ActionSet, ApiKey, ApiKeyId, AuthorizationRequired, Change, Charger, ChargerAuthorization,
    ChargerId, Committed, Credential, CredentialId, CredentialKind, CredentialState, Door, DoorId,
    Effect, EvseId, Grant, GrantId, InstallationId, LockId, NodeId, NodeKind, OrganisationId,
    Person, PersonId, PersonState, PresentedToken, Revision, StopGroup, Subject,
};
use siphasher::sip128::{Hasher128, SipHasher13};

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

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Organisation(row) => self.put_node(
                row.id.into(),
                row.deleted_at.is_some(),
                NodeKind::Organisation,
                row.id,
                None,
                None,
                NodeDetail::Organisation,
            ),
            Change::Installation(row) => self.put_node(
                row.id.into(),
                row.deleted_at.is_some(),
                NodeKind::Installation,
                row.organisation,
                Some(row.id),
                Some(row.organisation.into()),
                NodeDetail::Installation(InstallationEntry {
                    flag: row.authorization_required,
                    concurrent_transactions: row.concurrent_transactions,
                    stop_on_revocation: row.stop_on_revocation,
                }),
            ),
            Change::Area(row) => self.put_node(
                row.id.into(),
                row.deleted_at.is_some(),
                NodeKind::Area,
                row.organisation,
                Some(row.installation),
                Some(row.parent),
                NodeDetail::Area,
            ),
            Change::Charger(row) => self.put_charger(row),
            Change::Lock(row) => self.put_lock(row.id, row.installation, row.deleted_at.is_some()),
            Change::Door(row) => self.put_door(row),
            Change::Person(row) => self.put_person(row),
            Change::Credential(row) => self.put_credential(row),
            Change::Grant(row) => self.put_grant(row),
            Change::ApiKey(row) => self.put_key(row),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the columns of a node, all of them needed"
    )]
    fn put_node(
        &mut self,
        id: NodeId,
        deleted: bool,
        kind: NodeKind,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        parent: Option<NodeId>,
        detail: NodeDetail,
    ) {
        if deleted {
            self.nodes.remove(&id);
            return;
        }
        let path = self.path_of(id, parent);
        let moved = self
            .nodes
            .get(&id)
            .is_some_and(|before| before.path != path);
        let entry = NodeEntry {
            kind,
            organisation,
            installation,
            parent,
            path,
            detail,
        };
        self.nodes.insert(id, entry);
        if moved {
            self.rebuild_paths_below(id);
        }
    }

    fn path_of(&self, id: NodeId, parent: Option<NodeId>) -> Arc<[NodeId]> {
        let above = parent.and_then(|parent| self.nodes.get(&parent));
        std::iter::once(id)
            .chain(
                above
                    .into_iter()
                    .flat_map(|entry| entry.path.iter().copied()),
            )
            .take(DEPTH)
            .collect()
    }

    /// Moving a node is rare: everything below it gets its path again, nearest first.
    fn rebuild_paths_below(&mut self, moved: NodeId) {
        let mut below: Vec<(usize, NodeId)> = self
            .nodes
            .iter()
            .filter(|(id, entry)| **id != moved && entry.path.contains(&moved))
            .map(|(id, entry)| (entry.path.len(), *id))
            .collect();
        below.sort_unstable();
        for (_, id) in below {
            if let Some(mut entry) = self.nodes.get(&id).cloned() {
                entry.path = self.path_of(id, entry.parent);
                self.nodes.insert(id, entry);
            }
        }
    }

    fn put_charger(&mut self, row: &Charger) {
        let deleted = row.deleted_at.is_some();
        let evses: Arc<[(u32, EvseId)]> = row
            .evses
            .iter()
            .map(|evse| (evse.number, evse.id))
            .collect();
        if let Some(NodeEntry {
            detail: NodeDetail::Charger { evses: before, .. },
            ..
        }) = self.node(row.id)
        {
            let gone: Vec<NodeId> = before
                .iter()
                .filter(|(_, id)| deleted || !evses.iter().any(|(_, kept)| kept == id))
                .map(|(_, id)| (*id).into())
                .collect();
            for id in gone {
                self.nodes.remove(&id);
            }
        }
        self.put_node(
            row.id.into(),
            deleted,
            NodeKind::Charger,
            row.organisation,
            Some(row.installation),
            Some(row.parent),
            NodeDetail::Charger {
                flag: row.authorization_required,
                evses: evses.clone(),
            },
        );
        if deleted {
            return;
        }
        for (number, id) in evses.iter().copied() {
            self.put_node(
                id.into(),
                false,
                NodeKind::Evse,
                row.organisation,
                Some(row.installation),
                Some(row.id.into()),
                NodeDetail::Evse {
                    number,
                    charger: row.id,
                },
            );
        }
    }

    fn put_lock(&mut self, id: LockId, installation: InstallationId, deleted: bool) {
        if deleted {
            self.locks.remove(&id);
            return;
        }
        let doors = self
            .locks
            .get(&id)
            .map_or_else(|| Arc::from([]), |lock| lock.doors.clone());
        self.locks.insert(
            id,
            LockEntry {
                installation,
                doors,
            },
        );
    }

    fn put_door(&mut self, row: &Door) {
        let deleted = row.deleted_at.is_some();
        self.put_node(
            row.id.into(),
            deleted,
            NodeKind::Door,
            row.organisation,
            Some(row.installation),
            Some(row.parent),
            NodeDetail::Door(DoorEntry {
                lock: row.lock,
                number: row.number,
                open_seconds: row.open_seconds,
                remote_open: row.remote_open,
            }),
        );
        if let Some(lock) = self.locks.get(&row.lock) {
            let mut doors: Vec<(u32, DoorId)> = lock
                .doors
                .iter()
                .copied()
                .filter(|(_, id)| *id != row.id)
                .collect();
            if !deleted {
                doors.push((row.number, row.id));
                doors.sort_unstable();
            }
            let entry = LockEntry {
                installation: lock.installation,
                doors: doors.into(),
            };
            self.locks.insert(row.lock, entry);
        }
    }

    fn put_person(&mut self, row: &Person) {
        if row.deleted_at.is_some() {
            if let Some(before) = self.people.remove(&row.id) {
                for grant in before.grants.iter() {
                    self.forget_granted(grant.node, row.id);
                }
            }
            return;
        }
        let grants = self
            .people
            .get(&row.id)
            .map_or_else(|| Arc::from([]), |before| before.grants.clone());
        self.people.insert(row.id, person_entry(row, grants));
    }

    fn put_credential(&mut self, row: &Credential) {
        let index = self.index(row.organisation, Namespace::of(row.kind), &row.key);
        if row.deleted_at.is_some() {
            // Only if it is still this one: the value may belong to another by now.
            if self
                .credentials
                .get(&index)
                .is_some_and(|entry| entry.id == row.id)
            {
                self.credentials.remove(&index);
            }
            return;
        }
        self.credentials.insert(index, credential_entry(row));
    }

    fn put_grant(&mut self, row: &Grant) {
        let Subject::Person(person) = row.subject;
        let Some(before) = self.people.get(&person) else {
            return;
        };
        let had = before.grants.iter().any(|grant| grant.id == row.id);
        let mut grants: Vec<GrantEntry> = before
            .grants
            .iter()
            .copied()
            .filter(|grant| grant.id != row.id)
            .collect();
        if row.revoked_at.is_none() {
            grants.push(grant_entry(row));
            grants.sort_unstable_by_key(|grant| (grant.node, grant.id));
        }
        let entry = PersonEntry {
            grants: grants.into(),
            ..before.clone()
        };
        self.people.insert(person, entry);
        if had {
            self.forget_granted(row.node, person);
        }
        if row.revoked_at.is_none() {
            let people: Arc<[PersonId]> = self
                .granted_on(row.node)
                .iter()
                .copied()
                .chain(std::iter::once(person))
                .collect();
            self.granted.insert(row.node, people);
        }
    }

    fn forget_granted(&mut self, node: NodeId, person: PersonId) {
        let mut people = self.granted_on(node).to_vec();
        if let Some(position) = people.iter().position(|other| *other == person) {
            people.swap_remove(position);
        }
        if people.is_empty() {
            self.granted.remove(&node);
        } else {
            self.granted.insert(node, people.into());
        }
    }

    fn put_key(&mut self, row: &ApiKey) {
        if row.revoked_at.is_some() {
            self.keys.remove(&row.id);
            return;
        }
        self.keys.insert(row.id, key_entry(row));
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

fn person_entry(row: &Person, grants: Arc<[GrantEntry]>) -> PersonEntry {
    PersonEntry {
        organisation: row.organisation,
        state: row.state,
        member_until: row.member_until,
        stop_group: row.stop_group.clone(),
        managed_at: row.managed_at,
        grants,
    }
}

fn credential_entry(row: &Credential) -> CredentialEntry {
    CredentialEntry {
        id: row.id,
        person: row.person,
        kind: row.kind,
        state: row.state,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
    }
}

fn key_entry(row: &ApiKey) -> KeyEntry {
    KeyEntry {
        person: row.person,
        scopes: row.scopes,
        node: row.node,
        expires_at: row.expires_at,
    }
}

fn grant_entry(row: &Grant) -> GrantEntry {
    GrantEntry {
        node: row.node,
        id: row.id,
        from: row.valid_from.map_or(i64::MIN, Timestamp::as_microsecond),
        until: row.valid_until.map_or(i64::MAX, Timestamp::as_microsecond),
        actions: row.actions,
        effect: row.effect,
    }
}

/// Builds a Directory from all rows at once, without a copy per row: organisations, then
/// installations, areas (parents first), chargers, locks, doors, people, then the rest.
pub struct DirectoryBuilder {
    directory: Directory,
    grants: hashbrown::HashMap<PersonId, Vec<GrantEntry>>,
    granted: hashbrown::HashMap<NodeId, Vec<PersonId>>,
}

impl DirectoryBuilder {
    /// Begins with nothing.
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            directory: Directory::new(seed),
            grants: hashbrown::HashMap::new(),
            granted: hashbrown::HashMap::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Change) {
        if let Change::Grant(grant) = row {
            if grant.revoked_at.is_none() {
                let Subject::Person(person) = grant.subject;
                self.grants
                    .entry(person)
                    .or_default()
                    .push(grant_entry(grant));
                self.granted.entry(grant.node).or_default().push(person);
            }
            return;
        }
        self.directory.apply(row);
    }

    /// The picture, at the revision the rows were read at.
    #[must_use]
    pub fn finish(mut self, revision: Revision) -> Directory {
        for (person, mut grants) in self.grants {
            if let Some(entry) = self.directory.people.get(&person) {
                grants.sort_unstable_by_key(|grant| (grant.node, grant.id));
                let entry = PersonEntry {
                    grants: grants.into(),
                    ..entry.clone()
                };
                self.directory.people.insert(person, entry);
            }
        }
        for (node, mut people) in self.granted {
            people.retain(|person| self.directory.people.get(person).is_some());
            if !people.is_empty() {
                self.directory.granted.insert(node, people.into());
            }
        }
        self.directory.revision = revision;
        self.directory
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
