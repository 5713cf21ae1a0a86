//! Installations: the sites.

use std::collections::HashMap;

use authz::{Directory, NodeDetail, act};
use model::{
    AuthorizationRequired, Change, Charger, ChargerAuthorization, ChargerId, Installation,
    InstallationId, Labels, Language, NodeId, OrganisationId, ScheduleId,
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
    /// `Open` only while this schedule holds.
    pub open_schedule: Option<ScheduleId>,
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
    /// `Open` only while this schedule holds; `Some(None)`: always.
    pub open_schedule: Option<Option<ScheduleId>>,
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
    /// Where it is decided who may use it, if not here: then the flag is without effect.
    pub elsewhere: Option<String>,
}

/// Chargers that follow their installation's flag again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagsReset {
    /// Those whose own flag did otherwise.
    pub chargers: Vec<ChargerId>,
}

/// What chargers say themselves.
#[derive(Clone, Debug, Default)]
struct OwnFlags(Vec<(ChargerId, ChargerAuthorization, Option<ScheduleId>)>);

impl OwnFlags {
    /// The chargers that do otherwise than the installation says.
    fn that_differ(&self, installation: &Installation) -> Vec<ChargerId> {
        self.0
            .iter()
            .filter(|(_, flag, schedule)| differs(installation, *flag, *schedule))
            .map(|(id, _, _)| *id)
            .collect()
    }

    fn view(&self, installation: Installation) -> InstallationView {
        let differ = self.that_differ(&installation).len();
        InstallationView {
            installation,
            chargers_that_differ: u32::try_from(differ).unwrap_or(u32::MAX),
            elsewhere: None,
        }
    }
}

/// Whether a charger's own flag does otherwise than the installation's.
fn differs(
    installation: &Installation,
    own: ChargerAuthorization,
    own_schedule: Option<ScheduleId>,
) -> bool {
    match (own, installation.authorization_required) {
        (ChargerAuthorization::Inherit, _)
        | (ChargerAuthorization::Required, AuthorizationRequired::Required) => false,
        (ChargerAuthorization::Required, AuthorizationRequired::Open)
        | (ChargerAuthorization::Open, AuthorizationRequired::Required) => true,
        (ChargerAuthorization::Open, AuthorizationRequired::Open) => {
            own_schedule != installation.open_schedule
        }
    }
}

fn own_flags(directory: &Directory) -> HashMap<InstallationId, OwnFlags> {
    let mut flags: HashMap<InstallationId, OwnFlags> = HashMap::new();
    for (id, node) in directory.nodes() {
        if let (
            NodeDetail::Charger {
                flag,
                open_schedule,
                ..
            },
            Some(installation),
        ) = (&node.detail, node.installation)
        {
            let own = flags.entry(installation).or_default();
            own.0.push((id.into(), *flag, *open_schedule));
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
            open_schedule: new.open_schedule,
            authority: model::Authority::default(),
            concurrent_transactions: new.concurrent_transactions,
            stop_on_revocation: new.stop_on_revocation == StopOnRevocation::Stop,
            language: new.language,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        let _order = self.order.read().await;
        check(&row, &self.live.directory())?;
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
        Ok(InstallationView {
            elsewhere: self.managed_elsewhere(id).await?,
            ..self.own_flags_of(id).view(row)
        })
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
        let none = OwnFlags::default();
        let mut list = list.map(|row| flags.get(&row.id).unwrap_or(&none).view(row));
        for view in &mut list.items {
            view.elsewhere = self.managed_elsewhere(view.installation.id).await?;
        }
        Ok(list)
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
        if patch.authorization_required.is_some() || patch.open_schedule.is_some() {
            self.managed_here(id).await?;
        }
        let elsewhere = self.managed_elsewhere(id).await?;
        let _order = self.order.read().await;
        let flags = self.own_flags_of(id);
        let closes = patch.authorization_required == Some(AuthorizationRequired::Required)
            || patch.open_schedule.is_some();
        if closes && let Some(mut then) = self.store.get_installation(id).await? {
            patch.clone().apply(&mut then);
            self.guard(&write.caller, organisation, &[Change::Installation(then)])
                .await?;
        }
        let live = self.live.clone();
        self.change(permit, write, organisation, move |tx| {
            let (patch, live, flags) = (patch.clone(), live.clone(), flags.clone());
            let elsewhere = elsewhere.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Installation(row.clone());
                patch.apply(&mut row);
                if let Err(faults) = check(&row, &live.directory()) {
                    return Ok(Err(faults));
                }
                tx.update_installation(&row).await?;
                tx.record(Change::Installation(row.clone()), Some(image(&before)));
                Ok(Ok(InstallationView {
                    elsewhere,
                    ..flags.view(row)
                }))
            })
        })
        .await
    }

    /// Lets the chargers whose own flag does otherwise follow the installation's again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`; `ConfirmationNeeded` when that would refuse many.
    pub async fn reset_charger_flags(
        &self,
        write: Write<FlagsReset>,
        id: InstallationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        self.managed_here(id).await?;
        let organisation = self.organisation_of(id)?;
        let _order = self.order.write().await;
        let flags = self.own_flags_of(id);
        let row = self.store.get_installation(id).await?;
        let installation = row.ok_or(ApiError::NotFound)?;
        let mut then = Vec::new();
        for charger in flags.that_differ(&installation) {
            if let Some(mut row) = self.store.get_charger(charger).await? {
                follow(&mut row);
                then.push(Change::Charger(row));
            }
        }
        self.guard(&write.caller, organisation, &then).await?;
        self.change(permit, write, organisation, move |tx| {
            let flags = flags.clone();
            Box::pin(async move {
                let Some(installation) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let mut reset = Vec::new();
                for charger in flags.that_differ(&installation) {
                    let Some(mut row) = tx.get_charger(charger).await? else {
                        continue;
                    };
                    let before = Change::Charger(row.clone());
                    follow(&mut row);
                    if let Some(row) = tx.update_charger(&row).await? {
                        reset.push(row.id);
                        tx.record(Change::Charger(row), Some(image(&before)));
                    }
                }
                Ok(Ok(FlagsReset { chargers: reset }))
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

/// The installation's flag again.
fn follow(charger: &mut Charger) {
    charger.authorization_required = ChargerAuthorization::Inherit;
    charger.open_schedule = None;
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
        if let Some(schedule) = self.open_schedule {
            row.open_schedule = schedule;
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

fn check(row: &Installation, directory: &Directory) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.schedule(
        "open_schedule_id",
        row.open_schedule,
        row.organisation,
        directory,
    );
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
