//! A token asks to use a charger or a door.

use std::time::Duration;

use authz::{Intent, Outcome, Request, Resource};
use jiff::Timestamp;
use model::neutral::{Authorize, AuthorizeForm, DoorReply, PersonMessage, StationReply, Verdict};
use model::{
    Entry, FindingKind, OcppVersion, PresentedToken, Reason, StationKey, StationKind, UseId,
};
use sha2::{Digest, Sha256};

use super::{Connection, StationFailure};
use crate::authority::About;
use crate::events::Particulars;
use crate::pep::{Decided, Origin};
use crate::wording::{self, Later, Place};
use crate::{App, insight};

impl App {
    pub(super) async fn authorize(
        &self,
        connection: &Connection,
        message_id: &str,
        authorize: Authorize,
    ) -> Result<StationReply, StationFailure> {
        let (entry, resource) = match (connection.station.kind, connection.version) {
            (StationKind::Charger(charger), OcppVersion::V16) => {
                (Entry::Authorize16, Resource::AnyEvse(charger))
            }
            (StationKind::Charger(charger), OcppVersion::V201) => {
                (Entry::Authorize201, Resource::AnyEvse(charger))
            }
            (StationKind::Lock(lock), OcppVersion::V16) => {
                (Entry::Lock16, Resource::Lock(lock, authorize.door))
            }
            (StationKind::Lock(lock), OcppVersion::V201) => {
                (Entry::Lock201, Resource::Lock(lock, authorize.door))
            }
        };
        let origin = Origin {
            entry,
            station: Some(&connection.station.key),
            message_id: Some(message_id),
        };
        // A door opens on the answer; a charge begins later, and is decided again then.
        let intent = match connection.station.kind {
            StationKind::Lock(_) => Intent::Open(attempt(&connection.station.key, message_id)),
            StationKind::Charger(_) => Intent::Ask,
        };
        let context = connection.station.context();
        let mut request = Request::token(&authorize.token, resource, intent).knowing(context);
        let about = About {
            station: Some(connection.station.id.as_str()),
            transaction: None,
            happened_at: None,
        };
        request.context.told = self.told(&request, &about).await;
        let decided = self
            .pep
            .decide_taken(&request, &origin)
            .await
            .map_err(|_| StationFailure::Unavailable)?;
        self.shadow(&request, &about, &decided);
        self.tell_decision(&decided);
        self.note_refusal(connection, &decided, &authorize.token);
        self.note_card(&decided, &authorize.token, Some(&connection.station.key))
            .await;
        self.note_ambiguous(&connection.station.key, &decided);
        let later = self.allowed_later(&request, &decided);
        let verdict = self.verdict(&decided, authorize.token, decided.row.at, later);
        Ok(match authorize.form {
            AuthorizeForm::Standard => StationReply::Authorized(Box::new(verdict)),
            AuthorizeForm::Door => StationReply::Door(Box::new(self.door_reply(&decided, verdict))),
        })
    }

    /// Remembers who was refused at a charger, for the day when they get their right.
    pub(super) fn note_refusal(
        &self,
        connection: &Connection,
        decided: &Decided,
        token: &PresentedToken,
    ) {
        if let StationKind::Charger(charger) = connection.station.kind
            && !decided.outcome.allows()
            && !token.is_nothing()
        {
            let person = decided.outcome.found().person;
            let now = decided.row.at;
            self.blocked_cards
                .note(charger, person, Some(token.key()), now);
        }
    }

    /// A number that stands for several cards is for the owner to look at: one of the cards must
    /// be enrolled by what this reader shows, or the reader's profile be set.
    pub(crate) fn note_ambiguous(&self, station: &StationKey, decided: &Decided) {
        if decided.outcome.reason() == Reason::Ambiguous {
            self.notice(station, FindingKind::AmbiguousCard, "idToken");
        }
    }

    /// From when on what was refused for its time is allowed.
    pub(crate) fn allowed_later(
        &self,
        request: &Request<'_>,
        decided: &Decided,
    ) -> Option<Timestamp> {
        let for_its_time = matches!(
            decided.outcome.reason(),
            Reason::OutsideSchedule | Reason::NotYetValid
        );
        (for_its_time && takes_texts(decided.row.entry))
            .then(|| self.pep.allowed_from(request, decided.row.as_of))
            .flatten()
    }

    /// What a station is told of a decision; `later` is from when on it would be allowed.
    pub(crate) fn verdict(
        &self,
        decided: &Decided,
        token: PresentedToken,
        now: Timestamp,
        later: Option<Timestamp>,
    ) -> Verdict {
        let found = decided.outcome.found();
        let (expires_at, evses) = match &decided.outcome {
            Outcome::Allow(terms) => {
                // Whoever may only stop, the remote token, codes and limited rights are asked for
                // each time.
                let most = if terms.once {
                    Duration::ZERO
                } else if terms.reason == Reason::OpenAccess {
                    self.settings.open_cache_for
                } else {
                    self.settings.cache_for
                };
                let most = now.checked_add(most).unwrap_or(now);
                (
                    Some(terms.until.map_or(most, |until| until.min(most))),
                    terms.evses.clone(),
                )
            }
            Outcome::Deny(_) | Outcome::Ask(_) => (None, Vec::new()),
        };
        Verdict {
            decision: decided.row.id,
            reason: decided.outcome.reason(),
            token,
            expires_at,
            stop_group: found.stop_group.clone(),
            evses,
            message: self.message(decided, later),
        }
    }

    /// What the person at the point is told, in their language.
    fn message(&self, decided: &Decided, later: Option<Timestamp>) -> Option<PersonMessage> {
        if !takes_texts(decided.row.entry) {
            return None;
        }
        let directory = self.live.directory();
        let found = decided.outcome.found();
        let node = found.node.and_then(|node| directory.node(node));
        let language = insight::language_of(&directory, found.person, node);
        let place = node.map_or(Place::Charger, |node| node.kind.into());
        let later = later.and_then(|at| {
            let (_, installation) = directory.installation_of(node?)?;
            Some(Later {
                now: decided.row.as_of,
                at,
                zone: installation.zone.clone()?,
            })
        });
        let reason = decided.outcome.reason();
        wording::sentence(language, reason, place, later.as_ref())
    }

    pub(crate) fn door_reply(&self, decided: &Decided, verdict: Verdict) -> DoorReply {
        let directory = self.live.directory();
        let open_seconds = decided
            .outcome
            .found()
            .node
            .filter(|_| decided.outcome.allows())
            .and_then(|node| directory.door(node.into()))
            .map_or(0, |door| door.open_seconds);
        let text = verdict
            .message
            .as_ref()
            .map(|message| message.text.clone())
            .unwrap_or_default();
        DoorReply {
            verdict,
            open_seconds,
            text,
        }
    }

    pub(crate) fn tell_decision(&self, decided: &Decided) {
        let Some(node) = decided.row.node else { return };
        // Recorded and not refused: soft anti-passback.
        let passed_back = match &decided.outcome {
            Outcome::Allow(terms) => terms.passed_back,
            Outcome::Deny(_) | Outcome::Ask(_) => false,
        };
        let data = Particulars::Decision {
            id: decided.row.id,
            entry: decided.row.entry,
            reason: decided.row.reason,
            passed_back,
        };
        self.events
            .tell(decided.row.at, "decision", node, decided.row.person, data);
        if decided.locked_out {
            let data = serde_json::json!({ "decision_id": decided.row.id });
            self.events
                .tell(decided.row.at, "codes.locked_out", node, None, data);
        }
    }
}

/// What an attempt at a door is known by, so that the same message again takes nothing again.
fn attempt(station: &StationKey, message_id: &str) -> UseId {
    let mut hasher = Sha256::new();
    hasher.update(station.as_str().as_bytes());
    hasher.update([0]);
    hasher.update(message_id.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(hash.split_at(16).0);
    UseId(uuid::Builder::from_custom_bytes(id).into_uuid())
}

/// Whether an answer can carry a text: chargers of OCPP 1.6 have no field for one.
const fn takes_texts(entry: Entry) -> bool {
    match entry {
        Entry::Authorize16 | Entry::Start16 | Entry::Stop16 => false,
        Entry::Authorize201
        | Entry::TransactionEvent201
        | Entry::Lock16
        | Entry::Lock201
        | Entry::DoorHttp
        | Entry::Api => true,
    }
}
