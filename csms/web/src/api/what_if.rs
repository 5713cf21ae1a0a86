//! Dry runs of changes of access, and what changed between two moments.

use app::admin::{Between, Proposal, Trial};
use app::insight::what_if::{Difference, Impact, Shift, Shifts};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::explain::{NoteBody, as_of, notes};
use crate::api::grants::NewGrantBody;
use crate::api::schedules::{SlotBody, slots};
use crate::api::tags::NewMemberBody;
use crate::auth::Auth;
use crate::body::Body;
use crate::fields::{Resource, nullable};
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{
    ActionWord, ChargerFlag, CredentialStateWord, InstallationFlag, NodeKindWord, PersonStateWord,
};

/// A set of changes to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfBody {
    /// At the points at or below this node.
    scope: Resource,
    /// In this order; 1 to 100.
    changes: Vec<ProposalBody>,
    /// Left out: `use`.
    #[serde(default)]
    action: Option<ActionWord>,
    /// Left out: now.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// A change to be tried: exactly one of these.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposalBody {
    /// A grant is given.
    #[serde(default)]
    create_grant: Option<NewGrantBody>,
    /// A grant is ended.
    #[serde(default)]
    end_grant: Option<Uuid>,
    /// An installation is changed.
    #[serde(default)]
    installation: Option<InstallationProposal>,
    /// A charger is changed.
    #[serde(default)]
    charger: Option<ChargerProposal>,
    /// Something is put into a tag.
    #[serde(default)]
    add_member: Option<AddMemberProposal>,
    /// Something is taken out of a tag.
    #[serde(default)]
    remove_member: Option<RemoveMemberProposal>,
    /// A schedule is changed.
    #[serde(default)]
    schedule: Option<ScheduleProposal>,
    /// A person is changed.
    #[serde(default)]
    person: Option<PersonProposal>,
    /// A credential is changed.
    #[serde(default)]
    credential: Option<CredentialProposal>,
}

/// The flag of an installation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InstallationProposal {
    id: Uuid,
    #[serde(default)]
    authorization_required: Option<InstallationFlag>,
    /// `open` only while this schedule holds; null: always.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    open_schedule_id: Option<Option<Uuid>>,
}

/// The flag of a charger.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChargerProposal {
    id: Uuid,
    #[serde(default)]
    authorization_required: Option<ChargerFlag>,
    /// `open` only while this schedule holds; null: always.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    open_schedule_id: Option<Option<Uuid>>,
}

/// Something and the tag it is put into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddMemberProposal {
    tag_id: Uuid,
    member: NewMemberBody,
}

/// Something and the tag it is taken out of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoveMemberProposal {
    tag_id: Uuid,
    member_id: Uuid,
}

/// The hours of a schedule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScheduleProposal {
    id: Uuid,
    /// In place of all of the old.
    #[serde(default)]
    slots: Option<Vec<SlotBody>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    calendar_id: Option<Option<Uuid>>,
}

/// The state of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonProposal {
    id: Uuid,
    #[serde(default)]
    state: Option<PersonStateWord>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    member_until: Option<Option<Timestamp>>,
}

/// The state of a credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CredentialProposal {
    id: Uuid,
    state: CredentialStateWord,
}

impl ProposalBody {
    /// What is proposed, if it is exactly one thing.
    fn proposal(self, field: &str) -> Result<Proposal, Problem> {
        let id = |id: Option<Option<Uuid>>| id.map(|id| id.map(Into::into));
        let mut proposed: Vec<Proposal> = Vec::new();
        if let Some(body) = self.create_grant {
            let (_, new) = body.grant()?;
            proposed.push(Proposal::CreateGrant(new));
        }
        if let Some(grant) = self.end_grant {
            proposed.push(Proposal::EndGrant(grant.into()));
        }
        if let Some(body) = self.installation {
            proposed.push(Proposal::Installation {
                id: body.id.into(),
                flag: body.authorization_required.map(Into::into),
                open_schedule: id(body.open_schedule_id),
            });
        }
        if let Some(body) = self.charger {
            proposed.push(Proposal::Charger {
                id: body.id.into(),
                flag: body.authorization_required.map(Into::into),
                open_schedule: id(body.open_schedule_id),
            });
        }
        if let Some(body) = self.add_member {
            proposed.push(Proposal::AddMember {
                tag: body.tag_id.into(),
                member: body.member.member()?,
            });
        }
        if let Some(body) = self.remove_member {
            proposed.push(Proposal::RemoveMember {
                tag: body.tag_id.into(),
                member: body.member_id,
            });
        }
        if let Some(body) = self.schedule {
            proposed.push(Proposal::Schedule {
                id: body.id.into(),
                slots: body.slots.map(slots).transpose()?,
                calendar: body.calendar_id.map(|id| id.map(Into::into)),
            });
        }
        if let Some(body) = self.person {
            proposed.push(Proposal::Person {
                id: body.id.into(),
                state: body.state.map(Into::into),
                member_until: body.member_until,
            });
        }
        if let Some(body) = self.credential {
            proposed.push(Proposal::Credential {
                id: body.id.into(),
                state: body.state.into(),
            });
        }
        match (proposed.pop(), proposed.is_empty()) {
            (Some(proposal), true) => Ok(proposal),
            (None, _) => Err(Problem::field(field, "required", "name what is changed")),
            (Some(_), false) => Err(Problem::field(field, "invalid", "one change each")),
        }
    }
}

/// Somebody whose answer at a point differs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShiftBody {
    person_id: Uuid,
    /// With which card; null: whatever they present.
    credential_id: Option<Uuid>,
    /// A charger or a door.
    node_id: Uuid,
    kind: NodeKindWord,
    #[schema(example = "GRANTED")]
    before: &'static str,
    #[schema(example = "NO_GRANT")]
    after: &'static str,
}

/// Who gains and who loses.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShiftsBody {
    /// At most 1000; `gained` counts all.
    gains: Vec<ShiftBody>,
    /// At most 1000; `lost` counts all.
    losses: Vec<ShiftBody>,
    gained: usize,
    lost: usize,
}

/// What differs.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceBody {
    /// People, whatever they present: who may before and not after, and the other way round.
    people: ShiftsBody,
    /// Cards seen in the last 30 days, as if they were presented again where they were.
    cards: ShiftsBody,
    /// Points that admit everybody after, and not before.
    opened: Vec<Uuid>,
    /// Points that admitted everybody before, and not after.
    closed: Vec<Uuid>,
    /// How many points were looked at, of `of_points`.
    points: usize,
    of_points: usize,
    /// Whether points or cards were left out, since there are too many to look at all.
    cut: bool,
    /// The revision before.
    from_revision: i64,
    /// The revision after; of a dry run, one that is not made.
    until_revision: i64,
    /// The instant asked about before.
    from_at: Timestamp,
    /// The instant asked about after.
    until_at: Timestamp,
    /// What the answer rests on that may have been otherwise then.
    notes: Vec<NoteBody>,
}

/// What a dry run came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhatIfResult {
    difference: DifferenceBody,
    impact: ImpactBody,
}

/// How many of those seen in the last 30 days would newly be refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImpactBody {
    /// People who may, now or at the hour of the week at which they come.
    may: usize,
    /// Those of them who would be refused where they come.
    would_refuse: usize,
    /// What would have to be sent as `Keywatt-Confirm`, if so many are refused that it is asked
    /// for.
    #[schema(example = "refuse 12 of 40")]
    phrase: Option<String>,
}

impl From<&Shift> for ShiftBody {
    fn from(shift: &Shift) -> Self {
        Self {
            person_id: shift.person.0,
            credential_id: shift.credential.map(|id| id.0),
            node_id: shift.node.0,
            kind: shift.kind.into(),
            before: shift.before.code(),
            after: shift.after.code(),
        }
    }
}

impl From<&Shifts> for ShiftsBody {
    fn from(shifts: &Shifts) -> Self {
        Self {
            gains: shifts.gains.iter().map(ShiftBody::from).collect(),
            losses: shifts.losses.iter().map(ShiftBody::from).collect(),
            gained: shifts.gained,
            lost: shifts.lost,
        }
    }
}

impl From<&Difference> for DifferenceBody {
    fn from(difference: &Difference) -> Self {
        let ids = |nodes: &[model::NodeId]| nodes.iter().map(|node| node.0).collect();
        Self {
            people: ShiftsBody::from(&difference.people),
            cards: ShiftsBody::from(&difference.cards),
            opened: ids(&difference.opened),
            closed: ids(&difference.closed),
            points: difference.points,
            of_points: difference.of_points,
            cut: difference.is_cut,
            from_revision: difference.revisions.0.0,
            until_revision: difference.revisions.1.0,
            from_at: difference.at.0,
            until_at: difference.at.1,
            notes: notes(&difference.notes),
        }
    }
}

impl From<Impact> for ImpactBody {
    fn from(impact: Impact) -> Self {
        Self {
            may: impact.may,
            would_refuse: impact.refused,
            phrase: impact.is_massive().then(|| impact.phrase()),
        }
    }
}

/// Try changes of access
///
/// Who would gain and who would lose, without changing anything. Needs `manage_access` on the
/// scope.
#[utoipa::path(
    post, path = "/v1/decisions/what-if", operation_id = "what_if", tag = "decisions",
    request_body = WhatIfBody,
    responses((status = 200, description = "What would differ", body = WhatIfResult)),
)]
pub(crate) async fn what_if(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<WhatIfBody>,
) -> Result<Json<WhatIfResult>, Problem> {
    let (scope, kind) = body.scope.node("scope")?;
    api.node_is(&caller, scope, kind)?;
    let mut proposals = Vec::new();
    for (index, change) in body.changes.into_iter().enumerate() {
        proposals.push(change.proposal(&format!("changes[{index}]"))?);
    }
    let trial = Trial {
        scope,
        action: body.action.unwrap_or(ActionWord::Use).into(),
        at: body.at,
        proposals,
    };
    let result = api.what_if(&caller, trial).await?;
    Ok(Json(WhatIfResult {
        difference: DifferenceBody::from(&result.difference),
        impact: result.impact.into(),
    }))
}

/// Two moments to be compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffBody {
    /// At the points at or below this node.
    scope: Resource,
    /// A revision, or an instant of the past.
    #[schema(example = "2026-11-01T00:00:00Z")]
    from: String,
    /// A revision, or an instant of the past; left out: now.
    #[serde(default)]
    until: Option<String>,
    /// Left out: `use`.
    #[serde(default)]
    action: Option<ActionWord>,
    /// Asked about at this instant by the facts of both moments; left out: each at its own.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// Compare two moments
///
/// Who has gained and who has lost since. Needs `manage_access` on the scope.
#[utoipa::path(
    post, path = "/v1/decisions/diff", operation_id = "diff_decisions", tag = "decisions",
    request_body = DiffBody,
    responses((status = 200, description = "What differs", body = DifferenceBody)),
)]
pub(crate) async fn diff(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<DiffBody>,
) -> Result<Json<DifferenceBody>, Problem> {
    let (scope, kind) = body.scope.node("scope")?;
    api.node_is(&caller, scope, kind)?;
    let asked = Between {
        scope,
        action: body.action.unwrap_or(ActionWord::Use).into(),
        from: as_of("from", Some(&body.from))?,
        until: as_of("until", body.until.as_deref())?,
        at: body.at,
    };
    let difference = api.between(&caller, asked).await?;
    Ok(Json(DifferenceBody::from(&difference)))
}
