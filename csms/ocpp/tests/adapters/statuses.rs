//! The second opinion on the mapping of reasons: written out by hand from the table of the
//! design, not from the code.

use model::Reason;
use ocpp::Occasion;

use crate::conversation::{V16, V201};

/// Reason; 1.6 at Authorize, at a start, at a stop; 2.0.1 at Authorize, at a start, at a stop.
const GOLDEN: &[(&str, [&str; 3], [&str; 3])] = &[
    ("POINT_UNKNOWN", ["Invalid"; 3], ["Unknown"; 3]),
    ("DOOR_NOT_NAMED", ["Invalid"; 3], ["Invalid"; 3]),
    ("EVACUATION", ["Accepted"; 3], ["Accepted"; 3]),
    ("LOCKDOWN", ["Blocked"; 3], ["Blocked"; 3]),
    ("DELEGATED", ["Accepted"; 3], ["Accepted"; 3]),
    ("DELEGATED_REFUSAL", ["Invalid"; 3], ["Invalid"; 3]),
    ("AUTHORITY_SILENT", ["Invalid"; 3], ["Invalid"; 3]),
    ("OPEN_ACCESS", ["Accepted"; 3], ["Accepted"; 3]),
    ("NO_CREDENTIAL", ["Invalid"; 3], ["Invalid"; 3]),
    ("CREDENTIAL_UNKNOWN", ["Invalid"; 3], ["Unknown"; 3]),
    ("TOO_MANY_ATTEMPTS", ["Blocked"; 3], ["Blocked"; 3]),
    ("AMBIGUOUS", ["Invalid"; 3], ["Invalid"; 3]),
    ("CREDENTIAL_SUSPENDED", ["Blocked"; 3], ["Blocked"; 3]),
    ("CREDENTIAL_LOST", ["Blocked"; 3], ["Blocked"; 3]),
    ("CREDENTIAL_EXPIRED", ["Expired"; 3], ["Expired"; 3]),
    ("TOO_WEAK", ["Invalid"; 3], ["Invalid"; 3]),
    ("PERSON_SUSPENDED", ["Blocked"; 3], ["Blocked"; 3]),
    ("MEMBERSHIP_ENDED", ["Expired"; 3], ["Expired"; 3]),
    ("DENIED_BY_RULE", ["Blocked"; 3], ["Blocked"; 3]),
    ("NOT_THIS_EVSE", ["Invalid"; 3], ["NotAtThisLocation"; 3]),
    ("OUTSIDE_SCHEDULE", ["Invalid"; 3], ["NotAtThisTime"; 3]),
    ("NOT_YET_VALID", ["Invalid"; 3], ["NotAtThisTime"; 3]),
    ("GRANT_EXPIRED", ["Expired"; 3], ["Expired"; 3]),
    ("NO_GRANT", ["Invalid"; 3], ["NotAtThisLocation"; 3]),
    ("LIMIT_REACHED", ["Blocked"; 3], ["NoCredit"; 3]),
    ("ANTI_PASSBACK", ["Blocked"; 3], ["Blocked"; 3]),
    (
        "CONCURRENT",
        ["Blocked", "ConcurrentTx", "Blocked"],
        ["Blocked", "ConcurrentTx", "Blocked"],
    ),
    ("STOP_OWN", ["Accepted"; 3], ["Accepted"; 3]),
    ("GRANTED", ["Accepted"; 3], ["Accepted"; 3]),
];

#[test]
fn every_reason_has_the_status_of_the_design_on_every_occasion() {
    let occasions = [Occasion::Authorize, Occasion::Start, Occasion::Stop];
    for (code, v16, v201) in GOLDEN {
        let reason: Reason = code.parse().expect(code);
        for (index, occasion) in occasions.into_iter().enumerate() {
            assert_eq!(
                V16.status_of(reason, occasion),
                v16[index],
                "1.6 {code} {occasion:?}"
            );
            assert_eq!(
                V201.status_of(reason, occasion),
                v201[index],
                "2.0.1 {code} {occasion:?}"
            );
        }
        assert_eq!(
            V201.status_of(reason, Occasion::Update),
            v201[2],
            "2.0.1 {code} in the middle of a transaction"
        );
    }
}

#[test]
fn no_reason_is_left_out_of_the_golden_table() {
    for reason in Reason::ALL {
        let rows = GOLDEN
            .iter()
            .filter(|(code, ..)| *code == reason.code())
            .count();
        assert_eq!(rows, 1, "{}", reason.code());
    }
    assert_eq!(GOLDEN.len(), Reason::ALL.len());
}

#[test]
fn only_reasons_that_allow_are_told_accepted() {
    for reason in Reason::ALL {
        for occasion in Occasion::ALL {
            for adapter in [V16, V201] {
                let accepted = adapter.status_of(*reason, occasion) == "Accepted";
                assert_eq!(accepted, reason.allows(), "{} {occasion:?}", reason.code());
            }
        }
    }
}
