//! The harness of the black-box tests: starts the built program, talks HTTP and WebSocket to it.
//!
//! It knows the published surface only. Where a test compares a wire status, the expectation
//! comes from [`status_table`], written by hand, never from the code under test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a library of tests: a failed expectation ends the test"
)]

pub mod api;
pub mod cases;
pub mod certificate;
pub mod client;
pub mod conformance;
pub mod database;
pub mod decisions;
pub mod entries;
pub mod explained;
pub mod facts;
pub mod program;
pub mod server;
pub mod site;
pub mod status_table;
pub mod unique;
pub mod wait;
pub mod webhook;
pub mod wire;

pub use api::{Api, Response};
pub use client::Client;
pub use database::{Database, DatabaseKind};
pub use server::{Options, Server};
pub use wait::{DEADLINE, eventually};
pub use wire::{Version, Wire};
