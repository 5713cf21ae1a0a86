//! Lists: a piece at a time, of all organisations the caller belongs to, showing what they see.

use std::future::Future;

use model::OrganisationId;
use store::{Cursor, List, Page, StoreError};

use super::Admin;
use crate::{ApiError, Caller};

/// Which piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// At most so many; 1..=200.
    pub limit: u32,
    /// Where the last piece ended.
    pub cursor: Option<String>,
}

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where it goes on; `None`: that was the end.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// The same piece in other words.
    pub fn map<U>(self, with: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(with).collect(),
            next: self.next,
        }
    }
}

impl ListQuery {
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let after = self.cursor.as_deref().map(parse).transpose()?;
        Ok(Page::new(self.limit, after))
    }
}

fn parse(text: &str) -> Result<Cursor, ApiError> {
    text.parse().map_err(|_| bad_cursor())
}

fn bad_cursor() -> ApiError {
    ApiError::field("cursor", "invalid", "use `next_cursor` of the piece before")
}

/// Pieces read ahead to fill one when the caller sees few of the rows.
const PIECES: usize = 50;

impl Admin {
    /// Rows of one order, as far as the caller sees them.
    pub(super) async fn list_seen<T, F>(
        &self,
        query: &ListQuery,
        seen: impl Fn(&T) -> bool,
        read: impl Fn(Page) -> F,
    ) -> Result<Listing<T>, ApiError>
    where
        F: Future<Output = Result<List<T>, StoreError>>,
    {
        let mut page = query.page()?;
        let mut items = Vec::new();
        for _ in 0..PIECES {
            let missing = query
                .limit
                .saturating_sub(u32::try_from(items.len()).unwrap_or(0));
            page.limit = missing.max(1);
            let List { items: rows, next } = read(page.clone()).await?;
            items.extend(rows.into_iter().filter(|row| seen(row)));
            let full = items.len() >= query.limit as usize;
            match next {
                Some(cursor) if full => {
                    return Ok(Listing {
                        items,
                        next: Some(cursor.to_string()),
                    });
                }
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(Listing { items, next: None }),
            }
        }
        // The caller sees almost nothing of it; what was found, and where to go on.
        Ok(Listing {
            items,
            next: page.after.map(|cursor| cursor.to_string()),
        })
    }

    /// Rows of all organisations the caller belongs to, one organisation after the other.
    pub(super) async fn list_mine<T, F>(
        &self,
        caller: &Caller,
        query: &ListQuery,
        seen: impl Fn(&T) -> bool,
        read: impl Fn(OrganisationId, Page) -> F,
    ) -> Result<Listing<T>, ApiError>
    where
        F: Future<Output = Result<List<T>, StoreError>>,
    {
        let mut mine: Vec<OrganisationId> = caller.persons.iter().map(|(id, _)| *id).collect();
        mine.sort_unstable();
        self.list_of(mine, query, seen, read).await
    }

    /// The same, with the organisations that allowed one of the caller's something as a partner.
    pub(super) async fn list_reached<T, F>(
        &self,
        caller: &Caller,
        query: &ListQuery,
        seen: impl Fn(&T) -> bool,
        read: impl Fn(OrganisationId, Page) -> F,
    ) -> Result<Listing<T>, ApiError>
    where
        F: Future<Output = Result<List<T>, StoreError>>,
    {
        let directory = self.live.directory();
        let mut reached: Vec<OrganisationId> = caller
            .persons
            .iter()
            .flat_map(|(id, _)| std::iter::once(*id).chain(directory.granted_by(*id)))
            .collect();
        reached.sort_unstable();
        reached.dedup();
        self.list_of(reached, query, seen, read).await
    }

    async fn list_of<T, F>(
        &self,
        mine: Vec<OrganisationId>,
        query: &ListQuery,
        seen: impl Fn(&T) -> bool,
        read: impl Fn(OrganisationId, Page) -> F,
    ) -> Result<Listing<T>, ApiError>
    where
        F: Future<Output = Result<List<T>, StoreError>>,
    {
        let (begin, mut inner) = match query.cursor.as_deref() {
            None => (None, None),
            Some(text) => {
                let (organisation, rest) = text.split_once('~').ok_or_else(bad_cursor)?;
                let organisation = organisation.parse().map_err(|_| bad_cursor())?;
                if !rest.is_empty() {
                    parse(rest)?;
                }
                (
                    Some(organisation),
                    (!rest.is_empty()).then(|| rest.to_owned()),
                )
            }
        };
        let mut items = Vec::new();
        let mut left = mine
            .into_iter()
            .filter(|id| begin.is_none_or(|begin| *id >= begin))
            .peekable();
        while let Some(organisation) = left.next() {
            let part = ListQuery {
                limit: query
                    .limit
                    .saturating_sub(u32::try_from(items.len()).unwrap_or(0)),
                cursor: if begin.is_none_or(|begin| begin == organisation) {
                    inner.take()
                } else {
                    None
                },
            };
            let piece = self
                .list_seen(&part, &seen, |page| read(organisation, page))
                .await?;
            items.extend(piece.items);
            if let Some(next) = piece.next {
                return Ok(Listing {
                    items,
                    next: Some(format!("{organisation}~{next}")),
                });
            }
            if items.len() >= query.limit as usize
                && let Some(other) = left.peek()
            {
                return Ok(Listing {
                    items,
                    next: Some(format!("{other}~")),
                });
            }
        }
        Ok(Listing { items, next: None })
    }
}
