//! A transaction event in neutral words.

use jiff::Timestamp;

use crate::token::Token;

/// Which part of a transaction's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Started,
    Updated,
    Ended,
}

/// What made the event happen, in the words of 2.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    Authorized,
    CablePluggedIn,
    RemoteStart,
    MeterValuePeriodic,
    Requested,
    StopAuthorized,
    RemoteStop,
    EvDeparted,
    Deauthorized,
    ResetCommand,
    UnlockCommand,
    AbnormalCondition,
}

impl Trigger {
    pub(crate) const fn wire(self) -> &'static str {
        match self {
            Trigger::Authorized => "Authorized",
            Trigger::CablePluggedIn => "CablePluggedIn",
            Trigger::RemoteStart => "RemoteStart",
            Trigger::MeterValuePeriodic => "MeterValuePeriodic",
            Trigger::Requested => "Trigger",
            Trigger::StopAuthorized => "StopAuthorized",
            Trigger::RemoteStop => "RemoteStop",
            Trigger::EvDeparted => "EVDeparted",
            Trigger::Deauthorized => "Deauthorized",
            Trigger::ResetCommand => "ResetCommand",
            Trigger::UnlockCommand => "UnlockCommand",
            Trigger::AbnormalCondition => "AbnormalCondition",
        }
    }
}

/// Why a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// At the station, usually by a card.
    Local,
    /// By the central system.
    Remote,
    /// The cable was pulled at the vehicle.
    EvDisconnected,
    /// The start was refused.
    DeAuthorized,
    /// A soft reset, or one when idle.
    SoftReset,
    /// A hard or immediate reset.
    HardReset,
    /// UnlockConnector.
    UnlockCommand,
    /// Power went.
    PowerLoss,
    /// Something else.
    Other,
}

impl StopReason {
    pub(crate) const fn v16(self) -> &'static str {
        match self {
            StopReason::Local => "Local",
            StopReason::Remote => "Remote",
            StopReason::EvDisconnected => "EVDisconnected",
            StopReason::DeAuthorized => "DeAuthorized",
            StopReason::SoftReset => "SoftReset",
            StopReason::HardReset => "HardReset",
            StopReason::UnlockCommand => "UnlockCommand",
            StopReason::PowerLoss => "PowerLoss",
            StopReason::Other => "Other",
        }
    }

    pub(crate) const fn v201(self) -> &'static str {
        match self {
            StopReason::Local => "Local",
            StopReason::Remote => "Remote",
            StopReason::EvDisconnected => "EVDisconnected",
            StopReason::DeAuthorized => "DeAuthorized",
            StopReason::SoftReset => "Reboot",
            StopReason::HardReset => "ImmediateReset",
            StopReason::PowerLoss => "PowerLoss",
            StopReason::UnlockCommand | StopReason::Other => "Other",
        }
    }

    /// What 2.0.1 says made the event happen.
    pub(crate) const fn trigger(self) -> Trigger {
        match self {
            StopReason::Local => Trigger::StopAuthorized,
            StopReason::Remote => Trigger::RemoteStop,
            StopReason::EvDisconnected => Trigger::EvDeparted,
            StopReason::DeAuthorized => Trigger::Deauthorized,
            StopReason::SoftReset | StopReason::HardReset => Trigger::ResetCommand,
            StopReason::UnlockCommand => Trigger::UnlockCommand,
            StopReason::PowerLoss | StopReason::Other => Trigger::AbnormalCondition,
        }
    }
}

/// What the current does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChargingState {
    Charging,
    SuspendedEvse,
    EvConnected,
    Idle,
}

impl ChargingState {
    pub(crate) const fn wire(self) -> &'static str {
        match self {
            ChargingState::Charging => "Charging",
            ChargingState::SuspendedEvse => "SuspendedEVSE",
            ChargingState::EvConnected => "EVConnected",
            ChargingState::Idle => "Idle",
        }
    }
}

/// How the versions name a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionIds {
    /// 1.6: given by the central system; -1 as long as it is not known (1.6 errata 3.18).
    pub number: i64,
    /// 2.0.1: made by the station.
    pub uuid: String,
}

/// Something that happened in a transaction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TransactionEvent {
    pub phase: Phase,
    pub trigger: Trigger,
    pub connector: u32,
    pub ids: TransactionIds,
    pub seq_no: u32,
    pub at: Timestamp,
    /// Happened while there was no connection.
    pub offline: bool,
    /// Sent along where the version wants it.
    pub token: Option<Token>,
    pub meter_wh: i64,
    pub reason: Option<StopReason>,
    pub remote_start_id: Option<i64>,
    pub reservation: Option<i64>,
    pub charging_state: ChargingState,
}
