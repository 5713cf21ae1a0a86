//! SELECTs with optional conditions, put together from fixed pieces.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::arg::{Arg, Bind};
use crate::page::{Cursor, Page};
use crate::sql::Sql;

/// In which direction a list runs.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// Ascending.
    OldestFirst,
    /// Descending.
    NewestFirst,
}

/// A SELECT that grows. Its pieces are constants of ours; values are always bound.
pub(crate) struct Select<'a> {
    text: String,
    args: Vec<Arg<'a>>,
}

impl<'a> Select<'a> {
    /// From a statement that ends with a `WHERE` condition or `WHERE TRUE`.
    pub(crate) fn new(sql: Sql, args: &[Arg<'a>]) -> Self {
        Self {
            text: sql.text().to_owned(),
            args: args.to_vec(),
        }
    }

    /// `AND condition value`, if there is a value; the condition ends before it: `person_id =`.
    pub(crate) fn and_some(
        mut self,
        condition: &'static str,
        value: &'a Option<impl Bind>,
    ) -> Self {
        if let Some(value) = value {
            self.push(condition, value.arg());
        }
        self
    }

    /// `AND condition`, if asked for.
    pub(crate) fn and_when(mut self, asked: Option<&'static str>) -> Self {
        if let Some(condition) = asked {
            self.text.push_str(" AND ");
            self.text.push_str(condition);
        }
        self
    }

    fn push(&mut self, condition: &'static str, value: Arg<'a>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.text.push(' ');
        self.bind(value);
    }

    fn bind(&mut self, value: Arg<'a>) {
        self.args.push(value);
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
    }

    /// The piece of a list ordered by a text column alone; one row more than asked for.
    pub(crate) fn by_id(mut self, column: &'static str, page: &'a Page) -> (SqlStr, Vec<Arg<'a>>) {
        if let Some(Cursor { id, .. }) = &page.after {
            self.text.push_str(" AND ");
            self.text.push_str(column);
            self.text.push_str(" > ");
            self.bind(id.arg());
        }
        self.text.push_str(" ORDER BY ");
        self.text.push_str(column);
        self.limit(page)
    }

    /// The piece of a list ordered by a number and then a text; one row more than asked for.
    pub(crate) fn by_time(
        mut self,
        at: &'static str,
        id: &'static str,
        order: Order,
        page: &'a Page,
    ) -> (SqlStr, Vec<Arg<'a>>) {
        let (sign, word) = match order {
            Order::OldestFirst => (">", ""),
            Order::NewestFirst => ("<", " DESC"),
        };
        if let Some(cursor) = &page.after {
            self.text.push_str(&format!(" AND ({at}, {id}) {sign} ("));
            self.bind(Arg::Int(Some(cursor.at)));
            self.text.push_str(", ");
            self.bind(cursor.id.arg());
            self.text.push(')');
        }
        self.text
            .push_str(&format!(" ORDER BY {at}{word}, {id}{word}"));
        self.limit(page)
    }

    fn limit(mut self, page: &Page) -> (SqlStr, Vec<Arg<'a>>) {
        self.text.push_str(" LIMIT ");
        let size = i64::try_from(page.size()).unwrap_or(i64::MAX);
        self.bind(Arg::Int(Some(size.saturating_add(1))));
        (AssertSqlSafe(self.text).into_sql_str(), self.args)
    }
}
