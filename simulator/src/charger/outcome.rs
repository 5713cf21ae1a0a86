//! What came of the things done at a charger.

use rpc::MessageId;

use crate::station::Source;
use crate::token::TokenInfo;

/// What was said about a token.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizeOutcome {
    /// Status, expiry, group, EVSEs.
    pub info: TokenInfo,
    /// Who said it.
    pub source: Source,
    /// The Authorize that asked, if one was sent.
    pub message_id: Option<MessageId>,
}

impl AuthorizeOutcome {
    /// The status text.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.info.status
    }

    /// Whether the token may be used.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.info.is_accepted()
    }
}

/// What came of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct StartOutcome {
    /// The number of 1.6 or the id of 2.0.1; nothing while the start waits in the queue.
    pub transaction: Option<String>,
    /// idTagInfo or idTokenInfo of the answer; nothing if it had none, or has not come.
    pub info: Option<TokenInfo>,
    /// The message that told of the start; nothing while it waits in the queue.
    pub message_id: Option<MessageId>,
}

impl StartOutcome {
    /// The status of the token in the answer.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.info.as_ref().map(|info| info.status.as_str())
    }
}

/// What came of a stop.
#[derive(Clone, Debug, PartialEq)]
pub struct StopOutcome {
    /// The number of 1.6 or the id of 2.0.1.
    pub transaction: Option<String>,
    /// idTagInfo or idTokenInfo of the answer; nothing if it had none, or has not come.
    pub info: Option<TokenInfo>,
    /// The message that told of the stop; nothing while it waits in the queue.
    pub message_id: Option<MessageId>,
}

impl StopOutcome {
    /// The status of the token in the answer.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.info.as_ref().map(|info| info.status.as_str())
    }
}

/// What came of holding a card before the reader.
#[derive(Clone, Debug, PartialEq)]
pub enum Presented {
    /// A transaction began. Its own status may still be a refusal.
    Started {
        /// What was said before.
        authorization: AuthorizeOutcome,
        /// What was said to the start.
        start: StartOutcome,
    },
    /// The transaction there ended.
    Stopped(StopOutcome),
    /// The card is accepted and the charger waits for the cable.
    Waiting(AuthorizeOutcome),
    /// The card is refused, or does not hold for this EVSE.
    Refused(AuthorizeOutcome),
    /// Somebody else's transaction runs, and the card may not stop it.
    NotYours(AuthorizeOutcome),
    /// The card is accepted, but the connector is kept for somebody else.
    Reserved(AuthorizeOutcome),
    /// The connector is broken or out of service.
    OutOfService,
}
