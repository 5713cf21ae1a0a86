//! The inbox: cards that were presented and are nobody's.

use authz::act;
use model::{Action, Change, Credential, PersonId, UnknownCard, UnknownCardId};

use super::credentials::{NewCredential, new_faults};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller};

impl Admin {
    /// The cards that were presented where the caller manages access and are nobody's, the last
    /// presented first.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn unknown_cards(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<UnknownCard>, ApiError> {
        let directory = self.live.directory();
        let seen = |row: &UnknownCard| {
            // Given to somebody by its number meanwhile.
            directory
                .card_numbered(row.organisation, &row.key)
                .is_none()
                && self.pep.holds(caller, Action::ManageAccess, row.node)
        };
        self.list_mine(caller, query, seen, |organisation, page| async move {
            self.store.list_unknown_cards(organisation, &page).await
        })
        .await
    }

    /// Gives a card of the inbox to a person.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where it was presented and where the person is
    /// managed; `Conflict` `credential_taken` when somebody has it by now; `Invalid` for a person
    /// of another organisation.
    pub async fn assign_unknown_card(
        &self,
        write: Write<Credential>,
        id: UnknownCardId,
        person: PersonId,
        name: String,
    ) -> Result<Done, ApiError> {
        let card = self.unknown_card(&write.caller, id).await?;
        let holder = match self.person_row(person).await {
            Ok(holder) if holder.organisation == card.organisation => holder,
            Ok(_) | Err(ApiError::NotFound) => return Err(no_person()),
            Err(error) => return Err(error),
        };
        let permit = match self.may_edit(&write.caller, &holder).await {
            Err(ApiError::NotFound) => return Err(no_person()),
            other => other?,
        };
        let row = NewCredential::card(card.value, name).row(&holder, self.clock.now());
        new_faults(&row).none()?;
        let _order = self.order.read().await;
        // Again: the person may have gone while the order was waited for.
        self.person_row(person).await?;
        self.change(permit, write, holder.organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_credential(&row).await?;
                tx.delete_unknown_card(row.organisation, &row.key).await?;
                tx.record(Change::Credential(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Takes a card out of the inbox; it comes back when it is presented again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where it was presented.
    pub async fn dismiss_unknown_card(
        &self,
        write: Write<()>,
        id: UnknownCardId,
    ) -> Result<Done, ApiError> {
        let card = self.unknown_card(&write.caller, id).await?;
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, card.node)
            .await?;
        let organisation = card.organisation;
        self.change(permit, write, organisation, move |tx| {
            let key = card.key.clone();
            Box::pin(async move {
                if !tx.delete_unknown_card(organisation, &key).await? {
                    return Ok(Err(ApiError::NotFound));
                }
                Ok(Ok(()))
            })
        })
        .await
    }

    async fn unknown_card(
        &self,
        caller: &Caller,
        id: UnknownCardId,
    ) -> Result<UnknownCard, ApiError> {
        let card = self
            .store
            .get_unknown_card(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let _ = self
            .pep
            .permit::<act::ManageAccess>(caller, card.node)
            .await?;
        Ok(card)
    }
}

fn no_person() -> ApiError {
    ApiError::field(
        "person_id",
        "unknown",
        "no such person in the organisation, or not for you",
    )
}
