//! What happens at doors.

use jiff::Timestamp;
use model::{DoorEvent, DoorId, DoorResult, DoorState, PersonId};

use super::queries;
use super::samples::{event_time, happened_at};
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

macro_rules! event_columns {
    () => {
        "event_id, organisation_id, lock_id, door_id, door_number, time_text, time_read, \
         happened_at, received_at, result, cause, person_id, credential_id, token"
    };
}

statements! {
    INSERT_EVENT = "INSERT INTO door_events (", event_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
        ON CONFLICT (lock_id, event_id) DO NOTHING";
    EVENTS = "SELECT ", event_columns!(), " FROM door_events WHERE door_id = $1";
    // By which doors of zones people went last. A lock's clock may be ahead.
    LAST_PASSAGES = "SELECT e.person_id, e.door_id, e.result, \
        MAX(CASE WHEN e.happened_at < e.received_at THEN e.happened_at ELSE e.received_at END) \
        FROM door_events e JOIN doors d ON d.id = e.door_id \
        WHERE e.person_id IS NOT NULL AND e.result IN ('granted', 'exit') \
        AND d.deleted_at IS NULL \
        AND (d.entry_area_id IS NOT NULL OR d.exit_area_id IS NOT NULL) \
        GROUP BY e.person_id, e.door_id, e.result";
    PASSAGES_BY = "SELECT person_id, door_id, result, \
        MAX(CASE WHEN happened_at < received_at THEN happened_at ELSE received_at END) \
        FROM door_events WHERE door_id = $1 AND received_at <= $2 \
        AND person_id IS NOT NULL AND result IN ('granted', 'exit') \
        GROUP BY person_id, door_id, result";
    // A report that comes late does not undo a later one.
    PUT_STATE = "INSERT INTO door_states (door_id, state, problem, at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (door_id) DO UPDATE SET state = COALESCE(excluded.state, door_states.state), \
        problem = excluded.problem, at = excluded.at WHERE door_states.at <= excluded.at";
    STATE = "SELECT door_id, state, problem, at FROM door_states WHERE door_id = $1";
    STATES = "SELECT door_id, state, problem, at FROM door_states ORDER BY door_id";
}

/// The last reported state of a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorStateRow {
    /// Which door.
    pub door: DoorId,
    /// Its state; when putting, `None` leaves the one that is known.
    pub state: Option<DoorState>,
    /// A fault in words.
    pub problem: Option<String>,
    /// When it was reported.
    pub at: Timestamp,
}

/// When a person last went through a door that leads into or out of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastPassage {
    /// Who.
    pub person: PersonId,
    /// By which door.
    pub door: DoorId,
    /// In, or out.
    pub result: DoorResult,
    /// When.
    pub at: Timestamp,
}

queries! {
    /// By which doors of zones people went last.
    last_passages() -> Vec<LastPassage> = LAST_PASSAGES [];
    /// Who went by a door last, as far as it was known at an instant.
    passages_by(door: DoorId, at: Timestamp) -> Vec<LastPassage> = PASSAGES_BY [door, at];
    /// The last reported state of a door.
    get_door_state(door: DoorId) -> Option<DoorStateRow> = STATE [door];
    /// The last reported state of every door.
    door_states() -> Vec<DoorStateRow> = STATES [];
}

impl Store {
    /// The events of a door, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_door_events(
        &self,
        door: DoorId,
        page: &Page,
    ) -> Result<List<DoorEvent>, StoreError> {
        let query = Select::new(EVENTS, args![door]).by_time(
            "happened_at",
            "event_id",
            Order::NewestFirst,
            page,
        );
        let cursor = |row: &DoorEvent| Cursor {
            at: happened_at(&row.at, row.received_at).as_microsecond(),
            id: row.event_id.clone(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// Stores an event. `false`: the lock sent it before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_door_event(&mut self, row: &DoorEvent) -> Result<bool, StoreError> {
        let event_id = Key(&row.event_id);
        let happened_at = happened_at(&row.at, row.received_at);
        let readable = row.at.time.is_some();
        let args = args![
            event_id,
            row.organisation,
            row.lock,
            row.door,
            row.door_number,
            row.at.text,
            readable,
            happened_at,
            row.received_at,
            row.result,
            row.cause,
            row.person,
            row.credential,
            row.token,
        ];
        self.touched(INSERT_EVENT, args).await
    }

    /// Keeps the state of a door. `false`: a later one is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_door_state(&mut self, row: &DoorStateRow) -> Result<bool, StoreError> {
        self.touched(PUT_STATE, args![row.door, row.state, row.problem, row.at])
            .await
    }
}

impl Record for DoorEvent {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            event_id: columns.take()?,
            organisation: columns.take()?,
            lock: columns.take()?,
            door: columns.take()?,
            door_number: columns.take()?,
            at: event_time(columns)?.0,
            received_at: columns.take()?,
            result: columns.take()?,
            cause: columns.take()?,
            person: columns.take()?,
            credential: columns.take()?,
            token: columns.take()?,
        })
    }
}

impl Record for LastPassage {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            person: columns.take()?,
            door: columns.take()?,
            result: columns.take()?,
            at: columns.take()?,
        })
    }
}

impl Record for DoorStateRow {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            door: columns.take()?,
            state: columns.take()?,
            problem: columns.take()?,
            at: columns.take()?,
        })
    }
}
