//! OCPP 1.6 with the messages of the security white paper.

mod answers;
mod command;
mod decode;
mod forms;
mod lock_state;
mod messages;
mod reply;
mod status;
mod transaction;
mod types;

pub(crate) use command::{action_of, encode as encode_command};
pub(crate) use decode::decode;
pub(crate) use messages::MESSAGES;
pub(crate) use reply::encode as encode_reply;
pub(crate) use status::status_text;
