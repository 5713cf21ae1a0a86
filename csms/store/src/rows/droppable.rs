//! Rows that may be lost: what a station reports again soon, or nobody is owed.

use jiff::Timestamp;
use model::{
    ConnectorState, Finding, MeterSample, ReaderProposal, RefusedHandshake, SeenQuirk, StationKey,
    UnknownCard,
};

use super::doors::DoorStateRow;
use super::watch::StationReport;
use crate::arg::args;
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    SEEN = "UPDATE station_records SET last_seen_at = $2 \
        WHERE station_key = $1 AND (last_seen_at IS NULL OR last_seen_at < $2)";
}

/// A row given to [`crate::Store::offer`].
#[derive(Clone, Debug, PartialEq)]
pub enum Droppable {
    /// The state of a connector.
    Connector(ConnectorState),
    /// The state of a door.
    Door(DoorStateRow),
    /// The station was heard of.
    Seen {
        /// Which.
        station: StationKey,
        /// When.
        at: Timestamp,
    },
    /// A deviation of a station, counted with those known.
    Quirk(SeenQuirk),
    /// Samples outside transactions: natural key, sample, EVSE number.
    Samples {
        /// Who sent them.
        station: StationKey,
        /// The samples.
        samples: Vec<(String, MeterSample, Option<u32>)>,
        /// When they were received.
        received_at: Timestamp,
    },
    /// A report.
    Report(StationReport),
    /// A refused handshake.
    Refused(RefusedHandshake),
    /// Something that was noticed of a station.
    Finding(Finding),
    /// A card that nobody has.
    UnknownCard(UnknownCard),
    /// That a profile explains how a reader shows a known card.
    ReaderProposal(ReaderProposal),
}

impl Droppable {
    /// The name used in metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Droppable::Connector(_) => "connector_state",
            Droppable::Door(_) => "door_state",
            Droppable::Seen { .. } => "last_seen",
            Droppable::Quirk(_) => "quirk",
            Droppable::Samples { .. } => "samples",
            Droppable::Report(_) => "report",
            Droppable::Refused(_) => "refused_handshake",
            Droppable::Finding(_) => "finding",
            Droppable::UnknownCard(_) => "unknown_card",
            Droppable::ReaderProposal(_) => "reader_proposal",
        }
    }
}

/// Writes rows in their order; unknown cards, of which only the last presentation counts, after
/// them.
pub(crate) async fn insert_droppables(tx: &mut Tx, rows: &[Droppable]) -> Result<(), StoreError> {
    let mut cards: Vec<&UnknownCard> = Vec::new();
    for row in rows {
        match row {
            Droppable::Connector(row) => tx.put_connector_state(row).await.map(drop),
            Droppable::Door(row) => tx.put_door_state(row).await.map(drop),
            Droppable::Seen { station, at } => tx.run(SEEN, args![station, at]).await.map(drop),
            Droppable::Quirk(row) => tx.count_quirk(row).await,
            Droppable::Samples {
                station,
                samples,
                received_at,
            } => tx
                .insert_samples(station, None, samples, *received_at)
                .await
                .map(drop),
            Droppable::Report(row) => tx.insert_report(row).await,
            Droppable::Refused(row) => tx.note_refused_handshake(row).await,
            Droppable::Finding(row) => tx.put_finding(row).await,
            Droppable::UnknownCard(card) => {
                cards.push(card);
                Ok(())
            }
            Droppable::ReaderProposal(row) => tx.note_reader_proposal(row).await,
        }?;
    }
    tx.note_unknown_cards(&cards).await
}
