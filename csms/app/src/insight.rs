//! Questions about access: why, who, what. Each answer comes from the engine itself.

use authz::{Asker, Explanation, Intent, Permit, Request, Resource, act};
use jiff::Timestamp;
use model::{
    Action, ChargerId, CredentialId, NodeId, NodeKind, PersonId, PresentedToken, Reason, TokenKind,
};

use crate::{ApiError, App, Caller};

/// Who is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A person, whatever they present.
    Person(PersonId),
    /// A credential, as if it were presented.
    Credential(CredentialId),
}

/// Somebody who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
    /// By which grant.
    pub grant: Option<model::GrantId>,
}

/// Something a person may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub node: NodeId,
    /// Charger or door.
    pub kind: NodeKind,
    /// Why.
    pub reason: Reason,
    /// By which grant.
    pub grant: Option<model::GrantId>,
}

impl App {
    /// Why somebody may or may not do something on a node, at an instant.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node, unless the caller asks about themselves.
    pub async fn explain(
        &self,
        caller: &Caller,
        about: About,
        node: NodeId,
        action: Action,
        at: Option<Timestamp>,
    ) -> Result<Explanation, ApiError> {
        let at = at.unwrap_or_else(|| self.clock.now());
        let own = self.pep.person_of(caller, node).ok_or(ApiError::NotFound)?;
        if about != About::Person(own) || !self.pep.sees(caller, node) {
            let _: Permit<act::ManageAccess> = self.pep.permit(caller, node).await?;
        }
        let resource = self.resource_of(node).ok_or(ApiError::NotFound)?;
        match about {
            About::Person(person) => {
                let asker = Asker::Person { person, key: None };
                let request = Request {
                    asker,
                    action,
                    resource,
                    intent: Intent::Ask,
                    context: authz::Context::default(),
                };
                Ok(self.pep.explain(&request, at))
            }
            About::Credential(id) => {
                let credential = self
                    .store
                    .get_credential(id)
                    .await?
                    .ok_or(ApiError::NotFound)?;
                let organisation = self.live.directory().node(node).map(|n| n.organisation);
                if Some(credential.organisation) != organisation {
                    return Err(ApiError::NotFound);
                }
                let token = if credential.kind.is_code() {
                    // The code itself is not known, only what it is found by.
                    PresentedToken::new(TokenKind::KeyCode, "code").known_as(credential.key)
                } else {
                    PresentedToken::new(TokenKind::IdTag, credential.value)
                };
                let asker = Asker::Token(&token);
                let request = Request {
                    asker,
                    action,
                    resource,
                    intent: Intent::Ask,
                    context: authz::Context::default(),
                };
                Ok(self.pep.explain(&request, at))
            }
        }
    }

    /// Everybody who may do something on a node: each candidate is decided by the engine.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node.
    pub async fn who(
        &self,
        caller: &Caller,
        node: NodeId,
        action: Action,
        at: Option<Timestamp>,
    ) -> Result<Vec<Holder>, ApiError> {
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, node).await?;
        let at = at.unwrap_or_else(|| self.clock.now());
        let resource = self.resource_of(node).ok_or(ApiError::NotFound)?;
        let directory = self.live.directory();
        Ok(authz::candidates(&directory, node)
            .into_iter()
            .filter_map(|person| {
                let asker = Asker::Person { person, key: None };
                let request = Request {
                    asker,
                    action,
                    resource,
                    intent: Intent::Ask,
                    context: authz::Context::default(),
                };
                let outcome = self.pep.decide(&request, at);
                outcome.allows().then(|| Holder {
                    person,
                    reason: outcome.reason(),
                    grant: outcome.grant(),
                })
            })
            .collect())
    }

    /// Every charger and door a person may use, of those the caller manages.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is managed, unless it is the caller.
    pub async fn what(
        &self,
        caller: &Caller,
        person: PersonId,
        action: Action,
        at: Option<Timestamp>,
    ) -> Result<Vec<Held>, ApiError> {
        let directory = self.live.directory();
        let entry = directory.person(person).ok_or(ApiError::NotFound)?;
        let is_self = caller.person_in(entry.organisation) == Some(person);
        if !is_self {
            let _: Permit<act::ManageAccess> = self.pep.permit(caller, entry.managed_at).await?;
        }
        let at = at.unwrap_or_else(|| self.clock.now());
        Ok(authz::resources_of(&directory, person)
            .into_iter()
            .filter(|node| is_self || self.pep.holds(caller, Action::ManageAccess, *node))
            .filter_map(|node| {
                let asker = Asker::Person { person, key: None };
                let resource = self.resource_of(node)?;
                let request = Request {
                    asker,
                    action,
                    resource,
                    intent: Intent::Ask,
                    context: authz::Context::default(),
                };
                let outcome = self.pep.decide(&request, at);
                outcome.allows().then(|| Held {
                    node,
                    kind: directory
                        .node(node)
                        .map_or(NodeKind::Charger, |entry| entry.kind),
                    reason: outcome.reason(),
                    grant: outcome.grant(),
                })
            })
            .collect())
    }

    /// A charger is asked about as Authorize would ask: any of its EVSEs.
    fn resource_of(&self, node: NodeId) -> Option<Resource> {
        let directory = self.live.directory();
        let entry = directory.node(node)?;
        Some(match entry.kind {
            NodeKind::Charger => Resource::AnyEvse(ChargerId::from(node)),
            NodeKind::Organisation
            | NodeKind::Installation
            | NodeKind::Area
            | NodeKind::Evse
            | NodeKind::Door => Resource::Node(node),
        })
    }
}
