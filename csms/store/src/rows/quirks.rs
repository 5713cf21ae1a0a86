//! The deviations seen of each station.

use jiff::Timestamp;
use model::{QuirkExample, SeenQuirk, StationKey};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

macro_rules! quirk_columns {
    () => {
        "station_key, name, count, refused, first_at, last_at, action, field, example, example_at"
    };
}

statements! {
    // Counted with what is there; an example stays until there is a newer one.
    COUNT_QUIRK = "INSERT INTO station_quirks (", quirk_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (station_key, name) DO UPDATE SET \
        count = station_quirks.count + excluded.count, \
        refused = station_quirks.refused + excluded.refused, \
        last_at = excluded.last_at, action = excluded.action, field = excluded.field, \
        example = COALESCE(excluded.example, station_quirks.example), \
        example_at = COALESCE(excluded.example_at, station_quirks.example_at)";
    QUIRKS_OF = "SELECT ", quirk_columns!(),
        " FROM station_quirks WHERE station_key = $1 ORDER BY last_at DESC, name";
    FORGET_EXAMPLES = "UPDATE station_quirks SET example = NULL, example_at = NULL \
        WHERE example_at < $1";
    DELETE_QUIRKS = "DELETE FROM station_quirks WHERE station_key = $1";
}

queries! {
    /// The deviations seen of a station, last first.
    station_quirks(key: &StationKey) -> Vec<SeenQuirk> = QUIRKS_OF [key];
}

impl Tx {
    /// Counts a deviation with those of the same name before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_quirk(&mut self, row: &SeenQuirk) -> Result<(), StoreError> {
        let example = row.example.as_ref();
        let (text, at) = (
            example.map(|example| &example.text),
            example.map(|example| example.at),
        );
        let args = args![
            row.station,
            row.name,
            row.count,
            row.refused,
            row.first_at,
            row.last_at,
            row.action,
            row.field,
            text,
            at,
        ];
        self.run(COUNT_QUIRK, args).await.map(drop)
    }

    /// Forgets the examples taken before a time; how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_quirk_examples(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(FORGET_EXAMPLES, args![before]).await
    }
}

impl Record for SeenQuirk {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let mut row = Self {
            station: columns.take()?,
            name: columns.take()?,
            count: columns.take()?,
            refused: columns.take()?,
            first_at: columns.take()?,
            last_at: columns.take()?,
            action: columns.take()?,
            field: columns.take()?,
            example: None,
        };
        let example: (Option<String>, Option<Timestamp>) = (columns.take()?, columns.take()?);
        if let (Some(text), Some(at)) = example {
            row.example = Some(QuirkExample { text, at });
        }
        Ok(row)
    }
}
