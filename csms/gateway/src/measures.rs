//! The names of what is counted, for `/metrics`.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Stations connected now; by version.
pub(crate) const CONNECTIONS: &str = "keywatt_station_connections";
/// Handshakes; by result: `accepted`, or the code of the refusal.
pub(crate) const HANDSHAKES: &str = "keywatt_station_handshakes_total";
/// CALLs of stations; by version, action and result.
pub(crate) const CALLS: &str = "keywatt_station_calls_total";
/// How long they took; by version and action.
pub(crate) const CALL_SECONDS: &str = "keywatt_station_call_seconds";
/// Commands sent to stations; by version, action and result.
pub(crate) const COMMANDS: &str = "keywatt_station_commands_total";
/// Answers of stations that nobody waits for; by why: `late`, `duplicate` or `unknown`.
pub(crate) const ANSWERS_DROPPED: &str = "keywatt_station_answers_dropped_total";
/// Frames of stations that were not worked on; by kind.
pub(crate) const FRAMES_DROPPED: &str = "keywatt_station_frames_dropped_total";
/// How often a station was not read on because it came faster than its rate.
pub(crate) const PAUSES: &str = "keywatt_station_pauses_total";
/// TCP connections closed at once, because `max_connections` was reached.
pub(crate) const CONNECTIONS_REFUSED: &str = "keywatt_connections_refused_total";

/// Tells the recorder what the names mean.
pub(crate) fn describe() {
    describe_gauge!(CONNECTIONS, "stations connected now");
    describe_counter!(HANDSHAKES, "handshakes of stations, by result");
    describe_counter!(CALLS, "messages of stations, by result");
    describe_histogram!(
        CALL_SECONDS,
        Unit::Seconds,
        "from a station's message to its answer"
    );
    describe_counter!(COMMANDS, "commands sent to stations, by result");
    describe_counter!(
        ANSWERS_DROPPED,
        "answers of stations that nobody waits for, by why"
    );
    describe_counter!(FRAMES_DROPPED, "frames of stations that were not worked on");
    describe_counter!(
        PAUSES,
        "pauses of stations that came faster than their rate"
    );
    describe_counter!(
        CONNECTIONS_REFUSED,
        "connections closed because there were too many"
    );
}
