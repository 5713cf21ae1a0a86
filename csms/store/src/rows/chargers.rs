//! Chargers with their EVSEs.

use std::collections::HashMap;

use model::{Charger, ChargerId, Evse, InstallationId, Labels, OrganisationId};

use super::accounts::labels;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! charger_columns {
    () => {
        "id, organisation_id, installation_id, parent_node_id, station_id, name, external_id, \
         metadata, authorization_required, created_at, deleted_at, \
         open_schedule_id, offline_policy"
    };
}

statements! {
    INSERT_CHARGER = "INSERT INTO chargers (", charger_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    UPDATE_CHARGER = "UPDATE chargers SET installation_id = $2, parent_node_id = $3, \
        station_id = $4, name = $5, external_id = $6, metadata = $7, \
        authorization_required = $8, deleted_at = $9, \
        open_schedule_id = $10, \
        offline_policy = $11 WHERE id = $1";
    CHARGER = "SELECT ", charger_columns!(), " FROM chargers WHERE id = $1";
    CHARGERS = "SELECT ", charger_columns!(),
        " FROM chargers WHERE organisation_id = $1 AND deleted_at IS NULL";
    INSERT_EVSE = "INSERT INTO evses (id, charger_id, number, connectors, removed) \
        VALUES ($1, $2, $3, $4, FALSE)";
    UPDATE_EVSE = "UPDATE evses SET connectors = $2 WHERE id = $1";
    REMOVE_EVSE = "UPDATE evses SET removed = TRUE WHERE id = $1";
    EVSES_OF = "SELECT charger_id, id, number, connectors FROM evses \
        WHERE charger_id = $1 AND NOT removed ORDER BY number";
    EVSES_BETWEEN = "SELECT evses.charger_id, evses.id, evses.number, evses.connectors \
        FROM evses JOIN chargers ON chargers.id = evses.charger_id \
        WHERE chargers.organisation_id = $1 AND chargers.id >= $2 AND chargers.id <= $3 \
        AND NOT evses.removed ORDER BY evses.charger_id, evses.number";
    CHARGER_THERE = "SELECT id FROM chargers WHERE id = $1";
    INSTALLATION_THERE = "SELECT id FROM installations \
        WHERE organisation_id = (SELECT organisation_id FROM chargers WHERE id = $1) AND id = $2";
    INSTALLATION_OF_THERE = "SELECT id FROM installations WHERE organisation_id = $1 AND id = $2";
}

pub(crate) const LIVE_CHARGERS: Whole = Whole::live("chargers", charger_columns!());

/// Those of the live picture.
pub(crate) const LIVE_EVSES: Whole = Whole {
    columns: "charger_id, id, number, connectors",
    table: "evses",
    condition: "NOT removed",
};

/// An EVSE and whose it is.
pub(crate) struct EvseOf {
    pub(crate) charger: ChargerId,
    pub(crate) evse: Evse,
}

/// The EVSEs of some chargers.
#[derive(Default)]
pub(crate) struct Evses(HashMap<ChargerId, Vec<Evse>>);

impl Evses {
    pub(crate) fn add(&mut self, row: EvseOf) {
        self.0.entry(row.charger).or_default().push(row.evse);
    }

    /// Puts them to the charger they belong to, by number: not all statements order them.
    pub(crate) fn complete(&mut self, mut charger: Charger) -> Charger {
        charger.evses = self.0.remove(&charger.id).unwrap_or_default();
        charger.evses.sort_unstable_by_key(|evse| evse.number);
        charger
    }
}

impl FromIterator<EvseOf> for Evses {
    fn from_iter<I: IntoIterator<Item = EvseOf>>(rows: I) -> Self {
        let mut evses = Self::default();
        rows.into_iter().for_each(|row| evses.add(row));
        evses
    }
}

impl Store {
    /// A charger, removed ones too.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn get_charger(&self, id: ChargerId) -> Result<Option<Charger>, StoreError> {
        let Some(charger) = self.find(CHARGER, args![id]).await? else {
            return Ok(None);
        };
        let evses: Vec<EvseOf> = self.find_all(EVSES_OF, args![id]).await?;
        Ok(Some(Evses::from_iter(evses).complete(charger)))
    }

    /// The chargers of an organisation, or of one installation, that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_chargers(
        &self,
        organisation: OrganisationId,
        installation: Option<InstallationId>,
        page: &Page,
    ) -> Result<List<Charger>, StoreError> {
        let query = Select::new(CHARGERS, args![organisation])
            .and_some("installation_id =", &installation)
            .by_id("id", page);
        let cursor = |row: &Charger| Cursor {
            at: 0,
            id: row.id.to_string(),
        };
        let List { items, next } = self.list(query, page, cursor).await?;
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            return Ok(List { items, next });
        };
        let args = args![organisation, first.id, last.id];
        let evses: Vec<EvseOf> = self.find_all(EVSES_BETWEEN, args).await?;
        let mut evses = Evses::from_iter(evses);
        let items = items
            .into_iter()
            .map(|charger| evses.complete(charger))
            .collect();
        Ok(List { items, next })
    }
}

impl Tx {
    /// A charger, removed ones too.
    ///
    /// # Errors
    /// [`StoreError`], which fails the job.
    pub async fn get_charger(&mut self, id: ChargerId) -> Result<Option<Charger>, StoreError> {
        let Some(charger) = self.find(CHARGER, args![id]).await? else {
            return Ok(None);
        };
        let evses: Vec<EvseOf> = self.find_all(EVSES_OF, args![id]).await?;
        Ok(Some(Evses::from_iter(evses).complete(charger)))
    }

    /// A new charger with its EVSEs.
    ///
    /// # Errors
    /// [`Constraint::ChargerId`], [`Constraint::ChargerInstallation`], [`Constraint::EvseId`],
    /// [`Constraint::EvseNumber`], [`Constraint::EvseFromOne`].
    pub async fn insert_charger(&mut self, row: &Charger) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.organisation,
            row.installation,
            row.parent,
            row.station,
            name,
            external_id,
            metadata,
            row.authorization_required,
            row.created_at,
            row.deleted_at,
            row.open_schedule,
            row.offline_policy,
        ];
        let installation = Reference {
            constraint: Constraint::ChargerInstallation,
            lookup: INSTALLATION_OF_THERE,
            args: args![row.organisation, row.installation],
        };
        self.put(INSERT_CHARGER, args, &[installation]).await?;
        for evse in &row.evses {
            self.insert_evse(row.id, evse).await?;
        }
        Ok(())
    }

    async fn insert_evse(&mut self, charger: ChargerId, evse: &Evse) -> Result<(), StoreError> {
        let reference = Reference {
            constraint: Constraint::EvseCharger,
            lookup: CHARGER_THERE,
            args: args![charger],
        };
        let args = args![evse.id, charger, evse.number, evse.connectors];
        self.put(INSERT_EVSE, args, &[reference]).await.map(drop)
    }

    /// All of a charger but id, organisation and when it was made. An EVSE whose number is there
    /// keeps its id, whatever id is given; the row as stored is returned, `None` if it is not
    /// there.
    ///
    /// # Errors
    /// As [`Tx::insert_charger`].
    pub async fn update_charger(&mut self, row: &Charger) -> Result<Option<Charger>, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.installation,
            row.parent,
            row.station,
            name,
            external_id,
            metadata,
            row.authorization_required,
            row.deleted_at,
            row.open_schedule,
            row.offline_policy,
        ];
        let installation = Reference {
            constraint: Constraint::ChargerInstallation,
            lookup: INSTALLATION_THERE,
            args: args![row.id, row.installation],
        };
        if !self.put(UPDATE_CHARGER, args, &[installation]).await? {
            return Ok(None);
        }
        let there: Vec<EvseOf> = self.find_all(EVSES_OF, args![row.id]).await?;
        for EvseOf { evse: old, .. } in &there {
            if !row.evses.iter().any(|evse| evse.number == old.number) {
                self.run(REMOVE_EVSE, args![old.id]).await?;
            }
        }
        for evse in &row.evses {
            match there.iter().find(|old| old.evse.number == evse.number) {
                Some(old) => {
                    self.run(UPDATE_EVSE, args![old.evse.id, evse.connectors])
                        .await?;
                }
                None => self.insert_evse(row.id, evse).await?,
            }
        }
        self.get_charger(row.id).await
    }
}

impl Record for Charger {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            installation: columns.take()?,
            parent: columns.take()?,
            station: columns.take()?,
            labels: labels(columns)?,
            authorization_required: columns.take()?,
            // Another table; see `Evses`.
            evses: Vec::new(),
            created_at: columns.take()?,
            deleted_at: columns.take()?,
            open_schedule: columns.take()?,
            offline_policy: columns.take()?,
        })
    }
}

impl Record for EvseOf {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            charger: columns.take()?,
            evse: Evse {
                id: columns.take()?,
                number: columns.take()?,
                connectors: columns.take()?,
            },
        })
    }
}
