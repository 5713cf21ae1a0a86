//! Transactions: decided, recorded, then answered. Nothing is answered before it is committed,
//! and nothing that has happened is refused its record.

use authz::{Asker, Intent, Outcome, Request, Resource, Taking, Used};
use jiff::Timestamp;
use model::neutral::{StationReply, TransactionEvent, TransactionReply, Verdict};
use model::{
    Action, AuthorizationRequired, ChargerId, Entry, Limits, NodeId, OcppVersion, OrganisationId,
    Phase, PresentedToken, QuirkName, Reason, StationKind, Transaction, TransactionId,
    TransactionRef,
};
use serde_json::json;
use store::Strictness;
use uuid::Uuid;

use super::answer::{StoredAnswer, StoredVerdict};
use super::keeping::{Judgement, Keep, natural_key, only_fit, taken_by};
use super::time::{Timeliness, plausible, timeliness};
use super::{Connection, StationFailure};
use crate::App;
use crate::pep::{Decided, Origin};

/// What the decision on the token of an event means for the record and for the answer.
pub(super) struct Judged {
    /// As of the event: what the record says.
    pub(super) then: Decided,
    /// As of now: what the station is told; the same unless it came late.
    pub(super) now: Decided,
    /// The token began something, and was not presented to end it.
    pub(super) begins: bool,
}

/// What is asked with the token of an event.
pub(super) struct Asked<'e> {
    entry: Entry,
    pub(super) request: Request<'e>,
    /// It was presented to end.
    stops: bool,
    /// It was presented to begin.
    begins: bool,
}

impl App {
    pub(super) async fn transaction_event(
        &self,
        connection: &Connection,
        message_id: &str,
        event: TransactionEvent,
    ) -> Result<StationReply, StationFailure> {
        let now = self.clock.now();
        // A start at a time that cannot be believed may be another one: its record knows.
        let key = natural_key(&event);
        let is_known_by_key =
            event.reference != TransactionRef::New || plausible(&event.at, now).is_some();
        if is_known_by_key && let Some(answer) = connection.answered.find(&key) {
            let again = reply(answer, event.token);
            return Ok(StationReply::Transaction(Box::new(again)));
        }
        let when = timeliness(&event.at, event.delivery, connection.since, now);
        let fresh = TransactionId(Uuid::now_v7());
        let known = self.find_transaction(connection, &event).await?;
        let id = known.as_ref().map_or(fresh, |transaction| transaction.id);

        let mut asked = self.asked(connection, &event, known.as_ref(), id);
        if let Some(asked) = &mut asked {
            asked.request.context.told = self
                .told_of_event(connection, &event, known.as_ref(), asked, id, when)
                .await?;
        }
        let judged = asked
            .as_ref()
            .map(|asked| self.judge(connection, message_id, asked, id, when, now));
        if let (Some(asked), Some(judged)) = (&asked, &judged)
            && judged.begins
        {
            let about = self.about(connection, id, when);
            self.shadow(&asked.request, &about, &judged.now);
        }
        if let Some(judged) = &judged {
            self.log_judged(judged).await?;
        }
        let Some(organisation) = self.organisation_of(connection) else {
            // The station was removed while it was connected; it is about to be disconnected.
            return Err(StationFailure::NotRecorded);
        };
        let flag = self.flag_at_start(connection, &event, when, now).await;
        let keep = Keep {
            station: connection.station.key.clone(),
            organisation,
            charger: charger_of(connection),
            evse: self.evse_of(connection, event.evse),
            id,
            when,
            now,
            flag,
            tell: self.told_elsewhere(charger_of(connection)),
            judged: self.judgement(judged.as_ref(), &event, now),
            group: self.group_of(connection, &event),
            event,
        };
        let token = keep.event.token.clone();
        let kept = match self.keep(keep).await {
            Ok(kept) => kept,
            Err(error) => {
                // Not recorded: what was reserved for it is free again.
                if known.is_none() {
                    self.pep.usage(|usage| {
                        usage.end(id);
                        usage.give_back(id.into());
                    });
                }
                tracing::error!(%error, station.id = %connection.station.key, "not recorded");
                return Err(StationFailure::NotRecorded);
            }
        };
        connection.answered.note(key, kept.answer.clone());
        if kept.transaction.id != id && known.is_none() {
            // A retry: the transaction is the one from before.
            self.pep.usage(|usage| {
                usage.end(id);
                usage.give_back(id.into());
            });
        }
        let begins = judged
            .as_ref()
            .filter(|judged| judged.begins && kept.is_new)
            .and_then(|judged| self.measured(&judged.then.outcome));
        if kept.news {
            self.authorities.bell.notify_one();
        }
        self.follow_use(&kept.transaction, judged.as_ref(), kept.is_new);
        self.follow_allowance(&kept.transaction, begins).await;
        if let Some(quirk) = kept.quirk {
            let action = match connection.version {
                OcppVersion::V16 => "StopTransaction",
                OcppVersion::V201 => "TransactionEvent",
            };
            let field = if quirk == QuirkName::SeqNoReused {
                "seqNo"
            } else {
                "transactionId"
            };
            self.note_conduct(connection, quirk, action, field);
        }
        if kept.is_new {
            self.tell_transaction(connection, &kept.transaction, kept.phase);
            if let Some(judged) = &judged {
                self.tell_decision(&judged.now);
                self.note_ambiguous(&connection.station.key, &judged.now);
                if let Some(token) = &token {
                    self.note_refusal(connection, &judged.now, token);
                }
                // A card that was presented some time ago is not the one a window waits for.
                if let (true, Timeliness::Live, Some(token)) = (judged.begins, when, &token) {
                    self.note_card(&judged.now, token, Some(&connection.station.key))
                        .await;
                }
            }
            self.enforce(connection, &kept.transaction, judged.as_ref());
        }
        Ok(StationReply::Transaction(Box::new(reply(
            kept.answer,
            token,
        ))))
    }

    /// The limits that end a charge while it runs, with what was taken of them before.
    fn measured(&self, outcome: &Outcome) -> Option<(Limits, Used)> {
        let Outcome::Allow(terms) = outcome else {
            return None;
        };
        let taking = terms.taking.filter(|taking| taking.limits.are_measured())?;
        let used = self
            .pep
            .usage(|usage| usage.used(taking.grant, taking.person));
        Some((taking.limits, used))
    }

    /// The flag in effect when a transaction began: now, or as the change log tells of then.
    async fn flag_at_start(
        &self,
        connection: &Connection,
        event: &TransactionEvent,
        when: Timeliness,
        now: Timestamp,
    ) -> Option<AuthorizationRequired> {
        let charger = charger_of(connection).filter(|_| event.phase == Phase::Started)?;
        match when {
            Timeliness::Live => self.flag_now(charger, now),
            Timeliness::Late(time) => self.flag_then(charger, time).await,
        }
    }

    /// The transaction an event belongs to, if it is known already.
    async fn find_transaction(
        &self,
        connection: &Connection,
        event: &TransactionEvent,
    ) -> Result<Option<Transaction>, StationFailure> {
        let station = &connection.station.key;
        let found = match &event.reference {
            TransactionRef::New => Ok(None),
            TransactionRef::Number(number) => {
                match self
                    .store
                    .find_transaction_by_number(station, *number)
                    .await
                {
                    Ok(None) => self.store.open_of_station(station).await.map(|open| {
                        only_fit(open, event, self.group_of(connection, event).as_ref())
                    }),
                    found => found,
                }
            }
            TransactionRef::Text(name) => self.store.find_transaction_by_name(station, name).await,
        };
        found.map_err(|error| {
            tracing::error!(%error, station.id = %station, "the transaction could not be looked up");
            StationFailure::NotRecorded
        })
    }

    pub(super) fn group_of(
        &self,
        connection: &Connection,
        event: &TransactionEvent,
    ) -> Option<model::StopGroup> {
        let organisation = self.organisation_of(connection)?;
        let directory = self.live.directory();
        let numbers = connection.station.context().numbers;
        let token = event.token.as_ref()?;
        let (_, person) = directory.holder_of(organisation, token, numbers)?;
        directory
            .person(person)
            .map(|person| person.stop_group.clone())
    }

    /// What is asked with the token of an event, if it carries one.
    fn asked<'e>(
        &self,
        connection: &Connection,
        event: &'e TransactionEvent,
        known: Option<&Transaction>,
        id: TransactionId,
    ) -> Option<Asked<'e>> {
        let token = event.token.as_ref();
        let started_without_token = token.is_none()
            && event.phase == Phase::Started
            && connection.version == OcppVersion::V16;
        if token.is_none() && !started_without_token {
            return None;
        }
        let resource = match (
            connection.station.kind,
            event.evse.or(known.and_then(|k| k.evse_number)),
        ) {
            (StationKind::Charger(charger), Some(evse)) if evse > 0 => {
                Resource::Evse(charger, evse)
            }
            (StationKind::Charger(charger), _) => Resource::AnyEvse(charger),
            // A lock that sends a transaction all the same gets a number and no permission.
            (StationKind::Lock(lock), _) => Resource::Lock(lock, Some(0)),
        };
        let entry = match (connection.version, event.phase) {
            (OcppVersion::V201, _) => Entry::TransactionEvent201,
            (OcppVersion::V16, Phase::Ended) => Entry::Stop16,
            (OcppVersion::V16, Phase::Started | Phase::Updated) => Entry::Start16,
        };
        let stops = match connection.version {
            // C12: a token that ends a transaction, or was presented to end it.
            OcppVersion::V201 => {
                event.phase == Phase::Ended || event.trigger.as_deref() == Some("StopAuthorized")
            }
            OcppVersion::V16 => false,
        };
        // 1.6 StopTransaction: idTagInfo is what a start would get now, since it feeds the
        // station's cache; the transaction that ends does not count.
        let intent = if stops {
            Intent::Stop(id)
        } else {
            Intent::Start(id)
        };
        Some(Asked {
            entry,
            request: Request {
                asker: token.map_or(Asker::Nobody, Asker::Token),
                action: if stops { Action::StopOwn } else { Action::Use },
                resource,
                intent,
                context: connection.station.context(),
            },
            stops,
            begins: !stops && event.phase != Phase::Ended,
        })
    }

    /// Decides on the token of an event.
    fn judge(
        &self,
        connection: &Connection,
        message_id: &str,
        asked: &Asked<'_>,
        id: TransactionId,
        when: Timeliness,
        now: Timestamp,
    ) -> Judged {
        let origin = Origin {
            entry: asked.entry,
            station: Some(&connection.station.key),
            message_id: Some(message_id),
        };
        let token = match asked.request.asker {
            Asker::Token(token) => Some(token),
            Asker::Nobody | Asker::Person { .. } => None,
        };
        let begins = asked.begins;
        let reserve = |outcome: &Outcome, usage: &mut authz::Usage| {
            if !begins {
                return;
            }
            if let (Outcome::Allow(terms), Some(open)) = (
                outcome,
                self.open_transaction(connection, id, &outcome.found().clone(), token),
            ) {
                if terms.found.remote_token
                    && let (Some(charger), Some(person)) =
                        (charger_of(connection), terms.found.person)
                {
                    // One command, one start.
                    usage.cancel_remote(charger, person);
                }
                usage.begin(open);
                if let Some(taking) = terms.taking {
                    let running = taking.limits.are_measured();
                    usage.take(id.into(), taking.grant, taking.person, running);
                }
            }
        };
        match when {
            Timeliness::Live => {
                let (then, ()) = self.pep.decide_and(&asked.request, &origin, now, reserve);
                Judged {
                    now: then.clone(),
                    then,
                    begins,
                }
            }
            Timeliness::Late(time) => {
                let request = Request {
                    intent: if asked.stops {
                        asked.request.intent
                    } else {
                        Intent::Late
                    },
                    ..asked.request
                };
                let (then, ()) = self.pep.decide_and(&request, &origin, time, reserve);
                let (now, ()) = self.pep.decide_and(&request, &origin, now, |_, _| ());
                Judged { then, now, begins }
            }
        }
    }

    /// What of a decision goes into the record.
    fn judgement(
        &self,
        judged: Option<&Judged>,
        event: &TransactionEvent,
        now: Timestamp,
    ) -> Option<Judgement> {
        let judged = judged?;
        let found = judged.then.outcome.found();
        let token = event
            .token
            .clone()
            .unwrap_or_else(|| PresentedToken::new(model::TokenKind::NoAuthorization, ""));
        let verdict = self.verdict(&judged.now, token, now, None);
        Some(Judgement {
            reason: judged.then.outcome.reason(),
            decision: judged.then.row.id,
            person: found.person,
            credential: found.credential,
            stop_group: found.stop_group.clone(),
            remote_token: found.remote_token,
            begins: judged.begins,
            taking: taking_of(&judged.then.outcome),
            verdict: StoredVerdict::from(&verdict),
        })
    }

    async fn log_judged(&self, judged: &Judged) -> Result<(), StationFailure> {
        let mut rows = vec![judged.then.row.clone()];
        if judged.now.row.id != judged.then.row.id {
            rows.push(judged.now.row.clone());
        }
        for row in rows {
            self.pep
                .log(row)
                .await
                .map_err(|_| StationFailure::NotRecorded)?;
        }
        Ok(())
    }

    fn open_transaction(
        &self,
        connection: &Connection,
        id: TransactionId,
        found: &authz::Found,
        token: Option<&PresentedToken>,
    ) -> Option<authz::OpenTransaction> {
        let charger = charger_of(connection)?;
        let installation = self.live.directory().node(charger)?.installation?;
        Some(authz::OpenTransaction {
            id,
            charger,
            installation,
            person: found.person,
            stop_group: found.stop_group.clone(),
            token_key: token.map(PresentedToken::key),
        })
    }

    /// Keeps the usage in step with what is recorded.
    fn follow_use(&self, transaction: &Transaction, judged: Option<&Judged>, is_new: bool) {
        let Some(charger) = transaction.charger else {
            return;
        };
        let Some(installation) = self
            .live
            .directory()
            .node(charger)
            .and_then(|node| node.installation)
        else {
            return;
        };
        let refused = transaction.refused;
        self.pep.usage(|usage| {
            if transaction.ended_at.is_some() || refused {
                usage.end(transaction.id);
                if refused {
                    usage.give_back(transaction.id.into());
                } else {
                    let (minutes, wh) = taken_by(transaction);
                    usage.settle(
                        transaction.id.into(),
                        minutes,
                        u64::try_from(wh).unwrap_or(0),
                    );
                }
            } else if is_new || judged.is_some() {
                usage.begin(authz::OpenTransaction {
                    id: transaction.id,
                    charger,
                    installation,
                    person: transaction.person,
                    stop_group: transaction.stop_group.clone(),
                    token_key: transaction.token_key.clone(),
                });
            }
        });
    }

    /// A station that charges without authorization where one is required does not enforce:
    /// that is noted, and the transaction is stopped where the installation says so.
    fn enforce(&self, connection: &Connection, transaction: &Transaction, judged: Option<&Judged>) {
        let Some(judged) = judged else { return };
        let outcome = &judged.now.outcome;
        let unauthenticated = outcome.reason() == Reason::NoCredential && !outcome.allows();
        if !unauthenticated || transaction.ended_at.is_some() {
            return;
        }
        let (action, field) = match connection.version {
            OcppVersion::V16 => ("StartTransaction", "idTag"),
            OcppVersion::V201 => ("TransactionEvent", "idToken"),
        };
        self.note_conduct(connection, QuirkName::DoesNotEnforce, action, field);
        let directory = self.live.directory();
        let stops = transaction
            .charger
            .and_then(|charger| directory.node(charger))
            .and_then(|node| directory.installation_of(node))
            .is_some_and(|(_, settings)| settings.stop_on_revocation);
        if stops {
            self.stop_in_background(transaction);
        }
    }

    fn tell_transaction(&self, connection: &Connection, transaction: &Transaction, phase: Phase) {
        let Some(node) = self.node_of(connection) else {
            return;
        };
        let kind = match phase {
            Phase::Started => "transaction.started",
            Phase::Updated => "transaction.updated",
            Phase::Ended => "transaction.ended",
        };
        let data = json!({
            "transaction_id": transaction.id,
            "station_id": connection.station.id.as_str(),
            "evse": transaction.evse_number,
            "refused": transaction.refused,
            "energy_wh": transaction.energy_wh,
            "stop_reason": transaction.stop_reason,
        });
        self.events
            .tell(self.clock.now(), kind, node, transaction.person, data);
    }

    pub(super) fn organisation_of(&self, connection: &Connection) -> Option<OrganisationId> {
        let node: NodeId = self.node_of(connection)?;
        self.live
            .directory()
            .node(node)
            .map(|entry| entry.organisation)
    }

    pub(super) fn evse_of(
        &self,
        connection: &Connection,
        number: Option<u32>,
    ) -> Option<model::EvseId> {
        let directory = self.live.directory();
        let charger = directory.node(charger_of(connection)?)?;
        let authz::NodeDetail::Charger { evses, .. } = &charger.detail else {
            return None;
        };
        evses
            .iter()
            .find(|(other, _)| Some(*other) == number)
            .map(|(_, id)| *id)
    }
}

pub(super) const fn charger_of(connection: &Connection) -> Option<ChargerId> {
    match connection.station.kind {
        StationKind::Charger(charger) => Some(charger),
        StationKind::Lock(_) => None,
    }
}

/// The stored answer, with the token echoed as this message spelt it.
fn reply(answer: StoredAnswer, token: Option<PresentedToken>) -> TransactionReply {
    let verdict = answer.verdict.zip(token).map(|(verdict, token)| Verdict {
        decision: verdict.decision,
        reason: verdict.reason,
        token,
        expires_at: verdict.expires_at,
        stop_group: verdict.stop_group,
        evses: verdict.evses,
        message: verdict.message,
    });
    TransactionReply {
        number: answer.number,
        verdict,
    }
}

/// What is to be taken of a limited grant, and how strictly.
fn taking_of(outcome: &Outcome) -> Option<(Taking, Strictness)> {
    let Outcome::Allow(terms) = outcome else {
        return None;
    };
    let taking = terms.taking?;
    if taking.overdraft {
        // It has happened already; whoever manages access hears of it.
        tracing::warn!(grant.id = %taking.grant, user.id = %taking.person, "more was used than granted");
        metrics::counter!("keywatt_grant_overdrafts_total").increment(1);
    }
    let strictness = match taking.of {
        Some(_) => Strictness::Within,
        None => Strictness::Overdraw,
    };
    Some((taking, strictness))
}
