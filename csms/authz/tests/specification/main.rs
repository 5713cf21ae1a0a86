//! The engine against an executable specification: a second decision, written from
//! docs/authorization.md alone, must agree with it, reason and grant included.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod agree;
mod facts;
mod faults;
mod flag;
mod large;
mod random;
mod reading;
mod small;
mod spec;
mod world;
