//! How a grant comes to somebody, and what it is worth now, in names and in words.

use std::fmt::Write;

use authz::{ConsideredGrant, Directory, Explanation, GrantFinding, Way};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{
    Condition, Effect, Grant, GrantId, Limits, NodeId, NodeKind, OrganisationId, Role, ScheduleId,
    TagId,
};

use super::view::View;
use super::week;
use crate::{ApiError, App};

/// A grant with what it hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which.
    pub grant: GrantId,
    /// Allow or deny.
    pub effect: Effect,
    /// As which role, if as one.
    pub role: Option<Role>,
    /// To whom it was given.
    pub subject: Subjected,
    /// On which node.
    pub node: NamedNode,
    /// While which hours.
    pub hours: Option<Hours>,
    /// What it comes from: `api`, `Cobot plan Full time` …
    pub source: String,
    /// What it said.
    pub finding: GrantFinding,
    /// From when on it holds.
    pub holds_from: Option<Timestamp>,
    /// From when on it is valid.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid.
    pub valid_until: Option<Timestamp>,
    /// All of it: `tag "Tenants 3rd floor" -> area "Garage", Mon-Fri 07:00-20:00, from api`.
    pub words: String,
    /// Where it does not allow: why, and when it would.
    pub problem: Option<String>,
}

/// To whom a grant was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjected {
    /// To the person.
    Person,
    /// To a tag: the one the person stands in, then those above, up to the one that has it.
    Tags(Vec<NamedTag>),
    /// To their organisation, as a partner.
    Partner {
        /// Which.
        id: OrganisationId,
        /// Its name.
        name: String,
    },
}

/// A tag and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTag {
    /// Which.
    pub id: TagId,
    /// Its name.
    pub name: String,
}

/// A node and its name; of an EVSE its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedNode {
    /// Which.
    pub id: NodeId,
    /// What it is; `None`: it is gone.
    pub kind: Option<NodeKind>,
    /// Its name.
    pub name: String,
}

/// A schedule and its week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Which.
    pub schedule: ScheduleId,
    /// Its name.
    pub name: String,
    /// Its week in words.
    pub week: String,
}

impl App {
    /// The grants of an explanation in words, in their order.
    pub(super) async fn chains(
        &self,
        view: &mut View,
        node: NodeId,
        explanation: &Explanation,
    ) -> Result<Vec<Chain>, ApiError> {
        let mut chains = Vec::new();
        for considered in &explanation.grants {
            chains.push(self.chain(view, node, considered).await?);
        }
        Ok(chains)
    }

    /// The grant that decided, in words.
    pub(super) async fn decisive_chain(
        &self,
        view: &mut View,
        node: NodeId,
        explanation: &Explanation,
    ) -> Result<Option<Chain>, ApiError> {
        let grant = explanation.outcome.grant();
        let decisive = explanation
            .grants
            .iter()
            .find(|considered| Some(considered.grant.id) == grant);
        match decisive {
            Some(considered) => self.chain(view, node, considered).await.map(Some),
            None => Ok(None),
        }
    }

    async fn chain(
        &self,
        view: &mut View,
        node: NodeId,
        considered: &ConsideredGrant,
    ) -> Result<Chain, ApiError> {
        let directory = view.directory.clone();
        let id = considered.grant.id;
        let row = view.names.grant(self, id).await?;
        let subject = match &considered.way {
            Way::Own => Subjected::Person,
            Way::Tags(ids) => {
                let mut tags = Vec::new();
                for id in ids {
                    let name = view.names.tag(self, *id).await?;
                    tags.push(NamedTag { id: *id, name });
                }
                Subjected::Tags(tags)
            }
            Way::Partner(id) => Subjected::Partner {
                id: *id,
                name: view.names.organisation(self, *id).await?,
            },
        };
        let (kind, name) = view
            .names
            .node(self, &directory, considered.grant.node)
            .await?;
        let granted_on = NamedNode {
            id: considered.grant.node,
            kind,
            name,
        };
        let condition = considered.grant.condition.as_deref();
        let hours = match condition.and_then(|it| it.schedule) {
            None => None,
            Some(id) => {
                let schedule = view.names.schedule(self, id).await?;
                schedule.map(|schedule| Hours {
                    schedule: id,
                    week: week::in_words(&schedule.slots),
                    name: schedule.labels.name,
                })
            }
        };
        let points = match condition.and_then(|it| it.points) {
            None => None,
            Some(tag) => Some(view.names.tag(self, tag).await?),
        };
        let zone = zone_at(&directory, node);
        let source = row.as_ref().map(|row| row.source.clone());
        let source = source.unwrap_or_default();
        let problem = problem(considered, row.as_ref(), points.as_deref(), &zone);
        let words = words(
            &subject,
            &granted_on,
            hours.as_ref(),
            points.as_deref(),
            condition,
            &source,
        );
        Ok(Chain {
            grant: id,
            effect: considered.grant.effect,
            role: row.as_ref().and_then(|row| row.role),
            subject,
            node: granted_on,
            hours,
            source,
            finding: considered.finding,
            holds_from: considered.holds_from,
            valid_from: row.as_ref().and_then(|row| row.valid_from),
            valid_until: row.as_ref().and_then(|row| row.valid_until),
            words,
            problem,
        })
    }
}

/// The clock on the wall at a node; UTC where there is none.
fn zone_at(directory: &Directory, node: NodeId) -> TimeZone {
    directory
        .node(node)
        .and_then(|entry| directory.installation_of(entry)?.1.zone.clone())
        .unwrap_or(TimeZone::UTC)
}

/// `tag "Tenants 3rd floor" -> area "Garage", Mon-Fri 07:00-20:00, from api`. Names are put in
/// quotes with what could end them left out: a name is not a rule.
fn words(
    subject: &Subjected,
    node: &NamedNode,
    hours: Option<&Hours>,
    points: Option<&str>,
    condition: Option<&Condition>,
    source: &str,
) -> String {
    let mut words = match subject {
        Subjected::Person => "given to the person".to_owned(),
        Subjected::Tags(tags) => {
            let names: Vec<String> = tags
                .iter()
                .map(|tag| format!("tag {}", quoted(&tag.name)))
                .collect();
            names.join(" in ")
        }
        Subjected::Partner { name, .. } => format!("partner {}", quoted(name)),
    };
    words.push_str(" -> ");
    match node.kind {
        None => words.push_str("something that is gone"),
        Some(NodeKind::Evse) => {
            words.push_str("EVSE ");
            words.push_str(&node.name);
        }
        Some(kind) => {
            words.push_str(kind.name());
            words.push(' ');
            words.push_str(&quoted(&node.name));
        }
    }
    if let Some(hours) = hours {
        words.push_str(", ");
        words.push_str(&hours.week);
    }
    if let Some(points) = points {
        words.push_str(", only at the points of tag ");
        words.push_str(&quoted(points));
    }
    if let Some(needs) = needs(condition) {
        words.push_str(", ");
        words.push_str(&needs);
    }
    if let Some(limits) = condition.and_then(|it| it.limits) {
        words.push_str(", ");
        words.push_str(&limited(limits));
    }
    if !source.is_empty() {
        words.push_str(", from ");
        words.push_str(source);
    }
    words
}

fn quoted(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| !c.is_control() && *c != '"')
        .collect();
    format!("\"{name}\"")
}

/// `needs a medium credential`, `only with key, emaid`.
fn needs(condition: Option<&Condition>) -> Option<String> {
    let condition = condition?;
    let strength = condition
        .minimum_strength
        .map(|strength| format!("needs a {} credential", strength.name()));
    let kinds = condition.kinds.map(|kinds| {
        let names: Vec<&str> = kinds.iter().map(model::CredentialKind::name).collect();
        format!("only with {}", names.join(", "))
    });
    match (strength, kinds) {
        (Some(strength), Some(kinds)) => Some(format!("{strength}, {kinds}")),
        (one, other) => one.or(other),
    }
}

/// `3 uses, 120 minutes, 20000 Wh`.
fn limited(limits: Limits) -> String {
    let mut words = String::from("at most ");
    let parts = [
        limits.uses.map(|uses| format!("{uses} uses")),
        limits.minutes.map(|minutes| format!("{minutes} minutes")),
        limits.wh.map(|wh| format!("{wh} Wh")),
    ];
    for (index, part) in parts.into_iter().flatten().enumerate() {
        if index > 0 {
            words.push_str(", ");
        }
        words.push_str(&part);
    }
    words
}

/// `2026-11-27 08:00`, by the clock on the wall.
fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    let mut text = local.date().to_string();
    // Writing to a text cannot fail.
    let _ = write!(text, " {:02}:{:02}", local.hour(), local.minute());
    text
}

/// Why a grant does not allow, and when it would.
fn problem(
    considered: &ConsideredGrant,
    row: Option<&Grant>,
    points: Option<&str>,
    zone: &TimeZone,
) -> Option<String> {
    let at = |instant: Option<Timestamp>| instant.map(|instant| clock(instant, zone));
    let condition = considered.grant.condition.as_deref();
    match considered.finding {
        GrantFinding::Allows => None,
        GrantFinding::Denies => Some("denies it".to_owned()),
        GrantFinding::DenialNotNow => Some("denies it at other times".to_owned()),
        GrantFinding::Expired => Some(match at(row.and_then(|row| row.valid_until)) {
            Some(end) => format!("ended {end}"),
            None => "has ended".to_owned(),
        }),
        GrantFinding::NotYetValid => Some(
            match at(row.and_then(|row| row.valid_from).or(considered.holds_from)) {
                Some(begin) => format!("valid from {begin}"),
                None => "begins later".to_owned(),
            },
        ),
        GrantFinding::OutsideSchedule => Some(match at(considered.holds_from) {
            Some(begin) => format!("opens at {begin}"),
            None => "holds at no hour to come".to_owned(),
        }),
        GrantFinding::TooWeak => {
            Some(needs(condition).unwrap_or_else(|| "needs another credential".to_owned()))
        }
        GrantFinding::UsedUp => Some(match condition.and_then(|it| it.limits) {
            Some(limits) => format!("used up: {}", limited(limits)),
            None => "used up".to_owned(),
        }),
        GrantFinding::OtherPoint => Some(match points {
            Some(name) => format!("holds only at the points of tag {}", quoted(name)),
            None => "holds at other points".to_owned(),
        }),
        GrantFinding::OtherAction => {
            let names: Vec<&str> = considered
                .grant
                .actions
                .iter()
                .map(model::Action::name)
                .collect();
            Some(format!("is about {}", names.join(", ")))
        }
    }
}
