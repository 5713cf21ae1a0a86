//! Messages with a charging schedule: rust-ocpp's ConsumptionCostType.startValue is an integer,
//! the standard's is a number; its intervals must have a duration, the standard's need not.

use chrono::{DateTime, Utc};
use rust_ocpp::v2_0_1::datatypes::charging_limit_type::ChargingLimitType;
use rust_ocpp::v2_0_1::datatypes::charging_schedule_period_type::ChargingSchedulePeriodType;
use rust_ocpp::v2_0_1::datatypes::id_token_type::IdTokenType;
use rust_ocpp::v2_0_1::enumerations::charging_limit_source_enum_type::ChargingLimitSourceEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_kind_enum_type::ChargingProfileKindEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_profile_purpose_enum_type::ChargingProfilePurposeEnumType;
use rust_ocpp::v2_0_1::enumerations::charging_rate_unit_enum_type::ChargingRateUnitEnumType;
use rust_ocpp::v2_0_1::enumerations::cost_kind_enum_type::CostKindEnumType;
use rust_ocpp::v2_0_1::enumerations::recurrency_kind_enum_type::RecurrencyKindEnumType;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// NotifyChargingLimitRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotifyChargingLimitRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evse_id: Option<i64>,
    pub(crate) charging_limit: ChargingLimitType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charging_schedule: Option<Vec<ChargingSchedule>>,
}

/// NotifyEVChargingScheduleRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotifyEVChargingScheduleRequest {
    pub(crate) time_base: DateTime<Utc>,
    pub(crate) evse_id: i64,
    pub(crate) charging_schedule: ChargingSchedule,
}

/// ReportChargingProfilesRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportChargingProfilesRequest {
    pub(crate) request_id: i64,
    pub(crate) charging_limit_source: ChargingLimitSourceEnumType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tbc: Option<bool>,
    pub(crate) evse_id: i64,
    pub(crate) charging_profile: Vec<ChargingProfile>,
}

/// RequestStartTransactionRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestStartTransactionRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evse_id: Option<i64>,
    pub(crate) remote_start_id: i64,
    pub(crate) id_token: IdTokenType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charging_profile: Option<ChargingProfile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id_token: Option<IdTokenType>,
}

/// SetChargingProfileRequest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetChargingProfileRequest {
    pub(crate) evse_id: i64,
    pub(crate) charging_profile: ChargingProfile,
}

/// ChargingProfileType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargingProfile {
    pub(crate) id: i64,
    pub(crate) stack_level: i64,
    pub(crate) charging_profile_purpose: ChargingProfilePurposeEnumType,
    pub(crate) charging_profile_kind: ChargingProfileKindEnumType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recurrency_kind: Option<RecurrencyKindEnumType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_to: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_id: Option<String>,
    pub(crate) charging_schedule: Vec<ChargingSchedule>,
}

/// ChargingScheduleType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargingSchedule {
    pub(crate) id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_schedule: Option<DateTime<Utc>>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<i64>,
    pub(crate) charging_rate_unit: ChargingRateUnitEnumType,
    pub(crate) charging_schedule_period: Vec<ChargingSchedulePeriodType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min_charging_rate: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sales_tariff: Option<SalesTariff>,
}

/// SalesTariffType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SalesTariff {
    pub(crate) id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sales_tariff_description: Option<String>,
    #[serde(rename = "numEPriceLevels", skip_serializing_if = "Option::is_none")]
    pub(crate) num_e_price_levels: Option<i64>,
    pub(crate) sales_tariff_entry: Vec<SalesTariffEntry>,
}

/// SalesTariffEntryType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SalesTariffEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) e_price_level: Option<i64>,
    pub(crate) relative_time_interval: RelativeTimeInterval,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) consumption_cost: Option<Vec<ConsumptionCost>>,
}

/// RelativeTimeIntervalType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelativeTimeInterval {
    /// Seconds.
    pub(crate) start: i64,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<i64>,
}

/// ConsumptionCostType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsumptionCost {
    /// Decimal, exactly as sent.
    pub(crate) start_value: Number,
    pub(crate) cost: Vec<Cost>,
}

/// CostType.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    pub(crate) cost_kind: CostKindEnumType,
    pub(crate) amount: i64,
    /// A power of ten, -3 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_multiplier: Option<i64>,
}
