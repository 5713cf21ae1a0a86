//! Q24 to Q30, Q32: what has happened is recorded, whatever its form.

use keywatt_tests::Version::{V16, V201};
use keywatt_tests::facts::Charger;
use keywatt_tests::wire::{Presented, moment, now};
use keywatt_tests::{DEADLINE, Wire, eventually, unique};
use serde_json::{Value, json};

use crate::bench::{Bench, Form, Socket, check};

async fn transactions(bench: &Bench, charger: &Charger) -> Vec<Value> {
    let path = format!("/v1/transactions?charger={}", charger.id);
    bench.owner.list(&path).await
}

fn start(connector: u32, tag: &str, time: &str, meter: i64) -> String {
    json!({ "connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": time })
        .to_string()
}

async fn number(socket: &mut Socket, payload: &str) -> (i64, String) {
    let answer = socket.call("StartTransaction", payload).await;
    let number = answer[2]["transactionId"].as_i64();
    let status = answer[2]["idTagInfo"]["status"]
        .as_str()
        .unwrap_or_default();
    (
        number.unwrap_or_else(|| panic!("no number: {answer}")),
        status.to_owned(),
    )
}

async fn stop(socket: &mut Socket, payload: Value) -> Value {
    let answer = socket.call("StopTransaction", &payload.to_string()).await;
    assert_eq!(answer[0], 3, "{answer}");
    answer
}

#[tokio::test]
async fn q24_a_retried_start_gets_the_same_answer() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let (_, card) = bench.owner.user(charger.node()).await;
    let mut socket = bench.socket(&charger, V16).await;
    let tag = &card.presented.value;
    let time = now();
    let first = number(&mut socket, &start(1, tag, &time, 5)).await;
    assert_eq!(first.1, "Accepted");
    // Not ConcurrentTx: the transaction that is asked about is not another one.
    assert_eq!(number(&mut socket, &start(1, tag, &time, 5)).await, first);
    let mut again = bench.socket(&charger, V16).await;
    assert_eq!(number(&mut again, &start(1, tag, &time, 5)).await, first);
    // The second connector has its own.
    let second = number(&mut again, &start(2, tag, &time, 5)).await;
    assert_ne!(second.0, first.0);
    assert_eq!(transactions(&bench, &charger).await.len(), 2);
}

#[tokio::test]
async fn q25_an_offline_start_of_a_stranger_is_recorded_when_it_comes_late() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let mut socket = bench.socket(&charger, V16).await;
    let payload = start(1, "STRANGER", &moment(-3_600), 100);
    let (first, status) = number(&mut socket, &payload).await;
    assert_eq!(status, "Invalid");
    assert_eq!(
        number(&mut socket, &payload).await.0,
        first,
        "repeated for ever"
    );
    let ended = json!({ "transactionId": first, "meterStop": 1_100, "timestamp": moment(-1_800),
        "idTag": "STRANGER" });
    stop(&mut socket, ended).await;
    let all = transactions(&bench, &charger).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["late"], &all[0]["refused"], &all[0]["energy_wh"]),
        (&json!(true), &json!(true), &json!(1_000)),
        "{}",
        all[0]
    );
}

#[tokio::test]
async fn q26_a_stop_without_a_usable_number_ends_the_one_that_fits_or_is_kept_aside() {
    let bench = Bench::new().await;
    for odd in [json!(0), json!(-1), json!(987_654), Value::Null] {
        let charger = bench.charger().await;
        let (_, card) = bench.owner.user(charger.node()).await;
        let mut socket = bench.socket(&charger, V16).await;
        let tag = &card.presented.value;
        let payload = start(1, tag, &now(), 0);
        assert_eq!(number(&mut socket, &payload).await.1, "Accepted");
        let ended = json!({ "transactionId": odd, "meterStop": 700, "timestamp": now() });
        stop(&mut socket, ended).await;
        let all = transactions(&bench, &charger).await;
        assert_eq!(all.len(), 1, "{odd}: {all:?}");
        assert_eq!(all[0]["energy_wh"], 700, "{odd}: {}", all[0]);
        // Now that none is open, the next one belongs to nothing and is kept.
        let orphan = json!({ "transactionId": odd, "meterStop": 900, "timestamp": now() });
        stop(&mut socket, orphan).await;
        let all = transactions(&bench, &charger).await;
        let orphans = all.iter().filter(|row| row["orphan"] == true).count();
        assert_eq!((all.len(), orphans), (2, 1), "{odd}: {all:?}");
    }
}

#[tokio::test]
async fn q27_a_refused_start_has_a_number_of_its_own() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let (_, card) = bench.owner.user(charger.node()).await;
    let mut socket = bench.socket(&charger, V16).await;
    let running = number(&mut socket, &start(1, &card.presented.value, &now(), 0)).await;
    let mut numbers = vec![running.0];
    for meter in 0..3 {
        let (refused, status) = number(&mut socket, &start(2, "NOBODY", &now(), meter)).await;
        assert_eq!(status, "Invalid");
        assert!(
            refused > 0 && !numbers.contains(&refused),
            "{refused} of {numbers:?}"
        );
        numbers.push(refused);
        let ended = json!({ "transactionId": refused, "meterStop": meter, "timestamp": now(),
            "reason": "DeAuthorized" });
        stop(&mut socket, ended).await;
    }
    let all = transactions(&bench, &charger).await;
    let open: Vec<_> = all.iter().filter(|row| row["ended_at"].is_null()).collect();
    assert_eq!(open.len(), 1, "the running one goes on: {all:?}");
    assert_eq!(open[0]["station_transaction_id"], running.0.to_string());
}

#[tokio::test]
async fn q28_a_status_ends_nothing_and_meter_values_may_come_after_the_stop() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let (_, card) = bench.owner.user(charger.node()).await;
    let mut socket = bench.socket(&charger, V16).await;
    let (id, _) = number(&mut socket, &start(1, &card.presented.value, &now(), 0)).await;
    for status in ["Finishing", "Available"] {
        let payload = json!({ "connectorId": 1, "errorCode": "NoError", "status": status });
        let answer = socket
            .call("StatusNotification", &payload.to_string())
            .await;
        assert_eq!(answer[0], 3, "{answer}");
    }
    assert!(transactions(&bench, &charger).await[0]["ended_at"].is_null());
    let ended = json!({ "transactionId": id, "meterStop": 5_000, "timestamp": now() });
    stop(&mut socket, ended).await;
    let late = json!({ "connectorId": 1, "transactionId": id, "meterValue": [{
        "timestamp": now(), "sampledValue": [{ "value": "5000", "context": "Transaction.End" }] }] });
    let answer = socket.call("MeterValues", &late.to_string()).await;
    assert_eq!(answer[0], 3, "{answer}");
    let all = transactions(&bench, &charger).await;
    assert_eq!(
        (all.len(), &all[0]["energy_wh"]),
        (1, &json!(5_000)),
        "{all:?}"
    );
    let path = format!(
        "/v1/transactions/{}/samples",
        all[0]["id"].as_str().unwrap()
    );
    let samples = bench.owner.list(&path).await;
    assert_eq!(samples.len(), 1, "{samples:?}");
}

#[tokio::test]
async fn q29_meter_values_without_a_number_belong_to_the_transaction_at_their_connector() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let (_, card) = bench.owner.user(charger.node()).await;
    let mut socket = bench.socket(&charger, V16).await;
    number(&mut socket, &start(2, &card.presented.value, &now(), 0)).await;
    let row = transactions(&bench, &charger).await.remove(0);
    let path = format!("/v1/transactions/{}/samples", row["id"].as_str().unwrap());
    for (count, named) in (1..).zip([Value::Null, json!(0), json!(424_242)]) {
        let mut values = json!({ "connectorId": 2, "meterValue": [{ "timestamp": now(),
            "sampledValue": [{ "value": (count * 100).to_string() }] }] });
        if !named.is_null() {
            values["transactionId"] = named.clone();
        }
        let answer = socket.call("MeterValues", &values.to_string()).await;
        assert_eq!(answer[0], 3, "{answer}");
        eventually("the sample", DEADLINE, || async {
            let samples = bench.owner.list(&path).await;
            (samples.len() == count).then_some(())
        })
        .await;
    }
    // Those of the other connector are not its own.
    let values = json!({ "connectorId": 1, "transactionId": 0, "meterValue": [{
        "timestamp": now(), "sampledValue": [{ "value": "9" }] }] });
    let answer = socket.call("MeterValues", &values.to_string()).await;
    assert_eq!(answer[0], 3, "{answer}");
    assert_eq!(bench.owner.list(&path).await.len(), 3);
}

#[tokio::test]
async fn q30_registers_are_watt_hours_whatever_unit_phase_and_form_they_come_in() {
    let bench = Bench::new().await;
    let unit = |value: &str, unit: &str| json!([{ "value": value, "unit": unit }]);
    let phases = json!([
        { "value": "0.5", "unit": "kWh", "phase": "L1" },
        { "value": "0.25", "unit": "kWh", "phase": "L2" },
        { "value": "250", "unit": "Wh", "phase": "L3" },
        { "value": "9", "unit": "Wh", "phase": "N" },
    ]);
    let others = json!([
        { "value": "230", "measurand": "Voltage", "unit": "V" },
        { "value": "1000", "unit": "Wh" },
        { "value": "OCMF|{}|{}", "format": "SignedData" },
    ]);
    for sampled in [
        unit("1000", "Wh"),
        unit("1.0000", "kWh"),
        unit("999.6", "Wh"),
        phases,
        others,
    ] {
        let charger = bench.charger().await;
        let (_, card) = bench.owner.user(charger.node()).await;
        let mut socket = bench.socket(&charger, V16).await;
        let (id, _) = number(&mut socket, &start(1, &card.presented.value, &now(), 0)).await;
        // The sum of the station, at connector 0, is of no transaction.
        let sum = json!({ "connectorId": 0, "meterValue": [{ "timestamp": now(),
            "sampledValue": [{ "value": "77777", "context": "Sample.Clock" }] }] });
        let answer = socket.call("MeterValues", &sum.to_string()).await;
        assert_eq!(answer[0], 3, "{answer}");
        let ended = json!({ "transactionId": id, "timestamp": now(), "meterStop": {},
            "transactionData": [{ "timestamp": now(), "sampledValue": sampled }] });
        stop(&mut socket, ended).await;
        let all = transactions(&bench, &charger).await;
        assert_eq!(all[0]["energy_wh"], 1_000, "{sampled}: {}", all[0]);
    }
}

#[tokio::test]
async fn q32_a_start_without_a_question_before_it_is_decided_alike() {
    let bench = Bench::new().await;
    let charger = bench.charger().await;
    let (_, card) = bench.owner.user(charger.node()).await;
    let stranger = unique::card();
    for (tag, status) in [(&card.presented.value, "Accepted"), (&stranger, "Invalid")] {
        let mut socket = bench.socket(&charger, V16).await;
        let started = number(&mut socket, &start(1, tag, &now(), 0)).await;
        assert_eq!(started.1, status);
        let ended = json!({ "transactionId": started.0, "meterStop": 1, "timestamp": now() });
        stop(&mut socket, ended).await;
        let answer = socket
            .call("Authorize", &json!({ "idTag": tag }).to_string())
            .await;
        assert_eq!(answer[2]["idTagInfo"]["status"], status, "{answer}");
    }
}

#[tokio::test]
async fn q25_a_transaction_message_is_never_refused_for_its_form() {
    let bench = Bench::new().await;
    let time = now();
    let start = format!(
        r#"{{"connectorId":"1","idTag":12345678,"meterStart":"0","timestamp":"{time}","mood":1}}"#
    );
    let event = format!(
        r#"{{"eventType":"Updated","timestamp":"{time}","seqNo":"1","triggerReason":"Bored",
        "transactionInfo":{{"transactionId":7}},"mood":1}}"#
    );
    for (version, action, payload, quirk, field) in [
        (V16, "StartTransaction", &start, "text_as_number", "idTag"),
        (V16, "StartTransaction", &start, "extra_field", "mood"),
        (V201, "TransactionEvent", &event, "number_as_text", "seqNo"),
        (
            V201,
            "TransactionEvent",
            &event,
            "unknown_value",
            "triggerReason",
        ),
        (
            V201,
            "TransactionEvent",
            &event,
            "text_as_number",
            "transactionInfo.transactionId",
        ),
    ] {
        let (code, field) = (None, Some(field));
        let form = Form {
            quirk,
            version,
            action,
            payload,
            code,
            field,
        };
        check(&bench, &form).await;
    }
}

#[tokio::test]
async fn q33_a_charger_that_refused_a_card_forgets_that_when_the_card_gets_its_right() {
    let bench = Bench::new().await;
    let (charger, other) = (bench.charger().await, bench.charger().await);
    let wire = Wire::booted(&bench.server.endpoint(&charger.station_id, V16)).await;
    let elsewhere = Wire::booted(&bench.server.endpoint(&other.station_id, V16)).await;
    let person = bench.owner.person().await;
    let card = bench.owner.card(&person).await;
    let started = wire
        .start_16(&unique::message_id(), 1, &card.presented)
        .await;
    assert_eq!(started.info["status"], "Invalid", "{}", started.info);
    bench.owner.grant(&person, "user", charger.node()).await;
    let _ = wire.commands.wait_for("ClearCache", 1).await;
    assert_eq!(wire.status_of(&card.presented).await, "Accepted");

    // A card that was nobody's yet.
    let stranger = Presented::card(&unique::card());
    assert_eq!(wire.status_of(&stranger).await, "Invalid");
    let value = json!({ "kind": "rfid", "value": stranger.value });
    let _ = bench.owner.card_with(&person, value).await;
    let _ = wire.commands.wait_for("ClearCache", 2).await;
    assert_eq!(wire.status_of(&stranger).await, "Accepted");

    // Where nobody was refused, nothing is cleared: commands go out in their order.
    let path = format!("/v1/stations/{}/ocpp/GetConfiguration", other.station_id);
    let _ = bench.owner.post(&path, json!({ "key": ["X"] })).await.ok();
    assert!(elsewhere.commands.received("ClearCache").is_empty());
}
