//! Partnerships: that an organisation lets another one work on its installations. What a partner
//! may is in grants; they are given only while the partnership is confirmed, and end with it.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, Change, Condition, Effect, Grant, NodeKind, Partnership, PartnershipId,
    PartnershipState, PersonId, Promise, Sharing, Side, Subject,
};
use store::{GrantFilter, Page, Tx, image};

use super::fields::Faults;
use super::partners::PartnerView;
use super::promises::{MESSAGE, Terms};
use super::write::{Done, Verdict, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// A partnership that is proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPartnership {
    /// Who is to be the partner: their lookup key.
    pub lookup_key: String,
    /// What they are to have.
    pub terms: Terms,
    /// Why.
    pub message: Option<String>,
}

/// A partnership as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnershipView {
    /// The row.
    pub partnership: Partnership,
    /// What the node of the proposal is; `None` if that is gone.
    pub kind: Option<NodeKind>,
    /// Whose installations they are.
    pub organisation: String,
    /// Who works on them.
    pub partner: PartnerView,
    /// How many people the partner has now: each of them has what the partner has.
    pub members: usize,
}

impl Admin {
    /// Proposes a partner by its lookup key. Nothing is given before it is confirmed.
    ///
    /// # Errors
    /// `NotFound` for a key that nobody has, and for a node the caller is no person of the
    /// organisation of; `Conflict` when there is a partnership already.
    pub async fn propose_partnership(
        &self,
        write: Write<PartnershipView>,
        new: NewPartnership,
    ) -> Result<Done, ApiError> {
        let organisation = self.organisation_of(new.terms.node)?;
        let person = write.caller.person_in(organisation);
        let proposed_by = person.ok_or(ApiError::NotFound)?;
        let found = self
            .partner_with_key(&write.caller, &new.lookup_key)
            .await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        faults.check(
            || found.organisation != organisation,
            "lookup_key",
            "invalid",
            "this is your own organisation",
        );
        if let Some(message) = &new.message {
            faults.text("message", message, MESSAGE);
        }
        let promise = new.terms.promise(now, &mut faults);
        faults.none()?;
        let row = Partnership {
            id: new_id(),
            organisation,
            partner: found.organisation,
            promise,
            message: new.message,
            proposed_by,
            proposed_at: now,
            confirmed: None,
            ended: None,
        };
        let view = self.partnership_view(row.clone()).await?;
        self.change_own(write, organisation, move |tx| {
            let (row, view) = (row.clone(), view.clone());
            Box::pin(async move {
                tx.insert_partnership(&row).await?;
                tx.record(noted(row), None);
                Ok(Ok(view))
            })
        })
        .await
    }

    /// Confirms a proposed partnership: what was proposed is given.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it, `Forbidden` without `manage_access` on the node, or
    /// without one of the actions; `Conflict` when it was confirmed or ended.
    pub async fn confirm_partnership(
        &self,
        write: Write<PartnershipView>,
        id: PartnershipId,
    ) -> Result<Done, ApiError> {
        let row = self.shown_partnership(&write.caller, id).await?;
        let node = row.promise.node;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, node)
            .await?;
        self.may_give(&write.caller, row.promise.actions, node)
            .await?;
        let by = permit.person().ok_or(ApiError::Internal)?;
        let now = self.clock.now();
        if row.state() != PartnershipState::Proposed {
            return Err(not_proposed(row.state()));
        }
        let grant = partner_grant(&row, &row.promise, by, now);
        let after = Partnership {
            confirmed: Some((by, now)),
            ..row.clone()
        };
        let organisation = row.organisation;
        let view = self.partnership_view(after.clone()).await?;
        let _order = self.order.read().await;
        self.change(permit, write, organisation, move |tx| {
            let (row, after) = (row.clone(), after.clone());
            let (grant, view) = (grant.clone(), view.clone());
            Box::pin(async move {
                if !tx.confirm_partnership(id, by, now).await? {
                    return taken(tx, id).await;
                }
                tx.record(noted(after), Some(image(&noted(row))));
                tx.insert_grant(&grant).await?;
                tx.record(Change::Grant(grant), None);
                Ok(Ok(view))
            })
        })
        .await
    }

    /// Ends a partnership and all it was given, from either end.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it; `Forbidden` for who does not manage access to what
    /// was given, or could not give it; `Conflict` when it has ended.
    pub async fn end_partnership(
        &self,
        write: Write<()>,
        id: PartnershipId,
    ) -> Result<Done, ApiError> {
        let row = self.shown_partnership(&write.caller, id).await?;
        if row.state() == PartnershipState::Ended {
            return Err(not_proposed(PartnershipState::Ended));
        }
        // Nobody gives the partner anything meanwhile.
        let _order = self.order.write().await;
        let given = self.given_to_partner(&row).await?;
        let side = self.side_that_ends(&write.caller, &row, &given).await?;
        let now = self.clock.now();
        let organisation = row.organisation;
        self.change_own(write, organisation, move |tx| {
            let (row, given) = (row.clone(), given.clone());
            Box::pin(async move {
                if !tx.end_partnership(id, side, now).await? {
                    return taken(tx, id).await;
                }
                for grant in given {
                    let before = image(&Change::Grant(grant.clone()));
                    if tx.revoke_grant(grant.id, now).await? {
                        let ended = Grant {
                            revoked_at: Some(now),
                            ..grant
                        };
                        tx.record(Change::Grant(ended), Some(before));
                    }
                }
                let after = Partnership {
                    ended: Some((side, now)),
                    ..row.clone()
                };
                tx.record(noted(after), Some(image(&noted(row))));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// As which end the caller may end it. A partner needs no right at the owner's for that.
    async fn side_that_ends(
        &self,
        caller: &Caller,
        row: &Partnership,
        given: &[Grant],
    ) -> Result<Side, ApiError> {
        if self.speaks_for(caller, row.partner) {
            return Ok(Side::Partner);
        }
        let own = caller.person_in(row.organisation);
        if row.state() == PartnershipState::Proposed && own == Some(row.proposed_by) {
            return Ok(Side::Owner);
        }
        for grant in given {
            let node = self.grant_node(grant);
            let _ = self.pep.permit::<act::ManageAccess>(caller, node).await?;
            self.may_give(caller, grant.actions, node).await?;
        }
        if given.is_empty() {
            let node = self.offer_node(row.promise.node, row.organisation);
            let _ = self.pep.permit::<act::ManageAccess>(caller, node).await?;
        }
        Ok(Side::Owner)
    }

    /// Everything a partner was given and denied that has not ended.
    async fn given_to_partner(&self, row: &Partnership) -> Result<Vec<Grant>, ApiError> {
        let filter = GrantFilter {
            partner: Some(row.partner),
            ..GrantFilter::default()
        };
        let mut given = Vec::new();
        let mut page = Page::first(1000);
        loop {
            let list = self
                .store
                .list_grants(row.organisation, &filter, &page)
                .await?;
            given.extend(list.items);
            let Some(next) = list.next else { break };
            page.after = Some(next);
        }
        Ok(given)
    }

    fn shows_partnership(&self, caller: &Caller, row: &Partnership) -> bool {
        let node = self.offer_node(row.promise.node, row.organisation);
        caller.person_in(row.organisation) == Some(row.proposed_by)
            || self.speaks_for(caller, row.partner)
            || self.pep.holds(caller, Action::ManageAccess, node)
    }

    /// The partnerships of which the caller manages one end, and those they proposed.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn partnerships(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<PartnershipView>, ApiError> {
        let seen = |row: &Partnership| self.shows_partnership(caller, row);
        let list = self
            .list_mine(caller, query, seen, |organisation, page| async move {
                let mut list = self.store.list_partnerships(organisation, &page).await?;
                // Between two organisations of the caller: once, with the owner's.
                list.items.retain(|row| {
                    row.organisation == organisation || caller.person_in(row.organisation).is_none()
                });
                Ok(list)
            })
            .await?;
        let mut items = Vec::with_capacity(list.items.len());
        for row in list.items {
            items.push(self.partnership_view(row).await?);
        }
        Ok(Listing {
            items,
            next: list.next,
        })
    }

    /// A partnership.
    ///
    /// # Errors
    /// `NotFound` for who has no part in it.
    pub async fn partnership(
        &self,
        caller: &Caller,
        id: PartnershipId,
    ) -> Result<PartnershipView, ApiError> {
        let row = self.shown_partnership(caller, id).await?;
        self.partnership_view(row).await
    }

    async fn shown_partnership(
        &self,
        caller: &Caller,
        id: PartnershipId,
    ) -> Result<Partnership, ApiError> {
        let row = self.store.get_partnership(id).await?;
        row.filter(|row| self.shows_partnership(caller, row))
            .ok_or(ApiError::NotFound)
    }

    pub(super) async fn partnership_view(
        &self,
        partnership: Partnership,
    ) -> Result<PartnershipView, ApiError> {
        let directory = self.live.directory();
        let members = directory
            .people()
            .filter(|(_, person)| person.organisation == partnership.partner)
            .count();
        Ok(PartnershipView {
            kind: self.kind_of(partnership.promise.node),
            organisation: self.name_of_organisation(partnership.organisation).await?,
            partner: self.partner_view(partnership.partner).await?,
            members,
            partnership,
        })
    }
}

/// What a partner is given.
pub(super) fn partner_grant(
    row: &Partnership,
    promise: &Promise,
    by: PersonId,
    now: Timestamp,
) -> Grant {
    Grant {
        id: new_id(),
        organisation: row.organisation,
        subject: Subject::Partner(row.partner),
        role: promise.role,
        actions: promise.actions,
        node: promise.node,
        effect: Effect::Allow,
        condition: Condition::default(),
        valid_from: promise.valid_from,
        valid_until: promise.valid_until,
        reason: row.message.clone(),
        source: "partnership".to_owned(),
        created_by: Some(by),
        created_at: now,
        revoked_at: None,
    }
}

/// Puts a confirmed partnership in the place of a proposed one, or of none; which it is now.
pub(super) async fn confirm_any(
    tx: &mut Tx,
    row: &Partnership,
    found: Option<Partnership>,
    confirmed: (PersonId, Timestamp),
) -> Result<Partnership, store::StoreError> {
    let Some(before) = found else {
        tx.insert_partnership(row).await?;
        tx.record(noted(row.clone()), None);
        return Ok(row.clone());
    };
    if before.confirmed.is_some() {
        return Ok(before);
    }
    let (by, at) = confirmed;
    tx.confirm_partnership(before.id, by, at).await?;
    let after = Partnership {
        confirmed: Some(confirmed),
        ..before.clone()
    };
    tx.record(noted(after.clone()), Some(image(&noted(before))));
    Ok(after)
}

fn noted(row: Partnership) -> Change {
    Change::Sharing(Box::new(Sharing::Partnership(row)))
}

fn not_proposed(state: PartnershipState) -> ApiError {
    let (code, detail) = match state {
        PartnershipState::Ended => ("partnership_ended", "this partnership has ended"),
        PartnershipState::Confirmed | PartnershipState::Proposed => (
            "partnership_confirmed",
            "this partnership was confirmed already",
        ),
    };
    ApiError::Conflict {
        code,
        detail: detail.to_owned(),
    }
}

/// Why a partnership could not be changed, as it is now.
async fn taken<T>(tx: &mut Tx, id: PartnershipId) -> Verdict<T> {
    let found = tx.get_partnership(id).await?;
    Ok(Err(found.map_or(ApiError::NotFound, |found| {
        not_proposed(found.state())
    })))
}
