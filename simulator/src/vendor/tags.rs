//! Habits of reading cards.

use serde_json::Value;

use super::Habit;

/// What a token becomes; nothing if the habit is none about tokens.
pub(super) fn change(habit: Habit, text: &str, serial: &str) -> Option<String> {
    Some(match habit {
        Habit::TagWithSerial => format!("{text}_{serial}"),
        Habit::PaddedTag => format!("{text:0<16}"),
        Habit::ReversedTag => reversed(text)?,
        // The reader's memory goes on behind the 16th character.
        Habit::OverreadTag if text.len() > 16 => format!("{text}#!"),
        _ => return None,
    })
}

/// The bytes of a hex text the other way round; nothing if it is no such text.
fn reversed(text: &str) -> Option<String> {
    let hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits: Vec<char> = text.chars().collect();
    hex.then(|| digits.chunks(2).rev().flatten().collect())
}

/// The places of tokens in a payload: `idTag` of 1.6, `idToken` of 2.0.1.
pub(super) fn places(payload: &mut Value) -> Vec<&mut String> {
    let Some(fields) = payload.as_object_mut() else {
        return Vec::new();
    };
    fields
        .iter_mut()
        .filter_map(|(name, value)| match (name.as_str(), value) {
            ("idTag", Value::String(text)) => Some(text),
            ("idToken", Value::Object(token)) => match token.get_mut("idToken") {
                Some(Value::String(text)) => Some(text),
                Some(_) | None => None,
            },
            (_, _) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Habit, change};

    #[test]
    fn cards_are_written_as_their_readers_do() {
        let check = |habit, text: &str, expected: Option<&str>| {
            assert_eq!(change(habit, text, "123").as_deref(), expected);
        };
        check(Habit::TagWithSerial, "04A1", Some("04A1_123"));
        check(Habit::PaddedTag, "04A1B2C3", Some("04A1B2C300000000"));
        check(Habit::ReversedTag, "04A1B2", Some("B2A104"));
        check(Habit::ReversedTag, "VID:1", None);
        check(Habit::OverreadTag, "04A1", None);
        check(Habit::NoZone, "04A1", None);
    }
}
