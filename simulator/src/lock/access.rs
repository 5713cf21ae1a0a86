//! Cards, PINs, push bars and hands at a door.

use std::sync::Arc;
use std::time::Duration;

use rpc::{MessageId, Version};

use super::config::{Ask, OfflinePolicy};
use super::door::{Decision, Jammed, Mode, Service};
use super::events::Report;
use super::inner::Inner;
use super::profile::{self, AccessEvent, AccessResult};
use crate::station::{Event, Source, StationError};
use crate::token::{Token, TokenInfo, TokenKind};
use crate::transport::CallFailure;
use crate::wire::{self, Message, v201};

/// What came of a card at a door.
#[derive(Clone, Debug, PartialEq)]
pub struct CardOutcome {
    /// Whether the bolt went back.
    pub opened: bool,
    /// Status as answered, or as the list says; a CALLERROR's code if that was the answer.
    pub status: String,
    /// The reason code of `Door.Authorize`.
    pub reason: Option<String>,
    /// The line for the display.
    pub text: Option<String>,
    /// Who decided.
    pub source: Source,
    /// The message that asked, if one was sent.
    pub message_id: Option<MessageId>,
    /// The door event that tells of it.
    pub event_id: String,
}

/// A decision about a card.
struct Verdict {
    info: TokenInfo,
    reason: Option<String>,
    open_seconds: Option<u32>,
    source: Source,
    message_id: Option<MessageId>,
}

impl Verdict {
    fn refused(status: &str, reason: Option<&str>, source: Source) -> Verdict {
        Verdict {
            info: TokenInfo::with_status(status),
            reason: reason.map(str::to_owned),
            open_seconds: None,
            source,
            message_id: None,
        }
    }
}

impl Inner {
    pub(crate) async fn present(
        self: &Arc<Self>,
        door: u32,
        token: &Token,
    ) -> Result<CardOutcome, StationError> {
        let service = self.with_door(door, |door, _| door.service)?;
        let verdict = match service {
            Service::Operative => self.decide(door, token).await,
            Service::Inoperative => {
                Verdict::refused("Invalid", Some("out_of_service"), Source::Nobody)
            }
        };
        self.core.emit(Event::Checked {
            token: token.masked(),
            status: verdict.info.status.clone(),
            source: verdict.source,
            message_id: verdict.message_id.clone(),
        });
        let opened = if verdict.info.is_accepted() {
            self.unlock(door, verdict.open_seconds)?.is_ok()
        } else {
            false
        };
        let decision = if opened {
            Decision::Granted
        } else {
            Decision::Refused
        };
        self.with_door(door, |door, now| door.show(decision, now))?;
        let cause = match (token.kind(), verdict.source) {
            (_, Source::LocalList | Source::Cache) => "offline_list",
            (_, Source::Nobody) => "offline",
            (TokenKind::KeyCode, _) => "pin",
            (_, _) => "card",
        };
        let result = if opened {
            AccessResult::Granted
        } else {
            AccessResult::Refused
        };
        let detail = verdict
            .reason
            .clone()
            .unwrap_or_else(|| verdict.info.status.clone());
        let event_id = self.access_event(door, Some(token.clone()), result, cause, detail);
        Ok(CardOutcome {
            opened,
            status: verdict.info.status,
            reason: verdict.reason,
            text: verdict.info.message,
            source: verdict.source,
            message_id: verdict.message_id,
            event_id,
        })
    }

    /// Draws the bolt back for as long as told, or as the door has it.
    pub(crate) fn unlock(
        self: &Arc<Self>,
        door: u32,
        seconds: Option<u32>,
    ) -> Result<Result<(), Jammed>, StationError> {
        let seconds = seconds.filter(|seconds| *seconds > 0);
        let seconds = seconds.unwrap_or_else(|| self.open_seconds(door));
        self.with_door(door, |door, now| {
            let moved = door.unlock(now + Duration::from_secs(seconds.into()));
            if moved.is_ok() {
                door.show(Decision::Granted, now);
            }
            moved
        })
    }

    async fn decide(self: &Arc<Self>, door: u32, token: &Token) -> Verdict {
        if !self.core.is_ready() {
            return self.decide_offline(door, token);
        }
        match self.ask(door, token).await {
            Ok(verdict) => verdict,
            Err(
                StationError::NotConnected
                | StationError::Call(CallFailure::Timeout | CallFailure::Closed { .. }),
            ) => self.decide_offline(door, token),
            // An error never permits.
            Err(StationError::Call(CallFailure::Error { code, .. })) => {
                Verdict::refused(&code, None, Source::CentralSystem)
            }
            Err(error) => {
                tracing::warn!(%error, door, "no decision");
                Verdict::refused("Invalid", None, Source::CentralSystem)
            }
        }
    }

    async fn ask(&self, door: u32, token: &Token) -> Result<Verdict, StationError> {
        let version = self.core.version;
        let message = match (self.config.ask, version) {
            (Ask::DoorAuthorize, _) => profile::authorize(door, token),
            (Ask::Authorize, Version::V201) => Message {
                action: "Authorize",
                payload: v201::authorize(token, Some(door)),
            },
            (Ask::Authorize, Version::V16) | (Ask::AuthorizeUnnamed, _) => {
                wire::authorize(version, token)
            }
        };
        let (id, answer) = self.core.call(message).await?;
        let (info, reason, open_seconds) = match self.config.ask {
            Ask::DoorAuthorize => {
                let answer = profile::read_answer(&answer);
                (answer.info, answer.reason, answer.open_seconds)
            }
            Ask::Authorize | Ask::AuthorizeUnnamed => {
                let info =
                    wire::read_token_info(version, &answer).ok_or(StationError::BadAnswer {
                        action: "Authorize",
                        field: "token info",
                    })?;
                (info, None, None)
            }
        };
        Ok(Verdict {
            // An answer that holds for other doors opens none here.
            info: if info.is_accepted() && !info.holds_for(Some(door)) {
                TokenInfo {
                    status: "NotAtThisLocation".to_owned(),
                    ..info
                }
            } else {
                info
            },
            reason,
            open_seconds,
            source: Source::CentralSystem,
            message_id: Some(id),
        })
    }

    /// Offline a listed card opens until its expiry; lockdown stays (locks.md, Offline).
    fn decide_offline(&self, door: u32, token: &Token) -> Verdict {
        let mode = self.doors.lock().doors.get(&door).map(|door| door.mode);
        if mode == Some(Mode::Lockdown) {
            return Verdict::refused("Blocked", Some("lockdown"), Source::Nobody);
        }
        if self.config.offline_policy == OfflinePolicy::Closed
            || (token.kind() == TokenKind::KeyCode && !self.config.offline_pins)
        {
            return Verdict::refused("Invalid", Some("offline"), Source::Nobody);
        }
        let listed = self.core.memory.lock().listed(token).cloned();
        let Some(info) = listed else {
            return Verdict::refused("Invalid", Some("not_listed"), Source::Nobody);
        };
        let valid = info.is_valid_at(self.core.clock.now(), Some(door));
        let status = match (valid, info.is_accepted(), info.holds_for(Some(door))) {
            (true, _, _) => "Accepted".to_owned(),
            (false, true, true) => "Expired".to_owned(),
            (false, true, false) => "NotAtThisLocation".to_owned(),
            (false, false, _) => info.status.clone(),
        };
        Verdict {
            info: TokenInfo { status, ..info },
            reason: None,
            open_seconds: None,
            source: Source::LocalList,
            message_id: None,
        }
    }

    /// Keeps an event for the central system.
    pub(crate) fn access_event(
        self: &Arc<Self>,
        door: u32,
        token: Option<Token>,
        result: AccessResult,
        cause: &'static str,
        detail: String,
    ) -> String {
        let event_id = uuid::Uuid::new_v4().to_string();
        self.core.emit(Event::DoorAccess {
            door,
            result: result.name(),
            cause,
            detail,
        });
        self.report(Report::Access(AccessEvent {
            event_id: event_id.clone(),
            door,
            token,
            at: self.core.clock.now(),
            result,
            cause,
        }));
        event_id
    }

    /// Somebody leaves: the event is only recorded, leaving is never prevented.
    pub(crate) fn leave(self: &Arc<Self>, door: u32) -> Result<(), StationError> {
        self.with_door(door, |door, now| door.leave(now))?;
        self.access_event(door, None, AccessResult::Exit, "push_bar", String::new());
        Ok(())
    }

    pub(crate) fn force(self: &Arc<Self>, door: u32) -> Result<(), StationError> {
        self.with_door(door, |door, now| door.force(now))?;
        self.access_event(door, None, AccessResult::Forced, "sensor", String::new());
        Ok(())
    }

    pub(crate) fn tamper(self: &Arc<Self>) {
        let at = self.core.clock.now();
        self.report(Report::Security {
            kind: "TamperDetectionActivated",
            at,
        });
    }
}
