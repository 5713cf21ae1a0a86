//! Entries of a local authorization list.

use crate::token::{Token, TokenInfo};

/// One entry of SendLocalList. Without info the token is taken off the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListEntry {
    pub token: Token,
    pub info: Option<TokenInfo>,
}
