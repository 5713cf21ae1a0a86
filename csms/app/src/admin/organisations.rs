//! Organisations: the tenants.

use authz::act;
use model::{Account, AccountId, Change, Labels, Organisation, OrganisationId};
use store::{List, image};

use super::fields::{Faults, LabelsPatch};
use super::owner::{Founding, found};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller, Proof};

/// A new organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOrganisation {
    /// Name, external id, metadata.
    pub labels: Labels,
}

/// What is to become of an organisation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrganisationPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
}

impl Admin {
    /// Makes an organisation; whoever is logged in becomes its owner.
    ///
    /// # Errors
    /// `Conflict` for an API key: it belongs to one organisation and cannot own another.
    pub async fn create_organisation(
        &self,
        write: Write<Organisation>,
        new: NewOrganisation,
    ) -> Result<Done, ApiError> {
        let account = self.account_of(&write.caller).await?;
        let mut faults = Faults::default();
        faults.labels(&new.labels);
        faults.none()?;
        let now = self.clock.now();
        let organisation = Organisation {
            id: new_id(),
            labels: new.labels,
            created_at: now,
            deleted_at: None,
        };
        let founding = Founding::new(
            &organisation,
            &account,
            "organisation created",
            now,
            self.random.as_ref(),
        );
        let id = organisation.id;
        self.change_own(write, id, move |tx| {
            let (organisation, founding) = (organisation.clone(), founding.clone());
            Box::pin(async move {
                tx.insert_organisation(&organisation).await?;
                tx.record(Change::Organisation(organisation.clone()), None);
                found(tx, &founding).await?;
                Ok(Ok(organisation))
            })
        })
        .await
    }

    pub(super) async fn account_of(&self, caller: &Caller) -> Result<Account, ApiError> {
        let account: AccountId = match caller.proof {
            Proof::Session { account, .. } => account,
            Proof::ApiKey(_) => return Err(session_required()),
        };
        self.store
            .get_account(account)
            .await?
            .ok_or(ApiError::Unauthenticated)
    }

    /// An organisation.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn organisation(
        &self,
        caller: &Caller,
        id: OrganisationId,
    ) -> Result<Organisation, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        live(self.store.get_organisation(id).await?)
    }

    /// The organisations the caller belongs to and sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn organisations(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<Organisation>, ApiError> {
        let seen = |row: &Organisation| self.pep.sees(caller, row.id);
        self.list_reached(caller, query, seen, |id, page| async move {
            let row = self.store.get_organisation(id).await?;
            let row = row.filter(|row| row.deleted_at.is_none() && page.after.is_none());
            Ok(List {
                items: row.into_iter().collect(),
                next: None,
            })
        })
        .await
    }

    /// Changes an organisation.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_organisation(
        &self,
        write: Write<Organisation>,
        id: OrganisationId,
        patch: OrganisationPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let mut sample = Labels::default();
        patch.labels.clone().apply(&mut sample);
        let mut faults = Faults::default();
        faults.labels(&sample);
        faults.none()?;
        self.change(permit, write, id, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_organisation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Organisation(row.clone());
                patch.labels.apply(&mut row.labels);
                tx.update_organisation(&row).await?;
                tx.record(Change::Organisation(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// The organisation meant: the one named, or the caller's only one.
    pub(super) fn organisation_meant(
        &self,
        caller: &Caller,
        named: Option<OrganisationId>,
    ) -> Result<OrganisationId, ApiError> {
        match (named, caller.persons.as_ref()) {
            (Some(id), _) if caller.person_in(id).is_some() => Ok(id),
            (Some(_), _) => Err(ApiError::NotFound),
            (None, [(only, _)]) => Ok(*only),
            (None, _) => Err(ApiError::field(
                "organisation_id",
                "required",
                "you belong to several organisations, or to none; say which one is meant",
            )),
        }
    }
}

fn live(row: Option<Organisation>) -> Result<Organisation, ApiError> {
    row.filter(|row| row.deleted_at.is_none())
        .ok_or(ApiError::NotFound)
}

pub(super) fn session_required() -> ApiError {
    ApiError::Conflict {
        code: "session_required",
        detail: "this needs a person who has logged in; an API key cannot do it".to_owned(),
    }
}
