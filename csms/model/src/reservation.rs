//! What is taken of a limited right, and the proof that it was taken.

use uuid::Uuid;

use crate::{GrantId, PersonId, TransactionId};

/// What one use is known by: the transaction, or the attempt at a door. A retry has the same, so
/// it takes nothing again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UseId(pub Uuid);

impl From<TransactionId> for UseId {
    fn from(id: TransactionId) -> Self {
        Self(id.0)
    }
}

/// What of a limited right a charge has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsedUp {
    /// Its minutes.
    Minutes,
    /// Its energy.
    Wh,
}

impl UsedUp {
    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            UsedUp::Minutes => "minutes",
            UsedUp::Wh => "wh",
        }
    }
}

/// Proof that one use of a limited grant was taken in the database.
///
/// Made by the store alone, after the conditional update: `clippy.toml` forbids it elsewhere.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Receipt {
    grant: GrantId,
    person: PersonId,
    of: UseId,
}

impl Receipt {
    /// It was taken.
    pub const fn of_taken(grant: GrantId, person: PersonId, of: UseId) -> Self {
        Self { grant, person, of }
    }

    /// Of which grant.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// Whose use.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// Which use.
    #[must_use]
    pub const fn of(&self) -> UseId {
        self.of
    }
}
