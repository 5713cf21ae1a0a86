//! The live picture that decisions look at: tree, people, credentials, grants, flags.
//!
//! Immutable once shared: a change is applied to a clone, which copies only the pages it touches.
//! It holds what a decision needs and nothing else: no names, no addresses, no card numbers (a
//! credential is found by a keyed 128-bit hash of its normalised value).

mod builder;
mod change;
mod entries;
mod grants;
mod names;
mod tags;

use std::sync::Arc;

use hashbrown::HashMap;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use model::{
    AntiPassback, ApiKeyId, AreaId, AuthorizationRequired, CalendarId, ChargerAuthorization,
    Committed, CredentialId, CredentialKind, DoorId, InstallationId, LockId, NodeId, NodeKind,
    Numbers, OrganisationId, PersonId, PresentedToken, Revision, ScheduleId, Subject, TagId,
    TokenKind,
};
use siphasher::sip128::SipHasher13;

pub use builder::DirectoryBuilder;
pub(crate) use entries::{
    CalendarEntry, CredentialEntry, Guess, KeyEntry, LookedUp, ScheduleEntry,
};
pub use entries::{
    DoorEntry, EmergencyEntry, GrantEntry, InstallationEntry, LockEntry, NodeDetail, NodeEntry,
    NodePath, PersonEntry,
};
pub use grants::Grants;
pub(crate) use names::Namespace;
use names::has_number;
pub use tags::{NestingFault, TagEntry};

use crate::hours::Hours;
use crate::pages::{HighHalf, Pages};

/// The longest way from a node to its organisation, both counted.
const DEPTH: usize = 8;

/// The flag where nothing opens.
const REQUIRED: (AuthorizationRequired, Option<Timestamp>) =
    (AuthorizationRequired::Required, None);

/// The live picture at a revision.
#[derive(Clone)]
pub struct Directory {
    revision: Revision,
    /// Keys the credential index; chosen at start, so that nobody can aim at collisions.
    seed: (u64, u64),
    nodes: Pages<NodeId, NodeEntry>,
    people: Pages<PersonId, PersonEntry>,
    /// Of installations.
    settings: Pages<InstallationId, InstallationEntry>,
    credentials: Pages<u128, CredentialEntry, HighHalf>,
    keys: Pages<ApiKeyId, KeyEntry>,
    /// What a reader that loses something shows, by the index of the cards it may stand for.
    weak_numbers: Pages<u128, Arc<[u128]>, HighHalf>,
    locks: Pages<LockId, LockEntry>,
    /// Who has a grant on a node, with as many entries as grants.
    granted: Pages<NodeId, Arc<[Subject]>>,
    tags: Pages<TagId, TagEntry>,
    // Few, and seldom changed: copied as a whole.
    schedules: Arc<HashMap<ScheduleId, ScheduleEntry>>,
    calendars: Arc<HashMap<CalendarId, CalendarEntry>>,
    emergencies: Arc<HashMap<NodeId, Arc<[EmergencyEntry]>>>,
    /// What an organisation was granted as a partner, by any other.
    partners: Arc<HashMap<OrganisationId, Grants>>,
    zones: TimeZoneDatabase,
    /// Shared by all who have none.
    no_grants: Grants,
}

impl Directory {
    /// An empty picture. `seed` is random, and the same for as long as the process lives.
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            revision: Revision(0),
            seed,
            nodes: Pages::new(),
            people: Pages::new(),
            settings: Pages::new(),
            credentials: Pages::new(),
            keys: Pages::new(),
            weak_numbers: Pages::new(),
            locks: Pages::new(),
            granted: Pages::new(),
            tags: Pages::new(),
            schedules: Arc::default(),
            calendars: Arc::default(),
            emergencies: Arc::default(),
            partners: Arc::default(),
            // What comes with the program, not with the machine: the same everywhere.
            zones: TimeZoneDatabase::bundled(),
            no_grants: Grants::default(),
        }
    }

    /// The revision it stands at.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: impl Into<NodeId>) -> Option<&NodeEntry> {
        self.nodes.get(&id.into())
    }

    /// Every node, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &NodeEntry)> {
        self.nodes.iter().map(|(id, entry)| (*id, entry))
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&PersonEntry> {
        self.people.get(&id)
    }

    /// The person whose a credential is.
    pub(crate) fn holder(&self, credential: &CredentialEntry) -> Option<&PersonEntry> {
        self.people.find(credential.holder, &credential.person)
    }

    /// What an effect at a door must know of it.
    #[must_use]
    pub fn door(&self, id: DoorId) -> Option<DoorEntry> {
        match self.node(id)?.detail {
            NodeDetail::Door(door) => Some(door),
            NodeDetail::Organisation
            | NodeDetail::Installation
            | NodeDetail::Area(_)
            | NodeDetail::Charger { .. }
            | NodeDetail::Evse { .. } => None,
        }
    }

    /// A lock.
    #[must_use]
    pub fn lock(&self, id: LockId) -> Option<&LockEntry> {
        self.locks.get(&id)
    }

    /// Who has a grant on exactly this node; subjects may come more than once.
    #[must_use]
    pub fn granted_on(&self, node: NodeId) -> &[Subject] {
        self.granted.get(&node).map_or(&[], |subjects| subjects)
    }

    /// Every person, in no order.
    pub fn people(&self) -> impl Iterator<Item = (PersonId, &PersonEntry)> {
        self.people.iter().map(|(id, entry)| (*id, entry))
    }

    /// The settings of the installation above a node.
    #[must_use]
    pub fn installation_of(
        &self,
        node: &NodeEntry,
    ) -> Option<(InstallationId, &InstallationEntry)> {
        let installation = node.installation?;
        Some((
            installation,
            self.settings.find(node.settings, &installation)?,
        ))
    }

    /// The settings of an installation.
    #[must_use]
    pub fn settings(&self, installation: InstallationId) -> Option<&InstallationEntry> {
        self.settings.get(&installation)
    }

    fn settings_of(&self, installation: Option<InstallationId>) -> Option<&InstallationEntry> {
        self.settings(installation?)
    }

    /// The flag in effect at a charger or one of its EVSEs; a door never inherits `Open` and has
    /// its own unlock schedule; every other node is `Required`.
    #[must_use]
    pub fn authorization_required(
        &self,
        node: &NodeEntry,
        now: Timestamp,
    ) -> AuthorizationRequired {
        self.flag(node, now).0
    }

    /// The flag in effect, and until when an `Open` by schedule stays.
    #[must_use]
    pub fn flag(
        &self,
        node: &NodeEntry,
        now: Timestamp,
    ) -> (AuthorizationRequired, Option<Timestamp>) {
        self.flag_under(self.settings_of(node.installation), node, now)
    }

    /// The flag in effect under the settings of the installation above, which were looked up.
    pub(crate) fn flag_under(
        &self,
        settings: Option<&InstallationEntry>,
        node: &NodeEntry,
        now: Timestamp,
    ) -> (AuthorizationRequired, Option<Timestamp>) {
        let installation = node.installation;
        match &node.detail {
            NodeDetail::Charger {
                flag,
                open_schedule,
                ..
            } => self.own_flag_under(settings, *flag, *open_schedule, installation, now),
            NodeDetail::Evse { charger, .. } => self
                .node(*charger)
                .filter(|above| above.kind == NodeKind::Charger)
                .map_or(REQUIRED, |above| self.flag_under(settings, above, now)),
            NodeDetail::Door(door) => match door.access.unlock_schedule {
                Some(schedule) => self.open_while(Some(schedule), installation, now),
                None => REQUIRED,
            },
            NodeDetail::Organisation | NodeDetail::Installation | NodeDetail::Area(_) => REQUIRED,
        }
    }

    /// The flag in effect at a charger of an installation that says so itself.
    #[must_use]
    pub fn charger_flag(
        &self,
        own: ChargerAuthorization,
        open_schedule: Option<ScheduleId>,
        installation: Option<InstallationId>,
        now: Timestamp,
    ) -> (AuthorizationRequired, Option<Timestamp>) {
        let settings = self.settings_of(installation);
        self.own_flag_under(settings, own, open_schedule, installation, now)
    }

    fn own_flag_under(
        &self,
        settings: Option<&InstallationEntry>,
        own: ChargerAuthorization,
        open_schedule: Option<ScheduleId>,
        installation: Option<InstallationId>,
        now: Timestamp,
    ) -> (AuthorizationRequired, Option<Timestamp>) {
        match own {
            ChargerAuthorization::Required => REQUIRED,
            ChargerAuthorization::Open => self.open_while(open_schedule, installation, now),
            ChargerAuthorization::Inherit => match settings {
                Some(settings) if settings.flag == AuthorizationRequired::Open => {
                    self.open_while(settings.open_schedule, installation, now)
                }
                Some(_) | None => REQUIRED,
            },
        }
    }

    /// The schedule on which the flag at a charger depends; `None` where it depends on none.
    #[must_use]
    pub fn flag_schedule(&self, node: &NodeEntry) -> Option<ScheduleId> {
        let NodeDetail::Charger {
            flag,
            open_schedule,
            ..
        } = &node.detail
        else {
            return None;
        };
        match flag {
            ChargerAuthorization::Required => None,
            ChargerAuthorization::Open => *open_schedule,
            ChargerAuthorization::Inherit => {
                let settings = self.settings_of(node.installation)?;
                match settings.flag {
                    AuthorizationRequired::Required => None,
                    AuthorizationRequired::Open => settings.open_schedule,
                }
            }
        }
    }

    /// When the flag at a charger may next turn by itself: the next edge of the schedule it
    /// depends on, or how far was looked for one. `None`: not without a change.
    #[must_use]
    pub fn flag_edge(&self, node: &NodeEntry, now: Timestamp) -> Option<Timestamp> {
        let schedule = self.flag_schedule(node)?;
        let hours = self.hours(schedule, node.installation)?;
        Some(hours.next_change(now))
    }

    /// Open while a schedule holds; without one, always.
    fn open_while(
        &self,
        schedule: Option<ScheduleId>,
        installation: Option<InstallationId>,
        now: Timestamp,
    ) -> (AuthorizationRequired, Option<Timestamp>) {
        let Some(schedule) = schedule else {
            return (AuthorizationRequired::Open, None);
        };
        match self.hours(schedule, installation) {
            Some(hours) if hours.hold(now) => {
                (AuthorizationRequired::Open, Some(hours.next_change(now)))
            }
            Some(_) | None => (AuthorizationRequired::Required, None),
        }
    }

    /// The hours of a schedule by the clock at an installation; `None` if either is not known.
    pub(crate) fn hours(
        &self,
        schedule: ScheduleId,
        installation: Option<InstallationId>,
    ) -> Option<Hours<'_>> {
        let schedule = self.schedules.get(&schedule)?;
        let installation = self.settings_of(installation)?;
        Some(Hours {
            slots: &schedule.slots,
            holidays: schedule
                .calendar
                .and_then(|calendar| self.calendars.get(&calendar))
                .map_or(&[], |entry| &entry.dates),
            zone: installation.zone.as_ref()?,
        })
    }

    /// The organisation of a calendar.
    #[must_use]
    pub fn calendar_of(&self, calendar: CalendarId) -> Option<OrganisationId> {
        self.calendars
            .get(&calendar)
            .map(|entry| entry.organisation)
    }

    /// The organisation of a schedule.
    #[must_use]
    pub fn schedule_of(&self, schedule: ScheduleId) -> Option<OrganisationId> {
        self.schedules
            .get(&schedule)
            .map(|entry| entry.organisation)
    }

    /// Lockdowns and evacuations in force at a node or above it.
    pub fn emergencies<'a>(&'a self, node: &'a NodeEntry) -> impl Iterator<Item = EmergencyEntry> {
        let path: &[NodeId] = if self.emergencies.is_empty() {
            &[]
        } else {
            &node.path
        };
        path.iter()
            .filter_map(|node| self.emergencies.get(node))
            .flat_map(|here| here.iter().copied())
    }

    /// How entering an area twice is dealt with.
    #[must_use]
    pub fn anti_passback(&self, area: AreaId) -> AntiPassback {
        match self.node(area).map(|node| &node.detail) {
            Some(NodeDetail::Area(anti_passback)) => *anti_passback,
            Some(
                NodeDetail::Organisation
                | NodeDetail::Installation
                | NodeDetail::Charger { .. }
                | NodeDetail::Evse { .. }
                | NodeDetail::Door(_),
            )
            | None => AntiPassback::Off,
        }
    }

    /// Whose token it is, whatever its state: for the record, not a decision.
    #[must_use]
    pub fn holder_of(
        &self,
        organisation: OrganisationId,
        token: &PresentedToken,
        numbers: Numbers,
    ) -> Option<(CredentialId, PersonId)> {
        let key = token.key();
        match self.look_up(organisation, token.kind, &key, self.guess(&key), numbers) {
            LookedUp::One(entry) => Some((entry.id, entry.person)),
            LookedUp::None | LookedUp::Several => None,
        }
    }

    /// Whether it is a remote token of somebody in the organisation: made here, on no card.
    #[must_use]
    pub fn is_remote_token(&self, organisation: OrganisationId, token: &PresentedToken) -> bool {
        let key = token.received_key();
        match self.look_up(
            organisation,
            token.kind,
            &key,
            self.guess(&key),
            Numbers::Exact,
        ) {
            LookedUp::One(entry) => entry.kind == CredentialKind::App,
            LookedUp::None | LookedUp::Several => false,
        }
    }

    /// The card whose own number a key is, whatever its state: forms of it that readers show do
    /// not count. For what is noted about readers, not a decision.
    #[must_use]
    pub fn card_numbered(
        &self,
        organisation: OrganisationId,
        key: &str,
    ) -> Option<(CredentialId, PersonId)> {
        self.number_taken(organisation, key)
            .filter(|(kind, ..)| matches!(kind, CredentialKind::Rfid | CredentialKind::Key))
            .map(|(_, id, person)| (id, person))
    }

    /// What a number stands for that can be presented, whatever its state: no other credential
    /// of the organisation can have it.
    #[must_use]
    pub fn number_taken(
        &self,
        organisation: OrganisationId,
        key: &str,
    ) -> Option<(CredentialKind, CredentialId, PersonId)> {
        let exact = self.index(organisation, Namespace::Token, key);
        self.credentials
            .get(&exact)
            .map(|entry| (entry.kind, entry.id, entry.person))
    }

    /// Begins to look up a normalised token before it is known in which organisation. What it finds
    /// is as a rule in no cache: so it is waited for while the place is looked up.
    pub(crate) fn guess(&self, key: &str) -> Guess<'_> {
        let number = self.number(key);
        let credential = self.credentials.near(HighHalf::of(number));
        Guess {
            number,
            credential,
            person: credential.and_then(|(_, entry)| self.holder(entry)),
        }
    }

    /// Whose a normalised token is. What equals a number exactly is meant; else the one card that
    /// the number stands for in another form, where other forms count.
    pub(crate) fn look_up<'a>(
        &'a self,
        organisation: OrganisationId,
        kind: TokenKind,
        key: &str,
        guess: Guess<'a>,
        numbers: Numbers,
    ) -> LookedUp<'a> {
        let exact = within(organisation, Namespace::presented_as(kind), guess.number);
        let entry = match guess.credential {
            Some((index, entry)) if *index == exact => Some(entry),
            // The same number elsewhere.
            Some(_) => self.credentials.get(&exact),
            None => None,
        };
        if let Some(entry) = entry {
            return if kind.admits(entry.kind) {
                LookedUp::One(entry)
            } else {
                LookedUp::None
            };
        }
        if !kind.is_card() || numbers == Numbers::Exact {
            return LookedUp::None;
        }
        let strong = model::strong_forms(key);
        let strong = strong
            .iter()
            .map(|form| self.index(organisation, Namespace::Token, form));
        let forms = if numbers == Numbers::WeakForms {
            model::presented_weak_forms(key)
        } else {
            Vec::new()
        };
        let weak = forms
            .iter()
            .map(|form| self.index(organisation, Namespace::Weak, form))
            .filter_map(|index| self.weak_numbers.get(&index))
            .flat_map(|cards| cards.iter().copied());
        let mut found: Option<&CredentialEntry> = None;
        for entry in strong
            .chain(weak)
            .filter_map(|index| self.credentials.get(&index))
            .filter(|entry| kind.admits(entry.kind) && has_number(entry.kind))
        {
            match found {
                Some(other) if other.id != entry.id => return LookedUp::Several,
                Some(_) | None => found = Some(entry),
            }
        }
        found.map_or(LookedUp::None, LookedUp::One)
    }

    pub(crate) fn key(&self, id: ApiKeyId) -> Option<&KeyEntry> {
        self.keys.get(&id)
    }

    /// How many nodes, people, credentials and grants it holds.
    #[must_use]
    pub fn size(&self) -> [usize; 4] {
        let of_people: usize = self
            .people
            .iter()
            .map(|(_, person)| person.grants.len())
            .sum();
        let of_tags: usize = self.tags.iter().map(|(_, tag)| tag.grants.len()).sum();
        let of_partners: usize = self.partners.values().map(|grants| grants.len()).sum();
        let grants = of_people + of_tags + of_partners;
        [
            self.nodes.len(),
            self.people.len(),
            self.credentials.len(),
            grants,
        ]
    }

    /// The picture after committed changes. Changes at or below the revision it stands at are
    /// already in it and are passed over.
    #[must_use]
    pub fn with(&self, changes: &[Committed]) -> Self {
        let mut next = self.clone();
        for committed in changes {
            if committed.revision > next.revision {
                next.apply(&committed.change);
                next.revision = committed.revision;
            }
        }
        next
    }

    /// By what a number is found in an organisation.
    fn index(&self, organisation: OrganisationId, namespace: Namespace, key: &str) -> u128 {
        within(organisation, namespace, self.number(key))
    }

    /// A number, hashed: nobody who does not know the seed finds two that are alike.
    fn number(&self, key: &str) -> u128 {
        let hasher = SipHasher13::new_with_keys(self.seed.0, self.seed.1);
        hasher.hash(key.as_bytes()).as_u128()
    }
}

/// A number in an organisation and among numbers of its kind. They go into the low half only: the
/// high one, by which an entry is searched, is known before the organisation is. So a number that
/// many organisations have is found among as many.
fn within(organisation: OrganisationId, namespace: Namespace, number: u128) -> u128 {
    let (high, low) = organisation.0.as_u64_pair();
    number ^ u128::from(high ^ low ^ ((namespace as u64) << 62))
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [nodes, people, credentials, grants] = self.size();
        f.debug_struct("Directory")
            .field("revision", &self.revision)
            .field("nodes", &nodes)
            .field("people", &people)
            .field("credentials", &credentials)
            .field("grants", &grants)
            .finish_non_exhaustive()
    }
}
