//! The decision log.

use jiff::Timestamp;
use model::{
    CredentialId, Decision, DecisionId, Effect, NodeId, OrganisationId, PersonId, Reason,
    StationKey,
};
use uuid::Uuid;

use super::queries;
use crate::arg::{Arg, Bind, Key, args};
use crate::link::{Columns, Kind, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::{ManyRows, statements};
use crate::{Store, StoreError, Tx};

/// The columns that are hashed, in this order.
macro_rules! chained_columns {
    () => {
        "id, organisation_id, at, as_of, revision, entry, station_key, message_id, action, \
         node_id, evse_number, person_id, credential_id, api_key_id, token, reason, grant_id, \
         duration_ns, allowed"
    };
}

/// Decisions with the pseudonyms resolved, as far as nobody was erased; `decisions.id` and so on.
macro_rules! decisions {
    () => {
        "SELECT decisions.id, organisation_id, at, as_of, revision, entry, station_key, \
         message_id, action, node_id, evse_number, \
         CASE WHEN segment IS NULL THEN decisions.person_id ELSE people.target_id END, \
         CASE WHEN segment IS NULL OR decisions.person_id IS NULL THEN credential_id \
         ELSE credentials.target_id END, \
         CASE WHEN segment IS NULL OR decisions.person_id IS NULL THEN api_key_id \
         ELSE api_keys.target_id END, \
         token, reason, grant_id, duration_ns FROM decisions \
         LEFT JOIN pseudonyms people ON people.pseudonym = decisions.person_id \
         LEFT JOIN pseudonyms credentials ON credentials.pseudonym = credential_id \
         LEFT JOIN pseudonyms api_keys ON api_keys.pseudonym = api_key_id"
    };
}

statements! {
    DECISION = decisions!(), " WHERE decisions.id = $1";
    DECISIONS = decisions!(), " WHERE organisation_id = $1";
    DECISIONS_OF_NOBODY = decisions!(), " WHERE organisation_id IS NULL";
    DECISION_THERE = "SELECT id FROM decisions WHERE id = $1";
    CHAINED_DECISIONS = "SELECT sequence, hash, ", chained_columns!(),
        " FROM decisions WHERE segment = $1 ORDER BY sequence, id";
    USED_CREDENTIALS = "SELECT CASE WHEN segment IS NULL OR decisions.person_id IS NULL \
        THEN credential_id \
        ELSE used.target_id END AS used_credential, node_id, allowed, at FROM decisions \
        LEFT JOIN pseudonyms used ON used.pseudonym = credential_id \
        WHERE organisation_id = $1 AND at >= $2 AND action = 'use' \
        AND credential_id IS NOT NULL AND node_id IS NOT NULL \
        AND (segment IS NULL OR decisions.person_id IS NULL OR used.target_id IS NOT NULL) \
        ORDER BY at DESC, decisions.id DESC LIMIT $3";
}

/// The kinds of the hashed columns.
pub(crate) const CHAINED_DECISION: [Kind; 19] = [
    Kind::Text,
    Kind::Text,
    Kind::Int,
    Kind::Int,
    Kind::Int,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Int,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Int,
    Kind::Bool,
];

static INSERT_DECISIONS: ManyRows = ManyRows::new(
    concat!(
        "INSERT INTO decisions (",
        chained_columns!(),
        ", segment, sequence, hash) VALUES"
    ),
    22,
    "",
);

/// Where a row stands in a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: i64,
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

queries! {
    /// A decision.
    get_decision(id: DecisionId) -> Option<Decision> = DECISION [id];
}

/// Which decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Asked by this station.
    pub station: Option<StationKey>,
    /// Asked by the message with this id.
    pub message_id: Option<String>,
    /// About this person.
    pub person: Option<PersonId>,
    /// On exactly this node.
    pub node: Option<NodeId>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// Allowed or denied.
    pub effect: Option<Effect>,
    /// Taken then or later.
    pub from: Option<Timestamp>,
    /// Taken before.
    pub until: Option<Timestamp>,
}

/// A credential that was presented somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedCredential {
    /// Which.
    pub credential: CredentialId,
    /// Where.
    pub node: NodeId,
    /// What was decided.
    pub allowed: bool,
    /// When.
    pub at: Timestamp,
}

impl Record for UsedCredential {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            credential: columns.take()?,
            node: columns.take()?,
            allowed: columns.take()?,
            at: columns.take()?,
        })
    }
}

impl Store {
    /// The credentials that were presented in an organisation, last first, at most so many rows.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn used_credentials(
        &self,
        organisation: OrganisationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<UsedCredential>, StoreError> {
        self.find_all(USED_CREDENTIALS, args![organisation, since, limit])
            .await
    }

    /// The decisions of an organisation, newest first; `None`: those at points that belong to
    /// nobody.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_decisions(
        &self,
        organisation: Option<OrganisationId>,
        filter: &DecisionFilter,
        page: &Page,
    ) -> Result<List<Decision>, StoreError> {
        let allowed = filter.effect.map(|effect| match effect {
            Effect::Allow => true,
            Effect::Deny => false,
        });
        let message_id = filter.message_id.as_deref().map(Key);
        let all = match organisation {
            Some(organisation) => Select::new(DECISIONS, &[organisation.arg().into_owned()]),
            None => Select::new(DECISIONS_OF_NOBODY, args![]),
        };
        let query = all
            .and_some("station_key =", &filter.station)
            .and_some("message_id =", &message_id)
            .and_some(
                "COALESCE(people.target_id, decisions.person_id) =",
                &filter.person,
            )
            .and_some("node_id =", &filter.node)
            .and_some("reason =", &filter.reason)
            .and_some("allowed =", &allowed)
            .and_some("at >=", &filter.from)
            .and_some("at <", &filter.until)
            .by_time("at", "decisions.id", Order::NewestFirst, page);
        let cursor = |row: &Decision| Cursor {
            at: row.at.as_microsecond(),
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// Logs a decision in the transaction of the job, where it must not be without it. The row is
    /// written at the end of the batch.
    pub fn insert_decision(&mut self, row: &Decision) {
        self.keep_decision(row.clone());
    }
}

/// The hashed columns, with what people and theirs are called.
pub(crate) fn decision_args(row: &Decision, name: impl Fn(Uuid) -> Uuid) -> Vec<Arg<'_>> {
    // What belongs to nobody that was found has no pseudonym.
    let of_person = |id: Option<Uuid>| match row.person {
        Some(_) => id.map(&name),
        None => id,
    };
    vec![
        row.id.arg(),
        row.organisation.arg(),
        row.at.arg(),
        row.as_of.arg(),
        row.revision.arg(),
        row.entry.arg(),
        row.station.arg(),
        row.message_id.as_deref().map(Key).arg().into_owned(),
        row.action.arg(),
        row.node.arg(),
        row.evse.arg(),
        of_person(row.person.map(|id| id.0)).arg().into_owned(),
        of_person(row.credential.map(|id| id.0)).arg().into_owned(),
        of_person(row.api_key.map(|id| id.0)).arg().into_owned(),
        row.token.arg(),
        row.reason.arg(),
        row.grant.arg(),
        row.duration_ns.arg(),
        row.reason.allows().arg().into_owned(),
    ]
}

/// Writes rows, each at its place.
pub(crate) async fn insert_decisions(
    tx: &mut Tx,
    rows: Vec<Vec<Arg<'_>>>,
    places: &[Place],
) -> Result<(), StoreError> {
    let mut rest = rows.into_iter().zip(places);
    while rest.len() > 0 {
        let (count, text) = INSERT_DECISIONS.text(rest.len(), tx.dialect());
        let mut args = Vec::with_capacity(count * 22);
        for (columns, place) in rest.by_ref().take(count) {
            args.extend(columns);
            args.extend([place.segment.arg(), place.sequence.arg(), place.hash.arg()]);
        }
        tx.run_many(text, args).await?;
    }
    Ok(())
}

/// Whether a decision was committed before, in a batch whose outcome was not known.
pub(crate) async fn decision_there(tx: &mut Tx, id: DecisionId) -> Result<bool, StoreError> {
    let there: Option<String> = tx.find(DECISION_THERE, args![id]).await?;
    Ok(there.is_some())
}

impl Record for Decision {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            at: columns.take()?,
            as_of: columns.take()?,
            revision: columns.take()?,
            entry: columns.take()?,
            station: columns.take()?,
            message_id: columns.take()?,
            action: columns.take()?,
            node: columns.take()?,
            evse: columns.take()?,
            person: columns.take()?,
            credential: columns.take()?,
            api_key: columns.take()?,
            token: columns.take()?,
            reason: columns.take()?,
            grant: columns.take()?,
            duration_ns: columns.take()?,
        })
    }
}
