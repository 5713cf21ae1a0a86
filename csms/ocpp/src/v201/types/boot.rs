//! The answer to BootNotification: rust-ocpp's interval has 16 bits, less than a day.

use chrono::{DateTime, Utc};
use rust_ocpp::v2_0_1::datatypes::status_info_type::StatusInfoType;
use rust_ocpp::v2_0_1::enumerations::registration_status_enum_type::RegistrationStatusEnumType;
use serde::{Deserialize, Serialize};

/// BootNotificationResponse.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BootNotificationResponse {
    pub(crate) current_time: DateTime<Utc>,
    /// Seconds.
    pub(crate) interval: i64,
    pub(crate) status: RegistrationStatusEnumType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_info: Option<StatusInfoType>,
}
