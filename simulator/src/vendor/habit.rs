//! The habits, each with the quirk it comes from.

use std::fmt;

macro_rules! habits {
    ($($habit:ident: $name:literal, $quirk:literal, $what:literal;)+) => {
        /// One way in which stations deviate. The numbers of the quirks are those of
        /// docs/quirks.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Habit {
            $(#[doc = $what] $habit,)+
        }

        impl Habit {
            /// All of them.
            pub const ALL: &'static [Habit] = &[$(Habit::$habit,)+];

            /// The name on the command line and in scenario files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Habit::$habit => $name,)+ }
            }

            /// The quirk it is.
            #[must_use]
            pub const fn quirk(self) -> &'static str {
                match self { $(Habit::$habit => $quirk,)+ }
            }

            /// What it does.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Habit::$habit => $what,)+ }
            }
        }
    };
}

habits! {
    // The handshake.
    NoSubprotocol: "no_subprotocol", "Q1", "offers no sub-protocol";
    SeveralSubprotocols: "several_subprotocols", "Q2", "offers both versions, in another order each time, and speaks its own whatever is chosen";
    OtherSubprotocol: "other_subprotocol", "Q3", "speaks 1.6 on a connection for 2.0.1";
    TrailingSlash: "trailing_slash", "Q4", "ends its address with a slash";
    ExtraSegment: "extra_segment", "Q5", "has one more segment in its address, before the identity";
    LowerCaseId: "lower_case_id", "Q6", "writes its identity in lower case";
    StaysAway: "stays_away", "Q8", "does not come back after the central system has closed the connection";
    NeedsPing: "needs_ping", "Q9", "drops the connection when nobody has pinged for a minute";
    // Frames.
    EmptyFrames: "empty_frames", "Q10", "sends an empty frame after every message";
    NullPayload: "null_payload", "Q16", "sends null where a message has no fields";
    BrokenJson: "broken_json", "Q17", "sends texts that are no JSON";
    OtherSpelling: "other_spelling", "Q19", "spells error codes as the other version does";
    // Values.
    NumbersAsText: "numbers_as_text", "Q18", "writes numbers as texts";
    WholeAsFloat: "whole_as_float", "Q18", "writes 1.0 for 1";
    NumericValue: "numeric_value", "Q18", "writes meter values as numbers where 1.6 wants texts";
    EmptyValue: "empty_value", "Q18", "sends a sample with an empty value beside the good ones";
    EmptySamples: "empty_samples", "Q18", "sends a meter value with an empty list of samples beside the good ones";
    UnknownContext: "unknown_context", "Q18", "sends a sample with the context `CurrentMax` beside the good ones";
    UnknownUnit: "unknown_unit", "Q18", "sends a frequency in `Hz`, which is no unit of 1.6, beside the good ones";
    BothCelsius: "both_celsius", "Q18", "sends temperatures in `Celcius` and in `Celsius` beside the good ones";
    UnknownErrorCode: "unknown_error_code", "Q18", "says `Error` for an error code";
    ObjectInData: "object_in_data", "Q18", "sends DataTransfer with an object for data after booting";
    NumericSettings: "numeric_settings", "Q18", "answers GetConfiguration with numbers for texts";
    EvseZero: "evse_zero", "Q20", "tells the status of EVSE 0 and of connector 0";
    LongValues: "long_values", "Q21", "sends texts longer than their fields";
    NullOptionals: "null_optionals", "Q16", "sends null for optional fields without a value";
    // Time.
    NoZone: "no_zone", "Q22", "leaves the zone out of its times";
    ShortOffset: "short_offset", "Q22", "writes the offset of its times without minutes";
    LostClock: "lost_clock", "Q22", "says 1970 after power loss, until a heartbeat is answered";
    ReadsZOnly: "reads_z_only", "Q23", "reads only times that are whole seconds and end with Z";
    // Transactions and tokens.
    RepeatsStart: "repeats_start", "Q24", "sends StartTransaction again and again with the same id, as if no answer had come";
    StopIdZero: "stop_id_zero", "Q26", "ends transactions with the id 0";
    StopIdMinusOne: "stop_id_minus_one", "Q26", "ends transactions with the id -1";
    StopIdNull: "stop_id_null", "Q26", "ends transactions with the id null";
    AvailableBeforeStop: "available_before_stop", "Q28", "says Available before StopTransaction";
    ValuesAfterStop: "values_after_stop", "Q28", "sends the last meter values after StopTransaction";
    NoTransactionId: "no_transaction_id", "Q29", "sends meter values of a transaction without its id";
    HugeTransactionId: "huge_transaction_id", "Q29", "sends meter values with the transaction id 9223372036854775807";
    SumOnZero: "sum_on_zero", "Q30", "sends the sum of all meters for connector 0";
    WrongPhases: "wrong_phases", "Q30", "sends values by phase whose sum is not the total";
    TagWithSerial: "tag_with_serial", "Q31", "puts _ and its serial number behind every card";
    PaddedTag: "padded_tag", "Q31", "fills card numbers up to 16 digits with zeros";
    ReversedTag: "reversed_tag", "Q31", "writes the bytes of card numbers in reverse order";
    FreeTag: "free_tag", "Q31", "starts without a card as #FreeCharging";
    OverreadTag: "overread_tag", "Q31", "reads past the end of tokens that are longer than 16 characters";
    NoAuthorize: "no_authorize", "Q32", "never sends Authorize";
    BlocksCard: "blocks_card", "Q33", "refuses a card by itself once its start was refused, until list or cache are renewed";
    StartOnlyPlugged: "start_only_plugged", "Q34", "takes a remote start only with a cable in";
    // Configuration.
    RebootsWhenAskedAll: "reboots_when_asked_all", "Q35", "reboots when it is asked for all its configuration";
    IgnoresKeyFilter: "ignores_key_filter", "Q35", "tells all its configuration whatever it is asked for";
    ListInBrackets: "list_in_brackets", "Q35", "writes lists in its configuration as `[Core, …`";
    NoFeatureProfiles: "no_feature_profiles", "Q35", "has no SupportedFeatureProfiles";
    IgnoresMaxProfile: "ignores_max_profile", "Q35", "accepts ChargePointMaxProfile and does nothing with it";
    PowerUnit: "power_unit", "Q35", "says `Power` for ChargingScheduleAllowedChargingRateUnit";
    RejectsConnectorZero: "rejects_connector_zero", "Q35", "rejects commands for connector 0";
}

impl Habit {
    /// By its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn parse(name: &str) -> Result<Habit, String> {
        Habit::ALL
            .iter()
            .find(|habit| habit.name() == name)
            .copied()
            .ok_or_else(|| format!("`{name}` is no deviation; `--list-vendors` lists them"))
    }
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
