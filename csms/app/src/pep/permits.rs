//! Permits for callers of the API, and what they see.

use authz::{Act, Outcome, Permit, Request};
use model::{Action, NodeId, PersonId, Promiser, Reason};

use super::{NotLogged, Origin, Pep};
use crate::{ApiError, Caller};

impl Pep {
    /// Permits an action of a caller on a node.
    ///
    /// # Errors
    /// `NotFound` when the caller holds nothing on the node, `Forbidden` when not this action.
    pub async fn permit<A: Act>(
        &self,
        caller: &Caller,
        node: impl Into<NodeId>,
    ) -> Result<Permit<A>, ApiError> {
        let node = node.into();
        let person = self
            .person_for(caller, A::ACTION, node)
            .ok_or(ApiError::NotFound)?;
        let request = Request::person(person, caller.api_key(), A::ACTION, node);
        self.permit_for(caller, &request, node).await
    }

    /// Permits an action of somebody who is not there: who promised something that is taken up
    /// now. `None`: they do not hold it any more.
    ///
    /// # Errors
    /// When the decision could not be logged.
    pub async fn permit_of<A: Act>(
        &self,
        by: Promiser,
        node: NodeId,
    ) -> Result<Option<Permit<A>>, ApiError> {
        let request = Request::person(by.person, by.key, A::ACTION, node);
        let decided = self
            .decide_logged(&request, &Origin::API)
            .await
            .map_err(|NotLogged| ApiError::Unavailable)?;
        Ok(match &decided.outcome {
            Outcome::Allow(terms) => terms.permit::<A>(),
            Outcome::Deny(_) | Outcome::Ask(_) => None,
        })
    }

    /// Permits a request of a caller that names more than a node.
    ///
    /// # Errors
    /// As [`Pep::permit`].
    pub async fn permit_for<A: Act>(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        node: NodeId,
    ) -> Result<Permit<A>, ApiError> {
        let decided = self
            .decide_logged(request, &Origin::API)
            .await
            .map_err(|NotLogged| ApiError::Unavailable)?;
        match &decided.outcome {
            Outcome::Allow(terms) => terms.permit::<A>().ok_or(ApiError::Internal),
            Outcome::Deny(_) | Outcome::Ask(_) if !self.sees(caller, node) => {
                Err(ApiError::NotFound)
            }
            // Only `use` at the point is asked elsewhere, and nothing else is permitted here.
            Outcome::Ask(_) => Err(ApiError::Internal),
            Outcome::Deny(denial) => Err(ApiError::Forbidden {
                action: request.action,
                ask: self.who_can_give(node).await,
                reason: denial.reason,
            }),
        }
    }

    /// Whether a caller holds an action on a node; for filtering lists, not logged.
    pub fn holds(&self, caller: &Caller, action: Action, node: impl Into<NodeId>) -> bool {
        let node = node.into();
        self.person_for(caller, action, node).is_some_and(|person| {
            let request = Request::person(person, caller.api_key(), action, node);
            self.decide(&request, self.clock.now()).allows()
        })
    }

    /// Whether a caller holds anything at all on a node; for filtering lists, not logged.
    pub fn sees(&self, caller: &Caller, node: impl Into<NodeId>) -> bool {
        let node = node.into();
        Action::ALL
            .iter()
            .filter(|action| **action != Action::Use && **action != Action::StopOwn)
            .any(|action| self.holds(caller, *action, node))
            || self.uses(caller, node)
    }

    /// `use` granted by name alone: on an open charger everybody would hold it.
    fn uses(&self, caller: &Caller, node: NodeId) -> bool {
        self.person_for(caller, Action::Use, node)
            .is_some_and(|person| {
                let request = Request::person(person, caller.api_key(), Action::Use, node);
                self.decide(&request, self.clock.now()).reason() == Reason::Granted
            })
    }

    /// The person a caller is in the organisation of a node, else in a partner of it.
    #[must_use]
    pub fn person_of(&self, caller: &Caller, node: NodeId) -> Option<PersonId> {
        self.personas(caller, node).first().copied()
    }

    /// Everybody a caller is at a node: in its organisation, then in partners of it.
    #[must_use]
    pub fn personas(&self, caller: &Caller, node: NodeId) -> Vec<PersonId> {
        let directory = self.live.directory();
        let Some(organisation) = directory.node(node).map(|entry| entry.organisation) else {
            return Vec::new();
        };
        let partners = caller
            .persons
            .iter()
            .filter(|(other, _)| directory.is_partner(*other, organisation))
            .map(|(_, person)| *person);
        caller
            .person_in(organisation)
            .into_iter()
            .chain(partners)
            .collect()
    }

    /// As whom a caller asks for an action: the first of those they are at the node who holds it.
    /// What somebody is denied in their own organisation they do not get by way of a partner.
    #[must_use]
    pub fn person_for(&self, caller: &Caller, action: Action, node: NodeId) -> Option<PersonId> {
        let personas = self.personas(caller, node);
        let first = *personas.first()?;
        if personas.len() == 1 {
            return Some(first);
        }
        let now = self.clock.now();
        for person in personas {
            let request = Request::person(person, caller.api_key(), action, node);
            match self.decide(&request, now).reason() {
                Reason::Granted => return Some(person),
                Reason::DeniedByRule | Reason::PersonSuspended => return Some(person),
                Reason::PointUnknown
                | Reason::DoorNotNamed
                | Reason::Evacuation
                | Reason::Lockdown
                | Reason::Delegated
                | Reason::DelegatedRefusal
                | Reason::AuthoritySilent
                | Reason::OpenAccess
                | Reason::NoCredential
                | Reason::CredentialUnknown
                | Reason::TooManyAttempts
                | Reason::Ambiguous
                | Reason::CredentialSuspended
                | Reason::CredentialLost
                | Reason::CredentialExpired
                | Reason::TooWeak
                | Reason::MembershipEnded
                | Reason::NotThisEvse
                | Reason::OutsideSchedule
                | Reason::NotYetValid
                | Reason::GrantExpired
                | Reason::NoGrant
                | Reason::LimitReached
                | Reason::Concurrent
                | Reason::AntiPassback
                | Reason::StopOwn => {}
            }
        }
        Some(first)
    }

    /// Names of people who manage access on a node, at most five.
    async fn who_can_give(&self, node: NodeId) -> Vec<String> {
        let now = self.clock.now();
        let directory = self.live.directory();
        let managers: Vec<PersonId> = authz::candidates(&directory, node)
            .into_iter()
            .filter(|person| {
                let request = Request::person(*person, None, Action::ManageAccess, node);
                self.decide(&request, now).allows()
            })
            .take(5)
            .collect();
        let mut names = Vec::new();
        for person in managers {
            if let Ok(Some(person)) = self.store.get_person(person).await {
                names.push(person.labels.name);
            }
        }
        names
    }
}
