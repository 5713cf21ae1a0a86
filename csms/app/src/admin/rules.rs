//! Rules: the grants to tags, under the name people look for. There is no second form of rule.

use model::{Grant, GrantId, Subject};
use store::GrantFilter;

use super::write::{Done, Write};
use super::{Admin, GrantView, ListQuery, Listing};
use crate::{ApiError, Caller};

impl Admin {
    /// The grants to tags on nodes whose access the caller manages.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn rules(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<GrantView>, ApiError> {
        let filter = GrantFilter::default();
        let seen = |row: &Grant| is_rule(row) && self.shows_grant(caller, row);
        let list = self
            .list_mine(caller, query, seen, |organisation, page| {
                let filter = filter.clone();
                async move { self.store.list_grants(organisation, &filter, &page).await }
            })
            .await?;
        Ok(list.map(|grant| GrantView {
            kind: self.kind_of(grant.node),
            grant,
        }))
    }

    /// A rule.
    ///
    /// # Errors
    /// As [`Admin::grant`]; `NotFound` for a grant to somebody else than a tag.
    pub async fn rule(&self, caller: &Caller, id: GrantId) -> Result<GrantView, ApiError> {
        let view = self.grant(caller, id).await?;
        if is_rule(&view.grant) {
            Ok(view)
        } else {
            Err(ApiError::NotFound)
        }
    }

    /// Ends a rule.
    ///
    /// # Errors
    /// As [`Admin::revoke_grant`]; `NotFound` for a grant to somebody else than a tag.
    pub async fn end_rule(&self, write: Write<()>, id: GrantId) -> Result<Done, ApiError> {
        let row = self.store.get_grant(id).await?;
        if !row.as_ref().is_some_and(is_rule) {
            return Err(ApiError::NotFound);
        }
        self.revoke_grant(write, id).await
    }
}

const fn is_rule(row: &Grant) -> bool {
    matches!(row.subject, Subject::Tag(_))
}
