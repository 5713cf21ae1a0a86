//! Credentials, grants, API keys and sessions.

use std::fmt;

use jiff::Timestamp;

use crate::{
    AccountId, ActionSet, ApiKeyId, CredentialId, GrantId, Labels, NodeId, OrganisationId,
    PersonId, Role, SessionId, mask,
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

/// What a credential is. PINs, guest and one-time codes join with the doors' issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialKind {
    /// A card or fob.
    Rfid,
    /// A mechatronic key.
    Key,
    /// A contract id.
    Emaid,
    /// The remote token: made by the system, one per person, never shown, never enrollable.
    App,
    /// A number plate: information only, never opens by itself.
    Plate,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [CredentialKind; 5] = [
        CredentialKind::Rfid,
        CredentialKind::Key,
        CredentialKind::Emaid,
        CredentialKind::App,
        CredentialKind::Plate,
    ];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CredentialKind::Rfid => "rfid",
            CredentialKind::Key => "key",
            CredentialKind::Emaid => "emaid",
            CredentialKind::App => "app",
            CredentialKind::Plate => "plate",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Whether a credential counts. Expiry is a matter of its validity, not of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialState {
    /// Counts.
    Active,
    /// Does not count for now.
    Suspended,
    /// Reported lost.
    Lost,
}

/// What a person presents. Belongs to exactly one person.
#[derive(Clone, PartialEq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// The organisation; the key is unique within it.
    pub organisation: OrganisationId,
    /// Whose it is.
    pub person: PersonId,
    /// What it is.
    pub kind: CredentialKind,
    /// As entered.
    pub value: String,
    /// [`crate::normalise`]d.
    pub key: String,
    /// Active, suspended, lost.
    pub state: CredentialState,
    /// Inclusive; `None`: since ever.
    pub valid_from: Option<Timestamp>,
    /// Exclusive; `None`: open.
    pub valid_until: Option<Timestamp>,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed; its value is free again.
    pub deleted_at: Option<Timestamp>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Credential({} {:?} {})",
            self.id,
            self.kind,
            mask(&self.value)
        )
    }
}

/// To whom a grant is given. Tags and partner organisations join with their issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One person.
    Person(PersonId),
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

/// A key for programs: acts as its person, within scopes and below a node.
#[derive(Clone, PartialEq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// In whose name it acts; it never grants more than this person holds.
    pub person: PersonId,
    /// Shown to people.
    pub name: String,
    /// The first characters, to recognise it: `kw_` and 8 more. Unique.
    pub prefix: String,
    /// HMAC-SHA-256 of the secret under the pepper.
    pub hash: Vec<u8>,
    /// What it may do at most.
    pub scopes: ActionSet,
    /// Where it may do it.
    pub node: NodeId,
    /// Exclusive; `None`: open.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({} {})", self.id, self.prefix)
    }
}

/// The login of an account.
#[derive(Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// SHA-256 of the token (128 bits or more of randomness).
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Exclusive.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id)
    }
}
