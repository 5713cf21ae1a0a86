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
mod hours;
mod identify;
mod pages;
mod permit;
mod request;
mod reverse;
mod steps;
mod usage;
mod weigh;

#[doc(hidden)]
pub use decide::decide_in_order;
pub use decide::{ORDER, decide};
pub use directory::{
    Directory, DirectoryBuilder, DoorEntry, EmergencyEntry, GrantEntry, Grants, InstallationEntry,
    LockEntry, NestingFault, NodeDetail, NodeEntry, NodePath, PersonEntry, TagEntry,
};
pub use explain::{
    ConsideredGrant, Explanation, GrantFinding, Step, StepFinding, StepLine, Trace, Way, explain,
};
pub use permit::{Act, Permit, act};
pub use request::{
    Asker, Asking, Attempts, Context, Denial, Found, Intent, Outcome, Request, Resource, Taking,
    Terms, Told,
};
// A setting of stations, and a part of the question.
pub use model::Numbers;
pub use reverse::{candidates, resources_of};
pub use usage::{OpenTransaction, PendingRemote, Usage, Used};
