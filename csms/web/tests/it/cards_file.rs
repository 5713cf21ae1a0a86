//! People and their cards as CSV: in with a dry run, and out.

use axum::body::Body;
use serde_json::{Value, json};

use crate::site::{Got, Site};

async fn send(site: &Site, key: &str, query: &str, file: impl Into<Body>) -> Got {
    let path = format!("/v1/credentials/import{query}");
    let request = Site::request(key, "POST", &path).header("content-type", "text/csv");
    site.send(request.body(file.into()).unwrap()).await
}

async fn import(site: &Site, file: &str) -> Got {
    send(site, &site.owner, "", file.to_owned()).await
}

async fn dry_run(site: &Site, file: &str) -> Value {
    let got = send(site, &site.owner, "?dry_run=true", file.to_owned()).await;
    assert!(got.header("keywatt-revision").is_empty());
    got.expect(200)
}

/// Made, made, unchanged, faulty.
fn counts(report: &Value) -> [i64; 4] {
    ["people_created", "cards_created", "unchanged", "faulty"]
        .map(|name| report[name].as_i64().unwrap())
}

async fn people(site: &Site) -> usize {
    let body = site
        .get(&site.owner, "/v1/people?limit=200")
        .await
        .expect(200);
    body["items"].as_array().unwrap().len()
}

const FILE: &str = "\
external_id,name,email,card,card_kind,card_name,card_state,valid_until
p1,Ann,ann@example.com,04:a1:b2:c3,,Blue fob,,
p1,Ann,,04A1B2C4,key,,suspended,2027-01-01
,Bob,Bob@Example.com,,,,,
";

#[tokio::test]
async fn a_dry_run_tells_what_would_be_done_and_does_nothing() {
    let site = Site::new().await;
    let before = people(&site).await;
    let revision = site.app.live.directory().revision();
    let report = dry_run(&site, FILE).await;
    assert_eq!(report["dry_run"], true);
    assert_eq!(counts(&report), [2, 2, 0, 0], "{report}");
    let told: Vec<_> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["line"].as_i64().unwrap(),
                &line["person"],
                &line["card"],
            )
        })
        .collect();
    let (created, none) = (json!("created"), json!("none"));
    assert_eq!(
        told,
        [
            (2, &created, &created),
            (3, &created, &created),
            (4, &created, &none)
        ]
    );
    assert_eq!(people(&site).await, before);
    assert_eq!(site.app.live.directory().revision(), revision);
}

#[tokio::test]
async fn a_file_is_applied_once_however_often_it_is_sent() {
    let site = Site::new().await;
    let before = people(&site).await;
    let got = import(&site, FILE).await;
    assert!(!got.header("keywatt-revision").is_empty());
    let report = got.expect(200);
    assert_eq!(report["dry_run"], false);
    assert_eq!(counts(&report), [2, 2, 0, 0], "{report}");
    assert_eq!(people(&site).await, before + 2);

    let semicolons = format!("\u{feff}{}", FILE.replace(',', ";").replace('\n', "\r\n"));
    for file in [FILE.to_owned(), semicolons] {
        let again = import(&site, &file).await.expect(200);
        assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");
        let ann = again["lines"][0]["person_id"].as_str().unwrap();
        let path = format!("/v1/people/{ann}/credentials");
        let cards = site.get(&site.owner, &path).await.expect(200);
        let cards = cards["items"].as_array().unwrap();
        assert_eq!(cards.len(), 2);
        assert_eq!(
            (&cards[0]["name"], &cards[0]["kind"]),
            (&json!("Blue fob"), &json!("rfid"))
        );
        assert_eq!(
            (&cards[1]["state"], &cards[1]["kind"]),
            (&json!("suspended"), &json!("key"))
        );
        assert_eq!(cards[1]["valid_until"], "2027-01-01T00:00:00Z");
        assert_eq!(again["lines"][0]["credential_id"], cards[0]["id"]);
        // Known again by their e-mail, in whatever case.
        assert_eq!(again["lines"][2]["person"], "there");
    }
    assert_eq!(people(&site).await, before + 2);
    // Everybody has a remote token of their own.
    let ann = dry_run(&site, FILE).await["lines"][0]["person_id"].clone();
    let ann = ann.as_str().unwrap().parse().unwrap();
    let token = site.app.store.find_app_credential(ann).await.unwrap();
    assert!(token.is_some());
}

#[tokio::test]
async fn a_file_with_anything_wrong_changes_nothing() {
    let site = Site::new().await;
    let bob = site.person("Bob").await;
    let card = json!({ "kind": "rfid", "value": "04BBBBBB" });
    site.make(&format!("/v1/people/{bob}/credentials"), card)
        .await;
    let before = people(&site).await;
    let file = "\
external_id,name,email,card,valid_from,valid_until
p1,Ann,,04A1B2C3,,
p2,Bea,,04-bb-bb-bb,,
p3,Cid,,08A1B2C3,,
p4,Dan,,04:a1:b2:c3,,
p1,Anna,,04A1B2C5,,
p5,Eve,no address,,,
p6,Fay,,04A1B2C6,2027-01-01,2026-01-01
";
    let expected = [
        (3, "card", "credential_taken"),
        (4, "card", "random_uid"),
        (5, "card", "duplicate"),
        (6, "name", "conflict"),
        (7, "email", "invalid"),
        (8, "valid_until", "out_of_range"),
    ];
    let report = dry_run(&site, file).await;
    assert_eq!(report["faulty"], 6, "{report}");
    let found: Vec<_> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["errors"].is_array())
        .map(|line| {
            let error = &line["errors"][0];
            (
                line["line"].as_i64().unwrap(),
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, expected);
    let fields: Vec<String> = expected
        .iter()
        .map(|(line, field, _)| format!("lines[{line}].{field}"))
        .collect();
    let faults: Vec<(&str, &str)> = fields
        .iter()
        .zip(&expected)
        .map(|(field, (.., code))| (field.as_str(), *code))
        .collect();
    import(&site, file).await.faults(&faults);
    assert_eq!(people(&site).await, before);
    // Nothing of a number is told.
    assert!(!report.to_string().contains("BBBB"), "{report}");
}

#[tokio::test]
async fn what_is_no_list_is_told_and_what_is_too_large_refused() {
    let site = Site::new().await;
    for (file, fault) in [
        ("", ("body", "required")),
        ("email,mood\n", ("header", "unknown")),
        ("name,card\n", ("header", "required")),
    ] {
        import(&site, file).await.faults(&[fault]);
    }
    let json = site
        .post(&site.owner, "/v1/credentials/import", json!({}))
        .await;
    json.problem(415, "unsupported_media_type");
    let large = format!(
        "email,name\na@example.com,{}\n",
        "x".repeat(5 * 1024 * 1024)
    );
    import(&site, &large).await.problem(413, "body_too_large");
    let many = format!("email\n{}", "a@example.com\n".repeat(10_001));
    import(&site, &many).await.faults(&[("body", "too_long")]);
    // A file that is larger than other bodies may be, of people who are there twice and thrice.
    let long = format!(
        "name,email\n{}",
        format!("{},a@example.com\n", "n".repeat(199)).repeat(9_000)
    );
    let report = dry_run(&site, &long).await;
    assert_eq!(counts(&report), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_file_makes_cards_only_for_people_whom_the_caller_may_edit() {
    let site = Site::new().await;
    let (garage, office) = (site.installation().await, site.installation().await);
    let (_, manager) = site
        .with_role("max@example.com", "owner", "installation", &garage)
        .await;
    let (_, user) = site
        .with_role("ann@example.com", "user", "installation", &garage)
        .await;
    let outsider = site.outsider().await;
    let at = format!("?installation_id={garage}");
    let file = "email,name,card\nnew@example.com,New,04A1B2C3\n";
    for (key, query, status, code) in [
        (&manager, String::new(), 404, "not_found"),
        (
            &manager,
            format!("?installation_id={office}"),
            404,
            "not_found",
        ),
        (&user, at.clone(), 403, "forbidden"),
        (&outsider, at.clone(), 404, "not_found"),
    ] {
        send(&site, key, &query, file).await.problem(status, code);
        let path = format!("/v1/credentials/export{query}");
        site.get(key, &path).await.problem(status, code);
    }
    let report = send(&site, &manager, &at, file).await.expect(200);
    assert_eq!(counts(&report), [1, 1, 0, 0]);
    // The people of the organisation are not theirs.
    let file = "email,card\nann@example.com,04A1B2C4\n";
    send(&site, &manager, &at, file)
        .await
        .faults(&[("lines[2].external_id", "forbidden")]);
    // They see their own people, and the file shows no others.
    let shown = site
        .get(&manager, &format!("/v1/credentials/export{at}"))
        .await;
    assert!(shown.text.contains("new@example.com"), "{}", shown.text);
    assert!(!shown.text.contains("ann@example.com"), "{}", shown.text);
}

#[tokio::test]
async fn an_export_is_masked_guarded_and_comes_back_as_it_was() {
    let site = Site::new().await;
    let ann = site
        .make(
            "/v1/people",
            json!({ "name": "=HYPERLINK(\"x\")", "email": "ann@example.com", "phone": "+41 79 1" }),
        )
        .await;
    let card = json!({ "kind": "rfid", "value": "04A1B2C3D4E5F6", "name": "Blue, old" });
    site.make(&format!("/v1/people/{ann}/credentials"), card)
        .await;
    let plate = json!({ "kind": "plate", "value": "ZH 1" });
    site.make(&format!("/v1/people/{ann}/credentials"), plate)
        .await;
    site.make(
        "/v1/people",
        json!({ "name": "Müller", "external_id": "p2" }),
    )
    .await;

    let got = site.get(&site.owner, "/v1/credentials/export").await;
    assert_eq!(got.header("content-type"), "text/csv; charset=utf-8");
    let masked = got.text;
    assert!(
        masked.starts_with("\u{feff}name,email,phone,external_id,card,"),
        "{masked}"
    );
    assert!(masked.contains("04…F6"), "{masked}");
    assert!(!masked.contains("A1B2C3D4"), "{masked}");
    assert!(
        masked.contains("\"'=HYPERLINK(\"\"x\"\")\",ann@example.com,'+41 79 1,"),
        "{masked}"
    );
    assert!(masked.contains("Müller,,,p2,,"), "{masked}");
    assert!(
        !masked.contains("ZH 1") && !masked.contains(",FE"),
        "{masked}"
    );
    // Masked numbers are not taken for numbers.
    let refused = import(&site, &masked).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["code"], "masked", "{refused}");

    let clear = site
        .get(&site.owner, "/v1/credentials/export?numbers=clear")
        .await
        .text;
    assert!(clear.contains("04A1B2C3D4E5F6"), "{clear}");
    // The owner herself has no external id and is known again by her address.
    let again = import(&site, &clear).await.expect(200);
    assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");
    let elsewhere = Site::new().await;
    let report = import(&elsewhere, &clear).await.expect(200);
    assert_eq!(counts(&report), [2, 1, 1, 0], "{report}");
    let back = elsewhere
        .get(&elsewhere.owner, "/v1/credentials/export?numbers=clear")
        .await
        .text;
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&back), sorted(&clear));
}

#[tokio::test]
async fn whole_numbers_are_for_who_manages_security_too() {
    let site = Site::new().await;
    let (max, key) = site.member("max@example.com").await;
    let actions = json!({ "actions": ["manage_access"] });
    site.grant(&max, "organisation", &site.organisation, actions)
        .await;
    site.get(&key, "/v1/credentials/export").await.expect(200);
    site.get(&key, "/v1/credentials/export?numbers=all")
        .await
        .problem(400, "invalid_query");
    let clear = "/v1/credentials/export?numbers=clear";
    let refused = site.get(&key, clear).await.problem(403, "forbidden");
    assert_eq!(refused["missing_action"], "manage_security");
}

#[tokio::test]
async fn a_file_with_a_key_is_applied_once() {
    let site = Site::new().await;
    let ask = |file: &'static str| {
        let request = Site::request(&site.owner, "POST", "/v1/credentials/import")
            .header("content-type", "text/csv")
            .header("idempotency-key", "file-1")
            .body(Body::from(file))
            .unwrap();
        site.send(request)
    };
    let first = ask(FILE).await.expect(200);
    let again = ask(FILE).await;
    assert_eq!(again.header("keywatt-idempotent-replay"), "true");
    assert_eq!(again.expect(200), first);
    ask("email\n").await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn ten_thousand_lines_are_one_change() {
    let site = Site::new().await;
    let mut file = String::from("external_id,name,email,card\n");
    for number in 0..10_000 {
        file.push_str(&format!(
            "p{number},Person {number},p{number}@example.com,04{number:012X}\n"
        ));
    }
    let report = import(&site, &file).await.expect(200);
    assert_eq!(counts(&report), [10_000, 10_000, 0, 0]);
    let again = dry_run(&site, &file).await;
    assert_eq!(counts(&again), [0, 0, 10_000, 0]);
    let shown = site
        .get(&site.owner, "/v1/credentials/export?numbers=clear")
        .await;
    assert_eq!(shown.text.lines().count(), 10_002);
}
