//! Texts of stations as keys of an index.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The longest text that is indexed as it is, in bytes. PostgreSQL refuses index rows above
/// 2,704 bytes, and a fact must never be refused for the length of its name.
const WHOLE: usize = 255;
/// What is left of a longer one, before its digest.
const HEAD: usize = 160;

/// The text itself, or the beginning of a longer one with the digest of the whole.
pub(crate) fn key(text: &str) -> Cow<'_, str> {
    if text.len() <= WHOLE {
        return Cow::Borrowed(text);
    }
    let mut end = HEAD;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = text.get(..end).unwrap_or_default().to_owned();
    short.push('#');
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keys_stay_and_long_ones_keep_apart() {
        assert_eq!(key("a|b"), "a|b");
        let one = "é".repeat(500);
        let other = format!("{one}x");
        assert!(key(&one).len() <= WHOLE);
        assert_ne!(key(&one), key(&other));
        assert_eq!(key(&one), key(&one.clone()));
    }
}
