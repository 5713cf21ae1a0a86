//! Logins, and who is behind a bearer token.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{OrganisationId, PersonId, RequestId, Session, SessionId};

use super::organisations::session_required;
use super::{Admin, new_id};
use crate::secret::{NewSecret, api_key_prefix, hash_api_key, hash_session_token, new_token, same};
use crate::{ApiError, Caller, Proof};

const HOLD: Duration = Duration::from_secs(5);
/// The shortest password, in characters (ASVS asks for 8).
const PASSWORD_FROM: usize = 12;
/// The longest, in bytes: hashing takes longer with length.
const PASSWORD_TO: usize = 1024;

/// A login.
pub struct Login {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Where it comes from.
    pub address: Option<IpAddr>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(…)")
    }
}

/// A login that was right.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Its token, shown once.
    pub token: NewSecret,
}

impl Admin {
    /// Logs in. An unknown e-mail address gets the same answer after the same time as a wrong
    /// password.
    ///
    /// # Errors
    /// `Unauthenticated`, `TooMany`.
    pub async fn login(&self, login: Login) -> Result<LoggedIn, ApiError> {
        let email = login.email.trim().to_lowercase();
        self.limits.login(&email, login.address)?;
        let account = self.store.find_account(&email).await?;
        let kept = account
            .as_ref()
            .and_then(|account| account.password_hash.clone());
        let password = if login.password.len() > PASSWORD_TO {
            String::new()
        } else {
            login.password
        };
        let right = self.passwords.verify(kept, password).await;
        let Some(account) = account.filter(|_| right) else {
            tracing::info!(client.address = ?login.address, "a login was refused");
            metrics::counter!("keywatt_logins_total", "result" => "refused").increment(1);
            return Err(ApiError::Unauthenticated);
        };
        let now = self.clock.now();
        let token = new_token(self.random.as_ref());
        let session = Session {
            id: new_id(),
            account: account.id,
            token_hash: hash_session_token(&self.settings.pepper, token.reveal()),
            created_at: now,
            expires_at: now.checked_add(self.settings.session_for).unwrap_or(now),
        };
        let row = session.clone();
        self.store
            .write(HOLD, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.delete_ended_sessions(now).await?;
                    tx.insert_session(&row).await
                })
            })
            .await?;
        metrics::counter!("keywatt_logins_total", "result" => "accepted").increment(1);
        Ok(LoggedIn { session, token })
    }

    /// Ends the session the caller uses.
    ///
    /// # Errors
    /// `Conflict` for an API key.
    pub async fn logout(&self, caller: &Caller) -> Result<(), ApiError> {
        let session: SessionId = match caller.proof {
            Proof::Session { session, .. } => session,
            Proof::ApiKey(_) => return Err(session_required()),
        };
        self.store
            .write(HOLD, move |tx| {
                Box::pin(async move { tx.delete_session(session).await })
            })
            .await?;
        Ok(())
    }

    /// Who is behind a bearer token: an API key or a session.
    ///
    /// # Errors
    /// `Unauthenticated`, whatever is wrong with it; `TooMany` for an address that tries many.
    pub async fn authenticate(
        &self,
        token: &str,
        request: RequestId,
        reason: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<Caller, ApiError> {
        let found = if token.starts_with("kw_") {
            self.by_api_key(token).await?
        } else {
            self.by_session(token).await?
        };
        match found {
            Some((proof, persons)) => Ok(Caller {
                proof,
                persons,
                request,
                reason,
                confirmation: None,
            }),
            None => {
                self.stranger(address)?;
                Err(ApiError::Unauthenticated)
            }
        }
    }

    /// Whether a caller's session or key is still good; a database that is away says nothing
    /// against it.
    pub async fn still_valid(&self, caller: &Caller) -> bool {
        let now = self.clock.now();
        match caller.proof {
            Proof::Session { session, .. } => match self.store.get_session(session).await {
                Ok(found) => found.is_some_and(|session| now < session.expires_at),
                Err(_) => true,
            },
            Proof::ApiKey(key) => match self.store.get_api_key(key).await {
                Ok(found) => found.is_some_and(|key| {
                    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
                }),
                Err(_) => true,
            },
        }
    }

    /// Counts a request without valid credentials against its address.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn stranger(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        address.map_or(Ok(()), |address| self.limits.stranger(address))
    }

    async fn by_api_key(&self, token: &str) -> Result<Option<Proven>, ApiError> {
        let Some(prefix) = api_key_prefix(token) else {
            return Ok(None);
        };
        let Some(key) = self.store.find_api_key(&prefix).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let right = same(&key.hash, &hash_api_key(&self.settings.pepper, token));
        let holds = key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end);
        if !right || !holds || self.live.directory().person(key.person).is_none() {
            return Ok(None);
        }
        Ok(Some((
            Proof::ApiKey(key.id),
            Arc::from([(key.organisation, key.person)]),
        )))
    }

    async fn by_session(&self, token: &str) -> Result<Option<Proven>, ApiError> {
        let hash = hash_session_token(&self.settings.pepper, token);
        let Some(session) = self.store.find_session(&hash).await? else {
            return Ok(None);
        };
        if self.clock.now() >= session.expires_at {
            return Ok(None);
        }
        let people = self.store.people_of_account(session.account).await?;
        let persons = people
            .iter()
            .map(|person| (person.organisation, person.id))
            .collect();
        let proof = Proof::Session {
            session: session.id,
            account: session.account,
        };
        Ok(Some((proof, persons)))
    }
}

type Proven = (Proof, Arc<[(OrganisationId, PersonId)]>);

/// Passwords that would be tried first.
const COMMON: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123123123123",
    "111111111111",
    "000000000000",
    "abcdefghijkl",
    "abcd12345678",
    "administrator",
    "changeme1234",
    "changemechangeme",
    "iloveyou1234",
    "keywattkeywatt",
    "letmein12345",
    "letmeinletmein",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "welcome12345",
];

/// What is wrong with a new password: length and the obvious, no rules of composition (S1).
pub(super) fn password_fault(password: &str, email: &str) -> Option<&'static str> {
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if password.chars().count() < PASSWORD_FROM {
        Some("at least 12 characters")
    } else if password.len() > PASSWORD_TO {
        Some("at most 1024 bytes")
    } else if lower == email
        || COMMON.contains(&lower.as_str())
        || lower.chars().all(|c| Some(c) == first)
    {
        Some("this password would be guessed at once")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_not_obvious() {
        assert!(password_fault("short", "a@b.c").is_some());
        assert!(password_fault("Password1234", "a@b.c").is_some());
        assert!(password_fault("aaaaaaaaaaaaaaa", "a@b.c").is_some());
        assert!(password_fault("someone@example.com", "someone@example.com").is_some());
        assert!(password_fault("correct horse battery", "a@b.c").is_none());
        assert!(password_fault(&"ü".repeat(600), "a@b.c").is_some());
    }
}
