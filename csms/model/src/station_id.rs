//! The identity a station connects with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The identity of a station as received, and its key for comparison (without case).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StationId(String);

/// The comparable form of a [`StationId`]: lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StationKey(String);

/// Why a text is no station identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StationIdError {
    /// Nothing there.
    #[error("the identity is empty")]
    Empty,
    /// More than 48 characters (OCPP 2.0.1 part 4 §3.1.1).
    #[error("the identity is longer than 48 characters")]
    TooLong,
    /// A control character, or a slash.
    #[error("the identity holds a control character or a slash")]
    Character,
}

impl StationId {
    /// The longest identity, in characters.
    pub const MAX: usize = 48;

    /// A valid identity: 1..=48 characters, no control characters, no slash.
    ///
    /// # Errors
    /// See [`StationIdError`].
    pub fn new(text: &str) -> Result<Self, StationIdError> {
        if text.trim().is_empty() {
            return Err(StationIdError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(StationIdError::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_control() || c == '/' || c == '\\')
        {
            return Err(StationIdError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// As received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For comparison.
    #[must_use]
    pub fn key(&self) -> StationKey {
        StationKey(self.0.to_lowercase())
    }
}

impl StationKey {
    /// From a stored key.
    #[must_use]
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Display for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_compare_without_case_and_keep_their_spelling() {
        let id = StationId::new("CP One#1").unwrap();
        assert_eq!(id.as_str(), "CP One#1");
        assert_eq!(id.key(), StationId::new("cp oNE#1").unwrap().key());
    }

    #[test]
    fn bad_identities_are_refused() {
        assert_eq!(StationId::new(" "), Err(StationIdError::Empty));
        assert_eq!(
            StationId::new(&"x".repeat(49)),
            Err(StationIdError::TooLong)
        );
        assert_eq!(StationId::new("a/b"), Err(StationIdError::Character));
        assert_eq!(StationId::new("a\u{0}b"), Err(StationIdError::Character));
        assert!(StationId::new(&"é".repeat(48)).is_ok());
    }
}
