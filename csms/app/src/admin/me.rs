//! Who the caller is, and what they may.

use std::collections::BTreeSet;

use model::{Account, ActionSet, ApiKey, NodeId, NodeKind, Organisation, Person};

use super::Admin;
use crate::{ApiError, Caller, Proof};

/// The caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Me {
    /// The login; `None` for an API key.
    pub account: Option<Account>,
    /// The API key, if one is used.
    pub api_key: Option<ApiKey>,
    /// One per organisation.
    pub memberships: Vec<Membership>,
}

/// What the caller is in an organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// The organisation.
    pub organisation: Organisation,
    /// The person.
    pub person: Person,
    /// What they hold on the organisation itself.
    pub actions: ActionSet,
    /// What they hold on each node they were given something on.
    pub nodes: Vec<(NodeId, NodeKind, ActionSet)>,
}

impl Admin {
    /// The caller and what they hold.
    ///
    /// # Errors
    /// `Unauthenticated` if the login is gone.
    pub async fn me(&self, caller: &Caller) -> Result<Me, ApiError> {
        let (account, api_key) = match caller.proof {
            Proof::Session { account, .. } => (self.store.get_account(account).await?, None),
            Proof::ApiKey(key) => (None, self.store.get_api_key(key).await?),
        };
        if account.is_none() && api_key.is_none() {
            return Err(ApiError::Unauthenticated);
        }
        let directory = self.live.directory();
        let mut memberships = Vec::new();
        for (organisation, person) in caller.persons.iter() {
            let (Some(organisation), Some(person)) = (
                self.store.get_organisation(*organisation).await?,
                self.store.get_person(*person).await?,
            ) else {
                continue;
            };
            let given: BTreeSet<NodeId> = directory
                .person(person.id)
                .map(|entry| {
                    directory
                        .grants_held(entry)
                        .map(|grant| grant.node)
                        .collect()
                })
                .unwrap_or_default();
            let nodes = given
                .into_iter()
                .filter_map(|node| Some((node, directory.node(node)?.kind)))
                .map(|(node, kind)| (node, kind, self.held(caller, node)))
                .collect();
            memberships.push(Membership {
                actions: self.held(caller, organisation.id.into()),
                organisation,
                person,
                nodes,
            });
        }
        Ok(Me {
            account,
            api_key,
            memberships,
        })
    }
}
