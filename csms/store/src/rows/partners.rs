//! Partners: how they are found, who works for whom, and links by which they ask.

use jiff::Timestamp;
use model::{
    OrganisationId, PartnerLink, PartnerLinkId, PartnerProfile, Partnership, PartnershipId,
    PersonId, Promise, Side,
};

use super::invitations::promise;
use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::Select;
use crate::sql::statements;
use crate::tx::Reference;
use crate::{Constraint, Store, StoreError, Tx};

macro_rules! profile_columns {
    () => {
        "organisation_id, lookup_key, verified_name, verified_at, changed_at"
    };
}

macro_rules! partnership_columns {
    () => {
        "id, organisation_id, partner_organisation_id, role, actions, node_id, valid_from, \
         valid_until, message, proposed_by_person_id, proposed_at, confirmed_by_person_id, \
         confirmed_at, ended_by, ended_at"
    };
}

macro_rules! link_columns {
    () => {
        "id, partner_organisation_id, role, actions, message, token_hash, created_by_person_id, \
         created_at, expires_at, used_at, partnership_id, revoked_at"
    };
}

statements! {
    PUT_PROFILE = "INSERT INTO partner_profiles (", profile_columns!(),
        ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organisation_id) DO UPDATE SET \
        lookup_key = excluded.lookup_key, verified_name = excluded.verified_name, \
        verified_at = excluded.verified_at, changed_at = excluded.changed_at";
    PROFILE = "SELECT ", profile_columns!(), " FROM partner_profiles WHERE organisation_id = $1";
    PROFILE_BY_KEY = "SELECT ", profile_columns!(),
        " FROM partner_profiles WHERE lookup_key = $1";
    INSERT_PARTNERSHIP = "INSERT INTO partnerships (", partnership_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    PARTNERSHIP = "SELECT ", partnership_columns!(), " FROM partnerships WHERE id = $1";
    LIVE_PARTNERSHIP = "SELECT ", partnership_columns!(), " FROM partnerships \
        WHERE organisation_id = $1 AND partner_organisation_id = $2 AND ended_at IS NULL";
    PARTNERSHIPS = "SELECT ", partnership_columns!(), " FROM partnerships \
        WHERE (organisation_id = $1 OR partner_organisation_id = $1)";
    CONFIRM_PARTNERSHIP = "UPDATE partnerships SET confirmed_by_person_id = $2, \
        confirmed_at = $3 WHERE id = $1 AND confirmed_at IS NULL AND ended_at IS NULL";
    END_PARTNERSHIP = "UPDATE partnerships SET ended_by = $2, ended_at = $3 \
        WHERE id = $1 AND ended_at IS NULL";
    INSERT_LINK = "INSERT INTO partner_links (", link_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    LINK = "SELECT ", link_columns!(), " FROM partner_links WHERE id = $1";
    LINK_BY_TOKEN = "SELECT ", link_columns!(), " FROM partner_links WHERE token_hash = $1";
    LINKS = "SELECT ", link_columns!(), " FROM partner_links WHERE partner_organisation_id = $1";
    USE_LINK = "UPDATE partner_links SET used_at = $2, partnership_id = $3 WHERE id = $1 \
        AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2";
    REVOKE_LINK = "UPDATE partner_links SET revoked_at = $2 WHERE id = $1 \
        AND used_at IS NULL AND revoked_at IS NULL";
    ORGANISATION_THERE = "SELECT id FROM organisations WHERE id = $1";
}

queries! {
    /// How a partner is found.
    get_partner_profile(id: OrganisationId) -> Option<PartnerProfile> = PROFILE [id];
    /// Whose lookup key it is.
    find_partner(lookup_key: &str) -> Option<PartnerProfile> = PROFILE_BY_KEY [lookup_key];
    /// A partnership, ended ones too.
    get_partnership(id: PartnershipId) -> Option<Partnership> = PARTNERSHIP [id];
    /// The partnership of two organisations that has not ended.
    live_partnership(organisation: OrganisationId, partner: OrganisationId)
        -> Option<Partnership> = LIVE_PARTNERSHIP [organisation, partner];
    /// A partner's link, whatever became of it.
    get_partner_link(id: PartnerLinkId) -> Option<PartnerLink> = LINK [id];
    /// The link with this hash of its token, whatever became of it.
    find_partner_link(token_hash: &[u8]) -> Option<PartnerLink> = LINK_BY_TOKEN [token_hash];
}

impl Store {
    /// The partnerships of an organisation, on either side, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_partnerships(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<Partnership>, StoreError> {
        let query = Select::new(PARTNERSHIPS, args![organisation]).by_id("id", page);
        self.list(query, page, |row: &Partnership| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }

    /// The links of a partner, whatever became of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_partner_links(
        &self,
        partner: OrganisationId,
        page: &Page,
    ) -> Result<List<PartnerLink>, StoreError> {
        let query = Select::new(LINKS, args![partner]).by_id("id", page);
        self.list(query, page, |row: &PartnerLink| Cursor {
            at: 0,
            id: row.id.to_string(),
        })
        .await
    }
}

impl Tx {
    /// How a partner is found, in place of what was known.
    ///
    /// # Errors
    /// [`Constraint::LookupKey`], [`Constraint::PartnerProfileOrganisation`],
    /// [`Constraint::PartnerProfileVerification`].
    pub async fn put_partner_profile(&mut self, row: &PartnerProfile) -> Result<(), StoreError> {
        let args = args![
            row.organisation,
            row.lookup_key,
            row.verified_name,
            row.verified_at,
            row.changed_at,
        ];
        let organisation = Reference {
            constraint: Constraint::PartnerProfileOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        self.put(PUT_PROFILE, args, &[organisation]).await.map(drop)
    }

    /// A new partnership.
    ///
    /// # Errors
    /// [`Constraint::PartnershipId`], [`Constraint::PartnershipLive`],
    /// [`Constraint::PartnershipOrganisation`], [`Constraint::PartnershipPartner`],
    /// [`Constraint::PartnershipTwoSides`].
    pub async fn insert_partnership(&mut self, row: &Partnership) -> Result<(), StoreError> {
        let Promise {
            role,
            actions,
            node,
            valid_from,
            valid_until,
        } = &row.promise;
        let (confirmed_by, confirmed_at) = row.confirmed.unzip();
        let (ended_by, ended_at) = row.ended.unzip();
        let args = args![
            row.id,
            row.organisation,
            row.partner,
            role,
            actions,
            node,
            valid_from,
            valid_until,
            row.message,
            row.proposed_by,
            row.proposed_at,
            confirmed_by,
            confirmed_at,
            ended_by,
            ended_at,
        ];
        let organisation = Reference {
            constraint: Constraint::PartnershipOrganisation,
            lookup: ORGANISATION_THERE,
            args: args![row.organisation],
        };
        let partner = Reference {
            constraint: Constraint::PartnershipPartner,
            lookup: ORGANISATION_THERE,
            args: args![row.partner],
        };
        self.put(INSERT_PARTNERSHIP, args, &[organisation, partner])
            .await
            .map(drop)
    }

    /// Confirms a partnership. `false`: it was confirmed or ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_partnership(
        &mut self,
        id: PartnershipId,
        by: PersonId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(CONFIRM_PARTNERSHIP, args![id, by, at]).await
    }

    /// Ends a partnership. `false`: it has ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_partnership(
        &mut self,
        id: PartnershipId,
        by: Side,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(END_PARTNERSHIP, args![id, by, at]).await
    }

    /// A new link of a partner.
    ///
    /// # Errors
    /// [`Constraint::PartnerLinkId`], [`Constraint::PartnerLinkToken`],
    /// [`Constraint::PartnerLinkPartner`], [`Constraint::PartnerLinkOneEnd`].
    pub async fn insert_partner_link(&mut self, row: &PartnerLink) -> Result<(), StoreError> {
        let (used_at, partnership) = row.used.unzip();
        let args = args![
            row.id,
            row.partner,
            row.role,
            row.actions,
            row.message,
            row.token_hash,
            row.created_by,
            row.created_at,
            row.expires_at,
            used_at,
            partnership,
            row.revoked_at,
        ];
        let partner = Reference {
            constraint: Constraint::PartnerLinkPartner,
            lookup: ORGANISATION_THERE,
            args: args![row.partner],
        };
        self.put(INSERT_LINK, args, &[partner]).await.map(drop)
    }

    /// Uses a link. `false`: it was used or withdrawn, or its time is over. Of two at once one
    /// gets `true`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_partner_link(
        &mut self,
        id: PartnerLinkId,
        at: Timestamp,
        partnership: PartnershipId,
    ) -> Result<bool, StoreError> {
        self.touched(USE_LINK, args![id, at, partnership]).await
    }

    /// Withdraws a link. `false`: it was used or withdrawn already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_partner_link(
        &mut self,
        id: PartnerLinkId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.touched(REVOKE_LINK, args![id, at]).await
    }
}

impl Record for PartnerProfile {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            organisation: columns.take()?,
            lookup_key: columns.take()?,
            verified_name: columns.take()?,
            verified_at: columns.take()?,
            changed_at: columns.take()?,
        })
    }
}

impl Record for Partnership {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            partner: columns.take()?,
            promise: promise(columns)?,
            message: columns.take()?,
            proposed_by: columns.take()?,
            proposed_at: columns.take()?,
            confirmed: pair(columns.take()?, columns.take()?),
            ended: pair(columns.take()?, columns.take()?),
        })
    }
}

impl Record for PartnerLink {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            partner: columns.take()?,
            role: columns.take()?,
            actions: columns.take()?,
            message: columns.take()?,
            token_hash: columns.take()?,
            created_by: columns.take()?,
            created_at: columns.take()?,
            expires_at: columns.take()?,
            used: pair(columns.take()?, columns.take()?),
            revoked_at: columns.take()?,
        })
    }
}

/// Two columns that are there together; a constraint sees to that.
fn pair<A, B>(one: Option<A>, other: Option<B>) -> Option<(A, B)> {
    one.zip(other)
}
