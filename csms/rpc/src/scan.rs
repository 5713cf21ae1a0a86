//! One look at the raw text before it is parsed: how deep it nests, and what can be read from
//! the beginning of a message whose rest is broken.

/// How deep arrays and objects of a message may nest. OCPP itself needs less than 12; the limit
/// keeps recursive readers further in from exhausting the stack.
pub const MAX_DEPTH: usize = 64;

/// Whether brackets nest deeper than [`MAX_DEPTH`]. Brackets inside strings do not count.
pub(crate) fn nests_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What the beginning of a broken message still tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// The message type number.
    pub type_number: Option<u64>,
    /// The message id.
    pub id: Option<String>,
    /// The action, or the error code of a CALLERROR.
    pub third: Option<String>,
}

/// Reads `[number, "text", "text"` as far as it goes.
pub(crate) fn opening(text: &str) -> Opening {
    let mut found = Opening::default();
    let Some(rest) = text.trim_start().strip_prefix('[') else {
        return found;
    };
    let Some((number, rest)) = element::<u64>(rest) else {
        return found;
    };
    found.type_number = Some(number);
    let Some((id, rest)) = next(rest) else {
        return found;
    };
    found.id = Some(id);
    // A following comma shows that the third element is whole.
    if let Some((third, rest)) = next(rest)
        && rest.trim_start().starts_with(',')
    {
        found.third = Some(third);
    }
    found
}

/// The text element after a comma.
fn next(rest: &str) -> Option<(String, &str)> {
    element(rest.trim_start().strip_prefix(',')?)
}

/// One JSON value from the beginning of `text`, and what follows it.
fn element<T: serde::de::DeserializeOwned>(text: &str) -> Option<(T, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = values.next()?.ok()?;
    let rest = text.get(values.byte_offset()..)?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, nests_too_deep, opening};

    #[test]
    fn depth_is_counted_outside_strings() {
        assert!(!nests_too_deep(&"[".repeat(MAX_DEPTH)));
        assert!(nests_too_deep(&"[".repeat(MAX_DEPTH + 1)));
        assert!(!nests_too_deep(&format!("[\"{}\"]", "[".repeat(200))));
        assert!(!nests_too_deep(&format!("[\"\\\"{}\"]", "[".repeat(200))));
        assert!(!nests_too_deep(&"[]".repeat(200)));
    }

    #[test]
    fn the_beginning_of_a_broken_message_is_read_as_far_as_it_goes() {
        let found = opening(r#" [ 2 , "a" , "Heartbeat", {"#);
        assert_eq!(found.type_number, Some(2));
        assert_eq!(found.id.as_deref(), Some("a"));
        assert_eq!(found.third.as_deref(), Some("Heartbeat"));
        assert_eq!(opening(r#"[2,"a","Heart"#).id.as_deref(), Some("a"));
        assert_eq!(opening(r#"[2,"a","Heart"#).third, None);
        assert_eq!(opening("[,{").type_number, None);
        assert_eq!(opening(r#"[2,17,"Heartbeat",{}"#).id, None);
    }
}
