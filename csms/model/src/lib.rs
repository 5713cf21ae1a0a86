//! The words of the domain: typed ids, the resource tree, people, credentials, grants, stations,
//! transactions, decisions, and the neutral language spoken with stations. No IO, no clock.

mod access;
mod action;
mod card;
mod card_number;
mod change;
mod configuration;
mod credential;
mod decision;
mod door;
mod emergency;
mod finding;
mod grant;
mod ids;
mod language;
mod meter;
mod people;
mod quirk;
mod reader;
mod reason;
mod reservation;
mod schedule;
mod settings;
mod sharing;
mod station;
mod station_id;
mod tag;
mod token;
mod transaction;
mod tree;
mod webhook;

pub mod command;
pub mod neutral;

pub use access::{ApiKey, Session};
pub use action::{Action, ActionSet, Role};
pub use card::{
    Enrolment, EnrolmentProblem, EnrolmentState, ReaderProposal, UnknownCard, readings,
};
pub use card_number::{is_random, presented_weak_forms, strong_forms, uid, weak_forms};
pub use change::{Actor, Change, ChangeKind, Committed, Revision};
pub use configuration::{ConfigurationState, ConfigurationValue, KnownConfiguration};
pub use credential::{Credential, CredentialKind, CredentialState, KindSet, Strength, Suspension};
pub use decision::{Decision, Entry};
pub use door::{DoorEvent, DoorResult, DoorState};
pub use emergency::{DoorMode, Emergency, EmergencyKind};
pub use finding::{Finding, FindingKind};
pub use grant::{Condition, Effect, Grant, Limits, Subject};
pub use ids::*;
pub use language::Language;
pub use meter::{Disbelief, EventTime, MeterSample};
pub use people::{Account, Organisation, Person, PersonState, StopGroup};
pub use quirk::{QuirkExample, QuirkName, QuirkPlace, SeenQuirk, Tolerance, Treatment};
pub use reader::{Numbers, ReaderProfile, ReaderStep};
pub use reason::Reason;
pub use reservation::{Receipt, UseId, UsedUp};
pub use schedule::{Calendar, DAY_MINUTES, Days, Schedule, Slot};
pub use settings::{Acceptance, RateLimit, StationSettings};
pub use sharing::{
    Accepted, Handover, Invitation, LOOKUP_ALPHABET, LOOKUP_LENGTH, OfferState, PartnerLink,
    PartnerProfile, Partnership, PartnershipState, Promise, Promiser, Sharing, Side, lookup_key,
};
pub use station::{
    AcceptedState, ConnectorState, OcppVersion, PasswordHash, RefusedHandshake, Station,
    StationKind, StationRecord,
};
pub use station_id::{StationId, StationIdError, StationKey};
pub use tag::{Member, Membership, TAG_DEPTH, Tag};
pub use token::{PresentedToken, TokenKind, mask, normalise};
pub use transaction::{Phase, Transaction, TransactionRecord, TransactionRef};
pub use tree::{
    AntiPassback, Area, Authority, AuthorizationRequired, Charger, ChargerAuthorization,
    ChargerOffline, Door, DoorAccess, DoorFail, Evse, Installation, Labels, Lock, Node, NodeKind,
    OfflinePolicy, Passage,
};
pub use webhook::{FormerAuthority, Sealed, Webhook, WebhookLogin};
