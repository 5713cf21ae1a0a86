//! Areas: circuits, floors, zones.

use authz::{NodeEntry, act};
use model::{Area, AreaId, Change, InstallationId, Labels, NodeId, NodeKind};
use store::image;

use super::fields::{Faults, LabelsPatch};
use super::installations::not_empty;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// The longest way from an area to its organisation, both counted: below it a charger and its
/// EVSE must still fit within 8.
const DEEPEST: usize = 6;

/// A new area.
#[derive(Clone, Debug, PartialEq)]
pub struct NewArea {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The installation or area it is in.
    pub parent: NodeId,
    /// `circuit`, `floor`, `zone` …; free text.
    pub kind: String,
}

/// What is to become of an area.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AreaPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Free text.
    pub kind: Option<String>,
}

impl Admin {
    /// Makes an area.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on what it is in.
    pub async fn create_area(&self, write: Write<Area>, new: NewArea) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, new.parent)
            .await?;
        let _order = self.order.read().await;
        let parent = self.node(new.parent)?;
        let installation = match (parent.kind, parent.installation) {
            (NodeKind::Installation | NodeKind::Area, Some(installation)) => installation,
            _ => {
                return Err(ApiError::field(
                    "parent_id",
                    "invalid",
                    "an area is in an installation or in another area",
                ));
            }
        };
        if parent.path.len() >= DEEPEST {
            return Err(ApiError::field(
                "parent_id",
                "too_deep",
                "areas nest at most four deep",
            ));
        }
        let row = Area {
            id: new_id(),
            organisation: parent.organisation,
            installation,
            parent: new.parent,
            kind: new.kind,
            anti_passback: model::AntiPassback::default(),
            labels: new.labels,
            created_at: self.clock.now(),
            deleted_at: None,
        };
        check(&row)?;
        self.change(permit, write, parent.organisation, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_area(&row).await?;
                tx.record(Change::Area(row.clone()), None);
                Ok(Ok(row))
            })
        })
        .await
    }

    /// An area.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn area(&self, caller: &Caller, id: AreaId) -> Result<Area, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        self.store.get_area(id).await?.ok_or(ApiError::NotFound)
    }

    /// The areas the caller sees.
    ///
    /// # Errors
    /// `Invalid` for a bad cursor.
    pub async fn areas(
        &self,
        caller: &Caller,
        installation: Option<InstallationId>,
        query: &ListQuery,
    ) -> Result<Listing<Area>, ApiError> {
        let seen = |row: &Area| self.pep.sees(caller, row.id);
        self.list_reached(caller, query, seen, |organisation, page| async move {
            self.store
                .list_areas(organisation, installation, &page)
                .await
        })
        .await
    }

    /// Changes an area.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_area(
        &self,
        write: Write<Area>,
        id: AreaId,
        patch: AreaPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        self.change(permit, write, organisation, move |tx| {
            let patch = patch.clone();
            Box::pin(async move {
                let Some(mut row) = tx.get_area(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Area(row.clone());
                patch.labels.apply(&mut row.labels);
                if let Some(kind) = patch.kind {
                    row.kind = kind;
                }
                if let Err(faults) = check(&row) {
                    return Ok(Err(faults));
                }
                tx.update_area(&row).await?;
                tx.record(Change::Area(row.clone()), Some(image(&before)));
                Ok(Ok(row))
            })
        })
        .await
    }

    /// Removes an area that holds nothing.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`; `Conflict` when something is in it.
    pub async fn remove_area(&self, write: Write<()>, id: AreaId) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        let organisation = self.organisation_of(id)?;
        let _order = self.order.write().await;
        if self.has_children(id.into()) {
            return Err(not_empty());
        }
        let now = self.clock.now();
        self.change(permit, write, organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_area(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let before = Change::Area(row.clone());
                row.deleted_at = Some(now);
                tx.update_area(&row).await?;
                tx.record(Change::Area(row), Some(image(&before)));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Whether a node is what the caller takes it for.
    ///
    /// # Errors
    /// `NotFound` if it is not, or the caller holds nothing on it.
    pub fn node_is(&self, caller: &Caller, node: NodeId, kind: NodeKind) -> Result<(), ApiError> {
        let is_it = self.node(node)?.kind == kind && self.pep.sees(caller, node);
        if is_it {
            Ok(())
        } else {
            Err(ApiError::NotFound)
        }
    }

    /// A node of the live picture.
    pub(super) fn node(&self, id: impl Into<NodeId>) -> Result<NodeEntry, ApiError> {
        self.live
            .directory()
            .node(id)
            .cloned()
            .ok_or(ApiError::NotFound)
    }

    /// Where in an installation something is to stand: the installation itself, or an area of it.
    pub(super) fn place(
        &self,
        installation: InstallationId,
        area: Option<AreaId>,
    ) -> Result<NodeId, ApiError> {
        let Some(area) = area else {
            return Ok(installation.into());
        };
        let fits = self.node(area).is_ok_and(|node| {
            node.kind == NodeKind::Area && node.installation == Some(installation)
        });
        if fits {
            Ok(area.into())
        } else {
            Err(ApiError::field(
                "area_id",
                "unknown",
                "the installation has no such area",
            ))
        }
    }
}

fn check(row: &Area) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.labels(&row.labels);
    faults.text("kind", &row.kind, 50);
    faults.none()
}
