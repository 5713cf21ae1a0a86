//! The gateway over real sockets, with a fake inside and a WebSocket client of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is a test"
)]

mod answers;
mod commands;
mod conversation;
mod drain;
mod fake;
mod handshake;
mod http_service;
mod limits;
mod measures;
mod misdirected;
mod neighbours;
mod pace;
mod raw_permissions;
mod replacement;
mod settings;
mod stage;
mod tls;
mod tolerance;
