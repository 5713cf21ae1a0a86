//! How a change gets into the picture.

use std::sync::Arc;

use model::{
    ApiKey, Calendar, Change, Charger, Credential, Door, DoorId, Emergency, EvseId, Installation,
    InstallationId, LockId, NodeId, NodeKind, OrganisationId, Person, Schedule,
};
use smallvec::SmallVec;

use super::tags::InTags;
use super::{
    CalendarEntry, CredentialEntry, DEPTH, Directory, DoorEntry, EmergencyEntry, InstallationEntry,
    KeyEntry, LockEntry, Namespace, NodeDetail, NodeEntry, NodePath, PersonEntry, ScheduleEntry,
    has_number,
};
use crate::pages::Place;

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
            Change::Installation(row) => self.put_installation(row),
            Change::Area(row) => self.put_node(
                row.id.into(),
                row.deleted_at.is_some(),
                NodeKind::Area,
                row.organisation,
                Some(row.installation),
                Some(row.parent),
                NodeDetail::Area(row.anti_passback),
            ),
            Change::Charger(row) => self.put_charger(row),
            Change::Lock(row) => self.put_lock(row.id, row.installation, row.deleted_at.is_some()),
            // Nothing that decides.
            Change::Station(_) | Change::Sharing(_) => {}
            Change::Door(row) => self.put_door(row),
            Change::Person(row) => self.put_person(row),
            Change::Credential(row) => self.put_credential(row),
            Change::Grant(row) => self.put_grant(row),
            Change::ApiKey(row) => self.put_key(row),
            Change::Tag(row) => self.put_tag(row),
            Change::Membership(row) => self.put_membership(row),
            Change::Schedule(row) => self.put_schedule(row),
            Change::Calendar(row) => self.put_calendar(row),
            Change::Emergency(row) => self.put_emergency(row),
            // Who is asked is no matter of the decision; that somebody is, the installation says.
            Change::Webhook(_) => {}
        }
    }

    fn put_installation(&mut self, row: &Installation) {
        if row.deleted_at.is_some() {
            self.settings.remove(&row.id);
        } else {
            let entry = InstallationEntry {
                flag: row.authorization_required,
                open_schedule: row.open_schedule,
                authority: row.authority,
                zone: self.zones.get(&row.time_zone).ok(),
                concurrent_transactions: row.concurrent_transactions,
                stop_on_revocation: row.stop_on_revocation,
                language: row.language,
            };
            self.settings.insert(row.id, entry);
        }
        self.put_node(
            row.id.into(),
            row.deleted_at.is_some(),
            NodeKind::Installation,
            row.organisation,
            Some(row.id),
            Some(row.organisation.into()),
            NodeDetail::Installation,
        );
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
            self.remove_node(id);
            return;
        }
        let path = self.path_of(id, parent);
        let before = self.nodes.get(&id);
        let moved = before.is_some_and(|before| before.path != path);
        let in_tags = before.map_or_else(InTags::default, |before| before.in_tags.clone());
        let entry = NodeEntry {
            kind,
            organisation,
            installation,
            parent,
            path,
            detail,
            settings: installation.map_or(Place::UNKNOWN, |it| self.settings.place(&it)),
            in_tags,
        };
        self.nodes.insert(id, entry);
        if moved {
            self.rebuild_paths_below(id);
        }
    }

    fn remove_node(&mut self, id: NodeId) {
        if let Some(entry) = self.nodes.remove(&id) {
            self.untag_node(id, &entry);
        }
    }

    /// The node and what it stands in, up to the organisation; it ends where nobody is known.
    fn path_of(&self, id: NodeId, parent: Option<NodeId>) -> NodePath {
        let mut path = NodePath::from_slice(&[id]);
        let mut above = parent;
        while let Some(id) = above.filter(|id| path.len() < DEPTH && !path.contains(id)) {
            let Some(entry) = self.nodes.get(&id) else {
                break;
            };
            path.push(id);
            above = entry.parent;
        }
        path
    }

    /// Moving a node is rare: everything below it gets its path again.
    fn rebuild_paths_below(&mut self, moved: NodeId) {
        self.rebuild_paths(|id, entry| id != moved && entry.path.contains(&moved));
    }

    /// Gives nodes their paths again.
    pub(super) fn rebuild_paths(&mut self, which: impl Fn(NodeId, &NodeEntry) -> bool) {
        let old: Vec<(NodeId, NodePath)> = self
            .nodes
            .iter()
            .filter(|(id, entry)| which(**id, entry))
            .map(|(id, entry)| (*id, self.path_of(*id, entry.parent)))
            .filter(|(id, path)| self.nodes.get(id).is_some_and(|entry| entry.path != *path))
            .collect();
        for (id, path) in old {
            if let Some(mut entry) = self.nodes.get(&id).cloned() {
                entry.path = path;
                self.nodes.insert(id, entry);
            }
        }
    }

    fn put_charger(&mut self, row: &Charger) {
        let deleted = row.deleted_at.is_some();
        let evses: SmallVec<[(u32, EvseId); 2]> = row
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
                self.remove_node(id);
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
                open_schedule: row.open_schedule,
                offline: row.offline_policy,
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
                offline: row.offline_policy,
                access: row.access,
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
        let before = self.people.get(&row.id).cloned();
        if row.deleted_at.is_some() {
            if let Some(before) = before {
                for grant in before.grants.iter() {
                    self.forget_granted(grant.node, model::Subject::Person(row.id));
                }
                self.untag_person(row.id, &before);
                self.people.remove(&row.id);
            }
            return;
        }
        let (grants, in_tags) = before.map_or_else(
            || (self.no_grants.clone(), InTags::default()),
            |before| (before.grants, before.in_tags),
        );
        let entry = PersonEntry::of(row, grants, in_tags);
        self.people.insert(row.id, entry);
    }

    fn put_credential(&mut self, row: &Credential) {
        let index = self.index(row.organisation, Namespace::of(row.kind), &row.key);
        let before = self.credentials.get(&index).map(|entry| entry.id);
        let deleted = row.deleted_at.is_some();
        if deleted {
            // Only if it is still this one: the value may belong to another by now.
            if before != Some(row.id) {
                return;
            }
            self.credentials.remove(&index);
        } else {
            let holder = self.people.place(&row.person);
            self.credentials
                .insert(index, CredentialEntry::of(row, holder));
        }
        if has_number(row.kind) && (deleted || before.is_none()) {
            for form in model::weak_forms(&row.key) {
                let form = self.index(row.organisation, Namespace::Weak, &form);
                self.put_weak_number(form, index, !deleted);
            }
        }
    }

    fn put_weak_number(&mut self, form: u128, card: u128, stands: bool) {
        let mut cards: Vec<u128> = self
            .weak_numbers
            .get(&form)
            .map_or_else(Vec::new, |cards| cards.to_vec());
        cards.retain(|other| *other != card);
        if stands {
            cards.push(card);
        }
        if cards.is_empty() {
            self.weak_numbers.remove(&form);
        } else {
            self.weak_numbers.insert(form, cards.into());
        }
    }

    fn put_schedule(&mut self, row: &Schedule) {
        let schedules = Arc::make_mut(&mut self.schedules);
        if row.deleted_at.is_some() {
            schedules.remove(&row.id);
            return;
        }
        let entry = ScheduleEntry {
            organisation: row.organisation,
            slots: row.slots.as_slice().into(),
            calendar: row.calendar,
        };
        schedules.insert(row.id, entry);
    }

    fn put_calendar(&mut self, row: &Calendar) {
        let calendars = Arc::make_mut(&mut self.calendars);
        if row.deleted_at.is_some() {
            calendars.remove(&row.id);
            return;
        }
        let mut dates = row.dates.clone();
        dates.sort_unstable();
        dates.dedup();
        let entry = CalendarEntry {
            organisation: row.organisation,
            dates: dates.into(),
        };
        calendars.insert(row.id, entry);
    }

    fn put_emergency(&mut self, row: &Emergency) {
        let emergencies = Arc::make_mut(&mut self.emergencies);
        let here = emergencies.get(&row.node).map_or(&[][..], |here| here);
        let mut here: Vec<EmergencyEntry> = here
            .iter()
            .copied()
            .filter(|other| other.id != row.id)
            .collect();
        if row.ended_at.is_none() {
            here.push(EmergencyEntry {
                id: row.id,
                kind: row.kind,
                exempt: row.exempt,
            });
            here.sort_unstable_by_key(|entry| entry.id);
        }
        if here.is_empty() {
            emergencies.remove(&row.node);
        } else {
            emergencies.insert(row.node, here.into());
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

fn key_entry(row: &ApiKey) -> KeyEntry {
    KeyEntry {
        person: row.person,
        scopes: row.scopes,
        node: row.node,
        expires_at: row.expires_at,
    }
}
