//! Smart tags hand their people an app credential, and take it away with the membership.
//!
//! A person who has one of their own keeps it. Nothing waits for it: the people of a tag have its
//! rights at once, and the app credential, with which they start from elsewhere, soon after.

use std::collections::HashSet;
use std::sync::Arc;

use authz::Directory;
use model::{Actor, Change, Committed, Credential, Member, OrganisationId, PersonId};
use store::{StoreError, image};
use tokio::sync::broadcast::error::RecvError;

use crate::App;
use crate::admin::app_credential;

/// What a credential that was handed out says of itself.
const HANDED_OUT: &str = "smart_tag";

impl App {
    /// Follows memberships for as long as the process lives.
    pub(crate) fn follow_smart_tags(self: &Arc<Self>) {
        let mut changes = self.live.changes();
        let app = Arc::downgrade(self);
        let stop = self.stopping();
        self.tasks.spawn(async move {
            // What was changed before the last stop and not followed.
            let mut people = match app.upgrade() {
                Some(app) => everybody(&app.live.directory(), None),
                None => return,
            };
            loop {
                let Some(this) = app.upgrade() else { return };
                for person in people.drain() {
                    if let Err(error) = this.hand_out(person).await {
                        tracing::error!(%error, user.id = %person, "an app credential is not as the tags say");
                    }
                }
                drop(this);
                let batch = tokio::select! {
                    () = stop.cancelled() => return,
                    batch = changes.recv() => batch,
                };
                let Some(this) = app.upgrade() else { return };
                let directory = this.live.directory();
                people = match batch {
                    Ok(batch) => concerned(&batch, &directory),
                    Err(RecvError::Lagged(_)) => everybody(&directory, None),
                    Err(RecvError::Closed) => return,
                };
            }
        });
    }

    /// Gives a person an app credential, or takes it away, as their tags say.
    async fn hand_out(&self, person: PersonId) -> Result<(), StoreError> {
        let is_smart = {
            let directory = self.live.directory();
            let Some(entry) = directory.person(person) else {
                return Ok(());
            };
            let smart = |tag| directory.tag(tag).is_some_and(|tag| tag.smart);
            entry.tags().iter().any(|tag| smart(*tag))
        };
        let held = self.store.find_app_credential(person).await?;
        match held {
            None if is_smart => {
                let Some(row) = self.store.get_person(person).await? else {
                    return Ok(());
                };
                let mut credential = app_credential(&row, self.random.as_ref());
                credential.labels.external_id = Some(HANDED_OUT.to_owned());
                credential.created_at = self.clock.now();
                self.put_handed(credential, None).await
            }
            Some(credential) if !is_smart && is_handed_out(&credential) => {
                let gone = Credential {
                    deleted_at: Some(self.clock.now()),
                    ..credential.clone()
                };
                self.put_handed(gone, Some(credential)).await
            }
            None | Some(_) => Ok(()),
        }
    }

    async fn put_handed(
        &self,
        row: Credential,
        before: Option<Credential>,
    ) -> Result<(), StoreError> {
        let actor = Actor {
            person: None,
            api_key: None,
            request: None,
            at: self.clock.now(),
            reason: Some("smart tag".to_owned()),
        };
        self.store
            .change(actor, move |tx| {
                let (row, before) = (row.clone(), before.clone());
                Box::pin(async move {
                    if before.is_some() {
                        tx.update_credential(&row).await?;
                    } else {
                        tx.insert_credential(&row).await?;
                    }
                    let before = before.map(|before| image(&Change::Credential(before)));
                    tx.record(Change::Credential(row), before);
                    Ok(())
                })
            })
            .await
            .map(|_| ())
    }
}

fn is_handed_out(credential: &Credential) -> bool {
    credential.labels.external_id.as_deref() == Some(HANDED_OUT)
}

fn everybody(directory: &Directory, of: Option<OrganisationId>) -> HashSet<PersonId> {
    directory
        .people()
        .filter(|(_, entry)| of.is_none_or(|of| entry.organisation == of))
        .map(|(person, _)| person)
        .collect()
}

/// Whose tags may have changed.
fn concerned(batch: &[Committed], directory: &Directory) -> HashSet<PersonId> {
    let mut people = HashSet::new();
    for committed in batch {
        match &committed.change {
            Change::Membership(row) => match row.member {
                Member::Person(person) => {
                    people.insert(person);
                }
                Member::Tag(tag) => people.extend(directory.people_in(tag)),
                Member::Point(_) => {}
            },
            // Who stood in one that is gone is not known any longer.
            Change::Tag(row) if row.deleted_at.is_some() => {
                people.extend(everybody(directory, Some(row.organisation)));
            }
            Change::Tag(row) => people.extend(directory.people_in(row.id)),
            Change::Organisation(_)
            | Change::Installation(_)
            | Change::Area(_)
            | Change::Charger(_)
            | Change::Lock(_)
            | Change::Station(_)
            | Change::Door(_)
            | Change::Person(_)
            | Change::Credential(_)
            | Change::Grant(_)
            | Change::ApiKey(_)
            | Change::Schedule(_)
            | Change::Calendar(_)
            | Change::Emergency(_)
            | Change::Sharing(_)
            | Change::Webhook(_) => {}
        }
    }
    people
}
