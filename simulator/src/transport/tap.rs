//! Watching what goes over the wire.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

/// A CALL of the station and its CALLRESULT: the central system has acknowledged it.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The identity of the station.
    pub station: String,
    /// The message id.
    pub message_id: String,
    /// The action.
    pub action: String,
    /// What was sent.
    pub payload: Value,
    /// What came back.
    pub answer: Value,
}

/// Sees every text of a connection. Called on the connection's task: be quick.
pub trait Tap: Send + Sync {
    /// A text was handed to the socket.
    fn sent(&self, _station: &str, _text: &str) {}
    /// A text was received.
    fn received(&self, _station: &str, _text: &str) {}
    /// A CALL got its CALLRESULT.
    fn acknowledged(&self, _exchange: &Exchange) {}
}

/// Keeps every acknowledged exchange, in memory or as one JSON line each.
#[derive(Clone)]
pub struct Journal {
    keep: Arc<Mutex<Keep>>,
}

enum Keep {
    Memory(Vec<Exchange>),
    Lines(Box<dyn Write + Send>),
}

impl Journal {
    /// A journal in memory.
    #[must_use]
    pub fn in_memory() -> Journal {
        Journal {
            keep: Arc::new(Mutex::new(Keep::Memory(Vec::new()))),
        }
    }

    /// A journal that writes JSON lines.
    #[must_use]
    pub fn to_writer(writer: impl Write + Send + 'static) -> Journal {
        Journal {
            keep: Arc::new(Mutex::new(Keep::Lines(Box::new(writer)))),
        }
    }

    /// What was acknowledged so far; empty for a journal that writes lines.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        match &*self.keep.lock() {
            Keep::Memory(exchanges) => exchanges.clone(),
            Keep::Lines(_) => Vec::new(),
        }
    }

    /// Adds an exchange.
    pub fn record(&self, exchange: &Exchange) {
        match &mut *self.keep.lock() {
            Keep::Memory(exchanges) => exchanges.push(exchange.clone()),
            Keep::Lines(writer) => {
                let line = serde_json::to_string(exchange).unwrap_or_default();
                if let Err(error) = writeln!(writer, "{line}").and_then(|()| writer.flush()) {
                    tracing::error!(%error, "journal cannot be written");
                }
            }
        }
    }
}

impl Tap for Journal {
    fn acknowledged(&self, exchange: &Exchange) {
        self.record(exchange);
    }
}
