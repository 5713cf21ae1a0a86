//! What the station answers to CALLs of the central system.

use std::future::Future;
use std::pin::Pin;

use rpc::{ErrorCode, MessageId};
use serde_json::Value;

/// A CALL of the central system.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Its id.
    pub id: MessageId,
    /// Its action.
    pub action: String,
    /// Its payload; `null` came as `{}`.
    pub payload: Value,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// CALLRESULT.
    Result(Value),
    /// CALLERROR.
    Error {
        /// The code.
        code: ErrorCode,
        /// A description for people.
        description: String,
    },
}

/// A reply, and what the station does once the reply is sent.
pub struct Answer {
    /// What goes back.
    pub reply: Reply,
    /// Runs after the reply was sent, beside further messages.
    pub then: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Answer {
    /// A CALLRESULT.
    #[must_use]
    pub fn result(payload: Value) -> Answer {
        Answer {
            reply: Reply::Result(payload),
            then: None,
        }
    }

    /// A CALLRESULT with nothing but a status.
    #[must_use]
    pub fn status(status: &str) -> Answer {
        Answer::result(serde_json::json!({ "status": status }))
    }

    /// A CALLERROR.
    #[must_use]
    pub fn error(code: ErrorCode, description: impl Into<String>) -> Answer {
        Answer {
            reply: Reply::Error {
                code,
                description: description.into(),
            },
            then: None,
        }
    }

    /// The same, followed by work.
    #[must_use]
    pub fn then(mut self, work: impl Future<Output = ()> + Send + 'static) -> Answer {
        self.then = Some(Box::pin(work));
        self
    }
}

/// Answers CALLs of the central system, one after the other.
#[async_trait::async_trait]
pub trait IncomingCalls: Send + Sync {
    /// Answers one CALL.
    async fn answer(&self, call: Incoming) -> Answer;
}

/// Knows no action.
pub(crate) struct NothingImplemented;

#[async_trait::async_trait]
impl IncomingCalls for NothingImplemented {
    async fn answer(&self, call: Incoming) -> Answer {
        Answer::error(
            ErrorCode::NotImplemented,
            format!("`{}` is not known here", call.action),
        )
    }
}
