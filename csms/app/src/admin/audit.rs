//! Who changed what: the change log.

use model::Action;

use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller};

pub use store::ChangeEntry as AuditEntry;

impl Admin {
    /// The changes in the organisations where the caller manages access, newest first.
    ///
    /// # Errors
    /// `Forbidden` for who manages access in none.
    pub async fn audit(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listing<AuditEntry>, ApiError> {
        let mine: Vec<_> = caller
            .persons
            .iter()
            .filter(|(id, _)| self.pep.holds(caller, Action::ManageAccess, *id))
            .copied()
            .collect();
        if mine.is_empty() {
            let organisation = self.organisation_meant(caller, None)?;
            self.require(caller, Action::ManageAccess, organisation.into())
                .await?;
        }
        let managing = Caller {
            persons: mine.into(),
            ..caller.clone()
        };
        self.list_mine(
            &managing,
            query,
            |_| true,
            |organisation, page| async move { self.store.list_changes(organisation, &page).await },
        )
        .await
    }
}
