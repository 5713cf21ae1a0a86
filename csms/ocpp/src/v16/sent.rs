//! The messages to 1.6 stations, with the tables of those that are used.
//!
//! Names, lengths and presence: C16 chapters 6 and 7.

use rust_ocpp::v1_6::messages::cancel_reservation::{
    CancelReservationRequest, CancelReservationResponse,
};
use rust_ocpp::v1_6::messages::change_availability::{
    ChangeAvailabilityRequest, ChangeAvailabilityResponse,
};
use rust_ocpp::v1_6::messages::change_configuration::{
    ChangeConfigurationRequest, ChangeConfigurationResponse,
};
use rust_ocpp::v1_6::messages::clear_cache::{ClearCacheRequest, ClearCacheResponse};
use rust_ocpp::v1_6::messages::clear_charging_profile::{
    ClearChargingProfileRequest, ClearChargingProfileResponse,
};
use rust_ocpp::v1_6::messages::data_transfer::{DataTransferRequest, DataTransferResponse};
use rust_ocpp::v1_6::messages::get_composite_schedule::{
    GetCompositeScheduleRequest, GetCompositeScheduleResponse,
};
use rust_ocpp::v1_6::messages::get_configuration::{
    GetConfigurationRequest, GetConfigurationResponse,
};
use rust_ocpp::v1_6::messages::get_diagnostics::{GetDiagnosticsRequest, GetDiagnosticsResponse};
use rust_ocpp::v1_6::messages::get_local_list_version::{
    GetLocalListVersionRequest, GetLocalListVersionResponse,
};
use rust_ocpp::v1_6::messages::remote_start_transaction::{
    RemoteStartTransactionRequest, RemoteStartTransactionResponse,
};
use rust_ocpp::v1_6::messages::remote_stop_transaction::{
    RemoteStopTransactionRequest, RemoteStopTransactionResponse,
};
use rust_ocpp::v1_6::messages::reserve_now::{ReserveNowRequest, ReserveNowResponse};
use rust_ocpp::v1_6::messages::reset::{ResetRequest, ResetResponse};
use rust_ocpp::v1_6::messages::send_local_list::{SendLocalListRequest, SendLocalListResponse};
use rust_ocpp::v1_6::messages::set_charging_profile::{
    SetChargingProfileRequest, SetChargingProfileResponse,
};
use rust_ocpp::v1_6::messages::trigger_message::{TriggerMessageRequest, TriggerMessageResponse};
use rust_ocpp::v1_6::messages::unlock_connector::{
    UnlockConnectorRequest, UnlockConnectorResponse,
};
use rust_ocpp::v1_6::messages::update_firmware::{UpdateFirmwareRequest, UpdateFirmwareResponse};
use rust_ocpp::v1_6::types::{
    AuthorizationStatus, AvailabilityType, MessageTrigger, ResetRequestStatus, UpdateType,
};

use crate::form::{
    CustomData, Field, Form, INTEGER, Kind, List, NUMBER, closed, optional, required,
};
use crate::sent::Sent;
use crate::typed::{anything, fits};

const fn form(fields: &'static [Field]) -> Option<Form> {
    Some(Form::usual(CustomData::Unknown, fields))
}

/// A message of which rust-ocpp has the types.
macro_rules! typed {
    ($action:literal, $form:expr, $request:ty, $answer:ty) => {
        Sent {
            action: $action,
            form: $form,
            request: fits::<$request>,
            answer: fits::<$answer>,
        }
    };
}

/// A message of the security white paper; rust-ocpp has none of them.
macro_rules! untyped {
    ($action:literal) => {
        Sent {
            action: $action,
            form: None,
            request: anything,
            answer: anything,
        }
    };
}

/// Every message of [`super::actions::COMMANDS`].
pub(super) const SENT: &[Sent] = &[
    typed!(
        "CancelReservation",
        None,
        CancelReservationRequest,
        CancelReservationResponse
    ),
    untyped!("CertificateSigned"),
    typed!(
        "ChangeAvailability",
        form(&[
            required("connectorId", NUMBER),
            required("type", closed::<AvailabilityType>()),
        ]),
        ChangeAvailabilityRequest,
        ChangeAvailabilityResponse
    ),
    typed!(
        "ChangeConfiguration",
        form(&[
            required("key", Kind::Text(50)),
            required("value", Kind::Text(500))
        ]),
        ChangeConfigurationRequest,
        ChangeConfigurationResponse
    ),
    typed!(
        "ClearCache",
        form(&[]),
        ClearCacheRequest,
        ClearCacheResponse
    ),
    typed!(
        "ClearChargingProfile",
        None,
        ClearChargingProfileRequest,
        ClearChargingProfileResponse
    ),
    typed!(
        "DataTransfer",
        form(&[
            required("vendorId", Kind::Text(255)),
            optional("messageId", Kind::Text(50)),
            optional("data", Kind::JsonText),
        ]),
        DataTransferRequest,
        DataTransferResponse
    ),
    untyped!("DeleteCertificate"),
    untyped!("ExtendedTriggerMessage"),
    typed!(
        "GetCompositeSchedule",
        None,
        GetCompositeScheduleRequest,
        GetCompositeScheduleResponse
    ),
    typed!(
        "GetConfiguration",
        form(&[optional(
            "key",
            Kind::List(&List {
                item: Kind::Text(50),
                least: 0,
                most: usize::MAX
            })
        )]),
        GetConfigurationRequest,
        GetConfigurationResponse
    ),
    typed!(
        "GetDiagnostics",
        None,
        GetDiagnosticsRequest,
        GetDiagnosticsResponse
    ),
    untyped!("GetInstalledCertificateIds"),
    typed!(
        "GetLocalListVersion",
        form(&[]),
        GetLocalListVersionRequest,
        GetLocalListVersionResponse
    ),
    untyped!("GetLog"),
    untyped!("InstallCertificate"),
    typed!(
        "RemoteStartTransaction",
        form(&[
            // C16 6.33: connectorId SHALL be > 0.
            optional("connectorId", Kind::Integer(1)),
            required("idTag", Kind::Token(20)),
            optional("chargingProfile", Kind::Any),
        ]),
        RemoteStartTransactionRequest,
        RemoteStartTransactionResponse
    ),
    typed!(
        "RemoteStopTransaction",
        form(&[required("transactionId", INTEGER)]),
        RemoteStopTransactionRequest,
        RemoteStopTransactionResponse
    ),
    typed!("ReserveNow", None, ReserveNowRequest, ReserveNowResponse),
    typed!(
        "Reset",
        form(&[required("type", closed::<ResetRequestStatus>())]),
        ResetRequest,
        ResetResponse
    ),
    typed!(
        "SendLocalList",
        form(&[
            required("listVersion", INTEGER),
            required("updateType", closed::<UpdateType>()),
            optional(
                "localAuthorizationList",
                Kind::List(&List {
                    item: Kind::Object(AUTHORIZATION_DATA),
                    least: 0,
                    most: usize::MAX
                })
            ),
        ]),
        SendLocalListRequest,
        SendLocalListResponse
    ),
    typed!(
        "SetChargingProfile",
        None,
        SetChargingProfileRequest,
        SetChargingProfileResponse
    ),
    untyped!("SignedUpdateFirmware"),
    typed!(
        "TriggerMessage",
        form(&[
            required("requestedMessage", closed::<MessageTrigger>()),
            optional("connectorId", Kind::Integer(1)),
        ]),
        TriggerMessageRequest,
        TriggerMessageResponse
    ),
    typed!(
        "UnlockConnector",
        // C16 6.53: connectorId SHALL be > 0.
        form(&[required("connectorId", Kind::Integer(1))]),
        UnlockConnectorRequest,
        UnlockConnectorResponse
    ),
    typed!(
        "UpdateFirmware",
        None,
        UpdateFirmwareRequest,
        UpdateFirmwareResponse
    ),
];

const AUTHORIZATION_DATA: &[Field] = &[
    required("idTag", Kind::Token(20)),
    optional(
        "idTagInfo",
        Kind::Object(&[
            required("status", closed::<AuthorizationStatus>()),
            optional("expiryDate", Kind::Time),
            optional("parentIdTag", Kind::Token(20)),
        ]),
    ),
];
