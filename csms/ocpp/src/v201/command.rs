//! From neutral commands to the payloads sent to 2.0.1 stations, and back from their answers.

use model::TransactionRef;
use model::command::{CommandError, OpenDoor, RemoteStart, StationCommand};
use model::neutral::DataTransfer;
use rpc::Version;
use rust_ocpp::v2_0_1::messages::clear_cache::ClearCacheRequest;
use rust_ocpp::v2_0_1::messages::datatransfer::DataTransferRequest;
use rust_ocpp::v2_0_1::messages::request_start_transaction::RequestStartTransactionRequest;
use rust_ocpp::v2_0_1::messages::request_stop_transaction::RequestStopTransactionRequest;
use serde_json::{Map, Value, json};

use super::messages::MESSAGES;
use super::token;
use crate::message::{self, invalid, payload};
use crate::{configuration, lock};

const REMOTE_START: &str = "RequestStartTransaction";
const REMOTE_STOP: &str = "RequestStopTransaction";
const CLEAR_CACHE: &str = "ClearCache";
const SET_VARIABLES: &str = "SetVariables";
const DATA_TRANSFER: &str = "DataTransfer";
const TRIGGER_MESSAGE: &str = "TriggerMessage";

/// Writes a command.
///
/// # Errors
/// It is none of 2.0.1, or not a valid one.
pub(crate) fn encode(command: &StationCommand) -> Result<(String, Value), CommandError> {
    match command {
        StationCommand::RemoteStart(start) => remote_start(start),
        StationCommand::RemoteStop(reference) => remote_stop(reference),
        StationCommand::ClearCache => payload(CLEAR_CACHE, &ClearCacheRequest {}),
        StationCommand::OpenDoor(open) => open_door(open),
        StationCommand::SetDoorMode { door, mode } => Ok((
            SET_VARIABLES.to_owned(),
            json!({ "setVariableData": [{
                "attributeValue": mode.wire(),
                "component": { "name": "AccessBarrier", "evse": { "id": door } },
                "variable": { "name": "Mode" },
            }] }),
        )),
        StationCommand::DataTransfer(transfer) => Ok(data_transfer(transfer)),
        StationCommand::TriggerBoot => Ok((
            TRIGGER_MESSAGE.to_owned(),
            json!({ "requestedMessage": "BootNotification" }),
        )),
        StationCommand::ReadConfiguration(names) => configuration::question_201(names),
        StationCommand::Raw { action, payload } => {
            message::to_station(MESSAGES, action, Version::V201)?.check(payload)?;
            Ok((action.clone(), payload.clone()))
        }
    }
}

fn remote_start(start: &RemoteStart) -> Result<(String, Value), CommandError> {
    let out_of_range = |field: &str| invalid(REMOTE_START, format!("`{field}` is out of range"));
    let evse_id = start
        .evse
        .map(i32::try_from)
        .transpose()
        .map_err(|_| out_of_range("evseId"))?;
    let remote_start_id =
        i32::try_from(start.remote_start_id).map_err(|_| out_of_range("remoteStartId"))?;
    payload(
        REMOTE_START,
        &RequestStartTransactionRequest {
            evse_id,
            remote_start_id,
            id_token: token::write(&start.token),
            charging_profile: None,
            group_id_token: start.stop_group.as_ref().map(token::group),
        },
    )
}

fn remote_stop(reference: &TransactionRef) -> Result<(String, Value), CommandError> {
    let transaction_id = match reference {
        TransactionRef::Text(text) => text.clone(),
        TransactionRef::Number(number) => number.to_string(),
        TransactionRef::New => return Err(invalid(REMOTE_STOP, "`transactionId` is missing")),
    };
    payload(
        REMOTE_STOP,
        &RequestStopTransactionRequest { transaction_id },
    )
}

fn open_door(open: &OpenDoor) -> Result<(String, Value), CommandError> {
    payload(
        DATA_TRANSFER,
        &DataTransferRequest {
            message_id: Some(lock::OPEN.to_owned()),
            data: Some(lock::open_data(open)),
            vendor_id: lock::VENDOR.to_owned(),
        },
    )
}

/// By hand: rust-ocpp's data is text only, the standard's is anything.
fn data_transfer(transfer: &DataTransfer) -> (String, Value) {
    let mut payload = Map::new();
    payload.insert("vendorId".to_owned(), transfer.vendor.clone().into());
    if let Some(message) = &transfer.message {
        payload.insert("messageId".to_owned(), message.clone().into());
    }
    if let Some(data) = &transfer.data {
        payload.insert("data".to_owned(), data.clone());
    }
    (DATA_TRANSFER.to_owned(), Value::Object(payload))
}

/// The action by which a command is sent.
pub(crate) fn action_of(command: &StationCommand) -> &str {
    match command {
        StationCommand::RemoteStart(_) => REMOTE_START,
        StationCommand::RemoteStop(_) => REMOTE_STOP,
        StationCommand::ClearCache => CLEAR_CACHE,
        StationCommand::OpenDoor(_) | StationCommand::DataTransfer(_) => DATA_TRANSFER,
        StationCommand::SetDoorMode { .. } => SET_VARIABLES,
        StationCommand::TriggerBoot => TRIGGER_MESSAGE,
        StationCommand::ReadConfiguration(_) => configuration::GET_VARIABLES,
        StationCommand::Raw { action, .. } => action,
    }
}
