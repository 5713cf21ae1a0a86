//! Names that nobody else in the deployment has.

use uuid::Uuid;

/// A station identity.
#[must_use]
pub fn station_id(prefix: &str) -> String {
    format!("{prefix}-{}", tail(10))
}

/// A card number: 14 upper-case hex characters, as a 7-byte UID has. It does not begin with
/// `08`, which marks random UIDs, nor with `FE`, which marks remote tokens.
#[must_use]
pub fn card() -> String {
    format!("04{}", tail(12))
}

/// A card number of 4 bytes: 8 upper-case hex characters.
#[must_use]
pub fn short_card() -> String {
    format!("04{}", tail(6))
}

/// A contract id of 14 characters and a check digit's place.
#[must_use]
pub fn contract() -> String {
    format!("DEKWT{}", tail(9))
}

/// A message id.
#[must_use]
pub fn message_id() -> String {
    Uuid::new_v4().to_string()
}

/// An e-mail address.
#[must_use]
pub fn email() -> String {
    format!("p{}@example.com", tail(12).to_lowercase())
}

/// A stop group: 16 upper-case hex characters.
#[must_use]
pub fn stop_group() -> String {
    tail(16)
}

fn tail(length: usize) -> String {
    let text = Uuid::new_v4().simple().to_string().to_uppercase();
    text[text.len() - length..].to_owned()
}
