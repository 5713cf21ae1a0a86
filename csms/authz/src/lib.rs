//! The policy decision point: who may do what, where, now.
//!
//! [`decide`] is one pure function over the live picture ([`Directory`]) and what changes with use
//! ([`Usage`]). It knows no clock, no IO and no second way. Code with an effect takes a
//! [`Permit`], which only an allowing decision can make.
//!
//! The order of its steps is the specification: docs/authorization.md.

mod decide;
mod directory;
mod explain;
mod permit;
mod request;
mod reverse;
mod shards;
mod usage;
mod weigh;

pub use decide::{decide, decide_traced};
pub use directory::{
    Directory, DirectoryBuilder, DoorEntry, GrantEntry, InstallationEntry, LockEntry, NodeDetail,
    NodeEntry, PersonEntry,
};
pub use explain::{
    ConsideredGrant, Explanation, GrantFinding, Step, StepFinding, StepLine, explain,
};
pub use permit::{Act, Permit, act};
pub use request::{Asker, Denial, Found, Intent, Outcome, Request, Resource, Terms};
pub use reverse::{candidates, resources_of};
pub use usage::{OpenTransaction, PendingRemote, Usage};
