//! Effects from elsewhere: start and stop a charge, open a door, speak to a station.
//!
//! Each begins with a permit for the node it happens on.

use authz::{Intent, Permit, Request, Resource, act};
use model::command::{CommandAnswer, CommandError, OpenDoor, RemoteStart, StationCommand};
use model::neutral::{DoorEventReport, DoorReply};
use model::{
    Action, ChargerId, Decision, DoorId, Entry, LockId, NodeId, OrganisationId, PersonId,
    PresentedToken, StationKey, TokenKind, Transaction, TransactionId, TransactionRef, UseId,
};
use serde_json::json;
use store::{Counter, RemoteStartRow, StoreError};
use uuid::Uuid;

use crate::authority::About;
use crate::pep::Origin;
use crate::secret::{hash_device_key, same};
use crate::station::Admitted;
use crate::{ApiError, App, Caller};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Busy | StoreError::Closed => {
                ApiError::Unavailable
            }
            error @ (StoreError::Conflict(_)
            | StoreError::Corrupt { .. }
            | StoreError::Statement(_)
            | StoreError::Panicked
            | StoreError::TooSlow
            | StoreError::NoActor
            | _) => {
                tracing::error!(%error, "the database refused");
                ApiError::Internal
            }
        }
    }
}

impl App {
    /// Starts a charge for the caller, or for another person by who manages access there.
    ///
    /// # Errors
    /// `Forbidden` without `remote_use`, or for a person who has none there; `Station` when the
    /// charger is offline or does not answer.
    pub async fn start_charging(
        &self,
        caller: &Caller,
        charger: ChargerId,
        evse: Option<u32>,
        person: Option<PersonId>,
    ) -> Result<CommandAnswer, ApiError> {
        let own = self
            .pep
            .person_for(caller, Action::RemoteUse, charger.into())
            .ok_or(ApiError::NotFound)?;
        let person = person.unwrap_or(own);
        let resource = evse.map_or(Resource::AnyEvse(charger), |n| Resource::Evse(charger, n));
        let request = Request {
            resource,
            intent: Intent::Ask,
            ..Request::person(own, caller.api_key(), Action::RemoteUse, charger.into())
        };
        let permit: Permit<act::RemoteUse> = self
            .pep
            .permit_for(caller, &request, charger.into())
            .await?;
        if person != own {
            // For somebody else: who manages access there may, if that person may.
            let _: Permit<act::ManageAccess> = self.pep.permit(caller, charger).await?;
            let theirs = Request {
                resource,
                ..Request::person(person, None, Action::RemoteUse, charger.into())
            };
            let decided = self
                .pep
                .decide_logged(&theirs, &Origin::API)
                .await
                .map_err(|_| ApiError::Unavailable)?;
            if !decided.outcome.allows() {
                return Err(ApiError::field(
                    "person_id",
                    "not_allowed",
                    format!(
                        "this person may not charge here: {}",
                        decided.outcome.reason().words()
                    ),
                ));
            }
        }
        self.known_evse(charger, evse)?;
        self.remote_start(permit, charger, evse, person).await
    }

    fn known_evse(&self, charger: ChargerId, evse: Option<u32>) -> Result<(), ApiError> {
        let directory = self.live.directory();
        let entry = directory.node(charger).ok_or(ApiError::NotFound)?;
        let authz::NodeDetail::Charger { evses, .. } = &entry.detail else {
            return Err(ApiError::NotFound);
        };
        match evse {
            Some(number) if !evses.iter().any(|(known, _)| *known == number) => Err(
                ApiError::field("evse", "unknown", "the charger has no EVSE of this number"),
            ),
            _ => Ok(()),
        }
    }

    async fn remote_start(
        &self,
        permit: Permit<act::RemoteUse>,
        charger: ChargerId,
        evse: Option<u32>,
        person: PersonId,
    ) -> Result<CommandAnswer, ApiError> {
        tracing::debug!(node = %permit.node(), user.id = %person, "remote start");
        let row = self
            .store
            .get_charger(charger)
            .await?
            .ok_or(ApiError::NotFound)?;
        let station = row.station.key();
        if self.link.presence(&station).is_none() {
            return Err(CommandError::Offline.into());
        }
        let token = self.remote_token_of(person).await?;
        let stop_group = self
            .live
            .directory()
            .person(person)
            .map(|entry| entry.stop_group.clone());
        let now = self.clock.now();
        let until = now
            .checked_add(self.settings.remote_start_window)
            .unwrap_or(now);
        let pending = RemoteStartRow {
            id: 0,
            station: station.clone(),
            organisation: row.organisation,
            person,
            token_key: token.key(),
            evse,
            created_at: now,
            until,
            transaction: None,
        };
        let remote_start_id = self
            .store
            .write(std::time::Duration::from_secs(5), move |tx| {
                let pending = pending.clone();
                Box::pin(async move {
                    let id = tx.next_number(Counter::RemoteStartId).await?;
                    tx.insert_remote_start(&RemoteStartRow { id, ..pending })
                        .await?;
                    Ok(id)
                })
            })
            .await?;
        self.pep.usage(|usage| {
            usage.forget_remotes(now);
            usage.expect_remote(authz::PendingRemote {
                charger,
                person,
                until,
            });
        });
        let command = StationCommand::RemoteStart(RemoteStart {
            token,
            evse,
            remote_start_id,
            stop_group,
        });
        let answer = self
            .link
            .command(&station, command, self.settings.command_deadline)
            .await;
        let refused = match &answer {
            Ok(CommandAnswer::Result { status, .. }) => status.as_deref() != Some("Accepted"),
            Ok(CommandAnswer::Error { .. } | CommandAnswer::Configuration(_)) => true,
            // It may have been obeyed: its token counts until the window ends.
            Err(CommandError::NoAnswer | CommandError::Lost) => false,
            Err(
                CommandError::Offline
                | CommandError::Busy
                | CommandError::UnknownAction { .. }
                | CommandError::InvalidPayload { .. }
                | CommandError::NotAccepted,
            ) => true,
        };
        if refused {
            self.pep.usage(|usage| usage.cancel_remote(charger, person));
            let given_up = self
                .store
                .write(std::time::Duration::from_secs(5), move |tx| {
                    Box::pin(async move { tx.delete_remote_start(remote_start_id).await })
                })
                .await;
            if let Err(error) = given_up {
                tracing::warn!(%error, "a refused remote start was not cancelled; it runs out");
            }
        }
        Ok(answer?)
    }

    async fn remote_token_of(&self, person: PersonId) -> Result<PresentedToken, ApiError> {
        let credential = self
            .store
            .find_app_credential(person)
            .await?
            .ok_or_else(|| ApiError::Conflict {
                code: "no_app_credential",
                detail: "the person has no app credential; put them into a smart tag, which \
                         hands them one"
                    .to_owned(),
            })?;
        Ok(PresentedToken::new(TokenKind::Central, credential.value))
    }

    /// Stops a transaction: one's own, or any by who may.
    ///
    /// # Errors
    /// `Forbidden` without the right; `Conflict` when it has ended; `Station` when the charger is
    /// offline or does not answer.
    pub async fn stop_transaction(
        &self,
        caller: &Caller,
        id: TransactionId,
    ) -> Result<CommandAnswer, ApiError> {
        let transaction = self
            .store
            .get_transaction(id)
            .await?
            .ok_or(ApiError::NotFound)?;
        let charger = transaction.charger.ok_or(ApiError::NotFound)?;
        let node = NodeId::from(charger);
        let person = self.pep.person_of(caller, node).ok_or(ApiError::NotFound)?;
        // One's own, or one of the own group; else whoever may stop any: the engine tells which.
        let request = Request {
            resource: Resource::Node(node),
            intent: Intent::Stop(id),
            ..Request::person(person, caller.api_key(), Action::StopOwn, node)
        };
        let decided = self
            .pep
            .decide_logged(&request, &Origin::API)
            .await
            .map_err(|_| ApiError::Unavailable)?;
        let allowed = match &decided.outcome {
            authz::Outcome::Allow(terms) => terms.permit::<act::StopOwn>().is_some(),
            authz::Outcome::Deny(_) | authz::Outcome::Ask(_) => false,
        };
        // That one's own has ended is told to whoever may see it.
        let seen_as_ended = transaction.ended_at.is_some()
            && transaction.person == Some(person)
            && self.pep.holds(caller, Action::ViewOwn, node);
        if !allowed && !seen_as_ended {
            let _: Permit<act::StopAny> = self.pep.permit(caller, node).await?;
        }
        if transaction.ended_at.is_some() {
            return Err(ApiError::Conflict {
                code: "transaction_ended",
                detail: "the transaction has ended".to_owned(),
            });
        }
        let command = StationCommand::RemoteStop(reference(&transaction));
        Ok(self
            .link
            .command(
                &transaction.station,
                command,
                self.settings.command_deadline,
            )
            .await?)
    }

    /// Stops a transaction whose right has ended, without waiting for the charger.
    pub(crate) fn stop_in_background(&self, transaction: &Transaction) {
        let command = StationCommand::RemoteStop(reference(transaction));
        self.send_in_background(transaction.station.clone(), command);
    }

    /// Sends a command nobody waits for; what becomes of it is logged.
    pub(crate) fn send_in_background(&self, station: StationKey, command: StationCommand) {
        let link = std::sync::Arc::clone(&self.link);
        let deadline = self.settings.command_deadline;
        let stop = self.stopping();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                answer = link.command(&station, command, deadline) => match answer {
                    Ok(answer) => tracing::debug!(station.id = %station, ?answer, "pushed"),
                    Err(error) => tracing::info!(station.id = %station, %error, "not pushed"),
                },
            }
        });
    }

    /// Opens a door from elsewhere.
    ///
    /// # Errors
    /// `Forbidden` without `remote_use`; `Conflict` when the door may not be opened remotely;
    /// `Station` when the lock is offline or does not answer.
    pub async fn open_door(
        &self,
        caller: &Caller,
        door: DoorId,
        reason: String,
    ) -> Result<CommandAnswer, ApiError> {
        let permit: Permit<act::RemoteUse> = self.pep.permit(caller, door).await?;
        if reason.trim().is_empty() || reason.chars().count() > 200 {
            return Err(ApiError::field(
                "reason",
                "required",
                "say why, in 1 to 200 characters",
            ));
        }
        self.remote_open(permit, reason).await
    }

    async fn remote_open(
        &self,
        permit: Permit<act::RemoteUse>,
        reason: String,
    ) -> Result<CommandAnswer, ApiError> {
        let door = DoorId::from(permit.node());
        let settings = self.live.directory().door(door).ok_or(ApiError::NotFound)?;
        if !settings.remote_open {
            return Err(ApiError::Conflict {
                code: "remote_open_off",
                detail: "this door may not be opened from elsewhere; its owner can turn \
                         `remote_open` on"
                    .to_owned(),
            });
        }
        if let Err(wait) = self.door_openings.check(door) {
            return Err(ApiError::TooMany {
                retry_after_seconds: wait,
            });
        }
        let lock = self
            .store
            .get_lock(settings.lock)
            .await?
            .ok_or(ApiError::NotFound)?;
        let now = self.clock.now();
        let deadline = self.settings.command_deadline;
        let command = StationCommand::OpenDoor(OpenDoor {
            door: settings.number,
            seconds: settings.open_seconds,
            request_id: Uuid::now_v7().to_string(),
            expires_at: now.checked_add(deadline).unwrap_or(now),
        });
        let answer = self
            .link
            .command(&lock.station.key(), command, deadline)
            .await?;
        let data = json!({ "reason": reason, "status": status_of(&answer) });
        self.events.tell(
            self.clock.now(),
            "door.remote_open",
            door,
            permit.person(),
            data,
        );
        Ok(answer)
    }

    /// Something is presented at a door whose controller speaks HTTP. `kind` is that of a
    /// credential: `rfid`, `key`, `emaid`, `pin`, `guest` or `one_time`.
    ///
    /// # Errors
    /// `Unauthenticated` when the key is not that of the door's lock; `Invalid` for an unknown
    /// kind.
    pub async fn door_access(
        &self,
        device_key: &str,
        door: DoorId,
        kind: &str,
        value: &str,
    ) -> Result<(Decision, DoorReply), ApiError> {
        let device = self.lock_of_device(device_key, door).await?;
        let kind = match kind {
            "rfid" => TokenKind::Iso14443,
            "key" => TokenKind::Local,
            "emaid" => TokenKind::Emaid,
            "pin" | "guest" | "one_time" => TokenKind::KeyCode,
            _ => {
                return Err(ApiError::field(
                    "kind",
                    "unknown",
                    "use one of rfid, key, emaid, pin, guest, one_time",
                ));
            }
        };
        if value.chars().count() > 255 {
            return Err(ApiError::field(
                "value",
                "too_long",
                "at most 255 characters",
            ));
        }
        let mut token = PresentedToken::new(kind, value);
        let organisation = Some(device.organisation);
        self.turn_token(&device.station, organisation, &mut token, "Door.Authorize");
        let resource = Resource::Lock(device.lock, Some(device.number));
        let attempt = UseId(Uuid::now_v7());
        let context = device.station.context();
        let mut request = Request::token(&token, resource, Intent::Open(attempt)).knowing(context);
        let about = About {
            station: None,
            transaction: None,
            happened_at: None,
        };
        request.context.told = self.told(&request, &about).await;
        let origin = Origin {
            entry: Entry::DoorHttp,
            station: None,
            message_id: None,
        };
        let decided = self
            .pep
            .decide_taken(&request, &origin)
            .await
            .map_err(|_| ApiError::Unavailable)?;
        self.shadow(&request, &about, &decided);
        self.tell_decision(&decided);
        self.note_card(&decided, &token, None).await;
        self.note_ambiguous(&device.station.key, &decided);
        let later = self.allowed_later(&request, &decided);
        let verdict = self.verdict(&decided, token.clone(), decided.row.at, later);
        let reply = self.door_reply(&decided, verdict);
        Ok((decided.row, reply))
    }

    /// Events of a door whose controller speaks HTTP; how many were new.
    ///
    /// # Errors
    /// `Unauthenticated` when the key is not that of the door's lock.
    pub async fn door_events(
        &self,
        device_key: &str,
        door: DoorId,
        events: Vec<DoorEventReport>,
    ) -> Result<usize, ApiError> {
        let device = self.lock_of_device(device_key, door).await?;
        let organisation = Some(device.organisation);
        let numbers = device.station.context().numbers;
        let mut new = 0;
        for mut event in events {
            event.door = device.number;
            if let Some(token) = &mut event.token {
                self.turn_token(&device.station, organisation, token, "Door.Event");
            }
            let kept = self.keep_door_event(device.lock, event, numbers).await?;
            new += usize::from(kept);
        }
        Ok(new)
    }

    /// The lock of a door, if this is its key, and the door's number there. A wrong key and a
    /// door that does not exist are not told apart.
    async fn lock_of_device(&self, key: &str, door: DoorId) -> Result<Device, ApiError> {
        let settings = self
            .live
            .directory()
            .door(door)
            .ok_or(ApiError::Unauthenticated)?;
        let station = self.store.station_of_lock(settings.lock).await?;
        let station = station.ok_or(ApiError::Unauthenticated)?;
        let presented = hash_device_key(&self.settings.pepper, key);
        let kept = station.device_key_hash.as_ref();
        if kept.is_some_and(|kept| same(kept, &presented)) {
            Ok(Device {
                lock: settings.lock,
                number: settings.number,
                organisation: station.organisation,
                station: Admitted::by_device_key(station),
            })
        } else {
            Err(ApiError::Unauthenticated)
        }
    }
}

/// A door whose controller showed its key.
struct Device {
    lock: LockId,
    number: u32,
    organisation: OrganisationId,
    station: Admitted,
}

fn reference(transaction: &Transaction) -> TransactionRef {
    match transaction.number {
        Some(number) => TransactionRef::Number(number),
        None => TransactionRef::Text(transaction.station_transaction_id.clone()),
    }
}

fn status_of(answer: &CommandAnswer) -> &str {
    match answer {
        CommandAnswer::Result { status, .. } => status.as_deref().unwrap_or("answered"),
        CommandAnswer::Error { code, .. } => code,
        CommandAnswer::Configuration(_) => "answered",
    }
}
