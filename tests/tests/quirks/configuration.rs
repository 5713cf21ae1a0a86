//! Q36: what is not asked of a station.

use keywatt_tests::facts::Charger;
use keywatt_tests::{Wire, unique};

use crate::bench::{BOTH, Bench};

#[tokio::test]
async fn q36_no_setting_of_a_station_is_changed_unasked() {
    let bench = Bench::new().await;
    for version in BOTH {
        let charger: Charger = bench.charger().await;
        let (_, card) = bench.owner.user(charger.node()).await;
        let wire = Wire::booted(&bench.server.endpoint(&charger.station_id, version)).await;
        let info = wire.authorize(&unique::message_id(), &card.presented).await;
        assert_eq!(info["status"], "Accepted", "{info}");
        // Commands go out in order: whatever was queued before this one has gone.
        let path = format!("/v1/stations/{}/ocpp/ClearCache", charger.station_id);
        let _ = bench.owner.post(&path, serde_json::json!({})).await.ok();
        let changing = [
            "ChangeConfiguration",
            "ChangeAvailability",
            "SetVariables",
            "SetNetworkProfile",
            "SetChargingProfile",
            "Reset",
        ];
        for command in wire.commands.all() {
            assert!(!changing.contains(&command.action.as_str()), "{command:?}");
        }
    }
}
