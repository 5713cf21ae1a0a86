//! Readers of single fields of a repaired payload.

use model::EventTime;
use serde_json::{Map, Value};

use crate::{number, time};

/// An object of a repaired payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    /// Any value.
    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// Text.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    /// Text, of one's own.
    pub(crate) fn string(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// Text; empty is as good as left out (OCPP-J 2.0.1 §4.1.5).
    pub(crate) fn filled(self, name: &str) -> Option<String> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// An integer.
    pub(crate) fn integer(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// The number of an EVSE, connector or door; negative ones are none.
    pub(crate) fn point(self, name: &str) -> Option<u32> {
        number::point(self.integer(name)?)
    }

    /// True or false.
    pub(crate) fn boolean(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// A time, with its received text.
    pub(crate) fn time(self, name: &str) -> Option<EventTime> {
        self.text(name).map(time::event_time)
    }

    /// A time that should be there; without one its text is empty.
    pub(crate) fn time_or_none(self, name: &str) -> EventTime {
        self.time(name).unwrap_or(EventTime {
            text: String::new(),
            time: None,
        })
    }

    /// An object within.
    pub(crate) fn object(self, name: &str) -> Option<Fields<'a>> {
        self.0.get(name)?.as_object().map(Fields)
    }

    /// The objects of a list; none if the list is not there.
    pub(crate) fn objects(self, name: &str) -> impl Iterator<Item = Fields<'a>> {
        self.0
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .map(Fields)
    }
}
