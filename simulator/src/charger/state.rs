//! Connectors and transactions: pure state, no IO.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rpc::Version;
use tokio::time::Instant;

use super::reservations::Reservation;
use crate::charging::{Profile, Profiles};
use crate::token::Token;
use crate::view::{ConnectorView, Light};
use crate::wire::{ConnectorStatus, TransactionIds};

/// How long the light stays red after a refusal.
pub(crate) const REFUSAL_SHOWN: Duration = Duration::from_secs(3);

/// The station's own name for a transaction, from its begin on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LocalId(u64);

/// Whether a point may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Operative,
    Inoperative,
}

impl Service {
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Service::Operative => "Operative",
            Service::Inoperative => "Inoperative",
        }
    }
}

/// Whether energy flows in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Energy {
    Flows,
    /// The start was refused and the station may not end the transaction.
    Cut,
}

/// Somebody was let in and has not plugged in yet.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub token: Token,
    pub group: Option<String>,
    pub remote_start_id: Option<i64>,
    pub remote: bool,
    pub until: Instant,
    /// Comes into force with the transaction.
    pub profile: Option<Profile>,
}

#[derive(Debug)]
pub(crate) struct Connector {
    pub plugged: bool,
    pub service: Service,
    /// Becomes so when the transaction has ended.
    pub next_service: Option<Service>,
    pub fault: Option<String>,
    pub intent: Option<Intent>,
    pub transaction: Option<LocalId>,
    pub meter_wh: i64,
    pub refused_until: Option<Instant>,
    /// A transaction has ended and the cable is still in.
    pub finishing: bool,
    pub display: String,
    /// What the central system was told last.
    pub told: Option<ConnectorStatus>,
    pub shown: Option<Light>,
}

/// A transaction in progress, or one whose end is not acknowledged yet.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub connector: u32,
    pub token: Token,
    pub group: Option<String>,
    pub ids: TransactionIds,
    pub next_seq_no: u32,
    pub remote_start_id: Option<i64>,
    /// The reservation it used.
    pub reservation: Option<i64>,
    pub began: jiff::Timestamp,
    pub energy: Energy,
    pub ended: bool,
    /// The start was answered.
    pub answered: bool,
}

impl Transaction {
    /// How the central system knows it; nothing if the start is not answered yet.
    pub(crate) fn name(&self, version: Version) -> Option<String> {
        match version {
            Version::V16 => self.answered.then(|| self.ids.number.to_string()),
            Version::V201 => Some(self.ids.uuid.clone()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub connectors: BTreeMap<u32, Connector>,
    pub transactions: HashMap<LocalId, Transaction>,
    next_local: u64,
    /// 1.6: the central system was told that the station itself is well (connector 0).
    pub station_told: bool,
    /// A reset that waits for the last transaction to end.
    pub reset_when_idle: bool,
    pub reservations: Vec<Reservation>,
    pub profiles: Profiles,
}

impl State {
    pub(crate) fn new(connectors: u32) -> State {
        let connector = || Connector {
            plugged: false,
            service: Service::Operative,
            next_service: None,
            fault: None,
            intent: None,
            transaction: None,
            meter_wh: 0,
            refused_until: None,
            finishing: false,
            display: String::new(),
            told: None,
            shown: None,
        };
        State {
            connectors: (1..=connectors)
                .map(|number| (number, connector()))
                .collect(),
            transactions: HashMap::new(),
            next_local: 1,
            station_told: false,
            reset_when_idle: false,
            reservations: Vec::new(),
            profiles: Profiles::default(),
        }
    }

    /// Begins a transaction on a connector.
    pub(crate) fn begin(&mut self, transaction: Transaction) -> LocalId {
        let id = LocalId(self.next_local);
        self.next_local += 1;
        if let Some(connector) = self.connectors.get_mut(&transaction.connector) {
            connector.transaction = Some(id);
            connector.intent = None;
            connector.finishing = false;
            connector.refused_until = None;
            connector.display = "charging".to_owned();
        }
        self.transactions.insert(id, transaction);
        id
    }

    /// The transaction in progress on a connector.
    pub(crate) fn running(&self, connector: u32) -> Option<(LocalId, &Transaction)> {
        let id = self.connectors.get(&connector)?.transaction?;
        Some((id, self.transactions.get(&id)?))
    }

    /// All transactions in progress, by connector.
    pub(crate) fn all_running(&self) -> Vec<(u32, LocalId)> {
        self.connectors
            .iter()
            .filter_map(|(number, connector)| Some((*number, connector.transaction?)))
            .collect()
    }

    /// A connector on which a transaction could begin.
    pub(crate) fn free_connector(&self, wanted: Option<u32>) -> Option<u32> {
        self.connectors
            .iter()
            .filter(|(number, _)| wanted.is_none_or(|wanted| wanted == **number))
            .filter(|(_, connector)| {
                connector.transaction.is_none()
                    && connector.service == Service::Operative
                    && connector.fault.is_none()
                    && connector.intent.is_none()
            })
            // One with a cable first.
            .max_by_key(|(number, connector)| (connector.plugged, std::cmp::Reverse(**number)))
            .map(|(number, _)| *number)
    }

    /// How many connectors a transaction could begin on.
    pub(crate) fn usable_connectors(&self) -> usize {
        self.connectors
            .keys()
            .filter(|number| self.free_connector(Some(**number)).is_some())
            .count()
    }

    fn is_reserved(&self, number: u32) -> bool {
        self.reservations
            .iter()
            .any(|known| known.connector == Some(number))
    }

    pub(crate) fn status(&self, number: u32) -> Option<ConnectorStatus> {
        let connector = self.connectors.get(&number)?;
        Some(if connector.fault.is_some() {
            ConnectorStatus::Faulted
        } else if let Some((_, transaction)) = self.running(number) {
            match transaction.energy {
                Energy::Flows => ConnectorStatus::Charging,
                Energy::Cut => ConnectorStatus::SuspendedEvse,
            }
        } else if connector.service == Service::Inoperative {
            ConnectorStatus::Unavailable
        } else if connector.finishing && connector.plugged {
            ConnectorStatus::Finishing
        } else if connector.plugged || connector.intent.is_some() {
            ConnectorStatus::Preparing
        } else if self.is_reserved(number) {
            ConnectorStatus::Reserved
        } else {
            ConnectorStatus::Available
        })
    }

    pub(crate) fn light(&self, number: u32, now: Instant) -> Option<Light> {
        let connector = self.connectors.get(&number)?;
        let refused = connector.refused_until.is_some_and(|until| now < until);
        Some(match self.status(number)? {
            ConnectorStatus::Faulted => Light::Red,
            _ if refused => Light::Red,
            ConnectorStatus::Charging => Light::Blue,
            ConnectorStatus::Available => Light::Green,
            ConnectorStatus::Preparing
            | ConnectorStatus::Reserved
            | ConnectorStatus::SuspendedEvse
            | ConnectorStatus::Finishing
            | ConnectorStatus::Unavailable => Light::Amber,
        })
    }

    pub(crate) fn view(
        &self,
        number: u32,
        version: Version,
        now: Instant,
    ) -> Option<ConnectorView> {
        let connector = self.connectors.get(&number)?;
        Some(ConnectorView {
            connector: number,
            light: self.light(number, now)?,
            status: self.status(number)?.wire(version),
            plugged: connector.plugged,
            transaction: self
                .running(number)
                .map(|(_, running)| running.name(version).unwrap_or_else(|| "?".to_owned())),
            meter_wh: connector.meter_wh,
            display: connector.display.clone(),
        })
    }
}
