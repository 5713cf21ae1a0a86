//! The door of the house: every listener, the WebSocket handshake, one task per station, and the
//! registry that knows which stations are connected.
//!
//! A request goes one of two ways. A GET with `Upgrade: websocket` on a path not under `/v1/` is a
//! station: `handshake` checks it, `app::station::Stations::admit` decides about it, and a fresh
//! task serves the socket (`session`). Everything else goes to the `tower::Service` that
//! [`bind`] was given.
//!
//! What is absent: no OCPP payload is read here (`ocpp` does), and nothing here decides whether
//! somebody may charge or enter (`app` asks `authz`).

mod admission;
mod answer;
mod dials;
mod dispatch;
mod handshake;
mod line;
mod listener;
mod measures;
mod misdirected;
mod options;
mod proxy;
mod registry;
mod server;
mod session;
mod speech;
mod tls;
mod transport;

pub use ipnet::IpNet;
pub use listener::{BindError, ListenerConfig, ListenerKind};
pub use options::GatewayOptions;
pub use registry::Registry;
pub use server::{Drained, Gateway, bind};
pub use session::Rate;
pub use tls::{TlsConfig, TlsError, load_tls};
