//! The messages of OCPP 2.0.1 that these tests send.

use serde_json::{Value, json};

use super::{Presented, Wire, now};

/// A TransactionEvent; [`Wire::event`] sends it.
#[derive(Clone, Debug)]
pub struct Event201 {
    /// The payload so far.
    pub payload: Value,
}

impl Event201 {
    /// An event that happens now.
    #[must_use]
    pub fn new(kind: &str, trigger: &str, transaction: &str, seq_no: i64) -> Event201 {
        Event201 {
            payload: json!({
                "eventType": kind, "triggerReason": trigger, "timestamp": now(), "seqNo": seq_no,
                "transactionInfo": { "transactionId": transaction },
            }),
        }
    }

    /// The first event of a transaction, begun by a token at an EVSE.
    #[must_use]
    pub fn started(transaction: &str, evse: u32, token: &Presented) -> Event201 {
        Event201::new("Started", "Authorized", transaction, 0)
            .at(evse)
            .by(token)
    }

    /// The same, presented by a token.
    #[must_use]
    pub fn by(mut self, token: &Presented) -> Event201 {
        self.payload["idToken"] = id_token(token, None);
        self
    }

    /// The same, at an EVSE.
    #[must_use]
    pub fn at(mut self, evse: u32) -> Event201 {
        self.payload["evse"] = json!({ "id": evse, "connectorId": 1 });
        self
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Event201 {
        self.payload[field] = value;
        self
    }

    /// The same with one more field in `transactionInfo`.
    #[must_use]
    pub fn with_info(mut self, field: &str, value: Value) -> Event201 {
        self.payload["transactionInfo"][field] = value;
        self
    }
}

impl Wire {
    /// Authorize; returns idTokenInfo.
    pub async fn authorize_201(&self, id: &str, token: &Presented) -> Value {
        self.authorize_201_at_door(id, token, None).await
    }

    /// Authorize, at a lock with the door named; returns idTokenInfo.
    pub async fn authorize_201_at_door(
        &self,
        id: &str,
        token: &Presented,
        door: Option<u32>,
    ) -> Value {
        let payload = json!({ "idToken": id_token(token, door) });
        self.ok_as(id, "Authorize", payload).await["idTokenInfo"].clone()
    }

    /// TransactionEvent; returns the whole answer.
    pub async fn event(&self, id: &str, event: &Event201) -> Value {
        self.ok_as(id, "TransactionEvent", event.payload.clone())
            .await
    }
}

/// The token as 2.0.1 names it; the door, at a lock, goes beside it.
#[must_use]
pub(super) fn id_token(token: &Presented, door: Option<u32>) -> Value {
    let kind = match token.kind.as_str() {
        "none" => "NoAuthorization",
        "key" => "Local",
        "emaid" => "eMAID",
        "app" => "Central",
        "pin" | "guest" | "one_time" => "KeyCode",
        // No type means a number plate; a card that carries one is the way it could get here.
        "rfid" | "plate" => "ISO14443",
        other => panic!("`{other}` is no kind of credential"),
    };
    let mut id_token = json!({ "idToken": token.value, "type": kind });
    if let Some(door) = door {
        id_token["additionalInfo"] =
            json!([{ "type": "door", "additionalIdToken": door.to_string() }]);
    }
    id_token
}
