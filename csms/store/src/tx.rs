//! What a job writes and reads through.

use model::{Change, Decision};
use serde_json::Value;
use sqlx::SqlStr;

use crate::arg::{Arg, Bind, Read};
use crate::db::Conn;
use crate::fault::{Severity, classify, is_nameless_foreign_key};
use crate::link::{Columns, Record, Row};
use crate::sql::{Dialect, Sql};
use crate::{Constraint, StoreError};

/// A change noted by a job, before it has its revision.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) change: Change,
    pub(crate) before: Option<Value>,
    /// It shows nothing of a person that would have to be erased.
    pub(crate) about_nobody: bool,
}

/// Why the transaction cannot go on.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connection is gone: everything is tried again later.
    Lost(StoreError),
    /// A statement was refused: its job fails.
    Refused(StoreError),
}

impl Fault {
    pub(crate) fn error(&self) -> StoreError {
        match self {
            Fault::Lost(error) | Fault::Refused(error) => error.clone(),
        }
    }
}

/// A row that another row points at: how to look whether it is there.
pub(crate) struct Reference<'a> {
    pub(crate) constraint: Constraint,
    pub(crate) lookup: Sql,
    pub(crate) args: &'a [Arg<'a>],
}

/// The transaction a job runs in, shared with the other jobs of its batch. Each sees what those
/// before it wrote.
pub struct Tx {
    pub(crate) conn: Conn,
    recorded: Vec<Recorded>,
    decisions: Vec<Decision>,
    erased: bool,
    fault: Option<Fault>,
}

impl Tx {
    pub(crate) fn new(conn: Conn) -> Self {
        Self {
            conn,
            recorded: Vec::new(),
            decisions: Vec::new(),
            erased: false,
            fault: None,
        }
    }

    /// Notes a change of access. It gets its revision and its row in the change log when the job
    /// is done; after the commit the hook of [`crate::StoreOptions`] hears of it. `before` is the
    /// row before the change ([`crate::image`]), `None` where there was none.
    pub fn record(&mut self, change: Change, before: Option<Value>) {
        self.recorded.push(Recorded {
            change,
            before,
            about_nobody: false,
        });
    }

    /// The same for what is left of a person who was erased: it shows nothing of them.
    pub fn record_erased(&mut self, change: Change) {
        self.recorded.push(Recorded {
            change,
            before: None,
            about_nobody: true,
        });
    }

    pub(crate) fn keep_decision(&mut self, row: Decision) {
        self.decisions.push(row);
    }

    /// The decisions logged by the jobs of the batch.
    pub(crate) fn take_decisions(&mut self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions)
    }

    /// Pseudonyms that are known may be of somebody who is erased.
    pub(crate) fn note_erased(&mut self) {
        self.erased = true;
    }

    pub(crate) fn take_erased(&mut self) -> bool {
        std::mem::take(&mut self.erased)
    }

    /// What was noted since the last call.
    pub(crate) fn take_recorded(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// What texts of INSERTs of many rows are for.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.conn.dialect()
    }

    /// Runs an INSERT of many rows; how many it touched.
    pub(crate) async fn run_many(
        &mut self,
        sql: SqlStr,
        args: Vec<Arg<'_>>,
    ) -> Result<u64, StoreError> {
        self.unbroken()?;
        let result = self.conn.link().execute_many(sql, args).await;
        result.map_err(|error| self.fail(error))
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn run(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        self.unbroken()?;
        let result = self.conn.link().execute(sql, args).await;
        result.map_err(|error| self.fail(error))
    }

    /// Runs a statement that touches one row or none.
    pub(crate) async fn touched(&mut self, sql: Sql, args: &[Arg<'_>]) -> Result<bool, StoreError> {
        Ok(self.run(sql, args).await? > 0)
    }

    /// Writes a row that points at others. SQLite does not say which foreign key refused it, so
    /// the rows pointed at are looked up then.
    pub(crate) async fn put(
        &mut self,
        sql: Sql,
        args: &[Arg<'_>],
        references: &[Reference<'_>],
    ) -> Result<bool, StoreError> {
        self.unbroken()?;
        match self.conn.link().execute(sql, args).await {
            Ok(rows) => Ok(rows > 0),
            Err(error) if is_nameless_foreign_key(&error) => {
                for reference in references {
                    let found = self
                        .conn
                        .link()
                        .optional(reference.lookup, reference.args)
                        .await;
                    if matches!(found, Ok(None)) {
                        let error = StoreError::Conflict(reference.constraint);
                        self.fault = Some(Fault::Refused(error.clone()));
                        return Err(error);
                    }
                }
                Err(self.fail(error))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The row, if there is one.
    pub(crate) async fn find<T: Record>(
        &mut self,
        sql: Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<T>, StoreError> {
        self.unbroken()?;
        let row = self.conn.link().optional(sql, args).await;
        row.map_err(|error| self.fail(error))?
            .as_ref()
            .map(Row::record)
            .transpose()
    }

    /// The only column of the row, which may be NULL.
    pub(crate) async fn find_value<T: Read>(
        &mut self,
        sql: Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Option<T>>, StoreError> {
        let row: Option<Single<T>> = self.find(sql, args).await?;
        Ok(row.map(|Single(value)| value))
    }

    /// The rows.
    pub(crate) async fn find_all<T: Record>(
        &mut self,
        sql: Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.unbroken()?;
        let rows = self.conn.link().all(sql, args).await;
        rows.map_err(|error| self.fail(error))?
            .iter()
            .map(Row::record)
            .collect()
    }

    /// A statement failed before: nothing more is done. PostgreSQL would refuse it anyway; so
    /// both databases behave the same.
    fn unbroken(&self) -> Result<(), StoreError> {
        self.fault
            .as_ref()
            .map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn fail(&mut self, error: sqlx::Error) -> StoreError {
        let (error, severity) = classify(error);
        self.fault = Some(match severity {
            Severity::Lost => Fault::Lost(error.clone()),
            Severity::Refused => Fault::Refused(error.clone()),
        });
        error
    }

    /// How this connection keeps what it acknowledges.
    pub(crate) async fn durability(&mut self) -> Result<crate::Durability, StoreError> {
        self.unbroken()?;
        let durability = self.conn.durability().await;
        durability.map_err(|error| self.fail(error))
    }

    /// Takes `count` numbers of a counter; the last of them.
    pub(crate) async fn count_up(
        &mut self,
        counter: &'static str,
        count: i64,
    ) -> Result<i64, StoreError> {
        let args = [counter.arg(), count.arg()];
        let value = self.find(crate::rows::COUNT_UP, &args).await?;
        value.ok_or(StoreError::Corrupt {
            what: "counter",
            problem: counter.to_owned(),
        })
    }
}

struct Single<T>(Option<T>);

impl<T: Read> Record for Single<T> {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take().map(Self)
    }
}
