//! OCPP 2.0.1.

mod actions;
mod command;
mod decode;
mod fields;
mod lock_state;
mod reply;
mod sent;
mod status;
mod token;
mod transaction;

pub(crate) use actions::{COMMANDS, REQUESTS, knows};
pub(crate) use command::{answer_deviation, encode as encode_command};
pub(crate) use decode::decode;
pub(crate) use reply::encode as encode_reply;
pub(crate) use status::status_text;
