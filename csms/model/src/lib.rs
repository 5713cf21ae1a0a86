//! The words of the domain: typed ids, the resource tree, people, credentials, grants, stations,
//! transactions, decisions, and the neutral language spoken with stations. No IO, no clock.

mod access;
mod action;
mod card;
mod change;
mod configuration;
mod decision;
mod door;
mod finding;
mod ids;
mod meter;
mod people;
mod quirk;
mod reader;
mod reason;
mod settings;
mod station;
mod station_id;
mod token;
mod transaction;
mod tree;

pub mod command;
pub mod neutral;

pub use access::{
    ApiKey, Credential, CredentialKind, CredentialState, Effect, Grant, Session, Subject,
};
pub use action::{Action, ActionSet, Role};
pub use card::{
    Enrolment, EnrolmentProblem, EnrolmentState, ReaderProposal, UnknownCard, readings,
};
pub use change::{Actor, Change, ChangeKind, Committed, Revision};
pub use configuration::{ConfigurationState, ConfigurationValue, KnownConfiguration};
pub use decision::{Decision, Entry};
pub use door::{DoorEvent, DoorResult, DoorState};
pub use finding::{Finding, FindingKind};
pub use ids::*;
pub use meter::{Disbelief, EventTime, MeterSample};
pub use people::{Account, Organisation, Person, PersonState, StopGroup};
pub use quirk::{QuirkExample, QuirkName, QuirkPlace, SeenQuirk, Tolerance, Treatment};
pub use reader::{ReaderProfile, ReaderStep};
pub use reason::Reason;
pub use settings::{Acceptance, RateLimit, StationSettings};
pub use station::{
    AcceptedState, ConnectorState, OcppVersion, PasswordHash, RefusedHandshake, Station,
    StationKind, StationRecord,
};
pub use station_id::{StationId, StationIdError, StationKey};
pub use token::{PresentedToken, TokenKind, mask, normalise};
pub use transaction::{Phase, Transaction, TransactionRecord, TransactionRef};
pub use tree::{
    Area, AuthorizationRequired, Charger, ChargerAuthorization, Door, DoorFail, Evse, Installation,
    Labels, Lock, Node, NodeKind, OfflinePolicy,
};
