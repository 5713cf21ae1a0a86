//! What the flag at a charger was.

use jiff::{SignedDuration, Timestamp};
use model::ChargerId;

use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller, FlagSpan};

/// Where nothing is said, so much of the past is told.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Of which time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagQuery {
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub until: Option<Timestamp>,
}

impl Admin {
    /// The flag in effect at a charger over a time, oldest first.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it; `Invalid` for a time that ends before it
    /// begins.
    pub async fn flag_history(
        &self,
        caller: &Caller,
        id: ChargerId,
        which: &FlagQuery,
        query: &ListQuery,
    ) -> Result<Listing<FlagSpan>, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        let now = self.clock.now();
        // What will be is not known: a change may come.
        let until = which.until.unwrap_or(now).min(now);
        let from = match (&query.cursor, which.from) {
            (Some(cursor), _) => cursor.parse().map_err(|_| {
                ApiError::field("cursor", "invalid", "use `next_cursor` of the piece before")
            })?,
            (None, Some(from)) => from,
            (None, None) => until.checked_sub(PAST).unwrap_or(until),
        };
        if which.until.is_some_and(|until| from >= until) {
            let message = "the end must be after the beginning";
            return Err(ApiError::field("until", "out_of_range", message));
        }
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut found = self.flag_spans(id, from, until, most).await?;
        if let Some(last) = found.spans.last_mut()
            && last.until == Some(now)
        {
            last.until = None;
        }
        Ok(Listing {
            items: found.spans,
            next: found.next.map(|at| at.to_string()),
        })
    }
}
