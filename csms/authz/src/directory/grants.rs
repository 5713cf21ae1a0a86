//! Grants in the picture: by whom they were given to, and by node.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Condition, Effect, Grant, NodeId, OrganisationId, Subject, TagId};

use super::{Directory, GrantEntry, PersonEntry};

/// The grants of one subject, by a few bits of the id of their node, then by node, then by id. Where
/// a subject has none is known without a look at the list, which is as a rule in no cache; where it
/// has some, about where they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// One bit for each bucket of nodes in which any is named.
    buckets: u128,
    list: Arc<[GrantEntry]>,
}

impl Grants {
    /// The grants on exactly this node.
    #[must_use]
    pub fn on(&self, node: NodeId) -> &[GrantEntry] {
        let bucket = bucket_of(node);
        let bit = 1_u128 << bucket;
        if self.buckets & bit == 0 {
            return &[];
        }
        // Each bucket before this one has at least one grant, as a rule no more.
        let before = (self.buckets & (bit - 1)).count_ones();
        let mut begin = usize::try_from(before).unwrap_or(0);
        let is_before = |grant: &GrantEntry| place_of(grant) < (bucket, node);
        let mut step = 1;
        while self.list.get(begin).is_some_and(is_before) {
            begin += step;
            step *= 2;
        }
        let begin = begin - step / 2;
        let rest = self.list.get(begin..).unwrap_or(&[]);
        let near = rest.get(..step / 2).unwrap_or(rest);
        let rest = rest.get(near.partition_point(is_before)..).unwrap_or(&[]);
        let length = rest.iter().take_while(|grant| grant.node == node).count();
        rest.get(..length).unwrap_or(&[])
    }
}

impl From<Vec<GrantEntry>> for Grants {
    fn from(mut list: Vec<GrantEntry>) -> Self {
        list.sort_unstable_by_key(|grant| (place_of(grant), grant.id));
        Self {
            buckets: list
                .iter()
                .fold(0_u128, |all, grant| all | (1 << bucket_of(grant.node))),
            list: list.into(),
        }
    }
}

impl Deref for Grants {
    type Target = [GrantEntry];

    fn deref(&self) -> &[GrantEntry] {
        &self.list
    }
}

/// The last byte of an id is random.
fn bucket_of(node: NodeId) -> u8 {
    let [.., last] = node.0.as_bytes();
    last & 127
}

fn place_of(grant: &GrantEntry) -> (u8, NodeId) {
    (bucket_of(grant.node), grant.node)
}

impl Directory {
    /// What an organisation was granted as a partner.
    pub(crate) fn partner_grants(&self, partner: OrganisationId) -> Option<&Grants> {
        self.partners.get(&partner)
    }

    /// Every grant, in no order.
    pub(super) fn all_grants(&self) -> impl Iterator<Item = &GrantEntry> {
        let of_people = self
            .people
            .iter()
            .flat_map(|(_, person)| person.grants.iter());
        let of_tags = self.tags.iter().flat_map(|(_, tag)| tag.grants.iter());
        let of_partners = self.partners.values().flat_map(|grants| grants.iter());
        of_people.chain(of_tags).chain(of_partners)
    }

    /// What a tag was granted.
    pub fn grants_of_tag(&self, tag: TagId) -> impl Iterator<Item = &GrantEntry> {
        self.tag(tag).into_iter().flat_map(|tag| tag.grants.iter())
    }

    /// What a person was granted by themselves and by their tags: all that they hold and others of
    /// their organisation may not.
    pub fn grants_at_home<'a>(
        &'a self,
        person: &'a PersonEntry,
    ) -> impl Iterator<Item = &'a GrantEntry> {
        let of_tags = person
            .tags()
            .iter()
            .flat_map(|tag| self.grants_of_tag(*tag));
        person.grants.iter().chain(of_tags)
    }

    /// What a person was granted: by themselves, by their tags, and as one of a partner.
    pub fn grants_held<'a>(
        &'a self,
        person: &'a PersonEntry,
    ) -> impl Iterator<Item = &'a GrantEntry> {
        let as_partner = self
            .partner_grants(person.organisation)
            .into_iter()
            .flat_map(|grants| grants.iter());
        self.grants_at_home(person).chain(as_partner)
    }

    /// Whether an organisation was allowed something by another.
    #[must_use]
    pub fn is_partner(&self, partner: OrganisationId, of: OrganisationId) -> bool {
        let theirs = |grant: &GrantEntry| {
            grant.effect == Effect::Allow
                && self
                    .node(grant.node)
                    .is_some_and(|node| node.organisation == of)
        };
        self.partner_grants(partner)
            .is_some_and(|grants| grants.iter().any(theirs))
    }

    /// The organisations that allowed this one something as a partner; each once.
    #[must_use]
    pub fn granted_by(&self, partner: OrganisationId) -> Vec<OrganisationId> {
        let mut by: Vec<OrganisationId> = self
            .partner_grants(partner)
            .into_iter()
            .flat_map(|grants| grants.iter())
            .filter(|grant| grant.effect == Effect::Allow)
            .filter_map(|grant| Some(self.node(grant.node)?.organisation))
            .collect();
        by.sort_unstable();
        by.dedup();
        by
    }

    fn grants_of(&self, subject: Subject) -> Option<&Grants> {
        match subject {
            Subject::Person(id) => self.people.get(&id).map(|person| &person.grants),
            Subject::Tag(id) => self.tags.get(&id).map(|tag| &tag.grants),
            Subject::Partner(id) => Some(self.partners.get(&id).unwrap_or(&self.no_grants)),
        }
    }

    pub(super) fn set_grants(&mut self, subject: Subject, grants: Grants) {
        match subject {
            Subject::Person(id) => {
                if let Some(before) = self.people.get(&id) {
                    let entry = PersonEntry {
                        grants,
                        ..before.clone()
                    };
                    self.people.insert(id, entry);
                }
            }
            Subject::Tag(id) => self.change_tag(id, |tag| tag.grants = grants),
            Subject::Partner(id) => {
                let partners = Arc::make_mut(&mut self.partners);
                if grants.is_empty() {
                    partners.remove(&id);
                } else {
                    partners.insert(id, grants);
                }
            }
        }
    }

    pub(super) fn put_grant(&mut self, row: &Grant) {
        let Some(before) = self.grants_of(row.subject) else {
            return;
        };
        let had = before.iter().any(|grant| grant.id == row.id);
        let mut grants: Vec<GrantEntry> = before
            .iter()
            .filter(|grant| grant.id != row.id)
            .cloned()
            .collect();
        if row.revoked_at.is_none() {
            grants.push(grant_entry(row));
        }
        self.set_grants(row.subject, grants.into());
        if had {
            self.forget_granted(row.node, row.subject);
        }
        if row.revoked_at.is_none() {
            let subjects: Arc<[Subject]> = self
                .granted_on(row.node)
                .iter()
                .copied()
                .chain(std::iter::once(row.subject))
                .collect();
            self.granted.insert(row.node, subjects);
        }
    }

    pub(super) fn forget_granted(&mut self, node: NodeId, subject: Subject) {
        let mut subjects = self.granted_on(node).to_vec();
        if let Some(position) = subjects.iter().position(|other| *other == subject) {
            subjects.swap_remove(position);
        }
        if subjects.is_empty() {
            self.granted.remove(&node);
        } else {
            self.granted.insert(node, subjects.into());
        }
    }
}

pub(super) fn grant_entry(row: &Grant) -> GrantEntry {
    let condition = match row.effect {
        Effect::Allow => row.condition.clone(),
        // Neither holds a denial back.
        Effect::Deny => Condition {
            minimum_strength: None,
            limits: None,
            credential: None,
            ..row.condition.clone()
        },
    };
    GrantEntry {
        node: row.node,
        id: row.id,
        from: row.valid_from.map_or(i64::MIN, Timestamp::as_microsecond),
        until: row.valid_until.map_or(i64::MAX, Timestamp::as_microsecond),
        actions: row.actions,
        effect: row.effect,
        condition: (condition != Condition::default()).then(|| Arc::new(condition)),
    }
}

#[cfg(test)]
mod tests {
    use model::{ActionSet, GrantId};
    use uuid::Uuid;

    use super::*;

    fn entry(id: u128, node: u128) -> GrantEntry {
        GrantEntry {
            node: NodeId(Uuid::from_u128(node)),
            id: GrantId(Uuid::from_u128(id)),
            from: i64::MIN,
            until: i64::MAX,
            actions: ActionSet::default(),
            effect: Effect::Allow,
            condition: None,
        }
    }

    #[test]
    fn the_grants_on_a_node_are_all_that_name_it() {
        // Few buckets with many nodes each, many with one, and one list longer than there are
        // buckets.
        for (count, spread) in [(0, 1), (1, 1), (10, 7), (40, 128), (2_000, 3), (2_000, 700)] {
            let nodes = |id: u128| id * 7919 % spread * if spread < 10 { 128 } else { 1 };
            let list: Vec<GrantEntry> = (0..count).map(|id| entry(id, nodes(id))).collect();
            let grants = Grants::from(list.clone());
            assert_eq!(grants.len(), list.len());
            for node in 0..1_000_u128 {
                let node = NodeId(Uuid::from_u128(node));
                let expected: Vec<&GrantEntry> =
                    list.iter().filter(|grant| grant.node == node).collect();
                let found: Vec<&GrantEntry> = grants.on(node).iter().collect();
                assert_eq!(found, expected, "{count} {spread} {node:?}");
            }
        }
    }
}
