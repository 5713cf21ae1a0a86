//! Areas: circuits, floors, zones.

use authz::NodeDetail;
use authz::{NodeEntry, act};
use model::{
    AntiPassback, Area, AreaId, Change, InstallationId, Labels, NodeId, NodeKind, Passage,
};
use store::image;

use super::fields::{Faults, LabelsPatch};
use super::installations::not_empty;
use super::tags::in_use;
use super::write::{Done, Write};
use super::{Admin, ListQuery, Listing, new_id};
use crate::{ApiError, Caller};

/// The longest way from an area to its organisation, both counted: below it a charger and its
/// EVSE must still fit within 8.
const DEEPEST: usize = 6;
/// The longest time for which entering again is refused: a week.
const MINUTES: u32 = 7 * 24 * 60;

/// A new area.
#[derive(Clone, Debug, PartialEq)]
pub struct NewArea {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// The installation or area it is in.
    pub parent: NodeId,
    /// `circuit`, `floor`, `zone` …; free text.
    pub kind: String,
    /// How entering twice is dealt with.
    pub anti_passback: AntiPassback,
}

/// What is to become of an area.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AreaPatch {
    /// Name, external id, metadata.
    pub labels: LabelsPatch,
    /// Free text.
    pub kind: Option<String>,
    /// How entering twice is dealt with.
    pub anti_passback: Option<AntiPassback>,
}

/// An area as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaView {
    /// The row.
    pub area: Area,
    /// How many people are known to be inside.
    pub occupancy: usize,
}

impl Admin {
    /// Makes an area.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings` on what it is in.
    pub async fn create_area(
        &self,
        write: Write<AreaView>,
        new: NewArea,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, new.parent)
            .await?;
        if new.anti_passback != AntiPassback::default() {
            let _ = self
                .pep
                .permit::<act::ManageAccess>(&write.caller, new.parent)
                .await?;
        }
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
            anti_passback: new.anti_passback,
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
                Ok(Ok(AreaView {
                    area: row,
                    occupancy: 0,
                }))
            })
        })
        .await
    }

    /// An area.
    ///
    /// # Errors
    /// `NotFound` if the caller holds nothing on it.
    pub async fn area(&self, caller: &Caller, id: AreaId) -> Result<AreaView, ApiError> {
        if !self.pep.sees(caller, id) {
            return Err(ApiError::NotFound);
        }
        let area = self.store.get_area(id).await?.ok_or(ApiError::NotFound)?;
        Ok(self.area_view(area))
    }

    fn area_view(&self, area: Area) -> AreaView {
        let occupancy = self.pep.usage(|usage| usage.occupancy(area.id));
        AreaView { area, occupancy }
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
    ) -> Result<Listing<AreaView>, ApiError> {
        let seen = |row: &Area| self.pep.sees(caller, row.id);
        let list = self
            .list_reached(caller, query, seen, |organisation, page| async move {
                self.store
                    .list_areas(organisation, installation, &page)
                    .await
            })
            .await?;
        Ok(list.map(|area| self.area_view(area)))
    }

    /// Changes an area.
    ///
    /// # Errors
    /// `Forbidden` without `manage_settings`.
    pub async fn change_area(
        &self,
        write: Write<AreaView>,
        id: AreaId,
        patch: AreaPatch,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageSettings>(&write.caller, id)
            .await?;
        if patch.anti_passback.is_some() {
            let _ = self
                .pep
                .permit::<act::ManageAccess>(&write.caller, id)
                .await?;
        }
        let organisation = self.organisation_of(id)?;
        let occupancy = self.pep.usage(|usage| usage.occupancy(id));
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
                if let Some(anti_passback) = patch.anti_passback {
                    row.anti_passback = anti_passback;
                }
                if let Err(faults) = check(&row) {
                    return Ok(Err(faults));
                }
                tx.update_area(&row).await?;
                tx.record(Change::Area(row.clone()), Some(image(&before)));
                Ok(Ok(AreaView {
                    area: row,
                    occupancy,
                }))
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
        if self.has_doors_into(id) {
            return Err(in_use("area", &[]));
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

    /// Whether a door leads into or out of an area.
    fn has_doors_into(&self, id: AreaId) -> bool {
        self.live.directory().nodes().any(|(_, entry)| {
            let NodeDetail::Door(door) = &entry.detail else {
                return false;
            };
            match door.access.passage {
                Some(Passage::Entry(area) | Passage::Exit(area)) => area == id,
                None => false,
            }
        })
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
    let minutes = match row.anti_passback {
        AntiPassback::Timed(minutes) => Some(minutes),
        AntiPassback::Off | AntiPassback::Soft | AntiPassback::Hard => None,
    };
    faults.check(
        || minutes.is_none_or(|minutes| (1..=MINUTES).contains(&minutes)),
        "anti_passback_minutes",
        "out_of_range",
        "from 1 to 10080: a week",
    );
    faults.none()
}
