//! A station that remembers what was acknowledged, and sends again what was not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keywatt_tests::facts::text;
use keywatt_tests::wire::{Presented, now};
use keywatt_tests::{Api, DatabaseKind, Server, Version, Wire, unique};
use serde_json::{Value, json};
use simulator::Endpoint;
use sqlx::Row as _;

/// How many CALLs of all stations are on their way, and how many were acknowledged.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) in_flight: AtomicUsize,
    pub(crate) acknowledged: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Charger,
    Lock,
}

/// How talking ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A CALL was on its way and got no answer.
    Unanswered,
    /// The connection was gone before anything could be sent.
    NotSent,
}

/// A station that remembers what was acknowledged.
pub(crate) struct Station {
    number: usize,
    kind: Kind,
    /// Of the charger or lock.
    id: String,
    endpoint: Endpoint,
    card: Presented,
    /// How many messages it has made; registers are counted from it, so no two are alike.
    messages: i64,
    transactions: Vec<Transaction>,
    /// Door events that were acknowledged.
    events: Vec<String>,
    pending: Option<Message>,
    pub(crate) acknowledged: usize,
}

/// A transaction as far as it was acknowledged.
#[derive(Clone, Debug)]
struct Transaction {
    /// What the station calls it: in 1.6 the number it was given.
    name: String,
    start: Message,
    register: i64,
    phase: Phase,
}

/// The last message that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Started,
    Metered,
    Ended,
}

/// A message that must be kept once acknowledged.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    action: &'static str,
    payload: Value,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Begins a transaction; 2.0.1 names it itself.
    Start {
        name: Option<String>,
        register: i64,
    },
    Meter,
    Stop,
    Door(String),
}

impl Station {
    pub(crate) fn new(
        number: usize,
        kind: Kind,
        id: String,
        endpoint: Endpoint,
        card: Presented,
    ) -> Station {
        Station {
            number,
            kind,
            id,
            endpoint,
            card,
            messages: 0,
            transactions: Vec::new(),
            events: Vec::new(),
            pending: None,
            acknowledged: 0,
        }
    }

    /// What was left unanswered first, then one message after the other, until the connection
    /// ends.
    pub(crate) async fn talk(mut self, traffic: Arc<Traffic>) -> (Station, End) {
        let Ok(wire) = Wire::connect(&self.endpoint).await else {
            return (self, End::NotSent);
        };
        if let Err(end) = self.repeat_last_start(&wire).await {
            return (self, end);
        }
        if let Some(left) = self.pending.take()
            && let Err(end) = self.send_left(&wire, left, &traffic).await
        {
            return (self, end);
        }
        loop {
            let message = self.next();
            if let Err(end) = self.send(&wire, message, &traffic).await {
                return (self, end);
            }
        }
    }

    /// After the last kill: everything is acknowledged.
    pub(crate) async fn settle(mut self) -> Station {
        let wire = Wire::connect(&self.endpoint).await.unwrap();
        let traffic = Traffic::default();
        self.repeat_last_start(&wire).await.unwrap();
        if let Some(left) = self.pending.take() {
            self.send_left(&wire, left, &traffic).await.unwrap();
        }
        while self
            .transactions
            .last()
            .is_some_and(|last| last.phase != Phase::Ended)
        {
            let message = self.next();
            self.send(&wire, message, &traffic).await.unwrap();
        }
        wire.close().await;
        self
    }

    /// A start that was acknowledged before the kill still has the number it was given: had it
    /// been lost, it would get another one.
    async fn repeat_last_start(&mut self, wire: &Wire) -> Result<(), End> {
        let (Version::V16, Some(last)) = (self.endpoint.version, self.transactions.last()) else {
            return Ok(());
        };
        let payload = last.start.payload.clone();
        let again = wire
            .call("StartTransaction", payload)
            .await
            .map_err(|_| End::NotSent)?;
        assert_eq!(
            again["transactionId"].to_string(),
            last.name,
            "{last:?} was lost"
        );
        Ok(())
    }

    /// Sends what got no answer once more, and then again: the second time it is certainly
    /// there, and must be known.
    async fn send_left(
        &mut self,
        wire: &Wire,
        mut left: Message,
        traffic: &Traffic,
    ) -> Result<(), End> {
        if self.number % 4 < 2 {
            left.id = unique::message_id();
        }
        self.send(wire, left.clone(), traffic).await?;
        let again = wire
            .call(left.action, left.payload)
            .await
            .map_err(|_| End::NotSent)?;
        if let (Version::V16, What::Start { .. }) = (self.endpoint.version, &left.what) {
            let name = &self.transactions.last().unwrap().name;
            assert_eq!(
                again["transactionId"].to_string(),
                *name,
                "a retry got another number"
            );
        }
        Ok(())
    }

    async fn send(&mut self, wire: &Wire, message: Message, traffic: &Traffic) -> Result<(), End> {
        let begun = wire
            .begin(&message.id, message.action, message.payload.clone())
            .await;
        let Ok(begun) = begun else {
            self.pending = Some(message);
            return Err(End::NotSent);
        };
        traffic.in_flight.fetch_add(1, Ordering::SeqCst);
        let answer = begun.answer().await;
        traffic.in_flight.fetch_sub(1, Ordering::SeqCst);
        match answer {
            Ok(answer) => {
                traffic.acknowledged.fetch_add(1, Ordering::SeqCst);
                self.acknowledge(message, &answer);
                Ok(())
            }
            Err(failure) => {
                assert_eq!(
                    failure.error_code(),
                    None,
                    "{message:?} was answered with {failure}"
                );
                self.pending = Some(message);
                Err(End::Unanswered)
            }
        }
    }

    fn acknowledge(&mut self, message: Message, answer: &Value) {
        self.acknowledged += 1;
        match message.what.clone() {
            What::Start { name, register } => {
                let name = name.unwrap_or_else(|| answer["transactionId"].to_string());
                let phase = Phase::Started;
                self.transactions.push(Transaction {
                    name,
                    start: message,
                    register,
                    phase,
                });
            }
            What::Meter => self.transactions.last_mut().unwrap().phase = Phase::Metered,
            What::Stop => self.transactions.last_mut().unwrap().phase = Phase::Ended,
            What::Door(event) => {
                assert_eq!(answer["status"], "Accepted", "{answer}");
                self.events.push(event);
            }
        }
    }

    /// The next thing that happens at the station.
    fn next(&mut self) -> Message {
        self.messages += 1;
        let time = now();
        let id = unique::message_id();
        if self.kind == Kind::Lock {
            return self.door_event(id, &time);
        }
        let last = self.transactions.last().cloned();
        match (
            self.endpoint.version,
            last.filter(|last| last.phase != Phase::Ended),
        ) {
            (Version::V16, None) => self.start_16(id, &time),
            (Version::V16, Some(last)) => self.next_16(id, &time, &last),
            (Version::V201, None) => {
                let name = unique::message_id();
                self.event_201(id, &time, &name, None)
            }
            (Version::V201, Some(last)) => {
                let name = last.name.clone();
                self.event_201(id, &time, &name, Some(&last))
            }
        }
    }

    fn start_16(&self, id: String, time: &str) -> Message {
        let register = self.messages * 1000;
        let payload = json!({
            "connectorId": 1, "idTag": self.card.value, "meterStart": register, "timestamp": time,
        });
        let what = What::Start {
            name: None,
            register,
        };
        Message {
            id,
            action: "StartTransaction",
            payload,
            what,
        }
    }

    fn next_16(&self, id: String, time: &str, last: &Transaction) -> Message {
        let number: i64 = last.name.parse().unwrap();
        if last.phase == Phase::Started {
            let value = (last.register + 250).to_string();
            let sample = json!({ "value": value, "unit": "Wh" });
            let payload = json!({
                "connectorId": 1, "transactionId": number,
                "meterValue": [{ "timestamp": time, "sampledValue": [sample] }],
            });
            return Message {
                id,
                action: "MeterValues",
                payload,
                what: What::Meter,
            };
        }
        let payload = json!({
            "transactionId": number, "meterStop": last.register + 500, "timestamp": time,
        });
        Message {
            id,
            action: "StopTransaction",
            payload,
            what: What::Stop,
        }
    }

    fn event_201(&self, id: String, time: &str, name: &str, last: Option<&Transaction>) -> Message {
        let register = last.map_or(self.messages * 1000, |last| last.register);
        let (kind, trigger, seq_no, value, what) = match last.map(|last| last.phase) {
            None => {
                let what = What::Start {
                    name: Some(name.to_owned()),
                    register,
                };
                ("Started", "Authorized", 0, register, what)
            }
            Some(Phase::Started) => (
                "Updated",
                "MeterValuePeriodic",
                1,
                register + 250,
                What::Meter,
            ),
            Some(Phase::Metered | Phase::Ended) => {
                ("Ended", "EVDeparted", 2, register + 500, What::Stop)
            }
        };
        let mut payload = json!({
            "eventType": kind, "triggerReason": trigger, "seqNo": seq_no, "timestamp": time,
            "transactionInfo": { "transactionId": name }, "evse": { "id": 1, "connectorId": 1 },
            "meterValue": [{ "timestamp": time, "sampledValue": [{ "value": value }] }],
        });
        if last.is_none() {
            payload["idToken"] = json!({ "idToken": self.card.value, "type": "ISO14443" });
        }
        Message {
            id,
            action: "TransactionEvent",
            payload,
            what,
        }
    }

    fn door_event(&self, id: String, time: &str) -> Message {
        let event = format!("event-{}", self.messages);
        let data = json!({
            "event_id": event, "door": 1, "time": time, "result": "granted", "cause": "card",
        });
        let payload = json!({
            "vendorId": "io.keywatt.lock", "messageId": "Door.Event", "data": data.to_string(),
        });
        Message {
            id,
            action: "DataTransfer",
            payload,
            what: What::Door(event),
        }
    }

    /// As the API tells it: every transaction once, ended, with what was charged.
    pub(crate) async fn is_as_acknowledged(&self, owner: &Api) {
        if self.kind == Kind::Lock {
            assert!(
                self.events.len() > super::KILLS,
                "`{}` hardly spoke",
                self.endpoint.id
            );
            return;
        }
        let kept = owner
            .list(&format!("/v1/transactions?charger={}", self.id))
            .await;
        assert_eq!(
            kept.len(),
            self.transactions.len(),
            "transactions of `{}`",
            self.endpoint.id
        );
        for expected in &self.transactions {
            let same: Vec<&Value> = kept
                .iter()
                .filter(|one| one["station_transaction_id"] == expected.name.as_str())
                .collect();
            let [one] = same[..] else {
                panic!("{expected:?} is there {} times", same.len())
            };
            assert_eq!(one["refused"], false, "{one}");
            assert_eq!(one["orphan"], false, "{one}");
            assert_ne!(one["ended_at"], Value::Null, "{one}");
            assert_eq!(one["energy_wh"], 500, "{one}");
            let path = format!("/v1/transactions/{}/samples", text(one, "id"));
            let values: Vec<i64> = owner
                .list(&path)
                .await
                .iter()
                .map(|sample| text(sample, "value").parse::<f64>().unwrap() as i64)
                .collect();
            let wanted: &[i64] = match self.endpoint.version {
                Version::V16 => &[250],
                Version::V201 => &[0, 250, 500],
            };
            let wanted: Vec<i64> = wanted.iter().map(|more| expected.register + more).collect();
            let sorted: Vec<i64> = BTreeSet::from_iter(values.clone()).into_iter().collect();
            assert_eq!(
                (values.len(), sorted),
                (wanted.len(), wanted),
                "samples of {one}"
            );
        }
    }

    /// As the database tells it: a row for each message, and no more.
    pub(crate) async fn is_kept_once(&self, server: &Server) {
        let key = model::StationId::new(&self.endpoint.id).unwrap().key();
        let key = key.as_str();
        match self.kind {
            Kind::Charger => {
                // Of a 1.6 transaction start and stop are records, the values samples only.
                let each = match self.endpoint.version {
                    Version::V16 => 2,
                    Version::V201 => 3,
                };
                let sql = "SELECT COUNT(*) FROM transaction_records WHERE station_key = $1";
                let rows = rows(server, sql, key).await;
                assert_eq!(
                    rows[0],
                    (each * self.transactions.len()).to_string(),
                    "records"
                );
            }
            Kind::Lock => {
                let sql = "SELECT event_id FROM door_events WHERE lock_id = $1";
                let kept = rows(server, sql, &self.id).await;
                let once: BTreeSet<&String> = kept.iter().collect();
                assert_eq!(once.len(), kept.len(), "an event is there twice");
                assert_eq!(once, self.events.iter().collect(), "door events");
            }
        }
    }
}

/// The first column of a query on the database itself.
async fn rows(server: &Server, sql: &'static str, argument: &str) -> Vec<String> {
    let url = server.database().url();
    match server.database().kind() {
        DatabaseKind::Sqlite => {
            use sqlx::Connection as _;
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            let rows = sqlx::query(sql)
                .bind(argument)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let column = |row: &sqlx::sqlite::SqliteRow| {
                row.try_get::<String, _>(0)
                    .or_else(|_| row.try_get::<i64, _>(0).map(|count| count.to_string()))
            };
            rows.iter().map(|row| column(row).unwrap()).collect()
        }
        DatabaseKind::Postgres => {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let rows = sqlx::query(sql)
                .bind(argument)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let column = |row: &sqlx::postgres::PgRow| {
                row.try_get::<String, _>(0)
                    .or_else(|_| row.try_get::<i64, _>(0).map(|count| count.to_string()))
            };
            rows.iter().map(|row| column(row).unwrap()).collect()
        }
    }
}
