//! The decision log, as the API shows it.

use serde_json::Value;

use crate::api::encode;
use crate::{Api, DEADLINE, eventually};

/// A row of the decision log.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Why.
    pub reason: String,
    /// Where the question came in.
    pub entry: String,
    /// What was asked for.
    pub action: String,
    /// The whole row.
    pub row: Value,
}

impl From<Value> for Decision {
    fn from(row: Value) -> Decision {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        Decision {
            reason: text("reason"),
            entry: text("entry"),
            action: text("action"),
            row,
        }
    }
}

impl Api {
    /// The decision on a station's message; waits, since the log is committed in batches.
    pub async fn decision(&self, station_id: &str, message_id: &str) -> Decision {
        let what = format!("the decision on `{message_id}` of `{station_id}`");
        eventually(&what, DEADLINE, || async {
            self.decisions(station_id, message_id)
                .await
                .into_iter()
                .next()
        })
        .await
    }

    /// The decisions on a station's message so far.
    pub async fn decisions(&self, station_id: &str, message_id: &str) -> Vec<Decision> {
        let (station, message) = (encode(station_id), encode(message_id));
        let path = format!("/v1/decisions?station_id={station}&message_id={message}");
        self.list(&path)
            .await
            .into_iter()
            .map(Decision::from)
            .collect()
    }

    /// The reason of the decision on a station's message.
    pub async fn reason(&self, station_id: &str, message_id: &str) -> String {
        self.decision(station_id, message_id).await.reason
    }
}
