//! IdTokenType of 2.0.1 and the neutral token.

use model::{PresentedToken, StopGroup, TokenKind};
use rust_ocpp::v2_0_1::datatypes::id_token_type::IdTokenType;
use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;

use crate::read::Fields;

/// Reads an IdTokenType; without its text there is no token.
pub(super) fn read(token: Fields<'_>) -> Option<PresentedToken> {
    let kind = token.text("type").map_or(TokenKind::MacAddress, kind);
    token
        .text("idToken")
        .map(|text| PresentedToken::new(kind, text))
}

/// The kind a type names. A type that is missing or unknown is read as one that no credential
/// has, so that nothing is permitted by a guess; it stands in the quirks.
fn kind(name: &str) -> TokenKind {
    match name {
        "Central" => TokenKind::Central,
        "eMAID" => TokenKind::Emaid,
        "ISO14443" => TokenKind::Iso14443,
        "ISO15693" => TokenKind::Iso15693,
        "KeyCode" => TokenKind::KeyCode,
        "Local" => TokenKind::Local,
        "NoAuthorization" => TokenKind::NoAuthorization,
        _ => TokenKind::MacAddress,
    }
}

/// Writes a token.
pub(super) fn write(token: &PresentedToken) -> IdTokenType {
    let kind = match token.kind {
        // 1.6 says no kind; a token that goes to a station is one of ours.
        TokenKind::Central | TokenKind::IdTag => IdTokenEnumType::Central,
        TokenKind::Emaid => IdTokenEnumType::EMAID,
        TokenKind::Iso14443 => IdTokenEnumType::ISO14443,
        TokenKind::Iso15693 => IdTokenEnumType::ISO15693,
        TokenKind::KeyCode => IdTokenEnumType::KeyCode,
        TokenKind::Local => IdTokenEnumType::Local,
        TokenKind::MacAddress => IdTokenEnumType::MacAddress,
        TokenKind::NoAuthorization => IdTokenEnumType::NoAuthorization,
    };
    IdTokenType {
        id_token: token.value.clone(),
        kind,
        additional_info: None,
    }
}

/// Writes a stop group.
pub(super) fn group(group: &StopGroup) -> IdTokenType {
    IdTokenType {
        id_token: group.as_str().to_owned(),
        kind: IdTokenEnumType::Central,
        additional_info: None,
    }
}
