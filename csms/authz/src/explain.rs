//! The explanation of a decision: what each step and each grant said, from the same code.

use jiff::Timestamp;
use model::{GrantId, NodeId, Reason};

use crate::decide::{ORDER, take_steps};
use crate::{Directory, GrantEntry, Outcome, Request, Usage};

/// A step of the decision, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// 1
    Point,
    /// 2
    Emergency,
    /// 3
    Authority,
    /// 4
    OpenAccess,
    /// 5
    Credential,
    /// 6
    Person,
    /// 7
    DenyRules,
    /// 8
    Grants,
    /// 9
    Limits,
    /// 9
    Concurrency,
    /// 9
    AntiPassback,
    /// Stopping one's own transaction.
    OwnTransaction,
}

impl Step {
    /// The number in docs/authorization.md; stopping one's own has none.
    #[must_use]
    pub const fn number(self) -> Option<u8> {
        match self {
            Step::Point => Some(1),
            Step::Emergency => Some(2),
            Step::Authority => Some(3),
            Step::OpenAccess => Some(4),
            Step::Credential => Some(5),
            Step::Person => Some(6),
            Step::DenyRules => Some(7),
            Step::Grants => Some(8),
            Step::Limits | Step::Concurrency | Step::AntiPassback => Some(9),
            Step::OwnTransaction => None,
        }
    }

    /// What the step asks, in plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Step::Point => "the point is known and in service",
            Step::Emergency => "the door is neither in evacuation nor locked down",
            Step::Authority => "access is decided here",
            Step::OpenAccess => "authorization is not required here",
            Step::Credential => "the credential is known and valid",
            Step::Person => "the person is active",
            Step::DenyRules => "no rule denies it",
            Step::Grants => "a permission allows it",
            Step::Limits => "what was granted is not used up",
            Step::AntiPassback => "the person is not inside already",
            Step::Concurrency => "there is room for another transaction",
            Step::OwnTransaction => "it stops a transaction of one's own",
        }
    }
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepFinding {
    /// Nothing against it; on to the next.
    Passed,
    /// Does not concern this question.
    NotApplicable,
    /// Decided it: no.
    Refused(Reason),
    /// Decided it: yes.
    Allowed(Reason),
    /// An outside authority must be asked.
    Elsewhere,
}

/// What a grant of the person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantFinding {
    /// Allows now.
    Allows,
    /// Denies now.
    Denies,
    /// A denial of another time.
    DenialNotNow,
    /// Has ended.
    Expired,
    /// Begins later.
    NotYetValid,
    /// Is about other actions.
    OtherAction,
    /// Is about other points.
    OtherPoint,
    /// Holds at other hours.
    OutsideSchedule,
    /// Asks for a stronger, another kind of, or another credential.
    TooWeak,
    /// Would allow, and is used up.
    UsedUp,
}

/// Hears what the steps find.
pub trait Trace {
    /// A step is done.
    fn step(&mut self, step: Step, finding: StepFinding);
    /// A grant was looked at.
    fn grant(&mut self, grant: &GrantEntry, finding: GrantFinding);
}

impl Trace for () {
    fn step(&mut self, _: Step, _: StepFinding) {}
    fn grant(&mut self, _: &GrantEntry, _: GrantFinding) {}
}

/// A step with its finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// Which.
    pub step: Step,
    /// What it found.
    pub finding: StepFinding,
}

/// A grant with what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsideredGrant {
    /// Which.
    pub grant: GrantId,
    /// On which node.
    pub node: NodeId,
    /// What it said.
    pub finding: GrantFinding,
}

/// A decision with its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision itself.
    pub outcome: Outcome,
    /// The steps, in order, as far as it went.
    pub steps: Vec<StepLine>,
    /// The person's grants that were looked at, each once.
    pub grants: Vec<ConsideredGrant>,
}

#[derive(Default)]
struct Notes {
    steps: Vec<StepLine>,
    grants: Vec<ConsideredGrant>,
}

impl Trace for Notes {
    fn step(&mut self, step: Step, finding: StepFinding) {
        self.steps.push(StepLine { step, finding });
    }

    fn grant(&mut self, grant: &GrantEntry, finding: GrantFinding) {
        if !self.grants.iter().any(|seen| seen.grant == grant.id) {
            self.grants.push(ConsideredGrant {
                grant: grant.id,
                node: grant.node,
                finding,
            });
        }
    }
}

/// Decides and tells why. The decision is the one [`crate::decide`] takes: it is the same code.
#[must_use]
pub fn explain(
    request: &Request<'_>,
    directory: &Directory,
    usage: &Usage,
    now: Timestamp,
) -> Explanation {
    let mut notes = Notes::default();
    let outcome = take_steps(ORDER, request, directory, usage, now, &mut notes);
    Explanation {
        outcome,
        steps: notes.steps,
        grants: notes.grants,
    }
}
