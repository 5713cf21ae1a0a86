//! `<name>` in scenarios.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cases::seconds;
use crate::{unique, wire};

/// What names stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, Value>);

impl Names {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The text with every name replaced.
    ///
    /// # Errors
    /// The name that stands for nothing.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let (name, after) = after.split_once('>').ok_or("`<` without `>`")?;
            filled += before;
            match self.value(name)? {
                Value::String(text) => filled += &text,
                other => filled += &other.to_string(),
            }
            rest = after;
        }
        Ok(filled + rest)
    }

    /// The JSON with every name replaced; a text that is nothing but a name becomes its value.
    ///
    /// # Errors
    /// The name that stands for nothing.
    pub(super) fn json(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('<').and_then(|t| t.strip_suffix('>')) {
                Some(name) if !name.contains('<') => self.value(name)?,
                _ => Value::String(self.text(text)?),
            },
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.json(item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| Ok((self.text(name)?, self.json(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn value(&self, name: &str) -> Result<Value, String> {
        if let Some(known) = self.0.get(name) {
            return Ok(known.clone());
        }
        if let Some(name) = name.strip_prefix("lower.") {
            return match self.value(name)? {
                Value::String(text) => Ok(Value::String(text.to_lowercase())),
                other => Err(format!("`{other}` has no lower case")),
            };
        }
        if name == "uuid" {
            return Ok(Value::String(unique::message_id()));
        }
        if let Some(length) = name.strip_prefix("long.") {
            let length: usize = length.parse().map_err(|_| format!("`{name}`: no length"))?;
            return Ok(Value::String("x".repeat(length)));
        }
        if let Some(span) = name.strip_prefix("now") {
            let from_now = match span.strip_prefix('+') {
                Some(later) => seconds(later),
                None if span.is_empty() => 0,
                None => seconds(span),
            };
            return Ok(Value::String(wire::moment(from_now)));
        }
        Err(format!("`{name}` stands for nothing"))
    }
}

/// The names of a text that begin so: of `card.`, the cards.
pub(super) fn named(text: &str, beginning: &str) -> BTreeSet<String> {
    text.replace("<lower.", "<")
        .split(&format!("<{beginning}"))
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Names, named};

    #[test]
    fn names_are_filled_in_with_their_type() {
        let mut names = Names::default();
        names.set("n", json!(7));
        names.set("t", json!("x"));
        assert_eq!(
            names.json(&json!({"a": "<n>", "b": ["[<n><t>]"], "c": 1})),
            Ok(json!({"a": 7, "b": ["[7x]"], "c": 1}))
        );
        assert_eq!(names.text("<long.3>"), Ok("xxx".into()));
        assert!(names.text("<nobody>").is_err());
        let cards = named("<card.a> <n> <lower.card.b>", "card.");
        assert_eq!(cards.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
