//! Quirks: the named ways in which stations deviate from the standard, and what is done about
//! each of them at a station.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::StationKey;

/// What is done about a deviation of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It is repaired and counted.
    Repair,
    /// It is repaired and counted, and watchers are told.
    Report,
    /// The message is refused, unless it tells what has happened: a fact is kept and the deviation
    /// reported.
    Refuse,
}

impl Treatment {
    /// `repair`, `report` or `refuse`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Treatment::Repair => "repair",
            Treatment::Report => "report",
            Treatment::Refuse => "refuse",
        }
    }
}

/// Where a deviation is met, and with it what refusing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuirkPlace {
    /// In the form of a request: refused with a CALLERROR.
    Request,
    /// In the wrapper around a request: refused with a CALLERROR where somebody can be named.
    Frame,
    /// In the handshake: refused with an HTTP status.
    Handshake,
    /// In an answer to us, where nobody can be told: refusing is reporting.
    Answer,
    /// In a token: refused means that it is looked up as it was received.
    Token,
    /// In what the station does, which has happened: refusing is reporting.
    Conduct,
}

macro_rules! quirks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $place:ident, $treatment:ident;)+) => {
        /// A deviation that is known by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum QuirkName { $($(#[doc = $doc])+ $variant),+ }

        impl QuirkName {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [QuirkName] = &[$(QuirkName::$variant),+];

            /// The stable name, e.g. `number_as_text`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(QuirkName::$variant => $name),+ }
            }

            /// What the station does, in plain words.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(QuirkName::$variant => concat!($($doc),+).trim()),+ }
            }

            /// Where it is met.
            #[must_use]
            pub const fn place(self) -> QuirkPlace {
                match self { $(QuirkName::$variant => QuirkPlace::$place),+ }
            }

            /// What is done where the owner says nothing: what is harmless is repaired, what can
            /// hide a fault is reported.
            #[must_use]
            pub const fn default_treatment(self) -> Treatment {
                match self { $(QuirkName::$variant => Treatment::$treatment),+ }
            }
        }
    };
}

quirks! {
    /// The payload is `null` where `{}` is meant.
    NullPayload = "null_payload", Request, Repair;
    /// A key comes twice in one object; the last value counts.
    RepeatedKey = "repeated_key", Request, Report;
    /// A field that the message does not have.
    ExtraField = "extra_field", Request, Repair;
    /// A field is `null` instead of left out.
    NullField = "null_field", Request, Repair;
    /// A field is missing that the standard requires; the message can be read without it.
    MissingField = "missing_field", Request, Report;
    /// A field comes under the name of an older version.
    OtherName = "other_name", Request, Repair;
    /// A field could not be read and was left out.
    UnreadableField = "unreadable_field", Request, Report;
    /// Text where a number belongs: `"1"`.
    NumberAsText = "number_as_text", Request, Repair;
    /// A number where text belongs.
    TextAsNumber = "text_as_number", Request, Repair;
    /// `"true"` or `1` where `true` belongs.
    BooleanAsOther = "boolean_as_other", Request, Repair;
    /// `1.0` or `1.5` where an integer belongs.
    FractionalInteger = "fractional_integer", Request, Repair;
    /// A number below the smallest allowed.
    OutOfRange = "out_of_range", Request, Report;
    /// A value that the enumeration does not have; kept as sent.
    UnknownValue = "unknown_value", Request, Report;
    /// A value in another spelling: `Hz` for `Hertz`.
    OtherSpelling = "other_spelling", Request, Repair;
    /// Text longer than the standard allows; kept whole.
    TooLong = "too_long", Request, Repair;
    /// A list without items where one is required.
    EmptyList = "empty_list", Request, Repair;
    /// A list with more items than allowed.
    LongList = "long_list", Request, Repair;
    /// One object where a list belongs.
    SingleInsteadOfList = "single_instead_of_list", Request, Repair;
    /// An object, list or number where text belongs; turned into JSON text.
    ValueInsteadOfText = "value_instead_of_text", Request, Repair;
    /// A time without a zone; read as UTC.
    TimeWithoutZone = "time_without_zone", Request, Report;
    /// A time in another form than RFC 3339: `+02`, a blank instead of `T`.
    TimeForm = "time_form", Request, Repair;
    /// A time that cannot be read; the time of receipt counts.
    TimeUnreadable = "time_unreadable", Request, Report;
    /// A time before 2015: the clock was never set; the time of receipt counts.
    ClockNotSet = "clock_not_set", Request, Report;
    /// A time more than a day ahead; the time of receipt counts.
    ClockAhead = "clock_ahead", Request, Report;
    /// An EVSE and connector that do not go together: EVSE 0 with a connector, or no connector.
    StationLevelConnector = "station_level_connector", Request, Repair;
    /// The door that an Authorize of a lock names is no number; the lock's only door counts.
    DoorUnreadable = "door_unreadable", Request, Report;
    /// A message that no repair makes readable; it was refused.
    UnreadableMessage = "unreadable_message", Frame, Report;
    /// A text frame with nothing in it.
    EmptyFrame = "empty_frame", Frame, Repair;
    /// The handshake names no OCPP version; taken as 1.6 where `assume_ocpp16` is on.
    NoSubprotocol = "no_subprotocol", Handshake, Report;
    /// Slashes doubled or at the end of the URL.
    PathSlashes = "path_slashes", Handshake, Repair;
    /// The identity in other letter case than registered.
    IdentityCase = "identity_case", Handshake, Repair;
    /// The password as hex text instead of bytes, or the other way round.
    PasswordForm = "password_form", Handshake, Repair;
    /// An answer to us that does not have the form of its schema.
    AnswerForm = "answer_form", Answer, Repair;
    /// An error code in the spelling of the other version, or one that no version has.
    ErrorCodeSpelling = "error_code_spelling", Answer, Repair;
    /// The station's serial number behind the card number: `TAG_serial`.
    TokenSuffix = "token_suffix", Token, Repair;
    /// The bytes of the card number in reverse order.
    TokenByteOrder = "token_byte_order", Token, Repair;
    /// The card number filled up with zeros.
    TokenPadding = "token_padding", Token, Repair;
    /// The card number in decimal digits.
    TokenDecimal = "token_decimal", Token, Repair;
    /// The card number in lower-case letters.
    TokenCase = "token_case", Token, Repair;
    /// A sequence number of a transaction comes again with other content.
    SeqNoReused = "seq_no_reused", Conduct, Report;
    /// A second, different stop of a transaction that has ended.
    SecondStop = "second_stop", Conduct, Report;
    /// It charges without authorization where one is required.
    DoesNotEnforce = "does_not_enforce", Conduct, Report;
}

impl QuirkName {
    /// From its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|quirk| quirk.name() == name)
    }
}

impl fmt::Display for QuirkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A deviation that was seen of a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenQuirk {
    /// Whose.
    pub station: StationKey,
    /// Which.
    pub name: QuirkName,
    /// How often.
    pub count: i64,
    /// How often of these the message was refused for it.
    pub refused: i64,
    /// First.
    pub first_at: Timestamp,
    /// Last.
    pub last_at: Timestamp,
    /// In which message it was seen last, e.g. `MeterValues`; `handshake` before the first.
    pub action: String,
    /// In which field of it, list positions left out; empty for the whole.
    pub field: String,
    /// The last payload that was kept; for seven days.
    pub example: Option<QuirkExample>,
}

/// A payload with a deviation, cards and secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuirkExample {
    /// The payload.
    pub text: String,
    /// When it was received.
    pub at: Timestamp,
}

/// What the owner says is done about the deviations of a station; the default of each where
/// nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tolerance(BTreeMap<QuirkName, Treatment>);

impl Tolerance {
    /// What is done about a deviation.
    #[must_use]
    pub fn of(&self, quirk: QuirkName) -> Treatment {
        self.0
            .get(&quirk)
            .copied()
            .unwrap_or(quirk.default_treatment())
    }

    /// Says what is done; `None`: its default again.
    pub fn set(&mut self, quirk: QuirkName, treatment: Option<Treatment>) {
        match treatment {
            Some(treatment) => self.0.insert(quirk, treatment),
            None => self.0.remove(&quirk),
        };
    }

    /// What was said, in the order of the documentation.
    pub fn said(&self) -> impl Iterator<Item = (QuirkName, Treatment)> {
        self.0.iter().map(|(quirk, treatment)| (*quirk, *treatment))
    }
}

impl FromIterator<(QuirkName, Treatment)> for Tolerance {
    fn from_iter<I: IntoIterator<Item = (QuirkName, Treatment)>>(said: I) -> Self {
        Self(said.into_iter().collect())
    }
}

impl Serialize for Tolerance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(quirk, said)| (quirk.name(), said)))
    }
}

impl<'de> Deserialize<'de> for Tolerance {
    /// Names of a newer version are passed over: what they are about is not known here.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = BTreeMap::<String, Treatment>::deserialize(deserializer)?;
        Ok(said
            .into_iter()
            .filter_map(|(name, treatment)| Some((QuirkName::from_name(&name)?, treatment)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quirk_has_a_name_of_its_own() {
        for (position, quirk) in QuirkName::ALL.iter().enumerate() {
            assert_eq!(QuirkName::from_name(quirk.name()), Some(*quirk));
            assert!(
                !QuirkName::ALL[..position]
                    .iter()
                    .any(|other| other.name() == quirk.name())
            );
            assert!(quirk.meaning().ends_with('.'), "{quirk}");
        }
        assert_eq!(QuirkName::from_name("mood"), None);
    }

    #[test]
    fn what_the_owner_says_comes_before_the_default() {
        let mut tolerance = Tolerance::default();
        assert_eq!(tolerance.of(QuirkName::TimeForm), Treatment::Repair);
        tolerance.set(QuirkName::TimeForm, Some(Treatment::Refuse));
        assert_eq!(tolerance.of(QuirkName::TimeForm), Treatment::Refuse);
        tolerance.set(QuirkName::TimeForm, None);
        assert_eq!(tolerance, Tolerance::default());
    }

    #[test]
    fn it_comes_back_from_json_without_what_is_unknown() {
        let text = r#"{"time_form":"refuse","of_a_newer_version":"report"}"#;
        let tolerance: Tolerance = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::to_string(&tolerance).unwrap(),
            r#"{"time_form":"refuse"}"#
        );
        assert!(serde_json::from_str::<Tolerance>(r#"{"time_form":"ignore"}"#).is_err());
    }
}
