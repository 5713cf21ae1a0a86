//! One task, one socket: the conversation with a connected station.
//!
//! CALLs of the station are answered in order, one at a time; what comes meanwhile (answers to our
//! own CALLs, pings) is read all the same, up to a bound of waiting CALLs. Our CALLs go out one at
//! a time. Every waiting place is bounded: of the station's CALLs by not reading on, of our
//! commands by `Busy`, of unwritten bytes by not reading on and at last giving the connection up. A
//! station that comes faster than its rate is read more slowly (`pace`), and one that has more to
//! say than a message lets everybody else come first (`run`).

mod calls;
mod commands;
mod end;
mod oversized;
mod pace;
mod past;
mod socket;
mod standing;
mod timing;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use app::clock::SharedClock;
use app::station::{Connection, Deviated, Handling, Stations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use metrics::counter;
use model::command::CommandError;
use model::{FindingKind, QuirkName, StationSettings, Treatment};
use rpc::{ErrorCode, Frame, MessageId, Version};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dials::Dials;
use crate::handshake::wire;
use crate::line::{Command, Ending};
use crate::measures;
use crate::options::GatewayOptions;
use calls::{Call, Outcome};
use end::End;
pub use pace::Rate;
pub(crate) use pace::{Bucket, Pace};
use past::Past;
use socket::Received;
pub(crate) use socket::Socket;
pub(crate) use standing::Standing;
use timing::Timing;

/// What happens at a station in one go while others wait: a message comes, and is answered.
const TURN: u32 = 2;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) stations: Arc<dyn Stations>,
    pub(crate) clock: SharedClock,
    pub(crate) options: GatewayOptions,
    /// How often which station dials.
    pub(crate) dials: Dials,
    /// Everything that is spawned.
    pub(crate) tasks: TaskTracker,
    /// Ends everything at once.
    pub(crate) stop: CancellationToken,
}

/// The conversation with one connected station.
pub(crate) struct Session {
    shared: Arc<Shared>,
    socket: Socket,
    standing: Standing,
    version: Version,
    /// The CALL being worked on. Boxed: most connections have none most of the time.
    working: Option<BoxFuture<'static, Outcome>>,
    /// CALLs behind it.
    waiting: VecDeque<Call>,
    /// Our CALL that is not answered yet.
    outstanding: Option<Box<Command>>,
    /// Our CALLs that came to their end lately.
    past: Past,
    /// What the owner decides about the station, as it was looked at last.
    settings: Arc<StationSettings>,
    timing: Timing,
    pace: Pace,
    /// What has happened without a pause.
    happened: u32,
    /// What came too fast, and when there is room for it; until then nothing more is read.
    held: Option<(Instant, Box<Received>)>,
    /// When a drain stops waiting for what is in flight.
    drain_limit: Option<Instant>,
}

/// What makes the task do something.
enum Event {
    Over(End),
    Worked(Outcome),
    Command(Box<Command>),
    Received(Received),
    /// A time has come.
    Due,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, socket: Socket, standing: Standing) -> Self {
        let version = wire(standing.connection().version);
        let settings = standing.line().settings.now();
        let timing = Timing::new(shared.options.ping_interval_of(&settings));
        let rate = shared.options.rate_of(&settings);
        let pace = Pace::new(rate, standing.line().bucket.clone());
        Self {
            shared,
            socket,
            standing,
            version,
            working: None,
            waiting: VecDeque::new(),
            outstanding: None,
            past: Past::default(),
            settings,
            timing,
            pace,
            happened: 0,
            held: None,
            drain_limit: None,
        }
    }

    /// Serves the station until the connection ends.
    ///
    /// After a turn of something happening without a pause, all others come first that have
    /// something to do, and those whose frames the system has not told of yet: however much one
    /// station says, another waits for one turn of it at most.
    ///
    /// Boxed, because a future keeps room for what was moved out of it: unboxed, the session would
    /// lie in memory two or three times.
    pub(crate) async fn run(mut self: Box<Self>) {
        loop {
            let event = poll_fn(|cx| self.poll_event(cx)).await;
            self.happened += 1;
            if self.happened > TURN {
                tokio::task::yield_now().await;
                self.happened = 1;
            }
            if let Err(end) = self.on_event(event) {
                // Boxed, so that an idle connection does not hold the room for its end.
                return Box::pin(self.finish(end)).await;
            }
        }
    }

    fn connection(&self) -> &Arc<Connection> {
        self.standing.connection()
    }

    /// What to do next. In this order, so that a station that talks without pause cannot keep the
    /// rest from happening.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.standing.line().watch(cx.waker());
        self.look_at_settings();
        let ending = self.standing.line().ending();
        match ending {
            Some(Ending::Drained) if !self.is_idle() => {
                self.standing.line().close();
                // Half of what the drain has, so that there is time for a goodbye.
                let patience = self.shared.options.drain_timeout / 2;
                self.drain_limit
                    .get_or_insert_with(|| Instant::now() + patience);
            }
            Some(ending) => return Poll::Ready(Event::Over(End::Ordered(ending))),
            None => {}
        }
        if let Poll::Ready(Err(broken)) = self.socket.poll_flush(cx) {
            return Poll::Ready(Event::Over(End::Broken(broken)));
        }
        if let Some(working) = &mut self.working
            && let Poll::Ready(outcome) = working.poll_unpin(cx)
        {
            return Poll::Ready(Event::Worked(outcome));
        }
        if self.outstanding.is_none()
            && let Some(command) = self.standing.line().next_command()
        {
            return Poll::Ready(Event::Command(command));
        }
        // One that does not take its answers need not be told more of them.
        if self.held.is_none()
            && self.socket.stuck_since().is_none()
            && self.waiting.len() < self.shared.options.max_waiting_calls
            && let Poll::Ready(received) = self.socket.poll_receive(cx)
        {
            return Poll::Ready(match received {
                Ok(received) => Event::Received(received),
                Err(broken) => Event::Over(End::Broken(broken)),
            });
        }
        let others = [
            self.outstanding.as_ref().map(|command| command.deadline),
            self.socket
                .stuck_since()
                .map(|since| since + self.shared.options.write_timeout),
            self.drain_limit,
            self.held.as_ref().map(|(room, _)| *room),
        ];
        let due = self.timing.poll_due(cx, others).map(|()| Event::Due);
        if due.is_pending() {
            self.happened = 0;
        }
        due
    }

    /// The owner may have changed what holds for the station.
    fn look_at_settings(&mut self) {
        let settings = self.standing.line().settings.now();
        if Arc::ptr_eq(&settings, &self.settings) {
            return;
        }
        let options = &self.shared.options;
        self.timing
            .set_ping_interval(options.ping_interval_of(&settings));
        self.pace.set_rate(options.rate_of(&settings));
        self.settings = settings;
    }

    /// Nothing received waits for an answer of ours, and nothing of ours for one of the station.
    fn is_idle(&self) -> bool {
        self.working.is_none() && self.waiting.is_empty() && self.outstanding.is_none()
    }

    fn on_event(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Over(end) => Err(end),
            Event::Worked(outcome) => self.on_worked(outcome),
            Event::Command(command) => self.on_command(command),
            Event::Received(received) => {
                self.timing.heard();
                self.standing.line().seen(self.shared.clock.now());
                self.take_in(received, Instant::now())
            }
            Event::Due => self.on_due(Instant::now()),
        }
    }

    fn on_worked(&mut self, outcome: Outcome) -> Result<(), End> {
        self.working = None;
        match outcome {
            Outcome::Answer(text) => self.socket.send(text).map_err(End::Broken)?,
            Outcome::NotRecorded => return Err(End::NotRecorded),
            Outcome::Failed => return Err(End::Failed),
        }
        match self.waiting.pop_front() {
            Some(next) => self.work_on(next),
            // An idle connection holds no buffer.
            None => self.waiting = VecDeque::new(),
        }
        Ok(())
    }

    fn work_on(&mut self, call: Call) {
        self.working = Some(calls::work(
            self.shared.clone(),
            self.connection().clone(),
            call,
        ));
    }

    fn on_command(&mut self, command: Box<Command>) -> Result<(), End> {
        tracing::debug!(
            station.id = %self.connection().station.id,
            message.id = %command.id,
            ocpp.action = command.action,
            "command sent",
        );
        let mut command = command;
        self.socket
            .send(std::mem::take(&mut command.frame))
            .map_err(End::Broken)?;
        self.outstanding = Some(command);
        Ok(())
    }

    /// Listens to what came, or holds it until the station may say so much.
    fn take_in(&mut self, received: Received, now: Instant) -> Result<(), End> {
        match self.pace.take(received.len(), now) {
            Ok(()) => self.on_received(received),
            // Whoever goes need not wait.
            Err(_) if received == Received::Close => self.on_received(received),
            Err(room) => {
                counter!(measures::PAUSES).increment(1);
                self.notice(FindingKind::TooFast, String::new());
                self.held = Some((room, Box::new(received)));
                Ok(())
            }
        }
    }

    /// Tells the inside of something that the station's owner should know.
    fn notice(&self, kind: FindingKind, detail: impl Into<String>) {
        let station = &self.connection().station.key;
        self.shared.stations.noticed(station, kind, detail.into());
    }

    fn on_received(&mut self, received: Received) -> Result<(), End> {
        match received {
            Received::Sign => Ok(()),
            Received::Close => Err(End::ByStation),
            Received::Binary(_) => {
                let answer = oversized::binary(self.version);
                self.notice(FindingKind::BinaryFrame, String::new());
                self.drop_frame("binary", answer)
            }
            Received::Text(text)
                if text.len() > self.shared.options.max_message_bytes_of(&self.settings) =>
            {
                self.on_oversized(&text)
            }
            Received::Text(text) => self.on_text(&text),
        }
    }

    fn on_text(&mut self, text: &str) -> Result<(), End> {
        match Frame::parse(self.version, text) {
            Ok(Frame::Call {
                id,
                action,
                payload,
            }) => {
                // What comes after the goodbye is not begun; unanswered, the station keeps it.
                if self.standing.line().ending().is_none() {
                    self.on_call(Call {
                        id,
                        action,
                        payload,
                    });
                }
                Ok(())
            }
            Ok(Frame::CallResult { id, payload }) => {
                self.on_answer(
                    &id,
                    |session, command| Ok(session.result(command, &payload)),
                );
                Ok(())
            }
            Ok(Frame::CallError {
                id,
                code,
                description,
                details,
            }) => {
                self.on_answer(&id, |session, command| {
                    Ok(session.error(command, code, description, &details))
                });
                Ok(())
            }
            Err(error) if error.fault == rpc::Fault::Empty => self.on_empty(),
            Err(error) => {
                if error.kind == rpc::MessageKind::Answer
                    && let Some(id) = &error.id
                {
                    self.notice(FindingKind::UnreadableAnswer, error.to_string());
                    self.on_answer(id, |_, _| Err(CommandError::NoAnswer));
                } else {
                    self.notice(FindingKind::MalformedFrame, error.to_string());
                }
                if error.kind != rpc::MessageKind::Answer {
                    let stations = &*self.shared.stations;
                    calls::note_unreadable(stations, self.connection(), "frame", "");
                }
                self.drop_frame("malformed", error.answer(self.version))
            }
        }
    }

    /// Quirk Q10: empty text frames keep a connection alive and mean nothing.
    fn on_empty(&mut self) -> Result<(), End> {
        let settings = self.connection().station.settings.now();
        let refused = settings.tolerance.of(QuirkName::EmptyFrame) == Treatment::Refuse;
        // 1.6 has no id for what has none: nobody can be told.
        let answer = (refused && self.version == Version::V201).then(|| {
            rpc::call_error(
                self.version,
                &MessageId::unreadable(),
                ErrorCode::RpcFrameworkError,
                "the message is empty",
            )
        });
        let handling = match answer {
            Some(_) => Handling::Refused,
            None => Handling::Repaired,
        };
        let quirks = [(QuirkName::EmptyFrame, String::new())];
        let deviated = Deviated {
            handling,
            ..Deviated::repaired("frame", &quirks)
        };
        self.shared.stations.deviated(self.connection(), &deviated);
        match answer {
            Some(answer) => self.socket.send(answer).map_err(End::Broken),
            None => Ok(()),
        }
    }

    fn on_call(&mut self, call: Call) {
        if self.working.is_none() {
            self.work_on(call);
        } else {
            self.waiting.push_back(call);
        }
    }

    fn on_oversized(&mut self, text: &str) -> Result<(), End> {
        let limit = self.shared.options.max_message_bytes_of(&self.settings);
        let oversized = oversized::read(self.version, text, limit);
        self.notice(FindingKind::OversizedFrame, format!("{} bytes", text.len()));
        if let Some(id) = &oversized.answered {
            self.on_answer(id, |_, _| Err(CommandError::NoAnswer));
        }
        self.drop_frame("oversized", oversized.answer)
    }

    /// A frame that is not worked on; the connection stays.
    fn drop_frame(&mut self, kind: &'static str, answer: Option<String>) -> Result<(), End> {
        counter!(measures::FRAMES_DROPPED, "kind" => kind).increment(1);
        // The first of its kind is told as a finding; a line for each would flood the log.
        tracing::debug!(
            station.id = %self.connection().station.id,
            kind,
            answered = answer.is_some(),
            "a frame was dropped",
        );
        match answer {
            Some(answer) => self.socket.send(answer).map_err(End::Broken),
            None => Ok(()),
        }
    }

    fn on_due(&mut self, now: Instant) -> Result<(), End> {
        if let Some((_, received)) = self.held.take_if(|(room, _)| now >= *room) {
            // It may have said much meanwhile; it was we who did not listen.
            self.timing.heard();
            self.take_in(*received, now)?;
        }
        if let Some(stuck) = self.socket.stuck_since()
            && now >= stuck + self.shared.options.write_timeout
        {
            return Err(End::Stuck);
        }
        if self.drain_limit.is_some_and(|limit| now >= limit) {
            return Err(End::Ordered(Ending::Drained));
        }
        if let Some(command) = self.outstanding.take_if(|command| now >= command.deadline) {
            commands::count(self.version, &command.action, "no_answer");
            tracing::info!(
                station.id = %self.connection().station.id,
                message.id = %command.id,
                ocpp.action = command.action,
                "the station did not answer in time",
            );
            self.notice(FindingKind::NoAnswer, command.action.clone());
            self.past.timed_out(command.id);
            let _ = command.answer.send(Err(CommandError::NoAnswer));
        }
        if self.timing.is_unresponsive(now) {
            return Err(End::Unresponsive);
        }
        if self.timing.take_ping(now) {
            self.socket.ping().map_err(End::Broken)?;
        }
        Ok(())
    }
}
