//! The messages of OCPP 1.6 that these tests send.

use serde_json::{Value, json};

use super::{Presented, Wire, now};
use crate::unique;

/// The answer to StartTransaction.
#[derive(Clone, Debug)]
pub struct Started16 {
    /// The number given.
    pub transaction_id: i64,
    /// idTagInfo.
    pub info: Value,
}

impl Wire {
    /// Authorize; returns idTagInfo.
    pub async fn authorize_16(&self, id: &str, token: &Presented) -> Value {
        let answer = self
            .ok_as(id, "Authorize", json!({ "idTag": token.value }))
            .await;
        answer["idTagInfo"].clone()
    }

    /// StartTransaction now, meter at 0.
    pub async fn start_16(&self, id: &str, connector: u32, token: &Presented) -> Started16 {
        self.start_16_at(id, connector, token, &now(), 0).await
    }

    /// StartTransaction.
    pub async fn start_16_at(
        &self,
        id: &str,
        connector: u32,
        token: &Presented,
        timestamp: &str,
        meter_start: i64,
    ) -> Started16 {
        let payload = json!({
            "connectorId": connector, "idTag": token.value,
            "meterStart": meter_start, "timestamp": timestamp,
        });
        let answer = self.ok_as(id, "StartTransaction", payload).await;
        let transaction_id = answer["transactionId"].as_i64();
        Started16 {
            transaction_id: transaction_id.unwrap_or_else(|| panic!("no number in {answer}")),
            info: answer["idTagInfo"].clone(),
        }
    }

    /// StopTransaction now; returns the whole answer.
    pub async fn stop_16(&self, id: &str, number: i64, token: Option<&Presented>) -> Value {
        let mut payload = json!({
            "transactionId": number, "meterStop": 1000, "timestamp": now(), "reason": "Local",
        });
        if let Some(token) = token {
            payload["idTag"] = json!(token.value);
        }
        self.ok_as(id, "StopTransaction", payload).await
    }

    /// `Door.Authorize` of the lock profile; returns its answer.
    pub async fn door_authorize_16(&self, id: &str, door: u32, token: &Presented) -> Value {
        let data = json!({ "door": door, "kind": token.kind_at_door(), "value": token.value });
        let answer = self.lock_profile(id, "Door.Authorize", &data).await;
        assert_eq!(
            answer["status"], "Accepted",
            "the message itself is accepted: {answer}"
        );
        data_of(&answer)
    }

    /// `Door.Event` of the lock profile, both versions; returns the status of the DataTransfer.
    pub async fn door_event(&self, event: &Value) -> String {
        let answer = self
            .lock_profile(&unique::message_id(), "Door.Event", event)
            .await;
        answer["status"].as_str().unwrap_or_default().to_owned()
    }

    async fn lock_profile(&self, id: &str, message: &str, data: &Value) -> Value {
        let payload = json!({
            "vendorId": "io.keywatt.lock", "messageId": message, "data": data.to_string(),
        });
        self.ok_as(id, "DataTransfer", payload).await
    }
}

/// `data` of a DataTransfer: JSON text.
fn data_of(answer: &Value) -> Value {
    let text = answer["data"]
        .as_str()
        .unwrap_or_else(|| panic!("no JSON text in {answer}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}
