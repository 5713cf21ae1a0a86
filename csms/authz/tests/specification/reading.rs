//! What the facts say to the questions of the specification: slow, over plain lists.

use authz::{Intent, Numbers};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use model::*;

use crate::facts::Facts;

impl Facts {
    /// A node and everything above it, as long as it is all there.
    pub fn chain(&self, node: NodeId) -> Vec<NodeId> {
        let mut chain = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next {
            chain.push(node);
            let charger = self.chargers.iter().filter(|it| it.deleted_at.is_none());
            let doors = self.doors.iter().filter(|it| it.deleted_at.is_none());
            let areas = self.areas.iter().filter(|it| it.deleted_at.is_none());
            let sites = self
                .installations
                .iter()
                .filter(|it| it.deleted_at.is_none());
            next = charger
                .map(|it| (NodeId::from(it.id), it.parent))
                .chain(doors.map(|it| (it.id.into(), it.parent)))
                .chain(areas.map(|it| (it.id.into(), it.parent)))
                .chain(sites.map(|it| (it.id.into(), it.organisation.into())))
                .find(|(id, _)| *id == node)
                .map(|(_, parent)| parent);
        }
        let root = chain.last().copied();
        let known =
            |it: &Organisation| Some(NodeId::from(it.id)) == root && it.deleted_at.is_none();
        if self.organisations.iter().any(known) {
            chain
        } else {
            Vec::new()
        }
    }

    /// Whether something stands in a tag, or in one that stands in it, at most four deep.
    pub fn stands_in(&self, member: Member, tag: TagId) -> bool {
        let live = |tag: TagId| {
            self.tags
                .iter()
                .any(|it| it.id == tag && it.deleted_at.is_none())
        };
        let mut reached = vec![member];
        for _ in 0..4 {
            let holding = self.memberships.iter().filter(|it| {
                it.removed_at.is_none() && live(it.tag) && reached.contains(&it.member)
            });
            reached = holding.map(|it| Member::Tag(it.tag)).collect();
            if reached.contains(&Member::Tag(tag)) {
                return true;
            }
        }
        false
    }

    /// Whether the clock on the installation's wall shows an hour of a schedule; `None` if either
    /// is not known.
    pub fn holds(
        &self,
        id: ScheduleId,
        site: Option<&Installation>,
        now: Timestamp,
    ) -> Option<bool> {
        let schedule = self
            .schedules
            .iter()
            .find(|it| it.id == id && it.deleted_at.is_none())?;
        let zone = TimeZoneDatabase::bundled().get(&site?.time_zone).ok()?;
        let wall = now.to_zoned(zone).datetime();
        let minute = wall.hour() as u16 * 60 + wall.minute() as u16;
        let calendar = self
            .calendars
            .iter()
            .find(|it| Some(it.id) == schedule.calendar && it.deleted_at.is_none());
        let holiday = calendar.is_some_and(|it| it.dates.contains(&wall.date()));
        Some(schedule.slots.iter().any(|slot| {
            let bit = if holiday {
                7
            } else {
                wall.weekday().to_monday_zero_offset()
            };
            slot.days.bits() >> bit & 1 == 1 && slot.from <= minute && minute < slot.until
        }))
    }

    /// Whether a limited grant has something left for this use.
    pub fn is_left(
        &self,
        intent: Intent,
        grant: GrantId,
        person: PersonId,
        limits: Limits,
    ) -> bool {
        let this = match intent {
            Intent::Start(id) => Some(UseId(id.0)),
            Intent::Open(id) => Some(id),
            Intent::Ask | Intent::Late | Intent::Stop(_) => None,
        };
        let mine = || {
            self.uses
                .iter()
                .filter(|it| it.grant == grant && it.person == person)
        };
        if mine().any(|it| Some(it.of) == this) {
            return true;
        }
        let minutes: u32 = mine().map(|it| it.minutes).sum();
        let wh: u64 = mine().map(|it| it.wh).sum();
        let running = mine().any(|it| it.running);
        limits
            .uses
            .is_none_or(|most| mine().count() < most as usize)
            && limits.minutes.is_none_or(|most| minutes < most)
            && limits.wh.is_none_or(|most| wh < most)
            && !(running && (limits.minutes.is_some() || limits.wh.is_some()))
    }

    pub fn is_partner(&self, partner: OrganisationId, of: OrganisationId) -> bool {
        self.grants.iter().any(|grant| {
            grant.revoked_at.is_none()
                && grant.effect == Effect::Allow
                && grant.subject == Subject::Partner(partner)
                && (self.chain(grant.node).last() == Some(&of.into())
                    || self.chargers.iter().any(|it| {
                        it.deleted_at.is_none()
                            && it.organisation == of
                            && it
                                .evses
                                .iter()
                                .any(|evse| NodeId::from(evse.id) == grant.node)
                    }))
        })
    }

    /// The credentials a token may mean: the one with this number, else those that a reader could
    /// show so.
    pub fn cards_of(
        &self,
        of: OrganisationId,
        token: &PresentedToken,
        forms: Numbers,
    ) -> Vec<&Credential> {
        let code = |kind| {
            let codes = [
                CredentialKind::Pin,
                CredentialKind::Guest,
                CredentialKind::OneTime,
            ];
            codes.contains(&kind)
        };
        let key = normalise(&token.value);
        let kind = token.kind;
        let live = || {
            self.credentials
                .iter()
                .filter(|it| it.organisation == of && it.deleted_at.is_none())
        };
        let same_namespace = |it: &&Credential| {
            it.kind != CredentialKind::Plate && code(it.kind) == (kind == TokenKind::KeyCode)
        };
        let admitted = |it: &&Credential| match kind {
            TokenKind::KeyCode => code(it.kind),
            TokenKind::Central => it.kind == CredentialKind::App,
            TokenKind::Emaid => it.kind == CredentialKind::Emaid,
            TokenKind::IdTag => !code(it.kind) && it.kind != CredentialKind::Plate,
            TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local => {
                matches!(it.kind, CredentialKind::Rfid | CredentialKind::Key)
            }
            TokenKind::MacAddress | TokenKind::NoAuthorization => false,
        };
        let exact: Vec<&Credential> = live()
            .filter(same_namespace)
            .filter(|it| it.key == key)
            .collect();
        if !exact.is_empty() {
            return exact.into_iter().filter(admitted).collect();
        }
        let card = forms != Numbers::Exact
            && matches!(
                kind,
                TokenKind::IdTag | TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local
            );
        let numbered =
            |it: &&Credential| matches!(it.kind, CredentialKind::Rfid | CredentialKind::Key);
        live()
            .filter(numbered)
            .filter(admitted)
            .filter(|it| {
                card && crate::facts::may_be_shown_as(&it.key, &key, forms == Numbers::WeakForms)
            })
            .collect()
    }
}
