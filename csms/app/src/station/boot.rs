//! BootNotification: who is accepted, and who is asked for it.

use std::sync::Arc;

use model::command::{CommandAnswer, CommandError, StationCommand};
use model::neutral::{Boot, BootReply, BootStatus, StationReply, StationRequest};
use model::{Acceptance, AcceptedState, FindingKind, OcppVersion, StationKey, StationRecord};

use super::{Connection, StationFailure};
use crate::App;

impl App {
    /// Answers as the owner decides; a registered station is accepted if nothing else is said.
    /// That survives reconnect and restart, so it is written before it is said.
    pub(super) async fn boot(
        &self,
        connection: &Connection,
        boot: Boot,
    ) -> Result<StationReply, StationFailure> {
        let now = self.clock.now();
        let key = &connection.station.key;
        let (state, status) = match connection.station.settings.now().acceptance {
            Acceptance::Accepted => (AcceptedState::Accepted, BootStatus::Accepted),
            Acceptance::Pending => (AcceptedState::Pending, BootStatus::Pending),
            Acceptance::Rejected => (AcceptedState::Rejected, BootStatus::Rejected),
        };
        let record = self.standing.update(key, |record| {
            record.vendor = Some(boot.vendor);
            record.model = Some(boot.model);
            record.serial = boot.serial;
            record.firmware = boot.firmware;
            record.version = Some(connection.version);
            record.last_seen_at = Some(now);
        });
        self.put_accepted(connection, record, state).await?;
        let wait = match status {
            BootStatus::Accepted => self.settings.heartbeat,
            // OCPP 1.6 §4.2, B02.FR.08, B03.FR.06: when it shall boot again.
            BootStatus::Pending | BootStatus::Rejected => self.settings.boot_retry,
        };
        Ok(StationReply::Boot(BootReply {
            status,
            interval_seconds: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
            now: self.clock.now(),
        }))
    }

    async fn put_accepted(
        &self,
        connection: &Connection,
        record: StationRecord,
        state: AcceptedState,
    ) -> Result<(), StationFailure> {
        let key = &connection.station.key;
        let written = StationRecord {
            accepted: state,
            ..record
        };
        self.store
            .write(self.settings.hold, move |tx| {
                let record = written.clone();
                Box::pin(async move { tx.put_station_record(&record).await })
            })
            .await
            .map_err(|error| {
                tracing::error!(%error, station.id = %key, "acceptance not recorded");
                StationFailure::Unavailable
            })?;
        self.standing.update(key, |record| record.accepted = state);
        if state == AcceptedState::Accepted {
            self.pay_debts(key);
        }
        Ok(())
    }

    /// Whether a message is served although the station is not accepted: it was asked for
    /// (B01.FR.10, OCPP 1.6 §4.2).
    pub(super) fn was_asked_for(&self, connection: &Connection, request: &StationRequest) -> bool {
        let key = &connection.station.key;
        message_of(request).is_some_and(|name| self.standing.asked(key, name, self.clock.now()))
    }

    /// Whether facts are refused after they were recorded. B02.FR.09 and B03.FR.07 say so for a
    /// station that was told to wait; it sends them again once it is accepted, and they are known
    /// then. On 1.6 the refusal is only recommended, and a station without the number of its
    /// transaction could not end it.
    pub(super) fn refuses_facts(&self, connection: &Connection) -> bool {
        let state = self.standing.accepted(&connection.station.key);
        connection.version == OcppVersion::V201
            && matches!(state, AcceptedState::Pending | AcceptedState::Rejected)
    }

    pub(super) fn not_accepted(&self, connection: &Connection, name: &str) -> StationFailure {
        self.notice(&connection.station.key, FindingKind::BeforeAcceptance, name);
        StationFailure::NotAccepted
    }

    /// A connection began: where BootNotification is missing and does not come by itself, it is
    /// asked for, once.
    pub(super) fn expect_boot(&self, connection: &Connection) {
        if self.settings.boot_wait.is_zero() || !self.misses_boot(connection) {
            return;
        }
        let Some(app) = self.myself.upgrade() else {
            return;
        };
        let connection = connection.clone();
        let stop = self.stopping();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = ask_for_boot(&app, &connection) => {}
            }
        });
    }

    /// It was never accepted here; or nothing is known of it, where it may be asked again: a 2.0.1
    /// station that was accepted refuses that (F06.FR.17).
    fn misses_boot(&self, connection: &Connection) -> bool {
        let Some(record) = self.standing.record(&connection.station.key) else {
            return true;
        };
        match (record.accepted, connection.version) {
            (AcceptedState::New, _) => true,
            (AcceptedState::Accepted, OcppVersion::V16) => {
                record.vendor.is_none() || record.model.is_none()
            }
            (AcceptedState::Accepted, OcppVersion::V201)
            | (AcceptedState::Pending | AcceptedState::Rejected, _) => false,
        }
    }

    fn stands(&self, connection: &Connection) -> bool {
        self.link
            .presence(&connection.station.key)
            .is_some_and(|presence| presence.since == connection.since)
    }
}

impl App {
    /// The owner decided whether a station is accepted. Only the answer to its next boot can tell
    /// it, so where it may be asked to boot again it is. One that was sent away may not be; it
    /// comes back by itself. Nor may one of 2.0.1 that was accepted (F06.FR.17).
    pub(crate) fn acceptance_decided(&self, station: &StationKey, acceptance: Acceptance) {
        let Some(presence) = self.link.presence(station) else {
            return;
        };
        let asks = match (self.standing.accepted(station), acceptance) {
            (AcceptedState::Pending, Acceptance::Accepted | Acceptance::Rejected) => true,
            (AcceptedState::Accepted, Acceptance::Pending | Acceptance::Rejected) => {
                presence.version == OcppVersion::V16
            }
            (AcceptedState::Pending, Acceptance::Pending)
            | (AcceptedState::Accepted, Acceptance::Accepted)
            | (AcceptedState::New | AcceptedState::Rejected, _) => false,
        };
        if asks {
            self.send_in_background(station.clone(), StationCommand::TriggerBoot);
        }
    }
}

async fn ask_for_boot(app: &Arc<App>, connection: &Connection) {
    tokio::time::sleep(app.settings.boot_wait).await;
    if !app.stands(connection) || !app.misses_boot(connection) {
        return;
    }
    let key = &connection.station.key;
    app.notice(key, FindingKind::BootMissing, "");
    let deadline = app.settings.command_deadline;
    let answer = app
        .link
        .command(key, StationCommand::TriggerBoot, deadline)
        .await;
    let refused = match answer {
        Ok(CommandAnswer::Result { status, .. }) => match status.as_deref() {
            Some("Accepted") => return,
            status => status.unwrap_or("no status").to_owned(),
        },
        Ok(CommandAnswer::Error { code, .. }) => code,
        Ok(CommandAnswer::Configuration(_)) => return,
        // Gone, or silent; it is asked again when it connects anew.
        Err(
            CommandError::Offline
            | CommandError::NoAnswer
            | CommandError::Busy
            | CommandError::Lost
            | CommandError::UnknownAction { .. }
            | CommandError::InvalidPayload { .. }
            | CommandError::NotAccepted,
        ) => return,
    };
    app.notice(key, FindingKind::NoTrigger, &refused);
    app.go_on_without_boot(connection).await;
}

impl App {
    /// A 1.6 station that sends no BootNotification on reconnect and cannot be asked for one was
    /// accepted elsewhere, before it came here. Refusing its messages is only recommended
    /// (OCPP-J 1.6 errata 3.8) and would go on until somebody restarts it, so it is served where
    /// its owner accepts it. 2.0.1 leaves no choice (B01.FR.10).
    async fn go_on_without_boot(&self, connection: &Connection) {
        let key = &connection.station.key;
        let accepts = connection.station.settings.now().acceptance == Acceptance::Accepted;
        let Some(record) = self.standing.record(key) else {
            return;
        };
        if connection.version != OcppVersion::V16
            || !accepts
            || record.accepted != AcceptedState::New
        {
            return;
        }
        tracing::info!(station.id = %key, "served without BootNotification");
        // Not written: it is refused until the next attempt.
        let _ = self
            .put_accepted(connection, record, AcceptedState::Accepted)
            .await;
    }
}

/// The message by which a station says this, in the words of TriggerMessage.
fn message_of(request: &StationRequest) -> Option<&'static str> {
    match request {
        StationRequest::Heartbeat => Some("Heartbeat"),
        StationRequest::Status(_) | StationRequest::DoorState(_) => Some("StatusNotification"),
        StationRequest::Meter(_) => Some("MeterValues"),
        StationRequest::Transaction(_) => Some("TransactionEvent"),
        StationRequest::Report(report) => match report.kind.name() {
            "inventory" => Some("NotifyReport"),
            "log_status" => Some("LogStatusNotification"),
            "firmware_status" => Some("FirmwareStatusNotification"),
            _ => None,
        },
        StationRequest::Boot(_)
        | StationRequest::Authorize(_)
        | StationRequest::DoorEvent(_)
        | StationRequest::DataTransfer(_) => None,
    }
}
