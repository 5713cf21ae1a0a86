//! Domain events for people who watch: what happened at stations, as it happens.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Action, DecisionId, Entry, NodeId, PersonId, Reason};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::broadcast;

/// How many events are kept for watchers that come back.
const KEPT: usize = 4_096;

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Rises by one with each event of this process; a new process begins a new `epoch`.
    pub number: u64,
    /// Which run of the process; with `number` the id of the event: `epoch-number`.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
    /// What, e.g. `transaction.started`.
    pub kind: &'static str,
    /// Where; who may see it is decided there.
    pub node: NodeId,
    /// What whoever sees it must hold there.
    pub needs: Action,
    /// Whom it concerns; they may see it themselves.
    pub person: Option<PersonId>,
    /// The particulars.
    pub data: Particulars,
}

/// What is told of an event; no card numbers, no addresses.
#[derive(Clone, Debug, PartialEq)]
pub enum Particulars {
    /// As it is told.
    Told(Value),
    /// Of a decision. There are many of them and mostly nobody watches, so they are put into words
    /// for those who do.
    Decision {
        /// Which.
        id: DecisionId,
        /// The way in.
        entry: Entry,
        /// Why.
        reason: Reason,
        /// Allowed although the person had gone in, or out, before.
        passed_back: bool,
    },
}

impl Particulars {
    /// As they are told.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Particulars::Told(value) => value.clone(),
            Particulars::Decision {
                id,
                entry,
                reason,
                passed_back,
            } => serde_json::json!({
                "decision_id": id,
                "entry": entry.name(),
                "effect": reason.effect().name(),
                "reason": reason.code(),
                "passed_back": passed_back,
            }),
        }
    }
}

impl From<Value> for Particulars {
    fn from(value: Value) -> Self {
        Particulars::Told(value)
    }
}

impl Event {
    /// `epoch-number`, as in `Last-Event-ID`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.epoch, self.number)
    }
}

/// The stream of events.
#[derive(Debug)]
pub struct Events {
    epoch: u64,
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    events: VecDeque<Arc<Event>>,
}

/// What a watcher gets: what it missed, then what comes.
#[derive(Debug)]
pub struct Subscription {
    /// Events after the one it named, as far as they are kept.
    pub missed: Vec<Arc<Event>>,
    /// Not all it missed is still there.
    pub gap: Gap,
    /// What comes; a watcher that is too slow is told so and should come back.
    pub live: broadcast::Receiver<Arc<Event>>,
}

/// Whether events were lost between two subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// None.
    None,
    /// Some are no longer kept, or another process wrote them.
    Lost,
}

impl Events {
    /// A new stream; `epoch` tells it from those of earlier runs.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            kept: Mutex::default(),
            live: broadcast::Sender::new(KEPT),
        }
    }

    /// Tells what happened.
    pub fn tell(
        &self,
        at: Timestamp,
        kind: &'static str,
        node: impl Into<NodeId>,
        person: Option<PersonId>,
        data: impl Into<Particulars>,
    ) {
        let needs = Action::ViewAll;
        self.push(at, kind, node.into(), needs, person, data.into());
    }

    /// Tells what is only for who holds an action there.
    pub fn tell_to(
        &self,
        needs: Action,
        at: Timestamp,
        kind: &'static str,
        node: impl Into<NodeId>,
        data: impl Into<Particulars>,
    ) {
        self.push(at, kind, node.into(), needs, None, data.into());
    }

    fn push(
        &self,
        at: Timestamp,
        kind: &'static str,
        node: NodeId,
        needs: Action,
        person: Option<PersonId>,
        data: Particulars,
    ) {
        let mut kept = self.kept.lock();
        kept.next += 1;
        let event = Arc::new(Event {
            number: kept.next,
            epoch: self.epoch,
            at,
            kind,
            node,
            needs,
            person,
            data,
        });
        if kept.events.len() == KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back(Arc::clone(&event));
        // Under the lock, so that the order of the stream is the order of the numbers.
        let _ = self.live.send(event);
    }

    /// From after the event with this id, or from now.
    #[must_use]
    pub fn subscribe_from(&self, last: Option<&str>) -> Subscription {
        let kept = self.kept.lock();
        let live = self.live.subscribe();
        let Some(last) = last else {
            return Subscription {
                missed: Vec::new(),
                gap: Gap::None,
                live,
            };
        };
        let named = last
            .split_once('-')
            .and_then(|(epoch, number)| Some((epoch.parse().ok()?, number.parse().ok()?)));
        let Some((epoch, number)): Option<(u64, u64)> = named else {
            return Subscription {
                missed: Vec::new(),
                gap: Gap::Lost,
                live,
            };
        };
        if epoch != self.epoch {
            return Subscription {
                missed: kept.events.iter().cloned().collect(),
                gap: Gap::Lost,
                live,
            };
        }
        let oldest = kept
            .events
            .front()
            .map_or(kept.next + 1, |event| event.number);
        let gap = if number + 1 < oldest {
            Gap::Lost
        } else {
            Gap::None
        };
        let missed = kept
            .events
            .iter()
            .filter(|event| event.number > number)
            .cloned()
            .collect();
        Subscription { missed, gap, live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(events: &Events, count: usize) {
        for _ in 0..count {
            let node = NodeId(uuid::Uuid::nil());
            events.tell(Timestamp::UNIX_EPOCH, "test", node, None, Value::Null);
        }
    }

    #[test]
    fn a_watcher_that_comes_back_gets_what_it_missed() {
        let events = Events::new(7);
        tell(&events, 3);
        let back = events.subscribe_from(Some("7-1"));
        assert_eq!(
            back.missed.iter().map(|e| e.number).collect::<Vec<_>>(),
            [2, 3]
        );
        assert_eq!(back.gap, Gap::None);
    }

    #[test]
    fn a_gap_is_told() {
        let events = Events::new(7);
        tell(&events, KEPT + 5);
        assert_eq!(events.subscribe_from(Some("7-2")).gap, Gap::Lost);
        assert_eq!(events.subscribe_from(Some("6-2")).gap, Gap::Lost);
        assert_eq!(events.subscribe_from(Some("rubbish")).gap, Gap::Lost);
    }
}
