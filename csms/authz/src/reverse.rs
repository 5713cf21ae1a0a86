//! The other direction: who may come into question for a node, and what for a person.
//!
//! These give candidates only; each is then decided by [`crate::decide`].

use model::{NodeId, PersonId, Subject};

use crate::{Directory, NodeDetail};

/// Everybody with a grant on the node, above it, or on one of its EVSEs, by themselves, by a tag or
/// as a partner; each once.
#[must_use]
pub fn candidates(directory: &Directory, node: NodeId) -> Vec<PersonId> {
    let Some(entry) = directory.node(node) else {
        return Vec::new();
    };
    let mut subjects: Vec<Subject> = entry
        .path
        .iter()
        .flat_map(|above| directory.granted_on(*above))
        .copied()
        .collect();
    if let NodeDetail::Charger { evses, .. } = &entry.detail {
        for (_, evse) in evses.iter() {
            subjects.extend_from_slice(directory.granted_on((*evse).into()));
        }
    }
    subjects.sort_unstable();
    subjects.dedup();
    let mut people: Vec<PersonId> = Vec::with_capacity(subjects.len());
    for subject in subjects {
        match subject {
            Subject::Person(person) => people.push(person),
            Subject::Tag(tag) => people.append(&mut directory.people_in(tag)),
            Subject::Partner(partner) => people.extend(
                directory
                    .people()
                    .filter(|(_, person)| person.organisation == partner)
                    .map(|(id, _)| id),
            ),
        }
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// Every charger and door that may come into question for a person: of their organisation, and of
/// those it is a partner of; each once.
#[must_use]
pub fn resources_of(directory: &Directory, person: PersonId) -> Vec<NodeId> {
    let Some(entry) = directory.person(person) else {
        return Vec::new();
    };
    let mut points: Vec<NodeId> = directory
        .nodes()
        .filter(|(_, node)| {
            node.organisation == entry.organisation
                || directory.is_partner(entry.organisation, node.organisation)
        })
        .filter(|(_, node)| {
            matches!(
                node.detail,
                NodeDetail::Charger { .. } | NodeDetail::Door(_)
            )
        })
        .map(|(id, _)| id)
        .collect();
    points.sort_unstable();
    points
}
