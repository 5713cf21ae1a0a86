//! A station as a socket: raw OCPP-J, given message ids, crossing CALLs, any text.

mod commands;
mod v16;
mod v201;

use serde_json::{Value, json};
use simulator::transport::{CallFailure, ConnectError, Options, PendingCall};
use simulator::{Connection, Endpoint, MessageId};

pub use commands::{Commands, Received, Scripted};
pub use simulator::Version;
pub use v16::Started16;
pub use v201::Event201;

use crate::unique;

/// A connected station. The socket closes when the last clone is dropped.
#[derive(Clone)]
pub struct Wire {
    connection: Connection,
    /// The CALLs of the server, and how they are answered.
    pub commands: Commands,
    /// Its identity.
    pub station_id: String,
}

/// What is presented: a kind of credential and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// `rfid`, `key`, `emaid`, `app`, `plate`, `pin`, `guest`, `one_time`, or `none` for nothing at all.
    pub kind: String,
    /// As read.
    pub value: String,
}

impl Presented {
    /// An ordinary card.
    #[must_use]
    pub fn card(value: &str) -> Presented {
        Presented {
            kind: "rfid".to_owned(),
            value: value.to_owned(),
        }
    }

    /// The kind as a door's controller names it. No reader reads a plate or nothing: a card that
    /// carries a plate's text, or an empty one, is the way they could get here.
    #[must_use]
    pub fn kind_at_door(&self) -> &str {
        match self.kind.as_str() {
            "plate" | "none" => "rfid",
            kind => kind,
        }
    }

    /// Nothing.
    #[must_use]
    pub fn nothing() -> Presented {
        Presented {
            kind: "none".to_owned(),
            value: String::new(),
        }
    }
}

impl Wire {
    /// Connects; nothing is sent.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn connect(endpoint: &Endpoint) -> Result<Wire, ConnectError> {
        let commands = Commands::default();
        let options = Options {
            handler: Some(std::sync::Arc::new(commands.clone())),
            ..Options::default()
        };
        let connection = Connection::connect_with(endpoint, options).await?;
        Ok(Wire {
            connection,
            commands,
            station_id: endpoint.id.clone(),
        })
    }

    /// Connects and boots.
    ///
    /// # Panics
    /// When it is not accepted.
    pub async fn booted(endpoint: &Endpoint) -> Wire {
        let wire = Wire::connect(endpoint).await;
        let wire = wire.unwrap_or_else(|error| panic!("`{}`: {error}", endpoint.id));
        let answer = wire.boot().await;
        assert_eq!(answer["status"], "Accepted", "{answer}");
        wire
    }

    /// The version spoken.
    #[must_use]
    pub fn version(&self) -> Version {
        self.connection.version()
    }

    /// The connection below.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Sends BootNotification and returns the answer.
    pub async fn boot(&self) -> Value {
        let payload = match self.version() {
            Version::V16 => json!({
                "chargePointVendor": "Keywatt", "chargePointModel": "Test bench",
            }),
            Version::V201 => json!({
                "reason": "PowerUp",
                "chargingStation": { "vendorName": "Keywatt", "model": "Test bench" },
            }),
        };
        self.ok("BootNotification", payload).await
    }

    /// A CALL under an id of its own.
    ///
    /// # Errors
    /// See [`CallFailure`].
    pub async fn call(&self, action: &str, payload: Value) -> Result<Value, CallFailure> {
        self.call_as(&unique::message_id(), action, payload).await
    }

    /// A CALL under this id.
    ///
    /// # Errors
    /// See [`CallFailure`].
    pub async fn call_as(
        &self,
        id: &str,
        action: &str,
        payload: Value,
    ) -> Result<Value, CallFailure> {
        self.connection
            .call_with_id(message_id(id), action, payload)
            .await
    }

    /// A CALL that must be answered with a result.
    ///
    /// # Panics
    /// When it is not.
    pub async fn ok(&self, action: &str, payload: Value) -> Value {
        self.ok_as(&unique::message_id(), action, payload).await
    }

    /// The same under this id.
    ///
    /// # Panics
    /// When it is not answered with a result.
    pub async fn ok_as(&self, id: &str, action: &str, payload: Value) -> Value {
        let answer = self.call_as(id, action, payload.clone()).await;
        answer.unwrap_or_else(|failure| {
            panic!("`{}`: {action} {payload} got {failure}", self.station_id)
        })
    }

    /// Sends a CALL without waiting for others; several may be in flight.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn begin(
        &self,
        id: &str,
        action: &str,
        payload: Value,
    ) -> Result<PendingCall, CallFailure> {
        self.connection
            .start_call(message_id(id), action, payload)
            .await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn text(&self, text: impl Into<String>) -> Result<(), CallFailure> {
        self.connection.send_text(text).await
    }

    /// The next text that answers no CALL made here: the answer to a raw text.
    pub async fn next_text(&self) -> Option<String> {
        self.connection.next_unsolicited().await
    }

    /// Asks for a token and returns idTagInfo or idTokenInfo.
    pub async fn authorize(&self, id: &str, token: &Presented) -> Value {
        match self.version() {
            Version::V16 => self.authorize_16(id, token).await,
            Version::V201 => self.authorize_201(id, token).await,
        }
    }

    /// Asks for a token and returns the status.
    pub async fn status_of(&self, token: &Presented) -> String {
        status(&self.authorize(&unique::message_id(), token).await)
    }

    /// Closes in order.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// `status` of idTagInfo or idTokenInfo.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn status(info: &Value) -> String {
    info["status"]
        .as_str()
        .unwrap_or_else(|| panic!("no status in {info}"))
        .to_owned()
}

/// Now, as stations write it.
#[must_use]
pub fn now() -> String {
    moment(0)
}

/// Some seconds from now, as stations write it.
#[must_use]
pub fn moment(seconds: i64) -> String {
    let now = crate::facts::clock();
    (now + jiff::SignedDuration::from_secs(seconds))
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

fn message_id(id: &str) -> MessageId {
    MessageId::new(id).unwrap_or_else(|error| panic!("`{id}` is no message id: {error}"))
}
