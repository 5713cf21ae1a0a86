//! Erasing a person: the right to be forgotten.

use model::{Change, Person, PersonId};
use store::{Page, TransactionFilter};

use super::Admin;
use super::write::{Answer, Done, Kept, Write};
use crate::ApiError;
use crate::secret::audit_key;

impl Admin {
    /// Removes a person, if they are still there, and erases what is kept of them: name, contact,
    /// login, cards, grants and keys; what the change log showed of them; and who is meant by
    /// their pseudonyms in the logs. Transactions, events and decisions stay and name nobody.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` when an organisation or installation would
    /// lose its last owner, or while a transaction of theirs is in progress.
    pub async fn erase_person(&self, write: Write<()>, id: PersonId) -> Result<Done, ApiError> {
        let row = self.store.get_person(id).await?.ok_or(ApiError::NotFound)?;
        let permit = self.may_edit(&write.caller, &row).await?;
        let in_progress = TransactionFilter {
            person: Some(id),
            open: Some(true),
            ..TransactionFilter::default()
        };
        let open = self
            .store
            .list_transactions(row.organisation, &in_progress, &Page::first(1))
            .await?;
        if !open.items.is_empty() {
            return Err(transaction_open());
        }
        if row.deleted_at.is_none() {
            // A commit of its own: the log of this change shows the person, and is wiped then. After
            // a stop in between the person is removed, and can be erased by the same request.
            let removal = Write {
                caller: write.caller.clone(),
                once: None,
                answer: Answer {
                    status: 204,
                    show: |()| String::new(),
                    kept: Kept::Nothing,
                },
            };
            self.remove_person(removal, id).await?;
        }
        let _order = self.order.write().await;
        let now = self.clock.now();
        let key = audit_key(&self.settings.pepper);
        self.change(permit, write, row.organisation, move |tx| {
            let key = key.clone();
            Box::pin(async move {
                if tx.has_open_transaction(id).await? {
                    return Ok(Err(transaction_open()));
                }
                let Some(Person { account, .. }) = tx.get_person(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                tx.erase_person(Some(&key), id, account, now).await?;
                if let Some(left) = tx.get_person(id).await? {
                    tx.record_erased(Change::Person(left));
                }
                Ok(Ok(()))
            })
        })
        .await
    }
}

fn transaction_open() -> ApiError {
    ApiError::Conflict {
        code: "transaction_open",
        detail: "a transaction of this person is in progress; stop it first".to_owned(),
    }
}
