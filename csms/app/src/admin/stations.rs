//! Stations: what connects, its credential, and who knocked in vain.

use authz::act;
use model::{
    Action, AreaId, Change, ChargerAuthorization, ChargerOffline, ConnectorState, InstallationId,
    Labels, NodeId, OrganisationId, PasswordHash, ReaderProposal, RefusedHandshake, SeenQuirk,
    Station, StationId, StationKey, StationKind, StationRecord, Treatment,
};
use store::image;

use super::chargers::NewCharger;
use super::locks::NewLock;
use super::write::{Done, Verdict, Write};
use super::{Admin, ListQuery, Listing};
use crate::link::{Disconnect, Presence};
use crate::secret::hash_station_password;
use crate::station::EXAMPLES_KEPT;
use crate::{ApiError, Caller};

/// The shortest and longest password of a station, in bytes (OCPP security whitepaper: 16 to 40).
const PASSWORD: std::ops::RangeInclusive<usize> = 16..=64;

/// What is known of a station, as far as the caller may know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Telemetry {
    /// The connection, if it stands.
    pub presence: Option<Presence>,
    /// What it says about itself.
    pub record: Option<StationRecord>,
    /// The state of its connectors.
    pub connectors: Vec<ConnectorState>,
    /// Its deviations, last first, each with what is done about it; for technical work only.
    pub quirks: Vec<(SeenQuirk, Treatment)>,
    /// What known cards tell of the readers of its model; for technical work only.
    pub reader_proposals: Vec<ReaderProposal>,
    /// Addresses, serial number and deviations are for who does technical work.
    pub detail: Detail,
}

/// How much of a station is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// To who charges or enters.
    Public,
    /// To who does technical work.
    Technical,
}

impl Telemetry {
    /// Of a station that was just registered.
    pub(super) const fn none() -> Self {
        Self {
            presence: None,
            record: None,
            connectors: Vec::new(),
            quirks: Vec::new(),
            reader_proposals: Vec::new(),
            detail: Detail::Technical,
        }
    }
}

/// A station as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct StationView {
    /// The row.
    pub station: Station,
    /// What is known of it.
    pub telemetry: Telemetry,
}

/// A refused handshake as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedView {
    /// The row.
    pub handshake: RefusedHandshake,
    /// A station of this identity is connected now.
    pub online: bool,
}

/// A station that knocked, claimed by an owner.
#[derive(Clone)]
pub struct Claim {
    /// Its identity.
    pub station_id: String,
    /// The password it will present.
    pub password: Vec<u8>,
    /// Where it belongs.
    pub installation: InstallationId,
    /// A part of it; chargers only.
    pub area: Option<AreaId>,
    /// What it is.
    pub kind: ClaimKind,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Claim({} {:?})", self.station_id, self.kind)
    }
}

impl StationView {
    /// The reader profiles that are proposed and not the station's already.
    pub fn proposals(&self) -> impl Iterator<Item = &ReaderProposal> {
        let own = &self.station.settings.reader_profile;
        self.telemetry
            .reader_proposals
            .iter()
            .filter(move |proposal| proposal.profile != *own)
    }
}

/// What a claimed station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimKind {
    /// A charger, with one EVSE.
    Charger,
    /// A lock, its doors to be added.
    Lock,
}

impl Admin {
    /// What is known of a station at a node.
    pub(super) async fn telemetry(
        &self,
        caller: &Caller,
        node: NodeId,
        key: &StationKey,
    ) -> Result<Telemetry, ApiError> {
        let record = self.store.get_station_record(key).await?;
        let (detail, quirks, reader_proposals) = if self.is_technical(caller, node) {
            let proposals = self.proposals_for(node, record.as_ref()).await?;
            (Detail::Technical, self.quirks_of(key).await?, proposals)
        } else {
            (Detail::Public, Vec::new(), Vec::new())
        };
        Ok(Telemetry {
            presence: self.link.presence(key),
            record,
            connectors: self.store.connector_states(key).await?,
            quirks,
            reader_proposals,
            detail,
        })
    }

    /// The deviations seen of a station, and what is done about each. An example that is due to be
    /// forgotten is not shown, whether or not it is still there.
    async fn quirks_of(&self, key: &StationKey) -> Result<Vec<(SeenQuirk, Treatment)>, ApiError> {
        let seen = self.store.station_quirks(key).await?;
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let station = self.store.get_station(key).await?;
        let tolerance = station.map(|station| station.settings.tolerance);
        let tolerance = tolerance.unwrap_or_default();
        let forgotten = self.clock.now() - EXAMPLES_KEPT;
        Ok(seen
            .into_iter()
            .map(|mut quirk| {
                quirk.example.take_if(|example| example.at < forgotten);
                let treatment = tolerance.of(quirk.name);
                (quirk, treatment)
            })
            .collect())
    }

    /// What the cards of the organisation tell of the readers of a station's model.
    async fn proposals_for(
        &self,
        node: NodeId,
        record: Option<&StationRecord>,
    ) -> Result<Vec<ReaderProposal>, ApiError> {
        let directory = self.live.directory();
        let Some(organisation) = directory.node(node).map(|entry| entry.organisation) else {
            return Ok(Vec::new());
        };
        match record.map(|record| (&record.vendor, &record.model)) {
            Some((Some(vendor), Some(model))) => Ok(self
                .store
                .reader_proposals(organisation, vendor, model)
                .await?),
            Some(_) | None => Ok(Vec::new()),
        }
    }

    pub(super) fn is_technical(&self, caller: &Caller, node: NodeId) -> bool {
        [
            Action::Service,
            Action::ManageSettings,
            Action::ManageSecurity,
        ]
        .into_iter()
        .any(|action| self.pep.holds(caller, action, node))
    }

    /// The registered stations on which the caller may do technical work.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn stations(
        &self,
        caller: &Caller,
        installation: Option<InstallationId>,
        query: &ListQuery,
    ) -> Result<Listing<StationView>, ApiError> {
        let seen = |row: &Station| self.is_technical(caller, node_of(row));
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store
                    .list_stations(organisation, installation, &page)
                    .await
            })
            .await?;
        let mut items = Vec::with_capacity(list.items.len());
        for station in list.items {
            let telemetry = self
                .telemetry(caller, node_of(&station), &station.key)
                .await?;
            items.push(StationView { station, telemetry });
        }
        Ok(Listing {
            items,
            next: list.next,
        })
    }

    /// A registered station, by its identity.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it, `Forbidden` without a technical action.
    pub async fn station(&self, caller: &Caller, id: &str) -> Result<StationView, ApiError> {
        let station = self.registered(id).await?;
        let node = node_of(&station);
        if !self.is_technical(caller, node) {
            let _ = self.pep.permit::<act::Service>(caller, node).await?;
        }
        let telemetry = self.telemetry(caller, node, &station.key).await?;
        Ok(StationView { station, telemetry })
    }

    pub(super) async fn registered(&self, id: &str) -> Result<Station, ApiError> {
        let id = StationId::new(id).map_err(|_| ApiError::NotFound)?;
        self.store
            .get_station(&id.key())
            .await?
            .ok_or(ApiError::NotFound)
    }

    /// Sets the password a station must present; a connection that stands is closed.
    ///
    /// # Errors
    /// `Forbidden` without `manage_security` at its installation; `Invalid` for a short password.
    pub async fn set_station_password(
        &self,
        write: Write<()>,
        id: &str,
        password: Vec<u8>,
    ) -> Result<Done, ApiError> {
        let station = self.registered(id).await?;
        let permit = self.security_of(&write.caller, &station).await?;
        let hash = self.station_password(&password)?;
        let write = said(write, "station password set");
        self.put_station_password(permit, write, station, Some(hash))
            .await
    }

    /// Removes the password of a station: from then on it is let in without one where the
    /// deployment allows that.
    ///
    /// # Errors
    /// `Forbidden` without `manage_security` at its installation.
    pub async fn remove_station_password(
        &self,
        write: Write<()>,
        id: &str,
    ) -> Result<Done, ApiError> {
        let station = self.registered(id).await?;
        let permit = self.security_of(&write.caller, &station).await?;
        let write = said(write, "station password removed");
        self.put_station_password(permit, write, station, None)
            .await
    }

    async fn security_of(
        &self,
        caller: &Caller,
        station: &Station,
    ) -> Result<authz::Permit<act::ManageSecurity>, ApiError> {
        // Whoever does not see the station does not learn that it is there.
        if !self.pep.sees(caller, node_of(station)) {
            return Err(ApiError::NotFound);
        }
        match self.pep.permit(caller, station.installation).await {
            // They see the charger, but nothing of its installation.
            Err(ApiError::NotFound) => self.pep.permit(caller, node_of(station)).await,
            other => other,
        }
    }

    fn station_password(&self, password: &[u8]) -> Result<PasswordHash, ApiError> {
        if !PASSWORD.contains(&password.len()) {
            return Err(ApiError::field(
                "password",
                "out_of_range",
                "from 16 to 64 bytes",
            ));
        }
        Ok(hash_station_password(
            &self.settings.pepper,
            self.random.as_ref(),
            password,
        ))
    }

    async fn put_station_password(
        &self,
        permit: authz::Permit<act::ManageSecurity>,
        write: Write<()>,
        station: Station,
        password: Option<PasswordHash>,
    ) -> Result<Done, ApiError> {
        let key = station.key.clone();
        let organisation = station.organisation;
        let done = self
            .change(permit, write, organisation, move |tx| {
                let (station, password) = (station.clone(), password.clone());
                Box::pin(async move {
                    if !tx
                        .set_station_password(&station.key, password.as_ref())
                        .await?
                    {
                        return Ok(Err(ApiError::NotFound));
                    }
                    note(tx, &station).await
                })
            })
            .await?;
        self.link.disconnect(&key, Disconnect::CredentialChanged);
        Ok(done)
    }

    /// Handshakes that were refused, for who runs the deployment: the owners of the organisation
    /// that was made first.
    ///
    /// # Errors
    /// `Forbidden` for everybody else.
    pub async fn refused_handshakes(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<RefusedView>, ApiError> {
        let first = self.operator().await?;
        let _ = self
            .pep
            .permit::<act::ManageSecurity>(caller, first)
            .await?;
        let page = query.page()?;
        let list = self.store.list_refused_handshakes(&page).await?;
        Ok(Listing {
            items: list
                .items
                .into_iter()
                .map(|row| self.refused_view(row))
                .collect(),
            next: list.next.map(|cursor| cursor.to_string()),
        })
    }

    fn refused_view(&self, handshake: RefusedHandshake) -> RefusedView {
        let id = StationId::new(&handshake.identity).ok();
        RefusedView {
            online: id.is_some_and(|id| self.link.presence(&id.key()).is_some()),
            handshake,
        }
    }

    /// The organisation that runs the deployment: ids are in the order of time.
    pub(super) async fn operator(&self) -> Result<OrganisationId, ApiError> {
        let all = self.store.organisations().await?;
        all.first()
            .map(|organisation| organisation.id)
            .ok_or(ApiError::NotFound)
    }

    /// Registers a station that knocked, with the password it will present.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` and `manage_security` at the installation;
    /// `Conflict` when the identity is taken, by whomever; `TooMany`.
    pub async fn claim_station(
        &self,
        write: Write<StationView>,
        claim: Claim,
    ) -> Result<Done, ApiError> {
        let at = claim.installation;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, at)
            .await?;
        let _ = self
            .pep
            .permit::<act::ManageSecurity>(&write.caller, at)
            .await?;
        if let Some(person) = permit.person() {
            self.limits.claim(person)?;
        }
        let password = self.station_password(&claim.password)?;
        let labels = Labels {
            name: claim.station_id.clone(),
            ..Labels::default()
        };
        let (point, mut station) = match claim.kind {
            ClaimKind::Charger => {
                let (charger, station) = self.new_charger(NewCharger {
                    labels,
                    installation: at,
                    area: claim.area,
                    station_id: claim.station_id,
                    evses: Vec::new(),
                    authorization_required: ChargerAuthorization::Inherit,
                    open_schedule: None,
                    offline_policy: ChargerOffline::default(),
                })?;
                (Change::Charger(charger), station)
            }
            ClaimKind::Lock => {
                let (lock, station) = self.new_lock(NewLock {
                    labels,
                    installation: at,
                    station_id: claim.station_id,
                    unlock_connector: super::locks::UnlockConnector::Ignored,
                })?;
                (Change::Lock(lock), station)
            }
        };
        station.password = Some(password);
        let _order = self.order.read().await;
        let organisation = station.organisation;
        self.change(permit, write, organisation, move |tx| {
            let (point, station) = (point.clone(), station.clone());
            Box::pin(async move {
                match &point {
                    Change::Charger(charger) => tx.insert_charger(charger).await?,
                    Change::Lock(lock) => tx.insert_lock(lock).await?,
                    _ => return Ok(Err(ApiError::Internal)),
                }
                tx.insert_station(&station).await?;
                tx.delete_refused_handshake(station.id.as_str()).await?;
                tx.record(point, None);
                Ok(Ok(StationView {
                    station,
                    telemetry: Telemetry::none(),
                }))
            })
        })
        .await
    }
}

/// Where it is decided who may do what with a station: a lock is no node.
pub(super) fn node_of(station: &Station) -> NodeId {
    match station.kind {
        StationKind::Charger(id) => id.into(),
        StationKind::Lock(_) => station.installation.into(),
    }
}

/// The reason in the change log, where the caller gave none of their own.
pub(super) fn said<T>(mut write: Write<T>, what: &str) -> Write<T> {
    let reason = match write.caller.reason.take() {
        Some(reason) => format!("{what}: {reason}"),
        None => what.to_owned(),
    };
    write.caller.reason = Some(reason);
    write
}

/// A line in the change log for what changes nothing of the row itself.
pub(super) async fn note(tx: &mut store::Tx, station: &Station) -> Verdict<()> {
    let row = match station.kind {
        StationKind::Charger(id) => tx.get_charger(id).await?.map(Change::Charger),
        StationKind::Lock(id) => tx.get_lock(id).await?.map(Change::Lock),
    };
    let Some(row) = row else {
        return Ok(Err(ApiError::NotFound));
    };
    let before = image(&row);
    tx.record(row, Some(before));
    Ok(Ok(()))
}
