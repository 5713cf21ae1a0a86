//! Tags: groups of people, and sets of points. A rule is a grant to a tag.

use jiff::Timestamp;

use crate::{Labels, NodeId, OrganisationId, PersonId, TagId};

/// How deep tags may stand in one another: a person's tag, and three above it.
pub const TAG_DEPTH: usize = 4;

/// A group of people, or a set of points, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Its people get an app credential when they join.
    pub smart: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed; grants to it hold no longer.
    pub deleted_at: Option<Timestamp>,
}

/// What stands in a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// A person.
    Person(PersonId),
    /// Another tag with all that stands in it, now and later; at most [`TAG_DEPTH`] deep, never
    /// itself.
    Tag(TagId),
    /// An installation, area, charger or door, with all below it. Not an EVSE: a right to a single
    /// EVSE is a grant on it.
    Point(NodeId),
}

impl Member {
    /// Its id, whatever it is.
    #[must_use]
    pub const fn id(self) -> uuid::Uuid {
        match self {
            Member::Person(id) => id.0,
            Member::Tag(id) => id.0,
            Member::Point(id) => id.0,
        }
    }
}

/// That something stands in a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The tag.
    pub tag: TagId,
    /// What stands in it.
    pub member: Member,
    /// The tenant of both.
    pub organisation: OrganisationId,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was taken out.
    pub removed_at: Option<Timestamp>,
}
