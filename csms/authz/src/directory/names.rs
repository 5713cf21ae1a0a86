//! Which numbers are of one kind, and unique among each other.

use model::{CredentialKind, TokenKind};

/// Values are unique within an organisation and a namespace.
#[derive(Clone, Copy)]
pub(crate) enum Namespace {
    Token = 0,
    Plate = 1,
    Code = 2,
    /// Weak forms of cards; these are not unique.
    Weak = 3,
}

impl Namespace {
    pub(super) const fn of(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::Rfid
            | CredentialKind::Key
            | CredentialKind::Emaid
            | CredentialKind::App => Namespace::Token,
            CredentialKind::Plate => Namespace::Plate,
            CredentialKind::Pin | CredentialKind::Guest | CredentialKind::OneTime => {
                Namespace::Code
            }
        }
    }

    pub(super) const fn presented_as(kind: TokenKind) -> Self {
        match kind {
            TokenKind::KeyCode => Namespace::Code,
            TokenKind::IdTag
            | TokenKind::Central
            | TokenKind::Emaid
            | TokenKind::Iso14443
            | TokenKind::Iso15693
            | TokenKind::Local
            | TokenKind::MacAddress
            | TokenKind::NoAuthorization => Namespace::Token,
        }
    }
}

/// Whether a credential is known by a number that readers show differently.
pub(super) const fn has_number(kind: CredentialKind) -> bool {
    matches!(kind, CredentialKind::Rfid | CredentialKind::Key)
}
