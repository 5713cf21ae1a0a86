//! Statement texts: constants, each known to the test that prepares all of them on both databases.

use std::sync::{Arc, OnceLock};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::arg::{Arg, Bind};

/// A fixed statement. Only [`statements!`] makes one, so that none escapes the test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql(pub(in crate::sql) &'static str);

impl Sql {
    /// For [`statements!`] only.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self(text)
    }

    pub(crate) const fn text(self) -> &'static str {
        self.0
    }
}

impl From<Sql> for SqlStr {
    fn from(sql: Sql) -> Self {
        SqlStr::from_static(sql.0)
    }
}

/// Declares the statements of a module, and `STATEMENTS`, the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $($text:expr),+;)+) => {
        $($(#[$doc])* pub(crate) const $name: $crate::sql::Sql = $crate::sql::Sql::new(concat!($($text),+));)+

        /// Every statement of this module, for the test that prepares them.
        #[cfg(feature = "testing")]
        pub(crate) const STATEMENTS: &[(&str, $crate::sql::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
pub(crate) use statements;

/// How many values the lists of our statements have: `IN ($1, … $16)`.
pub(crate) const IN_LIST: usize = 16;

/// At most [`IN_LIST`] values as such a list, which is filled up with the last.
pub(crate) fn in_list<T: Bind>(values: &[T]) -> Vec<Arg<'_>> {
    let fill = values.last().into_iter().cycle();
    values
        .iter()
        .chain(fill)
        .take(IN_LIST)
        .map(Bind::arg)
        .collect()
}

/// Which database a text is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect {
    Lite,
    Pg,
}

impl Dialect {
    /// How many rows one INSERT takes: a few fixed sizes, so that few texts are prepared. More
    /// would cost more: a message to PostgreSQL above the 16 KiB of a TLS record is sent in two, of
    /// which the second waits for the server's delayed acknowledgement of the first (40 ms; sqlx
    /// leaves Nagle's algorithm on). SQLite is in this process, where each statement is handed to
    /// another thread and back.
    const fn row_counts(self) -> &'static [usize] {
        match self {
            Dialect::Lite => &[128, 32, 8, 2, 1],
            Dialect::Pg => &[16, 4, 1],
        }
    }

    /// SQLite looks for the name of a parameter among all before it, so there they have none.
    fn parameter(self, number: usize) -> String {
        match self {
            Dialect::Lite => "?".to_owned(),
            Dialect::Pg => format!("${number}"),
        }
    }
}

/// An INSERT of many rows.
pub(crate) struct ManyRows {
    /// Up to and with `VALUES`.
    head: &'static str,
    columns: usize,
    /// What follows the rows.
    tail: &'static str,
    lite: Texts,
    pg: Texts,
}

type Texts = OnceLock<Vec<(usize, Arc<str>)>>;

impl ManyRows {
    pub(crate) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            lite: OnceLock::new(),
            pg: OnceLock::new(),
        }
    }

    /// How many of so many rows the next statement takes, and its text.
    pub(crate) fn text(&self, rows: usize, dialect: Dialect) -> (usize, SqlStr) {
        let texts = match dialect {
            Dialect::Lite => &self.lite,
            Dialect::Pg => &self.pg,
        };
        let texts = texts.get_or_init(|| {
            let counts = dialect.row_counts().iter();
            counts
                .map(|count| (*count, self.compose(*count, dialect)))
                .collect()
        });
        let (count, text) = match texts.iter().find(|(count, _)| *count <= rows) {
            Some((count, text)) => (*count, Arc::clone(text)),
            // No rows: a text for one, which the caller does not run.
            None => (1, self.compose(1, dialect)),
        };
        (count, AssertSqlSafe(text).into_sql_str())
    }

    fn compose(&self, rows: usize, dialect: Dialect) -> Arc<str> {
        let mut text = String::from(self.head);
        for row in 0..rows {
            text.push_str(if row == 0 { " (" } else { ", (" });
            for column in 0..self.columns {
                if column > 0 {
                    text.push_str(", ");
                }
                text.push_str(&dialect.parameter(row * self.columns + column + 1));
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text.into()
    }
}
