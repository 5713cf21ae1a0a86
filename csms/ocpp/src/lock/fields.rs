//! The field tables of the lock profile.

use model::DoorResult;

use super::kind;
use crate::form::{Choice, CustomData, Form, Kind, NUMBER, optional, required};

/// A controller of one door need not name it.
pub(super) const AUTHORIZE: Form = Form::usual(
    CustomData::Unknown,
    &[
        optional("door", Kind::Integer(1)),
        required("kind", KIND),
        required("value", Kind::Token(36)),
    ],
);

pub(super) const EVENT: Form = Form::usual(
    CustomData::Unknown,
    &[
        required("event_id", Kind::Text(64)),
        required("door", NUMBER),
        optional(
            "token",
            Kind::Object(&[required("kind", KIND), required("value", Kind::Token(36))]),
        ),
        required("time", Kind::Time),
        required(
            "result",
            Kind::Closed(Choice {
                knows: |result| DoorResult::from_name(result).is_some(),
                spellings: &[],
            }),
        ),
        optional("cause", Kind::Text(50)),
    ],
);

const KIND: Kind = Kind::Closed(Choice {
    knows: |name| kind::from_name(name).is_some(),
    spellings: &[],
});
