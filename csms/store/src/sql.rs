//! Statement texts: constants, each known to the test that prepares all of them on both databases.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

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

/// How many rows one INSERT takes: a few fixed sizes, so that few texts are prepared. More would
/// cost more: a message to PostgreSQL above the 16 KiB of a TLS record is sent in two, of which the second waits for the
/// server's delayed acknowledgement of the first (40 ms; sqlx leaves Nagle's algorithm on).
pub(crate) const ROW_COUNTS: [usize; 3] = [16, 4, 1];

/// An INSERT of many rows.
pub(crate) struct ManyRows {
    /// Up to and with `VALUES`.
    head: &'static str,
    columns: usize,
    /// What follows the rows.
    tail: &'static str,
    texts: std::sync::OnceLock<Vec<ManyText>>,
}

/// The text of an INSERT of many rows, for each database: SQLite looks for the name of a parameter
/// among all before it, so there they have none.
#[derive(Clone, Debug)]
pub(crate) struct ManyText {
    numbered: Arc<str>,
    nameless: Arc<str>,
}

impl ManyText {
    /// With `$1`, `$2` …
    pub(crate) fn numbered(self) -> SqlStr {
        AssertSqlSafe(self.numbered).into_sql_str()
    }

    /// With `?`.
    pub(crate) fn nameless(self) -> SqlStr {
        AssertSqlSafe(self.nameless).into_sql_str()
    }
}

impl ManyRows {
    pub(crate) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            texts: std::sync::OnceLock::new(),
        }
    }

    /// The largest of [`ROW_COUNTS`] that fits, and its text.
    pub(crate) fn text(&self, rows: usize) -> (usize, ManyText) {
        let texts = self.texts.get_or_init(|| {
            ROW_COUNTS
                .iter()
                .map(|count| self.compose(*count))
                .collect()
        });
        let fitting = ROW_COUNTS
            .iter()
            .zip(texts)
            .find(|(count, _)| **count <= rows);
        match fitting {
            Some((count, text)) => (*count, text.clone()),
            // No rows: a text for one, which the caller does not run.
            None => (1, self.compose(1)),
        }
    }

    fn compose(&self, rows: usize) -> ManyText {
        ManyText {
            numbered: self.with_parameters(rows, |number| format!("${number}")),
            nameless: self.with_parameters(rows, |_| "?".to_owned()),
        }
    }

    fn with_parameters(&self, rows: usize, parameter: impl Fn(usize) -> String) -> Arc<str> {
        let mut text = String::from(self.head);
        for row in 0..rows {
            text.push_str(if row == 0 { " (" } else { ", (" });
            for column in 0..self.columns {
                if column > 0 {
                    text.push_str(", ");
                }
                text.push_str(&parameter(row * self.columns + column + 1));
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text.into()
    }
}
