//! Installations and their areas.

use model::{AntiPassback, Area, AreaId, Installation, InstallationId, Labels, OrganisationId};

use super::accounts::labels;
use super::queries;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! installation_columns {
    () => {
        "id, organisation_id, name, external_id, metadata, time_zone, address, \
         authorization_required, concurrent_transactions, stop_on_revocation, created_at, \
         deleted_at, \
         open_schedule_id, authority, \
         language"
    };
}

macro_rules! area_columns {
    () => {
        "id, organisation_id, installation_id, parent_node_id, kind, name, external_id, metadata, \
         created_at, deleted_at, \
         anti_passback, anti_passback_minutes"
    };
}

statements! {
    INSERT_INSTALLATION = "INSERT INTO installations (", installation_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    UPDATE_INSTALLATION = "UPDATE installations SET name = $2, external_id = $3, metadata = $4, \
        time_zone = $5, address = $6, authorization_required = $7, concurrent_transactions = $8, \
        stop_on_revocation = $9, deleted_at = $10, \
        open_schedule_id = $11, \
        authority = $12, \
        language = $13 WHERE id = $1";
    INSTALLATION = "SELECT ", installation_columns!(), " FROM installations WHERE id = $1";
    INSTALLATIONS = "SELECT ", installation_columns!(),
        " FROM installations WHERE organisation_id = $1 AND deleted_at IS NULL";
    INSERT_AREA = "INSERT INTO areas (", area_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE_AREA = "UPDATE areas SET parent_node_id = $2, kind = $3, name = $4, external_id = $5, \
        metadata = $6, deleted_at = $7, \
        anti_passback = $8, \
        anti_passback_minutes = $9 WHERE id = $1";
    AREA = "SELECT ", area_columns!(), " FROM areas WHERE id = $1";
    AREAS = "SELECT ", area_columns!(),
        " FROM areas WHERE organisation_id = $1 AND deleted_at IS NULL";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
    INSTALLATION_THERE = "SELECT id FROM installations WHERE organisation_id = $1 AND id = $2";
}

pub(crate) const LIVE_INSTALLATIONS: Whole = Whole::live("installations", installation_columns!());
pub(crate) const LIVE_AREAS: Whole = Whole::live("areas", area_columns!());

queries! {
    /// An installation, removed ones too.
    get_installation(id: InstallationId) -> Option<Installation> = INSTALLATION [id];
    /// An area, removed ones too.
    get_area(id: AreaId) -> Option<Area> = AREA [id];
}

impl Store {
    /// The installations of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_installations(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Installation>, StoreError> {
        let query = Select::new(INSTALLATIONS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Installation| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The areas of an organisation, or of one installation, that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_areas(
        &self,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        page: &Page,
    ) -> Result<List<Area>, StoreError> {
        let query = Select::new(AREAS, args![organisation])
            .and_some("installation_id =", &installation)
            .by_id("id", page);
        self.list(query, page, |row: &Area| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new installation.
    ///
    /// # Errors
    /// [`Constraint::InstallationId`], [`Constraint::InstallationOrganisation`].
    pub async fn insert_installation(&mut self, row: &Installation) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.organisation,
            name,
            external_id,
            metadata,
            row.time_zone,
            row.address,
            row.authorization_required,
            row.concurrent_transactions,
            row.stop_on_revocation,
            row.created_at,
            row.deleted_at,
            row.open_schedule,
            row.authority,
            row.language,
        ];
        let organisation = Reference {
            constraint: Constraint::InstallationOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        self.put(INSERT_INSTALLATION, args, &[organisation])
            .await
            .map(drop)
    }

    /// All of an installation but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_installation(&mut self, row: &Installation) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            name,
            external_id,
            metadata,
            row.time_zone,
            row.address,
            row.authorization_required,
            row.concurrent_transactions,
            row.stop_on_revocation,
            row.deleted_at,
            row.open_schedule,
            row.authority,
            row.language,
        ];
        self.touched(UPDATE_INSTALLATION, args).await
    }

    /// A new area.
    ///
    /// # Errors
    /// [`Constraint::AreaId`], [`Constraint::AreaInstallation`].
    pub async fn insert_area(&mut self, row: &Area) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let (passback, passback_minutes) = anti_passback(row.anti_passback);
        let args = args![
            row.id,
            row.organisation,
            row.installation,
            row.parent,
            row.kind,
            name,
            external_id,
            metadata,
            row.created_at,
            row.deleted_at,
            passback,
            passback_minutes,
        ];
        let installation = Reference {
            constraint: Constraint::AreaInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        self.put(INSERT_AREA, args, &[installation]).await.map(drop)
    }

    /// All of an area but id, organisation, installation and when it was made. `false`: it is not
    /// there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_area(&mut self, row: &Area) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let (passback, passback_minutes) = anti_passback(row.anti_passback);
        let args = args![
            row.id,
            row.parent,
            row.kind,
            name,
            external_id,
            metadata,
            row.deleted_at,
            passback,
            passback_minutes,
        ];
        self.touched(UPDATE_AREA, args).await
    }
}

impl Record for Installation {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            labels: labels(columns)?,
            time_zone: columns.take()?,
            address: columns.take()?,
            authorization_required: columns.take()?,
            concurrent_transactions: columns.take()?,
            stop_on_revocation: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            open_schedule: columns.take()?,
            authority: columns.take()?,
            language: columns.take()?,
        })
    }
}

impl Record for Area {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            installation: columns.take()?,
            parent: columns.take()?,
            kind: columns.take()?,
            labels: labels(columns)?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            anti_passback: read_anti_passback(columns)?,
        })
    }
}

fn anti_passback(of: AntiPassback) -> (&'static str, Option<u32>) {
    match of {
        AntiPassback::Off => ("off", None),
        AntiPassback::Soft => ("soft", None),
        AntiPassback::Hard => ("hard", None),
        AntiPassback::Timed(minutes) => ("timed", Some(minutes)),
    }
}

fn read_anti_passback(columns: &mut Columns<'_>) -> Result<AntiPassback, StoreError> {
    let word: String = columns.take()?;
    let minutes: Option<u32> = columns.take()?;
    match (word.as_str(), minutes) {
        ("off", None) => Ok(AntiPassback::Off),
        ("soft", None) => Ok(AntiPassback::Soft),
        ("hard", None) => Ok(AntiPassback::Hard),
        ("timed", Some(minutes)) => Ok(AntiPassback::Timed(minutes)),
        (other, _) => Err(corrupt("anti-passback", other)),
    }
}
