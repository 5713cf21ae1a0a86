use model::DoorState;
use model::neutral::{DoorStateReport, ReportKind, StationRequest};
use ocpp::Peer;
use serde_json::{Value, json};

use crate::conversation::{V16, V201, lock, raw};

/// Door, state, problem of each state reported, and whether a report of other events is left.
type Told = (Vec<(u32, Option<DoorState>, Option<String>)>, bool);

fn told(requests: Vec<StationRequest>) -> Told {
    let mut doors = Vec::new();
    let mut others = false;
    for request in requests {
        match request {
            StationRequest::DoorState(DoorStateReport {
                door,
                state,
                problem,
                ..
            }) => {
                doors.push((door, state, problem));
            }
            StationRequest::Report(report) => {
                assert_eq!(report.kind, ReportKind::Events);
                others = true;
            }
            StationRequest::Status(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    (doors, others)
}

fn event(component: &str, evse: Option<u32>, variable: &str, value: &str) -> Value {
    let mut component = json!({"name": component});
    if let Some(evse) = evse {
        component["evse"] = json!({"id": evse});
    }
    json!({"eventId": 1, "timestamp": "2024-06-01T12:00:00Z", "trigger": "Delta",
        "actualValue": value, "eventNotificationType": "HardWiredNotification",
        "component": component, "variable": {"name": variable}})
}

fn barrier(door: u32, variable: &str, value: &str) -> Value {
    event("AccessBarrier", Some(door), variable, value)
}

fn notify(peer: &Peer, events: &[Value]) -> Told {
    let payload = json!({"generatedAt": "2024-06-01T12:00:00Z", "seqNo": 0, "eventData": events});
    told(
        V201.decode(peer, "NotifyEvent", &raw(&payload.to_string()))
            .unwrap()
            .requests,
    )
}

fn status(error_code: &str, info: Option<&str>, vendor_error: Option<&str>) -> Told {
    let payload = json!({"connectorId": 1, "errorCode": error_code, "status": "Available",
        "info": info, "vendorErrorCode": vendor_error});
    let decoded = V16.decode(
        &lock(&[1]),
        "StatusNotification",
        &raw(&payload.to_string()),
    );
    told(decoded.unwrap().requests)
}

#[test]
fn every_state_is_told_by_the_variable_state() {
    for state in DoorState::ALL {
        for name in [state.name().to_owned(), state.name().to_uppercase()] {
            assert_eq!(
                notify(&lock(&[1, 2]), &[barrier(2, "State", &name)]),
                (vec![(2, Some(state), None)], false)
            );
        }
    }
}

#[test]
fn active_means_open_unless_the_state_is_told() {
    let peer = lock(&[1, 2]);
    let open = Some(DoorState::Open);
    assert_eq!(
        notify(&peer, &[barrier(1, "Active", "true")]),
        (vec![(1, open, None)], false)
    );
    assert_eq!(
        notify(&peer, &[barrier(1, "Active", "false")]),
        (vec![(1, Some(DoorState::Closed), None)], false)
    );
    assert_eq!(
        notify(
            &peer,
            &[
                barrier(1, "Active", "true"),
                barrier(1, "State", "Forced"),
                barrier(2, "Active", "true")
            ]
        ),
        (
            vec![(1, Some(DoorState::Forced), None), (2, open, None)],
            false
        )
    );
}

#[test]
fn states_of_one_door_keep_their_order() {
    assert_eq!(
        notify(
            &lock(&[1]),
            &[barrier(1, "State", "Open"), barrier(1, "State", "Closed")]
        ),
        (
            vec![
                (1, Some(DoorState::Open), None),
                (1, Some(DoorState::Closed), None)
            ],
            false
        )
    );
}

#[test]
fn a_problem_comes_and_goes() {
    let mut broken = barrier(1, "Problem", "true");
    broken["techInfo"] = "bolt stuck".into();
    assert_eq!(
        notify(&lock(&[1]), &[broken]),
        (vec![(1, None, Some("Problem: bolt stuck".into()))], false)
    );
    assert_eq!(
        notify(&lock(&[1]), &[barrier(1, "Problem", "false")]),
        (vec![(1, None, None)], false)
    );
}

#[test]
fn what_is_no_state_of_a_door_is_reported_whole() {
    let peer = lock(&[1]);
    let other = event("TokenReader", Some(1), "Problem", "true");
    assert_eq!(notify(&peer, std::slice::from_ref(&other)), (vec![], true));
    assert_eq!(
        notify(&peer, &[barrier(1, "State", "Open"), other]),
        (vec![(1, Some(DoorState::Open), None)], true)
    );
    assert_eq!(
        notify(&peer, &[barrier(1, "State", "Ajar")]),
        (vec![], true)
    );
    // At a charger a barrier is no door.
    assert_eq!(
        notify(&Peer::Charger, &[barrier(1, "State", "Open")]),
        (vec![], true)
    );
}

#[test]
fn a_barrier_without_evse_is_the_only_door_or_the_controller() {
    let unnamed = [event("accessbarrier", None, "state", "Open")];
    let open = Some(DoorState::Open);
    assert_eq!(
        notify(&lock(&[7]), &unnamed),
        (vec![(7, open, None)], false)
    );
    assert_eq!(
        notify(&lock(&[1, 2]), &unnamed),
        (vec![(0, open, None)], false)
    );
}

#[test]
fn a_1_6_lock_tells_the_state_in_info() {
    let state = |state| (vec![(1, Some(state), None)], false);
    assert_eq!(
        status("NoError", Some("door=open"), None),
        state(DoorState::Open)
    );
    assert_eq!(
        status("NoError", Some("battery=low; door=Forced"), None),
        state(DoorState::Forced)
    );
    assert_eq!(status("NoError", Some("door=ajar"), None), (vec![], false));
    assert_eq!(status("NoError", None, None), (vec![], false));
}

#[test]
fn a_1_6_lock_tells_its_faults_by_error_codes() {
    assert_eq!(
        status("ConnectorLockFailure", None, None),
        (
            vec![(
                1,
                Some(DoorState::Jammed),
                Some("ConnectorLockFailure".into())
            )],
            false
        )
    );
    assert_eq!(
        status("ConnectorLockFailure", Some("door=open"), Some("B7")),
        (
            vec![(
                1,
                Some(DoorState::Open),
                Some("ConnectorLockFailure: B7".into())
            )],
            false
        )
    );
    assert_eq!(
        status("ReaderFailure", None, None),
        (vec![(1, None, Some("ReaderFailure".into()))], false)
    );
    assert_eq!(
        status("OtherError", Some("lid open"), None),
        (vec![(1, None, Some("OtherError: lid open".into()))], false)
    );
    // Faults of chargers say nothing of a door.
    assert_eq!(status("GroundFailure", None, None), (vec![], false));
}
