//! From neutral commands to the payloads sent to 1.6 stations, and back from their answers.

use model::TransactionRef;
use model::command::{CommandError, OpenDoor, RemoteStart, StationCommand};
use model::neutral::DataTransfer;
use rpc::Version;
use rust_ocpp::v1_6::messages::clear_cache::ClearCacheRequest;
use rust_ocpp::v1_6::messages::data_transfer::DataTransferRequest;
use rust_ocpp::v1_6::messages::remote_start_transaction::RemoteStartTransactionRequest;
use rust_ocpp::v1_6::messages::remote_stop_transaction::RemoteStopTransactionRequest;
use serde_json::{Value, json};

use super::messages::MESSAGES;
use crate::message::{self, invalid, payload};
use crate::{configuration, lock};

const REMOTE_START: &str = "RemoteStartTransaction";
const REMOTE_STOP: &str = "RemoteStopTransaction";
const CLEAR_CACHE: &str = "ClearCache";
const CHANGE_CONFIGURATION: &str = "ChangeConfiguration";
const DATA_TRANSFER: &str = "DataTransfer";
const TRIGGER_MESSAGE: &str = "TriggerMessage";

/// Writes a command.
///
/// # Errors
/// It is none of 1.6, or not a valid one.
pub(crate) fn encode(command: &StationCommand) -> Result<(String, Value), CommandError> {
    match command {
        StationCommand::RemoteStart(start) => remote_start(start),
        StationCommand::RemoteStop(reference) => remote_stop(reference),
        StationCommand::ClearCache => payload(CLEAR_CACHE, &ClearCacheRequest {}),
        StationCommand::OpenDoor(open) => open_door(open),
        StationCommand::SetDoorMode { door, mode } => Ok((
            CHANGE_CONFIGURATION.to_owned(),
            json!({ "key": format!("LockMode{door}"), "value": mode.wire() }),
        )),
        StationCommand::DataTransfer(transfer) => data_transfer(transfer),
        StationCommand::TriggerBoot => Ok((
            TRIGGER_MESSAGE.to_owned(),
            json!({ "requestedMessage": "BootNotification" }),
        )),
        StationCommand::ReadConfiguration(names) => Ok(configuration::question_16(names)),
        StationCommand::Raw { action, payload } => {
            message::to_station(MESSAGES, action, Version::V16)?.check(payload)?;
            Ok((action.clone(), payload.clone()))
        }
    }
}

fn remote_start(start: &RemoteStart) -> Result<(String, Value), CommandError> {
    payload(
        REMOTE_START,
        &RemoteStartTransactionRequest {
            connector_id: start.evse,
            id_tag: start.token.value.clone(),
            charging_profile: None,
        },
    )
}

fn remote_stop(reference: &TransactionRef) -> Result<(String, Value), CommandError> {
    let number = match reference {
        TransactionRef::Number(number) => i32::try_from(*number).ok(),
        TransactionRef::Text(text) => text.parse().ok(),
        TransactionRef::New => None,
    };
    let transaction_id = number
        .ok_or_else(|| invalid(REMOTE_STOP, "`transactionId` must be a number of 32 bits"))?;
    payload(
        REMOTE_STOP,
        &RemoteStopTransactionRequest { transaction_id },
    )
}

fn open_door(open: &OpenDoor) -> Result<(String, Value), CommandError> {
    payload(
        DATA_TRANSFER,
        &DataTransferRequest {
            vendor_string: lock::VENDOR.to_owned(),
            message_id: Some(lock::OPEN.to_owned()),
            data: Some(lock::open_data(open)),
        },
    )
}

fn data_transfer(transfer: &DataTransfer) -> Result<(String, Value), CommandError> {
    // 1.6 carries text; whatever else is given goes as its JSON text.
    let data = transfer.data.as_ref().map(|data| match data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    payload(
        DATA_TRANSFER,
        &DataTransferRequest {
            vendor_string: transfer.vendor.clone(),
            message_id: transfer.message.clone(),
            data,
        },
    )
}

/// The action by which a command is sent.
pub(crate) fn action_of(command: &StationCommand) -> &str {
    match command {
        StationCommand::RemoteStart(_) => REMOTE_START,
        StationCommand::RemoteStop(_) => REMOTE_STOP,
        StationCommand::ClearCache => CLEAR_CACHE,
        StationCommand::OpenDoor(_) | StationCommand::DataTransfer(_) => DATA_TRANSFER,
        StationCommand::SetDoorMode { .. } => CHANGE_CONFIGURATION,
        StationCommand::TriggerBoot => TRIGGER_MESSAGE,
        StationCommand::ReadConfiguration(_) => configuration::GET_CONFIGURATION,
        StationCommand::Raw { action, .. } => action,
    }
}
