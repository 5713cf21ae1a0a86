//! A Directory as large as the goals name: 100,000 people, 1,000,000 grants, 20,000 points.

use authz::{Directory, DirectoryBuilder, Intent, Request, Resource};
use jiff::Timestamp;
use model::{
    Action, ActionSet, Area, AreaId, AuthorizationRequired, Change, Charger, ChargerAuthorization,
    ChargerId, Credential, CredentialId, CredentialKind, CredentialState, Effect, Evse, EvseId,
    Grant, GrantId, Installation, InstallationId, Labels, NodeId, Organisation, OrganisationId,
    Person, PersonId, PersonState, PresentedToken, Revision, Role, StationId, StopGroup, Subject,
    TokenKind,
};

use crate::random::Random;

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Tenants.
    pub organisations: usize,
    /// Sites of each.
    pub installations: usize,
    /// Chargers of each site, of one EVSE each, in two areas.
    pub chargers: usize,
    /// People of each tenant, each with one card and ten grants.
    pub people: usize,
}

impl Size {
    /// The goal.
    pub const GOAL: Size = Size {
        organisations: 100,
        installations: 10,
        chargers: 20,
        people: 1000,
    };
}

/// When it is: 2026-01-01T00:00:00Z; the engine knows no clock.
pub const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Grants of a person: eight on chargers, one on an area, one on a charger that has ended.
pub const GRANTS_EACH: usize = 10;

/// The picture, and what may be asked of it.
pub struct Population {
    /// The picture.
    pub directory: Directory,
    /// Cards and points.
    pub questions: Vec<Question>,
    /// A person of every organisation, for a change.
    pub somebody: Person,
    /// Every charger.
    pub chargers: Vec<ChargerId>,
    /// When it is.
    pub now: Timestamp,
}

/// A card at a charger.
pub struct Question {
    token: PresentedToken,
    charger: ChargerId,
}

impl Question {
    /// Reads the token: in a server it has just come from the socket, and only what the Directory
    /// holds is in no cache.
    #[must_use]
    pub fn read(&self) -> u32 {
        self.token.value.bytes().map(u32::from).sum()
    }

    /// As a station asks it with Authorize.
    #[must_use]
    pub const fn request(&self) -> Request<'_> {
        Request::token(&self.token, Resource::AnyEvse(self.charger), Intent::Ask)
    }
}

struct Builder<'a> {
    random: Random,
    /// Takes each row, whatever it stands on before it.
    rows: &'a mut dyn FnMut(Change),
    now: Timestamp,
    names: usize,
}

struct Site {
    chargers: Vec<ChargerId>,
    areas: Vec<AreaId>,
}

impl Population {
    /// Makes one, with this many questions: half of them to be refused.
    #[must_use]
    pub fn new(size: Size, questions: usize) -> Self {
        let mut directory = DirectoryBuilder::new((7, 11));
        let (asked, somebody, chargers) = make(size, questions, &mut |row| directory.add(&row));
        Self {
            directory: directory.finish(Revision(1)),
            questions: asked,
            somebody: somebody.unwrap_or_else(|| nobody(NOW)),
            chargers,
            now: NOW,
        }
    }
}

/// The rows of such a picture, each after those it stands on.
pub fn rows(size: Size, take: &mut dyn FnMut(Change)) {
    make(size, 0, take);
}

type Made = (Vec<Question>, Option<Person>, Vec<ChargerId>);

fn make(size: Size, questions: usize, rows: &mut dyn FnMut(Change)) -> Made {
    let mut builder = Builder {
        random: Random::new(42),
        rows,
        now: NOW,
        names: 0,
    };
    let mut all = Vec::new();
    let mut allowed = Vec::new();
    let mut refused = Vec::new();
    let mut somebody = None;
    let wanted = questions / 2 / size.organisations.max(1) + 1;
    for _ in 0..size.organisations {
        let organisation = builder.organisation();
        let site = builder.sites(organisation, size);
        let people: Vec<Holder> = (0..size.people)
            .map(|_| builder.person(organisation, &site))
            .collect();
        somebody = people.last().map(|holder| holder.person.clone());
        let random = &mut builder.random;
        for _ in 0..wanted {
            let Some(holder) = random.pick(&people) else {
                continue;
            };
            if let Some(charger) = random.pick(&holder.allowed) {
                allowed.push(Question {
                    token: holder.token(),
                    charger: *charger,
                });
            }
            refused.extend(refusal(random, &people, &site));
        }
        all.extend(site.chargers);
    }
    let random = &mut builder.random;
    random.shuffle(&mut allowed);
    random.shuffle(&mut refused);
    allowed.truncate(questions / 2);
    refused.truncate(questions / 2);
    allowed.append(&mut refused);
    random.shuffle(&mut allowed);
    (allowed, somebody, all)
}

/// A third unknown cards, the rest known ones where their person has no right.
fn refusal(random: &mut Random, people: &[Holder], site: &Site) -> Option<Question> {
    let charger = *random.pick(&site.chargers)?;
    if random.below(3) == 0 {
        let value = format!("05{:012X}", random.bits() >> 16);
        return Some(Question {
            token: PresentedToken::new(TokenKind::IdTag, value),
            charger,
        });
    }
    let holder = random.pick(people)?;
    let has = holder.allowed.contains(&charger);
    (!has).then(|| Question {
        token: holder.token(),
        charger,
    })
}

struct Holder {
    person: Person,
    card: String,
    allowed: Vec<ChargerId>,
}

impl Holder {
    fn token(&self) -> PresentedToken {
        PresentedToken::new(TokenKind::IdTag, self.card.clone())
    }
}

impl Builder<'_> {
    fn labels(&mut self) -> Labels {
        self.names += 1;
        Labels {
            name: format!("N{}", self.names),
            ..Labels::default()
        }
    }

    fn organisation(&mut self) -> OrganisationId {
        let id = OrganisationId(self.random.id());
        let labels = self.labels();
        let row = Organisation {
            id,
            labels,
            created_at: self.now,
            deleted_at: None,
        };
        (self.rows)(Change::Organisation(row));
        id
    }

    fn sites(&mut self, organisation: OrganisationId, size: Size) -> Site {
        let mut site = Site {
            chargers: Vec::new(),
            areas: Vec::new(),
        };
        for _ in 0..size.installations {
            let installation = self.installation(organisation);
            let areas = [
                self.area(organisation, installation),
                self.area(organisation, installation),
            ];
            for number in 0..size.chargers {
                let area = if number.is_multiple_of(2) {
                    areas[0]
                } else {
                    areas[1]
                };
                site.chargers
                    .push(self.charger(organisation, installation, area));
            }
            site.areas.extend(areas);
        }
        site
    }

    fn installation(&mut self, organisation: OrganisationId) -> InstallationId {
        let id = InstallationId(self.random.id());
        let row = Installation {
            id,
            organisation,
            labels: self.labels(),
            time_zone: "Europe/Zurich".to_owned(),
            address: None,
            authorization_required: AuthorizationRequired::Required,
            open_schedule: None,
            authority: model::Authority::default(),
            concurrent_transactions: None,
            stop_on_revocation: false,
            language: None,
            created_at: self.now,
            deleted_at: None,
        };
        (self.rows)(Change::Installation(row));
        id
    }

    fn area(&mut self, organisation: OrganisationId, installation: InstallationId) -> AreaId {
        let id = AreaId(self.random.id());
        let row = Area {
            id,
            organisation,
            installation,
            parent: installation.into(),
            kind: "floor".to_owned(),
            anti_passback: model::AntiPassback::default(),
            labels: self.labels(),
            created_at: self.now,
            deleted_at: None,
        };
        (self.rows)(Change::Area(row));
        id
    }

    fn charger(
        &mut self,
        organisation: OrganisationId,
        installation: InstallationId,
        area: AreaId,
    ) -> ChargerId {
        let id = ChargerId(self.random.id());
        let labels = self.labels();
        let Ok(station) = StationId::new(&format!("CP{}", self.names)) else {
            return id;
        };
        let row = Charger {
            id,
            organisation,
            installation,
            parent: area.into(),
            station,
            labels,
            authorization_required: ChargerAuthorization::Inherit,
            open_schedule: None,
            offline_policy: model::ChargerOffline::default(),
            evses: vec![Evse {
                id: EvseId(self.random.id()),
                number: 1,
                connectors: vec![1],
            }],
            created_at: self.now,
            deleted_at: None,
        };
        (self.rows)(Change::Charger(row));
        id
    }

    fn person(&mut self, organisation: OrganisationId, site: &Site) -> Holder {
        let mut person = nobody(self.now);
        person.id = PersonId(self.random.id());
        person.organisation = organisation;
        person.managed_at = organisation.into();
        person.stop_group = StopGroup::new(format!("{:016X}", self.random.bits()));
        (self.rows)(Change::Person(person.clone()));
        let card = format!("04{:012X}", self.random.bits() >> 16);
        self.credential(&person, &card);
        let mut holder = Holder {
            person,
            card,
            allowed: Vec::new(),
        };
        for number in 0..GRANTS_EACH {
            let charger = self.random.pick(&site.chargers).copied();
            let area = self.random.pick(&site.areas).copied();
            match (number, charger, area) {
                (0, _, Some(area)) => self.grant(&holder.person, area.into(), None),
                (1, Some(charger), _) => {
                    self.grant(&holder.person, charger.into(), Some(self.now));
                }
                (_, Some(charger), _) => {
                    self.grant(&holder.person, charger.into(), None);
                    holder.allowed.push(charger);
                }
                (_, None, _) => {}
            }
        }
        holder
    }

    fn credential(&mut self, person: &Person, card: &str) {
        let row = Credential {
            id: CredentialId(self.random.id()),
            organisation: person.organisation,
            person: person.id,
            kind: CredentialKind::Rfid,
            value: card.to_owned(),
            key: model::normalise(card),
            state: CredentialState::Active,
            suspension: None,
            strength: model::Strength::Weak,
            places: None,
            valid_from: None,
            valid_until: None,
            labels: Labels::default(),
            created_at: self.now,
            deleted_at: None,
        };
        (self.rows)(Change::Credential(row));
    }

    fn grant(&mut self, person: &Person, node: NodeId, valid_until: Option<Timestamp>) {
        let id = GrantId(self.random.id());
        let row = grant(id, person, node, valid_until, self.now);
        (self.rows)(Change::Grant(row));
    }
}

/// A grant of the role of a user.
#[must_use]
pub fn grant(
    id: GrantId,
    person: &Person,
    node: NodeId,
    valid_until: Option<Timestamp>,
    now: Timestamp,
) -> Grant {
    Grant {
        id,
        organisation: person.organisation,
        subject: Subject::Person(person.id),
        role: Some(Role::User),
        actions: user_actions(),
        node,
        effect: Effect::Allow,
        condition: model::Condition::default(),
        valid_from: None,
        valid_until,
        reason: None,
        source: "bench".to_owned(),
        created_by: None,
        created_at: now,
        revoked_at: None,
    }
}

fn user_actions() -> ActionSet {
    let actions = Role::User.actions();
    debug_assert!(actions.contains(Action::Use), "users use");
    actions
}

fn nobody(now: Timestamp) -> Person {
    let nil = uuid::Uuid::nil();
    Person {
        id: PersonId(nil),
        organisation: OrganisationId(nil),
        account: None,
        managed_at: NodeId(nil),
        labels: Labels::default(),
        email: None,
        phone: None,
        state: PersonState::Active,
        suspension: None,
        member_until: None,
        stop_group: StopGroup::new(""),
        language: None,
        created_at: now,
        deleted_at: None,
    }
}
