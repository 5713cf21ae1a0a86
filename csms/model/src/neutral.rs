//! What stations say, in one vocabulary for both versions and for locks.
//!
//! The adapters turn wire messages into [`StationRequest`]s and [`StationReply`]s into wire
//! messages. What the standard lets the central system only acknowledge becomes a
//! [`StationRequest::Report`].

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    DecisionId, DoorResult, DoorState, EventTime, Language, MeterSample, Phase, PresentedToken,
    Reason, StopGroup, TransactionRef,
};

/// What a station asks or tells.
#[derive(Clone, Debug, PartialEq)]
pub enum StationRequest {
    /// BootNotification.
    Boot(Boot),
    /// Heartbeat.
    Heartbeat,
    /// StatusNotification.
    Status(Status),
    /// Authorize; at a lock also `Door.Authorize`.
    Authorize(Authorize),
    /// StartTransaction, StopTransaction, TransactionEvent.
    Transaction(Box<TransactionEvent>),
    /// MeterValues.
    Meter(MeterReport),
    /// `Door.Event` of a lock.
    DoorEvent(DoorEventReport),
    /// The state of a door, from NotifyEvent or StatusNotification of a lock.
    DoorState(DoorStateReport),
    /// Reported state that is kept and needs no other answer than received.
    Report(Report),
    /// DataTransfer that is not ours.
    DataTransfer(DataTransfer),
}

/// BootNotification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// chargePointVendor / vendorName.
    pub vendor: String,
    /// chargePointModel / model.
    pub model: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware version.
    pub firmware: Option<String>,
    /// 2.0.1 reason, as sent.
    pub reason: Option<String>,
}

/// StatusNotification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// 0 is the station; in 1.6 the connector number.
    pub evse: u32,
    /// In 1.6 always 1 for a connector, 0 for the station.
    pub connector: u32,
    /// As sent.
    pub status: String,
    /// As sent.
    pub error_code: Option<String>,
    /// As sent.
    pub info: Option<String>,
    /// When.
    pub at: Option<EventTime>,
}

/// A token asks to use the station, or one of its doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorize {
    /// What was presented.
    pub token: PresentedToken,
    /// The door named, at a lock.
    pub door: Option<u32>,
    /// Asked by `Door.Authorize`, to be answered in its form.
    pub form: AuthorizeForm,
}

/// The form in which the question came, and the answer goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeForm {
    /// The standard's Authorize.
    Standard,
    /// `Door.Authorize` of the lock profile.
    Door,
}

/// Whether the station sent it when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Live,
    /// 2.0.1 `offline: true`.
    Offline,
}

/// A transaction began, goes on or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionEvent {
    /// Which part of its life.
    pub phase: Phase,
    /// How the station names it.
    pub reference: TransactionRef,
    /// 2.0.1 seqNo.
    pub seq_no: Option<i64>,
    /// 2.0.1 triggerReason, as sent, e.g. `StopAuthorized`.
    pub trigger: Option<String>,
    /// When.
    pub at: EventTime,
    /// At once or later.
    pub delivery: Delivery,
    /// EVSE number; in 1.6 the connector number.
    pub evse: Option<u32>,
    /// Connector of the EVSE; in 1.6 always 1.
    pub connector: Option<u32>,
    /// What was presented, if anything.
    pub token: Option<PresentedToken>,
    /// Wh: meterStart, meterStop, or the register found in the samples.
    pub meter_wh: Option<i64>,
    /// The remote start it answers.
    pub remote_start_id: Option<i64>,
    /// The reservation it uses.
    pub reservation_id: Option<i64>,
    /// 1.6 reason, 2.0.1 stoppedReason, as sent.
    pub stop_reason: Option<String>,
    /// 2.0.1 chargingState, as sent.
    pub charging_state: Option<String>,
    /// Meter values that came with it.
    pub samples: Vec<MeterSample>,
}

/// MeterValues.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterReport {
    /// EVSE number; in 1.6 the connector number; 0 is the station's main meter.
    pub evse: u32,
    /// 1.6 transactionId where sent.
    pub transaction: Option<TransactionRef>,
    /// The values.
    pub samples: Vec<MeterSample>,
}

/// `Door.Event`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorEventReport {
    /// Made by the lock.
    pub event_id: String,
    /// Door number.
    pub door: u32,
    /// The token, if one was presented.
    pub token: Option<PresentedToken>,
    /// When.
    pub at: EventTime,
    /// What happened.
    pub result: DoorResult,
    /// Why, as the lock says.
    pub cause: Option<String>,
}

/// The state of a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorStateReport {
    /// Door number; 0 is the controller.
    pub door: u32,
    /// The state; `None`: something else is reported, see `problem`.
    pub state: Option<DoorState>,
    /// A fault in words, e.g. `ReaderFailure`.
    pub problem: Option<String>,
    /// When.
    pub at: Option<EventTime>,
}

/// Reported state without further meaning for a decision: kept as sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is reported.
    pub kind: ReportKind,
    /// The message, as sent (repaired), cards masked.
    pub payload: Value,
}

/// What a [`Report`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// BootNotification: all that the station says of itself.
    Boot,
    /// NotifyEvent.
    Events,
    /// NotifyReport: inventory and configuration.
    Inventory,
    /// SecurityEventNotification.
    SecurityEvent,
    /// LogStatusNotification, 1.6 DiagnosticsStatusNotification.
    LogStatus,
    /// FirmwareStatusNotification, 1.6 SignedFirmwareStatusNotification.
    FirmwareStatus,
    /// PublishFirmwareStatusNotification.
    PublishFirmwareStatus,
    /// NotifyMonitoringReport.
    Monitoring,
    /// ReportChargingProfiles.
    ChargingProfiles,
    /// NotifyChargingLimit.
    ChargingLimit,
    /// ClearedChargingLimit.
    ChargingLimitCleared,
    /// NotifyEVChargingNeeds.
    EvChargingNeeds,
    /// NotifyEVChargingSchedule.
    EvChargingSchedule,
    /// NotifyDisplayMessages.
    DisplayMessages,
    /// ReservationStatusUpdate.
    ReservationStatus,
    /// NotifyCustomerInformation: that it came, not what it says.
    CustomerInformation,
    /// SignCertificate.
    CertificateRequest,
    /// Get15118EVCertificate: that it came, not what the car says.
    EvCertificateRequest,
    /// GetCertificateStatus.
    CertificateStatusRequest,
}

impl ReportKind {
    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Every kind.
    pub const ALL: [ReportKind; 19] = [
        ReportKind::Boot,
        ReportKind::Events,
        ReportKind::Inventory,
        ReportKind::SecurityEvent,
        ReportKind::LogStatus,
        ReportKind::FirmwareStatus,
        ReportKind::PublishFirmwareStatus,
        ReportKind::Monitoring,
        ReportKind::ChargingProfiles,
        ReportKind::ChargingLimit,
        ReportKind::ChargingLimitCleared,
        ReportKind::EvChargingNeeds,
        ReportKind::EvChargingSchedule,
        ReportKind::DisplayMessages,
        ReportKind::ReservationStatus,
        ReportKind::CustomerInformation,
        ReportKind::CertificateRequest,
        ReportKind::EvCertificateRequest,
        ReportKind::CertificateStatusRequest,
    ];

    /// The name used in the API and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ReportKind::Boot => "boot",
            ReportKind::Events => "events",
            ReportKind::Inventory => "inventory",
            ReportKind::SecurityEvent => "security_event",
            ReportKind::LogStatus => "log_status",
            ReportKind::FirmwareStatus => "firmware_status",
            ReportKind::PublishFirmwareStatus => "publish_firmware_status",
            ReportKind::Monitoring => "monitoring",
            ReportKind::ChargingProfiles => "charging_profiles",
            ReportKind::ChargingLimit => "charging_limit",
            ReportKind::ChargingLimitCleared => "charging_limit_cleared",
            ReportKind::EvChargingNeeds => "ev_charging_needs",
            ReportKind::EvChargingSchedule => "ev_charging_schedule",
            ReportKind::DisplayMessages => "display_messages",
            ReportKind::ReservationStatus => "reservation_status",
            ReportKind::CustomerInformation => "customer_information",
            ReportKind::CertificateRequest => "certificate_request",
            ReportKind::EvCertificateRequest => "ev_certificate_request",
            ReportKind::CertificateStatusRequest => "certificate_status_request",
        }
    }
}

/// DataTransfer, either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTransfer {
    /// vendorId.
    pub vendor: String,
    /// messageId.
    pub message: Option<String>,
    /// data; in 1.6 a JSON string.
    pub data: Option<Value>,
}

/// What the station is told.
#[derive(Clone, Debug, PartialEq)]
pub enum StationReply {
    /// To Boot.
    Boot(BootReply),
    /// To Heartbeat.
    Time(Timestamp),
    /// To Authorize.
    Authorized(Box<Verdict>),
    /// To `Door.Authorize`.
    Door(Box<DoorReply>),
    /// To a transaction event.
    Transaction(Box<TransactionReply>),
    /// To Status, Meter and Report: received.
    Received,
    /// To `Door.Event`: stored.
    EventStored,
    /// To DataTransfer of a vendor we do not know.
    UnknownVendor,
}

/// The answer to Boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReply {
    /// Accepted, pending, rejected.
    pub status: BootStatus,
    /// Heartbeat interval, or how long to wait, seconds.
    pub interval_seconds: u32,
    /// Now.
    pub now: Timestamp,
}

/// Whether the station is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootStatus {
    /// Yes.
    Accepted,
    /// Not yet.
    Pending,
    /// No.
    Rejected,
}

/// A decision on a token, for the station.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The row in the decision log.
    pub decision: DecisionId,
    /// Why; says allow or deny. The adapter maps it to the version's status.
    pub reason: Reason,
    /// The token it is about.
    pub token: PresentedToken,
    /// Until when the station may remember it; always set when allowed.
    pub expires_at: Option<Timestamp>,
    /// The person's stop group, if the person is known.
    pub stop_group: Option<StopGroup>,
    /// The EVSEs it holds for, if not all.
    pub evses: Vec<u32>,
    /// What to show to the person, where there is somebody to show it to.
    pub message: Option<PersonMessage>,
}

/// A sentence for the person at the point: no ids, no names, no rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonMessage {
    /// In which language.
    pub language: Language,
    /// At most 512 characters.
    pub text: String,
}

/// The answer to `Door.Authorize`.
#[derive(Clone, Debug, PartialEq)]
pub struct DoorReply {
    /// The decision.
    pub verdict: Verdict,
    /// How long the door stays unlocked, if allowed.
    pub open_seconds: u32,
    /// A line for the display.
    pub text: String,
}

/// The answer to a transaction event.
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionReply {
    /// 1.6 start: the number given.
    pub number: Option<i64>,
    /// The decision on the token, if one was sent.
    pub verdict: Option<Verdict>,
}
