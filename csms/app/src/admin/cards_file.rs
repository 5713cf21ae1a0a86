//! People and their cards as a file: import with a dry run, and export.

mod export;
mod plan;
mod table;

use model::{
    Change, CredentialId, CredentialKind, InstallationId, NodeId, OrganisationId, PersonId,
};

use self::plan::Plan;
use super::Admin;
use super::write::{Done, Write};
use crate::{ApiError, Caller, FieldError};

pub use self::export::{Export, Numbers};

/// Faults that are told of a file that is refused; a dry run tells all.
const FAULTS: usize = 200;

/// Of which people a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportQuery {
    /// `None`: that of the installation, or the caller's only one.
    pub organisation: Option<OrganisationId>,
    /// New people are managed there, and only people managed there are exported; `None`: the
    /// organisation.
    pub installation: Option<InstallationId>,
}

/// What becomes of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// Nothing was written.
    pub dry_run: bool,
    /// People who are new.
    pub people_created: usize,
    /// Cards that are new.
    pub cards_created: usize,
    /// Lines of which everything is there already.
    pub unchanged: usize,
    /// Lines with something wrong.
    pub faulty: usize,
    /// Line by line.
    pub lines: Vec<ImportLine>,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportLine {
    /// Its number in the file; the header is 1.
    pub line: u64,
    /// The person.
    pub person: ImportPerson,
    /// The card.
    pub card: ImportCard,
    /// What is wrong with it, by column.
    pub faults: Vec<FieldError>,
}

/// What becomes of the person of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportPerson {
    /// Is made.
    Created,
    /// Is there already, and stays as they are.
    There(PersonId),
    /// Nothing, since the line is faulty.
    Unknown,
}

/// What becomes of the card of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportCard {
    /// Is made.
    Created,
    /// Is the person's already, and stays as it is.
    There(CredentialId),
    /// There is none, or the line is faulty.
    None,
}

impl Admin {
    /// What would become of a file; nothing is written.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Invalid` for a file that cannot be read.
    pub async fn try_import(
        &self,
        caller: &Caller,
        query: ImportQuery,
        file: &[u8],
    ) -> Result<ImportReport, ApiError> {
        let (_, place) = self.place_of_file(caller, query).await?;
        let plan = self.plan_import(caller, place, file).await?;
        Ok(plan.report(true))
    }

    /// Adds the people and cards of a file that are not there yet: all of them, or none where
    /// anything is wrong. Who and what is there stays as it is, so that a file can be sent again.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Invalid` for a file that cannot be read or has
    /// faulty lines.
    pub async fn import(
        &self,
        write: Write<ImportReport>,
        query: ImportQuery,
        file: &[u8],
    ) -> Result<Done, ApiError> {
        let (permit, place) = self.place_of_file(&write.caller, query).await?;
        // Alone, so that two files do not make the same person twice.
        let _order = self.order.write().await;
        let plan = self.plan_import(&write.caller, place, file).await?;
        plan.refuse_faults()?;
        let report = plan.report(false);
        let changes = std::sync::Arc::new(plan.into_changes(self.random.as_ref()));
        let organisation = place.organisation;
        self.change(permit, write, organisation, move |tx| {
            let (changes, report) = (std::sync::Arc::clone(&changes), report.clone());
            Box::pin(async move {
                for change in changes.iter() {
                    match change {
                        Change::Person(row) => tx.insert_person(row).await?,
                        Change::Credential(row) => {
                            tx.insert_credential(row).await?;
                            if row.kind != CredentialKind::App {
                                tx.delete_unknown_card(row.organisation, &row.key).await?;
                            }
                        }
                        _ => return Ok(Err(ApiError::Internal)),
                    }
                    tx.record(change.clone(), None);
                }
                Ok(Ok(report))
            })
        })
        .await
    }

    /// Where the people of a file are managed.
    async fn place_of_file(
        &self,
        caller: &Caller,
        query: ImportQuery,
    ) -> Result<(authz::Permit<authz::act::ManageAccess>, Place), ApiError> {
        let node: NodeId = match query.installation {
            Some(installation) => installation.into(),
            None => self.organisation_meant(caller, query.organisation)?.into(),
        };
        let permit = self.pep.permit(caller, node).await?;
        let organisation = self.node(node)?.organisation;
        let named = |id| Some(id) == query.organisation || query.organisation.is_none();
        if named(organisation) {
            Ok((permit, Place { organisation, node }))
        } else {
            Err(ApiError::field(
                "installation_id",
                "unknown",
                "not of this organisation",
            ))
        }
    }

    async fn plan_import(
        &self,
        caller: &Caller,
        place: Place,
        file: &[u8],
    ) -> Result<Plan, ApiError> {
        let lines = table::read(file).map_err(|fault| ApiError::Invalid(vec![fault]))?;
        Plan::make(self, caller, place, lines).await
    }
}

/// Where the people of a file are managed.
#[derive(Clone, Copy, Debug)]
struct Place {
    organisation: OrganisationId,
    node: NodeId,
}
