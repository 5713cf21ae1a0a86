//! What the inside needs of whoever speaks HTTP.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

/// A secret in clear, for as long as a request takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret as it came in or was unsealed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// In clear, for the one header it goes into.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How we show who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    None,
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization: Basic`, name and secret.
    Basic(String, Secret),
}

/// What the answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// 200 with JSON.
    Json,
    /// Any success; its body is not read.
    Nothing,
}

/// A request to an outside service.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to; checked again each time.
    pub url: String,
    /// Who we are.
    pub login: Login,
    /// What it is about, for the header `Keywatt-Event`.
    pub event: &'static str,
    /// The same for the same request sent again.
    pub id: Uuid,
    /// JSON.
    pub body: String,
    /// From the first look at its name to the last byte of its answer.
    pub deadline: Duration,
    /// What the answer must be.
    pub expects: Expects,
}

/// Why an address is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It cannot be read as one.
    #[error("this is no web address")]
    Unreadable,
    /// Not `https`.
    #[error("only `https` is used")]
    Scheme,
    /// It holds a name or password.
    #[error("give name and password apart from the address")]
    UserInfo,
    /// It names a port.
    #[error("the port is that of `https` and is not named")]
    Port,
    /// It is a number or a name of this machine.
    #[error("the host must be a public name, not a number and not a name of this network")]
    Host,
    /// It has a fragment.
    #[error("an address with `#` is not used")]
    Fragment,
}

/// Why there was no answer that counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The address is not used.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// The name leads to an address that is not public.
    #[error("the name leads to an address that is not public")]
    NotPublic,
    /// No connection, or it broke.
    #[error("the service cannot be reached")]
    Unreachable,
    /// Not in time.
    #[error("there was no answer in time")]
    Late,
    /// Another status than success; redirects are not followed.
    #[error("it answered with status {0}")]
    Status(u16),
    /// More than we read.
    #[error("its answer is too long")]
    TooLong,
    /// Not JSON, or not what was asked for.
    #[error("its answer is not what was asked for")]
    Malformed,
}

impl CallError {
    /// For metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            CallError::Address(_) => "address",
            CallError::NotPublic => "not_public",
            CallError::Unreachable => "unreachable",
            CallError::Late => "late",
            CallError::Status(_) => "status",
            CallError::TooLong => "too_long",
            CallError::Malformed => "malformed",
        }
    }
}

/// Speaks HTTP with outside services, by the rules that keep it from reaching into our network.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// The address as it is kept.
    ///
    /// # Errors
    /// See [`AddressFault`].
    fn check(&self, url: &str) -> Result<String, AddressFault>;

    /// Sends and reads the answer: the body where JSON is expected.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn send(&self, call: Call) -> Result<Vec<u8>, CallError>;
}

/// Reaches nobody.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

#[async_trait]
impl Outside for Nowhere {
    fn check(&self, url: &str) -> Result<String, AddressFault> {
        Ok(url.to_owned())
    }

    async fn send(&self, _: Call) -> Result<Vec<u8>, CallError> {
        Err(CallError::Unreachable)
    }
}
