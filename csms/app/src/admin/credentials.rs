//! Credentials: cards, keys, contracts, plates.

use authz::act;
use jiff::Timestamp;
use model::{
    Change, Credential, CredentialId, CredentialKind, CredentialState, Labels, OrganisationId,
    Person, PersonId, Strength, normalise,
};
use store::image;

use super::fields::{Faults, LabelsPatch, SuspensionPatch};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::card::fault_of_value;
use crate::{ApiError, Caller};

/// A new credential.
#[derive(Clone, PartialEq)]
pub struct NewCredential {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// What it is.
    pub kind: CredentialKind,
    /// As read or printed.
    pub value: String,
    /// Active, suspended, lost.
    pub state: CredentialState,
    /// Suspended in this time, whatever the state.
    pub suspension: SuspensionPatch,
    /// How hard it is to copy; `None`: as its kind is.
    pub strength: Option<Strength>,
    /// Inclusive.
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewCredential({:?})", self.kind)
    }
}

/// What is to become of a credential.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CredentialPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Active, suspended, lost.
    pub state: Option<CredentialState>,
    /// Suspended in a time, whatever the state.
    pub suspension: SuspensionPatch,
    /// How hard it is to copy.
    pub strength: Option<Strength>,
    /// Inclusive.
    pub valid_from: Option<Option<Timestamp>>,
    /// Exclusive.
    pub valid_until: Option<Option<Timestamp>>,
}

impl Admin {
    /// Gives a person a credential.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is managed; `Conflict` when the value
    /// belongs to somebody of the organisation already.
    pub async fn create_credential(
        &self,
        write: Write<Credential>,
        person: PersonId,
        new: NewCredential,
    ) -> Result<Done, ApiError> {
        let holder = self.person_row(person).await?;
        let permit = self.may_edit(&write.caller, &holder).await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        let suspension = new.suspension.applied(None, now, &mut faults);
        let row = Credential {
            suspension,
            ..new.row(&holder, now)
        };
        add_faults(&row, &mut faults);
        faults.none()?;
        let _order = self.order.read().await;
        // Again: the person may have gone while the order was waited for.
        self.person_row(person).await?;
        self.change(permit, write, holder.organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_credential(&row).await?;
                tx.record(Change::Credential(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// A credential's row, if it is there.
    async fn credential_row(&self, id: CredentialId) -> Result<Credential, ApiError> {
        let row = self.store.get_credential(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }

    /// A credential: of oneself, or of somebody whose access the caller manages.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access`.
    pub async fn credential(
        &self,
        caller: &Caller,
        id: CredentialId,
    ) -> Result<Credential, ApiError> {
        let row = self.credential_row(id).await?;
        let holder = self.person_row(row.person).await?;
        self.may_read(caller, &holder).await?;
        Ok(row)
    }

    /// The credentials of a person; the remote token is not among them.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` without `manage_access`.
    pub async fn credentials(
        &self,
        caller: &Caller,
        person: PersonId,
        query: &ListQuery,
    ) -> Result<Listing<Credential>, ApiError> {
        let holder = self.person_row(person).await?;
        self.may_read(caller, &holder).await?;
        let shown = |row: &Credential| row.kind != CredentialKind::App;
        self.list_seen(query, shown, |page| async move {
            self.store.list_credentials_of(person, &page).await
        })
        .await
    }

    /// Changes a credential; never its value.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` for the remote token.
    pub async fn change_credential(
        &self,
        write: Write<Credential>,
        id: CredentialId,
        patch: CredentialPatch,
    ) -> Result<Done, ApiError> {
        let (permit, row) = self.editable(&write.caller, id).await?;
        let now = self.clock.now();
        self.change(permit, write, row.organisation, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_credential(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Credential(row.clone());
                let mut faults = Faults::default();
                patch.apply(&mut row, now, &mut faults);
                check(&row, &mut faults);
                if let Err(faults) = faults.none() {
                    return Ok(Err(faults));
                }
                tx.update_credential(&row).await?;
                tx.record(Change::Credential(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Removes a credential; its value is free again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` for the remote token.
    pub async fn remove_credential(
        &self,
        write: Write<()>,
        id: CredentialId,
    ) -> Result<Done, ApiError> {
        let (permit, row) = self.editable(&write.caller, id).await?;
        let now = self.clock.now();
        self.change(permit, write, row.organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_credential(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Credential(row.clone());
                row.deleted_at = Some(now);
                tx.update_credential(&row).await?;
                tx.record(Change::Credential(row), Some(image(&before)));
                // The right that was made with it ends with it.
                for mut grant in tx.grants_with_credential(id).await? {
                    let before = image(&Change::Grant(grant.clone()));
                    grant.revoked_at = Some(now);
                    tx.revoke_grant(grant.id, now).await?;
                    tx.record(Change::Grant(grant), Some(before));
                }
                Ok(Ok(()))
            })
        })
        .await
    }

    async fn editable(
        &self,
        caller: &Caller,
        id: CredentialId,
    ) -> Result<(authz::Permit<act::ManageAccess>, Credential), ApiError> {
        let row = self.credential_row(id).await?;
        let holder = self.person_row(row.person).await?;
        let permit = self.may_edit(caller, &holder).await?;
        if row.kind == CredentialKind::App {
            return Err(ApiError::Conflict {
                code: "made_by_system",
                detail: "the remote token belongs to the person and goes with them".to_owned(),
            });
        }
        Ok((permit, row))
    }
}

impl NewCredential {
    /// A card, active and without an end.
    pub(super) fn card(value: String, name: String) -> Self {
        Self {
            labels: Labels {
                name,
                ..Labels::default()
            },
            kind: CredentialKind::Rfid,
            value,
            state: CredentialState::Active,
            suspension: SuspensionPatch::default(),
            strength: None,
            valid_from: None,
            valid_until: None,
        }
    }

    /// The row of a person's.
    pub(super) fn row(self, holder: &Person, now: Timestamp) -> Credential {
        self.row_of(holder.organisation, holder.id, now)
    }

    /// The same by ids.
    pub(super) fn row_of(
        self,
        organisation: OrganisationId,
        person: PersonId,
        now: Timestamp,
    ) -> Credential {
        let value = self.value.trim().to_owned();
        Credential {
            id: new_id(),
            organisation,
            person,
            kind: self.kind,
            key: normalise(&value),
            value,
            state: self.state,
            suspension: None,
            strength: self.strength.unwrap_or(self.kind.strength()),
            places: None,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            labels: self.labels,
            created_at: now,
            deleted_at: None,
        }
    }
}

/// What is wrong with a new credential.
pub(super) fn new_faults(row: &Credential) -> Faults {
    let mut faults = Faults::default();
    add_faults(row, &mut faults);
    faults
}

fn add_faults(row: &Credential, faults: &mut Faults) {
    check_value(row, faults);
    check(row, faults);
}

impl CredentialPatch {
    fn apply(self, row: &mut Credential, now: Timestamp, faults: &mut Faults) {
        row.suspension = self.suspension.applied(row.suspension, now, faults);
        if let Some(strength) = self.strength {
            row.strength = strength;
        }
        self.labels.apply(&mut row.labels);
        if let Some(state) = self.state {
            row.state = state;
        }
        if let Some(from) = self.valid_from {
            row.valid_from = from;
        }
        if let Some(until) = self.valid_until {
            row.valid_until = until;
        }
    }
}

fn check(row: &Credential, faults: &mut Faults) {
    faults.labels(&row.labels);
    faults.range("valid_until", row.valid_from, row.valid_until);
    faults.check(
        || !row.kind.is_code() || row.strength == Strength::Weak,
        "strength",
        "invalid",
        "a code can be overheard: it is weak",
    );
}

fn check_value(row: &Credential, faults: &mut Faults) {
    if row.kind == CredentialKind::App {
        faults.add("kind", "invalid", "the remote token is made by the system");
    }
    if row.kind.is_code() {
        faults.add("kind", "invalid", "codes are made by the system");
    }
    if let Some((code, message)) = fault_of_value(row.kind, &row.value) {
        faults.add("value", code, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(kind: CredentialKind, value: &str) -> Vec<&'static str> {
        let row = Credential {
            id: new_id(),
            organisation: new_id(),
            person: new_id(),
            kind,
            key: normalise(value),
            value: value.to_owned(),
            state: CredentialState::Active,
            suspension: None,
            strength: model::Strength::Weak,
            places: None,
            valid_from: None,
            valid_until: None,
            labels: Labels::default(),
            created_at: Timestamp::UNIX_EPOCH,
            deleted_at: None,
        };
        let mut faults = Faults::default();
        check_value(&row, &mut faults);
        match faults.none() {
            Ok(()) => Vec::new(),
            Err(ApiError::Invalid(fields)) => fields.into_iter().map(|f| f.code).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn values_are_presentable() {
        for (kind, value, faults) in [
            (CredentialKind::Rfid, "04:A1:B2:C3", &[][..]),
            (CredentialKind::Rfid, "", &["required"]),
            (CredentialKind::Rfid, " - ", &["required"]),
            (CredentialKind::Rfid, "08A1B2C3", &["random_uid"]),
            (CredentialKind::Rfid, "08:a1:b2:c3", &["random_uid"]),
            (CredentialKind::Rfid, "08A1B2C3D4E5F6", &[]),
            (CredentialKind::Emaid, "08A1B2C3", &[]),
            (CredentialKind::Rfid, &"4".repeat(36), &[]),
            (CredentialKind::Rfid, &"4".repeat(37), &["too_long"]),
            (CredentialKind::Rfid, "ab\u{0}cd", &["invalid"]),
            (CredentialKind::Key, "schlüssel", &["invalid"]),
            (CredentialKind::Plate, "ZÜ 123", &[]),
            (CredentialKind::App, "FE00112233445566", &["invalid"]),
        ] {
            assert_eq!(faults_of(kind, value), faults, "{value}");
        }
    }
}
