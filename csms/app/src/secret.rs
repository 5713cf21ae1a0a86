//! Secrets: how they are made, and in which form they are kept.
//!
//! People's passwords are low in entropy and get Argon2id, at most two at once, since each costs
//! 19 MiB and tens of milliseconds. API keys, session tokens and station passwords are long and
//! random and get HMAC-SHA-256 under a pepper that is kept outside the database.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash as PhcHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use model::{LOOKUP_ALPHABET, LOOKUP_LENGTH, OrganisationId, PasswordHash, StopGroup};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::clock::Random;

/// The key of all keyed hashes: 32 bytes, kept outside the database.
#[derive(Clone)]
pub struct Pepper(Arc<[u8; 32]>);

impl Pepper {
    /// A pepper read from where it is kept.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(bytes))
    }

    /// A key for another use, which says nothing of this one.
    pub(crate) fn derived(&self, purpose: &str) -> Vec<u8> {
        self.mac(purpose, &[])
    }

    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("any key length");
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// A secret that was just made: shown once, then only its hash is known.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSecret(String);

impl NewSecret {
    /// The secret itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// A new API key `kw_` and 43 characters (256 bits), with the prefix that is kept in clear.
#[must_use]
pub fn new_api_key(random: &dyn Random) -> (NewSecret, String) {
    let key = format!("kw_{}", new_token(random).0);
    let prefix = key.chars().take(11).collect();
    (NewSecret(key), prefix)
}

/// The prefix by which a presented key is looked up.
#[must_use]
pub fn api_key_prefix(key: &str) -> Option<String> {
    let plausible = key.starts_with("kw_") && key.len() == 46 && key.is_ascii();
    plausible.then(|| key.chars().take(11).collect())
}

/// A new session token or device key: 256 bits, base64url.
#[must_use]
pub fn new_token(random: &dyn Random) -> NewSecret {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    NewSecret(URL_SAFE_NO_PAD.encode(bytes))
}

/// The form in which an API key is kept.
#[must_use]
pub fn hash_api_key(pepper: &Pepper, key: &str) -> Vec<u8> {
    pepper.mac("api_key", &[key.as_bytes()])
}

/// The form in which a session token is kept and looked up.
#[must_use]
pub fn hash_session_token(pepper: &Pepper, token: &str) -> Vec<u8> {
    pepper.mac("session", &[token.as_bytes()])
}

/// The form in which the token of an invitation's link is kept and looked up.
#[must_use]
pub fn hash_invitation_token(pepper: &Pepper, token: &str) -> Vec<u8> {
    pepper.mac("invitation", &[token.as_bytes()])
}

/// The form in which the token of a partner's link is kept and looked up.
#[must_use]
pub fn hash_partner_token(pepper: &Pepper, token: &str) -> Vec<u8> {
    pepper.mac("partner_link", &[token.as_bytes()])
}

/// A new lookup key: four characters of an alphabet in which none is taken for another.
#[must_use]
pub fn new_lookup_key(random: &dyn Random) -> String {
    let mut bytes = [0; LOOKUP_LENGTH];
    random.fill(&mut bytes);
    let letter = |byte: &u8| LOOKUP_ALPHABET.get(usize::from(byte & 31)).copied();
    bytes.iter().filter_map(letter).map(char::from).collect()
}

/// The form in which a lock's device key is kept and looked up.
#[must_use]
pub fn hash_device_key(pepper: &Pepper, key: &str) -> Vec<u8> {
    pepper.mac("device", &[key.as_bytes()])
}

/// The form in which a token is known again that an outside authority was asked about beside.
#[must_use]
pub(crate) fn hash_shadow_token(pepper: &Pepper, key: &str) -> Vec<u8> {
    pepper.mac("shadow", &[key.as_bytes()])
}

/// Whether two hashes are the same, in constant time.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// The form in which a station's password is kept.
#[must_use]
pub fn hash_station_password(
    pepper: &Pepper,
    random: &dyn Random,
    password: &[u8],
) -> PasswordHash {
    let mut salt = vec![0; 16];
    random.fill(&mut salt);
    let hash = pepper.mac("station", &[&salt, password]);
    PasswordHash { salt, hash }
}

/// Whether these are the bytes of a station's password, in constant time.
#[must_use]
pub fn verify_station_password(pepper: &Pepper, kept: &PasswordHash, password: &[u8]) -> bool {
    same(&pepper.mac("station", &[&kept.salt, password]), &kept.hash)
}

/// The key that signs the logs.
#[must_use]
pub fn audit_key(pepper: &Pepper) -> store::AuditKey {
    let mut key = [0; 32];
    key.copy_from_slice(&pepper.mac("audit", &[]));
    store::AuditKey::new(key)
}

/// A new stop group: 16 upper-case hex characters.
#[must_use]
pub fn new_stop_group(random: &dyn Random) -> StopGroup {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    StopGroup::new(hex(&bytes))
}

/// A new code of so many digits, each as likely as any other.
#[must_use]
pub fn new_code(random: &dyn Random, digits: u32) -> NewSecret {
    let mut code = String::new();
    let mut byte = [0];
    for _ in 0..digits {
        let digit = loop {
            random.fill(&mut byte);
            // 250 is the largest multiple of 10 in a byte: above it some digits would be likelier.
            if byte[0] < 250 {
                break byte[0] % 10;
            }
        };
        code.push(char::from(b'0' + digit));
    }
    NewSecret(code)
}

/// Under what a code of an organisation is kept and found: nothing can be learnt of the code from
/// it without the pepper. Blanks and dashes between digits do not count.
#[must_use]
pub fn code_key(pepper: &Pepper, organisation: OrganisationId, code: &str) -> String {
    let mut plain = code.trim().to_owned();
    if plain
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'))
    {
        plain.retain(|c| c.is_ascii_digit());
    }
    let parts: [&[u8]; 2] = [organisation.0.as_bytes(), plain.as_bytes()];
    hex(&pepper.mac("code", &parts))
}

/// A new remote token: 14 upper-case hex characters, the first byte FE.
#[must_use]
pub fn new_remote_token(random: &dyn Random) -> String {
    let mut bytes = [0; 7];
    random.fill(&mut bytes);
    bytes[0] = 0xFE;
    hex(&bytes)
}

/// Upper-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Hashes and verifies people's passwords, at most two at once.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// Verified where there is nothing to verify, so that an unknown e-mail takes as long.
    decoy: Arc<str>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords")
    }
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashError;

impl Passwords {
    /// Two places.
    ///
    /// # Errors
    /// When Argon2 cannot be set up at all.
    pub fn new(random: &dyn Random) -> Result<Self, HashError> {
        let decoy = hash(random_salt(random), "no account has this password")?;
        Ok(Self {
            places: Arc::new(Semaphore::new(2)),
            decoy: decoy.into(),
        })
    }

    /// Argon2id in PHC form.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn hash(&self, random: &dyn Random, password: String) -> Result<String, HashError> {
        let salt = random_salt(random);
        let _place = self.places.acquire().await.map_err(|_| HashError)?;
        tokio::task::spawn_blocking(move || hash(salt, &password))
            .await
            .map_err(|_| HashError)?
    }

    /// Whether this is the password; takes as long when there is no hash.
    pub async fn verify(&self, kept: Option<String>, password: String) -> bool {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.decoy.to_string());
        let Ok(_place) = self.places.acquire().await else {
            return false;
        };
        let right = tokio::task::spawn_blocking(move || {
            PhcHash::new(&kept).is_ok_and(|kept| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &kept)
                    .is_ok()
            })
        })
        .await
        .unwrap_or(false);
        known && right
    }
}

fn random_salt(random: &dyn Random) -> [u8; 16] {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    salt
}

fn hash(salt: [u8; 16], password: &str) -> Result<String, HashError> {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| HashError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    #[test]
    fn a_station_password_is_known_again_by_its_bytes() {
        let pepper = Pepper::new([7; 32]);
        let password = [
            0xff, 0x00, 0x3a, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
        ];
        let kept = hash_station_password(&pepper, &SystemRandom, &password);
        assert!(verify_station_password(&pepper, &kept, &password));
        assert!(!verify_station_password(&pepper, &kept, &password[1..]));
        assert!(!verify_station_password(
            &Pepper::new([8; 32]),
            &kept,
            &password
        ));
    }

    #[test]
    fn keys_and_tokens_have_their_form() {
        let (key, prefix) = new_api_key(&SystemRandom);
        assert_eq!(api_key_prefix(key.reveal()), Some(prefix));
        assert_eq!(api_key_prefix("kw_short"), None);
        let token = new_remote_token(&SystemRandom);
        assert_eq!((token.len(), &token[..2]), (14, "FE"));
        assert_eq!(new_stop_group(&SystemRandom).as_str().len(), 16);
        let lookup = new_lookup_key(&SystemRandom);
        assert_eq!(model::lookup_key(&lookup), Some(lookup));
    }

    #[test]
    fn codes_have_their_digits_and_are_found_by_a_keyed_hash() {
        for digits in [6, 8, 12] {
            let code = new_code(&SystemRandom, digits);
            assert_eq!(code.reveal().len(), digits as usize);
            assert!(code.reveal().chars().all(|c| c.is_ascii_digit()));
        }
        let pepper = Pepper::new([7; 32]);
        let of = |number| OrganisationId(uuid::Uuid::from_u128(number));
        let key = code_key(&pepper, of(1), "123456");
        assert_eq!(key.len(), 64);
        assert!(!key.contains("123456"));
        assert_eq!(code_key(&pepper, of(1), " 123-456 "), key);
        assert_ne!(code_key(&pepper, of(2), "123456"), key);
        assert_ne!(code_key(&pepper, of(1), "123457"), key);
        assert_ne!(code_key(&Pepper::new([8; 32]), of(1), "123456"), key);
        // What is no code is not made one.
        assert_ne!(code_key(&pepper, of(1), "A123456"), key);
        assert_eq!(model::normalise(&key), key);
    }

    #[tokio::test]
    async fn a_password_verifies_and_a_missing_hash_never_does() {
        let passwords = Passwords::new(&SystemRandom).unwrap();
        let kept = passwords
            .hash(&SystemRandom, "correct horse".into())
            .await
            .unwrap();
        assert!(
            passwords
                .verify(Some(kept.clone()), "correct horse".into())
                .await
        );
        assert!(!passwords.verify(Some(kept), "wrong horse".into()).await);
        assert!(
            !passwords
                .verify(None, "no account has this password".into())
                .await
        );
    }
}
