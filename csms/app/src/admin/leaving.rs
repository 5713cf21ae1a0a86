//! What goes with a person who is removed.

use model::{Change, Person, PersonId, Subject};
use store::{GrantFilter, Page, image};

use super::Admin;
use super::write::{Done, Write};
use crate::ApiError;

#[derive(Clone, Debug, Default)]
struct Held {
    credentials: Vec<model::Credential>,
    grants: Vec<model::Grant>,
    keys: Vec<model::ApiKey>,
}

impl Admin {
    /// Removes a person with their credentials, grants and keys; their values are free again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` when an organisation or installation would
    /// lose its last owner.
    pub async fn remove_person(&self, write: Write<()>, id: PersonId) -> Result<Done, ApiError> {
        let row = self.person_row(id).await?;
        let permit = self.may_edit(&write.caller, &row).await?;
        let _order = self.order.write().await;
        let now = self.clock.now();
        let organisation = row.organisation;
        self.keeps_owners(&[Change::Person(Person {
            deleted_at: Some(now),
            ..row.clone()
        })])?;
        let held = self.held_by(&row).await?;
        self.change(permit, write, organisation, move |tx| {
            let held = held.clone();
            Box::pin(async move {
                let Some(mut person) = tx.get_person(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                for mut credential in held.credentials {
                    let before = image(&Change::Credential(credential.clone()));
                    credential.deleted_at = Some(now);
                    tx.update_credential(&credential).await?;
                    tx.record(Change::Credential(credential), Some(before));
                }
                for mut grant in held.grants {
                    let before = image(&Change::Grant(grant.clone()));
                    grant.revoked_at = Some(now);
                    tx.revoke_grant(grant.id, now).await?;
                    tx.record(Change::Grant(grant), Some(before));
                }
                for mut key in held.keys {
                    let before = image(&Change::ApiKey(key.clone()));
                    key.revoked_at = Some(now);
                    tx.revoke_api_key(key.id, now).await?;
                    tx.record(Change::ApiKey(key), Some(before));
                }
                if let Some(account) = person.account
                    && tx.people_of_account(account).await?.len() == 1
                {
                    tx.delete_sessions_of(account).await?;
                }
                let before = image(&Change::Person(person.clone()));
                person.deleted_at = Some(now);
                tx.update_person(&person).await?;
                tx.record(Change::Person(person), Some(before));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Everything that is a person's; nobody adds to it while the order is held alone.
    async fn held_by(&self, person: &Person) -> Result<Held, ApiError> {
        let mut held = Held::default();
        let mut page = Page::first(1000);
        loop {
            let list = self.store.list_credentials_of(person.id, &page).await?;
            held.credentials.extend(list.items);
            let Some(next) = list.next else { break };
            page.after = Some(next);
        }
        let filter = GrantFilter {
            person: Some(person.id),
            ..GrantFilter::default()
        };
        let mut page = Page::first(1000);
        loop {
            let list = self
                .store
                .list_grants(person.organisation, &filter, &page)
                .await?;
            let own = list.items.into_iter();
            held.grants
                .extend(own.filter(|grant| grant.subject == Subject::Person(person.id)));
            let Some(next) = list.next else { break };
            page.after = Some(next);
        }
        let mut page = Page::first(1000);
        loop {
            let list = self.store.list_api_keys(person.organisation, &page).await?;
            held.keys
                .extend(list.items.into_iter().filter(|key| key.person == person.id));
            let Some(next) = list.next else { break };
            page.after = Some(next);
        }
        Ok(held)
    }
}
