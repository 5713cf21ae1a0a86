//! The codes of a CALLERROR and how each version spells them.

use std::fmt;

use crate::Version;

/// Why a CALL got no result. One list for both versions; [`ErrorCode::wire`] gives the spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The action is unknown.
    NotImplemented,
    /// The action is known but not served.
    NotSupported,
    /// The receiver failed while working on the message.
    InternalError,
    /// The payload is incomplete, or not the structure of its action.
    ProtocolError,
    /// A security matter stopped the message.
    SecurityError,
    /// The payload is syntactically wrong. 1.6 calls it `FormationViolation`.
    FormatViolation,
    /// A field holds a value it may not have.
    PropertyConstraintViolation,
    /// A field is missing or comes too often. 1.6 spells it `OccurenceConstraintViolation`.
    OccurrenceConstraintViolation,
    /// A field holds a value of the wrong JSON type.
    TypeConstraintViolation,
    /// Anything else.
    GenericError,
    /// The message type number is unknown (2.0.1 only).
    MessageTypeNotSupported,
    /// The wrapper around the payload is broken (2.0.1 only).
    RpcFrameworkError,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 12] = [
        ErrorCode::NotImplemented,
        ErrorCode::NotSupported,
        ErrorCode::InternalError,
        ErrorCode::ProtocolError,
        ErrorCode::SecurityError,
        ErrorCode::FormatViolation,
        ErrorCode::PropertyConstraintViolation,
        ErrorCode::OccurrenceConstraintViolation,
        ErrorCode::TypeConstraintViolation,
        ErrorCode::GenericError,
        ErrorCode::MessageTypeNotSupported,
        ErrorCode::RpcFrameworkError,
    ];

    /// The code as a version writes it. Codes that 1.6 lacks become `GenericError` there.
    #[must_use]
    pub const fn wire(self, version: Version) -> &'static str {
        match (self, version) {
            // OCPP-J 1.6 errata 5.2 keeps this name, 5.1 the misspelling below.
            (ErrorCode::FormatViolation, Version::V16) => "FormationViolation",
            (ErrorCode::OccurrenceConstraintViolation, Version::V16) => {
                "OccurenceConstraintViolation"
            }
            (ErrorCode::MessageTypeNotSupported | ErrorCode::RpcFrameworkError, Version::V16) => {
                "GenericError"
            }
            (ErrorCode::NotImplemented, _) => "NotImplemented",
            (ErrorCode::NotSupported, _) => "NotSupported",
            (ErrorCode::InternalError, _) => "InternalError",
            (ErrorCode::ProtocolError, _) => "ProtocolError",
            (ErrorCode::SecurityError, _) => "SecurityError",
            (ErrorCode::FormatViolation, Version::V201) => "FormatViolation",
            (ErrorCode::PropertyConstraintViolation, _) => "PropertyConstraintViolation",
            (ErrorCode::OccurrenceConstraintViolation, Version::V201) => {
                "OccurrenceConstraintViolation"
            }
            (ErrorCode::TypeConstraintViolation, _) => "TypeConstraintViolation",
            (ErrorCode::GenericError, _) => "GenericError",
            (ErrorCode::MessageTypeNotSupported, Version::V201) => "MessageTypeNotSupported",
            (ErrorCode::RpcFrameworkError, Version::V201) => "RpcFrameworkError",
        }
    }

    /// Reads a code in the spelling of either version: stations mix them (quirk Q19).
    #[must_use]
    pub fn parse(text: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| {
            text == code.wire(Version::V201)
                || (text == code.wire(Version::V16) && code.is_in_both())
        })
    }

    /// False for the codes whose 1.6 spelling is another code's name.
    const fn is_in_both(self) -> bool {
        !matches!(
            self,
            ErrorCode::MessageTypeNotSupported | ErrorCode::RpcFrameworkError
        )
    }
}

/// The spelling of 2.0.1, which is the correct one.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire(Version::V201))
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;
    use crate::Version;

    #[test]
    fn every_code_is_read_back_from_the_spelling_of_2_0_1() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.wire(Version::V201)), Some(code));
        }
    }

    #[test]
    fn the_spellings_of_1_6_are_written_and_read() {
        assert_eq!(
            ErrorCode::FormatViolation.wire(Version::V16),
            "FormationViolation"
        );
        assert_eq!(
            ErrorCode::OccurrenceConstraintViolation.wire(Version::V16),
            "OccurenceConstraintViolation"
        );
        assert_eq!(
            ErrorCode::parse("FormationViolation"),
            Some(ErrorCode::FormatViolation)
        );
        assert_eq!(
            ErrorCode::parse("OccurenceConstraintViolation"),
            Some(ErrorCode::OccurrenceConstraintViolation)
        );
        assert_eq!(
            ErrorCode::RpcFrameworkError.wire(Version::V16),
            "GenericError"
        );
        assert_eq!(
            ErrorCode::parse("GenericError"),
            Some(ErrorCode::GenericError)
        );
        assert_eq!(ErrorCode::parse("genericerror"), None);
    }
}
