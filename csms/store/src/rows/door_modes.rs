//! What doors are to be set to, and what their locks confirmed.

use jiff::Timestamp;
use model::{DoorId, DoorMode, StationKey};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    REQUEST = "INSERT INTO door_modes (door_id, requested, requested_at) VALUES ($1, $2, $3) \
        ON CONFLICT (door_id) DO UPDATE SET requested = excluded.requested, \
        requested_at = excluded.requested_at WHERE door_modes.requested <> excluded.requested";
    CONFIRM = "UPDATE door_modes SET confirmed = $2, confirmed_at = $3 \
        WHERE door_id = $1 AND requested = $2";
    DOUBT = "UPDATE door_modes SET confirmed = NULL, confirmed_at = NULL \
        WHERE requested <> 'normal' AND door_id IN (SELECT d.id FROM doors d \
        JOIN stations s ON s.lock_id = d.lock_id WHERE s.key = $1)";
    MODE = "SELECT door_id, requested, requested_at, confirmed, confirmed_at FROM door_modes \
        WHERE door_id = $1";
    MODES = "SELECT door_id, requested, requested_at, confirmed, confirmed_at FROM door_modes \
        ORDER BY door_id";
    DUE = "SELECT m.door_id, d.number, s.key, m.requested FROM door_modes m \
        JOIN doors d ON d.id = m.door_id JOIN stations s ON s.lock_id = d.lock_id \
        WHERE d.deleted_at IS NULL AND (m.confirmed IS NULL OR m.confirmed <> m.requested) \
        ORDER BY s.key, d.number";
    DUE_AT = "SELECT m.door_id, d.number, s.key, m.requested FROM door_modes m \
        JOIN doors d ON d.id = m.door_id JOIN stations s ON s.lock_id = d.lock_id \
        WHERE s.key = $1 AND d.deleted_at IS NULL \
        AND (m.confirmed IS NULL OR m.confirmed <> m.requested) ORDER BY d.number";
}

/// The mode of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorModeRow {
    /// Which door.
    pub door: DoorId,
    /// What it is to be set to.
    pub requested: DoorMode,
    /// Since when.
    pub requested_at: Timestamp,
    /// What its lock confirmed last; `None`: nothing since it was set or came back.
    pub confirmed: Option<DoorMode>,
    /// When.
    pub confirmed_at: Option<Timestamp>,
}

/// A mode that a lock has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMode {
    /// Which door.
    pub door: DoorId,
    /// Its number at the lock.
    pub number: u32,
    /// The lock's station.
    pub station: StationKey,
    /// What it is to be set to.
    pub mode: DoorMode,
}

queries! {
    /// The mode of a door, if one was ever asked for.
    get_door_mode(door: DoorId) -> Option<DoorModeRow> = MODE [door];
    /// The modes of all doors for which one was ever asked for.
    door_modes() -> Vec<DoorModeRow> = MODES [];
    /// What no lock has confirmed.
    due_modes() -> Vec<DueMode> = DUE [];
    /// What this station's lock has not confirmed.
    due_modes_at(station: &StationKey) -> Vec<DueMode> = DUE_AT [station];
}

impl Tx {
    /// A door is to be set to a mode. `false`: it was already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request_mode(
        &mut self,
        door: DoorId,
        mode: DoorMode,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(REQUEST, args![door, mode, at]).await
    }

    /// The lock of a door confirmed a mode. `false`: another is asked for by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_mode(
        &mut self,
        door: DoorId,
        mode: DoorMode,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(CONFIRM, args![door, mode, at]).await
    }

    /// A lock came back: whether its doors are still as they were set is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn doubt_modes(&mut self, station: &StationKey) -> Result<(), StoreError> {
        self.run(DOUBT, args![station]).await.map(drop)
    }
}

impl Record for DoorModeRow {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            door: columns.take()?,
            requested: columns.take()?,
            requested_at: columns.take()?,
            confirmed: columns.take()?,
            confirmed_at: columns.take()?,
        })
    }
}

impl Record for DueMode {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            door: columns.take()?,
            number: columns.take()?,
            station: columns.take()?,
            mode: columns.take()?,
        })
    }
}
