//! DataTransfer: rust-ocpp's `data` is text only, the standard's is anything.

use rust_ocpp::v2_0_1::datatypes::status_info_type::StatusInfoType;
use rust_ocpp::v2_0_1::enumerations::data_transfer_status_enum_type::DataTransferStatusEnumType;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// DataTransferRequest, in either direction.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataTransferRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
    pub(crate) vendor_id: String,
}

/// DataTransferResponse, in either direction.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataTransferResponse {
    pub(crate) status: DataTransferStatusEnumType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_info: Option<StatusInfoType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}
