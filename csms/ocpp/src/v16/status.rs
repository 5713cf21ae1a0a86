//! The reasons of decisions in the words of 1.6. The one place where they are mapped.

use model::Reason;
use rust_ocpp::v1_6::types::AuthorizationStatus;

use crate::occasion::Occasion;

/// The status a station is told for a reason.
pub(crate) const fn status(reason: Reason, occasion: Occasion) -> AuthorizationStatus {
    match reason {
        Reason::OpenAccess
        | Reason::StopOwn
        | Reason::Granted
        | Reason::Evacuation
        | Reason::Delegated => AuthorizationStatus::Accepted,
        Reason::PointUnknown
        | Reason::DoorNotNamed
        | Reason::NoCredential
        | Reason::CredentialUnknown
        | Reason::Ambiguous
        | Reason::DelegatedRefusal
        | Reason::AuthoritySilent
        | Reason::TooWeak
        | Reason::NotThisEvse
        | Reason::OutsideSchedule
        | Reason::NotYetValid
        | Reason::NoGrant => AuthorizationStatus::Invalid,
        Reason::TooManyAttempts
        | Reason::CredentialSuspended
        | Reason::CredentialLost
        | Reason::PersonSuspended
        | Reason::Lockdown
        | Reason::DeniedByRule
        | Reason::LimitReached
        | Reason::AntiPassback => AuthorizationStatus::Blocked,
        Reason::CredentialExpired | Reason::MembershipEnded | Reason::GrantExpired => {
            AuthorizationStatus::Expired
        }
        Reason::Concurrent => match occasion {
            Occasion::Start => AuthorizationStatus::ConcurrentTx,
            // C16 7.2: ConcurrentTx is only relevant for a start.
            Occasion::Authorize | Occasion::Update | Occasion::Stop => AuthorizationStatus::Blocked,
        },
    }
}

/// As [`status`], as the wire writes it.
pub(crate) const fn status_text(reason: Reason, occasion: Occasion) -> &'static str {
    match status(reason, occasion) {
        AuthorizationStatus::Accepted => "Accepted",
        AuthorizationStatus::Blocked => "Blocked",
        AuthorizationStatus::Expired => "Expired",
        AuthorizationStatus::Invalid => "Invalid",
        AuthorizationStatus::ConcurrentTx => "ConcurrentTx",
    }
}
