//! A write of the API: committed together with the memory of its answer, so that a repeated
//! request gets the same answer and changes nothing again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use authz::{Act, Permit};
use jiff::SignedDuration;
use model::{OrganisationId, Revision};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use store::{BoxFuture, Constraint, IdempotencyRecord, StoreError, Tx};

use super::Admin;
use crate::{ApiError, Caller, Proof};

/// How long an answer is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// How long the memory of an answer waits for a database that is away.
const HOLD: Duration = Duration::from_secs(5);

/// What a job comes to: its result, or why nothing was written.
pub(super) type Verdict<T> = Result<Result<T, ApiError>, StoreError>;

/// A write, and what its caller gets.
#[derive(Debug)]
pub struct Write<T> {
    /// Who asks.
    pub caller: Caller,
    /// The key that makes it happen once, if the caller gave one.
    pub once: Option<Once>,
    /// What the caller gets.
    pub answer: Answer<T>,
}

/// What the caller of a write gets.
#[derive(Debug)]
pub struct Answer<T> {
    /// The HTTP status.
    pub status: u16,
    /// The body, from the result.
    pub show: fn(&T) -> String,
    /// What of it is kept for a repeated request.
    pub kept: Kept,
}

/// What of an answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Body,
    /// Only that there was one: the body holds a secret, which is shown once and kept nowhere.
    Nothing,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty where there is none.
    pub body: String,
    /// The revision of the change; `None` if it changes no decision, or for a repeated request.
    pub revision: Option<Revision>,
}

/// A key that makes a request happen once, held while the request is on its way.
#[derive(Debug)]
pub struct Once {
    record: Memory,
    _place: Place,
}

#[derive(Clone, Debug)]
struct Memory {
    principal: String,
    key: String,
    hash: Vec<u8>,
}

/// What a key stands for.
#[derive(Debug)]
pub enum Begun {
    /// A new request.
    New(Once),
    /// One that was answered already.
    Answered(Done),
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// It was used for another request.
    #[error("the key was used for another request")]
    Reused,
    /// Its first request is on its way.
    #[error("the first request with this key is still on its way")]
    InProgress,
    /// Its answer held a secret, which is not kept.
    #[error("the answer held a secret and is not kept")]
    Secret,
    /// It cannot be looked up.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Keys of requests on their way in this process; other processes meet the unique key of the
/// table.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

#[derive(Debug)]
struct Place {
    held: InFlight,
    name: (String, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held.0.lock().remove(&self.name);
    }
}

impl InFlight {
    fn enter(&self, principal: &str, key: &str) -> Option<Place> {
        let name = (principal.to_owned(), key.to_owned());
        let entered = self.0.lock().insert(name.clone());
        entered.then(|| Place {
            held: self.clone(),
            name,
        })
    }
}

/// Whose key it is: two callers may use the same one.
fn principal(proof: Proof) -> String {
    match proof {
        Proof::Session { account, .. } => format!("account:{account}"),
        Proof::ApiKey(key) => format!("api_key:{key}"),
    }
}

impl Admin {
    /// Begins a request with a key; `request` is all that makes it this one: method, path, body.
    ///
    /// # Errors
    /// See [`OnceError`].
    pub async fn begin_once(
        &self,
        proof: Proof,
        key: &str,
        request: &[&[u8]],
    ) -> Result<Begun, OnceError> {
        let hash = digest(request);
        let principal = principal(proof);
        let place = self
            .in_flight
            .enter(&principal, key)
            .ok_or(OnceError::InProgress)?;
        let found = self
            .store
            .get_idempotency(&principal, key, forgotten_before(self.clock.now()))
            .await
            .map_err(ApiError::from)?;
        match found {
            None => {
                let record = Memory {
                    principal,
                    key: key.to_owned(),
                    hash,
                };
                Ok(Begun::New(Once {
                    record,
                    _place: place,
                }))
            }
            Some(record) if record.body_hash != hash => Err(OnceError::Reused),
            Some(record) if record.status == 0 => Err(OnceError::Secret),
            Some(record) => Ok(Begun::Answered(Done {
                status: record.status,
                body: record.body,
                revision: None,
            })),
        }
    }

    /// Carries out a change that was permitted.
    pub(super) async fn change<A: Act, T, F>(
        &self,
        permit: Permit<A>,
        write: Write<T>,
        organisation: OrganisationId,
        job: F,
    ) -> Result<Done, ApiError>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Verdict<T>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        tracing::debug!(node = %permit.node(), action = %A::ACTION, "change");
        self.change_own(write, organisation, job).await
    }

    /// Carries out a change of what is the caller's own.
    pub(super) async fn change_own<T, F>(
        &self,
        write: Write<T>,
        organisation: OrganisationId,
        job: F,
    ) -> Result<Done, ApiError>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Verdict<T>> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let Write {
            caller,
            once,
            answer: Answer { status, show, kept },
        } = write;
        let actor = self.actor(&caller, organisation);
        let memory = once.as_ref().map(|once| once.record.clone());
        let now = actor.at;
        let job = Arc::new(job);
        let outcome = self
            .store
            .change(actor, move |tx| {
                let job = Arc::clone(&job);
                let memory = memory.clone();
                Box::pin(async move {
                    let value = match job(tx).await? {
                        Ok(value) => value,
                        Err(refusal) => return Ok(Err(refusal)),
                    };
                    let body = show(&value);
                    if let Some(memory) = memory {
                        let record = match kept {
                            Kept::Body => memory.record(status, body.clone(), now),
                            Kept::Nothing => memory.record(0, String::new(), now),
                        };
                        tx.put_idempotency(&record, forgotten_before(now)).await?;
                        tx.forget_idempotency(forgotten_before(now)).await?;
                    }
                    Ok(Ok(body))
                })
            })
            .await;
        drop(once);
        match outcome {
            Ok((Ok(body), revision)) => Ok(Done {
                status,
                body,
                revision,
            }),
            Ok((Err(refusal), _)) => Err(refusal),
            Err(error) => Err(refused(error)),
        }
    }

    /// Remembers the answer of a request whose effect is not in the database.
    pub async fn remember(&self, once: Once, status: u16, body: &str) {
        let now = self.clock.now();
        let record = once.record.clone().record(status, body.to_owned(), now);
        let kept = self
            .store
            .write(HOLD, move |tx| {
                let record = record.clone();
                Box::pin(async move { tx.put_idempotency(&record, forgotten_before(now)).await })
            })
            .await;
        if let Err(error) = kept {
            // The effect stands and the caller is told so; only a repeat would not know of it.
            tracing::warn!(%error, "an answer could not be remembered");
        }
    }
}

impl Memory {
    fn record(self, status: u16, body: String, created_at: jiff::Timestamp) -> IdempotencyRecord {
        IdempotencyRecord {
            principal: self.principal,
            key: self.key,
            body_hash: self.hash,
            status,
            body,
            created_at,
        }
    }
}

fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

fn forgotten_before(now: jiff::Timestamp) -> jiff::Timestamp {
    now.checked_sub(REMEMBERED).unwrap_or(now)
}

/// What a row that stands in the way means to the caller.
pub(super) fn refused(error: StoreError) -> ApiError {
    let conflict = |code: &'static str, detail: &str| ApiError::Conflict {
        code,
        detail: detail.to_owned(),
    };
    match error.conflict() {
        // Not whose it is: that would tell one tenant of another's stations.
        Some(Constraint::StationTaken) => conflict(
            "station_id_taken",
            "a station with this identity is registered already",
        ),
        Some(Constraint::CredentialKey) => {
            conflict("credential_taken", "this value belongs to somebody already")
        }
        Some(Constraint::EnrolmentOpen) => conflict(
            "enrolment_open",
            "an enrolment is open at this charger or door already; wait until it has a card or \
             its minute is over",
        ),
        Some(Constraint::DoorNumber) => conflict(
            "door_number_taken",
            "the lock has a door of this number already",
        ),
        Some(Constraint::EvseNumber) => conflict(
            "evse_number_taken",
            "the charger has an EVSE of this number already",
        ),
        Some(Constraint::AccountEmail) => conflict(
            "login_exists",
            "there is a login with this e-mail address already",
        ),
        Some(Constraint::LookupKey) => conflict(
            "lookup_key_taken",
            "this key was just given to another organisation; ask again",
        ),
        Some(Constraint::PartnershipLive) => conflict(
            "partnership_exists",
            "there is a partnership with this organisation already",
        ),
        // The same key came in by another process meanwhile.
        Some(Constraint::IdempotencyKey) => conflict(
            "idempotency_in_progress",
            "the first request with this key was just answered",
        ),
        Some(_) | None => error.into(),
    }
}
