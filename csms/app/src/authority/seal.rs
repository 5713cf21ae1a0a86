//! Secrets of others, which must be known in clear again: sealed with a key made from the pepper,
//! which is not in the database.

use model::{InstallationId, Sealed};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::outside::Secret;
use crate::clock::Random;
use crate::secret::Pepper;

/// It was sealed with another pepper, or for another installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret cannot be opened; was the pepper lost?")]
pub(crate) struct Unopenable;

fn key(pepper: &Pepper) -> Result<LessSafeKey, Unopenable> {
    let bytes = pepper.derived("webhook secrets");
    let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| Unopenable)?;
    Ok(LessSafeKey::new(key))
}

/// Seals for an installation: a secret moved to another row opens nothing there.
pub(crate) fn seal(
    pepper: &Pepper,
    random: &dyn Random,
    installation: InstallationId,
    secret: &Secret,
) -> Result<Sealed, Unopenable> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce);
    let mut sealed = secret.reveal().as_bytes().to_vec();
    key(pepper)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(installation.0.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| Unopenable)?;
    Ok(Sealed([nonce.as_slice(), &sealed].concat()))
}

/// Opens what was sealed for an installation.
pub(crate) fn open(
    pepper: &Pepper,
    installation: InstallationId,
    sealed: &Sealed,
) -> Result<Secret, Unopenable> {
    let (nonce, text) = sealed.0.split_at_checked(NONCE_LEN).ok_or(Unopenable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopenable)?;
    let mut text = text.to_vec();
    let clear = key(pepper)?
        .open_in_place(nonce, Aad::from(installation.0.as_bytes()), &mut text)
        .map_err(|_| Unopenable)?;
    String::from_utf8(clear.to_vec())
        .map(Secret::new)
        .map_err(|_| Unopenable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use uuid::Uuid;

    #[test]
    fn a_secret_opens_with_its_pepper_at_its_installation_only() {
        let (pepper, here) = (Pepper::new([7; 32]), InstallationId(Uuid::now_v7()));
        let secret = Secret::new("s3cret".into());
        let sealed = seal(&pepper, &SystemRandom, here, &secret).unwrap();
        assert!(!sealed.0.windows(6).any(|bytes| bytes == b"s3cret"));
        assert_eq!(open(&pepper, here, &sealed), Ok(secret));
        let elsewhere = InstallationId(Uuid::now_v7());
        assert_eq!(open(&pepper, elsewhere, &sealed), Err(Unopenable));
        assert_eq!(open(&Pepper::new([8; 32]), here, &sealed), Err(Unopenable));
        let mut cut = sealed;
        cut.0.truncate(5);
        assert_eq!(open(&pepper, here, &cut), Err(Unopenable));
    }
}
