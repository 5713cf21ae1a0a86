//! What is done with each thing a station says.

use async_trait::async_trait;
use model::neutral::{DoorStateReport, Report, ReportKind, StationReply, StationRequest, Status};
use model::{AcceptedState, ConnectorState, DoorId, FindingKind, NodeId, StationKey, StationKind};
use serde_json::json;
use store::{DoorStateRow, Droppable, StationReport};

use super::time::plausible_or;
use super::{Admitted, Connection, Deviated, Hello, Refusal, StationFailure, Stations};
use crate::App;

#[async_trait]
impl Stations for App {
    fn ready(&self) -> bool {
        self.live.is_loaded()
    }

    async fn admit(&self, hello: &Hello) -> Result<Admitted, Refusal> {
        let admitted = self.admit_station(hello).await;
        if let Err(refusal) = &admitted {
            self.record_knock(hello, refusal).await;
        }
        admitted
    }

    fn refused(&self, identity: &str, address: std::net::SocketAddr, refusal: &Refusal) {
        self.record_refusal(identity, address, refusal);
    }

    fn connected(&self, connection: &Connection) {
        self.standing.update(&connection.station.key, |record| {
            record.version = Some(connection.version);
            record.last_seen_at = Some(connection.since);
        });
        self.seen(&connection.station.key, connection.since);
        if let Some(node) = self.node_of(connection) {
            let data = json!({
                "station_id": connection.station.id.as_str(),
                "version": connection.version.name(),
            });
            self.events
                .tell(connection.since, "station.connected", node, None, data);
        }
        self.pay_debts(&connection.station.key);
        self.resend_modes(&connection.station.key, connection.station.kind);
        self.expect_boot(connection);
    }

    fn disconnected(&self, connection: &Connection) {
        let now = self.clock.now();
        self.standing.update(&connection.station.key, |record| {
            record.last_seen_at = Some(now);
        });
        self.seen(&connection.station.key, now);
        if let Some(node) = self.node_of(connection) {
            let data = json!({ "station_id": connection.station.id.as_str() });
            self.events
                .tell(now, "station.disconnected", node, None, data);
        }
    }

    async fn handle(
        &self,
        connection: &Connection,
        message_id: &str,
        mut request: StationRequest,
    ) -> Result<StationReply, StationFailure> {
        self.read_token(connection, &mut request);
        let accepted = self.standing.accepted(&connection.station.key) == AcceptedState::Accepted;
        let served = accepted || self.was_asked_for(connection, &request);
        let refuses_facts = !served && self.refuses_facts(connection);
        let name = request_name(&request);
        // What has happened is recorded, accepted or not.
        let recorded = match request {
            StationRequest::Boot(boot) => return self.boot(connection, boot).await,
            StationRequest::Transaction(event) => {
                self.transaction_event(connection, message_id, *event).await
            }
            StationRequest::DoorEvent(event) => self.door_event(connection, event).await,
            StationRequest::Meter(report) => self.meter_report(connection, report).await,
            // It came with the boot, and helps to decide whether the station is accepted.
            StationRequest::Report(report) if report.kind == ReportKind::Boot => {
                return Ok(self.report(connection, report));
            }
            // 1.6: OCPP-J errata 3.8; 2.0.1: B01.FR.10.
            _ if !served => return Err(self.not_accepted(connection, name)),
            StationRequest::Heartbeat => Ok(StationReply::Time(self.clock.now())),
            StationRequest::Status(status) => Ok(self.status(connection, status)),
            StationRequest::Authorize(authorize) => {
                self.authorize(connection, message_id, authorize).await
            }
            StationRequest::DoorState(report) => Ok(self.door_state(connection, &report)),
            StationRequest::Report(report) => Ok(self.report(connection, report)),
            StationRequest::DataTransfer(_) => Ok(StationReply::UnknownVendor),
        };
        match recorded {
            Ok(_) if refuses_facts => Err(self.not_accepted(connection, name)),
            recorded => recorded,
        }
    }

    fn deviated(&self, connection: &Connection, deviated: &Deviated<'_>) {
        self.note_deviations(connection, deviated);
    }

    fn noticed(&self, station: &StationKey, kind: FindingKind, detail: String) {
        self.notice(station, kind, &detail);
    }
}

impl App {
    fn seen(&self, station: &StationKey, at: jiff::Timestamp) {
        self.store.offer(Droppable::Seen {
            station: station.clone(),
            at,
        });
    }

    /// The charger, or the installation of the lock: where what happens at a station is shown.
    pub(crate) fn node_of(&self, connection: &Connection) -> Option<NodeId> {
        match connection.station.kind {
            StationKind::Charger(charger) => Some(charger.into()),
            StationKind::Lock(lock) => self
                .live
                .directory()
                .lock(lock)
                .map(|lock| lock.installation.into()),
        }
    }

    fn status(&self, connection: &Connection, status: Status) -> StationReply {
        let now = self.clock.now();
        let at = plausible_or(status.at.as_ref(), now);
        if let Some(node) = self.node_of(connection) {
            let data = json!({
                "station_id": connection.station.id.as_str(),
                "evse": status.evse,
                "connector": status.connector,
                "status": status.status,
                "error_code": status.error_code,
            });
            self.events.tell(now, "connector.status", node, None, data);
        }
        self.store.offer(Droppable::Connector(ConnectorState {
            station: connection.station.key.clone(),
            evse: status.evse,
            connector: status.connector,
            status: status.status,
            error_code: status.error_code,
            info: status.info,
            at,
        }));
        StationReply::Received
    }

    fn door_state(&self, connection: &Connection, report: &DoorStateReport) -> StationReply {
        let now = self.clock.now();
        let at = plausible_or(report.at.as_ref(), now);
        if let Some(door) = self.door_of(connection, report.door) {
            let data = json!({
                "station_id": connection.station.id.as_str(),
                "door": report.door,
                "state": report.state.map(model::DoorState::name),
                "problem": report.problem,
            });
            self.events.tell(now, "door.state", door, None, data);
            self.store.offer(Droppable::Door(DoorStateRow {
                door,
                state: report.state,
                problem: report.problem.clone(),
                at,
            }));
        }
        StationReply::Received
    }

    pub(super) fn door_of(&self, connection: &Connection, number: u32) -> Option<DoorId> {
        let StationKind::Lock(lock) = connection.station.kind else {
            return None;
        };
        let directory = self.live.directory();
        directory
            .lock(lock)?
            .doors
            .iter()
            .find(|(other, _)| *other == number)
            .map(|(_, door)| *door)
    }

    fn report(&self, connection: &Connection, report: Report) -> StationReply {
        let now = self.clock.now();
        if let Some(node) = self.node_of(connection) {
            let data = json!({
                "station_id": connection.station.id.as_str(),
                "kind": report.kind.name(),
            });
            self.events.tell(now, "station.report", node, None, data);
            if let Some(organisation) = self
                .live
                .directory()
                .node(node)
                .map(|entry| entry.organisation)
            {
                self.store.offer(Droppable::Report(StationReport {
                    id: uuid::Uuid::now_v7(),
                    station: connection.station.key.clone(),
                    organisation,
                    kind: report.kind,
                    payload: report.payload,
                    received_at: now,
                }));
            }
        }
        StationReply::Received
    }
}

/// What a request is, for whoever reads what was noticed.
const fn request_name(request: &StationRequest) -> &'static str {
    match request {
        StationRequest::Boot(_) => "boot",
        StationRequest::Heartbeat => "heartbeat",
        StationRequest::Status(_) => "status",
        StationRequest::Authorize(_) => "authorize",
        StationRequest::Transaction(_) => "transaction",
        StationRequest::Meter(_) => "meter values",
        StationRequest::DoorEvent(_) => "door event",
        StationRequest::DoorState(_) => "door state",
        StationRequest::Report(_) => "report",
        StationRequest::DataTransfer(_) => "data transfer",
    }
}
