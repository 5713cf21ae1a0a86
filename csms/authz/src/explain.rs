//! The explanation of a decision: what each step and each grant said, from the same code.

use jiff::Timestamp;
use model::{OrganisationId, Reason, TagId};

use crate::decide::{ORDER, take_steps};
use crate::{Directory, GrantEntry, Outcome, PersonEntry, Request, Usage};

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

/// How a grant comes to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It was given to them.
    Own,
    /// It was given to a tag: the one they stand in, then those above, up to the one it was given
    /// to.
    Tags(Vec<TagId>),
    /// It was given to their organisation as a partner.
    Partner(OrganisationId),
}

/// A grant with what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsideredGrant {
    /// The grant, with its conditions.
    pub grant: GrantEntry,
    /// How it comes to the person.
    pub way: Way,
    /// What it said.
    pub finding: GrantFinding,
    /// A permission that is not of its time: from when on it holds, within a year.
    pub holds_from: Option<Timestamp>,
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
    grants: Vec<(GrantEntry, GrantFinding)>,
}

impl Trace for Notes {
    fn step(&mut self, step: Step, finding: StepFinding) {
        self.steps.push(StepLine { step, finding });
    }

    fn grant(&mut self, grant: &GrantEntry, finding: GrantFinding) {
        if !self.grants.iter().any(|(seen, _)| seen.id == grant.id) {
            self.grants.push((grant.clone(), finding));
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
    let found = outcome.found();
    let person = found.person.and_then(|person| directory.person(person));
    let place = found.node.and_then(|node| directory.node(node));
    let grants = notes.grants.into_iter().filter_map(|(grant, finding)| {
        let holds_from = match finding {
            GrantFinding::NotYetValid | GrantFinding::OutsideSchedule => {
                directory.holds_from(&grant, place?.installation, now)
            }
            GrantFinding::Allows
            | GrantFinding::Denies
            | GrantFinding::DenialNotNow
            | GrantFinding::Expired
            | GrantFinding::OtherAction
            | GrantFinding::OtherPoint
            | GrantFinding::TooWeak
            | GrantFinding::UsedUp => None,
        };
        Some(ConsideredGrant {
            way: directory.way_of(&grant, person?),
            grant,
            finding,
            holds_from,
        })
    });
    Explanation {
        grants: grants.collect(),
        outcome,
        steps: notes.steps,
    }
}

/// How many changes of a schedule are looked at for the next time it holds; each is at most eight
/// days away.
const CHANGES_AHEAD: usize = 50;

impl Directory {
    /// From when on the time of a grant has come, if within about a year: its validity and its
    /// schedule both hold then.
    fn holds_from(
        &self,
        grant: &GrantEntry,
        installation: Option<model::InstallationId>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let begins = Timestamp::from_microsecond(grant.from).unwrap_or(Timestamp::MIN);
        let mut at = begins.max(now);
        let schedule = grant.condition.as_deref().and_then(|it| it.schedule);
        if let Some(schedule) = schedule {
            let hours = self.hours(schedule, installation)?;
            for _ in 0..CHANGES_AHEAD {
                if hours.hold(at) {
                    break;
                }
                at = hours.next_change(at);
            }
            if !hours.hold(at) {
                return None;
            }
        }
        (at.as_microsecond() < grant.until).then_some(at)
    }

    /// How a grant comes to a person who has it.
    fn way_of(&self, grant: &GrantEntry, person: &PersonEntry) -> Way {
        if person.grants.iter().any(|own| own.id == grant.id) {
            return Way::Own;
        }
        let to = person.tags().iter().copied().find(|tag| {
            self.grants_of_tag(*tag)
                .any(|granted| granted.id == grant.id)
        });
        to.map_or(Way::Partner(person.organisation), |tag| {
            Way::Tags(self.tags_up_to(person, tag))
        })
    }
}
