//! Steps 2 to 9, each by itself.

use jiff::{SignedDuration, Timestamp};
use model::{
    Action, AntiPassback, Authority, AuthorizationRequired, ChargerOffline, EmergencyKind,
    OfflinePolicy, Passage, Reason,
};

use crate::decide::{Deciding, Place, Refusal};
use crate::explain::{Step, StepFinding, Trace};
use crate::identify::Identity;
use crate::request::{Intent, Taking, Told};
use crate::weigh::{Rights, Verdict};
use crate::{InstallationEntry, NodeDetail};

/// What follows from a step.
pub(crate) enum Next {
    /// The next step.
    On(StepFinding),
    /// Yes, at most until then, and no further step.
    Allow(Reason, Option<Timestamp>),
    /// An outside authority must be asked.
    Ask(Authority),
    /// No.
    Refuse(Refusal),
}

const PASSED: Next = Next::On(StepFinding::Passed);
const NOT_APPLICABLE: Next = Next::On(StepFinding::NotApplicable);

fn refuse(reason: Reason) -> Next {
    Next::Refuse(reason.into())
}

/// One walk through the steps, and what it has found so far.
pub(crate) struct Course<'c, 'a> {
    deciding: &'c Deciding<'a>,
    place: &'c Place<'a>,
    identity: &'c Identity<'a>,
    /// Of the installation.
    settings: Option<&'a InstallationEntry>,
    /// What the grants say; looked at when the first step asks.
    verdict: Option<Verdict>,
    /// Authority is elsewhere and gave no answer: the flag is without effect.
    is_elsewhere: bool,
    passed_back: bool,
}

impl<'c, 'a> Course<'c, 'a> {
    pub(crate) fn new(
        deciding: &'c Deciding<'a>,
        place: &'c Place<'a>,
        identity: &'c Identity<'a>,
    ) -> Self {
        let above = deciding.directory.installation_of(place.entry);
        Self {
            deciding,
            place,
            identity,
            settings: above.map(|(_, settings)| settings),
            verdict: None,
            is_elsewhere: false,
            passed_back: false,
        }
    }

    pub(crate) fn take<T: Trace>(&mut self, step: Step, trace: &mut T) -> Next {
        match step {
            // Before the first and after the last of these.
            Step::Point | Step::OwnTransaction => NOT_APPLICABLE,
            Step::Emergency => self.emergency(),
            Step::Authority => self.authority(),
            Step::OpenAccess => self.open_access(),
            Step::Credential => self.credential(),
            Step::Person => self.person(),
            Step::DenyRules => self.deny_rules(trace),
            Step::Grants => self.grants(trace),
            Step::Limits => self.limits(trace),
            Step::Concurrency => self.concurrency(),
            Step::AntiPassback => self.anti_passback(),
        }
    }

    /// Whether it is `use`, presented at the point. Steps 2, 3, 4 and 9 are for that alone, so that
    /// an open charger or an evacuation lets no stranger start remotely, read or change anything.
    fn is_use(&self) -> bool {
        self.deciding.request.action == Action::Use
    }

    /// 2. Doors: evacuation, else lockdown.
    fn emergency(&self) -> Next {
        let NodeDetail::Door(_) = self.place.entry.detail else {
            return NOT_APPLICABLE;
        };
        if !self.is_use() {
            return NOT_APPLICABLE;
        }
        let mut locked_down = false;
        for emergency in self.deciding.directory.emergencies(self.place.entry) {
            match emergency.kind {
                EmergencyKind::Evacuation => return Next::Allow(Reason::Evacuation, None),
                EmergencyKind::Lockdown => {
                    let exempt = emergency.exempt.is_some_and(|tag| {
                        self.identity.person.is_some_and(|person| person.is_in(tag))
                    });
                    locked_down |= !exempt;
                }
            }
        }
        if locked_down {
            refuse(Reason::Lockdown)
        } else {
            PASSED
        }
    }

    /// 3. Authority elsewhere: ask; no answer: the point's offline policy.
    fn authority(&mut self) -> Next {
        let authority = self
            .settings
            .map_or(Authority::Native, |settings| settings.authority);
        match authority {
            Authority::Native => return PASSED,
            Authority::Webhook => {}
        }
        let offline = match &self.place.entry.detail {
            NodeDetail::Charger { offline, .. } => *offline,
            NodeDetail::Door(door) => match door.offline {
                OfflinePolicy::Closed => ChargerOffline::Closed,
                OfflinePolicy::List => ChargerOffline::List,
            },
            NodeDetail::Organisation
            | NodeDetail::Installation
            | NodeDetail::Area(_)
            | NodeDetail::Evse { .. } => return PASSED,
        };
        if !self.is_use() {
            return NOT_APPLICABLE;
        }
        match (self.deciding.request.context.told, offline) {
            (None, _) => Next::Ask(authority),
            (Some(Told::Yes), _) | (Some(Told::Nothing), ChargerOffline::Open) => {
                Next::Allow(Reason::Delegated, None)
            }
            (Some(Told::No), _) => refuse(Reason::DelegatedRefusal),
            (Some(Told::Nothing), ChargerOffline::Closed) => refuse(Reason::AuthoritySilent),
            (Some(Told::Nothing), ChargerOffline::List) => {
                self.is_elsewhere = true;
                PASSED
            }
        }
    }

    /// 4. Authorization is not required here. Without effect while authority is elsewhere.
    fn open_access(&self) -> Next {
        if !self.is_use() || self.is_elsewhere {
            return NOT_APPLICABLE;
        }
        match self
            .deciding
            .directory
            .flag_under(self.settings, self.place.entry, self.deciding.now)
        {
            (AuthorizationRequired::Open, until) => Next::Allow(Reason::OpenAccess, until),
            (AuthorizationRequired::Required, _) => NOT_APPLICABLE,
        }
    }

    /// 5. The credential.
    fn credential(&self) -> Next {
        if let Some(reason) = self.identity.problem {
            return refuse(reason);
        }
        let NodeDetail::Door(door) = &self.place.entry.detail else {
            return PASSED;
        };
        // What the door asks for is asked of a credential; a session presents none.
        let too_weak = self
            .identity
            .credential
            .zip(door.access.minimum_strength)
            .is_some_and(|(credential, minimum)| credential.strength < minimum);
        if too_weak {
            refuse(Reason::TooWeak)
        } else {
            PASSED
        }
    }

    /// 6. The person.
    fn person(&self) -> Next {
        let Some(person) = self.identity.person else {
            return refuse(Reason::CredentialUnknown);
        };
        let now = self.deciding.now;
        if self.deciding.is_suspended(person) {
            refuse(Reason::PersonSuspended)
        } else if person.member_until().is_some_and(|until| until <= now) {
            refuse(Reason::MembershipEnded)
        } else {
            PASSED
        }
    }

    /// 7. A deny grant holds.
    fn deny_rules<T: Trace>(&mut self, trace: &mut T) -> Next {
        match self.verdict(trace).denied {
            Some(grant) => Next::Refuse(Refusal {
                reason: Reason::DeniedByRule,
                grant: Some(grant),
            }),
            None => PASSED,
        }
    }

    /// 8. An allow grant holds, else the nearest miss.
    fn grants<T: Trace>(&mut self, trace: &mut T) -> Next {
        let verdict = self.verdict(trace);
        if verdict.allowed.is_some() {
            return Next::On(StepFinding::Allowed(Reason::Granted));
        }
        let (reason, grant) = verdict.miss;
        Next::Refuse(Refusal { reason, grant })
    }

    /// 9. Limits. What is reported late has happened: it overdraws and is not refused.
    fn limits<T: Trace>(&mut self, trace: &mut T) -> Next {
        if !self.is_use() {
            return NOT_APPLICABLE;
        }
        let late = self.deciding.request.intent == Intent::Late;
        match self.verdict(trace).allowed {
            Some(allowed) if allowed.is_used_up && !late => Next::Refuse(Refusal {
                reason: Reason::LimitReached,
                grant: Some(allowed.grant),
            }),
            Some(allowed) if allowed.limits.is_none() => NOT_APPLICABLE,
            Some(_) => PASSED,
            None => NOT_APPLICABLE,
        }
    }

    /// 9. Concurrency, at a start only; the transaction that starts does not count.
    fn concurrency(&self) -> Next {
        let Intent::Start(starting) = self.deciding.request.intent else {
            return NOT_APPLICABLE;
        };
        let most = self.settings.and_then(|it| it.concurrent_transactions);
        let (Some(most), Some(installation)) = (most, self.place.entry.installation) else {
            return NOT_APPLICABLE;
        };
        let open = self.identity.found.person.map_or(0, |person| {
            self.deciding
                .usage
                .of_person(person)
                .filter(|open| open.installation == installation && open.id != starting)
                .count()
        });
        if u32::try_from(open).unwrap_or(u32::MAX) < most {
            return PASSED;
        }
        Next::Refuse(Refusal {
            reason: Reason::Concurrent,
            grant: self.granted_by(),
        })
    }

    /// 9. Anti-passback: who is inside a zone does not enter it again. Leaving is never refused.
    fn anti_passback(&mut self) -> Next {
        let NodeDetail::Door(door) = &self.place.entry.detail else {
            return NOT_APPLICABLE;
        };
        let (Some(Passage::Entry(zone)), true) = (door.access.passage, self.is_use()) else {
            return NOT_APPLICABLE;
        };
        let since = self
            .identity
            .found
            .person
            .and_then(|person| self.deciding.usage.inside_since(person, zone));
        let Some(since) = since else { return PASSED };
        let refused = match self.deciding.directory.anti_passback(zone) {
            AntiPassback::Off => return NOT_APPLICABLE,
            AntiPassback::Soft => false,
            AntiPassback::Hard => true,
            AntiPassback::Timed(minutes) => {
                let until = since.checked_add(SignedDuration::from_mins(i64::from(minutes)));
                if until.is_ok_and(|until| until <= self.deciding.now) {
                    return PASSED;
                }
                true
            }
        };
        if refused && self.deciding.request.intent != Intent::Late {
            return Next::Refuse(Refusal {
                reason: Reason::AntiPassback,
                grant: self.granted_by(),
            });
        }
        self.passed_back = true;
        PASSED
    }

    fn verdict<T: Trace>(&mut self, trace: &mut T) -> &Verdict {
        let (deciding, place, identity) = (self.deciding, self.place, self.identity);
        self.verdict
            .get_or_insert_with(|| deciding.weigh(identity, place, trace))
    }

    fn granted_by(&self) -> Option<model::GrantId> {
        Some(self.verdict.as_ref()?.allowed?.grant)
    }

    /// What whoever got through all steps may do.
    pub(crate) fn rights(self) -> Rights {
        let is_use = self.is_use();
        let Some(verdict) = self.verdict else {
            return Rights::default();
        };
        let identity = self.identity;
        let upcoming = |suspension: Option<model::Suspension>| {
            suspension
                .map(|suspension| suspension.from)
                .filter(|from| self.deciding.now < *from)
        };
        let credential = identity.credential;
        let person = identity.person;
        let ends: [Option<Timestamp>; 6] = [
            verdict.until,
            credential.and_then(|credential| credential.valid_until()),
            credential.and_then(|credential| upcoming(credential.suspension())),
            identity.key.and_then(|key| key.expires_at),
            person.and_then(|person| person.member_until()),
            person.and_then(|person| upcoming(person.suspension())),
        ];
        let taking = verdict.allowed.filter(|_| is_use).and_then(|allowed| {
            Some(Taking {
                grant: allowed.grant,
                person: identity.found.person?,
                of: self.deciding.request.intent.takes(),
                limits: allowed.limits?,
                overdraft: allowed.is_used_up,
            })
        });
        Rights {
            grant: verdict.allowed.map(|allowed| allowed.grant),
            until: ends.into_iter().flatten().min(),
            evses: verdict.evses,
            once: taking.is_some() || credential.is_some_and(|entry| entry.kind.is_code()),
            taking,
            passed_back: self.passed_back,
        }
    }
}
