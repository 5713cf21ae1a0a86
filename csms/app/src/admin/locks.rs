//! Locks: the controllers of doors. Who may manage one is decided at its installation.

use authz::act;
use model::{Change, InstallationId, Labels, Lock, LockId, Station, StationKind, StationSettings};
use store::image;

use super::chargers::station_id;
use super::fields::{Faults, LabelsPatch};
use super::installations::not_empty;
use super::stations::{Telemetry, said};
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::secret::{NewSecret, hash_device_key, new_token};
use crate::{ApiError, Caller};

/// A new lock.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLock {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The site.
    pub installation: InstallationId,
    /// The OCPP identity.
    pub station_id: String,
    /// What `UnlockConnector` does.
    pub unlock_connector: UnlockConnector,
}

/// What the lock does on `UnlockConnector`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnlockConnector {
    /// Nothing: only `Door.Open` opens.
    #[default]
    Ignored,
    /// It opens the door.
    Opens,
}

impl From<bool> for UnlockConnector {
    fn from(opens: bool) -> Self {
        if opens { Self::Opens } else { Self::Ignored }
    }
}

/// What is to become of a lock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// What `UnlockConnector` does.
    pub unlock_connector: Option<UnlockConnector>,
}

/// A lock as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct LockView {
    /// The row.
    pub lock: Lock,
    /// What is known of its station.
    pub telemetry: Telemetry,
}

impl Admin {
    /// Makes a lock and registers its station.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on the installation; `Conflict` when the identity is
    /// taken, by whomever.
    pub async fn create_lock(
        &self,
        write: Write<LockView>,
        new: NewLock,
    ) -> Result<Done, ApiError> {
        let at = new.installation;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        let _order = self.order.read().await;
        let (lock, station) = self.new_lock(new)?;
        let organisation = lock.organisation;
        self.change(permit, write, organisation, move |tx| {
            let (lock, station) = (lock.clone(), station.clone());
            Box::pin(async move {
                tx.insert_lock(&lock).await?;
                tx.insert_station(&station).await?;
                tx.record(Change::Lock(lock.clone()), None);
                Ok(Ok(LockView {
                    lock,
                    telemetry: Telemetry::none(),
                }))
            })
        })
        .await
    }

    /// The rows of a new lock, checked.
    pub(super) fn new_lock(&self, new: NewLock) -> Result<(Lock, Station), ApiError> {
        let mut faults = Faults::default();
        faults.labels(&new.labels);
        let id = station_id(&new.station_id, &mut faults);
        faults.none()?;
        let Some(id) = id else {
            return Err(ApiError::Internal);
        };
        let now = self.clock.now();
        let lock = Lock {
            id: new_id(),
            organisation: self.organisation_of(new.installation)?,
            installation: new.installation,
            station: id,
            labels: new.labels,
            unlock_connector_opens: new.unlock_connector == UnlockConnector::Opens,
            created_at: now,
            deleted_at: None,
        };
        let station = Station {
            key: lock.station.key(),
            id: lock.station.clone(),
            organisation: lock.organisation,
            installation: lock.installation,
            kind: StationKind::Lock(lock.id),
            password: None,
            settings: StationSettings::default(),
            device_key_hash: None,
            created_at: now,
        };
        Ok((lock, station))
    }

    /// A lock's row, if it is there.
    pub(super) async fn lock_row(&self, id: LockId) -> Result<Lock, ApiError> {
        let row = self.store.get_lock(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }

    /// A lock.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on its installation.
    pub async fn lock(&self, caller: &Caller, id: LockId) -> Result<LockView, ApiError> {
        let row = self.lock_row(id).await?;
        if !self.pep.sees(caller, row.installation) {
            return Err(ApiError::NotFound);
        }
        self.lock_view(caller, row).await
    }

    async fn lock_view(&self, caller: &Caller, lock: Lock) -> Result<LockView, ApiError> {
        let at = lock.installation.into();
        let telemetry = self.telemetry(caller, at, &lock.station.key()).await?;
        Ok(LockView { lock, telemetry })
    }

    /// The locks of the installations the caller sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn locks(
        &self,
        caller: &Caller,
        installation: Option<InstallationId>,
        query: &ListQuery,
    ) -> Result<Listing<LockView>, ApiError> {
        let seen = |row: &Lock| self.pep.sees(caller, row.installation);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store
                    .list_locks(organisation, installation, &page)
                    .await
            })
            .await?;
        let mut items = Vec::with_capacity(list.items.len());
        for row in list.items {
            items.push(self.lock_view(caller, row).await?);
        }
        Ok(Listing {
            items,
            next: list.next,
        })
    }

    /// Changes a lock.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on its installation.
    pub async fn change_lock(
        &self,
        write: Write<LockView>,
        id: LockId,
        patch: LockPatch,
    ) -> Result<Done, ApiError> {
        let row = self.lock_row(id).await?;
        let at = row.installation;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        let telemetry = self
            .telemetry(&write.caller, at.into(), &row.station.key())
            .await?;
        self.change(permit, write, row.organisation, move |tx| {
            let (patch, telemetry) = (patch.clone(), telemetry.clone());
            Box::pin(async move {
                let Some(mut lock) = tx.get_lock(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Lock(lock.clone());
                patch.labels.apply(&mut lock.labels);
                let mut faults = Faults::default();
                faults.labels(&lock.labels);
                if let Err(faults) = faults.none() {
                    return Ok(Err(faults));
                }
                if let Some(unlock) = patch.unlock_connector {
                    lock.unlock_connector_opens = unlock == UnlockConnector::Opens;
                }
                tx.update_lock(&lock).await?;
                tx.record(Change::Lock(lock.clone()), Some(image(&before)));
                Ok(Ok(LockView { lock, telemetry }))
            })
        })
        .await
    }

    /// Removes a lock without doors; its identity is free again and its station is disconnected.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on its installation; `Conflict` when it has doors.
    pub async fn remove_lock(&self, write: Write<()>, id: LockId) -> Result<Done, ApiError> {
        let row = self.lock_row(id).await?;
        let at = row.installation;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        let _order = self.order.write().await;
        if !self.store.doors_of(id).await?.is_empty() {
            return Err(not_empty());
        }
        let key = row.station.key();
        let now = self.clock.now();
        self.change(permit, write, row.organisation, {
            move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    let Some(mut row) = tx.get_lock(id).await? else {
                        return Ok(Err(ApiError::NotFound));
                    };
                    let before = Change::Lock(row.clone());
                    row.deleted_at = Some(now);
                    tx.update_lock(&row).await?;
                    tx.delete_station(&key).await?;
                    tx.record(Change::Lock(row), Some(image(&before)));
                    Ok(Ok(()))
                })
            }
        })
        .await
    }

    /// Makes a device key for a controller that speaks HTTP, in place of any it had.
    ///
    /// # Errors
    /// `Forbidden` without `manage_security` at its installation.
    pub async fn make_device_key(
        &self,
        write: Write<NewSecret>,
        id: LockId,
    ) -> Result<Done, ApiError> {
        let row = self.lock_row(id).await?;
        let at = row.installation;
        let permit = self
            .pep
            .permit::<act::ManageSecurity>(&write.caller, at)
            .await?;
        let secret = new_token(self.random.as_ref());
        let hash = hash_device_key(&self.settings.pepper, secret.reveal());
        let write = said(write, "device key made");
        self.change(permit, write, row.organisation, move |tx| {
            let (hash, secret, row) = (hash.clone(), secret.clone(), row.clone());
            Box::pin(async move {
                if !tx
                    .set_station_device_key(&row.station.key(), Some(&hash))
                    .await?
                {
                    return Ok(Err(ApiError::NotFound));
                }
                let before = image(&Change::Lock(row.clone()));
                tx.record(Change::Lock(row), Some(before));
                Ok(Ok(secret))
            })
        })
        .await
    }
}
