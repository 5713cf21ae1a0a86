//! The question and the answer.

use jiff::Timestamp;
use model::{
    Action, ApiKeyId, Authority, ChargerId, CredentialId, GrantId, Limits, LockId, NodeId, Numbers,
    PersonId, PresentedToken, Reason, Revision, StopGroup, TransactionId, UseId,
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
    /// An answer: nothing begins yet. Concurrency is not looked at; limits are, and nothing is
    /// taken.
    Ask,
    /// This transaction begins; it does not count against its own limits.
    Start(TransactionId),
    /// A door opens on this answer. An attempt that comes again takes nothing again.
    Open(UseId),
    /// It has happened already and is reported late: neither limits nor concurrency nor
    /// anti-passback refuse it.
    Late,
    /// This transaction ends.
    Stop(TransactionId),
}

impl Intent {
    /// The use that takes from a limit, if one begins.
    #[must_use]
    pub fn takes(self) -> Option<UseId> {
        match self {
            Intent::Start(id) => Some(id.into()),
            Intent::Open(id) => Some(id),
            Intent::Ask | Intent::Late | Intent::Stop(_) => None,
        }
    }
}

/// What an outside authority said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nothing in time.
    Nothing,
}

/// Whether codes may be tried at the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attempts {
    /// They may.
    #[default]
    Left,
    /// Too many wrong ones were tried of late: a code is not even looked up.
    Exhausted,
}

/// What is known besides the question itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The outside authority's answer; `None`: it was not asked yet.
    pub told: Option<Told>,
    /// How a card's number may be written by the reader.
    pub numbers: Numbers,
    /// Whether codes may be tried.
    pub attempts: Attempts,
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
    /// What is known besides.
    pub context: Context,
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
            context: Context {
                told: None,
                numbers: Numbers::Exact,
                attempts: Attempts::Left,
            },
        }
    }

    /// The same, as it is known besides.
    #[must_use]
    pub const fn knowing(self, context: Context) -> Self {
        Self { context, ..self }
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
            context: Context {
                told: None,
                numbers: Numbers::Exact,
                attempts: Attempts::Left,
            },
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

/// What must be taken of a limited grant before anything may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taking {
    /// Of which grant.
    pub grant: GrantId,
    /// Whose share.
    pub person: PersonId,
    /// For which use; `None`: nothing begins, so nothing is taken.
    pub of: Option<UseId>,
    /// How much there is.
    pub limits: Limits,
    /// More is used than was granted. Only what is reported late can do that.
    pub overdraft: bool,
}

/// Allowed, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Why; one that allows.
    pub reason: Reason,
    /// Who.
    pub found: Found,
    /// The grant that is named: of several the lowest id, those without limits first.
    pub grant: Option<GrantId>,
    /// The facts hold at most until then: end of grants, of their hours, of the credential, of the
    /// membership, or the begin of a denial or suspension.
    pub until: Option<Timestamp>,
    /// EVSE numbers it holds for, where not for all.
    pub evses: Vec<u32>,
    /// The Directory it was decided from.
    pub revision: Revision,
    /// Must be taken first: no permit without its receipt.
    pub taking: Option<Taking>,
    /// Holds for this once: the answer may not be remembered (limits, codes, remote tokens).
    pub once: bool,
    /// The person is inside already, which is recorded here and not refused.
    pub passed_back: bool,
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

/// An outside authority decides; ask it, and decide again with its answer in the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Which.
    pub authority: Authority,
    /// Who, as far as it is known here.
    pub found: Found,
    /// The Directory it was decided from.
    pub revision: Revision,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Allow(Terms),
    /// No.
    Deny(Denial),
    /// Not known here.
    Ask(Asking),
}

impl Outcome {
    /// Why. While an outside authority was not asked, its answer is missing.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Outcome::Allow(terms) => terms.reason,
            Outcome::Deny(denial) => denial.reason,
            Outcome::Ask(_) => Reason::AuthoritySilent,
        }
    }

    /// Who was found.
    #[must_use]
    pub const fn found(&self) -> &Found {
        match self {
            Outcome::Allow(terms) => &terms.found,
            Outcome::Deny(denial) => &denial.found,
            Outcome::Ask(asking) => &asking.found,
        }
    }

    /// The grant that decided or came nearest.
    #[must_use]
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Outcome::Allow(terms) => terms.grant,
            Outcome::Deny(denial) => denial.grant,
            Outcome::Ask(_) => None,
        }
    }

    /// The Directory it was decided from.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        match self {
            Outcome::Allow(terms) => terms.revision,
            Outcome::Deny(denial) => denial.revision,
            Outcome::Ask(asking) => asking.revision,
        }
    }

    /// Whether it is yes.
    #[must_use]
    pub const fn allows(&self) -> bool {
        matches!(self, Outcome::Allow(_))
    }
}
