//! Tokens presented at a station, and what the central system says about them.

use std::fmt;

use jiff::Timestamp;

/// Where a token comes from, in the words of 2.0.1. 1.6 does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Made by the central system, e.g. for an app.
    Central,
    /// A contract.
    EMaid,
    /// A card of the usual kind.
    Iso14443,
    /// A card of the other kind.
    Iso15693,
    /// A PIN.
    KeyCode,
    /// Made by the station.
    Local,
    /// A vehicle's address.
    MacAddress,
    /// None was needed.
    NoAuthorization,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [TokenKind; 8] = [
        TokenKind::Central,
        TokenKind::EMaid,
        TokenKind::Iso14443,
        TokenKind::Iso15693,
        TokenKind::KeyCode,
        TokenKind::Local,
        TokenKind::MacAddress,
        TokenKind::NoAuthorization,
    ];

    /// The name in 2.0.1.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            TokenKind::Central => "Central",
            TokenKind::EMaid => "eMAID",
            TokenKind::Iso14443 => "ISO14443",
            TokenKind::Iso15693 => "ISO15693",
            TokenKind::KeyCode => "KeyCode",
            TokenKind::Local => "Local",
            TokenKind::MacAddress => "MacAddress",
            TokenKind::NoAuthorization => "NoAuthorization",
        }
    }

    /// From the name in 2.0.1.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<TokenKind> {
        TokenKind::ALL.into_iter().find(|kind| kind.wire() == name)
    }

    /// Whether answers about it may go into the authorization cache
    /// (C05.FR.02, C02.FR.03; a PIN is not a card).
    #[must_use]
    pub const fn may_be_cached(self) -> bool {
        match self {
            TokenKind::Central | TokenKind::NoAuthorization | TokenKind::KeyCode => false,
            TokenKind::EMaid
            | TokenKind::Iso14443
            | TokenKind::Iso15693
            | TokenKind::Local
            | TokenKind::MacAddress => true,
        }
    }
}

/// A token. Masks itself when printed.
#[derive(Clone)]
pub struct Token {
    text: String,
    kind: TokenKind,
}

impl Token {
    /// A card of the usual kind.
    #[must_use]
    pub fn card(text: &str) -> Token {
        Token::new(TokenKind::Iso14443, text)
    }

    /// A token of any kind.
    #[must_use]
    pub fn new(kind: TokenKind, text: &str) -> Token {
        Token {
            text: text.to_owned(),
            kind,
        }
    }

    /// As people write it: `04A1B2C3`, or with a kind in front: `KeyCode:123456`, `eMAID:DE8AA…`.
    #[must_use]
    pub fn parse(text: &str) -> Token {
        text.split_once(':')
            .and_then(|(kind, rest)| Some(Token::new(TokenKind::from_wire(kind)?, rest)))
            .unwrap_or_else(|| Token::card(text))
    }

    /// The token of a transaction that needed none (C02.FR.01).
    #[must_use]
    pub fn none() -> Token {
        Token::new(TokenKind::NoAuthorization, "")
    }

    /// The token as it goes over the wire.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// All but the last two characters hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let length = self.text.chars().count();
        let shown: String = self
            .text
            .chars()
            .skip(length.saturating_sub(2).max(1))
            .collect();
        format!("…{shown}")
    }
}

/// Tokens are compared without case (OCPP 1.6 §7.15, 2.0.1 identifierString).
impl PartialEq for Token {
    fn eq(&self, other: &Token) -> bool {
        self.kind == other.kind && self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} {})", self.kind.wire(), self.masked())
    }
}

/// idTagInfo or idTokenInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// As sent: `Accepted`, `Blocked` …
    pub status: String,
    /// Until when the station may remember it.
    pub expires: Option<Timestamp>,
    /// parentIdTag or groupIdToken: who may stop each other's transactions.
    pub group: Option<String>,
    /// The EVSEs it holds for; empty for all.
    pub evses: Vec<u32>,
    /// A line for the display.
    pub message: Option<String>,
}

impl TokenInfo {
    /// Nothing but a status.
    #[must_use]
    pub fn with_status(status: &str) -> TokenInfo {
        TokenInfo {
            status: status.to_owned(),
            expires: None,
            group: None,
            evses: Vec::new(),
            message: None,
        }
    }

    /// Whether the status is `Accepted`. Anything else, even unheard of, is a refusal.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.status == "Accepted"
    }

    /// Whether it was accepted, has not expired and holds for the EVSE (all, if none is named).
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp, evse: Option<u32>) -> bool {
        self.is_accepted() && self.expires.is_none_or(|end| now < end) && self.holds_for(evse)
    }

    /// Whether it holds for the EVSE.
    #[must_use]
    pub fn holds_for(&self, evse: Option<u32>) -> bool {
        evse.is_none_or(|evse| self.evses.is_empty() || self.evses.contains(&evse))
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, TokenInfo, TokenKind};

    #[test]
    fn tokens_compare_without_case_and_hide_themselves() {
        assert_eq!(Token::card("04a1"), Token::card("04A1"));
        assert_ne!(Token::card("04A1"), Token::card("04A10"));
        assert_eq!(
            format!("{:?}", Token::card("04A1B2C3")),
            "Token(ISO14443 …C3)"
        );
        assert_eq!(Token::card("7").masked(), "…");
    }

    #[test]
    fn a_kind_may_stand_before_the_token() {
        let pin = Token::parse("KeyCode:123456");
        assert_eq!((pin.kind(), pin.text()), (TokenKind::KeyCode, "123456"));
        let odd = Token::parse("VID:001122");
        assert_eq!(
            (odd.kind(), odd.text()),
            (TokenKind::Iso14443, "VID:001122")
        );
    }

    #[test]
    fn an_answer_holds_until_it_expires_and_only_for_its_evses() {
        let mut info = TokenInfo::with_status("Accepted");
        let now = "2026-05-01T12:00:00Z".parse().unwrap();
        assert!(info.is_valid_at(now, Some(1)));
        info.evses = vec![2];
        assert!(!info.is_valid_at(now, Some(1)));
        assert!(info.is_valid_at(now, Some(2)));
        info.expires = Some(now);
        assert!(!info.is_valid_at(now, Some(2)));
        assert!(!TokenInfo::with_status("accepted").is_accepted());
    }
}
