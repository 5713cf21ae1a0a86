//! Charging transactions.

use jiff::Timestamp;

use crate::{
    AuthorizationRequired, ChargerId, CredentialId, DecisionId, EvseId, OrganisationId, PersonId,
    StationKey, StopGroup, TransactionId,
};

/// How a station names a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionRef {
    /// 1.6 start: the central system gives the number.
    New,
    /// 1.6: the number given; may be -1, 0 or anything.
    Number(i64),
    /// 2.0.1: made by the station.
    Text(String),
}

/// The part of a transaction's life an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Began.
    Started,
    /// Goes on.
    Updated,
    /// Ended.
    Ended,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Our id.
    pub id: TransactionId,
    /// The tenant.
    pub organisation: OrganisationId,
    /// The charger; `None` for a station that is no charger.
    pub charger: Option<ChargerId>,
    /// The station.
    pub station: StationKey,
    /// 1.6: the number we gave; unique, positive, within i32.
    pub number: Option<i64>,
    /// What the station calls it: the 1.6 number or the 2.0.1 text, as text.
    pub station_transaction_id: String,
    /// The EVSE, if known.
    pub evse: Option<EvseId>,
    /// The EVSE number as reported.
    pub evse_number: Option<u32>,
    /// The connector number as reported.
    pub connector: Option<u32>,
    /// Who started it, if known.
    pub person: Option<PersonId>,
    /// With which credential, if known.
    pub credential: Option<CredentialId>,
    /// The token presented, masked.
    pub id_token: Option<String>,
    /// The key of the token presented (normalised), to match stops.
    pub token_key: Option<String>,
    /// The stop group of the person at the start.
    pub stop_group: Option<StopGroup>,
    /// Station time of the start; time of receipt where implausible.
    pub started_at: Timestamp,
    /// Station time of the end; `None` while open.
    pub ended_at: Option<Timestamp>,
    /// When the start was received.
    pub received_at: Timestamp,
    /// Wh at the start.
    pub meter_start_wh: Option<i64>,
    /// Wh at the end.
    pub meter_stop_wh: Option<i64>,
    /// Imported energy so far, Wh.
    pub energy_wh: Option<i64>,
    /// As sent; `Local` where absent.
    pub stop_reason: Option<String>,
    /// Somebody known was allowed by a right (not by an open charger).
    pub authenticated: bool,
    /// The start was refused; it is recorded all the same.
    pub refused: bool,
    /// Reported late.
    pub late: bool,
    /// A stop without a start.
    pub orphan: bool,
    /// The remote start that began it.
    pub remote_start_id: Option<i64>,
    /// The decision on its start.
    pub decision: Option<DecisionId>,
    /// The flag in effect when it began; `None`: not known, or decided elsewhere.
    pub authorization_required: Option<AuthorizationRequired>,
}

/// One received transaction message: its natural key, and the answer a retry gets again.
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionRecord {
    /// The station.
    pub station: StationKey,
    /// Natural key within the station: built by `app` from the received text.
    pub natural_key: String,
    /// The transaction it belongs to.
    pub transaction: TransactionId,
    /// Which part of its life.
    pub phase: Phase,
    /// 2.0.1 seqNo.
    pub seq_no: Option<i64>,
    /// 2.0.1 triggerReason, as sent.
    pub trigger: Option<String>,
    /// Station time, as sent.
    pub time_text: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The answer given, as JSON of `app`'s own; `None` for nothing to say.
    pub answer: Option<String>,
    /// The message, as JSON text, cards masked.
    pub body: Option<String>,
}
