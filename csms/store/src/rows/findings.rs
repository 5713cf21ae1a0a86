//! What is noticed about the conversation with stations, and what they last said of their settings.

use model::{ConfigurationValue, Finding, KnownConfiguration, StationKey};

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    // The process that talks to the station counts; what it says later is more.
    PUT_FINDING = "INSERT INTO station_findings \
        (station_key, code, detail, count, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (station_key, code) DO UPDATE SET count = excluded.count, \
        last_at = excluded.last_at";
    FINDINGS_OF = "SELECT station_key, code, detail, count, first_at, last_at \
        FROM station_findings WHERE station_key = $1 ORDER BY first_at, code";
    DELETE_FINDINGS = "DELETE FROM station_findings WHERE station_key = $1";
    PUT_CONFIGURATION = "INSERT INTO station_configuration \
        (station_key, name, state, value, read_only, read_at) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (station_key, name) DO UPDATE SET state = excluded.state, \
        value = excluded.value, read_only = excluded.read_only, read_at = excluded.read_at";
    CONFIGURATION_OF = "SELECT station_key, name, state, value, read_only, read_at \
        FROM station_configuration WHERE station_key = $1 ORDER BY name";
    DELETE_CONFIGURATION = "DELETE FROM station_configuration WHERE station_key = $1";
}

queries! {
    /// What was noticed of a station, first first.
    findings_of(key: &StationKey) -> Vec<Finding> = FINDINGS_OF [key];
    /// What a station last said of its settings, by name.
    configuration_of(key: &StationKey) -> Vec<KnownConfiguration> = CONFIGURATION_OF [key];
}

impl Tx {
    /// Keeps a finding, in place of what was known of its code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_finding(&mut self, row: &Finding) -> Result<(), StoreError> {
        let code = Key(&row.code);
        let args = args![
            row.station,
            code,
            row.detail,
            row.count,
            row.first_at,
            row.last_at
        ];
        self.run(PUT_FINDING, args).await.map(drop)
    }

    /// Forgets what was noticed of a station.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_findings(&mut self, key: &StationKey) -> Result<(), StoreError> {
        self.run(DELETE_FINDINGS, args![key]).await.map(drop)
    }

    /// Keeps what a station said of a setting, in place of what it said before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_configuration(&mut self, row: &KnownConfiguration) -> Result<(), StoreError> {
        let ConfigurationValue {
            name,
            state,
            value,
            read_only,
        } = &row.value;
        let name = Key(name);
        let args = args![row.station, name, state, value, read_only, row.read_at];
        self.run(PUT_CONFIGURATION, args).await.map(drop)
    }

    /// Forgets what a station said of its settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_configuration(&mut self, key: &StationKey) -> Result<(), StoreError> {
        self.run(DELETE_CONFIGURATION, args![key]).await.map(drop)
    }
}

impl Record for Finding {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            station: columns.take()?,
            code: columns.take()?,
            detail: columns.take()?,
            count: columns.take()?,
            first_at: columns.take()?,
            last_at: columns.take()?,
        })
    }
}

impl Record for KnownConfiguration {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let station = columns.take()?;
        let name = columns.take()?;
        let state = columns.take()?;
        let value = columns.take()?;
        let read_only = columns.take()?;
        Ok(Self {
            station,
            value: ConfigurationValue {
                name,
                state,
                value,
                read_only,
            },
            read_at: columns.take()?,
        })
    }
}
