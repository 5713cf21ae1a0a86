//! The reasons of decisions in the words of 2.0.1. The one place where they are mapped.

use model::Reason;
use rust_ocpp::v2_0_1::enumerations::authorization_status_enum_type::AuthorizationStatusEnumType;

use crate::occasion::Occasion;

/// The status a station is told for a reason.
pub(crate) const fn status(reason: Reason, occasion: Occasion) -> AuthorizationStatusEnumType {
    match reason {
        Reason::OpenAccess
        | Reason::StopOwn
        | Reason::Granted
        | Reason::Evacuation
        | Reason::Delegated => AuthorizationStatusEnumType::Accepted,
        Reason::PointUnknown | Reason::CredentialUnknown => AuthorizationStatusEnumType::Unknown,
        Reason::DoorNotNamed
        | Reason::NoCredential
        | Reason::Ambiguous
        | Reason::DelegatedRefusal
        | Reason::AuthoritySilent
        | Reason::TooWeak => AuthorizationStatusEnumType::Invalid,
        Reason::TooManyAttempts
        | Reason::CredentialSuspended
        | Reason::CredentialLost
        | Reason::PersonSuspended
        | Reason::Lockdown
        | Reason::DeniedByRule
        | Reason::AntiPassback => AuthorizationStatusEnumType::Blocked,
        Reason::LimitReached => AuthorizationStatusEnumType::NoCredit,
        Reason::CredentialExpired | Reason::MembershipEnded | Reason::GrantExpired => {
            AuthorizationStatusEnumType::Expired
        }
        Reason::NotThisEvse | Reason::NoGrant => AuthorizationStatusEnumType::NotAtThisLocation,
        Reason::OutsideSchedule | Reason::NotYetValid => AuthorizationStatusEnumType::NotAtThisTime,
        Reason::Concurrent => match occasion {
            Occasion::Start => AuthorizationStatusEnumType::ConcurrentTx,
            // Part 2, AuthorizationStatusEnumType: ConcurrentTx is only relevant for a start.
            Occasion::Authorize | Occasion::Update | Occasion::Stop => {
                AuthorizationStatusEnumType::Blocked
            }
        },
    }
}

/// As [`status`], as the wire writes it.
pub(crate) const fn status_text(reason: Reason, occasion: Occasion) -> &'static str {
    match status(reason, occasion) {
        AuthorizationStatusEnumType::Accepted => "Accepted",
        AuthorizationStatusEnumType::Blocked => "Blocked",
        AuthorizationStatusEnumType::ConcurrentTx => "ConcurrentTx",
        AuthorizationStatusEnumType::Expired => "Expired",
        AuthorizationStatusEnumType::Invalid => "Invalid",
        AuthorizationStatusEnumType::NoCredit => "NoCredit",
        AuthorizationStatusEnumType::NotAllowedTypeEVSE => "NotAllowedTypeEVSE",
        AuthorizationStatusEnumType::NotAtThisLocation => "NotAtThisLocation",
        AuthorizationStatusEnumType::NotAtThisTime => "NotAtThisTime",
        AuthorizationStatusEnumType::Unknown => "Unknown",
    }
}
