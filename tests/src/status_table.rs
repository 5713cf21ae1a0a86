//! What a station is told for each reason, by hand from docs/authorization.md.
//!
//! This is the second opinion on the mapping of the program: it is not derived from it, and
//! nothing here may be.

use crate::cases::Entry;

/// Reason, status in OCPP 1.6, status in OCPP 2.0.1.
const TABLE: &[(&str, &str, &str)] = &[
    ("POINT_UNKNOWN", "Invalid", "Unknown"),
    ("DOOR_NOT_NAMED", "Invalid", "Invalid"),
    ("EVACUATION", "Accepted", "Accepted"),
    ("LOCKDOWN", "Blocked", "Blocked"),
    ("DELEGATED", "Accepted", "Accepted"),
    ("DELEGATED_REFUSAL", "Invalid", "Invalid"),
    ("AUTHORITY_SILENT", "Invalid", "Invalid"),
    ("OPEN_ACCESS", "Accepted", "Accepted"),
    ("NO_CREDENTIAL", "Invalid", "Invalid"),
    ("CREDENTIAL_UNKNOWN", "Invalid", "Unknown"),
    ("TOO_MANY_ATTEMPTS", "Blocked", "Blocked"),
    ("AMBIGUOUS", "Invalid", "Invalid"),
    ("CREDENTIAL_SUSPENDED", "Blocked", "Blocked"),
    ("CREDENTIAL_LOST", "Blocked", "Blocked"),
    ("CREDENTIAL_EXPIRED", "Expired", "Expired"),
    ("TOO_WEAK", "Invalid", "Invalid"),
    ("PERSON_SUSPENDED", "Blocked", "Blocked"),
    ("MEMBERSHIP_ENDED", "Expired", "Expired"),
    ("DENIED_BY_RULE", "Blocked", "Blocked"),
    ("NOT_THIS_EVSE", "Invalid", "NotAtThisLocation"),
    ("OUTSIDE_SCHEDULE", "Invalid", "NotAtThisTime"),
    ("NOT_YET_VALID", "Invalid", "NotAtThisTime"),
    ("GRANT_EXPIRED", "Expired", "Expired"),
    ("NO_GRANT", "Invalid", "NotAtThisLocation"),
    ("LIMIT_REACHED", "Blocked", "NoCredit"),
    ("CONCURRENT", "ConcurrentTx", "ConcurrentTx"),
    ("ANTI_PASSBACK", "Blocked", "Blocked"),
    ("GRANTED", "Accepted", "Accepted"),
    ("STOP_OWN", "Accepted", "Accepted"),
];

/// The status a station must be told at an entry, or the HTTP status of the API's answer.
///
/// # Panics
/// When the reason is not in the table.
#[must_use]
pub fn status(reason: &str, entry: Entry) -> &'static str {
    let row = TABLE.iter().find(|(of, _, _)| *of == reason);
    let (_, in_16, in_201) = row.unwrap_or_else(|| panic!("`{reason}` is not in the table"));
    match entry {
        Entry::Authorize16 | Entry::Start16 | Entry::Lock16 => in_16,
        Entry::Authorize201 | Entry::Lock201 => in_201,
        // C02.FR.02: NoAuthorization in a TransactionEvent is answered Accepted, always.
        Entry::TransactionEvent201 if reason == "NO_CREDENTIAL" => "Accepted",
        Entry::TransactionEvent201 => in_201,
        // Over HTTP a door's controller is told the effect, not a status of OCPP.
        Entry::DoorHttp if *in_16 == "Accepted" => "allow",
        Entry::DoorHttp => "deny",
        Entry::Api if *in_16 == "Accepted" => "200",
        // The owner asks on behalf of the person: the field that names them is at fault.
        Entry::Api => "422",
    }
}

/// Every reason of the table.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(reason, _, _)| *reason)
}
