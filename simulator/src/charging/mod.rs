//! Charging profiles and the schedule that comes of them, of both versions. Pure, no IO.

mod composite;
mod profile;
mod store;

pub(crate) use composite::composite;
pub(crate) use profile::{Period, Profile, Purpose, Unit};
pub(crate) use store::{Criteria, Profiles, Replaced};
