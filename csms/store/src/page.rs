//! Lists in pieces.

use std::fmt;
use std::str::FromStr;

/// Which piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many; 1..=1000.
    pub limit: u32,
    /// After this row; `None`: from the beginning.
    pub after: Option<Cursor>,
}

impl Page {
    /// The first piece.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }

    /// The piece after a cursor.
    #[must_use]
    pub const fn new(limit: u32, after: Option<Cursor>) -> Self {
        Self { limit, after }
    }

    pub(crate) fn size(&self) -> usize {
        self.limit.clamp(1, 1000) as usize
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(50)
    }
}

/// Where a list goes on: the order key of the last row given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Microseconds, or a revision; 0 where the order is by `id` alone.
    pub at: i64,
    /// The row.
    pub id: String,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('.').ok_or(CursorError)?;
        Ok(Self {
            at: at.parse().map_err(|_| CursorError)?,
            id: id.to_owned(),
        })
    }
}

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where it goes on; `None`: that was the end.
    pub next: Option<Cursor>,
}

impl<T> List<T> {
    /// From one row more than was asked for, if there is one.
    pub(crate) fn cut(mut items: Vec<T>, page: &Page, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > page.size();
        items.truncate(page.size());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
