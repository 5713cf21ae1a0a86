//! What stations report of themselves: kept as sent, cards and secrets masked.

use authz::act;
use model::neutral::ReportKind;
use store::StationReport;

use super::stations::node_of;
use super::{Admin, ListQuery, Listing};
use crate::{ApiError, Caller};

impl Admin {
    /// What a station reported while it belonged to its organisation, newest first.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it, `Forbidden` without a technical action;
    /// `Invalid` for a bad cursor.
    pub async fn station_reports(
        &self,
        caller: &Caller,
        id: &str,
        kind: Option<ReportKind>,
        query: &ListQuery,
    ) -> Result<Listing<StationReport>, ApiError> {
        let station = self.registered(id).await?;
        let node = node_of(&station);
        if !self.is_technical(caller, node) {
            let _ = self.pep.permit::<act::Service>(caller, node).await?;
        }
        let page = query.page()?;
        let list = self
            .store
            .list_reports(station.organisation, &station.key, kind, &page)
            .await?;
        Ok(Listing {
            items: list.items,
            next: list.next.map(|cursor| cursor.to_string()),
        })
    }
}
