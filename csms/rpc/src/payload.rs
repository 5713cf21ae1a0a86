//! Questions about a raw payload that both versions ask before reading it.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The payload of a message without fields.
pub const EMPTY_OBJECT: &str = "{}";

/// Whether the payload is `null`. Quirk Q16: some stations send `null` where `{}` is meant.
#[must_use]
pub fn is_null(payload: &RawValue) -> bool {
    payload.get() == "null"
}

/// The text of the payload, with `{}` in the place of `null`.
#[must_use]
pub fn object_text(payload: &RawValue) -> &str {
    if is_null(payload) {
        EMPTY_OBJECT
    } else {
        payload.get()
    }
}

/// The first key that comes twice in one object of the payload, at any depth.
///
/// Two readers may disagree on which of the two values counts, so a message that decides about
/// access must not hold one. The text must be valid JSON, which a [`RawValue`] is.
#[must_use]
pub fn repeated_key(payload: &RawValue) -> Option<String> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_str(payload.get());
    // An error means either that a key was found, or that the text nests too deep for serde_json,
    // which a parsed frame never does.
    let _ = Walk { found: &mut found }.deserialize(&mut reader);
    found
}

struct Walk<'a> {
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items
            .next_element_seed(Walk {
                found: &mut *self.found,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if seen.contains(&key) {
                *self.found = Some(key);
                return Err(A::Error::custom("repeated key"));
            }
            fields.next_value_seed(Walk {
                found: &mut *self.found,
            })?;
            seen.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{is_null, object_text, repeated_key};

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn null_counts_as_an_object_without_fields() {
        assert!(is_null(&raw("null")));
        assert_eq!(object_text(&raw("null")), "{}");
        assert!(!is_null(&raw("{}")));
        assert_eq!(object_text(&raw(r#"{"a":1}"#)), r#"{"a":1}"#);
    }

    #[test]
    fn a_key_that_comes_twice_is_found_at_any_depth_and_in_any_spelling() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(repeated_key(&raw(text)).as_deref(), expected, "{text}");
        };
        check(r#"{"idTag":"A","idTag":"B"}"#, Some("idTag"));
        check(r#"{"idTag":"A","id\u0054ag":"B"}"#, Some("idTag"));
        check(
            r#"{"a":[{"b":1.5},{"b":-2,"c":null,"c":1e400}]}"#,
            Some("c"),
        );
        check(r#"{"a":{"b":1},"c":{"b":1,"d":true}}"#, None);
        check("null", None);
    }
}
