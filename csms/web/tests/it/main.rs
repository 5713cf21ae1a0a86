//! The admin API as its callers see it: requests into the router, on a database of their own and
//! with stations that are not there.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod access;
mod cards;
mod cards_file;
mod commands;
mod configuration;
mod credentials;
mod document;
mod export;
mod forms;
mod keys;
mod lists;
mod once;
mod ownership;
mod people;
mod reports;
mod site;
mod stations;
mod tree;
mod watching;
