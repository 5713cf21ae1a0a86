//! Tags, and what stands in them.

use app::admin::{NewTag, Smart, TagPatch};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::{Member, Membership, Tag, TagId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::fields::{Metadata, labels, labels_patch, nullable};
use crate::listing::{Id, ListBody, Named, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// A new tag.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTagBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// Where the caller belongs to several.
    #[serde(default)]
    organisation_id: Option<Uuid>,
    /// Its people get app credentials.
    #[serde(default)]
    smart: bool,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagPatchBody {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    external_id: Option<Option<String>>,
    /// In place of all of the old.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    #[serde(default)]
    smart: Option<bool>,
}

/// A tag: a group of people, a set of points, or both.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagBody {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    external_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// Its people get app credentials.
    smart: bool,
    created_at: Timestamp,
}

impl From<&Tag> for TagBody {
    fn from(row: &Tag) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation.0,
            name: row.labels.name.clone(),
            external_id: row.labels.external_id.clone(),
            metadata: row.labels.metadata.clone(),
            smart: row.smart,
            created_at: row.created_at,
        }
    }
}

/// What stands in a tag: exactly one of these, with its id.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMemberBody {
    /// A person.
    #[serde(default)]
    person: Option<Uuid>,
    /// Another tag with all that stands in it; at most four deep.
    #[serde(default)]
    tag: Option<Uuid>,
    /// An installation, area, charger or door, with all below it.
    #[serde(default)]
    point: Option<Uuid>,
}

impl NewMemberBody {
    pub(crate) fn member(&self) -> Result<Member, Problem> {
        match (self.person, self.tag, self.point) {
            (Some(id), None, None) => Ok(Member::Person(id.into())),
            (None, Some(id), None) => Ok(Member::Tag(id.into())),
            (None, None, Some(id)) => Ok(Member::Point(id.into())),
            (None, None, None) => Err(Problem::field(
                "person",
                "required",
                "a person, a tag or a point",
            )),
            _ => Err(Problem::field(
                "person",
                "invalid",
                "a person, a tag or a point, not several",
            )),
        }
    }
}

/// Something that stands in a tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    tag_id: Uuid,
    /// `person`, `tag` or `point`.
    kind: &'static str,
    member_id: Uuid,
    /// Since when.
    created_at: Timestamp,
}

impl From<&Membership> for MemberBody {
    fn from(row: &Membership) -> Self {
        Self {
            tag_id: row.tag.0,
            kind: match row.member {
                Member::Person(_) => "person",
                Member::Tag(_) => "tag",
                Member::Point(_) => "point",
            },
            member_id: row.member.id(),
            created_at: row.created_at,
        }
    }
}

const fn smart(is: bool) -> Smart {
    if is { Smart::Smart } else { Smart::Plain }
}

/// Make a tag
///
/// Needs `manage_access` on the organisation. A grant to a tag holds for everybody in it, now and
/// later.
#[utoipa::path(
    post, path = "/v1/tags", operation_id = "create_tag", tag = "tags",
    request_body = NewTagBody,
    responses((status = 201, description = "The tag", body = TagBody)),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    ask: Ask<NewTagBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<TagBody, _>(StatusCode::CREATED);
    let new = NewTag {
        organisation: body.organisation_id.map(Into::into),
        labels: labels(body.name, body.external_id, body.metadata),
        smart: smart(body.smart),
    };
    Ok(Written(api.create_tag(write, new).await?))
}

/// List tags
///
/// Those of organisations whose access the caller manages.
#[utoipa::path(
    get, path = "/v1/tags", operation_id = "list_tags", tag = "tags",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<TagBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<PageParams>,
) -> Result<Json<ListBody<TagBody>>, Problem> {
    Ok(ListBody::of(api.tags(&caller, &params.piece()?).await?))
}

/// Get a tag
#[utoipa::path(
    get, path = "/v1/tags/{id}", operation_id = "get_tag", tag = "tags",
    params(("id" = Uuid, Path, description = "The tag")),
    responses((status = 200, description = "The tag", body = TagBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<TagId>,
) -> Result<Json<TagBody>, Problem> {
    Ok(Json(TagBody::from(&api.tag(&caller, id).await?)))
}

/// Change a tag
#[utoipa::path(
    patch, path = "/v1/tags/{id}", operation_id = "update_tag", tag = "tags",
    params(("id" = Uuid, Path, description = "The tag")),
    request_body = TagPatchBody,
    responses((status = 200, description = "The tag as it is now", body = TagBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Id(id): Id<TagId>,
    ask: Ask<TagPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<TagBody, _>(StatusCode::OK);
    let patch = TagPatch {
        labels: labels_patch(body.name, body.external_id, body.metadata),
        smart: body.smart.map(smart),
    };
    Ok(Written(api.change_tag(write, id, patch).await?))
}

/// Remove a tag
///
/// 409 `in_use` while a grant or a lockdown names it.
#[utoipa::path(
    delete, path = "/v1/tags/{id}", operation_id = "delete_tag", tag = "tags",
    params(("id" = Uuid, Path, description = "The tag")),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Id(id): Id<TagId>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_tag(write, id).await?))
}

/// Put something into a tag
///
/// A person, another tag or a point. Needs `manage_access` on the organisation and everything the
/// tag was granted: nobody gives what they do not hold.
#[utoipa::path(
    post, path = "/v1/tags/{id}/members", operation_id = "add_member", tag = "tags",
    params(("id" = Uuid, Path, description = "The tag")),
    request_body = NewMemberBody,
    responses((status = 201, description = "It stands in the tag", body = MemberBody)),
)]
pub(crate) async fn add_member(
    State(api): State<Api>,
    Id(id): Id<TagId>,
    ask: Ask<NewMemberBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<MemberBody, _>(StatusCode::CREATED);
    let member = body.member()?;
    Ok(Written(api.add_member(write, id, member).await?))
}

/// List what stands in a tag
///
/// Directly: not what stands in the tags in it.
#[utoipa::path(
    get, path = "/v1/tags/{id}/members", operation_id = "list_members", tag = "tags",
    params(("id" = Uuid, Path, description = "The tag"), PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<MemberBody>)),
)]
pub(crate) async fn members(
    State(api): State<Api>,
    Auth(caller): Auth,
    Id(id): Id<TagId>,
    Params(params): Params<PageParams>,
) -> Result<Json<ListBody<MemberBody>>, Problem> {
    let list = api.members(&caller, id, &params.piece()?).await?;
    Ok(ListBody::of(list))
}

/// Take something out of a tag
#[utoipa::path(
    delete, path = "/v1/tags/{id}/members/{member_id}", operation_id = "remove_member", tag = "tags",
    params(
        ("id" = Uuid, Path, description = "The tag"),
        ("member_id" = Uuid, Path, description = "The person, tag or point"),
    ),
    responses((status = 204, description = "It stands in the tag no longer")),
)]
pub(crate) async fn remove_member(
    State(api): State<Api>,
    Named((id, member)): Named<(String, String)>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    // What is no id names nothing; who asks is looked at before.
    let (Ok(id), Ok(member)) = (id.parse::<TagId>(), member.parse()) else {
        return Err(Problem::not_found());
    };
    Ok(Written(api.remove_member(write, id, member).await?))
}
