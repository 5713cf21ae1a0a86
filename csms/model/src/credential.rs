//! Credentials: what a person presents.

use std::fmt;

use jiff::Timestamp;

use crate::{CredentialId, Labels, NodeId, OrganisationId, PersonId, mask};

/// What a credential is.
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
    /// A code a person keeps; only at the points it names.
    Pin,
    /// A code for a guest; only at the points it names.
    Guest,
    /// A code for one use; only at the points it names.
    OneTime,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [CredentialKind; 8] = [
        CredentialKind::Rfid,
        CredentialKind::Key,
        CredentialKind::Emaid,
        CredentialKind::App,
        CredentialKind::Plate,
        CredentialKind::Pin,
        CredentialKind::Guest,
        CredentialKind::OneTime,
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
            CredentialKind::Pin => "pin",
            CredentialKind::Guest => "guest",
            CredentialKind::OneTime => "one_time",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Typed in, and made by the system: counts only at the points it names.
    #[must_use]
    pub const fn is_code(self) -> bool {
        match self {
            CredentialKind::Pin | CredentialKind::Guest | CredentialKind::OneTime => true,
            CredentialKind::Rfid
            | CredentialKind::Key
            | CredentialKind::Emaid
            | CredentialKind::App
            | CredentialKind::Plate => false,
        }
    }

    /// Works by the right that was made with it and by no other of its person: a guest does not get
    /// what the host holds.
    #[must_use]
    pub const fn has_own_right(self) -> bool {
        match self {
            CredentialKind::Guest | CredentialKind::OneTime => true,
            CredentialKind::Rfid
            | CredentialKind::Key
            | CredentialKind::Emaid
            | CredentialKind::App
            | CredentialKind::Plate
            | CredentialKind::Pin => false,
        }
    }

    /// How strong a credential of this kind is unless it says otherwise: a number that can be
    /// copied or overheard is weak.
    #[must_use]
    pub const fn strength(self) -> Strength {
        match self {
            CredentialKind::Rfid
            | CredentialKind::Plate
            | CredentialKind::Pin
            | CredentialKind::Guest
            | CredentialKind::OneTime => Strength::Weak,
            CredentialKind::Key | CredentialKind::Emaid => Strength::Medium,
            CredentialKind::App => Strength::Strong,
        }
    }
}

/// How hard a credential is to copy; the later is the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// A number that anybody can copy: a plain UID, a code.
    Weak,
    /// Takes effort to copy.
    Medium,
    /// Proves that it holds a secret.
    Strong,
}

impl Strength {
    /// Every strength, the weakest first.
    pub const ALL: [Strength; 3] = [Strength::Weak, Strength::Medium, Strength::Strong];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Strength::Weak => "weak",
            Strength::Medium => "medium",
            Strength::Strong => "strong",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|strength| strength.name() == name)
    }
}

/// A set of kinds of credential.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KindSet(u8);

impl KindSet {
    /// Whether a kind is in it.
    #[must_use]
    pub const fn contains(self, kind: CredentialKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = CredentialKind> {
        CredentialKind::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<CredentialKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = CredentialKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

impl fmt::Debug for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A suspension with dates: holds in `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive; `None`: until it is lifted.
    pub until: Option<Timestamp>,
}

impl Suspension {
    /// Whether it holds.
    #[must_use]
    pub fn holds(self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
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
    /// As entered; of a code nothing.
    pub value: String,
    /// [`crate::normalise`]d; of a code a keyed hash.
    pub key: String,
    /// Active, suspended, lost.
    pub state: CredentialState,
    /// Suspended in this time, whatever its state.
    pub suspension: Option<Suspension>,
    /// How hard it is to copy.
    pub strength: Strength,
    /// Counts only at and below these nodes; `None`: everywhere, but a code nowhere.
    pub places: Option<Vec<NodeId>>,
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
