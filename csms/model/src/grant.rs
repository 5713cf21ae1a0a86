//! Grants: who may do what, where, when, with what, how often.

use jiff::Timestamp;

use crate::{
    ActionSet, CredentialId, GrantId, KindSet, NodeId, OrganisationId, PersonId, Role, ScheduleId,
    Strength, TagId,
};

/// Allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Permit.
    Allow,
    /// Refuse; wins over any allow.
    Deny,
}

impl Effect {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        }
    }
}

/// To whom a grant is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One person.
    Person(PersonId),
    /// Everybody in a tag of the same organisation, now and later.
    Tag(TagId),
    /// Everybody of another organisation, now and later. Their credentials stay theirs: a partner
    /// acts by session and key, and presents no card here.
    Partner(OrganisationId),
}

/// When, with what and how often a grant holds. A grant without any of it holds always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Only while this schedule holds at the place.
    pub schedule: Option<ScheduleId>,
    /// Only for these kinds of credential; a session or API key counts as `app`.
    pub kinds: Option<KindSet>,
    /// Only for a credential at least this strong; a session or API key is strong. An allow only.
    pub minimum_strength: Option<Strength>,
    /// Only at points that stand in this tag, or below one that does.
    pub points: Option<TagId>,
    /// Only that often and that much, for each person. An allow of `use` only.
    pub limits: Option<Limits>,
    /// Only for this credential: the right that a guest's or a one-time code was made with.
    pub credential: Option<CredentialId>,
}

/// How often and how much each person may use what was granted, over the grant's whole validity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Transactions, or openings of doors.
    pub uses: Option<u32>,
    /// Minutes of transactions. While one runs, no other begins.
    pub minutes: Option<u32>,
    /// Energy, Wh. While a transaction runs, no other begins.
    pub wh: Option<u64>,
}

impl Limits {
    /// Whether how much a use takes is known only at its end, so that it must be the only one.
    #[must_use]
    pub const fn are_measured(self) -> bool {
        self.minutes.is_some() || self.wh.is_some()
    }
}

/// A right, or its denial. Never overwritten: a change ends one and starts another.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Its id; of several that allow, the lowest is named.
    pub id: GrantId,
    /// The organisation of the node.
    pub organisation: OrganisationId,
    /// To whom.
    pub subject: Subject,
    /// The role it was given as; `None`: actions by name.
    pub role: Option<Role>,
    /// What may be done.
    pub actions: ActionSet,
    /// On this node and all below.
    pub node: NodeId,
    /// Allow or deny.
    pub effect: Effect,
    /// When, with what and how often.
    pub condition: Condition,
    /// Inclusive; `None`: since ever.
    pub valid_from: Option<Timestamp>,
    /// Exclusive; `None`: open.
    pub valid_until: Option<Timestamp>,
    /// Why, for people.
    pub reason: Option<String>,
    /// `api`, `owner create`, later a directory.
    pub source: String,
    /// Who gave it.
    pub created_by: Option<PersonId>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was ended; an ended grant is history.
    pub revoked_at: Option<Timestamp>,
}
