//! The record of a decision.

use jiff::Timestamp;

use crate::{
    Action, ApiKeyId, CredentialId, DecisionId, GrantId, NodeId, OrganisationId, PersonId, Reason,
    Revision, StationKey,
};

/// Where the question came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// 1.6 Authorize.
    Authorize16,
    /// 1.6 StartTransaction.
    Start16,
    /// 1.6 StopTransaction.
    Stop16,
    /// 2.0.1 Authorize.
    Authorize201,
    /// 2.0.1 TransactionEvent.
    TransactionEvent201,
    /// A card at a lock, OCPP 1.6.
    Lock16,
    /// A card at a lock, OCPP 2.0.1.
    Lock201,
    /// Door access over HTTP.
    DoorHttp,
    /// The API: a person's session or an API key.
    Api,
}

impl Entry {
    /// Every entry.
    pub const ALL: [Entry; 9] = [
        Entry::Authorize16,
        Entry::Start16,
        Entry::Stop16,
        Entry::Authorize201,
        Entry::TransactionEvent201,
        Entry::Lock16,
        Entry::Lock201,
        Entry::DoorHttp,
        Entry::Api,
    ];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Entry::Authorize16 => "ocpp16_authorize",
            Entry::Start16 => "ocpp16_start_transaction",
            Entry::Stop16 => "ocpp16_stop_transaction",
            Entry::Authorize201 => "ocpp201_authorize",
            Entry::TransactionEvent201 => "ocpp201_transaction_event",
            Entry::Lock16 => "lock16",
            Entry::Lock201 => "lock201",
            Entry::DoorHttp => "door_http",
            Entry::Api => "api",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entry| entry.name() == name)
    }
}

/// One row of the decision log.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The organisation of the point; `None` if the point is not known.
    pub organisation: Option<OrganisationId>,
    /// When it was taken.
    pub at: Timestamp,
    /// The instant it was taken for; differs from `at` for late events.
    pub as_of: Timestamp,
    /// The Directory it was taken from.
    pub revision: Revision,
    /// Where the question came in.
    pub entry: Entry,
    /// The station, if one asked.
    pub station: Option<StationKey>,
    /// The id of the station's message, if one asked.
    pub message_id: Option<String>,
    /// What was asked for.
    pub action: Action,
    /// The node it was asked on.
    pub node: Option<NodeId>,
    /// The EVSE number named, if any.
    pub evse: Option<u32>,
    /// The person found, if any.
    pub person: Option<PersonId>,
    /// The credential found, if any.
    pub credential: Option<CredentialId>,
    /// The API key used, if any.
    pub api_key: Option<ApiKeyId>,
    /// The token presented, masked.
    pub token: Option<String>,
    /// Why; says allow or deny.
    pub reason: Reason,
    /// The grant that decided, or came nearest.
    pub grant: Option<GrantId>,
    /// How long deciding took, nanoseconds.
    pub duration_ns: i64,
}
