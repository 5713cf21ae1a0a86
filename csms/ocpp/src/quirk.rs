//! Deviations of a station from the standard: how they are noted, and how they are told.

use model::QuirkName;
use rpc::ErrorCode;

pub(crate) use model::QuirkName as Deviation;

/// A deviation in a message; what it carried was repaired or kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quirk {
    /// Which.
    pub name: QuirkName,
    /// The field, with list positions left out: `meterValue[].sampledValue[].value`; empty for the
    /// whole.
    pub field: String,
}

/// What is wrong, in words that follow the name of a field.
pub(crate) const fn words(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::NullPayload => "is null",
        Deviation::RepeatedKey => "comes twice",
        Deviation::ExtraField => "is not a field of this message",
        Deviation::NullField => "is null; leave it out instead",
        Deviation::MissingField => "is missing",
        Deviation::OtherName => "has another name",
        Deviation::UnreadableField => "cannot be read",
        Deviation::NumberAsText => "must be a number, not text",
        Deviation::TextAsNumber => "must be text, not a number",
        Deviation::BooleanAsOther => "must be true or false",
        Deviation::FractionalInteger => "must be an integer",
        Deviation::OutOfRange => "is out of range",
        Deviation::UnknownValue => "is not one of the values allowed",
        Deviation::OtherSpelling => "is spelt differently",
        Deviation::TooLong => "is too long",
        Deviation::EmptyList => "must not be empty",
        Deviation::LongList => "has too many items",
        Deviation::SingleInsteadOfList => "must be a list",
        Deviation::ValueInsteadOfText => "must be text",
        Deviation::TimeWithoutZone => "must have a time zone",
        Deviation::TimeForm => "must be an RFC 3339 time",
        Deviation::TimeUnreadable => "must be a time",
        Deviation::ClockNotSet => "is of before 2015: set the station's clock",
        Deviation::ClockAhead => "is more than a day ahead: set the station's clock",
        Deviation::StationLevelConnector => "does not go together with the EVSE",
        Deviation::DoorUnreadable => "is no number of a door",
        // Not of the form of a message.
        Deviation::UnreadableMessage
        | Deviation::EmptyFrame
        | Deviation::NoSubprotocol
        | Deviation::PathSlashes
        | Deviation::IdentityCase
        | Deviation::PasswordForm
        | Deviation::AnswerForm
        | Deviation::ErrorCodeSpelling
        | Deviation::TokenSuffix
        | Deviation::TokenByteOrder
        | Deviation::TokenPadding
        | Deviation::TokenDecimal
        | Deviation::TokenCase
        | Deviation::SeqNoReused
        | Deviation::SecondStop
        | Deviation::DoesNotEnforce => "deviates from the standard",
    }
}

/// The code with which a message is refused for a deviation.
///
/// The standards do not map the rules of JSON Schema to codes. Ours: the type to
/// TypeConstraintViolation; what must be there, and how often, to OccurrenceConstraintViolation;
/// which values to PropertyConstraintViolation; fields nobody knows, and what is no object, to
/// FormatViolation.
pub(crate) const fn code(deviation: Deviation) -> ErrorCode {
    match deviation {
        Deviation::NullPayload
        | Deviation::RepeatedKey
        | Deviation::ExtraField
        | Deviation::OtherName => ErrorCode::FormatViolation,
        Deviation::NullField
        | Deviation::NumberAsText
        | Deviation::TextAsNumber
        | Deviation::BooleanAsOther
        | Deviation::FractionalInteger
        | Deviation::SingleInsteadOfList
        | Deviation::ValueInsteadOfText
        | Deviation::UnreadableField => ErrorCode::TypeConstraintViolation,
        Deviation::MissingField | Deviation::EmptyList | Deviation::LongList => {
            ErrorCode::OccurrenceConstraintViolation
        }
        Deviation::OutOfRange
        | Deviation::UnknownValue
        | Deviation::OtherSpelling
        | Deviation::TooLong
        | Deviation::TimeWithoutZone
        | Deviation::TimeForm
        | Deviation::TimeUnreadable
        | Deviation::ClockNotSet
        | Deviation::ClockAhead
        | Deviation::StationLevelConnector
        | Deviation::DoorUnreadable => ErrorCode::PropertyConstraintViolation,
        // Not of the form of a message.
        Deviation::UnreadableMessage
        | Deviation::EmptyFrame
        | Deviation::NoSubprotocol
        | Deviation::PathSlashes
        | Deviation::IdentityCase
        | Deviation::PasswordForm
        | Deviation::AnswerForm
        | Deviation::ErrorCodeSpelling
        | Deviation::TokenSuffix
        | Deviation::TokenByteOrder
        | Deviation::TokenPadding
        | Deviation::TokenDecimal
        | Deviation::TokenCase
        | Deviation::SeqNoReused
        | Deviation::SecondStop
        | Deviation::DoesNotEnforce => ErrorCode::GenericError,
    }
}
