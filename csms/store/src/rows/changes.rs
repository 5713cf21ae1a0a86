//! The change log and the counters.

use jiff::Timestamp;
use model::{Actor, ApiKeyId, ChangeKind, OrganisationId, PersonId, RequestId, Revision};
use serde_json::Value;
use uuid::Uuid;

use super::Counter;
use crate::arg::{Bind, args};
use crate::image::image;
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::{ManyRows, statements};
use crate::tx::Recorded;
use crate::{Store, StoreError, Tx};

/// The counter of revisions.
pub(crate) const REVISION: &str = "revision";

macro_rules! change_columns {
    () => {
        "revision, organisation_id, kind, row_id, actor_person_id, actor_api_key_id, request_id, \
         at, reason, before_row, after_row"
    };
}

statements! {
    PING = "SELECT CAST(1 AS BIGINT)";
    COUNT_UP = "INSERT INTO counters (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value \
        RETURNING value";
    // OCPP 1.6 transactionId and 2.0.1 remoteStartId are integers: after the last positive one of
    // 32 bits they begin again.
    COUNT_UP_SMALL = "INSERT INTO counters (name, value) VALUES ($1, 1) \
        ON CONFLICT (name) DO UPDATE SET value = \
        CASE WHEN counters.value >= 2147483647 THEN 1 ELSE counters.value + 1 END \
        RETURNING value";
    REVISION_NOW = "SELECT value FROM counters WHERE name = 'revision'";
    CHANGES = "SELECT ", change_columns!(), " FROM change_log WHERE organisation_id = $1";
    CHANGES_AFTER = "SELECT ", change_columns!(),
        " FROM change_log WHERE revision > $1 ORDER BY revision LIMIT $2";
}

static INSERT_CHANGES: ManyRows = ManyRows::new(
    concat!("INSERT INTO change_log (", change_columns!(), ") VALUES"),
    11,
    "",
);

/// A row of the change log.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeEntry {
    /// The number of the change.
    pub revision: Revision,
    /// The tenant.
    pub organisation: OrganisationId,
    /// What it is about.
    pub kind: ChangeKind,
    /// The id of the row.
    pub row: Uuid,
    /// Who did it; `None` for the command line and the system itself.
    pub person: Option<PersonId>,
    /// With which key.
    pub api_key: Option<ApiKeyId>,
    /// In which HTTP request.
    pub request: Option<RequestId>,
    /// When.
    pub at: Timestamp,
    /// Why, as the person said.
    pub reason: Option<String>,
    /// The row before, as far as it may be shown; see [`crate::image`].
    pub before: Option<Value>,
    /// The row after it.
    pub after: Value,
}

impl Store {
    /// The change log of an organisation, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_changes(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<ChangeEntry>, StoreError> {
        // The second key only gives every list the same form: a revision is unique.
        let query = Select::new(CHANGES, args![organisation]).by_time(
            "revision",
            "row_id",
            Order::NewestFirst,
            page,
        );
        let cursor = |row: &ChangeEntry| Cursor {
            at: row.revision.0,
            id: row.row.to_string(),
        };
        self.list(query, page, cursor).await
    }

    /// The changes after a revision, in order, of every organisation.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn changes_after(
        &self,
        revision: Revision,
        limit: u32,
    ) -> Result<Vec<ChangeEntry>, StoreError> {
        self.find_all(CHANGES_AFTER, args![revision, limit]).await
    }

    /// The number of the last change; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn revision(&self) -> Result<Revision, StoreError> {
        let value: Option<i64> = self.find(REVISION_NOW, &[]).await?;
        Ok(Revision(value.unwrap_or(0)))
    }
}

impl Tx {
    /// The next number of a counter. A job that is rolled back gives its number back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_number(&mut self, counter: Counter) -> Result<i64, StoreError> {
        let name = match counter {
            Counter::TransactionNumber => "transaction_number",
            Counter::RemoteStartId => "remote_start_id",
        };
        let value = self.find(COUNT_UP_SMALL, args![name]).await?;
        value.ok_or(StoreError::Corrupt {
            what: "counter",
            problem: name.to_owned(),
        })
    }
}

pub(crate) async fn insert_changes(
    tx: &mut Tx,
    entries: &[(Revision, (Actor, Recorded))],
) -> Result<(), StoreError> {
    let mut rest = entries;
    while !rest.is_empty() {
        let (count, text) = INSERT_CHANGES.text(rest.len());
        let (rows, after) = rest.split_at(count);
        rest = after;
        let mut args = Vec::with_capacity(count * 11);
        for (revision, (actor, Recorded { change, before })) in rows {
            args.extend([
                revision.arg(),
                change.organisation().arg().into_owned(),
                change.kind().arg().into_owned(),
                change.id().arg().into_owned(),
                actor.person.arg(),
                actor.api_key.arg(),
                actor.request.arg(),
                actor.at.arg(),
                actor.reason.arg(),
                before.arg(),
                image(change).arg().into_owned(),
            ]);
        }
        tx.run(text, &args).await?;
    }
    Ok(())
}

impl Record for ChangeEntry {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            revision: columns.take()?,
            organisation: columns.take()?,
            kind: columns.take()?,
            row: columns.take()?,
            person: columns.take()?,
            api_key: columns.take()?,
            request: columns.take()?,
            at: columns.take()?,
            reason: columns.take()?,
            before: columns.take()?,
            after: columns.take()?,
        })
    }
}
