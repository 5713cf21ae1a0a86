//! A charge that uses up its right is stopped, by real meter values.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::facts::text;
use keywatt_tests::wire::Version;
use keywatt_tests::{DEADLINE, Server, eventually};
use serde_json::json;
use simulator::Token;
use simulator::charger::{Charger, ChargerConfig};

#[tokio::test]
async fn a_charge_is_stopped_when_its_energy_is_used_up_and_it_is_told_why() {
    let server = Server::plain().await;
    for version in [Version::V16, Version::V201] {
        let owner = server.owner();
        let site = owner.installation().await;
        let row = owner.charger(&site, 1).await;
        let person = owner.person().await;
        let card = owner.card(&person).await;
        let fields = json!({ "role": "user", "limits": { "wh": 600 } });
        owner.grant_with(&person, site.node(), fields).await;

        let mut config = ChargerConfig::new(server.endpoint(&row.station_id, version));
        config.sample_wh = 250;
        let charger = Charger::new(config);
        charger.switch_on().await.unwrap();
        let token = Token::card(&card.presented.value);
        charger.present(1, &token).await.unwrap();
        charger.plug(1).await.unwrap();
        let list = format!("/v1/transactions?charger={}", row.id);
        let begun = eventually("the charge", DEADLINE, || async {
            owner.list(&list).await.into_iter().next()
        })
        .await;
        assert_eq!(begun["refused"], false, "{begun}");
        let path = format!("/v1/transactions/{}", text(&begun, "id"));
        charger.meter_values(1).await.unwrap();
        charger.meter_values(1).await.unwrap();
        let so_far = owner.get(&path).await.ok();
        assert!(so_far.get("stop_requested").is_none(), "{so_far}");
        charger.meter_values(1).await.unwrap();
        let ended = eventually("the end of the charge", DEADLINE, || async {
            let row = owner.get(&path).await.ok();
            row["ended_at"].is_string().then_some(row)
        })
        .await;
        assert_eq!(ended["stop_requested"]["used_up"], "wh", "{ended}");
        assert_eq!(ended["stop_reason"], "Remote", "{ended}");
        charger.unplug(1).await.unwrap();

        // Nothing is left for another.
        let refused = charger.authorize(&token).await.unwrap();
        assert!(!refused.is_accepted(), "{refused:?}");
    }
}
