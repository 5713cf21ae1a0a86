//! What a card that is presented means besides the decision on it: it may be the one that an
//! enrolment waits for, one that nobody has, or tell how the reader shows numbers.
//!
//! None of this changes the decision or the answer: a card that is being enrolled is refused at
//! that tap like any other that nobody has.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use model::{
    CredentialKind, Enrolment, EnrolmentId, EnrolmentProblem, EnrolmentState, NodeId,
    PresentedToken, ReaderProposal, Reason, StationKey, TokenKind, UnknownCard, UnknownCardId,
    readings,
};
use parking_lot::Mutex;
use serde_json::json;
use store::{Droppable, StoreError};
use uuid::Uuid;

use crate::App;
use crate::card::fault_of_value;
use crate::pep::Decided;

/// The code of the reason when a number stands for more than one card.
const AMBIGUOUS: &str = "AMBIGUOUS";

/// How long a card that was presented waits to be confirmed.
pub(crate) const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// The windows that are open, beside the database: a tap looks here first.
#[derive(Debug, Default)]
pub(crate) struct Windows(Mutex<HashMap<NodeId, (EnrolmentId, Timestamp)>>);

impl Windows {
    pub(crate) fn open(&self, row: &Enrolment) {
        self.0.lock().insert(row.node, (row.id, row.until));
    }

    pub(crate) fn close(&self, node: NodeId, id: EnrolmentId) {
        let mut open = self.0.lock();
        if open.get(&node).is_some_and(|(known, _)| *known == id) {
            open.remove(&node);
        }
    }

    fn at(&self, node: NodeId, now: Timestamp) -> Option<EnrolmentId> {
        let mut open = self.0.lock();
        let (id, until) = *open.get(&node)?;
        if now < until {
            return Some(id);
        }
        open.remove(&node);
        None
    }
}

/// Whether a token of this kind is the number of a card.
const fn is_card(kind: TokenKind) -> bool {
    match kind {
        TokenKind::IdTag | TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local => true,
        TokenKind::Central
        | TokenKind::Emaid
        | TokenKind::KeyCode
        | TokenKind::MacAddress
        | TokenKind::NoAuthorization => false,
    }
}

impl App {
    /// Enrolments that were open before the last stop go on until their time is over.
    pub(crate) async fn take_up_enrolments(&self) -> Result<(), StoreError> {
        for row in self.store.open_enrolments(self.clock.now()).await? {
            self.windows.open(&row);
        }
        Ok(())
    }

    /// Notes what a card that was decided on tells besides; `station` is the one that asked.
    pub(crate) async fn note_card(
        &self,
        decided: &Decided,
        token: &PresentedToken,
        station: Option<&StationKey>,
    ) {
        if !is_card(token.kind) || token.is_nothing() {
            return;
        }
        self.warn_of_card(decided, token);
        // An EVSE stands for its charger, a lock's site for nothing that can be tapped at.
        let Some(node) = decided.row.node else { return };
        let directory = self.live.directory();
        let Some(entry) = directory.node(node) else {
            return;
        };
        if !matches!(entry.kind, model::NodeKind::Charger | model::NodeKind::Door) {
            return;
        }
        let organisation = entry.organisation;
        // Our own token of a remote start never saw a reader. One that counts not is found only
        // here.
        let found = decided.outcome.found();
        let is_remote = found.remote_token
            || (found.credential.is_none() && directory.is_remote_token(organisation, token));
        if is_remote {
            return;
        }
        let now = decided.row.at;
        if let Some(id) = self.windows.at(node, now)
            && self.present(id, decided, token, now).await
        {
            return;
        }
        let key = token.key();
        self.note_reading(organisation, decided, token, &key, station);
        if decided.outcome.reason() == Reason::CredentialUnknown
            && fault_of_value(CredentialKind::Rfid, &key).is_none()
        {
            self.store.offer(Droppable::UnknownCard(UnknownCard {
                id: UnknownCardId(Uuid::now_v7()),
                organisation,
                value: key.clone(),
                key,
                node,
                station: station.cloned(),
                count: 1,
                first_at: now,
                last_at: now,
            }));
        }
    }

    /// Watchers are told of cards that somebody should look into.
    fn warn_of_card(&self, decided: &Decided, token: &PresentedToken) {
        let kind = match decided.outcome.reason() {
            Reason::CredentialLost => "card.lost_presented",
            reason if reason.code() == AMBIGUOUS => "card.ambiguous",
            _ => return,
        };
        let Some(node) = decided.row.node else { return };
        let data = json!({
            "decision_id": decided.row.id,
            "token": token.masked(),
            "credential_id": decided.outcome.found().credential,
        });
        // Not to the person: whoever holds the card now is somebody else.
        self.events.tell(decided.row.at, kind, node, None, data);
    }

    /// Gives a card to the window that waits for one. `false`: the window was over, or it could
    /// not be written.
    async fn present(
        &self,
        id: EnrolmentId,
        decided: &Decided,
        token: &PresentedToken,
        now: Timestamp,
    ) -> bool {
        let key = token.key();
        let reason = decided.outcome.reason();
        let problem = if decided.outcome.found().credential.is_some() {
            Some(EnrolmentProblem::Taken)
        } else if model::is_random(&key) {
            Some(EnrolmentProblem::RandomUid)
        } else if fault_of_value(CredentialKind::Rfid, &key).is_some() {
            Some(EnrolmentProblem::Unusable)
        } else if reason.code() == AMBIGUOUS {
            Some(EnrolmentProblem::Ambiguous)
        } else {
            None
        };
        let presented = self
            .store
            .write(self.settings.hold, move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    let Some(mut row) = tx.get_enrolment(id).await? else {
                        return Ok(None);
                    };
                    if row.state_at(now) != EnrolmentState::Open {
                        return Ok(None);
                    }
                    let taken = tx.find_credential(row.organisation, &key).await?.is_some();
                    row.problem = problem.or(taken.then_some(EnrolmentProblem::Taken));
                    row.presented_at = Some(now);
                    if row.problem.is_none() {
                        row.state = EnrolmentState::Presented;
                        row.value = Some(key);
                        row.until = now.checked_add(CONFIRM_WITHIN).unwrap_or(row.until);
                    }
                    tx.update_enrolment(&row).await?;
                    Ok(Some(row))
                })
            })
            .await;
        match presented {
            Ok(Some(row)) => {
                if row.state != EnrolmentState::Open {
                    self.windows.close(row.node, row.id);
                }
                let data = json!({
                    "enrolment_id": row.id,
                    "state": row.state.name(),
                    "problem": row.problem.map(EnrolmentProblem::name),
                    "decision_id": decided.row.id,
                });
                self.events
                    .tell(now, "enrolment.presented", row.node, Some(row.person), data);
                true
            }
            Ok(None) => false,
            Err(error) => {
                // The tap is answered all the same; the window stays open for another one.
                tracing::error!(%error, "a card that was presented could not be enrolled");
                false
            }
        }
    }

    /// Notes the profiles that would explain how this reader shows a card that is known.
    fn note_reading(
        &self,
        organisation: model::OrganisationId,
        decided: &Decided,
        token: &PresentedToken,
        key: &str,
        station: Option<&StationKey>,
    ) {
        let directory = self.live.directory();
        // What is known by the number it was read as needs no explanation.
        if directory.card_numbered(organisation, key).is_some() {
            return;
        }
        let Some(record) = station.and_then(|key| self.standing.record(key)) else {
            return;
        };
        let (Some(vendor), Some(model)) = (record.vendor, record.model) else {
            return;
        };
        let found = decided.outcome.found().credential;
        let now = decided.row.at;
        for (profile, key) in readings(&token.value, record.serial.as_deref()) {
            let explained = directory
                .card_numbered(organisation, &key)
                .is_some_and(|(card, _)| found.is_none_or(|found| found == card));
            if explained {
                self.store.offer(Droppable::ReaderProposal(ReaderProposal {
                    organisation,
                    vendor: vendor.clone(),
                    model: model.clone(),
                    profile,
                    count: 1,
                    first_at: now,
                    last_at: now,
                }));
            }
        }
    }
}
