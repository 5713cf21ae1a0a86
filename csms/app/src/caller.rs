//! Who calls the API.

use std::sync::Arc;

use model::{AccountId, ApiKeyId, OrganisationId, PersonId, RequestId, SessionId};

/// An authenticated caller of the API: what `web` passes to every use case.
#[derive(Clone, Debug)]
pub struct Caller {
    /// How it proved itself.
    pub proof: Proof,
    /// The people it acts as, one per organisation at most.
    pub persons: Arc<[(OrganisationId, PersonId)]>,
    /// The HTTP request.
    pub request: RequestId,
    /// Why, as the caller said.
    pub reason: Option<String>,
    /// The phrase with which the caller goes ahead with a change that would refuse many.
    pub confirmation: Option<String>,
}

/// How a caller proved itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A session of an account.
    Session {
        /// The session.
        session: SessionId,
        /// Its account.
        account: AccountId,
    },
    /// An API key.
    ApiKey(ApiKeyId),
}

impl Caller {
    /// The person it is in an organisation.
    #[must_use]
    pub fn person_in(&self, organisation: OrganisationId) -> Option<PersonId> {
        self.persons
            .iter()
            .find(|(id, _)| *id == organisation)
            .map(|(_, person)| *person)
    }

    /// The key it used, if any.
    #[must_use]
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.proof {
            Proof::Session { .. } => None,
            Proof::ApiKey(key) => Some(key),
        }
    }
}
