//! `keywatt audit verify`, beside a running server, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use keywatt_tests::wire::Version;
use keywatt_tests::{Database, DatabaseKind, Options, Server, Wire, unique};
use serde_json::json;
use sqlx::{Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

/// What the program says, and its exit code.
fn verify(server: &Server, args: &[&str]) -> (i32, String) {
    let (code, told, errors) = server.run(&[&["audit", "verify"], args].concat(), "");
    (code, format!("{told}{errors}"))
}

/// Runs a statement as somebody with the database in their hands would.
async fn tamper(database: &Database, sql: &'static str) {
    let sql = sqlx::raw_sql(sql);
    match database.kind() {
        DatabaseKind::Sqlite => {
            let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
            sql.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        DatabaseKind::Postgres => {
            let mut connection = PgConnection::connect(database.url()).await.unwrap();
            sql.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_look_at_the_logs_tells_what_somebody_did_to_them() {
    for kind in DatabaseKind::available().await {
        check(kind).await;
    }
}

async fn check(kind: DatabaseKind) {
    let mut server = Server::start(Options::on(kind)).await;
    let owner = server.owner();
    let site = owner.installation().await;
    let charger = owner.charger(&site, 1).await;
    let (person, card) = owner.user(site.node()).await;
    let wire = Wire::booted(&server.endpoint(&charger.station_id, Version::V16)).await;
    for _ in 0..5 {
        wire.authorize_16(&unique::message_id(), &card.presented)
            .await;
    }
    let (code, told) = verify(&server, &[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("everything is as it was written"), "{told}");

    // A crash, and once more.
    wire.close().await;
    server.kill_9();
    assert_eq!(verify(&server, &[]).0, 0, "without a server, after a crash");
    server.start_again();
    let owner = server.owner();
    let me = owner.get("/v1/me").await.ok();
    let organisation = me["persons"][0]["organisation_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{me}"))
        .to_owned();
    let (code, told) = verify(&server, &["--organisation", &organisation]);
    assert_eq!(code, 0, "{told}");
    assert!(!told.contains("looked at 0 rows"), "{told}");
    let nobody = Uuid::new_v4().to_string();
    let (code, told) = verify(&server, &["--organisation", &nobody]);
    assert_eq!(
        (code, told.contains("looked at 0 rows")),
        (0, true),
        "{told}"
    );
    assert_eq!(verify(&server, &["--organisation", "mine"]).0, 2);

    // An erasure leaves it whole.
    let path = format!("/v1/people/{}/erase", person.id);
    assert_eq!(owner.call("POST", &path, None).await.status, 204);
    let (code, told) = verify(&server, &[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("of people who were erased"), "{told}");

    tamper(
        server.database(),
        "UPDATE decisions SET allowed = NOT allowed WHERE sequence = 2",
    )
    .await;
    let (code, told) = verify(&server, &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("changed row: row 2 of segment"), "{told}");
    tamper(
        server.database(),
        "DELETE FROM decisions WHERE sequence = 3",
    )
    .await;
    let (code, told) = verify(&server, &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("missing row: row 3 of segment"), "{told}");
    // The server goes on.
    let body = json!({ "name": "New" });
    let made = owner.call("POST", "/v1/people", Some(&body)).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn without_the_pepper_nothing_is_said_to_be_whole() {
    let server = Server::plain().await;
    let other = server.file("other.pepper");
    let named = other.display().to_string();
    let (code, told) = verify(&server, &["--pepper-file", &named]);
    assert_eq!(code, 1);
    assert!(told.contains("other.pepper"), "{told}");
    assert!(!other.exists(), "none is made");
    std::fs::write(&other, "00".repeat(32)).unwrap();
    let (code, told) = verify(&server, &["--pepper-file", &named]);
    assert_eq!(code, 1);
    assert!(told.contains("the pepper is not the one"), "{told}");
}
