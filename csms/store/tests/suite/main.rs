//! The store on SQLite and on PostgreSQL: one body for each claim, run on both.
//!
//! PostgreSQL is the one named by `KEYWATT_TEST_POSTGRES`, else one started for the tests; where
//! there is none, the tests say so and only SQLite is looked at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod audit;
mod audit_tampering;
mod away;
mod batches;
mod cards;
mod constraints;
mod decisions;
mod erasure;
mod facts;
mod lists;
mod live;
mod opening;
mod past;
mod proxy;
mod revisions;
mod rows;
mod rules;
mod sharing;
mod support;
mod texts;
mod webhooks;
