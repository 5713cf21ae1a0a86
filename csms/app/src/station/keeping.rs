//! Recording a transaction message: one job of the writer, which may be run again.
//!
//! The natural key uses the received text of the time, so a retry is known again however the
//! message id was chosen (docs/authorization.md, Natural keys).

use std::sync::Arc;

use authz::Taking;
use jiff::Timestamp;
use model::neutral::TransactionEvent;
use model::{
    AuthorizationRequired, ChargerId, CredentialId, DecisionId, EvseId, InstallationId,
    OrganisationId, PersonId, Phase, PresentedToken, QuirkName, Reason, StationKey, StopGroup,
    Transaction, TransactionId, TransactionRecord, TransactionRef,
};
use store::{Counter, DeliveryEvent, Lasting, StoreError, Strictness, Tx};

use super::answer::{StoredAnswer, StoredVerdict};
use super::samples::keyed;
use super::time::{Timeliness, plausible, plausible_or};
use crate::authority::told_of;
use crate::{App, wording};

/// What a job needs to record one message.
pub(super) struct Keep {
    pub(super) station: StationKey,
    pub(super) organisation: OrganisationId,
    pub(super) charger: Option<ChargerId>,
    pub(super) evse: Option<EvseId>,
    /// The id of the transaction, if it is a new one.
    pub(super) id: TransactionId,
    pub(super) when: Timeliness,
    pub(super) now: Timestamp,
    /// The flag in effect when it began, if it begins with this and that is known.
    pub(super) flag: Option<AuthorizationRequired>,
    /// Whose outside authority is told of it.
    pub(super) tell: Option<InstallationId>,
    pub(super) judged: Option<Judgement>,
    /// The stop group of the token's person, to match a stop without a number.
    pub(super) group: Option<StopGroup>,
    pub(super) event: TransactionEvent,
}

/// The decision on the token, as far as the record goes.
pub(super) struct Judgement {
    pub(super) reason: Reason,
    pub(super) decision: DecisionId,
    pub(super) person: Option<PersonId>,
    pub(super) credential: Option<CredentialId>,
    pub(super) stop_group: Option<StopGroup>,
    pub(super) remote_token: bool,
    /// The token began something, and was not presented to end it.
    pub(super) begins: bool,
    /// What it takes of a limited grant.
    pub(super) taking: Option<(Taking, Strictness)>,
    pub(super) verdict: StoredVerdict,
}

/// What was recorded.
pub(super) struct Kept {
    pub(super) answer: StoredAnswer,
    pub(super) transaction: Transaction,
    pub(super) phase: Phase,
    /// The message was not known yet.
    pub(super) is_new: bool,
    pub(super) quirk: Option<QuirkName>,
    /// Something must be told outside.
    pub(super) news: bool,
}

impl App {
    /// Records; returns after the commit.
    pub(super) async fn keep(&self, keep: Keep) -> Result<Kept, StoreError> {
        let keep = Arc::new(keep);
        self.store
            .write(self.settings.hold, move |tx| {
                let keep = Arc::clone(&keep);
                Box::pin(async move { keep.run(tx).await })
            })
            .await
    }
}

impl Keep {
    async fn run(&self, tx: &mut Tx) -> Result<Kept, StoreError> {
        let key = natural_key(&self.event);
        if let Some(record) = tx.find_record(&self.station, &key).await?
            && let Some(transaction) = tx.get_transaction(record.transaction).await?
        {
            if !self.is_another(&transaction) {
                return Ok(Kept {
                    answer: StoredAnswer::from_text(record.answer.as_deref()),
                    transaction,
                    phase: self.event.phase,
                    is_new: false,
                    quirk: None,
                    news: false,
                });
            }
            let aside = format!("{key}#{}", transaction.id);
            tx.rename_record(&self.station, &key, &aside).await?;
        }
        let mut quirk = None;
        let mut number = None;
        let mut news = None;
        let mut verdict = self.verdict();
        let transaction = match self.existing(tx).await? {
            Some(mut transaction) => {
                if let Some(seq_no) = self.event.seq_no
                    && tx
                        .find_record_by_seq_no(transaction.id, seq_no)
                        .await?
                        .is_some()
                {
                    quirk = Some(QuirkName::SeqNoReused);
                }
                if self.event.phase == Phase::Ended && transaction.ended_at.is_some() {
                    // Kept, but a closed transaction does not change again.
                    quirk = quirk.or(Some(QuirkName::SecondStop));
                } else {
                    self.apply(&mut transaction);
                    verdict = self.take(tx, &mut transaction).await?;
                    tx.update_transaction(&transaction).await?;
                    self.settle(tx, &transaction).await?;
                    if self.event.phase == Phase::Ended {
                        news = Some(DeliveryEvent::Ended);
                    }
                }
                transaction
            }
            None => {
                let mut transaction = self.fresh();
                if self.event.reference == TransactionRef::New {
                    let given = tx.next_number(Counter::TransactionNumber).await?;
                    transaction.number = Some(given);
                    transaction.station_transaction_id = given.to_string();
                    number = Some(given);
                }
                self.apply(&mut transaction);
                verdict = self.take(tx, &mut transaction).await?;
                tx.insert_transaction(&transaction).await?;
                news = Some(match self.event.phase {
                    Phase::Started | Phase::Updated => DeliveryEvent::Started,
                    Phase::Ended => DeliveryEvent::Ended,
                });
                transaction
            }
        };
        let news = self.tell.zip(news);
        if let Some((installation, event)) = news {
            let delivery = told_of(installation, transaction.id, event, self.now);
            tx.insert_delivery(&delivery).await?;
        }
        let answer = StoredAnswer { number, verdict };
        tx.insert_record(&TransactionRecord {
            station: self.station.clone(),
            natural_key: key,
            transaction: transaction.id,
            phase: self.event.phase,
            seq_no: self.event.seq_no,
            trigger: self.event.trigger.clone(),
            time_text: self.event.at.text.clone(),
            received_at: self.now,
            answer: answer.to_text(),
            body: None,
        })
        .await?;
        if !self.event.samples.is_empty() {
            let samples = keyed(
                self.event.samples.iter().cloned(),
                self.event.evse,
                Some(&self.event.reference),
            );
            tx.insert_samples(&self.station, Some(transaction.id), &samples, self.now)
                .await?;
        }
        if let Some(judged) = &self.judged
            && judged.begins
            && judged.remote_token
            && judged.reason.allows()
        {
            // One command, one start.
            for pending in tx.find_pending(&self.station, self.now).await? {
                if Some(pending.person) == judged.person {
                    tx.close_remote_start(pending.id, transaction.id).await?;
                }
            }
        }
        Ok(Kept {
            answer,
            transaction,
            phase: self.event.phase,
            is_new: true,
            quirk,
            news: news.is_some(),
        })
    }

    fn verdict(&self) -> Option<StoredVerdict> {
        self.judged.as_ref().map(|judged| judged.verdict.clone())
    }

    /// Takes what the transaction takes of a limited grant. Where another node has taken the last
    /// of it meanwhile, it is refused after all: the database has the last word.
    async fn take(
        &self,
        tx: &mut Tx,
        transaction: &mut Transaction,
    ) -> Result<Option<StoredVerdict>, StoreError> {
        let verdict = self.verdict();
        let Some((taking, strictness)) = self
            .judged
            .as_ref()
            .filter(|judged| judged.begins && judged.reason.allows())
            .and_then(|judged| judged.taking)
        else {
            return Ok(verdict);
        };
        let receipt = tx
            .take_use(
                transaction.id.into(),
                taking.grant,
                taking.person,
                taking.limits,
                Lasting::Transaction,
                strictness,
                self.now,
            )
            .await?;
        if receipt.is_some() {
            return Ok(verdict);
        }
        transaction.refused = true;
        transaction.authenticated = false;
        Ok(verdict.map(|verdict| StoredVerdict {
            reason: Reason::LimitReached,
            expires_at: None,
            message: verdict.message.as_ref().and_then(|message| {
                wording::sentence(
                    message.language,
                    Reason::LimitReached,
                    wording::Place::Charger,
                    None,
                )
            }),
            ..verdict
        }))
    }

    /// What an ended transaction took of a limited grant.
    async fn settle(&self, tx: &mut Tx, transaction: &Transaction) -> Result<(), StoreError> {
        if transaction.ended_at.is_some() {
            let (minutes, wh) = taken_by(transaction);
            tx.settle_use(transaction.id.into(), minutes, wh, self.now)
                .await?;
        }
        Ok(())
    }

    /// The same start again, of a station whose clock cannot be believed, after the first has
    /// ended: another charge (a charger without a clock says 1970 every time).
    fn is_another(&self, transaction: &Transaction) -> bool {
        self.event.reference == TransactionRef::New
            && transaction.ended_at.is_some()
            && plausible(&self.event.at, self.now).is_none()
    }

    async fn existing(&self, tx: &mut Tx) -> Result<Option<Transaction>, StoreError> {
        match &self.event.reference {
            TransactionRef::New => Ok(None),
            TransactionRef::Text(name) => tx.find_transaction_by_name(&self.station, name).await,
            TransactionRef::Number(number) => {
                if let Some(found) = tx
                    .find_transaction_by_number(&self.station, *number)
                    .await?
                {
                    return Ok(Some(found));
                }
                // Q26: -1, 0, never given.
                let open = tx.open_of_station(&self.station).await?;
                Ok(only_fit(open, &self.event, self.group.as_ref()))
            }
        }
    }

    fn fresh(&self) -> Transaction {
        let name = match &self.event.reference {
            TransactionRef::New => String::new(),
            TransactionRef::Number(number) => number.to_string(),
            TransactionRef::Text(name) => name.clone(),
        };
        Transaction {
            id: self.id,
            organisation: self.organisation,
            charger: self.charger,
            station: self.station.clone(),
            number: None,
            station_transaction_id: name,
            evse: None,
            evse_number: None,
            connector: None,
            person: None,
            credential: None,
            id_token: None,
            token_key: None,
            stop_group: None,
            started_at: self.happened_at(),
            ended_at: None,
            received_at: self.now,
            meter_start_wh: None,
            meter_stop_wh: None,
            energy_wh: None,
            stop_reason: None,
            authenticated: false,
            refused: false,
            late: false,
            orphan: self.event.phase == Phase::Ended,
            remote_start_id: None,
            decision: None,
            authorization_required: None,
        }
    }

    fn happened_at(&self) -> Timestamp {
        match self.when {
            Timeliness::Live => plausible_or(Some(&self.event.at), self.now),
            Timeliness::Late(time) => time,
        }
    }

    /// What the event says about its transaction.
    fn apply(&self, transaction: &mut Transaction) {
        let event = &self.event;
        transaction.evse = transaction.evse.or(self.evse);
        transaction.evse_number = transaction.evse_number.or(event.evse);
        transaction.connector = transaction.connector.or(event.connector);
        transaction.remote_start_id = transaction.remote_start_id.or(event.remote_start_id);
        if let Some(judged) = &self.judged
            && judged.begins
        {
            transaction.person = judged.person;
            transaction.credential = judged.credential;
            transaction.stop_group = judged.stop_group.clone();
            transaction.id_token = event.token.as_ref().map(PresentedToken::masked);
            transaction.token_key = event.token.as_ref().map(PresentedToken::key);
            transaction.authenticated = judged.reason == Reason::Granted;
            transaction.refused = !judged.reason.allows();
            transaction.decision = Some(judged.decision);
        }
        match event.phase {
            Phase::Started => {
                transaction.started_at = self.happened_at();
                transaction.authorization_required =
                    transaction.authorization_required.or(self.flag);
                transaction.late = matches!(self.when, Timeliness::Late(_));
                transaction.meter_start_wh = transaction.meter_start_wh.or(event.meter_wh);
                transaction.orphan = false;
            }
            Phase::Updated => {
                transaction.meter_start_wh = transaction.meter_start_wh.or(event.meter_wh);
            }
            Phase::Ended => {
                transaction.ended_at = Some(self.happened_at().max(transaction.started_at));
                transaction.meter_stop_wh = event.meter_wh;
                // OCPP 1.6 §4.10, 2.0.1 E06: absent means Local.
                transaction.stop_reason = Some(
                    event
                        .stop_reason
                        .clone()
                        .unwrap_or_else(|| "Local".to_owned()),
                );
            }
        }
        if let (Some(start), Some(now)) = (transaction.meter_start_wh, event.meter_wh)
            && now >= start
        {
            transaction.energy_wh = transaction.energy_wh.max(Some(now - start));
        }
    }
}

/// What a message is known by, however often it is sent.
pub(super) fn natural_key(event: &TransactionEvent) -> String {
    let time = &event.at.text;
    let meter = event.meter_wh.map_or_else(String::new, |wh| wh.to_string());
    match &event.reference {
        TransactionRef::New => {
            // As received: a retry is known again though the reader's profile has changed.
            let token = event
                .token
                .as_ref()
                .map(PresentedToken::received_key)
                .unwrap_or_default();
            let evse = event.evse.unwrap_or(0);
            format!("start|{evse}|{token}|{time}|{meter}")
        }
        TransactionRef::Number(number) => format!("stop|{number}|{time}|{meter}"),
        TransactionRef::Text(name) => {
            let seq = event.seq_no.map_or_else(String::new, |seq| seq.to_string());
            let phase = match event.phase {
                Phase::Started => "started",
                Phase::Updated => "updated",
                Phase::Ended => "ended",
            };
            format!("event|{name}|{seq}|{phase}|{time}")
        }
    }
}

/// Minutes begun, and energy in Wh.
pub(super) fn taken_by(transaction: &Transaction) -> (u32, i64) {
    let seconds = transaction.ended_at.map_or(0, |end| {
        end.duration_since(transaction.started_at).as_secs().max(0)
    });
    let minutes = u32::try_from(seconds.saturating_add(59) / 60).unwrap_or(u32::MAX);
    (minutes, transaction.energy_wh.unwrap_or(0).max(0))
}

/// The one open, accepted transaction that a stop without a usable number can mean.
pub(super) fn only_fit(
    open: Vec<Transaction>,
    event: &TransactionEvent,
    group: Option<&StopGroup>,
) -> Option<Transaction> {
    let token = event.token.as_ref().map(PresentedToken::key);
    let mut fits = open.into_iter().filter(|transaction| {
        let begun_before = event.at.time.is_none_or(|stop| {
            // A clock that went back to 1970 says nothing about the order.
            stop.as_second() < 1_420_070_400 || transaction.started_at <= stop
        });
        let meter_rises = match (transaction.meter_start_wh, event.meter_wh) {
            (Some(start), Some(stop)) => start <= stop,
            (None, _) | (_, None) => true,
        };
        let same_token = token.is_none()
            || token == transaction.token_key
            || (group.is_some() && group == transaction.stop_group.as_ref());
        !transaction.refused && begun_before && meter_rises && same_token
    });
    let fit = fits.next()?;
    fits.next().is_none().then_some(fit)
}
