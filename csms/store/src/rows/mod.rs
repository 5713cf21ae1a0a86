//! The tables: for each kind of row its statements, what a job can do with it, and how it is read.

mod accounts;
mod cache_debts;
mod changes;
mod chargers;
mod credentials;
mod decisions;
mod door_modes;
mod doors;
mod droppable;
mod emergencies;
mod enrolments;
mod findings;
mod grant_uses;
mod grants;
mod history;
mod idempotency;
mod installations;
mod invitations;
mod locks;
mod partners;
mod people;
mod quirks;
mod remote_starts;
mod samples;
mod schedules;
mod stations;
mod tags;
mod transaction_records;
mod transaction_stops;
mod transactions;
mod unknown_cards;
mod watch;
mod webhooks;

pub use cache_debts::CacheDebt;
pub use changes::ChangeEntry;
pub(crate) use changes::{
    CHAINED_CHANGE, CHAINED_CHANGES, COUNT_UP, ChangeRow, PING, REVISION, REVISION_NOW,
    insert_changes,
};
pub(crate) use chargers::{EvseOf, Evses};
pub(crate) use decisions::{
    CHAINED_DECISION, CHAINED_DECISIONS, Place, decision_args, decision_there, insert_decisions,
};
pub use decisions::{DecisionFilter, UsedCredential};
pub use door_modes::{DoorModeRow, DueMode};
pub use doors::{DoorStateRow, LastPassage};
pub use droppable::Droppable;
pub(crate) use droppable::insert_droppables;
pub use emergencies::ReleaseAsked;
pub use grant_uses::{GrantTotal, Lasting, Strictness, TakenUse};
pub use grants::GrantFilter;
pub use history::Sighting;
pub(crate) use history::keep_stop_group;
pub use idempotency::IdempotencyRecord;
pub use remote_starts::RemoteStartRow;
pub use samples::StoredSample;
pub use transaction_stops::StopRequested;
pub use transactions::{StrangeToken, TransactionFilter};
pub use watch::StationReport;
pub use webhooks::{Delivery, DeliveryEvent, ShadowAnswer};

/// Counters whose numbers are used on the wire; revisions are given by the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// The 1.6 transactionId: positive, within i32.
    TransactionNumber,
    /// The remoteStartId: positive, within i32.
    RemoteStartId,
}

/// What the live picture is read with.
pub(crate) mod live {
    pub(crate) use super::accounts::ORGANISATIONS;
    pub(crate) use super::chargers::{LIVE_CHARGERS as CHARGERS, LIVE_EVSES as EVSES};
    pub(crate) use super::credentials::LIVE_CREDENTIALS as CREDENTIALS;
    pub(crate) use super::emergencies::LIVE_EMERGENCIES as EMERGENCIES;
    pub(crate) use super::grants::{LIVE_API_KEYS as API_KEYS, LIVE_GRANTS as GRANTS};
    pub(crate) use super::installations::{
        LIVE_AREAS as AREAS, LIVE_INSTALLATIONS as INSTALLATIONS,
    };
    pub(crate) use super::locks::{LIVE_DOORS as DOORS, LIVE_LOCKS as LOCKS};
    pub(crate) use super::people::LIVE_PEOPLE as PEOPLE;
    pub(crate) use super::schedules::{LIVE_CALENDARS as CALENDARS, LIVE_SCHEDULES as SCHEDULES};
    pub(crate) use super::tags::{LIVE_MEMBERS as MEMBERS, LIVE_TAGS as TAGS};

    /// The tables that are read whole, for the test that prepares their statements.
    #[cfg(feature = "testing")]
    pub(crate) const WHOLE: &[crate::packed::Whole] = &[
        AREAS,
        CALENDARS,
        CHARGERS,
        CREDENTIALS,
        DOORS,
        EMERGENCIES,
        EVSES,
        GRANTS,
        INSTALLATIONS,
        LOCKS,
        MEMBERS,
        PEOPLE,
        SCHEDULES,
        TAGS,
    ];
}

/// What a picture of the past is read with; each statement is about one organisation.
pub(crate) mod past {
    pub(crate) use super::accounts::ORGANISATION;
    pub(crate) use super::chargers::CHARGERS;
    pub(crate) use super::credentials::{CREDENTIAL, CREDENTIALS};
    pub(crate) use super::emergencies::EMERGENCIES;
    pub(crate) use super::grants::{API_KEY, API_KEYS, GRANTS};
    pub(crate) use super::history::{
        CHANGES_SINCE, EVSES_OF_ALL, FIRST_REVISION, GroupOf, IdOf, LIVE_MEMBERS_OF, PARTNERS_OF,
        STOP_GROUP_AT, Step,
    };
    pub(crate) use super::installations::{AREAS, INSTALLATIONS};
    pub(crate) use super::locks::{DOORS, LOCKS};
    pub(crate) use super::people::{PEOPLE, PERSON};
    pub(crate) use super::schedules::{CALENDARS, SCHEDULES};
    pub(crate) use super::tags::TAGS;
}

/// Every statement, for the test that prepares them.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, crate::sql::Sql)> {
    [
        &crate::audit::statements(),
        crate::open::STATEMENTS,
        accounts::STATEMENTS,
        cache_debts::STATEMENTS,
        changes::STATEMENTS,
        credentials::STATEMENTS,
        decisions::STATEMENTS,
        door_modes::STATEMENTS,
        doors::STATEMENTS,
        droppable::STATEMENTS,
        enrolments::STATEMENTS,
        findings::STATEMENTS,
        emergencies::STATEMENTS,
        grant_uses::STATEMENTS,
        grants::STATEMENTS,
        history::STATEMENTS,
        idempotency::STATEMENTS,
        installations::STATEMENTS,
        invitations::STATEMENTS,
        partners::STATEMENTS,
        people::STATEMENTS,
        quirks::STATEMENTS,
        chargers::STATEMENTS,
        locks::STATEMENTS,
        remote_starts::STATEMENTS,
        samples::STATEMENTS,
        schedules::STATEMENTS,
        stations::STATEMENTS,
        tags::STATEMENTS,
        transaction_records::STATEMENTS,
        transaction_stops::STATEMENTS,
        transactions::STATEMENTS,
        unknown_cards::STATEMENTS,
        watch::STATEMENTS,
        webhooks::STATEMENTS,
    ]
    .concat()
}

/// Queries that a job ([`crate::Tx`]) and a reader ([`crate::Store`]) can both ask.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $kind:ident<$row:ty> = $sql:ident [$($value:expr),*];)+) => {
        impl $crate::Tx {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`StoreError`](crate::StoreError), which fails the job.
            pub async fn $name(&mut self, $($arg: $type),*) -> Result<$kind<$row>, $crate::StoreError> {
                queries!(@ask $kind self $sql $crate::arg::args![$($value),*])
            }
        )+}

        impl $crate::Store {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`StoreError`](crate::StoreError) when the database does not answer.
            pub async fn $name(&self, $($arg: $type),*) -> Result<$kind<$row>, $crate::StoreError> {
                queries!(@ask $kind self $sql $crate::arg::args![$($value),*])
            }
        )+}
    };
    (@ask Option $self:ident $sql:ident $args:expr) => { $self.find($sql, $args).await };
    (@ask Vec $self:ident $sql:ident $args:expr) => { $self.find_all($sql, $args).await };
}
pub(crate) use queries;
