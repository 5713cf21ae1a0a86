//! Statements and what they answer, alike on both databases.

use std::borrow::Cow;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, PgConnection, Row as _, SqlStr, SqliteConnection, ValueRef};

use crate::StoreError;
use crate::arg::{Arg, Read};
use crate::db::limited;
use crate::packed::{self, Field, Whole};

/// Any connection, to run statements on.
pub(crate) enum Link<'c> {
    Lite(&'c mut SqliteConnection),
    Pg(&'c mut PgConnection),
}

impl Link<'_> {
    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<u64, sqlx::Error> {
        self.run(sql.into(), borrowed(args)).await
    }

    /// Runs an INSERT of many rows; how many it touched.
    pub(crate) async fn execute_many(
        &mut self,
        sql: SqlStr,
        args: Vec<Arg<'_>>,
    ) -> Result<u64, sqlx::Error> {
        self.run(sql, args.into_iter()).await
    }

    async fn run<'a>(
        &mut self,
        sql: SqlStr,
        args: impl ExactSizeIterator<Item = Arg<'a>>,
    ) -> Result<u64, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql, lite_arguments(args)?);
                query
                    .execute(&mut **connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql, pg_arguments(args)?);
                limited(query.execute(&mut **connection))
                    .await
                    .map(|done| done.rows_affected())
            }
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn optional(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Option<Row<'static>>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(borrowed(args))?);
                query
                    .fetch_optional(&mut **connection)
                    .await
                    .map(|row| row.map(Row::Lite))
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(borrowed(args))?);
                limited(query.fetch_optional(&mut **connection))
                    .await
                    .map(|row| row.map(Row::Pg))
            }
        }
    }

    /// Every row.
    pub(crate) async fn all(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row<'static>>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(borrowed(args))?);
                let rows = query.fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Row::Lite).collect())
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(borrowed(args))?);
                let rows = limited(query.fetch_all(&mut **connection)).await?;
                Ok(rows.into_iter().map(Row::Pg).collect())
            }
        }
    }

    /// Every row, however long the database takes: for looks over whole tables, which nobody waits
    /// for.
    pub(crate) async fn all_patiently(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row<'static>>, sqlx::Error> {
        match self {
            Link::Lite(_) => self.all(sql, args).await,
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(borrowed(args))?);
                let rows = query.fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Row::Pg).collect())
            }
        }
    }

    /// Every row, one at a time, without keeping them.
    pub(crate) async fn each(
        &mut self,
        sql: impl Into<SqlStr>,
        args: &[Arg<'_>],
        mut take: impl FnMut(Row<'_>) -> Result<(), StoreError>,
    ) -> Result<Result<(), StoreError>, sqlx::Error> {
        match self {
            Link::Lite(connection) => {
                let query = sqlx::query_with(sql.into(), lite_arguments(borrowed(args))?);
                let mut rows = query.fetch(&mut **connection);
                while let Some(row) = rows.try_next().await? {
                    if let Err(error) = take(Row::Lite(row)) {
                        return Ok(Err(error));
                    }
                }
            }
            Link::Pg(connection) => {
                let query = sqlx::query_with(sql.into(), pg_arguments(borrowed(args))?);
                let mut rows = query.fetch(&mut **connection);
                while let Some(row) = limited(rows.try_next()).await? {
                    if let Err(error) = take(Row::Pg(row)) {
                        return Ok(Err(error));
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// Every row of a table that fits, without keeping them.
    pub(crate) async fn whole(
        &mut self,
        whole: &Whole,
        args: &[Arg<'_>],
        take: impl FnMut(Row<'_>) -> Result<(), StoreError>,
    ) -> Result<Result<(), StoreError>, sqlx::Error> {
        match self {
            Link::Lite(connection) => packed::each(connection, whole, args, take).await,
            Link::Pg(_) => self.each(whole.rows(), args, take).await,
        }
    }

    /// Runs statements of a test; the rows, each value as text.
    #[cfg(feature = "testing")]
    pub(crate) async fn texts(&mut self, sql: String) -> Result<Vec<Vec<String>>, sqlx::Error> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match self {
            Link::Lite(connection) => {
                let rows = sql.fetch_all(&mut **connection).await?;
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<String, _>(at))
                            .collect()
                    })
                    .collect()
            }
            Link::Pg(connection) => {
                // The simple protocol answers in texts.
                let rows = sql.fetch_all(&mut **connection).await?;
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<String, _>(at))
                            .collect()
                    })
                    .collect()
            }
        }
    }

    /// Parses and plans a statement without running it.
    #[cfg(feature = "testing")]
    pub(crate) async fn prepare(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        use sqlx::Executor;
        match self {
            Link::Lite(connection) => (&mut **connection).prepare(sql).await.map(drop),
            Link::Pg(connection) => (&mut **connection).prepare(sql).await.map(drop),
        }
    }
}

/// PostgreSQL refuses NUL in a text; both databases get the same stand-in.
pub(crate) fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        text
    }
}

pub(crate) fn borrowed<'a>(args: &'a [Arg<'_>]) -> impl ExactSizeIterator<Item = Arg<'a>> {
    args.iter().map(Arg::borrowed)
}

macro_rules! arguments {
    ($($name:ident -> $type:ty),+) => {$(
        pub(crate) fn $name<'a>(
            args: impl ExactSizeIterator<Item = Arg<'a>>,
        ) -> Result<$type, sqlx::Error> {
            let mut arguments = <$type>::default();
            arguments.reserve(args.len(), 0);
            for arg in args {
                match arg {
                    Arg::Int(value) => arguments.add(value),
                    Arg::Bool(value) => arguments.add(value),
                    Arg::Text(value) => arguments.add(value.map(clean)),
                    Arg::Bytes(value) => arguments.add(value.map(Cow::into_owned)),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    )+};
}

arguments!(lite_arguments -> SqliteArguments, pg_arguments -> PgArguments);

/// The four kinds of column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Bool,
    Bytes,
}

/// A row of either database.
pub(crate) enum Row<'p> {
    Lite(SqliteRow),
    Pg(PgRow),
    /// One of many in a value.
    Packed(&'p [Field<'p>]),
}

macro_rules! column {
    ($row:expr, $at:expr, $field:pat => $value:expr) => {
        match $row {
            Row::Lite(row) => row
                .try_get($at)
                .map_err(|error| crate::arg::corrupt("column", error)),
            Row::Pg(row) => row
                .try_get($at)
                .map_err(|error| crate::arg::corrupt("column", error)),
            Row::Packed(fields) => match fields.get($at) {
                Some($field) => Ok($value),
                other => Err(crate::arg::corrupt("column", format_args!("{other:?}"))),
            },
        }
    };
}

impl Row<'_> {
    pub(crate) fn is_null(&self, at: usize) -> Result<bool, StoreError> {
        match self {
            Row::Lite(row) => row.try_get_raw(at).map(|value| value.is_null()),
            Row::Pg(row) => row.try_get_raw(at).map(|value| value.is_null()),
            Row::Packed(fields) => {
                let field = fields.get(at).map(|field| *field == Field::Null);
                return field.ok_or_else(|| crate::arg::corrupt("column", "missing"));
            }
        }
        .map_err(|error| crate::arg::corrupt("column", error))
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64, StoreError> {
        column!(self, at, Field::Int(number) => *number)
    }

    pub(crate) fn text(&self, at: usize) -> Result<&str, StoreError> {
        column!(self, at, Field::Text(text) => text)
    }

    pub(crate) fn boolean(&self, at: usize) -> Result<bool, StoreError> {
        column!(self, at, Field::Int(number @ (0 | 1)) => *number == 1)
    }

    pub(crate) fn bytes(&self, at: usize) -> Result<&[u8], StoreError> {
        match self {
            Row::Lite(row) => row.try_get(at),
            Row::Pg(row) => row.try_get(at),
            Row::Packed(_) => return Err(crate::arg::corrupt("column", "JSON holds no bytes")),
        }
        .map_err(|error| crate::arg::corrupt("column", error))
    }

    /// A column exactly as it is kept.
    pub(crate) fn raw(&self, at: usize, kind: Kind) -> Result<Arg<'static>, StoreError> {
        if self.is_null(at)? {
            return Ok(match kind {
                Kind::Int => Arg::Int(None),
                Kind::Text => Arg::Text(None),
                Kind::Bool => Arg::Bool(None),
                Kind::Bytes => Arg::Bytes(None),
            });
        }
        Ok(match kind {
            Kind::Int => Arg::Int(Some(self.int(at)?)),
            Kind::Text => Arg::Text(Some(self.text(at)?.to_owned().into())),
            Kind::Bool => Arg::Bool(Some(self.exact_boolean(at)?)),
            Kind::Bytes => Arg::Bytes(Some(self.bytes(at)?.to_vec().into())),
        })
    }

    /// SQLite keeps numbers where we keep 0 and 1.
    fn exact_boolean(&self, at: usize) -> Result<bool, StoreError> {
        let Row::Lite(row) = self else {
            return self.boolean(at);
        };
        let number: Result<i64, _> = row.try_get_unchecked(at);
        match number.map_err(|error| crate::arg::corrupt("column", error))? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(crate::arg::corrupt("boolean", other)),
        }
    }

    /// The row as one of ours.
    pub(crate) fn record<T: Record>(&self) -> Result<T, StoreError> {
        T::record(&mut Columns { row: self, next: 0 })
    }
}

/// The columns of a row, read one after the other.
pub(crate) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl Columns<'_> {
    /// The next column.
    pub(crate) fn take<T: Read>(&mut self) -> Result<T, StoreError> {
        let at = self.next;
        self.next += 1;
        T::read(self.row, at)
    }
}

/// What a row is read as; its columns in the order of its SELECTs.
pub(crate) trait Record: Sized {
    /// Reads the columns.
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError>;
}

/// A single number.
impl Record for i64 {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take()
    }
}

/// A single text.
impl Record for String {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take()
    }
}
