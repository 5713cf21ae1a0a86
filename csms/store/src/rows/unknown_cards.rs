//! Cards that nobody has, and what known ones tell of readers.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use model::{OrganisationId, ReaderProposal, UnknownCard, UnknownCardId};

use super::queries;
use crate::arg::{Key, args};
use crate::link::{Columns, Record};
use crate::page::{Cursor, List, Page};
use crate::select::{Order, Select};
use crate::sql::statements;
use crate::{Store, StoreError, Tx};

macro_rules! card_columns {
    () => {
        "id, organisation_id, key, value, node_id, station_key, count, first_at, last_at"
    };
}

macro_rules! proposal_columns {
    () => {
        "organisation_id, vendor, model, profile, count, first_at, last_at"
    };
}

/// A charger asks before the start and at the start: that is one presentation. [`PUT_CARD`] says
/// so too, in microseconds.
const ONE_PRESENTATION: SignedDuration = SignedDuration::from_secs(10);

statements! {
    PUT_CARD = "INSERT INTO unknown_cards (", card_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (organisation_id, key, node_id) DO UPDATE SET \
        value = excluded.value, station_key = excluded.station_key, \
        count = unknown_cards.count + CASE \
            WHEN excluded.last_at - unknown_cards.last_at >= 10000000 THEN excluded.count \
            ELSE 0 END, \
        last_at = excluded.last_at RETURNING id";
    FORGET_CARDS = "DELETE FROM unknown_cards WHERE id IN (SELECT id FROM unknown_cards \
        WHERE organisation_id = $1 ORDER BY last_at DESC, id DESC LIMIT 1000000 OFFSET 1000)";
    DELETE_CARD = "DELETE FROM unknown_cards WHERE organisation_id = $1 AND key = $2";
    CARD = "SELECT ", card_columns!(), " FROM unknown_cards WHERE id = $1";
    CARDS = "SELECT ", card_columns!(), " FROM unknown_cards WHERE organisation_id = $1";
    PUT_PROPOSAL = "INSERT INTO reader_proposals (", proposal_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (organisation_id, vendor, model, profile) DO UPDATE SET \
        count = reader_proposals.count + excluded.count, last_at = excluded.last_at";
    PROPOSALS = "SELECT ", proposal_columns!(), " FROM reader_proposals \
        WHERE organisation_id = $1 AND vendor = $2 AND model = $3 \
        ORDER BY count DESC, profile LIMIT 20";
}

queries! {
    /// A card of the inbox.
    get_unknown_card(id: UnknownCardId) -> Option<UnknownCard> = CARD [id];
    /// What the cards of an organisation tell of the readers of a model, the most often first.
    reader_proposals(organisation: OrganisationId, vendor: &str, model: &str) -> Vec<ReaderProposal> =
        PROPOSALS [organisation, Key(vendor), Key(model)];
}

impl Store {
    /// The cards of an organisation's inbox, the last presented first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn list_unknown_cards(
        &self,
        organisation: OrganisationId,
        page: &Page,
    ) -> Result<List<UnknownCard>, StoreError> {
        let query = Select::new(CARDS, args![organisation]).by_time(
            "last_at",
            "id",
            Order::NewestFirst,
            page,
        );
        let cursor = |row: &UnknownCard| Cursor {
            at: row.last_at.as_microsecond(),
            id: row.id.to_string(),
        };
        self.list(query, page, cursor).await
    }
}

/// A presentation as it began and as it was last; what comes again within the time of one is one.
struct Presentation<'r> {
    first: &'r UnknownCard,
    last: &'r UnknownCard,
}

fn presentations<'r>(rows: &[&'r UnknownCard]) -> Vec<Presentation<'r>> {
    let mut all: Vec<Presentation<'r>> = Vec::with_capacity(rows.len());
    let mut latest: HashMap<_, usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        let place = (row.organisation, &row.key, row.node);
        let open = latest.get(&place).and_then(|at| all.get_mut(*at));
        match open {
            Some(open) if row.last_at.duration_since(open.last.last_at) < ONE_PRESENTATION => {
                open.last = row;
            }
            Some(_) | None => {
                latest.insert(place, all.len());
                all.push(Presentation {
                    first: row,
                    last: row,
                });
            }
        }
    }
    all
}

impl Tx {
    /// Notes cards that nobody has, each counted with its presentations at the same point before.
    /// Of more than 1,000 in an organisation those presented longest ago are forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_unknown_cards(&mut self, rows: &[&UnknownCard]) -> Result<(), StoreError> {
        let mut more: BTreeSet<OrganisationId> = BTreeSet::new();
        for Presentation { first, last } in presentations(rows) {
            let args = args![
                first.id,
                last.organisation,
                last.key,
                last.value,
                last.node,
                last.station,
                last.count,
                first.first_at,
                last.last_at,
            ];
            let kept: Option<String> = self.find(PUT_CARD, args).await?;
            if kept == Some(first.id.to_string()) {
                more.insert(last.organisation);
            }
        }
        for organisation in more {
            self.run(FORGET_CARDS, args![organisation]).await?;
        }
        Ok(())
    }

    /// Takes a card out of the inbox, at whichever points it was presented. `false`: it is not
    /// there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_unknown_card(
        &mut self,
        organisation: OrganisationId,
        key: &str,
    ) -> Result<bool, StoreError> {
        self.touched(DELETE_CARD, args![organisation, key]).await
    }

    /// Notes that a profile explains how a reader shows a known card.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_reader_proposal(&mut self, row: &ReaderProposal) -> Result<(), StoreError> {
        let (vendor, model) = (Key(&row.vendor), Key(&row.model));
        let args = args![
            row.organisation,
            vendor,
            model,
            row.profile,
            row.count,
            row.first_at,
            row.last_at,
        ];
        self.run(PUT_PROPOSAL, args).await.map(drop)
    }
}

impl Record for UnknownCard {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.take()?,
            organisation: columns.take()?,
            key: columns.take()?,
            value: columns.take()?,
            node: columns.take()?,
            station: columns.take()?,
            count: columns.take()?,
            first_at: columns.take()?,
            last_at: columns.take()?,
        })
    }
}

impl Record for ReaderProposal {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            organisation: columns.take()?,
            vendor: columns.take()?,
            model: columns.take()?,
            profile: columns.take()?,
            count: columns.take()?,
            first_at: columns.take()?,
            last_at: columns.take()?,
        })
    }
}
