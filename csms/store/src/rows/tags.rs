//! Tags and what stands in them.

use jiff::Timestamp;
use model::{Labels, Member, Membership, OrganisationId, Tag, TagId};
use uuid::Uuid;

use super::accounts::labels;
use super::queries;
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::packed::Whole;
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! tag_columns {
    () => {
        "id, organisation_id, name, external_id, metadata, smart, created_at, deleted_at"
    };
}

macro_rules! member_columns {
    () => {
        "tag_id, kind, member_id, organisation_id, created_at, removed_at"
    };
}

statements! {
    INSERT_TAG = "INSERT INTO tags (", tag_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE_TAG = "UPDATE tags SET name = $2, external_id = $3, metadata = $4, smart = $5, \
        deleted_at = $6 WHERE id = $1";
    TAG = "SELECT ", tag_columns!(), " FROM tags WHERE id = $1";
    TAGS = "SELECT ", tag_columns!(),
        " FROM tags WHERE organisation_id = $1 AND deleted_at IS NULL";
    PUT_MEMBER = "INSERT INTO tag_members (", member_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tag_id, kind, member_id) \
        DO UPDATE SET created_at = excluded.created_at, removed_at = excluded.removed_at";
    MEMBERS = "SELECT ", member_columns!(),
        " FROM tag_members WHERE tag_id = $1 AND removed_at IS NULL";
    MEMBERSHIPS_OF = "SELECT ", member_columns!(),
        " FROM tag_members WHERE member_id = $1 AND removed_at IS NULL ORDER BY tag_id";
    TAG_THERE = "SELECT id FROM tags WHERE organisation_id = $1 AND id = $2";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
}

pub(crate) const LIVE_TAGS: Whole = Whole::live("tags", tag_columns!());

/// Those of the live picture.
pub(crate) const LIVE_MEMBERS: Whole = Whole {
    columns: member_columns!(),
    table: "tag_members",
    condition: "removed_at IS NULL",
};

queries! {
    /// A tag, removed ones too.
    get_tag(id: TagId) -> Option<Tag> = TAG [id];
    /// The tags that something stands in directly, whatever it is.
    memberships_of(member: Uuid) -> Vec<Membership> = MEMBERSHIPS_OF [member];
}

impl Store {
    /// The tags of an organisation that are not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_tags(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Tag>, StoreError> {
        let query = Select::new(TAGS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Tag| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// What stands in a tag directly.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_members(
        &self,
        tag: TagId,
        page: &Page,
    ) -> Result<List<Membership>, StoreError> {
        let query = Select::new(MEMBERS, args![tag]).by_id("member_id", page);
        self.list(query, page, |row: &Membership| Cursor {
            at: 0,
            id: row.member.id().to_string(),
        })
        .await
    }
}

impl Tx {
    /// A new tag.
    ///
    /// # Errors
    /// [`Constraint::TagId`], [`Constraint::TagOrganisation`].
    pub async fn insert_tag(&mut self, row: &Tag) -> Result<(), StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            row.organisation,
            name,
            external_id,
            metadata,
            row.smart,
            row.created_at,
            row.deleted_at,
        ];
        let organisation = Reference {
            constraint: Constraint::TagOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        self.put(INSERT_TAG, args, &[organisation]).await.map(drop)
    }

    /// All of a tag but id, organisation and when it was made. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_tag(&mut self, row: &Tag) -> Result<bool, StoreError> {
        let Labels {
            name,
            external_id,
            metadata,
        } = &row.labels;
        let args = args![
            row.id,
            name,
            external_id,
            metadata,
            row.smart,
            row.deleted_at,
        ];
        self.touched(UPDATE_TAG, args).await
    }

    /// Puts something into a tag, or takes it out.
    ///
    /// # Errors
    /// [`Constraint::MemberTag`].
    pub async fn put_membership(&mut self, row: &Membership) -> Result<(), StoreError> {
        let (kind, member) = match row.member {
            Member::Person(id) => ("person", id.0),
            Member::Tag(id) => ("tag", id.0),
            Member::Point(id) => ("point", id.0),
        };
        let args = args![
            row.tag,
            kind,
            member,
            row.organisation,
            row.created_at,
            row.removed_at,
        ];
        let tag = Reference {
            constraint: Constraint::MemberTag,
            lookup: TAG_THERE,
            args: args![row.organisation, row.tag],
        };
        self.put(PUT_MEMBER, args, &[tag]).await.map(drop)
    }
}

impl Record for Tag {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            labels: labels(columns)?,
            smart: columns.take()?,
            created_at: columns.take()?,
            deleted_at: columns.take()?,
        })
    }
}

impl Record for Membership {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let tag = columns.take()?;
        let kind: String = columns.take()?;
        let member: Uuid = columns.take()?;
        let member = match kind.as_str() {
            "person" => Member::Person(member.into()),
            "tag" => Member::Tag(member.into()),
            "point" => Member::Point(member.into()),
            other => return Err(corrupt("member", other)),
        };
        Ok(Self {
            tag,
            member,
            organisation: columns.take()?,
            created_at: columns.take::<Timestamp>()?,
            removed_at: columns.take()?,
        })
    }
}
