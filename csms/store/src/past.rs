//! What an organisation's rows were at a revision of the past.
//!
//! The rows of now, with every change since undone: for each row changed since, its image before
//! the first of those changes is what it was. What an image hides is read from where it is kept.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    ApiKey, Area, Calendar, Change, ChangeKind, Charger, Credential, Door, Emergency, Grant,
    Installation, Lock, Membership, Organisation, OrganisationId, Person, Revision, Schedule, Tag,
    mask,
};
use uuid::Uuid;

use crate::arg::{Arg, args};
use crate::db::Reader;
use crate::fault::classify;
use crate::image::row_of_image;
use crate::link::{Record, Row};
use crate::rows::{EvseOf, Evses, REVISION_NOW, past};
use crate::sql::Sql;
use crate::{Store, StoreError};

/// The rows of an organisation at a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// At which.
    pub revision: Revision,
    /// Everything that was there: organisations, installations, areas, chargers, locks, doors,
    /// people, credentials, tags, what stood in them, calendars, schedules, emergencies, grants,
    /// API keys; in this order. Of partner organisations only they, their people and their keys.
    pub rows: Vec<Change>,
    /// What is not known of then.
    pub unknown: Vec<Forgotten>,
}

/// What is not known of the past, where what is known of now was taken in its place, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forgotten {
    /// The change log does not reach back so far.
    Everything,
    /// The stop group of a person; the present one was taken.
    StopGroup(model::PersonId),
    /// The number of a credential: it was changed or erased since.
    Value(model::CredentialId),
    /// Somebody was erased since; nothing of them is there.
    Person,
}

/// A row by what it is and its id; what stands in a tag also by the tag.
type RowKey = (ChangeKind, Uuid, Option<Uuid>);

fn key_of(change: &Change) -> RowKey {
    let tag = match change {
        Change::Membership(row) => Some(row.tag.0),
        Change::Organisation(_)
        | Change::Installation(_)
        | Change::Area(_)
        | Change::Charger(_)
        | Change::Lock(_)
        | Change::Station(_)
        | Change::Door(_)
        | Change::Person(_)
        | Change::Credential(_)
        | Change::Grant(_)
        | Change::ApiKey(_)
        | Change::Tag(_)
        | Change::Schedule(_)
        | Change::Calendar(_)
        | Change::Emergency(_)
        | Change::Sharing(_)
        | Change::Webhook(_) => None,
    };
    (change.kind(), change.id(), tag)
}

/// The place of a kind among all, so that what a row points at comes before it.
const fn rank(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::Organisation => 0,
        ChangeKind::Installation => 1,
        ChangeKind::Area => 2,
        ChangeKind::Charger => 3,
        ChangeKind::Lock | ChangeKind::Station => 4,
        ChangeKind::Door => 5,
        ChangeKind::Person => 6,
        ChangeKind::Credential => 7,
        ChangeKind::Tag => 8,
        ChangeKind::Membership => 9,
        ChangeKind::Calendar => 10,
        ChangeKind::Schedule => 11,
        ChangeKind::Emergency => 12,
        ChangeKind::Grant => 13,
        ChangeKind::ApiKey => 14,
        // Nothing is decided by these.
        ChangeKind::Invitation
        | ChangeKind::Handover
        | ChangeKind::PartnerProfile
        | ChangeKind::Partnership
        | ChangeKind::PartnerLink
        | ChangeKind::Webhook => 15,
    }
}

impl Store {
    /// The rows of an organisation at a revision, all from one state of the database. Grants that
    /// ended before `ended_since` are left out, as from the live picture.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer, or an image cannot be read.
    pub async fn load_past(
        &self,
        organisation: OrganisationId,
        revision: Revision,
        ended_since: Timestamp,
    ) -> Result<Past, StoreError> {
        let mut reader = self.reader().await?;
        let loaded = load(&mut reader, organisation, revision, ended_since).await;
        if loaded.is_err() {
            // It is in the middle of a transaction.
            drop(reader.detach());
        }
        loaded
    }
}

async fn load(
    reader: &mut Reader,
    organisation: OrganisationId,
    revision: Revision,
    ended_since: Timestamp,
) -> Result<Past, StoreError> {
    reader.begin_snapshot().await.map_err(failed)?;
    let now: Option<i64> = one(reader, REVISION_NOW, &[]).await?;
    let revision = revision.min(Revision(now.unwrap_or(0)));
    let mut unknown = Vec::new();
    let first: Option<i64> = one(reader, past::FIRST_REVISION, &[]).await?;
    if first.is_some_and(|first| revision.0 < first.saturating_sub(1)) {
        unknown.push(Forgotten::Everything);
    }
    let mut rows = Rows::default();
    present(reader, organisation, ended_since, &mut rows).await?;
    undo(reader, organisation, revision, &mut rows, &mut unknown).await?;
    let mut partners: Vec<past::IdOf> = Vec::new();
    each(reader, past::PARTNERS_OF, args![organisation], |id| {
        partners.push(id);
        Ok(())
    })
    .await?;
    for past::IdOf(partner) in partners {
        let mut theirs = Rows::default();
        members(reader, partner, &mut theirs).await?;
        undo(reader, partner, revision, &mut theirs, &mut unknown).await?;
        let kept = theirs.0.into_iter().filter(|(_, change)| {
            matches!(
                change.kind(),
                ChangeKind::Organisation | ChangeKind::Person | ChangeKind::ApiKey
            )
        });
        rows.0.extend(kept);
    }
    reader.end_snapshot().await.map_err(failed)?;
    let mut rows: Vec<Change> = rows.0.into_values().collect();
    rows.sort_by_key(|change| (rank(change.kind()), change.id()));
    Ok(Past {
        revision,
        rows,
        unknown,
    })
}

/// Rows by their keys.
#[derive(Default)]
struct Rows(HashMap<RowKey, Change>);

impl Rows {
    fn put(&mut self, change: Change) {
        self.0.insert(key_of(&change), change);
    }
}

/// What is there now.
async fn present(
    reader: &mut Reader,
    organisation: OrganisationId,
    ended_since: Timestamp,
    rows: &mut Rows,
) -> Result<(), StoreError> {
    let of = args![organisation];
    members(reader, organisation, rows).await?;
    all(reader, past::INSTALLATIONS, of, |row: Installation| {
        rows.put(Change::Installation(row));
    })
    .await?;
    all(reader, past::AREAS, of, |row: Area| {
        rows.put(Change::Area(row));
    })
    .await?;
    let mut evses = Evses::default();
    all(reader, past::EVSES_OF_ALL, of, |row: EvseOf| evses.add(row)).await?;
    all(reader, past::CHARGERS, of, |row: Charger| {
        rows.put(Change::Charger(evses.complete(row)));
    })
    .await?;
    all(reader, past::LOCKS, of, |row: Lock| {
        rows.put(Change::Lock(row));
    })
    .await?;
    all(reader, past::DOORS, of, |row: Door| {
        rows.put(Change::Door(row));
    })
    .await?;
    all(reader, past::CREDENTIALS, of, |row: Credential| {
        rows.put(Change::Credential(row));
    })
    .await?;
    all(reader, past::TAGS, of, |row: Tag| {
        rows.put(Change::Tag(row));
    })
    .await?;
    all(reader, past::LIVE_MEMBERS_OF, of, |row: Membership| {
        rows.put(Change::Membership(row));
    })
    .await?;
    all(reader, past::CALENDARS, of, |row: Calendar| {
        rows.put(Change::Calendar(row));
    })
    .await?;
    all(reader, past::SCHEDULES, of, |row: Schedule| {
        rows.put(Change::Schedule(row));
    })
    .await?;
    all(reader, past::EMERGENCIES, of, |row: Emergency| {
        rows.put(Change::Emergency(row));
    })
    .await?;
    let ended = ended_since.as_microsecond();
    all(reader, past::GRANTS, of, |row: Grant| {
        let over = row
            .valid_until
            .is_some_and(|until| until.as_microsecond() <= ended);
        if row.revoked_at.is_none() && !over {
            rows.put(Change::Grant(row));
        }
    })
    .await
}

/// The organisation itself, its people and its keys.
async fn members(
    reader: &mut Reader,
    organisation: OrganisationId,
    rows: &mut Rows,
) -> Result<(), StoreError> {
    let of = args![organisation];
    all(reader, past::ORGANISATION, of, |row: Organisation| {
        if row.deleted_at.is_none() {
            rows.put(Change::Organisation(row));
        }
    })
    .await?;
    all(reader, past::PEOPLE, of, |row: Person| {
        rows.put(Change::Person(row));
    })
    .await?;
    all(reader, past::API_KEYS, of, |row: ApiKey| {
        rows.put(Change::ApiKey(row));
    })
    .await
}

/// Takes back what was changed since.
async fn undo(
    reader: &mut Reader,
    organisation: OrganisationId,
    revision: Revision,
    rows: &mut Rows,
    unknown: &mut Vec<Forgotten>,
) -> Result<(), StoreError> {
    let mut first: HashMap<RowKey, past::Step> = HashMap::new();
    each(
        reader,
        past::CHANGES_SINCE,
        args![organisation, revision],
        |step: past::Step| {
            if step.after.is_null() {
                unknown.push(Forgotten::Person);
                return Ok(());
            }
            first.entry(key_of_step(&step)?).or_insert(step);
            Ok(())
        },
    )
    .await?;
    for (key, step) in first {
        match before(reader, &step, revision, unknown).await? {
            Some(change) if !is_gone(&change) => {
                rows.0.insert(key, change);
            }
            Some(_) | None => {
                rows.0.remove(&key);
            }
        }
    }
    Ok(())
}

fn key_of_step(step: &past::Step) -> Result<RowKey, StoreError> {
    let tag = match step.kind {
        ChangeKind::Membership => row_of_image(step.kind, &step.after)?.map(|row| key_of(&row)),
        ChangeKind::Organisation
        | ChangeKind::Installation
        | ChangeKind::Area
        | ChangeKind::Charger
        | ChangeKind::Lock
        | ChangeKind::Station
        | ChangeKind::Door
        | ChangeKind::Person
        | ChangeKind::Credential
        | ChangeKind::Grant
        | ChangeKind::ApiKey
        | ChangeKind::Tag
        | ChangeKind::Schedule
        | ChangeKind::Calendar
        | ChangeKind::Emergency
        | ChangeKind::Invitation
        | ChangeKind::Handover
        | ChangeKind::PartnerProfile
        | ChangeKind::Partnership
        | ChangeKind::PartnerLink
        | ChangeKind::Webhook => None,
    };
    Ok(tag.unwrap_or((step.kind, step.row, None)))
}

/// What a row was before a change; `None`: it was not there.
async fn before(
    reader: &mut Reader,
    step: &past::Step,
    revision: Revision,
    unknown: &mut Vec<Forgotten>,
) -> Result<Option<Change>, StoreError> {
    match step.kind {
        // What stands in a tag is put in and taken out, nothing else: before the one, the other.
        ChangeKind::Membership => {
            let after = row_of_image(step.kind, &step.after)?;
            let Some(Change::Membership(row)) = after else {
                return Ok(None);
            };
            let stood = Membership {
                removed_at: None,
                ..row
            };
            return Ok(row.removed_at.map(|_| Change::Membership(stood)));
        }
        // A key is made and withdrawn, nothing else.
        ChangeKind::ApiKey => {
            if step.before.is_none() {
                return Ok(None);
            }
            let key: Option<ApiKey> = one(reader, past::API_KEY, args![step.row]).await?;
            return Ok(key.map(|key| {
                Change::ApiKey(ApiKey {
                    revoked_at: None,
                    ..key
                })
            }));
        }
        ChangeKind::Organisation
        | ChangeKind::Installation
        | ChangeKind::Area
        | ChangeKind::Charger
        | ChangeKind::Lock
        | ChangeKind::Station
        | ChangeKind::Door
        | ChangeKind::Person
        | ChangeKind::Credential
        | ChangeKind::Grant
        | ChangeKind::Tag
        | ChangeKind::Schedule
        | ChangeKind::Calendar
        | ChangeKind::Invitation
        | ChangeKind::Handover
        | ChangeKind::PartnerProfile
        | ChangeKind::Partnership
        | ChangeKind::PartnerLink
        | ChangeKind::Webhook
        | ChangeKind::Emergency => {}
    }
    let Some(image) = &step.before else {
        return Ok(None);
    };
    let mut row = row_of_image(step.kind, image)?;
    if let Some(Change::Person(person)) = &mut row {
        let then = args![person.id, revision];
        match one::<past::GroupOf>(reader, past::STOP_GROUP_AT, then).await? {
            Some(past::GroupOf(group)) => person.stop_group = group,
            None => {
                let now: Option<Person> = one(reader, past::PERSON, args![person.id]).await?;
                if let Some(now) = now {
                    person.stop_group = now.stop_group;
                }
                unknown.push(Forgotten::StopGroup(person.id));
            }
        }
    }
    if let Some(Change::Credential(credential)) = &mut row {
        let now: Option<Credential> = one(reader, past::CREDENTIAL, args![credential.id]).await?;
        let shown = image.get("value").and_then(serde_json::Value::as_str);
        let Some(now) = now.filter(|now| shown == Some(mask(&now.value).as_str())) else {
            unknown.push(Forgotten::Value(credential.id));
            return Ok(None);
        };
        credential.value = now.value;
        credential.key = now.key;
    }
    Ok(row)
}

fn is_gone(change: &Change) -> bool {
    match change {
        Change::Organisation(row) => row.deleted_at.is_some(),
        Change::Installation(row) => row.deleted_at.is_some(),
        Change::Area(row) => row.deleted_at.is_some(),
        Change::Charger(row) => row.deleted_at.is_some(),
        Change::Lock(row) => row.deleted_at.is_some(),
        Change::Station(_) => false,
        Change::Door(row) => row.deleted_at.is_some(),
        Change::Person(row) => row.deleted_at.is_some(),
        Change::Credential(row) => row.deleted_at.is_some(),
        Change::Grant(row) => row.revoked_at.is_some(),
        Change::ApiKey(row) => row.revoked_at.is_some(),
        Change::Tag(row) => row.deleted_at.is_some(),
        Change::Membership(row) => row.removed_at.is_some(),
        Change::Schedule(row) => row.deleted_at.is_some(),
        Change::Calendar(row) => row.deleted_at.is_some(),
        Change::Emergency(row) => row.ended_at.is_some(),
        // Nothing is decided by these.
        Change::Sharing(_) | Change::Webhook(_) => true,
    }
}

async fn one<T: Record>(
    reader: &mut Reader,
    sql: Sql,
    args: &[Arg<'_>],
) -> Result<Option<T>, StoreError> {
    let row = reader.link().optional(sql, args).await.map_err(failed)?;
    row.as_ref().map(Row::record).transpose()
}

async fn all<T: Record>(
    reader: &mut Reader,
    sql: Sql,
    args: &[Arg<'_>],
    mut take: impl FnMut(T),
) -> Result<(), StoreError> {
    each(reader, sql, args, |row| {
        take(row);
        Ok(())
    })
    .await
}

async fn each<T: Record>(
    reader: &mut Reader,
    sql: Sql,
    args: &[Arg<'_>],
    mut take: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let rows = |row: Row| take(row.record()?);
    reader.link().each(sql, args, rows).await.map_err(failed)?
}

fn failed(error: sqlx::Error) -> StoreError {
    classify(error).0
}
