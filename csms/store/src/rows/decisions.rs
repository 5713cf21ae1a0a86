//! The decision log.

use jiff::Timestamp;
use model::{Decision, DecisionId, Effect, NodeId, OrganisationId, PersonId, Reason, StationKey};

use super::queries;
use crate::arg::{Bind, Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::{ManyRows, statements};
use crate::{Store, StoreError, Tx};

macro_rules! decision_columns {
    () => {
        "id, organisation_id, at, as_of, revision, entry, station_key, message_id, action, \
         node_id, evse_number, person_id, credential_id, api_key_id, token, reason, grant_id, \
         duration_ns"
    };
}

statements! {
    DECISION = "SELECT ", decision_columns!(), " FROM decisions WHERE id = $1";
    DECISIONS = "SELECT ", decision_columns!(), " FROM decisions WHERE organisation_id = $1";
    DECISIONS_OF_NOBODY =
        "SELECT ", decision_columns!(), " FROM decisions WHERE organisation_id IS NULL";
}

/// A decision met again was committed before, in a batch whose outcome was not known.
static INSERT_DECISIONS: ManyRows = ManyRows::new(
    concat!(
        "INSERT INTO decisions (",
        decision_columns!(),
        ", allowed) VALUES"
    ),
    19,
    "ON CONFLICT (id) DO NOTHING",
);

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

impl Store {
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
            .and_some("person_id =", &filter.person)
            .and_some("node_id =", &filter.node)
            .and_some("reason =", &filter.reason)
            .and_some("allowed =", &allowed)
            .and_some("at >=", &filter.from)
            .and_some("at <", &filter.until)
            .by_time("at", "id", Order::NewestFirst, page);
        let cursor = |row: &Decision| Cursor {
            at: row.at.as_microsecond(),
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }
}

impl Tx {
    /// Logs a decision in the transaction of the job, where it must not be without it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_decision(&mut self, row: &Decision) -> Result<(), StoreError> {
        insert_decisions(self, std::slice::from_ref(row)).await
    }
}

pub(crate) async fn insert_decisions(tx: &mut Tx, rows: &[Decision]) -> Result<(), StoreError> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (count, text) = INSERT_DECISIONS.text(rest.len());
        let (rows, after) = rest.split_at(count);
        rest = after;
        let mut args = Vec::with_capacity(count * 19);
        for row in rows {
            args.extend([
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
                row.person.arg(),
                row.credential.arg(),
                row.api_key.arg(),
                row.token.arg(),
                row.reason.arg(),
                row.grant.arg(),
                row.duration_ns.arg(),
                row.reason.allows().arg().into_owned(),
            ]);
        }
        tx.run(text, &args).await?;
    }
    Ok(())
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
