//! The other direction: who may come into question for a node, and what for a person.
//!
//! These give candidates only; each is then decided by [`crate::decide`].

use model::{NodeId, PersonId};

use crate::{Directory, NodeDetail};

/// Everybody with a grant on the node, above it, or on one of its EVSEs; each once.
#[must_use]
pub fn candidates(directory: &Directory, node: NodeId) -> Vec<PersonId> {
    let Some(entry) = directory.node(node) else {
        return Vec::new();
    };
    let mut people: Vec<PersonId> = entry
        .path
        .iter()
        .flat_map(|above| directory.granted_on(*above))
        .copied()
        .collect();
    if let NodeDetail::Charger { evses, .. } = &entry.detail {
        for (_, evse) in evses.iter() {
            people.extend_from_slice(directory.granted_on((*evse).into()));
        }
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// Every charger and door at or below a node on which the person has a grant; each once.
#[must_use]
pub fn resources_of(directory: &Directory, person: PersonId) -> Vec<NodeId> {
    let Some(entry) = directory.person(person) else {
        return Vec::new();
    };
    let mut points: Vec<NodeId> = directory
        .nodes()
        .filter(|(_, node)| node.organisation == entry.organisation)
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
