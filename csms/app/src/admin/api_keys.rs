//! API keys: they act as the person who made them, and never for more than that person holds.

use jiff::Timestamp;
use model::{Action, ActionSet, ApiKey, ApiKeyId, Change, NodeId, NodeKind};
use store::image;

use super::fields::Faults;
use super::permits::BY_NAME_ONLY;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::secret::{NewSecret, hash_api_key, new_api_key};
use crate::{ApiError, Caller, Proof};

/// A new API key.
#[derive(Clone, Debug, PartialEq)]
pub struct NewApiKey {
    /// Shown to people.
    pub name: String,
    /// What it may do at most; `None`: what the caller holds on the node, but remote use,
    /// security and emergencies, which must be named.
    pub scopes: Option<Vec<Action>>,
    /// Where; `None`: the caller's only organisation.
    pub node: Option<NodeId>,
    /// Exclusive.
    pub expires_at: Option<Timestamp>,
}

/// An API key as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKeyView {
    /// The row.
    pub key: ApiKey,
    /// What its node is; `None` if that is gone.
    pub kind: Option<NodeKind>,
}

/// An API key that was just made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub view: ApiKeyView,
    /// Shown once.
    pub secret: NewSecret,
}

impl Admin {
    /// Makes an API key for the caller; the answer shows it once.
    ///
    /// # Errors
    /// `Forbidden` for a scope the caller does not hold on the node.
    pub async fn create_api_key(
        &self,
        write: Write<NewKey>,
        new: NewApiKey,
    ) -> Result<Done, ApiError> {
        let caller = &write.caller;
        let node = match new.node {
            Some(node) => node,
            None => self.organisation_meant(caller, None)?.into(),
        };
        let person = self.pep.person_of(caller, node).ok_or(ApiError::NotFound)?;
        let scopes = self.scopes(caller, &new, node).await?;
        self.no_longer_than_maker(caller, new.expires_at).await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        faults.text("name", &new.name, 200);
        let future = new.expires_at.is_none_or(|end| end > now);
        faults.check(|| future, "expires_at", "out_of_range", "in the future");
        faults.none()?;
        let (secret, prefix) = new_api_key(self.random.as_ref());
        let row = ApiKey {
            id: new_id(),
            // A partner's key is theirs, wherever it works.
            organisation: self
                .live
                .directory()
                .person(person)
                .map(|entry| entry.organisation)
                .ok_or(ApiError::NotFound)?,
            person,
            name: new.name,
            prefix,
            hash: hash_api_key(&self.settings.pepper, secret.reveal()),
            scopes,
            node,
            expires_at: new.expires_at,
            created_at: now,
            revoked_at: None,
        };
        let organisation = row.organisation;
        let kind = self.kind_of(node);
        let _order = self.order.read().await;
        self.change_own(write, organisation, move |tx| {
            let (row, secret) = (row.clone(), secret.clone());
            Box::pin(async move {
                tx.insert_api_key(&row).await?;
                tx.record(Change::ApiKey(row.clone()), None);
                Ok(Ok(NewKey {
                    view: ApiKeyView { key: row, kind },
                    secret,
                }))
            })
        })
        .await
    }

    async fn scopes(
        &self,
        caller: &Caller,
        new: &NewApiKey,
        node: NodeId,
    ) -> Result<ActionSet, ApiError> {
        let held = self.held(caller, node);
        match &new.scopes {
            Some(named) => {
                for action in named {
                    if !held.contains(*action) {
                        self.require(caller, *action, node).await?;
                    }
                }
                if named.is_empty() {
                    return Err(ApiError::field(
                        "scopes",
                        "required",
                        "name at least one action",
                    ));
                }
                Ok(named.iter().copied().collect())
            }
            None => {
                let scopes: ActionSet = held
                    .iter()
                    .filter(|action| !BY_NAME_ONLY.contains(action))
                    .collect();
                if !scopes.is_empty() {
                    return Ok(scopes);
                }
                if !self.pep.sees(caller, node) && new.node.is_some() {
                    return Err(ApiError::NotFound);
                }
                Err(ApiError::field(
                    "node",
                    "required",
                    "you hold nothing on this node that a key could do without naming it; name \
                     another node, or the scopes",
                ))
            }
        }
    }

    /// A key that ends cannot make one that outlives it.
    async fn no_longer_than_maker(
        &self,
        caller: &Caller,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        let Proof::ApiKey(maker) = caller.proof else {
            return Ok(());
        };
        let maker = self
            .store
            .get_api_key(maker)
            .await?
            .ok_or(ApiError::Unauthenticated)?;
        match (maker.expires_at, expires_at) {
            (Some(end), Some(wanted)) if wanted <= end => Ok(()),
            (None, _) => Ok(()),
            (Some(_), _) => Err(ApiError::field(
                "expires_at",
                "out_of_range",
                "not later than the end of the key that makes it",
            )),
        }
    }

    /// The caller's keys, and those on nodes whose access they manage.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn api_keys(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<ApiKeyView>, ApiError> {
        let seen = |row: &ApiKey| self.manages_key(caller, row);
        let list = self
            .list_mine(caller, query, seen, |organisation, page| async move {
                self.store.list_api_keys(organisation, &page).await
            })
            .await?;
        Ok(list.map(|key| ApiKeyView {
            kind: self.kind_of(key.node),
            key,
        }))
    }

    fn manages_key(&self, caller: &Caller, row: &ApiKey) -> bool {
        caller.person_in(row.organisation) == Some(row.person)
            || self.pep.holds(caller, Action::ManageAccess, row.node)
    }

    /// Withdraws an API key, at once.
    ///
    /// # Errors
    /// `NotFound` for a key that is neither the caller's nor on a node they manage.
    pub async fn revoke_api_key(&self, write: Write<()>, id: ApiKeyId) -> Result<Done, ApiError> {
        let row = self
            .store
            .get_api_key(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        if row.revoked_at.is_some() || !self.manages_key(&write.caller, &row) {
            return Err(ApiError::NotFound);
        }
        let now = self.clock.now();
        let organisation = row.organisation;
        self.change_own(write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                if !tx.revoke_api_key(id, now).await? {
                    return Ok(Err(ApiError::NotFound));
                }
                let before = image(&Change::ApiKey(row.clone()));
                let ended = ApiKey {
                    revoked_at: Some(now),
                    ..row
                };
                tx.record(Change::ApiKey(ended), Some(before));
                Ok(Ok(()))
            })
        })
        .await
    }
}
