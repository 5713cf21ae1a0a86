//! One station of a fleet at work.

use std::sync::Arc;

use rpc::Version;
use serde_json::Value;
use tokio::time::Instant;

use super::client::Client;
use super::config::{FleetConfig, FleetStation, Mix, Until, Work};
use super::report::Unanswered;
use super::shared::Shared;
use crate::token::Token;
use crate::transport::{CallFailure, ConnectError, Endpoint, Exchange};
use crate::wire::{
    self, BootReason, ChargingState, Identity, Message, Phase, StopReason, TransactionEvent,
    TransactionIds, Trigger, v16,
};

/// A transaction of a fleet's station.
struct Running {
    ids: TransactionIds,
    token: Token,
    next_seq_no: u32,
    samples_left: u32,
}

pub(super) struct Station {
    config: Arc<FleetConfig>,
    shared: Arc<Shared>,
    client: Client,
    id: String,
    random: Random,
    meter_wh: i64,
    running: Option<Running>,
}

/// How the work of a station ended.
enum End {
    Done,
    Lost,
}

/// Why a station never got to work.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReady {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("boot notification was not answered")]
    Call(#[from] CallFailure),
    #[error("boot notification: {0}")]
    NotAccepted(String),
}

impl Station {
    /// Connects and boots.
    pub(super) async fn start(
        config: Arc<FleetConfig>,
        shared: Arc<Shared>,
        station: &FleetStation,
        number: u64,
    ) -> Result<Station, NotReady> {
        let mut endpoint = Endpoint::new(&config.url, &station.id, config.version);
        endpoint.password.clone_from(&station.password);
        endpoint.ca_pem.clone_from(&config.ca_pem);
        endpoint.call_timeout = config.call_timeout;
        let client = Client::connect(&endpoint, &format!("{:x}", config.seed)).await?;
        let random = Random::new(config.seed, number);
        let id = station.id.clone();
        let mut station = Station {
            config,
            shared,
            client,
            id,
            random,
            meter_wh: 0,
            running: None,
        };
        let identity = Identity {
            vendor: "Keywatt".to_owned(),
            model: "Fleet".to_owned(),
            serial: None,
            firmware: None,
        };
        let boot = wire::boot(station.config.version, &identity, BootReason::PowerUp);
        let answer = station.call(boot).await?;
        let outcome = wire::read_boot(&answer);
        if outcome.is_accepted() {
            Ok(station)
        } else {
            Err(NotReady::NotAccepted(outcome.status))
        }
    }

    /// Does the work of the fleet; then closes the connection, if it is still there.
    pub(super) async fn work(mut self) {
        let config = Arc::clone(&self.config);
        let end = match &config.work {
            Work::Idle(hold) => {
                tokio::select! {
                    () = tokio::time::sleep(*hold) => End::Done,
                    () = self.shared.stop.cancelled() => End::Done,
                    _ = self.client.idle() => End::Lost,
                }
            }
            Work::Load(mix) => self.load(mix).await,
        };
        self.shared.worked();
        match end {
            End::Done => self.client.close().await,
            End::Lost => self.shared.lost(),
        }
    }

    async fn load(&mut self, mix: &Mix) -> End {
        let begin = Instant::now();
        let mut calls = 0;
        loop {
            let over = match mix.until {
                Until::Elapsed(duration) => begin.elapsed() >= duration,
                Until::Calls(wanted) => calls >= wanted,
            };
            if over || self.shared.stop.is_cancelled() {
                return End::Done;
            }
            let sent = Instant::now();
            match self.step(mix).await {
                Ok(()) => self.shared.measured(sent.elapsed()),
                Err(CallFailure::Error { .. } | CallFailure::NotSent(_)) => {}
                Err(CallFailure::Timeout | CallFailure::Closed { .. }) => return End::Lost,
            }
            calls += 1;
            if !mix.pause.is_zero() {
                tokio::time::sleep(mix.pause).await;
            }
        }
    }

    /// One CALL of the mix.
    async fn step(&mut self, mix: &Mix) -> Result<(), CallFailure> {
        if self.random.percent() < mix.authorize_percent {
            let refused = self.random.percent() < mix.refused_percent;
            let tokens = if refused {
                &mix.refused_tokens
            } else {
                &mix.tokens
            };
            let Some(token) = self.random.pick(tokens) else {
                return Ok(());
            };
            let message = wire::authorize(self.config.version, token);
            return self.call(message).await.map(drop);
        }
        match self.running.take() {
            None => self.begin(mix).await,
            Some(running) if running.samples_left > 0 => self.sample(running).await,
            Some(running) => self.end(running).await,
        }
    }

    async fn begin(&mut self, mix: &Mix) -> Result<(), CallFailure> {
        let Some(token) = self.random.pick(&mix.tokens).cloned() else {
            return Ok(());
        };
        let mut running = Running {
            ids: TransactionIds {
                number: -1,
                uuid: uuid::Uuid::new_v4().to_string(),
            },
            token,
            next_seq_no: 0,
            samples_left: mix.samples,
        };
        let event = self.event(&mut running, Phase::Started);
        let answer = self.call(event).await?;
        if self.config.version == Version::V16 {
            running.ids.number = v16::transaction_number(&answer).unwrap_or(-1);
        }
        let info = wire::read_token_info(self.config.version, &answer);
        if info.is_none_or(|info| info.is_accepted()) {
            self.running = Some(running);
            Ok(())
        } else {
            // A refused start is ended at once, as by a real charger.
            self.end(running).await
        }
    }

    async fn sample(&mut self, mut running: Running) -> Result<(), CallFailure> {
        running.samples_left -= 1;
        let event = self.event(&mut running, Phase::Updated);
        self.running = Some(running);
        self.call(event).await.map(drop)
    }

    async fn end(&mut self, mut running: Running) -> Result<(), CallFailure> {
        let event = self.event(&mut running, Phase::Ended);
        self.call(event).await.map(drop)
    }

    fn event(&mut self, running: &mut Running, phase: Phase) -> Message {
        let seq_no = running.next_seq_no;
        running.next_seq_no += 1;
        let (trigger, token, reason, state) = match phase {
            Phase::Started => (
                Trigger::Authorized,
                Some(running.token.clone()),
                None,
                ChargingState::Charging,
            ),
            Phase::Updated => {
                self.meter_wh += 100;
                (
                    Trigger::MeterValuePeriodic,
                    None,
                    None,
                    ChargingState::Charging,
                )
            }
            Phase::Ended => {
                let token = Some(running.token.clone());
                (
                    Trigger::StopAuthorized,
                    token,
                    Some(StopReason::Local),
                    ChargingState::Idle,
                )
            }
        };
        let event = TransactionEvent {
            phase,
            trigger,
            connector: 1,
            ids: running.ids.clone(),
            seq_no,
            at: (self.config.time)(),
            offline: false,
            token,
            meter_wh: self.meter_wh,
            reason,
            remote_start_id: None,
            reservation: None,
            charging_state: state,
        };
        wire::transaction_event(self.config.version, &event)
    }

    /// One CALL, counted and told to the tap.
    async fn call(&mut self, message: Message) -> Result<Value, CallFailure> {
        let id = self.client.next_id();
        let outcome = self.client.call(&id, &message).await;
        let info = outcome
            .as_ref()
            .ok()
            .and_then(|answer| wire::read_token_info(self.config.version, answer));
        self.shared.count(message.action, &outcome, info.as_ref());
        match &outcome {
            Ok(answer) => {
                if let Some(tap) = &self.config.tap {
                    tap.acknowledged(&Exchange {
                        station: self.id.clone(),
                        message_id: id.as_str().to_owned(),
                        action: message.action.to_owned(),
                        payload: message.payload,
                        answer: answer.clone(),
                    });
                }
            }
            Err(CallFailure::Timeout | CallFailure::Closed { .. }) => {
                self.shared.unanswered(Unanswered {
                    station: self.id.clone(),
                    message_id: id.as_str().to_owned(),
                    action: message.action.to_owned(),
                    payload: message.payload,
                });
            }
            Err(CallFailure::Error { .. } | CallFailure::NotSent(_)) => {}
        }
        outcome
    }
}

/// Repeatable choices (xorshift64*).
struct Random {
    state: u64,
}

impl Random {
    fn new(seed: u64, number: u64) -> Random {
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.wrapping_add(1);
        let mut random = Random {
            state: mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9) | 1,
        };
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn percent(&mut self) -> u8 {
        u8::try_from(self.next() % 100).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).ok().filter(|count| *count > 0)?;
        items.get(usize::try_from(self.next() % count).ok()?)
    }
}
