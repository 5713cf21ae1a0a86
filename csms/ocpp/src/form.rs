//! Field tables: what a payload looks like, one table per action and version, and the walk that
//! repairs known deviations by it.
//!
//! The tables are data, so that what is tolerated can be read, tested and, later, chosen per
//! station. [`walk`] is the only code that changes a payload.

mod known;
mod path;
#[cfg(test)]
mod properties;
mod walk;

pub(crate) use known::known;
pub(crate) use path::tellable;
pub(crate) use walk::{Repaired, check_sent, deviations, read};

/// The table of one action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) fields: &'static [Field],
    pub(crate) rigour: Rigour,
    pub(crate) custom_data: CustomData,
}

/// What happens to a message whose fields cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rigour {
    /// It is refused.
    Usual,
    /// The field is dropped unless the message means nothing without it: the station forgets or
    /// repeats a transaction message whatever is answered (OCPP 1.6 §4.8, §4.10).
    KeepWhatCanBeRead,
}

/// Whether every object may hold `customData`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomData {
    /// 2.0.1.
    Allowed,
    /// 1.6.
    Unknown,
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Another name under which stations send it.
    pub(crate) also: Option<&'static str>,
    pub(crate) presence: Presence,
    pub(crate) kind: Kind,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Without it the object means nothing.
    Required,
    /// The standard requires it; the object can be read without.
    Expected,
    /// May be left out.
    Optional,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Text of at most so many characters; longer is kept (quirk Q21).
    Text(usize),
    /// A token: text whose spelling counts, so that a number is not taken for it.
    Token(usize),
    /// A value of an enumeration; an unknown one is kept as sent (quirk Q18).
    Choice(Choice),
    /// A value of an enumeration without which the object means nothing: an unknown one is refused.
    Closed(Choice),
    /// A number of something, at least so much; a smaller one is kept.
    Integer(i64),
    /// A meter register in Wh: fractions are rounded.
    Register,
    /// A JSON number.
    Decimal,
    /// A number as text (1.6 sampledValue.value); anything is kept.
    DecimalText,
    /// True or false.
    Boolean,
    /// A time; kept as sent whether or not it can be read.
    Time,
    /// Text that may be JSON (1.6 DataTransfer.data): other values are turned into JSON text.
    JsonText,
    /// An object.
    Object(&'static [Field]),
    /// A list.
    List(&'static List),
    /// Anything.
    Any,
}

/// An enumeration: the values, and other spellings with the value they mean.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) knows: fn(&str) -> bool,
    pub(crate) spellings: &'static [(&'static str, &'static str)],
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Choice")
            .field("spellings", &self.spellings)
            .finish_non_exhaustive()
    }
}

/// A list: its items and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    pub(crate) item: Kind,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Form {
    /// A message that is refused if it cannot be read.
    pub(crate) const fn usual(custom_data: CustomData, fields: &'static [Field]) -> Self {
        Self {
            fields,
            rigour: Rigour::Usual,
            custom_data,
        }
    }

    /// A message that is kept as far as it can be read.
    pub(crate) const fn kept(custom_data: CustomData, fields: &'static [Field]) -> Self {
        Self {
            fields,
            rigour: Rigour::KeepWhatCanBeRead,
            custom_data,
        }
    }
}

impl Field {
    /// The same field, also known under another name.
    pub(crate) const fn or_named(mut self, name: &'static str) -> Self {
        self.also = Some(name);
        self
    }
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        also: None,
        presence: Presence::Required,
        kind,
    }
}

pub(crate) const fn expected(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        also: None,
        presence: Presence::Expected,
        kind,
    }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        also: None,
        presence: Presence::Optional,
        kind,
    }
}

/// Text without a limit.
pub(crate) const TEXT: Kind = Kind::Text(usize::MAX);

/// Any 64-bit integer.
pub(crate) const INTEGER: Kind = Kind::Integer(i64::MIN);

/// A number that cannot be negative.
pub(crate) const NUMBER: Kind = Kind::Integer(0);

/// A value of an enumeration of rust-ocpp; an unknown one is kept.
pub(crate) const fn choice<T: serde::de::DeserializeOwned>() -> Kind {
    Kind::Choice(Choice {
        knows: known::<T>,
        spellings: &[],
    })
}

/// A value of an enumeration of rust-ocpp; an unknown one is refused.
pub(crate) const fn closed<T: serde::de::DeserializeOwned>() -> Kind {
    Kind::Closed(Choice {
        knows: known::<T>,
        spellings: &[],
    })
}

/// A list of such items that may be empty.
macro_rules! any {
    ($item:expr) => {
        $crate::form::Kind::List(&$crate::form::List {
            item: $item,
            least: 0,
            most: usize::MAX,
        })
    };
}

/// A list of at least one such item, and at most so many.
macro_rules! some {
    ($item:expr) => {
        $crate::form::some!($item, usize::MAX)
    };
    ($item:expr, $most:expr) => {
        $crate::form::Kind::List(&$crate::form::List {
            item: $item,
            least: 1,
            most: $most,
        })
    };
}

pub(crate) use {any, some};
