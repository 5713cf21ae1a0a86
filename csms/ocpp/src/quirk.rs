//! Deviations of a station from the standard that were tolerated.

/// A tolerated deviation; what it carried was repaired or kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quirk {
    /// A stable code, e.g. `number_as_text`.
    pub name: &'static str,
    /// The field, with list positions left out: `meterValue[].sampledValue[].value`.
    pub field: String,
}

/// Every deviation that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deviation {
    NullPayload,
    RepeatedKey,
    ExtraField,
    NullField,
    MissingField,
    OtherName,
    UnreadableField,
    NumberAsText,
    TextAsNumber,
    BooleanAsOther,
    FractionalInteger,
    OutOfRange,
    UnknownValue,
    OtherSpelling,
    TooLong,
    EmptyList,
    LongList,
    SingleInsteadOfList,
    ValueInsteadOfText,
    TimeWithoutZone,
    TimeForm,
    TimeUnreadable,
}

impl Deviation {
    /// The stable code.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Deviation::NullPayload => "null_payload",
            Deviation::RepeatedKey => "repeated_key",
            Deviation::ExtraField => "extra_field",
            Deviation::NullField => "null_field",
            Deviation::MissingField => "missing_field",
            Deviation::OtherName => "other_name",
            Deviation::UnreadableField => "unreadable_field",
            Deviation::NumberAsText => "number_as_text",
            Deviation::TextAsNumber => "text_as_number",
            Deviation::BooleanAsOther => "boolean_as_other",
            Deviation::FractionalInteger => "fractional_integer",
            Deviation::OutOfRange => "out_of_range",
            Deviation::UnknownValue => "unknown_value",
            Deviation::OtherSpelling => "other_spelling",
            Deviation::TooLong => "too_long",
            Deviation::EmptyList => "empty_list",
            Deviation::LongList => "long_list",
            Deviation::SingleInsteadOfList => "single_instead_of_list",
            Deviation::ValueInsteadOfText => "value_instead_of_text",
            Deviation::TimeWithoutZone => "time_without_zone",
            Deviation::TimeForm => "time_form",
            Deviation::TimeUnreadable => "time_unreadable",
        }
    }

    /// What is wrong, in words, for somebody who sends a message through us.
    pub(crate) const fn words(self) -> &'static str {
        match self {
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
        }
    }
}
