//! What was noticed of a station.

use authz::act;
use model::Finding;

use super::Admin;
use super::stations::{node_of, said};
use super::write::{Done, Write};
use crate::{ApiError, Caller};

impl Admin {
    /// What was noticed of a station, first first.
    ///
    /// # Errors
    /// As [`Admin::station`].
    pub async fn findings_of(&self, caller: &Caller, id: &str) -> Result<Vec<Finding>, ApiError> {
        let station = self.station(caller, id).await?.station;
        Ok(self.findings(&station.key).await?)
    }

    /// Forgets what was noticed of a station: what happens again is a first time again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on it.
    pub async fn forget_findings(&self, write: Write<()>, id: &str) -> Result<Done, ApiError> {
        let station = self.registered(id).await?;
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, node_of(&station))
            .await?;
        let write = said(write, "findings forgotten");
        let (key, organisation) = (station.key.clone(), station.organisation);
        let done = self
            .change(permit, write, organisation, move |tx| {
                let station = station.clone();
                Box::pin(async move {
                    tx.delete_findings(&station.key).await?;
                    super::stations::note(tx, &station).await
                })
            })
            .await?;
        self.findings.forget(&key);
        Ok(done)
    }
}
