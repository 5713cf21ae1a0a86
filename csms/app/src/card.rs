//! What a number must be to be the number of a card.

use model::{CredentialKind, is_random, normalise};

/// The longest value of a credential (OCPP 2.0.1 idToken: 36).
pub(crate) const LONGEST: usize = 36;

/// What is wrong with a value, as the code of a field at fault and words for it.
pub(crate) type ValueFault = (&'static str, &'static str);

/// What is wrong with the value of a credential of a kind.
pub(crate) fn fault_of_value(kind: CredentialKind, value: &str) -> Option<ValueFault> {
    let key = normalise(value);
    if key.is_empty() {
        Some(("required", "the value is empty"))
    } else if value.chars().count() > LONGEST {
        Some(("too_long", "at most 36 characters"))
    } else if !value.chars().all(|c| allowed(kind, c)) {
        Some(("invalid", "printable ASCII characters only"))
    } else if kind == CredentialKind::Rfid && is_random(&key) {
        Some((
            "random_uid",
            "this card shows another number each time (4 bytes beginning with 08): phones and \
             some bank and identity cards do; use another card",
        ))
    } else {
        None
    }
}

fn allowed(kind: CredentialKind, c: char) -> bool {
    match kind {
        // Plates are never presented, and have umlauts in some countries.
        CredentialKind::Plate => !c.is_control(),
        CredentialKind::Rfid
        | CredentialKind::Key
        | CredentialKind::Emaid
        | CredentialKind::App => c.is_ascii_graphic() || c == ' ',
        CredentialKind::Pin | CredentialKind::Guest | CredentialKind::OneTime => c.is_ascii_digit(),
    }
}
