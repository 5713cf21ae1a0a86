//! What is presented at a point, and how two spellings of it are compared.

use std::borrow::Cow;
use std::fmt;

use crate::CredentialKind;

/// The kind of token as the station (or the HTTP door access) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// OCPP 1.6 idTag: the kind is not said.
    IdTag,
    /// 2.0.1 Central: made by the central system (remote token).
    Central,
    /// 2.0.1 eMAID: contract id.
    Emaid,
    /// 2.0.1 ISO14443 card UID.
    Iso14443,
    /// 2.0.1 ISO15693 card UID.
    Iso15693,
    /// 2.0.1 KeyCode, or a PIN at a door.
    KeyCode,
    /// 2.0.1 Local: made by the station, e.g. a mechatronic key.
    Local,
    /// 2.0.1 MacAddress of a car.
    MacAddress,
    /// 2.0.1 NoAuthorization: nothing was presented.
    NoAuthorization,
}

impl TokenKind {
    /// Which kinds of credential may be meant by a token of this kind.
    ///
    /// A code is meant by a KeyCode and by nothing else: never by a bare idTag.
    #[must_use]
    pub const fn admits(self, kind: CredentialKind) -> bool {
        match self {
            TokenKind::IdTag => matches!(
                kind,
                CredentialKind::Rfid
                    | CredentialKind::Key
                    | CredentialKind::Emaid
                    | CredentialKind::App
            ),
            TokenKind::Central => matches!(kind, CredentialKind::App),
            TokenKind::Emaid => matches!(kind, CredentialKind::Emaid),
            TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local => {
                matches!(kind, CredentialKind::Rfid | CredentialKind::Key)
            }
            TokenKind::KeyCode => kind.is_code(),
            TokenKind::MacAddress | TokenKind::NoAuthorization => false,
        }
    }
}

impl TokenKind {
    /// Whether it may be the number of a card, which readers show differently.
    #[must_use]
    pub const fn is_card(self) -> bool {
        matches!(
            self,
            TokenKind::IdTag | TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local
        )
    }
}

/// A token as presented; the value keeps the spelling in which it was received.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PresentedToken {
    /// As received; echoed, never compared. Up to 36 characters by the standard, longer accepted.
    pub value: String,
    /// The kind the station named.
    pub kind: TokenKind,
    /// The number of the card behind it, where the station's reader writes it otherwise
    /// ([`crate::ReaderProfile`]); compared in place of `value`.
    canonical: Option<String>,
}

impl PresentedToken {
    /// A token of a kind.
    #[must_use]
    pub fn new(kind: TokenKind, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            kind,
            canonical: None,
        }
    }

    /// The same token, known by another number than the one received.
    #[must_use]
    pub fn known_as(self, canonical: String) -> Self {
        Self {
            canonical: Some(canonical),
            ..self
        }
    }

    /// Nothing was presented: no value, or the kind says so.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.kind == TokenKind::NoAuthorization || self.value.chars().all(char::is_whitespace)
    }

    /// The value as it may stand in logs and answers; of a code nothing may (C04.FR.04).
    #[must_use]
    pub fn masked(&self) -> String {
        if self.kind == TokenKind::KeyCode {
            "…".to_owned()
        } else {
            mask(&self.value)
        }
    }

    /// The key under which a credential would be found.
    #[must_use]
    pub fn key(&self) -> String {
        normalise(self.canonical.as_ref().unwrap_or(&self.value))
    }

    /// As [`PresentedToken::key`], without a copy where the number is normalised already.
    #[must_use]
    pub fn compared(&self) -> Cow<'_, str> {
        normalised(self.canonical.as_ref().unwrap_or(&self.value))
    }

    /// The key of what was received, whatever the reader's profile says: it stays the same when
    /// the profile changes.
    #[must_use]
    pub fn received_key(&self) -> String {
        normalise(&self.value)
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedToken({:?} {})", self.kind, self.masked())
    }
}

/// The comparable form of a token: upper case; in values that are hex apart from separators
/// (`:`, `-`, blank) the separators go. Leading zeros stay: they are part of a card's number.
#[must_use]
pub fn normalise(value: &str) -> String {
    normalised(value).into_owned()
}

/// As [`normalise`], without a copy where the value is normalised already.
fn normalised(value: &str) -> Cow<'_, str> {
    // Without a branch for each byte.
    let plain = |c: u8| c.is_ascii_uppercase() | c.is_ascii_digit();
    if value.bytes().fold(true, |all, c| all & plain(c)) {
        return Cow::Borrowed(value);
    }
    let upper = value.trim().to_uppercase();
    let separator = |c: char| matches!(c, ':' | '-' | ' ');
    if upper.chars().any(separator) && upper.chars().all(|c| separator(c) || c.is_ascii_hexdigit())
    {
        Cow::Owned(upper.chars().filter(|c| !separator(*c)).collect())
    } else {
        Cow::Owned(upper)
    }
}

/// A token as it may stand in logs and answers: two characters at each end, or none if short.
#[must_use]
pub fn mask(value: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    if chars.len() < 8 {
        return "…".to_owned();
    }
    let head: String = chars.iter().take(2).collect();
    let tail: String = chars.iter().skip(chars.len() - 2).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_ignored_in_hex_values_only() {
        assert_eq!(normalise("04:a1-b2 c3"), "04A1B2C3");
        assert_eq!(normalise("de-8aa-c123-x"), "DE-8AA-C123-X");
        assert_eq!(normalise("0004a1"), "0004A1");
    }

    #[test]
    fn a_token_masks_itself() {
        let token = PresentedToken::new(TokenKind::IdTag, "04A1B2C3D4");
        assert_eq!(format!("{token:?}"), "PresentedToken(IdTag 04…D4)");
        assert_eq!(mask("1234"), "…");
    }

    #[test]
    fn nothing_of_a_code_is_shown() {
        let code = PresentedToken::new(TokenKind::KeyCode, "1234567890");
        assert_eq!(format!("{code:?}"), "PresentedToken(KeyCode …)");
    }
}
