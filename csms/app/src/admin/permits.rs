//! Permits for actions that are known only at run time.

use authz::{Outcome, Request, act};
use model::{Action, ActionSet, NodeId, Promiser, Reason};

use super::Admin;
use crate::{ApiError, Caller};

/// What may be named by a key only: remote opening, emergencies and station credentials do not
/// come with "everything I may" (S13).
pub(super) const BY_NAME_ONLY: [Action; 3] =
    [Action::RemoteUse, Action::ManageSecurity, Action::Emergency];

impl Admin {
    /// Decides an action named at run time; the decision is logged.
    pub(super) async fn require(
        &self,
        caller: &Caller,
        action: Action,
        node: NodeId,
    ) -> Result<(), ApiError> {
        let pep = &self.pep;
        match action {
            Action::Use => pep.permit::<act::Use>(caller, node).await.map(drop),
            Action::RemoteUse => pep.permit::<act::RemoteUse>(caller, node).await.map(drop),
            Action::StopOwn if self.holds_stop_own(caller, node) => Ok(()),
            Action::StopOwn => pep.permit::<act::StopOwn>(caller, node).await.map(drop),
            Action::StopAny => pep.permit::<act::StopAny>(caller, node).await.map(drop),
            Action::ViewOwn => pep.permit::<act::ViewOwn>(caller, node).await.map(drop),
            Action::ViewAll => pep.permit::<act::ViewAll>(caller, node).await.map(drop),
            Action::ManageAccess => pep
                .permit::<act::ManageAccess>(caller, node)
                .await
                .map(drop),
            Action::ManageSettings => pep
                .permit::<act::ManageSettings>(caller, node)
                .await
                .map(drop),
            Action::ManageSecurity => pep
                .permit::<act::ManageSecurity>(caller, node)
                .await
                .map(drop),
            Action::Service => pep.permit::<act::Service>(caller, node).await.map(drop),
            Action::ServiceTest => pep.permit::<act::ServiceTest>(caller, node).await.map(drop),
            Action::Reports => pep.permit::<act::Reports>(caller, node).await.map(drop),
            Action::Emergency => pep.permit::<act::Emergency>(caller, node).await.map(drop),
        }
    }

    /// What the caller holds on a node, as the engine decides each action.
    pub(super) fn held(&self, caller: &Caller, node: NodeId) -> ActionSet {
        Action::ALL
            .iter()
            .copied()
            .filter(|action| match action {
                Action::StopOwn => self.holds_stop_own(caller, node),
                action => self.pep.holds(caller, *action, node),
            })
            .collect()
    }

    /// Whether `stop_own` was granted. The engine allows it for a transaction of one's own only;
    /// where there is none it refuses, and names the grant that would hold.
    fn holds_stop_own(&self, caller: &Caller, node: NodeId) -> bool {
        let key = caller.api_key();
        let personas = self.pep.personas(caller, node).into_iter();
        personas
            .map(|person| Promiser { person, key })
            .any(|who| self.may_stop_own(who, node))
    }

    fn may_stop_own(&self, who: Promiser, node: NodeId) -> bool {
        let request = Request::person(who.person, who.key, Action::StopOwn, node);
        match self.pep.decide(&request, self.clock.now()) {
            Outcome::Allow(_) => true,
            Outcome::Deny(denial) => denial.reason == Reason::NoGrant && denial.grant.is_some(),
            Outcome::Ask(_) => false,
        }
    }

    /// What somebody who promised something holds on a node now; with a key, at most what the key
    /// may.
    pub(super) fn held_as(&self, who: Promiser, node: NodeId) -> ActionSet {
        let now = self.clock.now();
        Action::ALL
            .iter()
            .copied()
            .filter(|action| match action {
                Action::StopOwn => self.may_stop_own(who, node),
                action => {
                    let request = Request::person(who.person, who.key, *action, node);
                    self.pep.decide(&request, now).allows()
                }
            })
            .collect()
    }

    /// Nobody gives what they do not hold there; each action is looked at.
    ///
    /// `service_test` is in no owner's role, and an owner must be able to appoint a service
    /// partner: who holds `service` may give it.
    pub(super) async fn may_give(
        &self,
        caller: &Caller,
        actions: ActionSet,
        node: NodeId,
    ) -> Result<(), ApiError> {
        let held = self.held(caller, node);
        for needed in needed_to_give(actions, held) {
            if !held.contains(needed) {
                self.require(caller, needed, node).await?;
            }
        }
        Ok(())
    }
}

/// What must be held to give these actions, by who holds those.
fn needed_to_give(actions: ActionSet, held: ActionSet) -> impl Iterator<Item = Action> {
    actions.iter().map(move |action| match action {
        Action::ServiceTest if !held.contains(Action::ServiceTest) => Action::Service,
        action => action,
    })
}

/// Whether who holds these actions may give those.
pub(super) fn could_give(held: ActionSet, actions: ActionSet) -> bool {
    needed_to_give(actions, held).all(|needed| held.contains(needed))
}
