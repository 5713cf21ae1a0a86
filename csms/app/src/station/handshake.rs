//! Who may connect.

use model::{QuirkName, StationId, StationIdError, Treatment};

use super::{Admitted, Hello, LiveSettings, Refusal};
use crate::App;
use crate::secret::{Pepper, hex, verify_station_password};
use model::{PasswordHash, Station, StationKind};

/// Wrong passwords an identity may offer from one address before it has to wait.
const WRONG_PASSWORDS_A_MINUTE: u32 = 10;

impl App {
    pub(super) async fn admit_station(&self, hello: &Hello) -> Result<Admitted, Refusal> {
        let id = StationId::new(&hello.identity).map_err(bad_identity)?;
        let station = match self.store.get_station(&id.key()).await {
            Ok(Some(station)) => station,
            Ok(None) => return Err(unknown(&id)),
            Err(error) => {
                tracing::error!(%error, station.id = %id, "the station could not be looked up");
                return Err(away());
            }
        };
        let proof = self.prove(&station, &id, hello)?;
        let quirks = handshake_quirks(&station, &id, hello, proof)?;
        let doors = match station.kind {
            StationKind::Charger(_) => Vec::new(),
            StationKind::Lock(lock) => self
                .live
                .directory()
                .lock(lock)
                .map(|lock| lock.doors.iter().map(|(number, _)| *number).collect())
                .unwrap_or_default(),
        };
        self.standing_of(&station).await.map_err(|_| away())?;
        self.findings_before(&station).await.map_err(|_| away())?;
        Ok(Admitted {
            key: station.key,
            id: station.id,
            kind: station.kind,
            doors,
            authenticated: proof != Proof::None,
            settings: LiveSettings::new(station.settings),
            deviations: quirks,
        })
    }

    fn prove(&self, station: &Station, id: &StationId, hello: &Hello) -> Result<Proof, Refusal> {
        let Some(kept) = &station.password else {
            return if hello.trusted_loopback || self.settings.allow_profile_0 {
                Ok(Proof::None)
            } else {
                Err(Refusal {
                    status: 401,
                    code: "credential_not_set",
                    reason: format!(
                        "station `{id}` has no password here, and comes from elsewhere than \
                         this machine"
                    ),
                    fix: "set a password with PUT /v1/stations/{station_id}/credential and in \
                          the station, or start with --allow-profile-0"
                        .to_owned(),
                })
            };
        };
        let attempts = (id.key(), hello.address.ip());
        if self
            .standing
            .wrong_passwords
            .is_exhausted(&attempts, self.clock.now())
        {
            return Err(Refusal {
                status: 429,
                code: "too_many_attempts",
                reason: format!("station `{id}` offered too many wrong passwords"),
                fix: "correct the password in the station; it may try again in a minute".to_owned(),
            });
        }
        let Some(basic) = &hello.basic else {
            return Err(Refusal {
                status: 401,
                code: "password_missing",
                reason: format!("station `{id}` must present its password and sent none"),
                fix: "set the station's AuthorizationKey (1.6) or BasicAuthPassword (2.0.1), and \
                      security profile 1 or 2"
                    .to_owned(),
            });
        };
        let password = password_of(id, &basic.pair).ok_or_else(|| Refusal {
            status: 401,
            code: "user_is_not_identity",
            reason: format!("the user name of Basic auth is not the identity `{id}`"),
            fix: "set the station's user name to its identity, or leave it empty in its menu"
                .to_owned(),
        })?;
        let other_form = station.settings.tolerance.of(QuirkName::PasswordForm);
        match is_password(&self.settings.pepper, kept, password) {
            Some(PasswordForm::AsSet) => return Ok(Proof::Password),
            Some(PasswordForm::Other) if other_form != Treatment::Refuse => {
                return Ok(Proof::PasswordInOtherForm);
            }
            Some(PasswordForm::Other) | None => {}
        }
        self.standing
            .wrong_passwords
            .note(attempts, WRONG_PASSWORDS_A_MINUTE, self.clock.now());
        Err(Refusal {
            status: 401,
            code: "wrong_password",
            reason: format!("the password of station `{id}` is wrong"),
            fix: "set the same password in the station and with PUT \
                  /v1/stations/{station_id}/credential; 1.6 stations often want it as hex"
                .to_owned(),
        })
    }
}

/// The password of `identity:password`. The identity is compared without case (Q6); it may hold
/// `:` itself, so it is matched as a prefix and not split off (rules.md §4).
pub(super) fn password_of<'a>(id: &StationId, pair: &'a [u8]) -> Option<&'a [u8]> {
    let name = id.as_str().as_bytes();
    let user = pair.get(..name.len())?;
    let rest = pair.get(name.len()..)?;
    (user.eq_ignore_ascii_case(name)).then_some(())?;
    rest.strip_prefix(b":")
}

/// How a station showed that it is who it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Not at all.
    None,
    /// By its password.
    Password,
    /// By its password as hex text where bytes were set, or the other way round.
    PasswordInOtherForm,
}

/// In which form a password was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PasswordForm {
    /// The bytes that were set.
    AsSet,
    /// Hex text of them, or the bytes of hex text that was set.
    Other,
}

/// The bytes as sent; or, since stations differ in whether they decode a hex key (Q11), the other
/// form of the same key. All forms are tried whatever the first of them says, so that the time
/// tells nothing of which of them is right; each is compared in constant time.
fn is_password(pepper: &Pepper, kept: &PasswordHash, password: &[u8]) -> Option<PasswordForm> {
    let as_set = verify_station_password(pepper, kept, password);
    let upper = hex(password);
    let lower = upper.to_lowercase();
    let text = password.len() <= 20;
    let decoded = from_hex(password);
    let others = [
        (decoded.is_some(), decoded.as_deref().unwrap_or(password)),
        (text, upper.as_bytes()),
        (text, lower.as_bytes()),
    ];
    let mut other = false;
    for (counts, form) in others {
        other |= verify_station_password(pepper, kept, form) & counts;
    }
    if as_set {
        return Some(PasswordForm::AsSet);
    }
    other.then_some(PasswordForm::Other)
}

/// What the handshake has beside the standard, now that it is known to be the station's.
fn handshake_quirks(
    station: &Station,
    id: &StationId,
    hello: &Hello,
    proof: Proof,
) -> Result<Vec<(QuirkName, String)>, Refusal> {
    let seen = [
        (
            hello.odd_slashes,
            QuirkName::PathSlashes,
            "path",
            "the URL has slashes doubled or at its end",
            "end the URL in the station with its identity, without a slash behind it",
        ),
        (
            *id != station.id,
            QuirkName::IdentityCase,
            "path",
            "the identity is written in other letter case than registered",
            "write the identity in the station as it is registered",
        ),
        (
            proof == Proof::PasswordInOtherForm,
            QuirkName::PasswordForm,
            "Authorization",
            "the password comes in the other form",
            "set the same form of the password on both sides",
        ),
    ];
    let mut quirks = Vec::new();
    for (deviates, quirk, field, reason, fix) in seen {
        if !deviates {
            continue;
        }
        if station.settings.tolerance.of(quirk) == Treatment::Refuse {
            return Err(Refusal {
                status: 400,
                code: quirk.name(),
                reason: format!(
                    "{reason}, which is not tolerated of station `{}`",
                    station.id
                ),
                fix: format!("{fix}, or tolerate `{quirk}` in its settings"),
            });
        }
        quirks.push((quirk, field.to_owned()));
    }
    Ok(quirks)
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() < 32 || !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect()
}

fn bad_identity(error: StationIdError) -> Refusal {
    Refusal {
        status: 400,
        code: "bad_identity",
        reason: error.to_string(),
        fix: "let the last segment of the URL be the station's identity: 1 to 48 characters"
            .to_owned(),
    }
}

fn unknown(id: &StationId) -> Refusal {
    Refusal {
        status: 404,
        code: "unknown_station",
        reason: format!("no station `{id}` is registered"),
        fix: "register a charger or lock with this station_id (POST /v1/stations/claim), or \
              correct the identity at the end of the station's URL"
            .to_owned(),
    }
}

fn away() -> Refusal {
    Refusal {
        status: 503,
        code: "not_available",
        reason: "the database is away".to_owned(),
        fix: "the station will try again by itself".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use crate::secret::hash_station_password;

    fn id(text: &str) -> StationId {
        StationId::new(text).unwrap()
    }

    #[test]
    fn the_user_is_the_identity_without_case_and_the_password_may_hold_colons() {
        assert_eq!(
            password_of(&id("CP1"), b"cp1:a:b\xff"),
            Some(&b"a:b\xff"[..])
        );
        assert_eq!(password_of(&id("A:B"), b"A:B:secret"), Some(&b"secret"[..]));
        assert_eq!(password_of(&id("CP1"), b"CP10:x"), None);
        assert_eq!(password_of(&id("CP1"), b":x"), None);
        assert_eq!(password_of(&id("CP1"), b"CP1"), None);
    }

    #[test]
    fn a_hex_key_is_known_in_both_forms() {
        let pepper = Pepper::new([1; 32]);
        let bytes: Vec<u8> = (0u8..20).collect();
        let text = hex(&bytes);
        let kept_bytes = hash_station_password(&pepper, &SystemRandom, &bytes);
        let kept_text = hash_station_password(&pepper, &SystemRandom, text.as_bytes());
        for kept in [&kept_bytes, &kept_text] {
            assert_eq!(is_password(&pepper, kept, b"00"), None);
        }
        let other = Some(PasswordForm::Other);
        let as_set = Some(PasswordForm::AsSet);
        assert_eq!(is_password(&pepper, &kept_bytes, &bytes), as_set);
        assert_eq!(is_password(&pepper, &kept_bytes, text.as_bytes()), other);
        assert_eq!(
            is_password(&pepper, &kept_bytes, text.to_lowercase().as_bytes()),
            other
        );
        assert_eq!(is_password(&pepper, &kept_text, &bytes), other);
        assert_eq!(is_password(&pepper, &kept_text, text.as_bytes()), as_set);
    }
}
