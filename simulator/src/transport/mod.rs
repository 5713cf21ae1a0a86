//! The station's end of a connection: address, handshake, TLS, frames in and out.

mod connection;
mod endpoint;
mod handler;
mod handshake;
mod io_task;
mod message_ids;
mod tap;
#[cfg(test)]
mod tests;
mod tls;

pub use connection::{CallFailure, Connection, Options, PendingCall};
pub use endpoint::{Endpoint, InvalidUrl};
pub use handler::{Answer, Incoming, IncomingCalls, Manner, Reply};
pub use handshake::{ConnectError, Opened, Socket, Stream, open};
pub use io_task::CloseInfo;
pub use message_ids::MessageIds;
pub use tap::{Exchange, Journal, Tap};
