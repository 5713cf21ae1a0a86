//! Meter samples: each is stored once, by its natural key.

use jiff::Timestamp;
use model::{EventTime, MeterSample, StationKey, TransactionId};

use crate::arg::{Bind, Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::{ManyRows, statements};
use crate::{Store, StoreError, Tx};

statements! {
    SAMPLES_OF = "SELECT station_key, natural_key, evse_number, received_at, time_text, \
        time_read, happened_at, value, measurand, unit, context, phase, location, energy_wh, \
        signed FROM meter_samples WHERE transaction_id = $1";
}

/// A sample met again, in a retried message, is the same one.
static INSERT_SAMPLES: ManyRows = ManyRows::new(
    "INSERT INTO meter_samples (station_key, natural_key, transaction_id, evse_number, \
     received_at, time_text, time_read, happened_at, value, measurand, unit, context, phase, \
     location, energy_wh, signed) VALUES",
    16,
    "ON CONFLICT (station_key, natural_key) DO NOTHING",
);

/// A sample as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSample {
    /// Who sent it.
    pub station: StationKey,
    /// What makes it the same one when it is sent again.
    pub natural_key: String,
    /// EVSE number, if said.
    pub evse: Option<u32>,
    /// When it was received.
    pub received_at: Timestamp,
    /// The value.
    pub sample: MeterSample,
}

impl Store {
    /// The samples of a transaction, by their time; where that cannot be read, by that of receipt.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_samples(
        &self,
        transaction: TransactionId,
        page: &Page,
    ) -> Result<List<StoredSample>, StoreError> {
        let query = Select::new(SAMPLES_OF, args![transaction]).by_time(
            "happened_at",
            "natural_key",
            Order::OldestFirst,
            page,
        );
        let cursor = |row: &StoredSample| Cursor {
            at: happened_at(&row.sample.at, row.received_at).as_microsecond(),
            id: row.natural_key.clone(),
        };
        self.list(query, page, cursor).await
    }
}

/// The station's time, or that of receipt where it cannot be read.
pub(super) fn happened_at(time: &EventTime, received_at: Timestamp) -> Timestamp {
    time.time.unwrap_or(received_at)
}

impl Tx {
    /// Stores samples, each with its natural key and its EVSE number; those stored before are
    /// left as they are. How many are new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_samples(
        &mut self,
        station: &StationKey,
        transaction: Option<TransactionId>,
        samples: &[(String, MeterSample, Option<u32>)],
        received_at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut new = 0;
        let mut rest = samples;
        while !rest.is_empty() {
            let (count, text) = INSERT_SAMPLES.text(rest.len(), self.dialect());
            let (rows, after) = rest.split_at(count);
            rest = after;
            let happened: Vec<_> = rows
                .iter()
                .map(|(_, sample, _)| happened_at(&sample.at, received_at))
                .collect();
            let mut args = Vec::with_capacity(count * 16);
            for ((natural_key, sample, evse), happened_at) in rows.iter().zip(&happened) {
                args.extend([
                    station.arg(),
                    Key(natural_key).arg().into_owned(),
                    transaction.arg().into_owned(),
                    evse.arg(),
                    received_at.arg().into_owned(),
                    sample.at.text.arg(),
                    sample.at.time.is_some().arg().into_owned(),
                    happened_at.arg(),
                    sample.value.arg(),
                    sample.measurand.arg(),
                    sample.unit.arg(),
                    sample.context.arg(),
                    sample.phase.arg(),
                    sample.location.arg(),
                    sample.energy_wh.arg(),
                    sample.signed.arg(),
                ]);
            }
            new += self.run_many(text, args).await?;
        }
        Ok(new)
    }
}

/// The text of a time and whether it could be read, from three columns.
pub(super) fn event_time(columns: &mut Columns<'_>) -> Result<(EventTime, Timestamp), StoreError> {
    let text = columns.take()?;
    let readable: bool = columns.take()?;
    let at: Timestamp = columns.take()?;
    Ok((
        EventTime {
            text,
            time: readable.then_some(at),
        },
        at,
    ))
}

impl Record for StoredSample {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            station: columns.take()?,
            natural_key: columns.take()?,
            evse: columns.take()?,
            received_at: columns.take()?,
            sample: MeterSample {
                at: event_time(columns)?.0,
                value: columns.take()?,
                measurand: columns.take()?,
                unit: columns.take()?,
                context: columns.take()?,
                phase: columns.take()?,
                location: columns.take()?,
                energy_wh: columns.take()?,
                signed: columns.take()?,
            },
        })
    }
}
