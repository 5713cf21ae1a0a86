//! What may be sent by hand, and what it takes: the adapters' tables and the permissions' agree.

use app::admin::raw_permissions::{Needs, Point, needs};
use model::OcppVersion;
use ocpp::command_actions;
use serde_json::json;

#[test]
fn every_message_to_stations_has_its_place_among_the_permissions() {
    // What decides where the message alone does not.
    let payload = json!({"key": "HeartbeatInterval", "setVariableData": []});
    for version in [OcppVersion::V16, OcppVersion::V201] {
        for action in command_actions(version) {
            let needed = needs(Point::Charger, action, &payload);
            assert!(
                matches!(needed, Needs::Actions(_)),
                "{action} of {} is not in the table: {needed:?}",
                version.name()
            );
        }
    }
}
