//! The same rights in three engines: ours, Cedar and Casbin.
//!
//! `cargo test` in this folder compares our decisions with Cedar's over random worlds;
//! `cargo run --release` measures all three on the same cases in one run.

pub mod casbin;
pub mod cedar;
pub mod random;
pub mod world;
