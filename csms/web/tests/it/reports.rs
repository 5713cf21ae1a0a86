//! What stations reported, in the API.

use app::admin::StationReport;
use model::StationId;
use model::neutral::ReportKind;
use serde_json::{Value, json};

use crate::site::Site;

#[tokio::test]
async fn what_a_station_reported_is_listed_by_kind_for_technical_work() {
    let site = Site::new().await;
    let installation = site.installation().await;
    site.charger(&installation, "CP1").await;
    let station = site
        .app
        .store
        .get_station(&StationId::new("CP1").unwrap().key())
        .await
        .unwrap()
        .unwrap();
    for (kind, seconds) in [
        (ReportKind::Boot, 1),
        (ReportKind::ChargingProfiles, 2),
        (ReportKind::ChargingProfiles, 3),
    ] {
        site.app
            .store
            .offer(store::Droppable::Report(StationReport {
                id: uuid::Uuid::now_v7(),
                station: station.key.clone(),
                organisation: station.organisation,
                kind,
                payload: json!({ "seconds": seconds, "limit": 16.50 }),
                received_at: jiff::Timestamp::from_second(seconds).unwrap(),
            }));
    }
    site.app.store.flush().await;
    let path = "/v1/stations/cp1/reports";
    let list = site.get(&site.owner, path).await.expect(200);
    let seconds = |list: &Value| -> Vec<Value> {
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["payload"]["seconds"].clone())
            .collect()
    };
    assert_eq!(seconds(&list), [json!(3), json!(2), json!(1)]);
    let first = format!("{path}?kind=charging_profiles&limit=1");
    let list = site.get(&site.owner, &first).await.expect(200);
    assert_eq!(list["items"][0]["kind"], "charging_profiles");
    assert_eq!(list["items"][0]["received_at"], "1970-01-01T00:00:03Z");
    assert_eq!(seconds(&list), [json!(3)]);
    let cursor = list["next_cursor"].as_str().unwrap();
    let rest = site
        .get(&site.owner, &format!("{first}&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (seconds(&rest), &rest["next_cursor"]),
        (vec![json!(2)], &Value::Null)
    );
    let unknown = site.get(&site.owner, &format!("{path}?kind=moods")).await;
    unknown.problem(400, "invalid_query");
    let (_, user) = site
        .with_role("user@example.com", "user", "installation", &installation)
        .await;
    site.get(&user, path).await.problem(403, "forbidden");
    let outsider = site.outsider().await;
    site.get(&outsider, path).await.problem(404, "not_found");
    let nobody = site.get(&site.owner, "/v1/stations/nobody/reports").await;
    nobody.problem(404, "not_found");
}
