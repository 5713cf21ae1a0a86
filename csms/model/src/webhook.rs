//! An outside authority that is asked over HTTP.

use std::fmt;

use jiff::Timestamp;

use crate::{Authority, InstallationId, OrganisationId};

/// A secret of somebody else's, as it is kept: sealed with a key that is not in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// How we show who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebhookLogin {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer`, with the secret.
    Bearer,
    /// `Authorization: Basic`, with this name and the secret.
    Basic(String),
}

/// The web service that is, or may be, asked about the points of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Whose points.
    pub installation: InstallationId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// Where it is.
    pub url: String,
    /// How we show who we are.
    pub login: WebhookLogin,
    /// With what.
    pub secret: Option<Sealed>,
    /// How long an answer is waited for.
    pub deadline_ms: u32,
    /// After so many failures in a row it is not asked for a while.
    pub breaker_failures: u32,
    /// For so long.
    pub breaker_seconds: u32,
    /// Since when it is asked beside, without effect.
    pub shadow_since: Option<Timestamp>,
    /// Who decided before, as long as one may go back.
    pub former: Option<FormerAuthority>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was set.
    pub changed_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// Who decided before the last switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormerAuthority {
    /// Who.
    pub authority: Authority,
    /// When it was switched.
    pub switched_at: Timestamp,
}

impl Webhook {
    /// Where it leads, without path and query: what may be shown.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        rest.get(..end).unwrap_or("")
    }
}
