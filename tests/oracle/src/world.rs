//! Worlds of facts: what all engines are told.

use std::collections::BTreeMap;

use authz::{Directory, DirectoryBuilder};
use jiff::{SignedDuration, Timestamp};
use model::{
    Action, ActionSet, Area, AreaId, AuthorizationRequired, Change, Charger, ChargerAuthorization,
    ChargerId, Condition, CredentialKind, Effect, Evse, EvseId, Grant, GrantId, Installation,
    InstallationId, KindSet, Labels, Member, Membership, NodeId, Organisation, OrganisationId,
    Person, PersonId, PersonState, Revision, Role, StationId, StopGroup, Subject, Suspension, Tag,
    TagId,
};
use uuid::Uuid;

use crate::random::Random;

/// 2026-01-01T00:00:00Z; no engine has a clock.
pub const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// All facts, in rows and as other engines want them.
#[derive(Debug, Default)]
pub struct World {
    /// What our Directory is built from, in this order.
    pub rows: Vec<Change>,
    /// The node above each node.
    pub above: BTreeMap<NodeId, Option<NodeId>>,
    /// The organisations.
    pub organisations: Vec<OrganisationId>,
    /// Everybody.
    pub people: Vec<Person>,
    /// The tags.
    pub tags: Vec<Tag>,
    /// What stands in them.
    pub memberships: Vec<Membership>,
    /// The rights.
    pub grants: Vec<Grant>,
    numbers: u128,
}

/// A question: may this person do this there, then?
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Who.
    pub person: PersonId,
    /// What.
    pub action: Action,
    /// Where.
    pub node: NodeId,
    /// When.
    pub at: Timestamp,
}

/// Days from [`NOW`].
fn day(days: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * days)
}

impl World {
    /// The picture of our engine.
    #[must_use]
    pub fn directory(&self) -> Directory {
        let mut builder = DirectoryBuilder::new((3, 5));
        let tags = self.tags.iter().cloned().map(Change::Tag);
        let memberships = self.memberships.iter().copied().map(Change::Membership);
        let grants = self.grants.iter().cloned().map(Change::Grant);
        for row in self
            .rows
            .iter()
            .cloned()
            .chain(tags)
            .chain(memberships)
            .chain(grants)
        {
            builder.add(&row);
        }
        builder.finish(Revision(1))
    }

    /// A small world with a bit of everything.
    #[must_use]
    pub fn random(random: &mut Random) -> Self {
        let mut world = Self::default();
        for _ in 0..2 {
            world.site(1 + random.below(2), 2, 2);
        }
        for organisation in world.organisations.clone() {
            for _ in 0..5 {
                let person = world.some_person(organisation, random);
                world.put_person(person);
            }
            world.some_tags(organisation, random);
            for _ in 0..25 {
                let grant = world.some_grant(organisation, random);
                world.grants.push(grant);
            }
        }
        world
    }

    /// A world of people with rights on single chargers and areas alone: each has nine on chargers
    /// and one on an area.
    #[must_use]
    pub fn of_size(people: usize, random: &mut Random) -> Self {
        let mut world = Self::default();
        let sites = people.div_ceil(1000).max(1);
        for _ in 0..sites {
            let chargers = world.site(10, 2, 10);
            let organisation = world.organisations[world.organisations.len() - 1];
            let areas: Vec<NodeId> = chargers
                .iter()
                .filter_map(|node| world.above[node])
                .collect();
            for _ in 0..people / sites {
                let id = PersonId(world.id());
                world.put_person(person(id, organisation));
                for number in 0..10 {
                    let node = random.pick(if number == 0 { &areas } else { &chargers });
                    let id = GrantId(world.id());
                    world.grants.push(user_grant(
                        id,
                        organisation,
                        Subject::Person(world.people[world.people.len() - 1].id),
                        node,
                    ));
                }
            }
        }
        world
    }

    fn id(&mut self) -> Uuid {
        self.numbers += 1;
        Uuid::from_u128(self.numbers)
    }

    /// Adds an organisation with installations, areas below each, and chargers below each area;
    /// the chargers.
    fn site(&mut self, installations: usize, areas: usize, chargers: usize) -> Vec<NodeId> {
        let organisation = OrganisationId(self.id());
        self.organisations.push(organisation);
        self.above.insert(organisation.into(), None);
        self.rows.push(Change::Organisation(Organisation {
            id: organisation,
            labels: Labels::default(),
            created_at: NOW,
            deleted_at: None,
        }));
        let mut made = Vec::new();
        for _ in 0..installations {
            let installation = InstallationId(self.id());
            self.above
                .insert(installation.into(), Some(organisation.into()));
            self.rows.push(Change::Installation(Installation {
                id: installation,
                organisation,
                labels: Labels::default(),
                time_zone: "Europe/Zurich".to_owned(),
                address: None,
                authorization_required: AuthorizationRequired::Required,
                open_schedule: None,
                authority: model::Authority::default(),
                concurrent_transactions: None,
                stop_on_revocation: false,
                language: None,
                created_at: NOW,
                deleted_at: None,
            }));
            for _ in 0..areas {
                let area = self.area(organisation, installation);
                for _ in 0..chargers {
                    made.push(self.charger(organisation, installation, area));
                }
            }
        }
        made
    }

    fn area(&mut self, organisation: OrganisationId, installation: InstallationId) -> AreaId {
        let id = AreaId(self.id());
        self.above.insert(id.into(), Some(installation.into()));
        self.rows.push(Change::Area(Area {
            id,
            organisation,
            installation,
            parent: installation.into(),
            kind: "floor".to_owned(),
            anti_passback: model::AntiPassback::default(),
            labels: Labels::default(),
            created_at: NOW,
            deleted_at: None,
        }));
        id
    }

    fn charger(
        &mut self,
        organisation: OrganisationId,
        installation: InstallationId,
        area: AreaId,
    ) -> NodeId {
        let id = ChargerId(self.id());
        let evse = EvseId(self.id());
        self.above.insert(id.into(), Some(area.into()));
        self.above.insert(evse.into(), Some(id.into()));
        self.rows.push(Change::Charger(Charger {
            id,
            organisation,
            installation,
            parent: area.into(),
            station: StationId::new(&format!("CP{}", self.numbers)).expect("a short identity"),
            labels: Labels::default(),
            authorization_required: ChargerAuthorization::Inherit,
            open_schedule: None,
            offline_policy: model::ChargerOffline::default(),
            evses: vec![Evse {
                id: evse,
                number: 1,
                connectors: vec![1],
            }],
            created_at: NOW,
            deleted_at: None,
        }));
        id.into()
    }

    fn put_person(&mut self, person: Person) {
        self.rows.push(Change::Person(person.clone()));
        self.people.push(person);
    }

    fn some_person(&mut self, organisation: OrganisationId, random: &mut Random) -> Person {
        let mut person = person(PersonId(self.id()), organisation);
        if random.one_in(6) {
            person.state = PersonState::Suspended;
        }
        if random.one_in(6) {
            person.suspension = Some(Suspension {
                from: day(-1),
                until: Some(day(random.below(3) as i64 - 1)).filter(|end| *end > day(-1)),
            });
        }
        if random.one_in(5) {
            person.member_until = Some(day(random.below(3) as i64 - 1));
        }
        person
    }

    /// Four tags, the later in the earlier or nowhere, with people and points.
    fn some_tags(&mut self, organisation: OrganisationId, random: &mut Random) {
        let mut ids: Vec<TagId> = Vec::new();
        for number in 0..4 {
            let id = TagId(self.id());
            self.tags.push(Tag {
                id,
                organisation,
                labels: Labels::default(),
                smart: false,
                created_at: NOW,
                deleted_at: None,
            });
            if number > 0 && random.one_in(2) {
                let upper = random.pick(&ids);
                self.stands_in(upper, Member::Tag(id), organisation);
            }
            ids.push(id);
        }
        for person in self.people_of(organisation) {
            if random.one_in(2) {
                self.stands_in(random.pick(&ids), Member::Person(person), organisation);
            }
        }
        for node in self.nodes_of(organisation) {
            let is_point =
                self.above.get(&node).copied().flatten().is_some() && !self.is_evse(node);
            if is_point && random.one_in(4) {
                self.stands_in(random.pick(&ids), Member::Point(node), organisation);
            }
        }
    }

    fn stands_in(&mut self, tag: TagId, member: Member, organisation: OrganisationId) {
        self.memberships.push(Membership {
            tag,
            member,
            organisation,
            created_at: NOW,
            removed_at: None,
        });
    }

    fn some_grant(&mut self, organisation: OrganisationId, random: &mut Random) -> Grant {
        let subject = match random.below(6) {
            0 => {
                let others: Vec<_> = self
                    .organisations
                    .iter()
                    .copied()
                    .filter(|it| *it != organisation)
                    .collect();
                Subject::Partner(random.pick(&others))
            }
            1 | 2 => {
                let tags: Vec<_> = self
                    .tags
                    .iter()
                    .filter(|it| it.organisation == organisation)
                    .map(|it| it.id)
                    .collect();
                Subject::Tag(random.pick(&tags))
            }
            _ => Subject::Person(random.pick(&self.people_of(organisation))),
        };
        let node = random.pick(&self.nodes_of(organisation));
        let id = GrantId(self.id());
        let mut grant = user_grant(id, organisation, subject, node);
        grant.role = None;
        grant.actions = match random.below(4) {
            0 => Role::Owner.actions(),
            1 => Role::Service.actions(),
            2 => Role::User.actions(),
            _ => ActionSet::EMPTY
                .with(random.pick(&Action::ALL))
                .with(random.pick(&Action::ALL)),
        };
        if random.one_in(4) {
            grant.effect = Effect::Deny;
        }
        if random.one_in(3) {
            grant.valid_from = Some(day(random.below(3) as i64 - 1));
        }
        if random.one_in(3) {
            grant.valid_until = Some(day(random.below(3) as i64 - 1))
                .filter(|end| grant.valid_from.is_none_or(|from| from < *end));
        }
        if random.one_in(5) {
            let tags: Vec<_> = self
                .tags
                .iter()
                .filter(|it| it.organisation == organisation)
                .map(|it| it.id)
                .collect();
            grant.condition.points = Some(random.pick(&tags));
        }
        if random.one_in(6) {
            let kinds = [CredentialKind::Rfid, CredentialKind::App];
            grant.condition.kinds = Some([random.pick(&kinds)].into_iter().collect::<KindSet>());
        }
        grant
    }

    /// The people of an organisation.
    #[must_use]
    pub fn people_of(&self, organisation: OrganisationId) -> Vec<PersonId> {
        let people = self
            .people
            .iter()
            .filter(|it| it.organisation == organisation);
        people.map(|it| it.id).collect()
    }

    /// An organisation and all below it.
    #[must_use]
    pub fn nodes_of(&self, organisation: OrganisationId) -> Vec<NodeId> {
        let root = |mut node: NodeId| {
            while let Some(Some(above)) = self.above.get(&node) {
                node = *above;
            }
            node
        };
        let nodes = self.above.keys().copied();
        nodes
            .filter(|node| root(*node) == organisation.into())
            .collect()
    }

    fn is_evse(&self, node: NodeId) -> bool {
        self.rows.iter().any(|row| match row {
            Change::Charger(charger) => charger
                .evses
                .iter()
                .any(|evse| NodeId::from(evse.id) == node),
            _ => false,
        })
    }
}

/// Somebody without rights.
fn person(id: PersonId, organisation: OrganisationId) -> Person {
    Person {
        id,
        organisation,
        account: None,
        managed_at: organisation.into(),
        labels: Labels::default(),
        email: None,
        phone: None,
        state: PersonState::Active,
        suspension: None,
        member_until: None,
        stop_group: StopGroup::new(id.to_string()),
        language: None,
        created_at: NOW,
        deleted_at: None,
    }
}

/// The role of a user, always.
fn user_grant(id: GrantId, organisation: OrganisationId, subject: Subject, node: NodeId) -> Grant {
    Grant {
        id,
        organisation,
        subject,
        role: Some(Role::User),
        actions: Role::User.actions(),
        node,
        effect: Effect::Allow,
        condition: Condition::default(),
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "oracle".to_owned(),
        created_by: None,
        created_at: NOW,
        revoked_at: None,
    }
}
