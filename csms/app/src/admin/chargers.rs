//! Chargers and their EVSEs.

use authz::{Directory, act};
use jiff::Timestamp;
use model::{
    AreaId, AuthorizationRequired, Change, Charger, ChargerAuthorization, ChargerId,
    ChargerOffline, InstallationId, Labels, NodeId, ScheduleId, Station, StationId, StationKind,
    StationSettings,
};
use store::image;

use super::evses::{NewEvse, wanted_evses};
use super::fields::{Faults, LabelsPatch};
use super::stations::Telemetry;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// A new charger.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCharger {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The site.
    pub installation: InstallationId,
    /// A part of it.
    pub area: Option<AreaId>,
    /// The OCPP identity.
    pub station_id: String,
    /// The EVSEs; none means one, with one connector.
    pub evses: Vec<NewEvse>,
    /// The flag.
    pub authorization_required: ChargerAuthorization,
    /// Its own `Open` only while this schedule holds.
    pub open_schedule: Option<ScheduleId>,
    /// When an outside authority does not answer.
    pub offline_policy: ChargerOffline,
}

/// What is to become of a charger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChargerPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Another part of its installation, or none.
    pub area: Option<Option<AreaId>>,
    /// All EVSEs; one whose number is there stays the same node.
    pub evses: Option<Vec<NewEvse>>,
    /// The flag.
    pub authorization_required: Option<ChargerAuthorization>,
    /// Its own `Open` only while this schedule holds; `Some(None)`: always.
    pub open_schedule: Option<Option<ScheduleId>>,
    /// When an outside authority does not answer.
    pub offline_policy: Option<ChargerOffline>,
}

/// A charger as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ChargerView {
    /// The row.
    pub charger: Charger,
    /// The flag in effect.
    pub effective: AuthorizationRequired,
    /// Where it is decided who may use it, if not here: then the flag is without effect.
    pub elsewhere: Option<String>,
    /// Until when it is `Open` by a schedule.
    pub open_until: Option<Timestamp>,
    /// What is known of its station.
    pub telemetry: Telemetry,
}

impl Admin {
    /// Makes a charger and registers its station.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on what it is in; `Conflict` when the identity is
    /// taken, by whomever.
    pub async fn create_charger(
        &self,
        write: Write<ChargerView>,
        new: NewCharger,
    ) -> Result<Done, ApiError> {
        let at = new
            .area
            .map_or(NodeId::from(new.installation), NodeId::from);
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        let _order = self.order.read().await;
        let (charger, station) = self.new_charger(new)?;
        let (effective, open_until) = self.effective(&charger);
        let elsewhere = self.managed_elsewhere(charger.installation).await?;
        let organisation = charger.organisation;
        self.change(permit, write, organisation, move |tx| {
            let (charger, station) = (charger.clone(), station.clone());
            let elsewhere = elsewhere.clone();
            Box::pin(async move {
                tx.insert_charger(&charger).await?;
                tx.insert_station(&station).await?;
                tx.record(Change::Charger(charger.clone()), None);
                Ok(Ok(ChargerView {
                    charger,
                    effective,
                    elsewhere,
                    open_until,
                    telemetry: Telemetry::none(),
                }))
            })
        })
        .await
    }

    /// The rows of a new charger, checked.
    pub(super) fn new_charger(&self, new: NewCharger) -> Result<(Charger, Station), ApiError> {
        let mut faults = Faults::default();
        faults.labels(&new.labels);
        let id = station_id(&new.station_id, &mut faults);
        let evses = wanted_evses(new.evses, &[], &mut faults);
        let organisation = self.organisation_of(new.installation)?;
        faults.schedule(
            "open_schedule_id",
            new.open_schedule,
            organisation,
            &self.live.directory(),
        );
        faults.none()?;
        let Some(id) = id else {
            return Err(ApiError::Internal);
        };
        let parent = self.place(new.installation, new.area)?;
        let now = self.clock.now();
        let charger = Charger {
            id: new_id(),
            organisation,
            installation: new.installation,
            parent,
            station: id,
            labels: new.labels,
            authorization_required: new.authorization_required,
            open_schedule: new.open_schedule,
            offline_policy: new.offline_policy,
            evses,
            created_at: now,
            deleted_at: None,
        };
        let station = Station {
            key: charger.station.key(),
            id: charger.station.clone(),
            organisation: charger.organisation,
            installation: charger.installation,
            kind: StationKind::Charger(charger.id),
            password: None,
            settings: StationSettings::default(),
            device_key_hash: None,
            created_at: now,
        };
        Ok((charger, station))
    }

    /// The flag in effect at a charger that the live picture may not have yet.
    fn effective(&self, charger: &Charger) -> (AuthorizationRequired, Option<Timestamp>) {
        self.live.directory().charger_flag(
            charger.authorization_required,
            charger.open_schedule,
            Some(charger.installation),
            self.clock.now(),
        )
    }

    /// A charger.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn charger(&self, caller: &Caller, id: ChargerId) -> Result<ChargerView, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        let row = self
            .store
            .get_charger(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        self.charger_view(caller, row).await
    }

    async fn charger_view(&self, caller: &Caller, row: Charger) -> Result<ChargerView, ApiError> {
        let telemetry = self
            .telemetry(caller, row.id.into(), &row.station.key())
            .await?;
        let (effective, open_until) = self.effective(&row);
        Ok(ChargerView {
            elsewhere: self.managed_elsewhere(row.id).await?,
            effective,
            open_until,
            charger: row,
            telemetry,
        })
    }

    /// The chargers the caller sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn chargers(
        &self,
        caller: &Caller,
        installation: Option<InstallationId>,
        query: &ListQuery,
    ) -> Result<Listing<ChargerView>, ApiError> {
        let seen = |row: &Charger| self.pep.sees(caller, row.id);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store
                    .list_chargers(organisation, installation, &page)
                    .await
            })
            .await?;
        let mut items = Vec::with_capacity(list.items.len());
        for row in list.items {
            items.push(self.charger_view(caller, row).await?);
        }
        Ok(Listing {
            items,
            next: list.next,
        })
    }

    /// Changes a charger.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_charger(
        &self,
        write: Write<ChargerView>,
        id: ChargerId,
        patch: ChargerPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        if patch.authorization_required.is_some() || patch.open_schedule.is_some() {
            self.managed_here(id).await?;
        }
        let elsewhere = self.managed_elsewhere(id).await?;
        let node = self.node(id)?;
        let _order = self.order.read().await;
        let mut parent = None;
        if let Some(area) = patch.area {
            let installation = node.installation.ok_or(ApiError::NotFound)?;
            let place = self.place(installation, area)?;
            // Whoever moves it must manage where it goes, or they would take it from others.
            let _ = self
                .pep
                .permit::<act::ManageSettings>(&write.caller, place)
                .await?;
            parent = Some(place);
        }
        let row = self
            .store
            .get_charger(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let telemetry = self
            .telemetry(&write.caller, id.into(), &row.station.key())
            .await?;
        let wanted = Charger {
            authorization_required: patch
                .authorization_required
                .unwrap_or(row.authorization_required),
            open_schedule: patch.open_schedule.unwrap_or(row.open_schedule),
            ..row
        };
        let (effective, open_until) = self.effective(&wanted);
        if patch.authorization_required.is_some() || patch.open_schedule.is_some() {
            let then = [Change::Charger(wanted)];
            self.guard(&write.caller, node.organisation, &then).await?;
        }
        let live = self.live.clone();
        self.change(permit, write, node.organisation, move |tx| {
            let (patch, telemetry) = (patch.clone(), telemetry.clone());
            let elsewhere = elsewhere.clone();
            let directory = live.directory();
            Box::pin(async move {
                let Some(mut row) = tx.get_charger(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Charger(row.clone());
                if let Err(faults) = patch.apply(&mut row, parent, &directory) {
                    return Ok(Err(faults));
                }
                let Some(charger) = tx.update_charger(&row).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                tx.record(Change::Charger(charger.clone()), Some(image(&before)));
                Ok(Ok(ChargerView {
                    charger,
                    effective,
                    elsewhere,
                    open_until,
                    telemetry,
                }))
            })
        })
        .await
    }

    /// Removes a charger; its identity is free again and its station is disconnected.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn remove_charger(&self, write: Write<()>, id: ChargerId) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        let row = self
            .store
            .get_charger(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let key = row.station.key();
        let now = self.clock.now();
        self.change(permit, write, organisation, {
            move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    let Some(mut row) = tx.get_charger(id).await? else {
                        return Ok(Err(ApiError::NotFound));
                    };
                    let before = Change::Charger(row.clone());
                    row.deleted_at = Some(now);
                    tx.update_charger(&row).await?;
                    tx.delete_station(&key).await?;
                    tx.record(Change::Charger(row), Some(image(&before)));
                    Ok(Ok(()))
                })
            }
        })
        .await
    }
}

impl ChargerPatch {
    fn apply(
        self,
        row: &mut Charger,
        parent: Option<NodeId>,
        directory: &Directory,
    ) -> Result<(), ApiError> {
        self.labels.apply(&mut row.labels);
        let mut faults = Faults::default();
        faults.labels(&row.labels);
        if let Some(parent) = parent {
            row.parent = parent;
        }
        if let Some(flag) = self.authorization_required {
            row.authorization_required = flag;
        }
        if let Some(schedule) = self.open_schedule {
            row.open_schedule = schedule;
            faults.schedule("open_schedule_id", schedule, row.organisation, directory);
        }
        if let Some(policy) = self.offline_policy {
            row.offline_policy = policy;
        }
        if let Some(wanted) = self.evses {
            row.evses = wanted_evses(wanted, &row.evses, &mut faults);
        }
        faults.none()
    }
}

/// A station identity, or what is wrong with it.
pub(super) fn station_id(text: &str, faults: &mut Faults) -> Option<StationId> {
    match StationId::new(text) {
        Ok(id) => Some(id),
        Err(error) => {
            let code = match error {
                model::StationIdError::Empty => "required",
                model::StationIdError::TooLong => "too_long",
                model::StationIdError::Character => "invalid",
            };
            faults.add("station_id", code, error.to_string());
            None
        }
    }
}
