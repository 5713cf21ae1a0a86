//! Messages of 2.0.1 that rust-ocpp cannot read whole.

mod boot;
mod charging;
mod data_transfer;
mod reservation;

pub(crate) use boot::BootNotificationResponse;
pub(crate) use charging::{
    NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest, ReportChargingProfilesRequest,
    RequestStartTransactionRequest, SetChargingProfileRequest,
};
pub(crate) use data_transfer::{DataTransferRequest, DataTransferResponse};
pub(crate) use reservation::{ConnectorType, ReserveNowRequest};
