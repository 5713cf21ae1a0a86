//! ReserveNow: rust-ocpp's ConnectorEnumType has no `sBS1361`.

use chrono::{DateTime, Utc};
use rust_ocpp::v2_0_1::datatypes::id_token_type::IdTokenType;
use serde::{Deserialize, Serialize};

/// ReserveNowRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReserveNowRequest {
    pub(crate) id: i64,
    pub(crate) expiry_date_time: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_type: Option<ConnectorType>,
    pub(crate) id_token: IdTokenType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evse_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id_token: Option<IdTokenType>,
}

/// ConnectorEnumType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum ConnectorType {
    #[serde(rename = "cCCS1")]
    Ccs1,
    #[serde(rename = "cCCS2")]
    Ccs2,
    #[serde(rename = "cG105")]
    G105,
    #[serde(rename = "cTesla")]
    Tesla,
    #[serde(rename = "cType1")]
    CableType1,
    #[serde(rename = "cType2")]
    CableType2,
    #[serde(rename = "s309-1P-16A")]
    Cee1Phase16A,
    #[serde(rename = "s309-1P-32A")]
    Cee1Phase32A,
    #[serde(rename = "s309-3P-16A")]
    Cee3Phase16A,
    #[serde(rename = "s309-3P-32A")]
    Cee3Phase32A,
    #[serde(rename = "sBS1361")]
    Bs1361,
    #[serde(rename = "sCEE-7-7")]
    Cee77,
    #[serde(rename = "sType2")]
    SocketType2,
    #[serde(rename = "sType3")]
    SocketType3,
    Other1PhMax16A,
    Other1PhOver16A,
    Other3Ph,
    Pan,
    #[serde(rename = "wInductive")]
    Inductive,
    #[serde(rename = "wResonant")]
    Resonant,
    Undetermined,
    Unknown,
}
