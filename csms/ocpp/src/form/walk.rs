//! The walk over a payload by its table: repairs, notes, checks.

use rpc::ErrorCode;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::path::{Path, tellable};
use super::{Choice, CustomData, Field, Form, Kind, List, Presence, Rigour};
use crate::decimal::Decimal;
use crate::error::WireError;
use crate::number;
use crate::quirk::{Deviation, Quirk, words};
use crate::time;

/// In how many fields of one message a deviation is noted: a message may hold thousands of fields
/// that nobody knows.
const FIELDS_NOTED: usize = 8;

/// Longer tokens are not kept: OCPP 2.1 ends at 255.
const LONGEST_TOKEN: usize = 255;

/// A payload after the walk.
#[derive(Debug)]
pub(crate) struct Repaired {
    pub(crate) fields: Map<String, Value>,
    pub(crate) quirks: Vec<Quirk>,
}

/// A field that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) field: String,
    pub(crate) problem: &'static str,
}

impl From<Fault> for WireError {
    fn from(fault: Fault) -> Self {
        if fault.field.is_empty() {
            return WireError::new(fault.code, format!("the payload {}", fault.problem));
        }
        WireError::new(fault.code, format!("`{}` {}", fault.field, fault.problem))
    }
}

/// Reads a payload as sent by a station.
///
/// # Errors
/// The field that cannot be read. A repeated key is one where `form` is of the usual rigour: of
/// two values of a card number neither may be chosen.
pub(crate) fn read(form: &Form, payload: &RawValue) -> Result<Repaired, Fault> {
    let mut walk = Walk {
        form,
        notes: Vec::new(),
    };
    if rpc::is_null(payload) {
        walk.note(Deviation::NullPayload, &Path::Root);
    }
    if let Some(key) = rpc::repeated_key(payload) {
        let path = Path::Field(&Path::Root, tellable(&key));
        match form.rigour {
            Rigour::Usual => {
                return Err(Fault {
                    code: ErrorCode::FormatViolation,
                    field: path.exact(),
                    problem: words(Deviation::RepeatedKey),
                });
            }
            Rigour::KeepWhatCanBeRead => walk.note(Deviation::RepeatedKey, &path),
        }
    }
    let value = serde_json::from_str(rpc::object_text(payload)).map_err(|_| Fault {
        code: ErrorCode::FormatViolation,
        field: String::new(),
        problem: "cannot be read as JSON",
    })?;
    walk.whole(value)
}

/// Whether a payload that we are asked to send keeps the table to the letter.
///
/// # Errors
/// The first field that does not, and why.
pub(crate) fn check_sent(form: &Form, payload: &Value) -> Result<(), String> {
    let Value::Object(fields) = payload else {
        return Err("the payload must be an object".to_owned());
    };
    let mut walk = Walk {
        form,
        notes: Vec::new(),
    };
    walk.object(&mut fields.clone(), form.fields, &Path::Root)
        .map_err(|fault| WireError::from(fault).description)?;
    match walk.notes.first() {
        None => Ok(()),
        Some((deviation, field)) => Err(format!("`{field}` {}", words(*deviation))),
    }
}

/// Where a payload that was sent to us, and that nobody can be told of, does not keep the table.
/// The payload is not changed.
pub(crate) fn deviations(form: &Form, payload: &Value) -> Vec<String> {
    let Value::Object(fields) = payload else {
        return vec![String::new()];
    };
    let mut walk = Walk {
        form,
        notes: Vec::new(),
    };
    let fault = walk
        .object(&mut fields.clone(), form.fields, &Path::Root)
        .err();
    let mut places: Vec<String> = walk.notes.into_iter().map(|(_, place)| place).collect();
    places.extend(fault.map(|fault| fault.field));
    places.dedup();
    places
}

struct Walk<'a> {
    form: &'a Form,
    /// Each deviation with its field, once.
    notes: Vec<(Deviation, String)>,
}

impl Walk<'_> {
    fn whole(mut self, value: Value) -> Result<Repaired, Fault> {
        let Value::Object(mut fields) = value else {
            return Err(Fault {
                code: ErrorCode::FormatViolation,
                field: String::new(),
                problem: "must be an object",
            });
        };
        self.object(&mut fields, self.form.fields, &Path::Root)?;
        let quirks = self
            .notes
            .into_iter()
            .map(|(deviation, field)| Quirk {
                name: deviation,
                field,
            })
            .collect();
        Ok(Repaired { fields, quirks })
    }

    fn note(&mut self, deviation: Deviation, path: &Path<'_>) {
        let of_this = self.notes.iter().filter(|(noted, _)| *noted == deviation);
        if of_this.count() >= FIELDS_NOTED {
            return;
        }
        let note = (deviation, path.general());
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn object(
        &mut self,
        object: &mut Map<String, Value>,
        fields: &[Field],
        path: &Path<'_>,
    ) -> Result<(), Fault> {
        for field in fields {
            self.field(object, field, path)?;
        }
        let mut known = fields
            .iter()
            .filter(|field| object.contains_key(field.name))
            .count();
        if self.form.custom_data == CustomData::Allowed && object.contains_key("customData") {
            known += 1;
        }
        if known == object.len() {
            return Ok(());
        }
        for name in object.keys() {
            let custom =
                self.form.custom_data == CustomData::Allowed && name.as_str() == "customData";
            if !custom && !fields.iter().any(|field| field.name == name) {
                self.note(Deviation::ExtraField, &Path::Field(path, tellable(name)));
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        object: &mut Map<String, Value>,
        field: &Field,
        parent: &Path<'_>,
    ) -> Result<(), Fault> {
        let path = Path::Field(parent, field.name);
        if let Some(other) = field.also
            && !object.contains_key(field.name)
            && let Some(value) = object.remove(other)
        {
            self.note(Deviation::OtherName, &path);
            object.insert(field.name.to_owned(), value);
        }
        let absent = match object.get_mut(field.name) {
            None => true,
            Some(Value::Null) => {
                object.remove(field.name);
                if field.presence != Presence::Required {
                    self.note(Deviation::NullField, &path);
                }
                true
            }
            Some(value) => match self.value(value, &field.kind, &path) {
                Ok(()) => false,
                Err(fault) => {
                    if self.form.rigour == Rigour::Usual || field.presence == Presence::Required {
                        return Err(fault);
                    }
                    object.remove(field.name);
                    self.note(Deviation::UnreadableField, &path);
                    return Ok(());
                }
            },
        };
        match field.presence {
            _ if !absent => Ok(()),
            Presence::Optional => Ok(()),
            Presence::Expected => {
                self.note(Deviation::MissingField, &path);
                Ok(())
            }
            Presence::Required => Err(Fault {
                code: ErrorCode::OccurrenceConstraintViolation,
                field: path.exact(),
                problem: words(Deviation::MissingField),
            }),
        }
    }

    fn value(&mut self, value: &mut Value, kind: &Kind, path: &Path<'_>) -> Result<(), Fault> {
        match kind {
            Kind::Text(most) => self.text(value, *most, path),
            Kind::Token(most) => self.token(value, *most, path),
            Kind::Choice(choice) => self.choice(value, choice, path),
            Kind::Closed(choice) => self.closed(value, choice, path),
            Kind::Integer(least) => self.integer(value, *least, path),
            Kind::Register => self.register(value, path),
            Kind::Decimal => self.decimal(value, path),
            Kind::DecimalText => self.decimal_text(value, path),
            Kind::Boolean => self.boolean(value, path),
            Kind::Time => self.time(value, path),
            Kind::JsonText => self.json_text(value, path),
            Kind::Object(fields) => match value {
                Value::Object(object) => self.object(object, fields, path),
                _ => Err(wrong_type(path, "must be an object")),
            },
            Kind::List(list) => self.list(value, list, path),
            Kind::Any => Ok(()),
        }
    }

    fn text(&mut self, value: &mut Value, most: usize, path: &Path<'_>) -> Result<(), Fault> {
        if let Value::Number(number) = value {
            *value = Value::String(number.to_string());
            self.note(Deviation::TextAsNumber, path);
        }
        let Value::String(text) = value else {
            return Err(wrong_type(path, "must be text"));
        };
        // Bytes are never fewer than characters.
        if text.len() > most && text.chars().count() > most {
            self.note(Deviation::TooLong, path);
        }
        Ok(())
    }

    fn token(&mut self, value: &mut Value, most: usize, path: &Path<'_>) -> Result<(), Fault> {
        if value.is_number() && self.form.rigour == Rigour::Usual {
            return Err(wrong_type(path, "must be text"));
        }
        let too_long = |text: &str| text.chars().count() > LONGEST_TOKEN;
        if self.form.rigour == Rigour::Usual && value.as_str().is_some_and(too_long) {
            return Err(Fault {
                code: ErrorCode::PropertyConstraintViolation,
                field: path.exact(),
                problem: words(Deviation::TooLong),
            });
        }
        self.text(value, most, path)
    }

    fn choice(&mut self, value: &mut Value, choice: &Choice, path: &Path<'_>) -> Result<(), Fault> {
        let Value::String(text) = value else {
            return Err(wrong_type(path, "must be text"));
        };
        if (choice.knows)(text) {
            return Ok(());
        }
        match choice
            .spellings
            .iter()
            .find(|(spelling, _)| spelling == text)
        {
            Some((_, meant)) => {
                *text = (*meant).to_owned();
                self.note(Deviation::OtherSpelling, path);
            }
            None => self.note(Deviation::UnknownValue, path),
        }
        Ok(())
    }

    fn closed(&mut self, value: &mut Value, choice: &Choice, path: &Path<'_>) -> Result<(), Fault> {
        let known = |text: &str| {
            (choice.knows)(text)
                || choice
                    .spellings
                    .iter()
                    .any(|(spelling, _)| *spelling == text)
        };
        if value.as_str().is_some_and(|text| !known(text)) {
            return Err(Fault {
                code: ErrorCode::PropertyConstraintViolation,
                field: path.exact(),
                problem: words(Deviation::UnknownValue),
            });
        }
        self.choice(value, choice, path)
    }

    fn integer(&mut self, value: &mut Value, least: i64, path: &Path<'_>) -> Result<(), Fault> {
        self.number(value, path)?;
        let Value::Number(number) = value else {
            return Err(wrong_type(path, "must be an integer"));
        };
        let integer = match (number.as_i64(), number::integer(number)) {
            (Some(integer), _) => integer,
            (None, Some(integer)) => {
                *value = Value::from(integer);
                self.note(Deviation::FractionalInteger, path);
                integer
            }
            (None, None) => return Err(not_an_integer(number, path)),
        };
        if integer < least {
            self.note(Deviation::OutOfRange, path);
        }
        Ok(())
    }

    fn register(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        self.number(value, path)?;
        let Value::Number(number) = value else {
            return Err(wrong_type(path, "must be an integer"));
        };
        if number.as_i64().is_some() {
            return Ok(());
        }
        match Decimal::parse(&number.to_string()).and_then(Decimal::rounded) {
            Some(rounded) => {
                *value = Value::from(rounded);
                self.note(Deviation::FractionalInteger, path);
                Ok(())
            }
            None => Err(not_an_integer(number, path)),
        }
    }

    fn decimal(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        self.number(value, path)?;
        if value.is_number() {
            Ok(())
        } else {
            Err(wrong_type(path, "must be a number"))
        }
    }

    /// Turns text that is a number into one.
    fn number(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        if let Value::String(text) = value {
            let number = number::from_text(text)
                .ok_or_else(|| wrong_type(path, words(Deviation::NumberAsText)))?;
            *value = Value::Number(number);
            self.note(Deviation::NumberAsText, path);
        }
        Ok(())
    }

    fn decimal_text(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        match value {
            Value::String(_) => Ok(()),
            Value::Number(number) => {
                *value = Value::String(number.to_string());
                self.note(Deviation::TextAsNumber, path);
                Ok(())
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(wrong_type(path, "must be text"))
            }
        }
    }

    fn boolean(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        let meant = match value {
            Value::Bool(_) => return Ok(()),
            Value::String(text) if text.eq_ignore_ascii_case("true") => true,
            Value::String(text) if text.eq_ignore_ascii_case("false") => false,
            Value::Number(number) if number.as_i64() == Some(1) => true,
            Value::Number(number) if number.as_i64() == Some(0) => false,
            Value::Null
            | Value::String(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                return Err(wrong_type(path, words(Deviation::BooleanAsOther)));
            }
        };
        *value = Value::Bool(meant);
        self.note(Deviation::BooleanAsOther, path);
        Ok(())
    }

    fn time(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        if value.is_number() && self.form.rigour == Rigour::KeepWhatCanBeRead {
            *value = Value::String(value.to_string());
            self.note(Deviation::TextAsNumber, path);
        }
        let Value::String(text) = value else {
            return Err(wrong_type(path, "must be text"));
        };
        if let Some(deviation) = time::read(text).deviation() {
            self.note(deviation, path);
        }
        Ok(())
    }

    fn json_text(&mut self, value: &mut Value, path: &Path<'_>) -> Result<(), Fault> {
        if !value.is_string() {
            *value = Value::String(value.to_string());
            self.note(Deviation::ValueInsteadOfText, path);
        }
        Ok(())
    }

    fn list(&mut self, value: &mut Value, list: &List, path: &Path<'_>) -> Result<(), Fault> {
        if value.is_object() {
            *value = Value::Array(vec![value.take()]);
            self.note(Deviation::SingleInsteadOfList, path);
        }
        let Value::Array(items) = value else {
            return Err(wrong_type(path, words(Deviation::SingleInsteadOfList)));
        };
        if items.len() < list.least {
            self.note(Deviation::EmptyList, path);
        }
        if items.len() > list.most {
            self.note(Deviation::LongList, path);
        }
        let mut position = 0;
        let mut fault = None;
        items.retain_mut(|item| {
            let path = Path::Item(path, position);
            position += 1;
            match self.value(item, &list.item, &path) {
                Ok(()) => true,
                Err(_) if self.form.rigour == Rigour::KeepWhatCanBeRead => {
                    self.note(Deviation::UnreadableField, &path);
                    false
                }
                Err(unreadable) => {
                    fault.get_or_insert(unreadable);
                    true
                }
            }
        });
        fault.map_or(Ok(()), Err)
    }
}

fn wrong_type(path: &Path<'_>, problem: &'static str) -> Fault {
    Fault {
        code: ErrorCode::TypeConstraintViolation,
        field: path.exact(),
        problem,
    }
}

fn not_an_integer(number: &serde_json::Number, path: &Path<'_>) -> Fault {
    let fractional = Decimal::parse(&number.to_string())
        .is_some_and(|decimal| decimal.integer().is_none() && decimal.rounded().is_some());
    if fractional {
        return wrong_type(path, words(Deviation::FractionalInteger));
    }
    Fault {
        code: ErrorCode::PropertyConstraintViolation,
        field: path.exact(),
        problem: words(Deviation::OutOfRange),
    }
}
