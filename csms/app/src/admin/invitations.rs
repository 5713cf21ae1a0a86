//! Invitations: a right offered to an e-mail address by a link that works once.
//!
//! Whoever may give a right may offer it; what they do not hold any more when it is accepted, is
//! not given. The token of the link is in one answer and is kept as a hash only.

use authz::{Permit, act};
use jiff::Timestamp;
use model::{
    Action, Change, Invitation, InvitationId, NodeKind, OfferState, OrganisationId, PersonId,
    Promiser, Sharing,
};
use store::{Tx, image};

use super::fields::Faults;
use super::promises::{MESSAGE, Terms, What, link_end, not_open};
use super::write::{Done, Verdict, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::secret::{NewSecret, hash_invitation_token, new_token};
use crate::{ApiError, Caller};

/// A new invitation.
#[derive(Clone, PartialEq)]
pub struct NewInvitation {
    /// To whom.
    pub email: String,
    /// The person it is meant for; `None`: the only one with this address and without a login, or
    /// a new one.
    pub person: Option<PersonId>,
    /// What.
    pub terms: Terms,
    /// For the one who is invited.
    pub message: Option<String>,
    /// Exclusive; `None`: a week.
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewInvitation(…)")
    }
}

/// An invitation as it is shown to who manages access.
#[derive(Clone, Debug, PartialEq)]
pub struct InvitationView {
    /// The row.
    pub invitation: Invitation,
    /// What its node is; `None` if that is gone.
    pub kind: Option<NodeKind>,
    /// What can be done with it.
    pub state: OfferState,
}

/// An invitation with a link that was just made.
#[derive(Clone, Debug)]
pub struct InvitationLink {
    /// The invitation.
    pub view: InvitationView,
    /// The token of the link, shown once.
    pub token: NewSecret,
}

impl Admin {
    /// Invites somebody.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` on the node, or without one of the actions offered, or
    /// for a person who holds more than the caller; `Conflict` for a person who has a login.
    pub async fn create_invitation(
        &self,
        write: Write<InvitationLink>,
        new: NewInvitation,
    ) -> Result<Done, ApiError> {
        let node = new.terms.node;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, node)
            .await?;
        let organisation = self.organisation_of(node)?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        let email = new.email.trim().to_lowercase();
        faults.email("email", &email);
        if let Some(message) = &new.message {
            faults.text("message", message, MESSAGE);
        }
        let promise = new.terms.promise(now, &mut faults);
        let expires_at = link_end(new.expires_at, promise.valid_until, now, &mut faults);
        faults.none()?;
        self.may_give(&write.caller, promise.actions, node).await?;
        let person = match new.person {
            Some(id) => Some(
                self.invited(&write.caller, id, &email, organisation)
                    .await?,
            ),
            None => self.meant(&write.caller, &email, organisation).await?,
        };
        let by = promiser(&permit, &write.caller)?;
        let token = new_token(self.random.as_ref());
        let row = Invitation {
            id: new_id(),
            organisation,
            email,
            person,
            promise,
            message: new.message,
            token_hash: hash_invitation_token(&self.settings.pepper, token.reveal()),
            by,
            created_at: now,
            expires_at,
            accepted: None,
            revoked_at: None,
        };
        let view = self.invitation_view(row.clone());
        self.change(permit, write, organisation, move |tx| {
            let (row, view, token) = (row.clone(), view.clone(), token.clone());
            Box::pin(async move {
                tx.insert_invitation(&row).await?;
                tx.record(noted(row), None);
                Ok(Ok(InvitationLink { view, token }))
            })
        })
        .await
    }

    /// A person named as the one who is invited: of the organisation, without a login, with this
    /// address or none, and holding nothing the caller could not give.
    async fn invited(
        &self,
        caller: &Caller,
        id: PersonId,
        email: &str,
        organisation: OrganisationId,
    ) -> Result<PersonId, ApiError> {
        let unknown = || ApiError::field("person_id", "unknown", "no such person here");
        let row = match self.person_row(id).await {
            Ok(row) if row.organisation == organisation => row,
            Ok(_) | Err(ApiError::NotFound) => return Err(unknown()),
            Err(error) => return Err(error),
        };
        let _ = self.may_edit(caller, &row).await?;
        if row.account.is_some() {
            return Err(ApiError::Conflict {
                code: "login_exists",
                detail: "the person has a login; give them a grant, they need no invitation"
                    .to_owned(),
            });
        }
        match row.email.as_deref().map(str::to_lowercase) {
            Some(known) if known != email => Err(ApiError::field(
                "email",
                "invalid",
                "not the e-mail address of this person",
            )),
            Some(_) | None => Ok(id),
        }
    }

    /// The only person with this address and without a login, if the caller may edit them.
    async fn meant(
        &self,
        caller: &Caller,
        email: &str,
        organisation: OrganisationId,
    ) -> Result<Option<PersonId>, ApiError> {
        let people = self.store.people_with_email(organisation, email).await?;
        let mut waiting = people.iter().filter(|person| person.account.is_none());
        let (Some(only), None) = (waiting.next(), waiting.next()) else {
            return Ok(None);
        };
        match self.may_edit(caller, only).await {
            Ok(_) => Ok(Some(only.id)),
            Err(ApiError::Forbidden { .. } | ApiError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn invitation_view(&self, invitation: Invitation) -> InvitationView {
        InvitationView {
            kind: self.kind_of(invitation.promise.node),
            state: invitation.state(self.clock.now()),
            invitation,
        }
    }

    /// The invitations to nodes whose access the caller manages.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn invitations(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<InvitationView>, ApiError> {
        let seen = |row: &Invitation| {
            let node = self.offer_node(row.promise.node, row.organisation);
            self.pep.holds(caller, Action::ManageAccess, node)
        };
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store.list_invitations(organisation, &page).await
            })
            .await?;
        Ok(list.map(|row| self.invitation_view(row)))
    }

    /// An invitation.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access` on its node.
    pub async fn invitation(
        &self,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<InvitationView, ApiError> {
        let row = self.store.get_invitation(id).await?;
        let row = row.ok_or(ApiError::NotFound)?;
        let node = self.offer_node(row.promise.node, row.organisation);
        let _ = self.pep.permit::<act::ManageAccess>(caller, node).await?;
        Ok(self.invitation_view(row))
    }

    /// An invitation, and the permit of who may give what it offers.
    async fn own_invitation(
        &self,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<(Invitation, Permit<act::ManageAccess>), ApiError> {
        let row = self.store.get_invitation(id).await?;
        let row = row.ok_or(ApiError::NotFound)?;
        let node = self.offer_node(row.promise.node, row.organisation);
        let permit = self.pep.permit(caller, node).await?;
        self.may_give(caller, row.promise.actions, node).await?;
        Ok((row, permit))
    }

    /// Makes a new link in place of the one before, which works no more. Whoever does it is the
    /// one who invites from then on.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`, or without one of the actions offered; `Conflict` when
    /// it was accepted or withdrawn.
    pub async fn renew_invitation(
        &self,
        write: Write<InvitationLink>,
        id: InvitationId,
        expires_at: Option<Timestamp>,
    ) -> Result<Done, ApiError> {
        let (row, permit) = self.own_invitation(&write.caller, id).await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        let expires_at = link_end(expires_at, row.promise.valid_until, now, &mut faults);
        faults.none()?;
        let token = new_token(self.random.as_ref());
        let renewed = Invitation {
            token_hash: hash_invitation_token(&self.settings.pepper, token.reveal()),
            by: promiser(&permit, &write.caller)?,
            expires_at,
            ..row.clone()
        };
        match renewed.state(now) {
            OfferState::Open => {}
            state @ (OfferState::Used | OfferState::Revoked | OfferState::Expired) => {
                return Err(not_open(What::Invitation, state));
            }
        }
        let organisation = row.organisation;
        let view = self.invitation_view(renewed.clone());
        self.change(permit, write, organisation, move |tx| {
            let (row, renewed) = (row.clone(), renewed.clone());
            let (view, token) = (view.clone(), token.clone());
            Box::pin(async move {
                if !tx.renew_invitation(&renewed).await? {
                    return taken(tx, &renewed, now).await;
                }
                tx.record(noted(renewed), Some(image(&noted(row))));
                Ok(Ok(InvitationLink { view, token }))
            })
        })
        .await
    }

    /// Withdraws an invitation.
    ///
    /// # Errors
    /// `Forbidden` as for a new link; `Conflict` when it was accepted or withdrawn.
    pub async fn revoke_invitation(
        &self,
        write: Write<()>,
        id: InvitationId,
    ) -> Result<Done, ApiError> {
        let (row, permit) = self.own_invitation(&write.caller, id).await?;
        let now = self.clock.now();
        let organisation = row.organisation;
        self.change(permit, write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                if !tx.revoke_invitation(id, now).await? {
                    return taken(tx, &row, now).await;
                }
                let revoked = Invitation {
                    revoked_at: Some(now),
                    ..row.clone()
                };
                tx.record(noted(revoked), Some(image(&noted(row))));
                Ok(Ok(()))
            })
        })
        .await
    }
}

/// Who promises: the person behind a permit, and the key they use.
pub(super) fn promiser(
    permit: &Permit<act::ManageAccess>,
    caller: &Caller,
) -> Result<Promiser, ApiError> {
    Ok(Promiser {
        person: permit.person().ok_or(ApiError::Internal)?,
        key: caller.api_key(),
    })
}

pub(super) fn noted(row: Invitation) -> Change {
    Change::Sharing(Box::new(Sharing::Invitation(row)))
}

/// Why an invitation could not be taken, as it is now.
pub(super) async fn taken<T>(tx: &mut Tx, row: &Invitation, now: Timestamp) -> Verdict<T> {
    let found = tx.get_invitation(row.id).await?;
    Ok(Err(found.map_or(ApiError::NotFound, |found| {
        not_open(What::Invitation, found.state(now))
    })))
}
