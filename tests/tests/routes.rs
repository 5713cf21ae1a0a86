//! Every route of the API, asked by everybody: the table of who gets what is checked in.
//!
//! The routes are those of `/openapi.json`. A route without a line must be listed in
//! `cases/routes-open.yaml`, which may only shrink, and is empty.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "routes/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use keywatt_tests::{Server, cases};
use serde::Deserialize;
use serde_json::Value;

use crate::world::World;

/// A line of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Method and path, as in the OpenAPI document.
    route: String,
    /// What is sent; texts that begin with `$` are filled in.
    body: Option<Value>,
    /// What is sent as CSV, in place of a body in JSON.
    csv: Option<String>,
    /// Appended to the path.
    query: Option<String>,
    /// The answers.
    answers: BTreeMap<Who, u16>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    /// Without credentials.
    Nobody,
    /// Owner of the organisation.
    Owner,
    /// User of the installation.
    User,
    /// Service partner of the installation.
    Service,
    /// A person of the organisation without any grant.
    Member,
    /// Owner of another organisation.
    Outsider,
    /// A door's controller, with its device key.
    Device,
    /// One of an organisation that is a service partner on the installation.
    Partner,
    /// User of the installation by a tag.
    ByTag,
    /// The owner, by a key for `manage_settings` and `view_all` only.
    Key,
}

impl Who {
    const ALL: [Who; 10] = [
        Who::Nobody,
        Who::Owner,
        Who::User,
        Who::Service,
        Who::Member,
        Who::Outsider,
        Who::Device,
        Who::Partner,
        Who::ByTag,
        Who::Key,
    ];

    /// Whose answers are in the table; the others are in a file that a run writes.
    const fn is_told_by_hand(self) -> bool {
        !matches!(self, Who::Partner | Who::ByTag | Who::Key)
    }

    const fn name(self) -> &'static str {
        match self {
            Who::Nobody => "nobody",
            Who::Owner => "owner",
            Who::User => "user",
            Who::Service => "service",
            Who::Member => "member",
            Who::Outsider => "outsider",
            Who::Device => "device",
            Who::Partner => "partner",
            Who::ByTag => "by_tag",
            Who::Key => "key",
        }
    }
}

#[tokio::test]
async fn every_route_has_a_line_and_no_line_is_stale() {
    let server = Server::plain().await;
    let routes = routes(&server).await;
    let lines: Vec<Line> = cases::read("routes.yaml");
    let told: BTreeSet<String> = lines.iter().map(|line| line.route.clone()).collect();
    assert_eq!(told.len(), lines.len(), "a route has two lines");
    let open: BTreeSet<String> = cases::read::<Vec<String>>("routes-open.yaml")
        .into_iter()
        .collect();
    assert!(
        open.is_empty(),
        "the list of routes without a line was empty already"
    );

    let without: Vec<&String> = routes
        .iter()
        .filter(|route| !told.contains(*route))
        .collect();
    assert!(without.is_empty(), "routes without a line: {without:#?}");
    let stale: Vec<&String> = told
        .iter()
        .filter(|route| !routes.contains(*route))
        .collect();
    assert!(stale.is_empty(), "lines without a route: {stale:#?}");
    for line in &lines {
        let missing: Vec<&str> = Who::ALL
            .into_iter()
            .filter(|who| who.is_told_by_hand() && !line.answers.contains_key(who))
            .map(Who::name)
            .collect();
        assert!(
            missing.is_empty(),
            "{}: nothing is said of {missing:?}",
            line.route
        );
    }
}

/// Whoever holds the token of an invitation becomes a member by it, and is shown of what.
const JOINING: &str = "POST /v1/invitations/register";

#[tokio::test]
async fn every_caller_gets_what_the_table_says() {
    let world = World::make().await;
    let mut wrong = Vec::new();
    let mut others: BTreeMap<String, BTreeMap<Who, u16>> = BTreeMap::new();
    for line in cases::read::<Vec<Line>>("routes.yaml") {
        let mut seen = BTreeMap::new();
        for who in Who::ALL {
            let answer = world.ask(&line, who).await;
            check_form(&answer);
            if who == Who::Outsider && line.route != JOINING {
                let leaks = answer.text.contains(&world.organisation);
                assert!(
                    !leaks,
                    "another organisation is shown what is here: {answer}"
                );
            }
            if !who.is_told_by_hand() {
                let row = others.entry(line.route.clone()).or_default();
                row.insert(who, answer.status);
                continue;
            }
            seen.insert(who, answer.status);
            if Some(&answer.status) != line.answers.get(&who) {
                wrong.push(format!("{} {answer}", who.name()));
            }
        }
        if seen != line.answers {
            let row: Vec<String> = seen
                .iter()
                .map(|(who, status)| format!("{}: {status}", who.name()))
                .collect();
            wrong.push(format!("  {}\n  {}", line.route, row.join("\n  ")));
        }
        no_more_than_their_like(&line, &others, &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "the table says otherwise:\n{}",
        wrong.join("\n")
    );
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/routes-callers.yaml");
    if std::env::var_os("KEYWATT_WRITE_DOCS").is_some() {
        std::fs::write(file, written(&others)).unwrap();
    }
    let kept: BTreeMap<String, BTreeMap<Who, u16>> = cases::read("routes-callers.yaml");
    for (route, row) in &others {
        assert_eq!(kept.get(route), Some(row), "{route} in routes-callers.yaml");
    }
    assert_eq!(kept.len(), others.len(), "routes-callers.yaml");
}

/// Whatever the file says: nobody succeeds by a tag where a user does not, as one of a service
/// partner where a service partner does not, or by a smaller key where its owner does not. What is
/// anybody's to do in an organisation of their own does not count.
fn no_more_than_their_like(
    line: &Line,
    others: &BTreeMap<String, BTreeMap<Who, u16>>,
    wrong: &mut Vec<String>,
) {
    let Some(row) = others.get(&line.route) else {
        return;
    };
    for (who, like) in [
        (Who::ByTag, Who::User),
        (Who::Partner, Who::Service),
        (Who::Key, Who::Owner),
    ] {
        let (Some(got), Some(theirs)) = (row.get(&who), line.answers.get(&like)) else {
            continue;
        };
        if *got < 400 && *theirs >= 400 {
            let route = &line.route;
            wrong.push(format!("{} gets {got} of {route}", who.name()));
        }
    }
}

fn written(others: &BTreeMap<String, BTreeMap<Who, u16>>) -> String {
    let mut text = String::from(
        "# What those are answered who are not in routes.yaml: one of a service partner on the\n\
         # installation, a user of it by a tag, and the owner by a key for manage_settings and\n\
         # view_all only. Written by a run with KEYWATT_WRITE_DOCS=1 (tests/tests/routes.rs).\n",
    );
    for (route, row) in others {
        let row: Vec<String> = row
            .iter()
            .map(|(who, status)| format!("{}: {status}", who.name()))
            .collect();
        text.push_str(&format!("{route}: {{ {} }}\n", row.join(", ")));
    }
    text
}

/// Errors are problems (RFC 9457), and none is ours.
fn check_form(answer: &keywatt_tests::Response) {
    assert!(answer.status != 500, "{answer}");
    if answer.status >= 400 {
        let kind = answer
            .headers
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{answer}");
        assert!(answer.code().is_some(), "{answer}");
    }
}

/// Method and path of every route of the OpenAPI document.
async fn routes(server: &Server) -> BTreeSet<String> {
    let document = server.anonymous().get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().expect("paths");
    let mut routes = BTreeSet::new();
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item[method].is_object() {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert!(routes.len() > 40, "{} routes only", routes.len());
    routes
}
