//! What stations send and are told, through the public interface of the adapters.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a wrong expectation is a failed test"
)]

mod commands;
mod conversation;
mod door_state;
mod errors;
mod every_message;
mod lock;
mod official;
mod policy;
mod properties;
mod repairs;
mod replies;
mod reports;
mod schemas;
mod second_opinion;
mod sending;
mod statuses;
mod v16_requests;
mod v201_requests;
