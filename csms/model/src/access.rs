//! API keys and sessions.

use std::fmt;

use jiff::Timestamp;

use crate::{AccountId, ActionSet, ApiKeyId, NodeId, OrganisationId, PersonId, SessionId};

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
