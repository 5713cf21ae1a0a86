//! What an outside authority says of the events of a transaction.

use authz::{Outcome, Told};
use model::neutral::TransactionEvent;
use model::{Phase, PresentedToken, Transaction, TransactionId};

use super::answer::StoredAnswer;
use super::keeping::natural_key;
use super::time::{Timeliness, plausible};
use super::transaction::Asked;
use super::{Connection, StationFailure};
use crate::App;
use crate::authority::About;

impl App {
    /// What an outside authority says of it, if one is to be asked. A message that comes again, and
    /// the token that ends what it began, are answered as before without asking again.
    pub(super) async fn told_of_event(
        &self,
        connection: &Connection,
        event: &TransactionEvent,
        known: Option<&Transaction>,
        asked: &Asked<'_>,
        id: TransactionId,
        when: Timeliness,
    ) -> Result<Option<Told>, StationFailure> {
        if self.is_decided_here(asked.request.resource) {
            return Ok(None);
        }
        let Outcome::Ask(_) = self.pep.decide_here(&asked.request, self.clock.now()) else {
            return Ok(None);
        };
        let told = |allows: bool| Some(if allows { Told::Yes } else { Told::No });
        let station = &connection.station.key;
        if plausible(&event.at, self.clock.now()).is_some() {
            let before = self.store.find_record(station, &natural_key(event)).await;
            let before = before.map_err(|error| {
                tracing::error!(%error, station.id = %station, "a message could not be looked up");
                StationFailure::NotRecorded
            })?;
            if let Some(record) = before
                && let Some(verdict) = StoredAnswer::from_text(record.answer.as_deref()).verdict
            {
                return Ok(told(verdict.reason.allows()));
            }
        }
        if event.phase == Phase::Ended
            && let Some(known) = known
            && known.token_key == event.token.as_ref().map(PresentedToken::key)
        {
            return Ok(told(!known.refused));
        }
        let about = self.about(connection, id, when);
        Ok(self.told(&asked.request, &about).await)
    }

    pub(super) fn about<'c>(
        &self,
        connection: &'c Connection,
        id: TransactionId,
        when: Timeliness,
    ) -> About<'c> {
        About {
            station: Some(connection.station.id.as_str()),
            transaction: Some(id),
            happened_at: match when {
                Timeliness::Live => None,
                Timeliness::Late(time) => Some(time),
            },
        }
    }
}
