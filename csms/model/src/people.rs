//! Organisations, accounts and people.

use std::fmt;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::{AccountId, Labels, Language, NodeId, OrganisationId, PersonId, Suspension};

/// The tenant; the root node of its tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    /// Its id; also a node.
    pub id: OrganisationId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// A login; global, linked to people of any number of organisations.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Lower case; unique.
    pub email: String,
    /// Argon2id in PHC form; `None`: cannot log in by password.
    pub password_hash: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.id)
    }
}

/// Whether a person may use anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonState {
    /// Yes, as far as granted.
    Active,
    /// Nothing, for now.
    Suspended,
}

/// Who may stop whose transactions; default a group of one's own. 16 upper-case hex characters,
/// random, never a tag and never presentable.
///
/// Up to 23 bytes are kept in place: every decision hands it on, and must not allocate for it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StopGroup(SmolStr);

impl StopGroup {
    /// A group of this name.
    #[must_use]
    pub fn new(name: impl Into<SmolStr>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StopGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StopGroup(…)")
    }
}

/// A person of one organisation.
#[derive(Clone, PartialEq)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The login, if any.
    pub account: Option<AccountId>,
    /// The node whose managers of access may edit this person: the organisation or an installation.
    pub managed_at: NodeId,
    /// Name, external id, metadata.
    pub labels: Labels,
    /// Contact.
    pub email: Option<String>,
    /// Contact.
    pub phone: Option<String>,
    /// Active or suspended.
    pub state: PersonState,
    /// Suspended in this time, whatever the state.
    pub suspension: Option<Suspension>,
    /// End of membership, exclusive; `None`: open.
    pub member_until: Option<Timestamp>,
    /// Who may stop whose transactions.
    pub stop_group: StopGroup,
    /// How they are spoken to at a display; `None`: as the site says.
    pub language: Option<Language>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({} {:?})", self.id, self.state)
    }
}
