//! How partners are found: by a lookup key that says who they are and gives nothing.

use authz::act;
use model::{Action, Change, OrganisationId, PartnerProfile, Sharing, lookup_key};
use store::image;

use super::Admin;
use super::fields::Faults;
use super::write::{Done, Write};
use crate::secret::new_lookup_key;
use crate::{ApiError, Caller};

/// How many free keys are looked for before it is given up.
const TRIES: usize = 64;

/// A partner as it is shown to who may want it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerView {
    /// Its name: the verified one, else what it calls itself.
    pub name: String,
    /// The operator of the deployment has seen the name proven.
    pub verified: bool,
    /// How it is found; `None`: not by a key.
    pub lookup_key: Option<String>,
}

/// What becomes of a name that was shown to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whose: their lookup key.
    pub lookup_key: String,
    /// The name as it was proven; `None`: it is not any more.
    pub name: Option<String>,
}

impl Admin {
    /// How the caller's organisation is found.
    ///
    /// # Errors
    /// `NotFound` for who is none of it, `Forbidden` without `manage_access`.
    pub async fn partner_profile(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
    ) -> Result<PartnerView, ApiError> {
        let _ = self
            .pep
            .permit::<act::ManageAccess>(caller, organisation)
            .await?;
        self.partner_view(organisation).await
    }

    /// Gives an organisation a lookup key, or another one in place of the one it had.
    ///
    /// # Errors
    /// As [`Admin::partner_profile`].
    pub async fn renew_lookup_key(
        &self,
        write: Write<PartnerView>,
        organisation: OrganisationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let key = self.free_lookup_key().await?;
        let name = self.name_of_organisation(organisation).await?;
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            let (key, name) = (key.clone(), name.clone());
            Box::pin(async move {
                let before = tx.get_partner_profile(organisation).await?;
                let row = PartnerProfile {
                    lookup_key: Some(key),
                    changed_at: now,
                    ..before.clone().unwrap_or_else(|| unknown(organisation, now))
                };
                tx.put_partner_profile(&row).await?;
                let view = view(name, Some(&row));
                tx.record(noted(row), before.map(|before| image(&noted(before))));
                Ok(Ok(view))
            })
        })
        .await
    }

    async fn free_lookup_key(&self) -> Result<String, ApiError> {
        for _ in 0..TRIES {
            let key = new_lookup_key(self.random.as_ref());
            if self.store.find_partner(&key).await?.is_none() {
                return Ok(key);
            }
        }
        tracing::error!("nearly all lookup keys are taken");
        Err(ApiError::Unavailable)
    }

    /// Gives a lookup key up: the organisation is found no more. Partnerships stay.
    ///
    /// # Errors
    /// As [`Admin::partner_profile`].
    pub async fn remove_lookup_key(
        &self,
        write: Write<()>,
        organisation: OrganisationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, organisation)
            .await?;
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(before) = tx.get_partner_profile(organisation).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let row = PartnerProfile {
                    lookup_key: None,
                    changed_at: now,
                    ..before.clone()
                };
                tx.put_partner_profile(&row).await?;
                tx.record(noted(row), Some(image(&noted(before))));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Who is behind a lookup key. It gives nothing and changes nothing.
    ///
    /// # Errors
    /// `NotFound` for a key that nobody has; `TooMany`.
    pub async fn look_up_partner(
        &self,
        caller: &Caller,
        written: &str,
    ) -> Result<PartnerView, ApiError> {
        let row = self.partner_with_key(caller, written).await?;
        self.partner_view(row.organisation).await
    }

    /// Whose lookup key it is; counted against the caller.
    pub(super) async fn partner_with_key(
        &self,
        caller: &Caller,
        written: &str,
    ) -> Result<PartnerProfile, ApiError> {
        self.limits.lookup(caller)?;
        let Some(key) = lookup_key(written) else {
            return Err(ApiError::field(
                "lookup_key",
                "invalid",
                "four letters or digits, without 0, 1, I and O",
            ));
        };
        self.store
            .find_partner(&key)
            .await?
            .ok_or(ApiError::NotFound)
    }

    /// Notes the name of a partner as proven, or not any more; for who runs the deployment: the
    /// owners of the organisation that was made first.
    ///
    /// # Errors
    /// `Forbidden` or `NotFound` for everybody else, `NotFound` for a key that nobody has.
    pub async fn verify_partner(
        &self,
        write: Write<PartnerView>,
        verification: Verification,
    ) -> Result<Done, ApiError> {
        let first = self.operator().await?;
        let permit = self
            .pep
            .permit::<act::ManageSecurity>(&write.caller, first)
            .await?;
        let mut faults = Faults::default();
        if let Some(name) = &verification.name {
            faults.text("name", name, 200);
            let blank = name.trim().is_empty();
            faults.check(|| !blank, "name", "required", "this field is required");
        }
        faults.none()?;
        let found = self
            .partner_with_key(&write.caller, &verification.lookup_key)
            .await?;
        let organisation = found.organisation;
        let own_name = self.name_of_organisation(organisation).await?;
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            let (own_name, name) = (own_name.clone(), verification.name.clone());
            Box::pin(async move {
                let Some(before) = tx.get_partner_profile(organisation).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let row = PartnerProfile {
                    verified_at: name.as_ref().map(|_| now),
                    verified_name: name.map(|name| name.trim().to_owned()),
                    changed_at: now,
                    ..before.clone()
                };
                tx.put_partner_profile(&row).await?;
                let view = view(own_name, Some(&row));
                tx.record(noted(row), Some(image(&noted(before))));
                Ok(Ok(view))
            })
        })
        .await
    }

    /// A partner as it is shown: what the operator has seen proven goes before what it calls
    /// itself, so that nobody takes another name once theirs was verified.
    pub(super) async fn partner_view(
        &self,
        organisation: OrganisationId,
    ) -> Result<PartnerView, ApiError> {
        let profile = self.store.get_partner_profile(organisation).await?;
        let name = self.name_of_organisation(organisation).await?;
        Ok(view(name, profile.as_ref()))
    }

    /// Whether the caller speaks for an organisation in matters of partners.
    pub(super) fn speaks_for(&self, caller: &Caller, organisation: OrganisationId) -> bool {
        caller.person_in(organisation).is_some()
            && self.pep.holds(caller, Action::ManageAccess, organisation)
    }
}

fn unknown(organisation: OrganisationId, now: jiff::Timestamp) -> PartnerProfile {
    PartnerProfile {
        organisation,
        lookup_key: None,
        verified_name: None,
        verified_at: None,
        changed_at: now,
    }
}

fn view(own_name: String, profile: Option<&PartnerProfile>) -> PartnerView {
    let verified = profile.and_then(|row| row.verified_name.clone());
    PartnerView {
        verified: verified.is_some(),
        name: verified.unwrap_or(own_name),
        lookup_key: profile.and_then(|row| row.lookup_key.clone()),
    }
}

fn noted(row: PartnerProfile) -> Change {
    Change::Sharing(Box::new(Sharing::PartnerProfile(row)))
}
