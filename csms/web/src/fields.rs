//! Fields that many bodies share.

use app::admin::LabelsPatch;
use model::{Labels, NodeId, NodeKind};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;

/// A free JSON object of at most 16 KiB.
pub(crate) type Metadata = Map<String, Value>;

/// Name, external id and metadata of something new.
pub(crate) fn labels(
    name: Option<String>,
    external_id: Option<String>,
    metadata: Option<Metadata>,
) -> Labels {
    Labels {
        name: name.unwrap_or_default(),
        external_id,
        metadata: metadata.unwrap_or_default(),
    }
}

/// Name, external id and metadata to be changed.
pub(crate) fn labels_patch(
    name: Option<String>,
    external_id: Option<Option<String>>,
    metadata: Option<Metadata>,
) -> LabelsPatch {
    LabelsPatch {
        name,
        external_id,
        metadata,
    }
}

/// A field of a PATCH that may be null: `Some(None)` empties it, `None` leaves it alone.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A node of the tree: exactly one of these, with its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resource {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) installation: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) charger: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) door: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evse: Option<Uuid>,
    /// In answers only: the node is no longer there.
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    #[schema(read_only)]
    pub(crate) removed: Option<Uuid>,
}

impl Resource {
    /// The node, as shown.
    pub(crate) fn of(node: NodeId, kind: Option<NodeKind>) -> Self {
        let id = Some(node.0);
        let mut shown = Self::default();
        match kind {
            Some(NodeKind::Organisation) => shown.organisation = id,
            Some(NodeKind::Installation) => shown.installation = id,
            Some(NodeKind::Area) => shown.area = id,
            Some(NodeKind::Charger) => shown.charger = id,
            Some(NodeKind::Evse) => shown.evse = id,
            Some(NodeKind::Door) => shown.door = id,
            None => shown.removed = id,
        }
        shown
    }

    /// The node meant, and what the caller takes it for.
    pub(crate) fn node(&self, field: &str) -> Result<(NodeId, NodeKind), Problem> {
        let named = [
            (self.organisation, NodeKind::Organisation),
            (self.installation, NodeKind::Installation),
            (self.area, NodeKind::Area),
            (self.charger, NodeKind::Charger),
            (self.door, NodeKind::Door),
            (self.evse, NodeKind::Evse),
        ];
        let mut given = named
            .into_iter()
            .filter_map(|(id, kind)| Some((NodeId(id?), kind)));
        match (given.next(), given.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Problem::field(
                field,
                "required",
                "one of organisation, installation, area, charger, door, evse, with its id",
            )),
            (Some(_), Some(_)) => Err(Problem::field(field, "invalid", "exactly one, not several")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "nullable")]
        field: Option<Option<u32>>,
    }

    #[test]
    fn null_empties_and_absence_leaves_alone() {
        let field = |text: &str| serde_json::from_str::<Patch>(text).unwrap().field;
        assert_eq!(field("{}"), None);
        assert_eq!(field("{\"field\":null}"), Some(None));
        assert_eq!(field("{\"field\":7}"), Some(Some(7)));
    }

    #[test]
    fn a_resource_is_exactly_one_node() {
        let id = Uuid::now_v7();
        let shown = Resource::of(NodeId(id), Some(NodeKind::Door));
        assert_eq!(
            serde_json::to_value(&shown).unwrap(),
            serde_json::json!({ "door": id })
        );
        assert_eq!(
            shown.node("resource").unwrap(),
            (NodeId(id), NodeKind::Door)
        );
        assert!(Resource::default().node("resource").is_err());
        let two = Resource {
            area: Some(id),
            door: Some(id),
            ..Resource::default()
        };
        assert!(two.node("resource").is_err());
    }
}
