//! The kinds of credential a lock names, in lower case as in our API.

use model::TokenKind;

/// What a token of such a kind is; `None` for a kind the profile does not have.
pub(super) fn from_name(name: &str) -> Option<TokenKind> {
    match name {
        "rfid" => Some(TokenKind::Iso14443),
        "key" => Some(TokenKind::Local),
        "emaid" => Some(TokenKind::Emaid),
        "pin" | "guest" | "one_time" => Some(TokenKind::KeyCode),
        _ => None,
    }
}
