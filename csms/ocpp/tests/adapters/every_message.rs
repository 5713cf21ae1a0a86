//! Every message of both versions, by the official schemas.

use std::fmt::Write;
use std::path::PathBuf;

use model::command::{RemoteStart, StationCommand};
use model::{OcppVersion, PresentedToken, TokenKind, TransactionRef};
use ocpp::{Adapter, Sender, Usage};

use crate::official::{Outcome, run};

/// Set to write the table anew: `KEYWATT_WRITE_DOCS=1 cargo test -p ocpp --test adapters`.
const WRITE: &str = "KEYWATT_WRITE_DOCS";

fn both() -> (Vec<Outcome>, Vec<Outcome>) {
    std::thread::scope(|scope| {
        let v16 = scope.spawn(|| run(OcppVersion::V16));
        let v201 = scope.spawn(|| run(OcppVersion::V201));
        (v16.join().unwrap(), v201.join().unwrap())
    })
}

fn faults(outcomes: &[Outcome]) -> Vec<&String> {
    outcomes
        .iter()
        .flat_map(|outcome| &outcome.faults)
        .collect()
}

#[test]
fn nothing_of_any_sample_of_the_206_schemas_is_lost() {
    let (v16, v201) = both();
    assert_eq!((v16.len() * 2, v201.len() * 2), (78, 128));
    let faults = [faults(&v16), faults(&v201)].concat();
    let shown: Vec<_> = faults.iter().take(60).collect();
    assert!(faults.is_empty(), "{} faults: {shown:#?}", faults.len());
    let samples = |outcomes: &[Outcome]| -> usize {
        outcomes
            .iter()
            .map(|outcome| outcome.samples.0 + outcome.samples.1)
            .sum()
    };
    let (v16, v201) = (samples(&v16), samples(&v201));
    assert!(v16 > 400 && v201 > 1000, "{v16} and {v201} samples");
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/messages.md")
}

#[test]
fn the_table_in_the_documents_is_that_of_the_run() {
    let (v16, v201) = both();
    let text = format!("{HEAD}{}{}", section("1.6", &v16), section("2.0.1", &v201));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(
        checked_in == text,
        "docs/messages.md is not in step: run `{WRITE}=1 cargo test -p ocpp --test adapters`"
    );
}

const HEAD: &str = "\
# Messages

Every message of OCPP 1.6 (with those of the security white paper) and 2.0.1, and what becomes of \
it here. Written by the test `every_message` from a run over the official JSON schemas: of each \
request and each answer the least and the largest payload, one with each value of each \
enumeration, and one without each field that may be left out are read into their type, written \
again, checked against the schema and compared; nothing is lost, `customData` at any depth \
included. Do not edit by hand.

* **from**: who may send it.
* **received**: what the inside is given. A report is kept as sent, cards and secrets masked, and \
listed by `GET /v1/stations/{station_id}/reports`; what is refused is refused in the words of the \
answer, never with a CALLERROR.
* **sent**: by a use case of ours, and by `POST /v1/stations/{station_id}/ocpp/{action}` (raw), \
which sends every payload that the standard allows and checks the answer.
* **samples**: of the request + of the answer, each gone through unharmed.

Beyond the table: DataTransfer with the vendor of the lock profile is served to locks \
([locks.md](locks.md)), and NotifyEvent of a lock about its doors becomes their state.
";

fn section(version: &str, outcomes: &[Outcome]) -> String {
    let commanded = commanded(version);
    let mut text = format!("\n## OCPP {version}\n");
    let mut part = "";
    for outcome in outcomes {
        let message = outcome.message;
        if message.part() != part {
            part = message.part();
            write!(
                text,
                "\n### {part}\n\n| message | from | received | sent | samples |\n|---|---|---|---|---|\n"
            )
            .unwrap();
        }
        let by_use_case = commanded.contains(&message.action());
        assert_eq!(
            by_use_case,
            message.usage() == Usage::Commanded || message.sender() == Sender::Either,
            "{}",
            message.action()
        );
        let from = match message.sender() {
            Sender::Station => "station",
            Sender::System => "us",
            Sender::Either => "both",
        };
        let sent = match (outcome.raw, by_use_case) {
            (true, true) => "use case, raw",
            (true, false) => "raw",
            (false, _) => "",
        };
        let (request, answer) = outcome.samples;
        writeln!(
            text,
            "| {} | {from} | {} | {sent} | {request} + {answer} |",
            message.action(),
            received(outcome),
        )
        .unwrap();
    }
    text
}

fn received(outcome: &Outcome) -> String {
    let names: Vec<&str> = outcome.received.iter().map(String::as_str).collect();
    let names = names.join(", ");
    match (outcome.message.usage(), &outcome.told) {
        (Usage::Refused, Some(status)) => format!("{names}; refused: `{status}`"),
        (Usage::Reported, Some(status)) => format!("{names}; told `{status}`"),
        (Usage::Refused | Usage::Reported | Usage::Served | Usage::Commanded | Usage::Raw, _) => {
            names
        }
    }
}

/// The actions by which our commands are sent.
fn commanded(version: &str) -> Vec<&'static str> {
    let version = match version {
        "1.6" => OcppVersion::V16,
        _ => OcppVersion::V201,
    };
    let adapter = Adapter::for_version(version);
    let commands = [
        StationCommand::RemoteStart(RemoteStart {
            token: PresentedToken::new(TokenKind::Central, "A"),
            evse: None,
            remote_start_id: 1,
            stop_group: None,
        }),
        StationCommand::RemoteStop(TransactionRef::Number(1)),
        StationCommand::ClearCache,
        StationCommand::TriggerBoot,
        StationCommand::ReadConfiguration(vec!["AuthCtrlr.Enabled".into()]),
        StationCommand::DataTransfer(model::neutral::DataTransfer {
            vendor: "v".into(),
            message: None,
            data: None,
        }),
    ];
    let sent: Vec<String> = commands
        .iter()
        .map(|command| adapter.encode_command(command).unwrap().0)
        .collect();
    ocpp::command_actions(version)
        .filter(|action| sent.iter().any(|sent| sent == action))
        .collect()
}
