//! Many rows in one value: how tables are read whole from SQLite.
//!
//! sqlx copies each column of each row and hands the row from SQLite's thread to ours, which takes
//! many times as long as SQLite needs to find it. So SQLite is asked for some hundred rows as one
//! text: a row a line, each a JSON array of its columns.

use std::borrow::Cow;
use std::fmt;

use futures_util::future::join;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr, SqliteConnection};

use crate::StoreError;
use crate::arg::{Arg, corrupt};
use crate::link::{Row, borrowed, lite_arguments};

/// Rows in one value, at most.
const AT_ONCE: i64 = 512;

/// The rows of a table that fit a condition. None of its columns is BYTEA, which JSON cannot hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    pub(crate) columns: &'static str,
    pub(crate) table: &'static str,
    /// Its parameters are `$1` and so on.
    pub(crate) condition: &'static str,
}

impl Whole {
    /// The rows that are not removed.
    pub(crate) const fn live(table: &'static str, columns: &'static str) -> Self {
        Self {
            columns,
            table,
            condition: "deleted_at IS NULL",
        }
    }

    /// For both databases: a row at a time.
    pub(crate) fn rows(&self) -> SqlStr {
        let Self {
            columns,
            table,
            condition,
        } = self;
        let sql = format!("SELECT {columns} FROM {table} WHERE {condition}");
        AssertSqlSafe(sql).into_sql_str()
    }

    /// For SQLite: the last number of a row.
    pub(crate) fn last(&self) -> SqlStr {
        let sql = format!("SELECT COALESCE(MAX(rowid), 0) FROM {}", self.table);
        AssertSqlSafe(sql).into_sql_str()
    }

    /// For SQLite: the rows from one number to another, whose parameters follow the `count` of the
    /// condition.
    pub(crate) fn packed(&self, count: usize) -> SqlStr {
        let Self {
            columns,
            table,
            condition,
        } = self;
        let (from, to) = (count + 1, count + 2);
        let sql = format!(
            "SELECT group_concat(json_array({columns}), char(10)) FROM {table} \
             WHERE rowid BETWEEN ${from} AND ${to} AND {condition}"
        );
        AssertSqlSafe(sql).into_sql_str()
    }
}

/// A column of a packed row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Field<'t> {
    Null,
    /// Numbers, and booleans as 0 and 1.
    Int(i64),
    Text(Cow<'t, str>),
}

/// Gives `take` each row.
pub(crate) async fn each(
    connection: &mut SqliteConnection,
    whole: &Whole,
    args: &[Arg<'_>],
    mut take: impl FnMut(Row<'_>) -> Result<(), StoreError>,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let last: i64 = sqlx::query_scalar(whole.last())
        .fetch_one(&mut *connection)
        .await?;
    let sql = whole.packed(args.len());
    let mut packed = None;
    let mut from = 1;
    while from <= last {
        let to = from.saturating_add(AT_ONCE - 1);
        let range = [Arg::Int(Some(from)), Arg::Int(Some(to))];
        let args: Vec<Arg<'_>> = borrowed(args).chain(range).collect();
        let args = lite_arguments(args.into_iter())?;
        let next = sqlx::query_scalar_with::<_, Option<String>, _>(sql.clone(), args);
        // SQLite's thread is asked first, so it packs these while we read those before.
        let read = async { unpack(packed.as_deref(), &mut take) };
        let (next, read) = join(next.fetch_one(&mut *connection), read).await;
        if read.is_err() {
            return Ok(read);
        }
        packed = next?;
        from = to.saturating_add(1);
    }
    Ok(unpack(packed.as_deref(), &mut take))
}

/// Gives `take` each row of a value; there is none where no row of the range fits.
fn unpack(
    packed: Option<&str>,
    take: &mut impl FnMut(Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut fields = Vec::new();
    for line in packed.unwrap_or_default().lines() {
        fields.clear();
        let mut json = serde_json::Deserializer::from_str(line);
        FieldsInto(&mut fields)
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| corrupt("packed row", error))?;
        take(Row::Packed(&fields))?;
    }
    Ok(())
}

/// Reads the columns of a row into a list that is there already.
struct FieldsInto<'f, 't>(&'f mut Vec<Field<'t>>);

impl<'t> DeserializeSeed<'t> for FieldsInto<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'t> Visitor<'t> for FieldsInto<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the columns of a row")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut columns: A) -> Result<(), A::Error> {
        while let Some(field) = columns.next_element_seed(OneField)? {
            self.0.push(field);
        }
        Ok(())
    }
}

struct OneField;

impl<'t> DeserializeSeed<'t> for OneField {
    type Value = Field<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Field<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for OneField {
    type Value = Field<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'t>, E> {
        Ok(Field::Null)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Field<'t>, E> {
        Ok(Field::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<'t>, E> {
        i64::try_from(number).map(Field::Int).map_err(E::custom)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Field<'t>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<'t>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(packed: &str) -> Result<Vec<String>, StoreError> {
        let mut rows = Vec::new();
        unpack(Some(packed), &mut |row| {
            let null = row.is_null(1)?;
            rows.push(format!("{} {null} {}", row.int(0)?, row.text(2)?));
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn a_line_is_a_row() {
        let packed = "[1,null,\"a\"]\n[-2,3,\"line\\nand \\u00fc\\\"\"]";
        let rows = columns(packed).unwrap();
        assert_eq!(rows, ["1 true a", "-2 false line\nand ü\""]);
        assert!(unpack(None, &mut |_| Err(StoreError::Busy)).is_ok());
    }

    #[test]
    fn what_is_not_a_row_is_corrupt() {
        for packed in [
            "[1,null",
            "[1,null,\"a\"] 2",
            "[1.5,null,\"a\"]",
            "[9223372036854775808,null,\"a\"]",
            "[{},null,\"a\"]",
            "[1,null]",
            "[\"1\",null,\"a\"]",
            "[1,null,2]",
            "1",
        ] {
            let rows = columns(packed);
            assert!(
                matches!(rows, Err(StoreError::Corrupt { .. })),
                "{packed}: {rows:?}"
            );
        }
    }
}
