//! What the station answers to CALLs of the central system.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use rpc::{ErrorCode, MessageId, Version};
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

/// How a reply goes out. All but the first are faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// At once, in the spelling of the version.
    #[default]
    Usual,
    /// With error codes as another version spells them (quirk Q19).
    Spelled(Version),
    /// Not at all.
    Never,
    /// Later, behind others.
    After(Duration),
    /// With an id that nobody asked with.
    WrongId,
    /// Twice.
    Twice,
    /// As CALLERROR InternalError.
    Error,
    /// As this text.
    Text(String),
    /// The connection is dropped instead.
    Drop,
}

/// A reply, and what the station does once the reply is sent.
pub struct Answer {
    /// What goes back.
    pub reply: Reply,
    /// How it goes out.
    pub manner: Manner,
    /// Runs after the reply was sent, beside further messages.
    pub then: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Answer {
    /// A CALLRESULT.
    #[must_use]
    pub fn result(payload: Value) -> Answer {
        Answer {
            reply: Reply::Result(payload),
            manner: Manner::Usual,
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
            manner: Manner::Usual,
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
