//! Handovers: an owner offers what they own to another person of the organisation, who accepts.
//! The change of owner is one transaction, and nobody is left without one.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, Change, Condition, Effect, Grant, Handover, HandoverId, NodeId, NodeKind, OfferState,
    OrganisationId, PersonId, Promiser, Role, Sharing, Subject,
};
use store::{GrantFilter, Page, Tx, image};

use super::fields::Faults;
use super::organisations::session_required;
use super::permits::could_give;
use super::promises::{MESSAGE, What, link_end, not_open};
use super::write::{Done, Verdict, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// A new handover.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHandover {
    /// The organisation, or an installation.
    pub node: NodeId,
    /// Who is to have it.
    pub to: PersonId,
    /// What the caller keeps; `None`: nothing.
    pub leaves: Option<Role>,
    /// For the one who is to have it.
    pub message: Option<String>,
    /// Exclusive; `None`: a week.
    pub expires_at: Option<Timestamp>,
}

/// A handover as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct HandoverView {
    /// The row.
    pub handover: Handover,
    /// What its node is; `None` if that is gone.
    pub kind: Option<NodeKind>,
    /// What can be done with it.
    pub state: OfferState,
}

impl Admin {
    /// Offers what the caller owns to another person.
    ///
    /// # Errors
    /// `Forbidden` for who does not hold all that an owner does; `Conflict` for an API key, and
    /// for who owns it by something above.
    pub async fn create_handover(
        &self,
        write: Write<HandoverView>,
        new: NewHandover,
    ) -> Result<Done, ApiError> {
        let caller = &write.caller;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(caller, new.node)
            .await?;
        if caller.api_key().is_some() {
            return Err(session_required());
        }
        self.may_give(caller, Role::Owner.actions(), new.node)
            .await?;
        let entry = self.node(new.node)?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        let owned = matches!(entry.kind, NodeKind::Organisation | NodeKind::Installation);
        faults.check(
            || owned,
            "resource",
            "invalid",
            "an organisation or an installation is handed over",
        );
        if let Some(message) = &new.message {
            faults.text("message", message, MESSAGE);
        }
        faults.check(
            || new.leaves != Some(Role::Owner),
            "leaves_role",
            "invalid",
            "who stays an owner hands nothing over; give the other one the role of an owner",
        );
        let expires_at = link_end(new.expires_at, None, now, &mut faults);
        let from = permit.person().ok_or(ApiError::Internal)?;
        faults.check(|| new.to != from, "to", "invalid", "this is you");
        let to = match self.store.get_person(new.to).await? {
            Some(row) if row.organisation == entry.organisation && row.deleted_at.is_none() => {
                Some(row)
            }
            Some(_) | None => None,
        };
        faults.check(|| to.is_some(), "to", "unknown", "no such person here");
        let can_accept = to.as_ref().is_none_or(|row| row.account.is_some());
        faults.check(
            || can_accept,
            "to",
            "invalid",
            "the person has no login and could not accept; invite them first",
        );
        faults.none()?;
        if self
            .owner_grants(entry.organisation, from, new.node)
            .await?
            .is_empty()
        {
            return Err(ApiError::Conflict {
                code: "owned_above",
                detail: "you own this by something above it; hand that over, or give the other \
                         person the role of an owner"
                    .to_owned(),
            });
        }
        let row = Handover {
            id: new_id(),
            organisation: entry.organisation,
            node: new.node,
            from,
            to: new.to,
            leaves: new.leaves,
            message: new.message,
            created_at: now,
            expires_at,
            accepted_at: None,
            ended_at: None,
        };
        let view = self.handover_view(row.clone());
        self.change(permit, write, entry.organisation, move |tx| {
            let (row, view) = (row.clone(), view.clone());
            Box::pin(async move {
                tx.insert_handover(&row).await?;
                tx.record(noted(row), None);
                Ok(Ok(view))
            })
        })
        .await
    }

    /// What makes somebody manage access to exactly this node, with all else they were given there.
    async fn owner_grants(
        &self,
        organisation: OrganisationId,
        person: PersonId,
        node: NodeId,
    ) -> Result<Vec<Grant>, ApiError> {
        let filter = GrantFilter {
            person: Some(person),
            node: Some(node),
            ..GrantFilter::default()
        };
        let mut given = Vec::new();
        let mut page = Page::first(1000);
        loop {
            let list = self.store.list_grants(organisation, &filter, &page).await?;
            given.extend(
                list.items
                    .into_iter()
                    .filter(|grant| grant.effect == Effect::Allow),
            );
            let Some(next) = list.next else { break };
            page.after = Some(next);
        }
        let manages = given
            .iter()
            .any(|grant| grant.actions.contains(Action::ManageAccess));
        Ok(if manages { given } else { Vec::new() })
    }

    fn handover_view(&self, handover: Handover) -> HandoverView {
        HandoverView {
            kind: self.kind_of(handover.node),
            state: handover.state(self.clock.now()),
            handover,
        }
    }

    fn shows_handover(&self, caller: &Caller, row: &Handover) -> bool {
        let own = caller.person_in(row.organisation);
        own == Some(row.from)
            || own == Some(row.to)
            || self.pep.holds(
                caller,
                Action::ManageAccess,
                self.offer_node(row.node, row.organisation),
            )
    }

    /// The handovers from and to the caller, and those where they manage access.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn handovers(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<HandoverView>, ApiError> {
        let seen = |row: &Handover| self.shows_handover(caller, row);
        let list = self
            .list_mine(caller, query, seen, |organisation, page| async move {
                self.store.list_handovers(organisation, &page).await
            })
            .await?;
        Ok(list.map(|row| self.handover_view(row)))
    }

    /// A handover.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it.
    pub async fn handover(
        &self,
        caller: &Caller,
        id: HandoverId,
    ) -> Result<HandoverView, ApiError> {
        let row = self.shown_handover(caller, id).await?;
        Ok(self.handover_view(row))
    }

    async fn shown_handover(&self, caller: &Caller, id: HandoverId) -> Result<Handover, ApiError> {
        let row = self.store.get_handover(id).await?;
        row.filter(|row| self.shows_handover(caller, row))
            .ok_or(ApiError::NotFound)
    }

    /// Accepts a handover: the caller becomes the owner, and the one before keeps what was said.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it, `Forbidden` for anybody but the one it is offered to;
    /// `Conflict` for an API key, when it cannot be accepted, when who offered it is no owner any
    /// more, and when nobody would be left as an owner.
    pub async fn accept_handover(
        &self,
        write: Write<HandoverView>,
        id: HandoverId,
    ) -> Result<Done, ApiError> {
        let row = self.shown_handover(&write.caller, id).await?;
        if write.caller.api_key().is_some() {
            return Err(session_required());
        }
        if write.caller.person_in(row.organisation) != Some(row.to) {
            return Err(ApiError::Conflict {
                code: "handover_for_another",
                detail: "it is offered to somebody else".to_owned(),
            });
        }
        let now = self.clock.now();
        match row.state(now) {
            OfferState::Open => {}
            state @ (OfferState::Used | OfferState::Revoked | OfferState::Expired) => {
                return Err(not_open(What::Handover, state));
            }
        }
        let _order = self.order.write().await;
        let from = Promiser {
            person: row.from,
            key: None,
        };
        let before = self
            .owner_grants(row.organisation, row.from, row.node)
            .await?;
        let permit = self
            .pep
            .permit_of::<act::ManageAccess>(from, row.node)
            .await?;
        let owns = could_give(self.held_as(from, row.node), Role::Owner.actions());
        let (Some(permit), true, false) = (permit, owns, before.is_empty()) else {
            return Err(void());
        };
        let changes = change_of_owner(&row, &before, now);
        self.keeps_owners(&changes)?;
        if !self.would_own(&changes, row.to, row.node) {
            return Err(void());
        }
        let after = Handover {
            accepted_at: Some(now),
            ..row.clone()
        };
        let view = self.handover_view(after.clone());
        let organisation = row.organisation;
        self.change(permit, write, organisation, move |tx| {
            let (row, after, view) = (row.clone(), after.clone(), view.clone());
            let (before, changes) = (before.clone(), changes.clone());
            Box::pin(async move {
                if !tx.accept_handover(row.id, now).await? {
                    return taken(tx, row.id, now).await;
                }
                for change in changes {
                    let Change::Grant(grant) = &change else {
                        continue;
                    };
                    match before.iter().find(|old| old.id == grant.id) {
                        Some(old) => {
                            let image = image(&Change::Grant(old.clone()));
                            if tx.revoke_grant(grant.id, now).await? {
                                tx.record(change, Some(image));
                            }
                        }
                        None => {
                            tx.insert_grant(grant).await?;
                            tx.record(change, None);
                        }
                    }
                }
                tx.record(noted(after), Some(image(&noted(row))));
                Ok(Ok(view))
            })
        })
        .await
    }

    /// Ends a handover without effect: by who offered it, by who is to have it, or by who manages
    /// access there.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it; `Conflict` when it was accepted or ended.
    pub async fn end_handover(&self, write: Write<()>, id: HandoverId) -> Result<Done, ApiError> {
        let row = self.shown_handover(&write.caller, id).await?;
        let own = write.caller.person_in(row.organisation);
        if own != Some(row.from) && own != Some(row.to) {
            let node = self.offer_node(row.node, row.organisation);
            self.may_give(&write.caller, Role::Owner.actions(), node)
                .await?;
        }
        let now = self.clock.now();
        let organisation = row.organisation;
        self.change_own(write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                if !tx.end_handover(id, now).await? {
                    return taken(tx, id, now).await;
                }
                let after = Handover {
                    ended_at: Some(now),
                    ..row.clone()
                };
                tx.record(noted(after), Some(image(&noted(row))));
                Ok(Ok(()))
            })
        })
        .await
    }
}

/// What the change of owner comes to: the new one first, so that there is one at every moment.
fn change_of_owner(row: &Handover, before: &[Grant], now: Timestamp) -> Vec<Change> {
    let given = |person: PersonId, role: Role| Grant {
        id: new_id(),
        organisation: row.organisation,
        subject: Subject::Person(person),
        role: Some(role),
        actions: role.actions(),
        node: row.node,
        effect: Effect::Allow,
        condition: Condition::default(),
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "handover".to_owned(),
        created_by: Some(row.from),
        created_at: now,
        revoked_at: None,
    };
    let ended = before.iter().map(|grant| Grant {
        revoked_at: Some(now),
        ..grant.clone()
    });
    std::iter::once(given(row.to, Role::Owner))
        .chain(ended)
        .chain(row.leaves.map(|role| given(row.from, role)))
        .map(Change::Grant)
        .collect()
}

fn noted(row: Handover) -> Change {
    Change::Sharing(Box::new(Sharing::Handover(row)))
}

fn void() -> ApiError {
    ApiError::Conflict {
        code: "handover_void",
        detail: "who offered it owns it no more, or who is to have it may not own it".to_owned(),
    }
}

/// Why a handover could not be taken, as it is now.
async fn taken<T>(tx: &mut Tx, id: HandoverId, now: Timestamp) -> Verdict<T> {
    let found = tx.get_handover(id).await?;
    Ok(Err(found.map_or(ApiError::NotFound, |found| {
        not_open(What::Handover, found.state(now))
    })))
}
