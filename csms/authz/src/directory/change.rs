//! How a change gets into the picture.

use std::sync::Arc;

use jiff::Timestamp;
use model::{
    ApiKey, Change, Charger, Credential, Door, DoorId, EvseId, Grant, InstallationId, LockId,
    NodeId, NodeKind, OrganisationId, Person, PersonId, Subject,
};

use super::{
    CredentialEntry, DEPTH, Directory, DoorEntry, GrantEntry, InstallationEntry, KeyEntry,
    LockEntry, Namespace, NodeDetail, NodeEntry, PersonEntry,
};

impl Directory {
    pub(super) fn apply(&mut self, change: &Change) {
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
            // Nothing that decides.
            Change::Station(_) => {}
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

pub(super) fn grant_entry(row: &Grant) -> GrantEntry {
    GrantEntry {
        node: row.node,
        id: row.id,
        from: row.valid_from.map_or(i64::MIN, Timestamp::as_microsecond),
        until: row.valid_until.map_or(i64::MAX, Timestamp::as_microsecond),
        actions: row.actions,
        effect: row.effect,
    }
}
