//! Installations: the sites.

use std::collections::HashMap;

use authz::{Directory, NodeDetail, act};
use model::{
    AuthorizationRequired, Change, ChargerAuthorization, Installation, InstallationId, Labels,
    Language, NodeId, OrganisationId,
};
use store::{Page, image};

use super::fields::{Faults, LabelsPatch};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// A new installation.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInstallation {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The organisation; `None`: the caller's only one.
    pub organisation: Option<OrganisationId>,
    /// IANA name; `None`: `UTC`.
    pub time_zone: Option<String>,
    /// Free text.
    pub address: Option<String>,
    /// The flag.
    pub authorization_required: AuthorizationRequired,
    /// Transactions in progress one person may have here.
    pub concurrent_transactions: Option<u32>,
    /// Stop running transactions when the right to them ends.
    pub stop_on_revocation: StopOnRevocation,
    /// How people are spoken to who set no language.
    pub language: Option<Language>,
}

/// What becomes of a running transaction when its person loses the right to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopOnRevocation {
    /// It goes on.
    #[default]
    GoOn,
    /// It is stopped.
    Stop,
}

impl From<bool> for StopOnRevocation {
    fn from(stop: bool) -> Self {
        if stop { Self::Stop } else { Self::GoOn }
    }
}

/// What is to become of an installation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstallationPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// IANA name.
    pub time_zone: Option<String>,
    /// Free text.
    pub address: Option<Option<String>>,
    /// The flag.
    pub authorization_required: Option<AuthorizationRequired>,
    /// Transactions in progress one person may have here.
    pub concurrent_transactions: Option<Option<u32>>,
    /// Stop running transactions when the right to them ends.
    pub stop_on_revocation: Option<StopOnRevocation>,
    /// How people are spoken to who set no language.
    pub language: Option<Option<Language>>,
}

/// An installation as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct InstallationView {
    /// The row.
    pub installation: Installation,
    /// Chargers whose own flag says otherwise than the installation's.
    pub chargers_that_differ: u32,
}

/// How many chargers say so themselves.
#[derive(Clone, Copy, Debug, Default)]
struct OwnFlags {
    required: u32,
    open: u32,
}

impl OwnFlags {
    const fn other_than(self, flag: AuthorizationRequired) -> u32 {
        match flag {
            AuthorizationRequired::Required => self.open,
            AuthorizationRequired::Open => self.required,
        }
    }

    fn view(self, installation: Installation) -> InstallationView {
        let chargers_that_differ = self.other_than(installation.authorization_required);
        InstallationView {
            installation,
            chargers_that_differ,
        }
    }
}

fn own_flags(directory: &Directory) -> HashMap<InstallationId, OwnFlags> {
    let mut flags: HashMap<InstallationId, OwnFlags> = HashMap::new();
    for (_, node) in directory.nodes() {
        if let (NodeDetail::Charger { flag, .. }, Some(installation)) =
            (&node.detail, node.installation)
        {
            let own = flags.entry(installation).or_default();
            match flag {
                ChargerAuthorization::Inherit => {}
                ChargerAuthorization::Required => own.required += 1,
                ChargerAuthorization::Open => own.open += 1,
            }
        }
    }
    flags
}

impl Admin {
    /// Makes an installation.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on the organisation.
    pub async fn create_installation(
        &self,
        write: Write<InstallationView>,
        new: NewInstallation,
    ) -> Result<Done, ApiError> {
        let organisation = self.organisation_meant(&write.caller, new.organisation)?;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, organisation)
            .await?;
        let row = Installation {
            id: new_id(),
            organisation,
            labels: new.labels,
            time_zone: new.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            address: new.address,
            authorization_required: new.authorization_required,
            open_schedule: None,
            authority: model::Authority::default(),
            concurrent_transactions: new.concurrent_transactions,
            stop_on_revocation: new.stop_on_revocation == StopOnRevocation::Stop,
            language: new.language,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        check(&row)?;
        let _order = self.order.read().await;
        self.change(permit, write, organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_installation(&row).await?;
                tx.record(Change::Installation(row.clone()), None);
                Ok(Ok(OwnFlags::default().view(row)))
            })
        })
        .await
    }

    /// An installation.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn installation(
        &self,
        caller: &Caller,
        id: InstallationId,
    ) -> Result<InstallationView, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        let row = self
            .store
            .get_installation(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        Ok(self.own_flags_of(id).view(row))
    }

    /// The installations the caller sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn installations(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<InstallationView>, ApiError> {
        let seen = |row: &Installation| self.pep.sees(caller, row.id);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store.list_installations(organisation, &page).await
            })
            .await?;
        let flags = own_flags(&self.live.directory());
        Ok(list.map(|row| flags.get(&row.id).copied().unwrap_or_default().view(row)))
    }

    fn own_flags_of(&self, id: InstallationId) -> OwnFlags {
        own_flags(&self.live.directory())
            .remove(&id)
            .unwrap_or_default()
    }

    /// Changes an installation. Its flag never erases a charger's own; the answer says how many
    /// differ.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_installation(
        &self,
        write: Write<InstallationView>,
        id: InstallationId,
        patch: InstallationPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        let flags = self.own_flags_of(id);
        if patch.authorization_required == Some(AuthorizationRequired::Required)
            && let Some(mut then) = self.store.get_installation(id).await?
        {
            patch.clone().apply(&mut then);
            self.guard(&write.caller, organisation, &[Change::Installation(then)])
                .await?;
        }
        self.change(permit, write, organisation, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Installation(row.clone());
                patch.apply(&mut row);
                if let Err(faults) = check(&row) {
                    return Ok(Err(faults));
                }
                tx.update_installation(&row).await?;
                tx.record(Change::Installation(row.clone()), Some(image(&before)));
                Ok(Ok(flags.view(row)))
            })
        })
        .await
    }

    /// Removes an installation that holds nothing.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`; `Conflict` when something is in it.
    pub async fn remove_installation(
        &self,
        write: Write<()>,
        id: InstallationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        let _order = self.order.write().await;
        let locks = self
            .store
            .list_locks(organisation, Some(id), &Page::first(1))
            .await?;
        if !locks.items.is_empty() || self.has_children(id.into()) {
            return Err(not_empty());
        }
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Installation(row.clone());
                row.deleted_at = Some(now);
                tx.update_installation(&row).await?;
                tx.record(Change::Installation(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// The organisation of a node of the live picture.
    pub(super) fn organisation_of(
        &self,
        node: impl Into<NodeId>,
    ) -> Result<OrganisationId, ApiError> {
        let directory = self.live.directory();
        directory
            .node(node)
            .map(|entry| entry.organisation)
            .ok_or(ApiError::NotFound)
    }

    pub(super) fn has_children(&self, node: NodeId) -> bool {
        self.live
            .directory()
            .nodes()
            .any(|(_, entry)| entry.parent == Some(node))
    }
}

pub(super) fn not_empty() -> ApiError {
    ApiError::Conflict {
        code: "not_empty",
        detail: "remove what is in it first".to_owned(),
    }
}

impl InstallationPatch {
    fn apply(self, row: &mut Installation) {
        self.labels.apply(&mut row.labels);
        if let Some(time_zone) = self.time_zone {
            row.time_zone = time_zone;
        }
        if let Some(address) = self.address {
            row.address = address;
        }
        if let Some(flag) = self.authorization_required {
            row.authorization_required = flag;
        }
        if let Some(limit) = self.concurrent_transactions {
            row.concurrent_transactions = limit;
        }
        if let Some(stop) = self.stop_on_revocation {
            row.stop_on_revocation = stop == StopOnRevocation::Stop;
        }
        if let Some(language) = self.language {
            row.language = language;
        }
    }
}

fn check(row: &Installation) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    faults.check(
        // Those that come with the program: schedules go by them.
        || {
            jiff::tz::TimeZoneDatabase::bundled()
                .get(&row.time_zone)
                .is_ok()
        },
        "time_zone",
        "unknown",
        "use an IANA name such as `Europe/Zurich`",
    );
    if let Some(address) = &row.address {
        faults.text("address", address, 500);
    }
    faults.check(
        || row.concurrent_transactions != Some(0),
        "concurrent_transactions",
        "out_of_range",
        "at least 1, or null for no limit",
    );
    faults.none()
}
