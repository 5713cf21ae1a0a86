//! The change log and the counters.

use jiff::Timestamp;
use model::{ApiKeyId, ChangeKind, OrganisationId, PersonId, RequestId, Revision};
use serde_json::Value;
use uuid::Uuid;

use super::Counter;
use super::decisions::Place;
use crate::arg::{Arg, Bind, args};
use crate::audit::digest::Hash;
use crate::link::{Columns, Kind, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::{ManyRows, statements};
use crate::{Store, StoreError, Tx};

/// The counter of revisions.
pub(crate) const REVISION: &str = "revision";

/// Changes with the pseudonyms resolved, as far as nobody was erased.
macro_rules! changes {
    () => {
        "SELECT revision, organisation_id, kind, row_id, \
         CASE WHEN segment IS NULL THEN actor_person_id ELSE people.target_id END, \
         CASE WHEN segment IS NULL OR actor_person_id IS NULL THEN actor_api_key_id \
         ELSE api_keys.target_id END, \
         request_id, at, reason, before_row, after_row FROM change_log \
         LEFT JOIN pseudonyms people ON people.pseudonym = actor_person_id \
         LEFT JOIN pseudonyms api_keys ON api_keys.pseudonym = actor_api_key_id"
    };
}

/// The columns that are hashed, in this order.
macro_rules! chained_columns {
    () => {
        "revision, organisation_id, kind, row_id, actor_person_id, actor_api_key_id, request_id, \
         at, subject, content_hash"
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
    CHANGES = changes!(), " WHERE organisation_id = $1";
    CHANGES_AFTER = changes!(), " WHERE revision > $1 ORDER BY revision LIMIT $2";
    CHAINED_CHANGES = "SELECT sequence, hash, ", chained_columns!(),
        ", reason, before_row, after_row, key, erased_at FROM change_log \
        LEFT JOIN pseudonyms ON pseudonym = subject \
        WHERE segment = $1 ORDER BY sequence, revision";
    CHANGES_OF_ROW = changes!(), " WHERE row_id = $1 AND kind = $2 AND at < $3 \
        ORDER BY revision DESC LIMIT $4";
}

/// The kinds of the hashed columns.
pub(crate) const CHAINED_CHANGE: [Kind; 10] = [
    Kind::Int,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Int,
    Kind::Text,
    Kind::Bytes,
];

static INSERT_CHANGES: ManyRows = ManyRows::new(
    concat!(
        "INSERT INTO change_log (",
        chained_columns!(),
        ", reason, before_row, after_row, segment, sequence, hash) VALUES"
    ),
    16,
    "",
);

/// A row of the change log as it is written.
pub(crate) struct ChangeRow {
    pub(crate) revision: Revision,
    pub(crate) organisation: OrganisationId,
    pub(crate) kind: ChangeKind,
    pub(crate) row: Uuid,
    /// The pseudonym of who did it.
    pub(crate) actor: Option<Uuid>,
    /// That of the key they used.
    pub(crate) api_key: Option<Uuid>,
    pub(crate) request: Option<RequestId>,
    pub(crate) at: Timestamp,
    /// The pseudonym of the person it shows.
    pub(crate) subject: Option<Uuid>,
    /// The hash of reason, before and after.
    pub(crate) content: Hash,
    pub(crate) reason: Option<String>,
    pub(crate) before: Option<Value>,
    pub(crate) after: Value,
    pub(crate) place: Place,
}

impl ChangeRow {
    /// The hashed columns.
    pub(crate) fn chained(&self) -> Vec<Arg<'_>> {
        vec![
            self.revision.arg(),
            self.organisation.arg(),
            self.kind.arg(),
            self.row.arg(),
            self.actor.arg(),
            self.api_key.arg(),
            self.request.arg(),
            self.at.arg(),
            self.subject.arg(),
            self.content.as_slice().arg().into_owned(),
        ]
    }
}

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
    /// The row after it; null where the person it showed was erased.
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

    /// The changes of an organisation made in a span of time, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_changes_between(
        &self,
        organisation: OrganisationId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        page: &Page,
    ) -> Result<List<ChangeEntry>, StoreError> {
        let query = Select::new(CHANGES, args![organisation])
            .and_some("at >=", &from)
            .and_some("at <", &until)
            .by_time("revision", "row_id", Order::NewestFirst, page);
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

    /// The changes of one row before an instant, newest first, at most so many.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn changes_of_row(
        &self,
        kind: ChangeKind,
        row: Uuid,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<ChangeEntry>, StoreError> {
        self.find_all(CHANGES_OF_ROW, args![row, kind, before, limit])
            .await
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

pub(crate) async fn insert_changes(tx: &mut Tx, rows: &[ChangeRow]) -> Result<(), StoreError> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (count, text) = INSERT_CHANGES.text(rest.len(), tx.dialect());
        let (rows, after) = rest.split_at(count);
        rest = after;
        let mut args = Vec::with_capacity(count * 16);
        for row in rows {
            args.extend(row.chained());
            args.extend([
                row.reason.arg(),
                row.before.arg(),
                row.after.arg(),
                row.place.segment.arg(),
                row.place.sequence.arg(),
                row.place.hash.arg(),
            ]);
        }
        tx.run_many(text, args).await?;
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
