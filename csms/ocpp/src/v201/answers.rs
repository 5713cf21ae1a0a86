//! Answers that never differ: what is asked for is not done, or only kept.

use rust_ocpp::v2_0_1::datatypes::status_info_type::StatusInfoType;
use rust_ocpp::v2_0_1::enumerations::generic_status_enum_type::GenericStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::get_certificate_status_enum_type::GetCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::iso15118ev_certificate_status_enum_type::Iso15118EVCertificateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::notify_ev_charging_needs_status_enum_type::NotifyEVChargingNeedsStatusEnumType;
use rust_ocpp::v2_0_1::messages::get_15118ev_certificate::Get15118EVCertificateResponse;
use rust_ocpp::v2_0_1::messages::get_certificate_status::GetCertificateStatusResponse;
use rust_ocpp::v2_0_1::messages::notify_ev_charging_needs::NotifyEVChargingNeedsResponse;
use rust_ocpp::v2_0_1::messages::notify_ev_charging_schedule::NotifyEVChargingScheduleResponse;
use rust_ocpp::v2_0_1::messages::sign_certificate::SignCertificateResponse;
use serde_json::value::RawValue;

use crate::adapter::to_raw;
use crate::error::WireError;

/// Appendices, reason codes: `UnsupportedRequest`.
fn unsupported() -> Option<StatusInfoType> {
    Some(StatusInfoType {
        reason_code: "UnsupportedRequest".to_owned(),
        additional_info: None,
    })
}

/// No certificate is signed.
pub(super) fn not_signed() -> Result<Box<RawValue>, WireError> {
    to_raw(&SignCertificateResponse {
        status: GenericStatusEnumType::Rejected,
        status_info: unsupported(),
    })
}

/// No contract certificate is passed on; the answer for the EV is empty.
pub(super) fn no_ev_certificate() -> Result<Box<RawValue>, WireError> {
    to_raw(&Get15118EVCertificateResponse {
        status: Iso15118EVCertificateStatusEnumType::Failed,
        exi_response: String::new(),
        status_info: unsupported(),
    })
}

/// No OCSP responder is asked.
pub(super) fn no_certificate_status() -> Result<Box<RawValue>, WireError> {
    to_raw(&GetCertificateStatusResponse {
        status: GetCertificateStatusEnumType::Failed,
        ocsp_result: None,
        status_info: unsupported(),
    })
}

/// No schedule is made for an EV: it charges as the station allows.
pub(super) fn no_schedule() -> Result<Box<RawValue>, WireError> {
    to_raw(&NotifyEVChargingNeedsResponse {
        status: NotifyEVChargingNeedsStatusEnumType::Rejected,
        status_info: unsupported(),
    })
}

/// Says only that the message was understood, not that the schedule is approved (part 2,
/// NotifyEVChargingScheduleResponse).
pub(super) fn schedule_received() -> Result<Box<RawValue>, WireError> {
    to_raw(&NotifyEVChargingScheduleResponse {
        status: GenericStatusEnumType::Accepted,
        status_info: None,
    })
}
