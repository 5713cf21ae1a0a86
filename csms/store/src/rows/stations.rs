//! Registered stations.

use model::{
    ChargerId, InstallationId, LockId, OrganisationId, PasswordHash, Station, StationKey,
    StationKind, StationSettings,
};

use super::queries;
use super::quirks::DELETE_QUIRKS;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! station_columns {
    () => {
        "key, station_id, organisation_id, installation_id, charger_id, lock_id, password_salt, \
         password_hash, settings, device_key_hash, created_at"
    };
}

statements! {
    INSERT_STATION = "INSERT INTO stations (", station_columns!(),
        ", assume_ocpp16) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    SET_PASSWORD = "UPDATE stations SET password_salt = $2, password_hash = $3 WHERE key = $1";
    SET_SETTINGS = "UPDATE stations SET settings = $2, assume_ocpp16 = $3 WHERE key = $1";
    SET_DEVICE_KEY = "UPDATE stations SET device_key_hash = $2 WHERE key = $1";
    MOVE_STATION = "UPDATE stations SET installation_id = $2 WHERE key = $1";
    DELETE_STATION = "DELETE FROM stations WHERE key = $1";
    DELETE_RECORD = "DELETE FROM station_records WHERE station_key = $1";
    DELETE_CONNECTOR_STATES = "DELETE FROM connector_states WHERE station_key = $1";
    STATION = "SELECT ", station_columns!(), " FROM stations WHERE key = $1";
    STATION_OF_CHARGER = "SELECT ", station_columns!(), " FROM stations WHERE charger_id = $1";
    STATION_OF_LOCK = "SELECT ", station_columns!(), " FROM stations WHERE lock_id = $1";
    STATIONS = "SELECT ", station_columns!(), " FROM stations WHERE organisation_id = $1";
    ALL_STATIONS = "SELECT ", station_columns!(), " FROM stations WHERE TRUE";
    INSTALLATION_THERE = "SELECT id FROM installations WHERE organisation_id = $1 AND id = $2";
    INSTALLATION_OF_STATION_THERE = "SELECT id FROM installations WHERE id = $2 AND \
        organisation_id = (SELECT organisation_id FROM stations WHERE key = $1)";
    CHARGER_THERE = "SELECT id FROM chargers WHERE id = $1";
    LOCK_THERE = "SELECT id FROM locks WHERE id = $1";
}

queries! {
    /// A registered station.
    get_station(key: &StationKey) -> Option<Station> = STATION [key];
    /// The station of a charger.
    station_of_charger(id: ChargerId) -> Option<Station> = STATION_OF_CHARGER [id];
    /// The station of a lock.
    station_of_lock(id: LockId) -> Option<Station> = STATION_OF_LOCK [id];
}

impl Store {
    /// The registered stations of an organisation, or of one installation, by key.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_stations(
        &self,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        page: &Page,
    ) -> Result<List<Station>, StoreError> {
        let query = Select::new(STATIONS, args![organisation])
            .and_some("installation_id =", &installation)
            .by_id("key", page);
        self.list(query, page, |row: &Station| Cursor {
            at: 0,
            id: row.key.to_string(),
        })
        .await
    }

    /// Every registered station of the deployment, by key.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_all_stations(&self, page: &Page) -> Result<List<Station>, StoreError> {
        let query = Select::new(ALL_STATIONS, args![]).by_id("key", page);
        self.list(query, page, |row: &Station| Cursor {
            at: 0,
            id: row.key.to_string(),
        })
        .await
    }
}

impl Tx {
    /// Registers a station.
    ///
    /// # Errors
    /// [`Constraint::StationTaken`], [`Constraint::StationOfCharger`],
    /// [`Constraint::StationOfLock`], [`Constraint::StationInstallation`],
    /// [`Constraint::StationCharger`], [`Constraint::StationLock`].
    pub async fn insert_station(&mut self, row: &Station) -> Result<(), StoreError> {
        let (charger, lock) = match row.kind {
            StationKind::Charger(id) => (Some(id), None),
            StationKind::Lock(id) => (None, Some(id)),
        };
        let salt = row.password.as_ref().map(|password| &password.salt);
        let hash = row.password.as_ref().map(|password| &password.hash);
        let args = args![
            row.key,
            row.id,
            row.organisation,
            row.installation,
            charger,
            lock,
            salt,
            hash,
            row.settings,
            row.device_key_hash,
            row.created_at,
            row.settings.assume_ocpp16,
        ];
        let installation = Reference {
            constraint: Constraint::StationInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        let point = match row.kind {
            StationKind::Charger(_) => Reference {
                constraint: Constraint::StationCharger,
                lookup: CHARGER_THERE,
                args: args![charger],
            },
            StationKind::Lock(_) => Reference {
                constraint: Constraint::StationLock,
                lookup: LOCK_THERE,
                args: args![lock],
            },
        };
        // What was counted late of a station of this identity that was removed is another owner's.
        self.run(DELETE_QUIRKS, args![row.key]).await?;
        self.put(INSERT_STATION, args, &[installation, point])
            .await
            .map(drop)
    }

    /// Sets or removes the password. `false`: the station is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_station_password(
        &mut self,
        key: &StationKey,
        password: Option<&PasswordHash>,
    ) -> Result<bool, StoreError> {
        let salt = password.map(|password| &password.salt);
        let hash = password.map(|password| &password.hash);
        self.touched(SET_PASSWORD, args![key, salt, hash]).await
    }

    /// Sets what the owner decides. `false`: the station is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_station_settings(
        &mut self,
        key: &StationKey,
        settings: &StationSettings,
    ) -> Result<bool, StoreError> {
        // The column is for programs of the version before, see migration 0005.
        self.touched(SET_SETTINGS, args![key, settings, settings.assume_ocpp16])
            .await
    }

    /// Sets or removes the device key. `false`: the station is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_station_device_key(
        &mut self,
        key: &StationKey,
        hash: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        self.touched(SET_DEVICE_KEY, args![key, hash]).await
    }

    /// Moves a station to another installation of its organisation. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::StationInstallation`].
    pub async fn move_station(
        &mut self,
        key: &StationKey,
        installation: InstallationId,
    ) -> Result<bool, StoreError> {
        let reference = Reference {
            constraint: Constraint::StationInstallation,
            lookup: INSTALLATION_OF_STATION_THERE,
            args: args![key, installation],
        };
        self.put(MOVE_STATION, args![key, installation], &[reference])
            .await
    }

    /// Forgets a station and what it said of itself, so that its identity is free; what it
    /// reported as having happened stays. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_station(&mut self, key: &StationKey) -> Result<bool, StoreError> {
        self.run(DELETE_RECORD, args![key]).await?;
        self.run(DELETE_CONNECTOR_STATES, args![key]).await?;
        self.run(DELETE_QUIRKS, args![key]).await?;
        self.delete_findings(key).await?;
        self.delete_configuration(key).await?;
        self.touched(DELETE_STATION, args![key]).await
    }
}

impl Record for Station {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let key = columns.take()?;
        let id = columns.take()?;
        let organisation = columns.take()?;
        let installation = columns.take()?;
        let kind = match (columns.take()?, columns.take()?) {
            (Some(charger), None) => StationKind::Charger(charger),
            (None, Some(lock)) => StationKind::Lock(lock),
            (Some(_), Some(_)) | (None, None) => {
                return Err(corrupt("station", "neither a charger nor a lock"));
            }
        };
        let password = match (columns.take()?, columns.take()?) {
            (Some(salt), Some(hash)) => Some(PasswordHash { salt, hash }),
            (None, None) => None,
            // Never read as "no password": that would let anybody in.
            (Some(_), None) | (None, Some(_)) => {
                return Err(corrupt("station", "half a password"));
            }
        };
        Ok(Self {
            key,
            id,
            organisation,
            installation,
            kind,
            password,
            settings: columns.take()?,
            device_key_hash: columns.take()?,
            created_at: columns.take()?,
        })
    }
}
