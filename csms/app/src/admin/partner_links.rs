//! Links by which a partner asks for rights: an owner opens one and says what is given on what.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, ActionSet, Change, NodeId, OfferState, OrganisationId, PartnerLink, PartnerLinkId,
    Partnership, Role, Sharing,
};
use store::{Tx, image};

use super::fields::Faults;
use super::grants::actions_of;
use super::partners::PartnerView;
use super::partnerships::{PartnershipView, confirm_any, partner_grant};
use super::promises::{MESSAGE, Terms, What, link_end, not_open};
use super::write::{Done, Verdict, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::secret::{NewSecret, hash_partner_token, new_token};
use crate::{ApiError, Caller};

/// A new link.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPartnerLink {
    /// Who asks; `None`: the caller's only organisation.
    pub organisation: Option<OrganisationId>,
    /// A role, or …
    pub role: Option<Role>,
    /// … actions by name.
    pub actions: Option<Vec<Action>>,
    /// For the owner.
    pub message: Option<String>,
    /// Exclusive; `None`: a week.
    pub expires_at: Option<Timestamp>,
}

/// A link as it is shown to the partner.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerLinkView {
    /// The row.
    pub link: PartnerLink,
    /// What can be done with it.
    pub state: OfferState,
}

/// A link that was just made.
#[derive(Clone, Debug)]
pub struct MadePartnerLink {
    /// The link.
    pub view: PartnerLinkView,
    /// Its token, shown once.
    pub token: NewSecret,
}

/// What a partner asks for, as it is shown to an owner.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedView {
    /// Who asks.
    pub partner: PartnerView,
    /// As a role; `None`: actions by name.
    pub role: Option<Role>,
    /// What.
    pub actions: ActionSet,
    /// For the owner.
    pub message: Option<String>,
    /// Until when the link can be used.
    pub expires_at: Timestamp,
}

/// What an owner gives to who asked by a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Consent {
    /// A role, or …
    pub role: Option<Role>,
    /// … actions by name; neither: as it was asked.
    pub actions: Option<Vec<Action>>,
    /// On this node and all below.
    pub node: NodeId,
    /// Inclusive.
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
}

impl Admin {
    /// Makes a link for the caller's organisation.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the organisation.
    pub async fn create_partner_link(
        &self,
        write: Write<MadePartnerLink>,
        new: NewPartnerLink,
    ) -> Result<Done, ApiError> {
        let partner = self.organisation_meant(&write.caller, new.organisation)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, partner)
            .await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        let actions = actions_of(new.role, new.actions.as_deref(), &mut faults);
        if let Some(message) = &new.message {
            faults.text("message", message, MESSAGE);
        }
        let expires_at = link_end(new.expires_at, None, now, &mut faults);
        faults.none()?;
        let token = new_token(self.random.as_ref());
        let row = PartnerLink {
            id: new_id(),
            partner,
            role: new.role,
            actions,
            message: new.message,
            token_hash: hash_partner_token(&self.settings.pepper, token.reveal()),
            created_by: permit.person().ok_or(ApiError::Internal)?,
            created_at: now,
            expires_at,
            used: None,
            revoked_at: None,
        };
        let view = self.link_view(row.clone());
        self.change(permit, write, partner, move |tx| {
            let (row, view, token) = (row.clone(), view.clone(), token.clone());
            Box::pin(async move {
                tx.insert_partner_link(&row).await?;
                tx.record(noted(row), None);
                Ok(Ok(MadePartnerLink { view, token }))
            })
        })
        .await
    }

    fn link_view(&self, link: PartnerLink) -> PartnerLinkView {
        PartnerLinkView {
            state: link.state(self.clock.now()),
            link,
        }
    }

    /// The links of the caller's organisations, whatever became of them.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn partner_links(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<PartnerLinkView>, ApiError> {
        let seen = |row: &PartnerLink| self.speaks_for(caller, row.partner);
        let list = self
            .list_mine(caller, query, seen, |organisation, page| async move {
                self.store.list_partner_links(organisation, &page).await
            })
            .await?;
        Ok(list.map(|row| self.link_view(row)))
    }

    /// Withdraws a link.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access` on the organisation; `Conflict` when it was
    /// used or withdrawn.
    pub async fn revoke_partner_link(
        &self,
        write: Write<()>,
        id: PartnerLinkId,
    ) -> Result<Done, ApiError> {
        let row = self.store.get_partner_link(id).await?;
        let row = row.ok_or(ApiError::NotFound)?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, row.partner)
            .await?;
        let now = self.clock.now();
        let partner = row.partner;
        self.change(permit, write, partner, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                if !tx.revoke_partner_link(id, now).await? {
                    return taken(tx, id, now).await;
                }
                let after = PartnerLink {
                    revoked_at: Some(now),
                    ..row.clone()
                };
                tx.record(noted(after), Some(image(&noted(row))));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// What a partner asks for, to whoever is logged in and has its link.
    ///
    /// # Errors
    /// `NotFound` for a token that is none; `Conflict` when it cannot be used; `TooMany`.
    pub async fn look_at_partner_link(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<AskedView, ApiError> {
        self.limits.lookup(caller)?;
        let row = self.open_link(token).await?;
        Ok(AskedView {
            partner: self.partner_view(row.partner).await?,
            role: row.role,
            actions: row.actions,
            message: row.message,
            expires_at: row.expires_at,
        })
    }

    async fn open_link(&self, token: &str) -> Result<PartnerLink, ApiError> {
        let hash = hash_partner_token(&self.settings.pepper, token);
        let row = self.store.find_partner_link(&hash).await?;
        let row = row.ok_or(ApiError::NotFound)?;
        match row.state(self.clock.now()) {
            OfferState::Open => Ok(row),
            state @ (OfferState::Used | OfferState::Revoked | OfferState::Expired) => {
                Err(not_open(What::Link, state))
            }
        }
    }

    /// Confirms what a partner asks for by a link, or something else, on a node.
    ///
    /// # Errors
    /// `NotFound` for a token that is none; `Forbidden` without `manage_access` on the node, or
    /// without one of the actions; `Conflict` when the link cannot be used.
    pub async fn confirm_partner_link(
        &self,
        write: Write<PartnershipView>,
        token: &str,
        consent: Consent,
    ) -> Result<Done, ApiError> {
        self.limits.lookup(&write.caller)?;
        let node = consent.node;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, node)
            .await?;
        let organisation = self.organisation_of(node)?;
        let link = self.open_link(token).await?;
        let now = self.clock.now();
        let promise = asked(&link, consent, organisation, now)?;
        self.may_give(&write.caller, promise.actions, node).await?;
        let by = permit.person().ok_or(ApiError::Internal)?;
        let row = Partnership {
            id: new_id(),
            organisation,
            partner: link.partner,
            promise,
            message: link.message.clone(),
            proposed_by: link.created_by,
            proposed_at: link.created_at,
            confirmed: Some((by, now)),
            ended: None,
        };
        let grant = partner_grant(&row, &row.promise, by, now);
        let view = self.partnership_view(row.clone()).await?;
        let _order = self.order.read().await;
        self.change(permit, write, organisation, move |tx| {
            let (link, row) = (link.clone(), row.clone());
            let (grant, view) = (grant.clone(), view.clone());
            Box::pin(async move {
                let found = tx.live_partnership(row.organisation, row.partner).await?;
                let id = found.as_ref().map_or(row.id, |found| found.id);
                if !tx.use_partner_link(link.id, now, id).await? {
                    return taken(tx, link.id, now).await;
                }
                let partnership = confirm_any(tx, &row, found, (by, now)).await?;
                let used = PartnerLink {
                    used: Some((now, partnership.id)),
                    ..link.clone()
                };
                tx.record(noted(used), Some(image(&noted(link))));
                tx.insert_grant(&grant).await?;
                tx.record(Change::Grant(grant), None);
                Ok(Ok(PartnershipView {
                    partnership,
                    ..view
                }))
            })
        })
        .await
    }
}

/// What is given: as it was asked, unless said otherwise.
fn asked(
    link: &PartnerLink,
    consent: Consent,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<model::Promise, ApiError> {
    let mut faults = Faults::default();
    faults.check(
        || link.partner != organisation,
        "resource",
        "invalid",
        "this is the partner's own",
    );
    let (role, actions) = match (consent.role, consent.actions) {
        (None, None) => match link.role {
            Some(role) => (Some(role), None),
            None => (None, Some(link.actions.iter().collect())),
        },
        said => said,
    };
    let terms = Terms {
        role,
        actions,
        node: consent.node,
        valid_from: consent.valid_from,
        valid_until: consent.valid_until,
    };
    let promise = terms.promise(now, &mut faults);
    faults.none()?;
    Ok(promise)
}

fn noted(row: PartnerLink) -> Change {
    Change::Sharing(Box::new(Sharing::PartnerLink(row)))
}

/// Why a link could not be taken, as it is now.
async fn taken<T>(tx: &mut Tx, id: PartnerLinkId, now: Timestamp) -> Verdict<T> {
    let found = tx.get_partner_link(id).await?;
    Ok(Err(found.map_or(ApiError::NotFound, |found| {
        not_open(What::Link, found.state(now))
    })))
}
