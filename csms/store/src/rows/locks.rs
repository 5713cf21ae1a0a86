//! Locks and their doors.

use model::{
    AreaId, Door, DoorAccess, DoorId, InstallationId, Labels, Lock, LockId, OrganisationId, Passage,
};

use super::accounts::labels;
use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! lock_columns {
    () => {
        "id, organisation_id, installation_id, station_id, name, external_id, metadata, \
         unlock_connector_opens, created_at, deleted_at"
    };
}

macro_rules! door_columns {
    () => {
        "id, organisation_id, installation_id, parent_node_id, lock_id, number, name, \
         external_id, metadata, fail, remote_open, open_seconds, offline_policy, created_at, \
         deleted_at, \
         minimum_strength, unlock_schedule_id, entry_area_id, exit_area_id"
    };
}

statements! {
    INSERT_LOCK = "INSERT INTO locks (", lock_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE_LOCK = "UPDATE locks SET installation_id = $2, station_id = $3, name = $4, \
        external_id = $5, metadata = $6, unlock_connector_opens = $7, deleted_at = $8 \
        WHERE id = $1";
    LOCK = "SELECT ", lock_columns!(), " FROM locks WHERE id = $1";
    LOCKS = "SELECT ", lock_columns!(),
        " FROM locks WHERE organisation_id = $1 AND deleted_at IS NULL";
    INSERT_DOOR = "INSERT INTO doors (", door_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    UPDATE_DOOR = "UPDATE doors SET installation_id = $2, parent_node_id = $3, lock_id = $4, \
        number = $5, name = $6, external_id = $7, metadata = $8, fail = $9, remote_open = $10, \
        open_seconds = $11, offline_policy = $12, deleted_at = $13, \
        minimum_strength = $14, \
        unlock_schedule_id = $15, \
        entry_area_id = $16, \
        exit_area_id = $17 WHERE id = $1";
    DOOR = "SELECT ", door_columns!(), " FROM doors WHERE id = $1";
    DOORS = "SELECT ", door_columns!(),
        " FROM doors WHERE organisation_id = $1 AND deleted_at IS NULL";
    DOORS_OF = "SELECT ", door_columns!(),
        " FROM doors WHERE lock_id = $1 AND deleted_at IS NULL ORDER BY number";
    INSTALLATION_THERE = "SELECT id FROM installations WHERE organisation_id = $1 AND id = $2";
    LOCK_THERE = "SELECT id FROM locks WHERE organisation_id = $1 AND id = $2";
}

pub(crate) const LIVE_LOCKS: Whole = Whole::live("locks", lock_columns!());
pub(crate) const LIVE_DOORS: Whole = Whole::live("doors", door_columns!());

queries! {
    /// A lock, removed ones too.
    get_lock(id: LockId) -> Option<Lock> = LOCK [id];
    /// A door, removed ones too.
    get_door(id: DoorId) -> Option<Door> = DOOR [id];
    /// The doors of a lock that are not removed, by number.
    doors_of(lock: LockId) -> Vec<Door> = DOORS_OF [lock];
}

impl Store {
    /// The locks of an organisation, or of one installation, that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_locks(
        &self,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        page: &Page,
    ) -> Result<List<Lock>, StoreError> {
        let query = Select::new(LOCKS, args![organisation])
            .and_some("installation_id =", &installation)
            .by_id("id", page);
        self.list(query, page, |row: &Lock| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The doors of an organisation, or of one installation, that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_doors(
        &self,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        page: &Page,
    ) -> Result<List<Door>, StoreError> {
        let query = Select::new(DOORS, args![organisation])
            .and_some("installation_id =", &installation)
            .by_id("id", page);
        self.list(query, page, |row: &Door| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new lock.
    ///
    /// # Errors
    /// [`Constraint::LockId`], [`Constraint::LockInstallation`].
    pub async fn insert_lock(&mut self, row: &Lock) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.organisation,
            row.installation,
            row.station,
            name,
            external_id,
            metadata,
            row.unlock_connector_opens,
            row.created_at,
            row.deleted_at,
        ];
        let installation = Reference {
            constraint: Constraint::LockInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        self.put(INSERT_LOCK, args, &[installation]).await.map(drop)
    }

    /// All of a lock but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`Constraint::LockInstallation`].
    pub async fn update_lock(&mut self, row: &Lock) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.installation,
            row.station,
            name,
            external_id,
            metadata,
            row.unlock_connector_opens,
            row.deleted_at,
        ];
        let installation = Reference {
            constraint: Constraint::LockInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        self.put(UPDATE_LOCK, args, &[installation]).await
    }

    /// A new door.
    ///
    /// # Errors
    /// [`Constraint::DoorNumber`], [`Constraint::DoorLock`], [`Constraint::DoorInstallation`],
    /// [`Constraint::DoorFromOne`], [`Constraint::DoorOpenSeconds`], [`Constraint::DoorId`].
    pub async fn insert_door(&mut self, row: &Door) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let (entry, exit) = passage(row);
        let args = args![
            row.id,
            row.organisation,
            row.installation,
            row.parent,
            row.lock,
            row.number,
            name,
            external_id,
            metadata,
            row.fail,
            row.remote_open,
            row.open_seconds,
            row.offline_policy,
            row.created_at,
            row.deleted_at,
            row.access.minimum_strength,
            row.access.unlock_schedule,
            entry,
            exit,
        ];
        let installation = Reference {
            constraint: Constraint::DoorInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        let lock = Reference {
            constraint: Constraint::DoorLock,
            lookup: LOCK_THERE,
            args: args![row.organisation, row.lock],
        };
        self.put(INSERT_DOOR, args, &[installation, lock])
            .await
            .map(drop)
    }

    /// All of a door but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// As [`Tx::insert_door`].
    pub async fn update_door(&mut self, row: &Door) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let (entry, exit) = passage(row);
        let args = args![
            row.id,
            row.installation,
            row.parent,
            row.lock,
            row.number,
            name,
            external_id,
            metadata,
            row.fail,
            row.remote_open,
            row.open_seconds,
            row.offline_policy,
            row.deleted_at,
            row.access.minimum_strength,
            row.access.unlock_schedule,
            entry,
            exit,
        ];
        let installation = Reference {
            constraint: Constraint::DoorInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.organisation, row.installation],
        };
        let lock = Reference {
            constraint: Constraint::DoorLock,
            lookup: LOCK_THERE,
            args: args![row.organisation, row.lock],
        };
        self.put(UPDATE_DOOR, args, &[installation, lock]).await
    }
}

impl Record for Lock {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            installation: columns.take()?,
            station: columns.take()?,
            labels: labels(columns)?,
            unlock_connector_opens: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}

impl Record for Door {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            installation: columns.take()?,
            parent: columns.take()?,
            lock: columns.take()?,
            number: columns.take()?,
            labels: labels(columns)?,
            fail: columns.take()?,
            remote_open: columns.take()?,
            open_seconds: columns.take()?,
            offline_policy: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            access: DoorAccess {
                minimum_strength: columns.take()?,
                unlock_schedule: columns.take()?,
                passage: read_passage(columns)?,
            },
        })
    }
}

/// The area the door leads into, and the one it leads out of: one of them, or none.
fn passage(row: &Door) -> (Option<AreaId>, Option<AreaId>) {
    match row.access.passage {
        Some(Passage::Entry(area)) => (Some(area), None),
        Some(Passage::Exit(area)) => (None, Some(area)),
        None => (None, None),
    }
}

fn read_passage(columns: &mut Columns<'_>) -> Result<Option<Passage>, StoreError> {
    let (entry, exit): (Option<AreaId>, Option<AreaId>) = (columns.take()?, columns.take()?);
    Ok(entry.map(Passage::Entry).or(exit.map(Passage::Exit)))
}
