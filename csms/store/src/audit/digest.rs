//! Hashes and signatures over columns.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::arg::Arg;
use crate::link::clean;

/// A SHA-256 or HMAC-SHA-256.
pub(crate) type Hash = [u8; 32];

/// The key that signs the records of segments and pseudonyms: 32 bytes, kept outside the database.
#[derive(Clone)]
pub struct AuditKey(Arc<Hash>);

impl AuditKey {
    /// A key derived from what is kept outside the database.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(bytes))
    }

    /// The signature of columns, for one purpose.
    pub(crate) fn sign(&self, purpose: &str, columns: &[Arg<'_>]) -> Hash {
        keyed(self.0.as_slice(), purpose, columns)
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

/// The hash of columns, for one purpose.
pub(crate) fn plain(purpose: &str, columns: &[Arg<'_>]) -> Hash {
    Sha256::digest(encode(purpose, columns)).into()
}

/// The same under a key.
pub(crate) fn keyed(key: &[u8], purpose: &str, columns: &[Arg<'_>]) -> Hash {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(&encode(purpose, columns));
    mac.finalize().into_bytes().into()
}

/// The hash of a row, with the one before it and its place.
pub(crate) fn row(before: &[u8], segment: i64, sequence: i64, columns: &[Arg<'_>]) -> Hash {
    let mut bytes = encode("row", columns);
    put(&mut bytes, 4, before);
    bytes.extend(segment.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    Sha256::digest(bytes).into()
}

/// Columns as bytes, as the database keeps them: no two lists of columns give the same.
fn encode(purpose: &str, columns: &[Arg<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    put(&mut bytes, 2, purpose.as_bytes());
    for column in columns {
        match column {
            Arg::Int(None) | Arg::Text(None) | Arg::Bool(None) | Arg::Bytes(None) => bytes.push(0),
            Arg::Int(Some(value)) => {
                bytes.push(1);
                bytes.extend(value.to_be_bytes());
            }
            Arg::Text(Some(text)) => put(&mut bytes, 2, clean(Cow::Borrowed(text)).as_bytes()),
            Arg::Bool(Some(value)) => bytes.extend([3, u8::from(*value)]),
            Arg::Bytes(Some(value)) => put(&mut bytes, 4, value),
        }
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    bytes.push(kind);
    bytes.extend(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arg::args;

    #[test]
    fn no_two_rows_are_hashed_alike() {
        let none: Option<i64> = None;
        let rows: [&[Arg<'_>]; 7] = [
            args!["ab", "c"],
            args!["a", "bc"],
            args!["abc"],
            args![1_i64, 2_i64],
            args![none, 2_i64],
            args![true, 2_i64],
            args![false, 2_i64],
        ];
        let mut hashes: Vec<Hash> = rows.iter().map(|row| super::row(&[0], 1, 1, row)).collect();
        hashes.push(super::row(&[1], 1, 1, args!["abc"]));
        hashes.push(super::row(&[0], 2, 1, args!["abc"]));
        hashes.push(super::row(&[0], 1, 2, args!["abc"]));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn a_text_is_hashed_as_the_database_keeps_it() {
        assert_eq!(plain("x", args!["a\0"]), plain("x", args!["a\u{FFFD}"]));
    }
}
