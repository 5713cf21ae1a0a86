//! One newtype per kind of id, so that a charger is never passed where a person is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
        impl From<Uuid> for $name { fn from(id: Uuid) -> Self { Self(id) } }
        impl From<$name> for Uuid { fn from(id: $name) -> Self { id.0 } }
    )+};
}

ids! {
    /// An organisation: the tenant.
    OrganisationId,
    /// A login; global.
    AccountId,
    /// A person of one organisation.
    PersonId,
    /// Any node of the resource tree.
    NodeId,
    /// An installation.
    InstallationId,
    /// An area: circuit, floor, zone.
    AreaId,
    /// A charger.
    ChargerId,
    /// An EVSE of a charger.
    EvseId,
    /// A door.
    DoorId,
    /// A lock: the controller of one or more doors.
    LockId,
    /// A credential of a person.
    CredentialId,
    /// A grant.
    GrantId,
    /// A card in the inbox of cards that nobody has.
    UnknownCardId,
    /// The enrolment of a card.
    EnrolmentId,
    /// An API key.
    ApiKeyId,
    /// A session: the login of an account.
    SessionId,
    /// A charging transaction.
    TransactionId,
    /// A decision of the engine.
    DecisionId,
    /// A command to a station.
    CommandId,
    /// A tag.
    TagId,
    /// A schedule.
    ScheduleId,
    /// A calendar of holidays.
    CalendarId,
    /// A lockdown or an evacuation.
    EmergencyId,
    /// An invitation by e-mail.
    InvitationId,
    /// A handover of ownership.
    HandoverId,
    /// A partnership of two organisations.
    PartnershipId,
    /// A link by which a partner asks for rights.
    PartnerLinkId,
    /// An HTTP request, as named in logs and the change log.
    RequestId,
}

macro_rules! nodes {
    ($($name:ident),+) => {$(
        impl From<$name> for NodeId { fn from(id: $name) -> Self { Self(id.0) } }
        impl From<NodeId> for $name { fn from(id: NodeId) -> Self { Self(id.0) } }
    )+};
}

nodes!(
    OrganisationId,
    InstallationId,
    AreaId,
    ChargerId,
    EvseId,
    DoorId
);
