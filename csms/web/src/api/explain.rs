//! Why a decision would come out, or came out, as it does.

use app::admin::{GrantFinding, StepFinding, StepLine};
use app::insight::{
    About, AsOf, Chain, Circumstances, Explained, Hours, NamedNode, NamedTag, Note, Question,
    Subjected,
};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::{PresentedToken, Revision, TokenKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Auth;
use crate::body::Body;
use crate::fields::Resource;
use crate::problem::Problem;
use crate::state::Api;
use crate::words::{ActionWord, EffectWord, LanguageWord, RoleWord};

/// The longest token that is asked about, bytes.
const TOKEN_BYTES: usize = 255;

/// What a reader would send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// Left out: `id_tag`, as of OCPP 1.6.
    #[serde(default)]
    kind: Option<TokenWord>,
    /// As the reader sends it.
    #[schema(max_length = 255)]
    value: String,
}

/// The kinds of token, as OCPP 2.0.1 tells them apart. A code is asked about by its `credential`:
/// this is no place to try some.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TokenWord {
    /// 1.6 idTag.
    IdTag,
    /// RFID.
    Iso14443,
    /// RFID.
    Iso15693,
    /// A mechatronic key, or whatever else the station reads.
    Local,
    /// The contract id of a car.
    Emaid,
}

impl TokenBody {
    fn token(self) -> Result<PresentedToken, Problem> {
        let kind = match self.kind {
            None | Some(TokenWord::IdTag) => TokenKind::IdTag,
            Some(TokenWord::Iso14443) => TokenKind::Iso14443,
            Some(TokenWord::Iso15693) => TokenKind::Iso15693,
            Some(TokenWord::Local) => TokenKind::Local,
            Some(TokenWord::Emaid) => TokenKind::Emaid,
        };
        if self.value.is_empty() || self.value.len() > TOKEN_BYTES {
            let message = "1 to 255 bytes";
            return Err(Problem::field("token.value", "out_of_range", message));
        }
        Ok(PresentedToken::new(kind, self.value))
    }
}

/// A question about access. `person`, `credential` or `token`, one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainBody {
    /// A person, whatever they present.
    #[serde(default)]
    person: Option<Uuid>,
    /// A credential, as if it were presented.
    #[serde(default)]
    credential: Option<Uuid>,
    /// Whatever a reader would send.
    #[serde(default)]
    token: Option<TokenBody>,
    /// Where.
    point: Resource,
    /// Left out: `use`.
    #[serde(default)]
    action: Option<ActionWord>,
    /// Left out: now, or the moment of `as_of`.
    #[serde(default)]
    at: Option<Timestamp>,
    /// By the facts of then: a revision, or an instant of the past. Left out: by those of now.
    #[serde(default)]
    #[schema(example = "2026-11-01T00:00:00Z")]
    as_of: Option<String>,
    /// For `person_text`; left out: the person's, else the installation's, else English.
    #[serde(default)]
    language: Option<LanguageWord>,
}

/// A revision, or an instant.
pub(crate) fn as_of(field: &str, text: Option<&str>) -> Result<AsOf, Problem> {
    let Some(text) = text else {
        return Ok(AsOf::Now);
    };
    if let Ok(revision) = text.parse::<i64>() {
        return Ok(AsOf::Revision(Revision(revision)));
    }
    text.parse()
        .map(AsOf::Instant)
        .map_err(|_| Problem::field(field, "invalid", "a revision, or an RFC 3339 time"))
}

/// What, when, by the facts of which moment.
pub(crate) fn circumstances(
    action: Option<ActionWord>,
    at: Option<Timestamp>,
    moment: Option<&str>,
) -> Result<Circumstances, Problem> {
    Ok(Circumstances {
        action: action.unwrap_or(ActionWord::Use).into(),
        at,
        as_of: as_of("as_of", moment)?,
    })
}

/// What an answer rests on that was not so, or may not have been, at the moment asked about.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteBody {
    #[schema(example = "usage_from_records")]
    code: &'static str,
    /// In plain words.
    text: &'static str,
}

impl From<&Note> for NoteBody {
    fn from(note: &Note) -> Self {
        Self {
            code: note.code(),
            text: note.words(),
        }
    }
}

pub(crate) fn notes(notes: &[Note]) -> Vec<NoteBody> {
    notes.iter().map(NoteBody::from).collect()
}

/// Why a decision would come out as it does.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplanationBody {
    effect: EffectWord,
    #[schema(example = "NOT_YET_VALID")]
    reason: &'static str,
    /// For owners.
    reason_text: &'static str,
    /// For the person at the point: what happened, and what to do.
    person_text: String,
    /// The language of `person_text`.
    person_language: Option<LanguageWord>,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    /// The grant that decides, or comes nearest.
    grant_id: Option<Uuid>,
    /// The same in words, with how it comes to the person.
    #[schema(example = "tag \"Tenants\" -> area \"Garage\", Mon-Fri 07:00-20:00, from api")]
    chain: Option<String>,
    /// The instant it was decided for.
    at: Timestamp,
    /// It holds so until then, if nothing changes but the time; null: no end in sight.
    until: Option<Timestamp>,
    /// From when on what is refused would be allowed.
    allowed_from: Option<Timestamp>,
    /// EVSE numbers it holds for, where not for all.
    evses: Vec<u32>,
    /// The revision it was answered from.
    revision: i64,
    /// Whether steps, grants and ids were left out: so it is for oneself, without `manage_access`.
    reduced: bool,
    /// The steps, as far as it went.
    steps: Vec<StepBody>,
    /// The person's grants that were looked at.
    grants: Vec<ConsideredGrantBody>,
    /// What the answer rests on that may have been otherwise then.
    notes: Vec<NoteBody>,
}

/// A step of a decision.
#[derive(Serialize, ToSchema)]
struct StepBody {
    /// As in docs/authorization.md.
    number: Option<u8>,
    /// What it asks.
    step: &'static str,
    /// `passed`, `not_applicable`, `refused`, `allowed` or `elsewhere`.
    finding: &'static str,
    /// With `refused` and `allowed`.
    reason: Option<&'static str>,
}

/// A grant that was looked at, and how it comes to the person.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsideredGrantBody {
    grant_id: Uuid,
    effect: EffectWord,
    role: Option<RoleWord>,
    /// `person`, `tag` or `partner`.
    given_to: &'static str,
    /// With `tag`: the one the person stands in, then those above, up to the one that has it.
    tags: Vec<NamedBody>,
    /// With `partner`: their organisation.
    partner: Option<NamedBody>,
    /// On which node.
    resource: Resource,
    /// Its name; of an EVSE its number.
    resource_name: String,
    schedule: Option<HoursBody>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    /// What it comes from.
    source: String,
    /// `allows`, `denies`, `denial_not_now`, `expired`, `not_yet_valid`, `outside_schedule`,
    /// `too_weak`, `used_up`, `other_point` or `other_action`.
    finding: &'static str,
    /// All of it in words.
    text: String,
    /// Where it does not allow: why, and when it would.
    #[schema(example = "opens at 2026-11-27 08:00")]
    problem: Option<String>,
    /// From when on it holds.
    holds_from: Option<Timestamp>,
}

/// Something and its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedBody {
    id: Uuid,
    name: String,
}

/// A schedule and its week.
#[derive(Serialize, ToSchema)]
struct HoursBody {
    id: Uuid,
    name: String,
    /// By the clock at the installation.
    #[schema(example = "Mon-Fri 07:00-20:00, Sat 09:00-12:00")]
    week: String,
}

impl From<&Hours> for HoursBody {
    fn from(hours: &Hours) -> Self {
        Self {
            id: hours.schedule.0,
            name: hours.name.clone(),
            week: hours.week.clone(),
        }
    }
}

impl From<&StepLine> for StepBody {
    fn from(line: &StepLine) -> Self {
        let (finding, reason) = match line.finding {
            StepFinding::Passed => ("passed", None),
            StepFinding::NotApplicable => ("not_applicable", None),
            StepFinding::Refused(reason) => ("refused", Some(reason.code())),
            StepFinding::Allowed(reason) => ("allowed", Some(reason.code())),
            StepFinding::Elsewhere => ("elsewhere", None),
        };
        Self {
            number: line.step.number(),
            step: line.step.words(),
            finding,
            reason,
        }
    }
}

const fn finding(finding: GrantFinding) -> &'static str {
    match finding {
        GrantFinding::Allows => "allows",
        GrantFinding::Denies => "denies",
        GrantFinding::DenialNotNow => "denial_not_now",
        GrantFinding::Expired => "expired",
        GrantFinding::NotYetValid => "not_yet_valid",
        GrantFinding::OtherAction => "other_action",
        GrantFinding::OtherPoint => "other_point",
        GrantFinding::OutsideSchedule => "outside_schedule",
        GrantFinding::TooWeak => "too_weak",
        GrantFinding::UsedUp => "used_up",
    }
}

impl From<&Chain> for ConsideredGrantBody {
    fn from(chain: &Chain) -> Self {
        let (given_to, tags, partner) = match &chain.subject {
            Subjected::Person => ("person", Vec::new(), None),
            Subjected::Tags(tags) => {
                let named = |NamedTag { id, name }: &NamedTag| NamedBody {
                    id: id.0,
                    name: name.clone(),
                };
                ("tag", tags.iter().map(named).collect(), None)
            }
            Subjected::Partner { id, name } => {
                let partner = NamedBody {
                    id: id.0,
                    name: name.clone(),
                };
                ("partner", Vec::new(), Some(partner))
            }
        };
        let NamedNode { id, kind, name } = &chain.node;
        Self {
            grant_id: chain.grant.0,
            effect: chain.effect.into(),
            role: chain.role.map(Into::into),
            given_to,
            tags,
            partner,
            resource: Resource::of(*id, *kind),
            resource_name: name.clone(),
            schedule: chain.hours.as_ref().map(HoursBody::from),
            valid_from: chain.valid_from,
            valid_until: chain.valid_until,
            source: chain.source.clone(),
            finding: finding(chain.finding),
            text: chain.words.clone(),
            problem: chain.problem.clone(),
            holds_from: chain.holds_from,
        }
    }
}

impl From<&Explained> for ExplanationBody {
    fn from(explained: &Explained) -> Self {
        let outcome = &explained.explanation.outcome;
        let reason = outcome.reason();
        let found = outcome.found();
        let evses = match outcome {
            app::admin::Outcome::Allow(terms) => terms.evses.clone(),
            app::admin::Outcome::Deny(_) | app::admin::Outcome::Ask(_) => Vec::new(),
        };
        let shown = !explained.is_reduced;
        let text = explained.person_text.as_ref();
        let steps = &explained.explanation.steps;
        Self {
            effect: reason.effect().into(),
            reason: reason.code(),
            reason_text: reason.words(),
            person_text: text.map(|text| text.text.clone()).unwrap_or_default(),
            person_language: text.map(|text| text.language.into()),
            person_id: found.person.filter(|_| shown).map(|id| id.0),
            credential_id: found.credential.filter(|_| shown).map(|id| id.0),
            grant_id: outcome.grant().filter(|_| shown).map(|id| id.0),
            chain: explained.decisive().map(|chain| chain.words.clone()),
            at: explained.at,
            until: explained.until,
            allowed_from: explained.allowed_from,
            evses,
            revision: outcome.revision().0,
            reduced: explained.is_reduced,
            steps: steps.iter().map(StepBody::from).collect(),
            grants: explained
                .chains
                .iter()
                .map(ConsideredGrantBody::from)
                .collect(),
            notes: notes(&explained.notes),
        }
    }
}

/// Explain a decision
///
/// What would be decided, or what was decided as of a moment of the past, with every step and
/// grant in names and words. Needs `manage_access` on the point; about oneself the reason and what
/// to do are told to anybody. Nothing happens, so `Idempotency-Key` is not looked at.
#[utoipa::path(
    post, path = "/v1/decisions/explain", operation_id = "explain_decision", tag = "decisions",
    request_body = ExplainBody,
    responses((status = 200, description = "The explanation", body = ExplanationBody)),
)]
pub(crate) async fn explain(
    State(api): State<Api>,
    Auth(caller): Auth,
    Body(body): Body<ExplainBody>,
) -> Result<Json<ExplanationBody>, Problem> {
    let about = match (body.person, body.credential, body.token) {
        (Some(person), None, None) => About::Person(person.into()),
        (None, Some(credential), None) => About::Credential(credential.into()),
        (None, None, Some(token)) => About::Token(token.token()?),
        (None, None, None) => {
            return Err(Problem::field(
                "person",
                "required",
                "a person, a credential or a token",
            ));
        }
        _ => {
            return Err(Problem::field(
                "credential",
                "invalid",
                "one of them, not several",
            ));
        }
    };
    let (node, kind) = body.point.node("point")?;
    api.node_is(&caller, node, kind)?;
    let question = Question {
        about,
        node,
        action: body.action.unwrap_or(ActionWord::Use).into(),
        at: body.at,
        as_of: as_of("as_of", body.as_of.as_deref())?,
        language: body.language.map(Into::into),
    };
    let explained = api.explain(&caller, &question).await?;
    Ok(Json(ExplanationBody::from(&explained)))
}
