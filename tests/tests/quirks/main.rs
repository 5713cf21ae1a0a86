//! How real chargers deviate, each deviation by its number in the list of docs/quirks.md, against
//! the program over real sockets: repaired, reported or refused as the owner says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod bench;
mod configuration;
mod framing;
mod handshake;
mod schema;
mod table;
mod times;
mod tokens;
mod transactions;
