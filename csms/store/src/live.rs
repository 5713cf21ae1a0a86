//! Everything a decision may look at, read in one state of the database.

use jiff::Timestamp;
use model::{
    ApiKey, Area, Calendar, Change, Charger, Credential, Door, Emergency, Grant, Installation,
    Lock, Membership, Organisation, Person, Revision, Schedule, Tag,
};

use crate::arg::{Arg, args};
use crate::db::Reader;
use crate::fault::classify;
use crate::link::{Record, Row};
use crate::packed::Whole;
use crate::rows::{EvseOf, Evses, REVISION_NOW, live};
use crate::sql::Sql;
use crate::{Store, StoreError};

impl Store {
    /// Gives `take` every row of the live picture, as if each had just been made: organisations,
    /// installations, areas (in no order, so parents need not come first), chargers, locks,
    /// doors, people, credentials, tags and what stands in them (of those that are gone too), hours,
    /// emergencies in force, grants that are not revoked and did not end by `ended_since`,
    /// and API keys that are not withdrawn; nothing that is removed. All of it is of one state of
    /// the database, whose revision is returned. Rows are not collected: a million grants need no
    /// memory here.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer, or what `take` fails with.
    pub async fn load_live(
        &self,
        ended_since: Timestamp,
        mut take: impl FnMut(Change) -> Result<(), StoreError> + Send,
    ) -> Result<Revision, StoreError> {
        let mut reader = self.reader().await?;
        let loaded = load(&mut reader, ended_since, &mut take).await;
        if loaded.is_err() {
            // It is in the middle of a transaction.
            drop(reader.detach());
        }
        loaded
    }
}

async fn load(
    reader: &mut Reader,
    ended_since: Timestamp,
    take: &mut (impl FnMut(Change) -> Result<(), StoreError> + Send),
) -> Result<Revision, StoreError> {
    reader.begin_snapshot().await.map_err(failed)?;
    let revision = reader
        .link()
        .optional(REVISION_NOW, &[])
        .await
        .map_err(failed)?;
    let revision = revision
        .map(|row| row.record::<i64>())
        .transpose()?
        .unwrap_or(0);

    each(reader, live::ORGANISATIONS, &[], |row: Organisation| {
        take(Change::Organisation(row))
    })
    .await?;
    whole(reader, live::INSTALLATIONS, &[], |row: Installation| {
        take(Change::Installation(row))
    })
    .await?;
    whole(reader, live::AREAS, &[], |row: Area| {
        take(Change::Area(row))
    })
    .await?;
    let mut evses = Evses::default();
    whole(reader, live::EVSES, &[], |row: EvseOf| {
        evses.add(row);
        Ok(())
    })
    .await?;
    whole(reader, live::CHARGERS, &[], |row: Charger| {
        take(Change::Charger(evses.complete(row)))
    })
    .await?;
    whole(reader, live::LOCKS, &[], |row: Lock| {
        take(Change::Lock(row))
    })
    .await?;
    whole(reader, live::DOORS, &[], |row: Door| {
        take(Change::Door(row))
    })
    .await?;
    whole(reader, live::PEOPLE, &[], |row: Person| {
        take(Change::Person(row))
    })
    .await?;
    whole(reader, live::CREDENTIALS, &[], |row: Credential| {
        take(Change::Credential(row))
    })
    .await?;
    whole(reader, live::TAGS, &[], |row: Tag| take(Change::Tag(row))).await?;
    whole(reader, live::MEMBERS, &[], |row: Membership| {
        take(Change::Membership(row))
    })
    .await?;
    whole(reader, live::CALENDARS, &[], |row: Calendar| {
        take(Change::Calendar(row))
    })
    .await?;
    whole(reader, live::SCHEDULES, &[], |row: Schedule| {
        take(Change::Schedule(row))
    })
    .await?;
    whole(reader, live::EMERGENCIES, &[], |row: Emergency| {
        take(Change::Emergency(row))
    })
    .await?;
    whole(reader, live::GRANTS, args![ended_since], |row: Grant| {
        take(Change::Grant(row))
    })
    .await?;
    each(reader, live::API_KEYS, &[], |row: ApiKey| {
        take(Change::ApiKey(row))
    })
    .await?;

    reader.end_snapshot().await.map_err(failed)?;
    Ok(Revision(revision))
}

async fn whole<T: Record>(
    reader: &mut Reader,
    whole: Whole,
    args: &[Arg<'_>],
    mut take: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let rows = |row: Row<'_>| take(row.record()?);
    reader
        .link()
        .whole(&whole, args, rows)
        .await
        .map_err(failed)?
}

async fn each<T: Record>(
    reader: &mut Reader,
    sql: Sql,
    args: &[Arg<'_>],
    mut take: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let rows = |row: Row<'_>| take(row.record()?);
    reader.link().each(sql, args, rows).await.map_err(failed)?
}

fn failed(error: sqlx::Error) -> StoreError {
    classify(error).0
}
