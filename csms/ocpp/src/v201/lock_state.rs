//! What a lock says about its doors with NotifyEvent (locks.md): the variables State, Active and
//! Problem of its AccessBarriers.

use model::DoorState;
use model::neutral::{DoorStateReport, Report, ReportKind, StationRequest};

use crate::adapter::Decoded;
use crate::form::Repaired;
use crate::mask;
use crate::peer::Peer;
use crate::read::Fields;

/// Reads a NotifyEvent: the states of doors, and a report if anything else stands in it.
pub(super) fn notify_event(peer: &Peer, repaired: Repaired) -> Decoded {
    let fields = Fields::new(&repaired.fields);
    let mut news: Vec<News> = Vec::new();
    let mut others = false;
    for event in fields.objects("eventData") {
        match Some(event)
            .filter(|_| peer.is_lock())
            .and_then(|event| door_news(peer, event))
        {
            Some(one) => news.push(one),
            None => others = true,
        }
    }
    let mut requests = without_echoes(news);
    if others || requests.is_empty() {
        let payload = mask::report(ReportKind::Events, repaired.fields);
        requests.push(StationRequest::Report(Report {
            kind: ReportKind::Events,
            payload,
        }));
    }
    Decoded {
        requests,
        answer: None,
        quirks: repaired.quirks,
    }
}

struct News {
    report: DoorStateReport,
    says: Says,
}

/// Which variable says it. State says more than Active: held and forced are open, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    State,
    Active,
    Problem,
}

fn door_news(peer: &Peer, event: Fields<'_>) -> Option<News> {
    let component = event.object("component")?;
    // Names are compared without case (part 2, ComponentType).
    if !component
        .text("name")?
        .eq_ignore_ascii_case("AccessBarrier")
    {
        return None;
    }
    let door = component
        .object("evse")
        .and_then(|evse| evse.point("id"))
        .or_else(|| peer.only_door())
        .unwrap_or(0);
    let value = event.text("actualValue")?.trim();
    let is = |text: &str| value.eq_ignore_ascii_case(text);
    let variable = event.object("variable")?.text("name")?.to_ascii_lowercase();
    let (says, state, problem) = match variable.as_str() {
        "state" => (Says::State, Some(DoorState::from_name(value)?), None),
        "active" if is("true") => (Says::Active, Some(DoorState::Open), None),
        "active" if is("false") => (Says::Active, Some(DoorState::Closed), None),
        "problem" if is("true") => (Says::Problem, None, Some(problem(event))),
        // The problem is gone: neither a state nor a problem.
        "problem" if is("false") => (Says::Problem, None, None),
        _ => return None,
    };
    Some(News {
        report: DoorStateReport {
            door,
            state,
            problem,
            at: event.time("timestamp"),
        },
        says,
    })
}

fn problem(event: Fields<'_>) -> String {
    let detail = event
        .filled("techInfo")
        .or_else(|| event.filled("techCode"));
    detail.map_or_else(
        || "Problem".to_owned(),
        |detail| format!("Problem: {detail}"),
    )
}

/// Active beside a State of the same door says nothing more.
fn without_echoes(news: Vec<News>) -> Vec<StationRequest> {
    let exact: Vec<u32> = news
        .iter()
        .filter(|one| one.says == Says::State)
        .map(|one| one.report.door)
        .collect();
    news.into_iter()
        .filter(|one| one.says != Says::Active || !exact.contains(&one.report.door))
        .map(|one| StationRequest::DoorState(one.report))
        .collect()
}
