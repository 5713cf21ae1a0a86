//! Enrolment of cards by presenting them at a charger or a door.

use authz::act;
use jiff::SignedDuration;
use model::{
    Action, Change, Credential, CredentialId, Enrolment, EnrolmentId, EnrolmentState, NodeId,
    NodeKind, Person, PersonId,
};

use super::credentials::{NewCredential, new_faults};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// How long a window waits for a card.
const OPEN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// For whom a card is to be presented, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEnrolment {
    /// For whom.
    pub person: PersonId,
    /// The charger or door.
    pub node: NodeId,
    /// What the caller takes it for.
    pub kind: NodeKind,
}

impl Admin {
    /// Opens a window: the next card presented at the point is proposed for the person.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is managed and at the point;
    /// `Conflict` `enrolment_open` while another window is open there; `Invalid` for a person or
    /// point that cannot be.
    pub async fn open_enrolment(
        &self,
        write: Write<Enrolment>,
        new: NewEnrolment,
    ) -> Result<Done, ApiError> {
        let holder = self.person_row(new.person).await?;
        let permit = self.may_edit(&write.caller, &holder).await?;
        // Whoever could open a window anywhere would collect the cards of strangers.
        let _ = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, new.node)
            .await?;
        let entry = self.node(new.node)?;
        if entry.kind != new.kind || entry.organisation != holder.organisation {
            return Err(ApiError::field(
                "at",
                "unknown",
                "no such charger or door in the person's organisation",
            ));
        }
        let now = self.clock.now();
        let row = Enrolment {
            id: new_id(),
            organisation: holder.organisation,
            person: holder.id,
            node: new.node,
            opened_by: permit.person(),
            opened_at: now,
            until: now.checked_add(OPEN_FOR).unwrap_or(now),
            state: EnrolmentState::Open,
            value: None,
            presented_at: None,
            problem: None,
            credential: None,
        };
        let opened = row.clone();
        let done = self
            .change(permit, write, holder.organisation, move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.end_enrolments(now).await?;
                    tx.insert_enrolment(&row).await?;
                    Ok(Ok(row))
                })
            })
            .await?;
        self.windows.open(&opened);
        Ok(done)
    }

    /// An enrolment, for the person and for who manages their access.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access`.
    pub async fn enrolment(&self, caller: &Caller, id: EnrolmentId) -> Result<Enrolment, ApiError> {
        let row = self
            .store
            .get_enrolment(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let holder = self.person_row(row.person).await?;
        self.may_read(caller, &holder).await?;
        Ok(row)
    }

    /// The enrolments of the caller and of the people whose access they manage.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn enrolments(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<Enrolment>, ApiError> {
        let directory = self.live.directory();
        let seen = |row: &Enrolment| {
            let Some(person) = directory.person(row.person) else {
                return false;
            };
            caller.person_in(row.organisation) == Some(row.person)
                || self
                    .pep
                    .holds(caller, Action::ManageAccess, person.managed_at)
        };
        self.list_mine(caller, query, seen, |organisation, page| async move {
            self.store.list_enrolments(organisation, &page).await
        })
        .await
    }

    /// Makes the card that was presented the person's.
    ///
    /// # Errors
    /// `Forbidden` for anybody but the person and who manages their access; `Conflict`
    /// `enrolment_waiting` before a card was presented, `enrolment_ended`, `credential_taken`.
    pub async fn confirm_enrolment(
        &self,
        write: Write<Credential>,
        id: EnrolmentId,
        name: String,
    ) -> Result<Done, ApiError> {
        let row = self.enrolment(&write.caller, id).await?;
        let holder = self.person_row(row.person).await?;
        let now = self.clock.now();
        let credential: CredentialId = new_id();
        let organisation = holder.organisation;
        // The person cannot open a window, and may say that the card presented in it is theirs.
        let own = write.caller.person_in(organisation) == Some(holder.id);
        match self.may_edit(&write.caller, &holder).await {
            Ok(_) => {}
            Err(_) if own => {}
            Err(refused) => return Err(refused),
        }
        let _order = self.order.read().await;
        // Again: the person may have gone while the order was waited for.
        let holder = self.person_row(holder.id).await?;
        self.change_own(write, organisation, move |tx| {
            let (holder, name) = (holder.clone(), name.clone());
            Box::pin(async move {
                let Some(mut row) = tx.get_enrolment(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let value = match (row.state_at(now), row.value.take()) {
                    (EnrolmentState::Presented, Some(value)) => value,
                    (state, _) => return Ok(Err(cannot_confirm(state))),
                };
                let card = match card_of(&holder, value, name, now, credential, row.node) {
                    Ok(card) => card,
                    Err(fault) => return Ok(Err(fault)),
                };
                tx.insert_credential(&card).await?;
                tx.delete_unknown_card(card.organisation, &card.key).await?;
                row.state = EnrolmentState::Confirmed;
                row.credential = Some(card.id);
                tx.update_enrolment(&row).await?;
                tx.record(Change::Credential(card.clone()), None);
                Ok(Ok(card))
            })
        })
        .await
    }

    /// Calls an enrolment off; a card that was presented is forgotten.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` `enrolment_ended`.
    pub async fn end_enrolment(&self, write: Write<()>, id: EnrolmentId) -> Result<Done, ApiError> {
        let row = self.enrolment(&write.caller, id).await?;
        let holder = self.person_row(row.person).await?;
        let permit = self.may_edit(&write.caller, &holder).await?;
        let now = self.clock.now();
        let done = self
            .change(permit, write, row.organisation, move |tx| {
                Box::pin(async move {
                    let Some(mut row) = tx.get_enrolment(id).await? else {
                        return Ok(Err(ApiError::NotFound));
                    };
                    match row.state_at(now) {
                        EnrolmentState::Open | EnrolmentState::Presented => {}
                        state @ (EnrolmentState::Confirmed | EnrolmentState::Ended) => {
                            return Ok(Err(cannot_confirm(state)));
                        }
                    }
                    row.state = EnrolmentState::Ended;
                    row.value = None;
                    tx.update_enrolment(&row).await?;
                    Ok(Ok(()))
                })
            })
            .await?;
        self.windows.close(row.node, row.id);
        Ok(done)
    }
}

fn card_of(
    holder: &Person,
    value: String,
    name: String,
    now: jiff::Timestamp,
    id: CredentialId,
    node: NodeId,
) -> Result<Credential, ApiError> {
    let mut card = NewCredential::card(value, name).row(holder, now);
    card.id = id;
    // Where it was read, should its reader turn out to show numbers in a way of its own.
    card.labels
        .metadata
        .insert("enrolled_at".to_owned(), node.to_string().into());
    new_faults(&card).none()?;
    Ok(card)
}

fn cannot_confirm(state: EnrolmentState) -> ApiError {
    let (code, detail) = match state {
        EnrolmentState::Open => ("enrolment_waiting", "no card was presented yet"),
        EnrolmentState::Confirmed => ("enrolment_confirmed", "the card is the person's already"),
        EnrolmentState::Presented | EnrolmentState::Ended => (
            "enrolment_ended",
            "the time of this enrolment is over; open a new one",
        ),
    };
    ApiError::Conflict {
        code,
        detail: detail.to_owned(),
    }
}
