//! The question and the answer.

use jiff::Timestamp;
use model::{
    Action, ApiKeyId, ChargerId, CredentialId, GrantId, LockId, NodeId, PersonId, PresentedToken,
    Reason, Revision, StopGroup, TransactionId,
};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// A token presented at a point.
    Token(&'a PresentedToken),
    /// Nobody: the point reports use without a token.
    Nobody,
    /// A person known by a session, or by an API key acting for them.
    Person {
        /// Who.
        person: PersonId,
        /// The key, if one is used.
        key: Option<ApiKeyId>,
    },
}

/// What it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A node of the tree: everything but a charger presented with a token.
    Node(NodeId),
    /// A charger, without naming an EVSE: is any of its EVSEs allowed?
    AnyEvse(ChargerId),
    /// An EVSE of a charger by its number, which the tree may not know.
    Evse(ChargerId, u32),
    /// A lock and the door it named, if it did.
    Lock(LockId, Option<u32>),
}

/// What follows from an allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// An answer: nothing begins yet. Concurrency is not looked at.
    Ask,
    /// This transaction begins; it does not count against its own limit.
    Start(TransactionId),
    /// It has happened already and is reported late: concurrency does not refuse it.
    Late,
    /// This transaction ends.
    Stop(TransactionId),
}

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub asker: Asker<'a>,
    /// For what.
    pub action: Action,
    /// On what.
    pub resource: Resource,
    /// To what end.
    pub intent: Intent,
}

impl<'a> Request<'a> {
    /// A token asks to use a point.
    #[must_use]
    pub const fn token(token: &'a PresentedToken, resource: Resource, intent: Intent) -> Self {
        Self {
            asker: Asker::Token(token),
            action: Action::Use,
            resource,
            intent,
        }
    }

    /// A person asks for an action on a node.
    #[must_use]
    pub const fn person(
        person: PersonId,
        key: Option<ApiKeyId>,
        action: Action,
        node: NodeId,
    ) -> Self {
        Self {
            asker: Asker::Person { person, key },
            action,
            resource: Resource::Node(node),
            intent: Intent::Ask,
        }
    }
}

/// Who was found behind the asker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The node it was decided on; `None` if the point is not known.
    pub node: Option<NodeId>,
    /// The person.
    pub person: Option<PersonId>,
    /// The credential presented.
    pub credential: Option<CredentialId>,
    /// The person's stop group.
    pub stop_group: Option<StopGroup>,
    /// The credential is the remote token.
    pub remote_token: bool,
}

/// Allowed, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `GRANTED`, `OPEN_ACCESS` or `STOP_OWN`.
    pub reason: Reason,
    /// Who.
    pub found: Found,
    /// The grant that is named: of several the lowest id.
    pub grant: Option<GrantId>,
    /// The facts hold at most until then: end of grants, of the credential, of the membership, or
    /// the begin of a denial.
    pub until: Option<Timestamp>,
    /// EVSE numbers it holds for, where not for all.
    pub evses: Vec<u32>,
    /// The Directory it was decided from.
    pub revision: Revision,
    pub(crate) action: Action,
}

/// Refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub reason: Reason,
    /// Who.
    pub found: Found,
    /// The grant that denies, or the nearest miss.
    pub grant: Option<GrantId>,
    /// The Directory it was decided from.
    pub revision: Revision,
}

/// The answer. `Ask(Authority)` joins when authority can lie elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Allow(Terms),
    /// No.
    Deny(Denial),
}

impl Outcome {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Outcome::Allow(terms) => terms.reason,
            Outcome::Deny(denial) => denial.reason,
        }
    }

    /// Who was found.
    #[must_use]
    pub const fn found(&self) -> &Found {
        match self {
            Outcome::Allow(terms) => &terms.found,
            Outcome::Deny(denial) => &denial.found,
        }
    }

    /// The grant that decided or came nearest.
    #[must_use]
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Outcome::Allow(terms) => terms.grant,
            Outcome::Deny(denial) => denial.grant,
        }
    }

    /// The Directory it was decided from.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        match self {
            Outcome::Allow(terms) => terms.revision,
            Outcome::Deny(denial) => denial.revision,
        }
    }

    /// Whether it is yes.
    #[must_use]
    pub const fn allows(&self) -> bool {
        matches!(self, Outcome::Allow(_))
    }
}
