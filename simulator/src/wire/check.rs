//! A second opinion on what the central system sends: its payloads are read into types that
//! were made from the official schemas by other people.

use ocpp_types::{v16, v201};
use rpc::Version;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn reads_as<T: DeserializeOwned>(payload: &Value) -> Result<(), String> {
    T::deserialize(payload)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Picks the type for an action. Actions without one are not checked.
macro_rules! pick {
    ($action:expr, $payload:expr, { $($name:literal => $kind:ty),+ $(,)? }) => {
        match $action {
            $($name => reads_as::<$kind>($payload),)+
            _ => Ok(()),
        }
    };
}

/// Whether the answer to our CALL has the form of its version.
pub(crate) fn answer(version: Version, action: &str, payload: &Value) -> Result<(), String> {
    match version {
        Version::V16 => pick!(action, payload, {
            "Authorize" => v16::AuthorizeResponse,
            "BootNotification" => v16::BootNotificationResponse,
            "DataTransfer" => v16::DataTransferResponse,
            "Heartbeat" => v16::HeartbeatResponse,
            "MeterValues" => v16::MeterValuesResponse,
            "SecurityEventNotification" => v16::SecurityEventNotificationResponse,
            "StartTransaction" => v16::StartTransactionResponse,
            "StatusNotification" => v16::StatusNotificationResponse,
            "StopTransaction" => v16::StopTransactionResponse,
        }),
        Version::V201 => pick!(action, payload, {
            "Authorize" => v201::AuthorizeResponse,
            "BootNotification" => v201::BootNotificationResponse,
            "DataTransfer" => v201::DataTransferResponse<Value>,
            "Heartbeat" => v201::HeartbeatResponse,
            "MeterValues" => v201::MeterValuesResponse,
            "NotifyEvent" => v201::NotifyEventResponse,
            "NotifyReport" => v201::NotifyReportResponse,
            "SecurityEventNotification" => v201::SecurityEventNotificationResponse,
            "StatusNotification" => v201::StatusNotificationResponse,
            "TransactionEvent" => v201::TransactionEventResponse,
        }),
    }
}

/// Whether a CALL of the central system has the form of its version.
pub(crate) fn command(version: Version, action: &str, payload: &Value) -> Result<(), String> {
    match version {
        Version::V16 => pick!(action, payload, {
            "ChangeAvailability" => v16::ChangeAvailabilityRequest,
            "ChangeConfiguration" => v16::ChangeConfigurationRequest,
            "ClearCache" => v16::ClearCacheRequest,
            "DataTransfer" => v16::DataTransferRequest,
            "GetConfiguration" => v16::GetConfigurationRequest,
            "GetLocalListVersion" => v16::GetLocalListVersionRequest,
            "RemoteStartTransaction" => v16::RemoteStartTransactionRequest,
            "RemoteStopTransaction" => v16::RemoteStopTransactionRequest,
            "Reset" => v16::ResetRequest,
            "SendLocalList" => v16::SendLocalListRequest,
            "TriggerMessage" => v16::TriggerMessageRequest,
            "UnlockConnector" => v16::UnlockConnectorRequest,
        }),
        Version::V201 => pick!(action, payload, {
            "ChangeAvailability" => v201::ChangeAvailabilityRequest,
            "ClearCache" => v201::ClearCacheRequest,
            "DataTransfer" => v201::DataTransferRequest<Value>,
            "GetBaseReport" => v201::GetBaseReportRequest,
            "GetLocalListVersion" => v201::GetLocalListVersionRequest,
            "GetVariables" => v201::GetVariablesRequest,
            "RequestStartTransaction" => v201::RequestStartTransactionRequest,
            "RequestStopTransaction" => v201::RequestStopTransactionRequest,
            "Reset" => v201::ResetRequest,
            "SendLocalList" => v201::SendLocalListRequest,
            "SetVariables" => v201::SetVariablesRequest,
            "TriggerMessage" => v201::TriggerMessageRequest,
            "UnlockConnector" => v201::UnlockConnectorRequest,
        }),
    }
}

/// Whether a CALL of ours has the form of its version: our own payloads are checked in tests.
#[cfg(test)]
pub(crate) fn request(version: Version, action: &str, payload: &Value) -> Result<(), String> {
    match version {
        Version::V16 => pick!(action, payload, {
            "Authorize" => v16::AuthorizeRequest,
            "BootNotification" => v16::BootNotificationRequest,
            "MeterValues" => v16::MeterValuesRequest,
            "StartTransaction" => v16::StartTransactionRequest,
            "StatusNotification" => v16::StatusNotificationRequest,
            "StopTransaction" => v16::StopTransactionRequest,
        }),
        Version::V201 => pick!(action, payload, {
            "Authorize" => v201::AuthorizeRequest,
            "BootNotification" => v201::BootNotificationRequest,
            "MeterValues" => v201::MeterValuesRequest,
            "NotifyEvent" => v201::NotifyEventRequest,
            "StatusNotification" => v201::StatusNotificationRequest,
            "TransactionEvent" => v201::TransactionEventRequest,
        }),
    }
}

#[cfg(test)]
mod tests {
    use rpc::Version;
    use serde_json::json;

    use super::{answer, command};

    #[test]
    fn a_wrong_answer_is_noticed() {
        let check = |version, action, payload, good: bool| {
            let result = answer(version, action, &payload);
            assert_eq!(result.is_ok(), good, "{action} {payload}: {result:?}");
        };
        let now = "2026-05-01T12:00:00Z";
        check(
            Version::V16,
            "Authorize",
            json!({"idTagInfo": {"status": "Accepted"}}),
            true,
        );
        check(
            Version::V16,
            "Authorize",
            json!({"idTagInfo": {"status": "Unknown"}}),
            false,
        );
        check(
            Version::V201,
            "Authorize",
            json!({"idTokenInfo": {"status": "Unknown"}}),
            true,
        );
        check(
            Version::V16,
            "StartTransaction",
            json!({"idTagInfo": {"status": "Blocked"}}),
            false,
        );
        check(
            Version::V16,
            "StartTransaction",
            json!({"transactionId": 7, "idTagInfo": {"status": "Blocked", "expiryDate": now}}),
            true,
        );
        check(
            Version::V201,
            "Heartbeat",
            json!({"currentTime": now}),
            true,
        );
        check(
            Version::V201,
            "Heartbeat",
            json!({"currentTime": "noon"}),
            false,
        );
    }

    #[test]
    fn a_wrong_command_is_noticed() {
        let start = json!({"idTag": "04A1B2C3", "connectorId": 1});
        assert_eq!(
            command(Version::V16, "RemoteStartTransaction", &start),
            Ok(())
        );
        let long = json!({"idTag": "0".repeat(21)});
        assert!(command(Version::V16, "RemoteStartTransaction", &long).is_err());
        let data = json!({"vendorId": "a", "messageId": "b", "data": {"x": 1}});
        assert_eq!(command(Version::V201, "DataTransfer", &data), Ok(()));
        assert!(command(Version::V16, "DataTransfer", &data).is_err());
    }
}
