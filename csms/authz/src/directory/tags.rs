//! Tags: who and what stands in them, flattened when the picture is built.

use std::sync::Arc;

use model::{
    Member, Membership, NodeId, NodeKind, OrganisationId, PersonId, TAG_DEPTH, Tag, TagId,
};

use super::{Directory, GrantEntry, Grants, NodeEntry, PersonEntry};

/// A tag and what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct TagEntry {
    /// Its organisation.
    pub organisation: OrganisationId,
    /// Its people get an app credential when they join.
    pub smart: bool,
    /// The people who stand in it directly; sorted.
    pub people: Arc<[PersonId]>,
    /// The tags that stand in it directly; sorted.
    pub tags: Arc<[TagId]>,
    /// The points that stand in it directly; sorted.
    pub points: Arc<[NodeId]>,
    /// The tags it stands in directly; sorted.
    pub(crate) above: Arc<[TagId]>,
    /// What it was granted.
    pub(crate) grants: Grants,
}

/// Which tags something stands in. Most stand in none, which costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct InTags(Option<Arc<Tags>>);

#[derive(Debug, PartialEq)]
struct Tags {
    /// Sorted.
    direct: Vec<TagId>,
    /// Those, and every tag above them; sorted.
    all: Vec<TagId>,
}

impl InTags {
    pub(crate) fn all(&self) -> &[TagId] {
        self.0.as_ref().map_or(&[], |tags| &tags.all)
    }

    pub(super) fn direct(&self) -> &[TagId] {
        self.0.as_ref().map_or(&[], |tags| &tags.direct)
    }
}

/// Why a tag may not stand in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NestingFault {
    /// It would stand in itself.
    #[error("the tag would stand in itself")]
    Cycle,
    /// Tags would stand in one another too deep.
    #[error("tags stand in one another at most {TAG_DEPTH} deep")]
    TooDeep,
}

impl Directory {
    /// A tag.
    #[must_use]
    pub fn tag(&self, id: TagId) -> Option<&TagEntry> {
        self.tags.get(&id)
    }

    /// Whether a node, or one above it, stands in a tag.
    #[must_use]
    pub fn stands_in(&self, node: &NodeEntry, tag: TagId) -> bool {
        let is_in = |entry: &NodeEntry| entry.in_tags.all().binary_search(&tag).is_ok();
        is_in(node)
            || node
                .path
                .iter()
                .skip(1)
                .filter_map(|above| self.node(*above))
                .any(is_in)
    }

    /// Whether `child` may stand in `parent`.
    ///
    /// # Errors
    /// [`NestingFault`].
    pub fn may_nest(&self, child: TagId, parent: TagId) -> Result<(), NestingFault> {
        let above = self.levels(parent, |tag| &tag.above);
        if child == parent || above.iter().flatten().any(|tag| *tag == child) {
            return Err(NestingFault::Cycle);
        }
        let below = self.levels(child, |tag| &tag.tags);
        if above.len() + below.len() > TAG_DEPTH {
            return Err(NestingFault::TooDeep);
        }
        Ok(())
    }

    /// A tag, then what is one step from it, and so on; ends also where a circle was stored.
    fn levels<'a>(
        &'a self,
        tag: TagId,
        next: impl Fn(&'a TagEntry) -> &'a Arc<[TagId]>,
    ) -> Vec<Vec<TagId>> {
        let mut levels = vec![vec![tag]];
        while let Some(last) = levels.last().filter(|_| levels.len() <= TAG_DEPTH) {
            let further = last
                .iter()
                .filter_map(|tag| self.tag(*tag))
                .flat_map(|tag| next(tag).iter().copied());
            let further = sorted(further.collect());
            if further.is_empty() {
                break;
            }
            levels.push(further);
        }
        levels
    }

    /// The people of a tag and of the tags in it; each once, sorted.
    #[must_use]
    pub fn people_in(&self, tag: TagId) -> Vec<PersonId> {
        let levels = self.levels(tag, |tag| &tag.tags);
        let tags = levels.iter().take(TAG_DEPTH).flatten();
        let people = tags.filter_map(|tag| self.tag(*tag));
        sorted(people.flat_map(|tag| tag.people.iter().copied()).collect())
    }

    /// The shortest way from a tag a person stands in up to `top`, both with it.
    pub(crate) fn tags_up_to(&self, person: &PersonEntry, top: TagId) -> Vec<TagId> {
        let direct = person.in_tags.direct().iter().map(|tag| vec![*tag]);
        let mut ways: Vec<Vec<TagId>> = direct.collect();
        for _ in 0..TAG_DEPTH {
            if let Some(way) = ways.iter().find(|way| way.last() == Some(&top)) {
                return way.clone();
            }
            let mut further = Vec::new();
            for way in &ways {
                let above = way.last().and_then(|tag| self.tag(*tag));
                for next in above.iter().flat_map(|tag| tag.above.iter()) {
                    further.push(way.iter().copied().chain([*next]).collect());
                }
            }
            ways = further;
        }
        vec![top]
    }

    /// A tag, and every tag it stands in; what they are granted, it has too.
    #[must_use]
    pub fn with_above(&self, tag: TagId) -> Vec<TagId> {
        let levels = self.levels(tag, |tag| &tag.above);
        sorted(levels.into_iter().take(TAG_DEPTH).flatten().collect())
    }

    /// The grants to a tag, and those that hold only at its points.
    pub fn grants_naming(&self, tag: TagId) -> impl Iterator<Item = &GrantEntry> {
        let at_points = self.all_grants().filter(move |grant| {
            grant
                .condition
                .as_ref()
                .is_some_and(|it| it.points == Some(tag))
        });
        self.grants_of_tag(tag).chain(at_points)
    }

    /// Those tags, and every tag above them, up to [`TAG_DEPTH`].
    fn in_tags(&self, direct: Vec<TagId>) -> InTags {
        if direct.is_empty() {
            return InTags(None);
        }
        let mut all = direct.clone();
        let mut level = direct.clone();
        for _ in 1..TAG_DEPTH {
            let above = level
                .iter()
                .filter_map(|tag| self.tag(*tag))
                .flat_map(|tag| tag.above.iter().copied());
            level = sorted(above.collect());
            all.extend_from_slice(&level);
        }
        let all = sorted(all);
        InTags(Some(Arc::new(Tags { direct, all })))
    }

    pub(super) fn put_tag(&mut self, row: &Tag) {
        if row.deleted_at.is_some() {
            self.remove_tag(row.id);
            return;
        }
        let entry = match self.tag(row.id) {
            Some(before) => TagEntry {
                smart: row.smart,
                ..before.clone()
            },
            None => TagEntry {
                organisation: row.organisation,
                smart: row.smart,
                people: Arc::default(),
                tags: Arc::default(),
                points: Arc::default(),
                above: Arc::default(),
                grants: Grants::default(),
            },
        };
        self.tags.insert(row.id, entry);
    }

    fn remove_tag(&mut self, id: TagId) {
        let Some(entry) = self.tag(id).cloned() else {
            return;
        };
        for grant in entry.grants.iter() {
            self.forget_granted(grant.node, model::Subject::Tag(id));
        }
        for above in entry.above.iter() {
            self.change_tag(*above, |tag| tag.tags = without(&tag.tags, id));
        }
        for below in entry.tags.iter() {
            self.change_tag(*below, |tag| tag.above = without(&tag.above, id));
        }
        self.tags.remove(&id);
        for person in entry.people.iter() {
            self.retag_person(*person, |direct| direct.retain(|tag| *tag != id));
        }
        for point in entry.points.iter() {
            self.retag_node(*point, |direct| direct.retain(|tag| *tag != id));
        }
        for below in entry.tags.iter() {
            self.retag_below(*below);
        }
    }

    pub(super) fn put_membership(&mut self, row: &Membership) {
        if self.tag(row.tag).is_none() {
            return;
        }
        let (tag, stands) = (row.tag, row.removed_at.is_none());
        let put = |direct: &mut Vec<TagId>| {
            direct.retain(|other| *other != tag);
            if stands {
                direct.push(tag);
                direct.sort_unstable();
            }
        };
        match row.member {
            Member::Person(person) => {
                if self.person(person).is_none() {
                    return;
                }
                self.change_tag(tag, |tag| tag.people = with(&tag.people, person, stands));
                self.retag_person(person, put);
            }
            Member::Point(node) => {
                if self
                    .node(node)
                    .is_none_or(|entry| entry.kind == NodeKind::Evse)
                {
                    return;
                }
                self.change_tag(tag, |tag| tag.points = with(&tag.points, node, stands));
                self.retag_node(node, put);
            }
            Member::Tag(child) => {
                if self.tag(child).is_none() {
                    return;
                }
                self.change_tag(tag, |entry| entry.tags = with(&entry.tags, child, stands));
                self.change_tag(child, |entry| entry.above = with(&entry.above, tag, stands));
                self.retag_below(child);
            }
        }
    }

    /// A person is gone: from their tags too.
    pub(super) fn untag_person(&mut self, id: PersonId, entry: &PersonEntry) {
        for tag in entry.in_tags.direct() {
            self.change_tag(*tag, |tag| tag.people = without(&tag.people, id));
        }
    }

    /// A node is gone: from its tags too.
    pub(super) fn untag_node(&mut self, id: NodeId, entry: &NodeEntry) {
        for tag in entry.in_tags.direct() {
            self.change_tag(*tag, |tag| tag.points = without(&tag.points, id));
        }
    }

    /// What stands above a tag has changed: everything in it and below it is flattened again.
    fn retag_below(&mut self, tag: TagId) {
        let levels = self.levels(tag, |tag| &tag.tags);
        let tags = levels.iter().take(TAG_DEPTH).flatten();
        let entries: Vec<TagEntry> = tags.filter_map(|tag| self.tag(*tag).cloned()).collect();
        for entry in entries {
            for person in entry.people.iter() {
                self.retag_person(*person, |_| {});
            }
            for point in entry.points.iter() {
                self.retag_node(*point, |_| {});
            }
        }
    }

    fn retag_person(&mut self, id: PersonId, change: impl FnOnce(&mut Vec<TagId>)) {
        if let Some(entry) = self.people.get(&id) {
            let mut direct = entry.in_tags.direct().to_vec();
            change(&mut direct);
            let entry = PersonEntry {
                in_tags: self.in_tags(direct),
                ..entry.clone()
            };
            self.people.insert(id, entry);
        }
    }

    fn retag_node(&mut self, id: NodeId, change: impl FnOnce(&mut Vec<TagId>)) {
        if let Some(entry) = self.nodes.get(&id) {
            let mut direct = entry.in_tags.direct().to_vec();
            change(&mut direct);
            let entry = NodeEntry {
                in_tags: self.in_tags(direct),
                ..entry.clone()
            };
            self.nodes.insert(id, entry);
        }
    }

    pub(super) fn change_tag(&mut self, id: TagId, change: impl FnOnce(&mut TagEntry)) {
        if let Some(mut entry) = self.tag(id).cloned() {
            change(&mut entry);
            self.tags.insert(id, entry);
        }
    }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}

fn with<T: Copy + Ord>(list: &Arc<[T]>, member: T, stands: bool) -> Arc<[T]> {
    match (list.binary_search(&member), stands) {
        (Ok(_), true) | (Err(_), false) => Arc::clone(list),
        (Ok(_), false) => without(list, member),
        (Err(at), true) => {
            let (before, after) = list.split_at(at);
            before
                .iter()
                .chain([&member])
                .chain(after)
                .copied()
                .collect()
        }
    }
}

fn without<T: Copy + Ord>(list: &Arc<[T]>, member: T) -> Arc<[T]> {
    list.iter()
        .copied()
        .filter(|other| *other != member)
        .collect()
}
