//! `keywatt explain`: why somebody may or may not, as a table for people or as JSON.
//!
//! It asks a running server over its API, or the database itself, where that is at hand.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use app::clock::{SystemClock, SystemRandom};
use app::insight::{About, AsOf, Question};
use app::link::NoStations;
use app::{App, Live, Parts};
use model::{Action, Language, NodeId, PresentedToken, Revision, TokenKind};
use serde_json::{Map, Value, json};
use store::Store;
use uuid::Uuid;

use crate::cli::{DatabaseArgs, ExplainArgs};
use crate::config::Config;
use crate::{OK, logging, pepper, print_line};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Explains, prints, and ends with 0, whatever the answer is.
///
/// # Errors
/// When nothing could be asked, or there is no such thing.
pub(crate) async fn explain(args: ExplainArgs) -> anyhow::Result<u8> {
    let answer = if args.api_key.is_none() && args.database.database.is_some() {
        over_the_database(&args).await?
    } else {
        over_the_api(&args).await?
    };
    if args.json {
        print_line(&serde_json::to_string_pretty(&answer)?);
    } else {
        print_line(table(&answer).trim_end());
    }
    Ok(OK)
}

/// The question as the API takes it.
fn question(args: &ExplainArgs) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("person", args.person.map(|id| json!(id)));
    put("credential", args.credential.map(|id| json!(id)));
    put(
        "token",
        args.token.as_ref().map(|token| json!({ "value": token })),
    );
    let (kind, id) = point(args);
    put("point", Some(json!({ kind: id })));
    put("action", args.action.as_ref().map(|action| json!(action)));
    put("at", args.at.map(|at| json!(at)));
    put("as_of", args.as_of.as_ref().map(|as_of| json!(as_of)));
    put(
        "language",
        args.language.as_ref().map(|language| json!(language)),
    );
    body
}

/// The point asked about; the command line takes exactly one.
fn point(args: &ExplainArgs) -> (&'static str, Uuid) {
    let named = [
        ("charger", args.charger),
        ("door", args.door),
        ("evse", args.evse),
        ("area", args.area),
        ("installation", args.installation),
    ];
    named
        .into_iter()
        .find_map(|(kind, id)| Some((kind, id?)))
        .unwrap_or(("charger", Uuid::nil()))
}

async fn over_the_api(args: &ExplainArgs) -> anyhow::Result<Value> {
    let Some(key) = &args.api_key else {
        bail!(
            "give an API key with --api-key or KEYWATT_API_KEY; `keywatt owner create` prints \
             one; or give --database"
        );
    };
    // The HTTP client brings no cryptography of its own; an error means that it is set.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
    let url = format!("{}/v1/decisions/explain", args.url.trim_end_matches('/'));
    let response = http
        .post(&url)
        .bearer_auth(key)
        .json(&question(args))
        .send()
        .await
        .with_context(|| format!("{url} cannot be asked"))?;
    let status = response.status();
    let body: Value = response
        .json()
        .await
        .with_context(|| format!("{url} did not answer as Keywatt does"))?;
    if !status.is_success() {
        let detail = body.get("detail").and_then(Value::as_str);
        bail!(
            "{}",
            detail.unwrap_or("the server refused, and did not say why")
        );
    }
    Ok(body)
}

/// Nothing is written; a server may use the database meanwhile.
async fn over_the_database(args: &ExplainArgs) -> anyhow::Result<Value> {
    let database: DatabaseArgs = args.database.clone();
    let config = Config::for_database(database)?;
    logging::init(&Config {
        log: "warn".to_owned(),
        ..config.clone()
    });
    // First: where there is no database, a pepper that is missing is not what is wrong.
    let store = Store::look(&config.database).await?;
    let pepper = pepper::read(&config.pepper_file)?;
    let app = App::look(Parts {
        store: store.clone(),
        live: Live::new((0, 0)),
        link: Arc::new(NoStations),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        outside: Arc::new(app::authority::Nowhere),
        settings: config.settings(pepper),
    })
    .await?;
    let answer = ask(&app, args).await;
    store.close().await;
    answer
}

async fn ask(app: &App, args: &ExplainArgs) -> anyhow::Result<Value> {
    let about = match (args.person, args.credential, &args.token) {
        (Some(person), _, _) => About::Person(person.into()),
        (None, Some(credential), _) => About::Credential(credential.into()),
        (None, None, Some(token)) => {
            About::Token(PresentedToken::new(TokenKind::IdTag, token.as_str()))
        }
        (None, None, None) => bail!("name a person, a credential or a token"),
    };
    let node = NodeId(point(args).1);
    let organisation = app
        .live
        .directory()
        .node(node)
        .map(|entry| entry.organisation)
        .ok_or_else(|| anyhow!("there is no such point"))?;
    let as_of = match args.as_of.as_deref() {
        None => AsOf::Now,
        Some(text) => match text.parse::<i64>() {
            Ok(revision) => AsOf::Revision(Revision(revision)),
            Err(_) => AsOf::Instant(
                text.parse()
                    .map_err(|_| anyhow!("--as-of: a revision, or an RFC 3339 time"))?,
            ),
        },
    };
    let action = match args.action.as_deref() {
        None => Action::Use,
        Some(action) => action
            .parse::<Action>()
            .map_err(|error| anyhow!("--action: {error}"))?,
    };
    let language = match args.language.as_deref() {
        None => None,
        Some(tag) => {
            Some(Language::from_tag(tag).ok_or_else(|| anyhow!("--language: en, fr, it or de"))?)
        }
    };
    let question = Question {
        about,
        node,
        action,
        at: args.at,
        as_of,
        language,
    };
    match app.explain_unasked(organisation, &question).await {
        Ok(explained) => Ok(web::explanation(&explained)),
        Err(app::ApiError::Invalid(faults)) => {
            let texts: Vec<String> = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.field, fault.message))
                .collect();
            bail!("{}", texts.join("; "))
        }
        Err(error) => bail!("{error}"),
    }
}

/// What a text field holds; nothing where there is none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The answer for people. Writing to a text cannot fail.
fn table(answer: &Value) -> String {
    let mut page = String::new();
    let verdict = match text(answer, "effect") {
        "allow" => "ALLOWED",
        _ => "REFUSED",
    };
    let _ = writeln!(
        page,
        "{verdict}  {}: {}",
        text(answer, "reason"),
        text(answer, "reason_text")
    );
    let revision = answer.get("revision").and_then(Value::as_i64).unwrap_or(0);
    let _ = writeln!(page, "at {}, revision {revision}", text(answer, "at"));
    for (name, words) in [
        ("chain", "by"),
        ("until", "holds until"),
        ("allowed_from", "would be allowed from"),
    ] {
        let value = text(answer, name);
        // Of a refusal both are the same.
        let twice = name == "until" && verdict == "REFUSED";
        if !value.is_empty() && !twice {
            let _ = writeln!(page, "{words} {value}");
        }
    }
    let _ = writeln!(page, "the person is told: {}", text(answer, "person_text"));
    let _ = writeln!(page);
    for step in items(answer, "steps") {
        let number = step.get("number").and_then(Value::as_u64);
        let number = number.map_or(String::new(), |number| number.to_string());
        let finding = text(step, "finding").replace('_', " ");
        let reason = text(step, "reason");
        let line = format!(
            "{number:>2}  {:<50}  {finding}  {reason}",
            text(step, "step")
        );
        let _ = writeln!(page, "{}", line.trim_end());
    }
    let mut grants = items(answer, "grants").peekable();
    if grants.peek().is_some() {
        let _ = writeln!(page, "\nGrants that were looked at:");
    }
    for grant in grants {
        let finding = text(grant, "finding").replace('_', " ");
        let _ = writeln!(page, "    {finding:<17}  {}", text(grant, "text"));
        let problem = text(grant, "problem");
        if !problem.is_empty() {
            let _ = writeln!(page, "    {:<17}  {problem}", "");
        }
    }
    let mut notes = items(answer, "notes").peekable();
    if notes.peek().is_some() {
        let _ = writeln!(page, "\nNot known of then:");
    }
    for note in notes {
        let _ = writeln!(page, "    {}", text(note, "text"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_held_and_what_did_not() {
        let answer = json!({
            "effect": "deny", "reason": "OUTSIDE_SCHEDULE",
            "reason_text": "the permission holds at other hours",
            "person_text": "Please come back later.",
            "chain": "tag \"Tenants\" -> area \"Garage\", Mon-Fri 07:00-20:00, from api",
            "at": "2026-11-26T06:30:00Z", "until": "2026-11-26T07:00:00Z",
            "allowed_from": "2026-11-26T07:00:00Z", "revision": 42,
            "steps": [
                { "number": 1, "step": "the point is known", "finding": "passed", "reason": null },
                { "number": 8, "step": "a permission allows it", "finding": "refused",
                  "reason": "OUTSIDE_SCHEDULE" },
            ],
            "grants": [{
                "finding": "outside_schedule", "text": "tag \"Tenants\" -> area \"Garage\"",
                "problem": "opens at 2026-11-26 08:00",
            }],
            "notes": [],
        });
        let expected = "\
REFUSED  OUTSIDE_SCHEDULE: the permission holds at other hours
at 2026-11-26T06:30:00Z, revision 42
by tag \"Tenants\" -> area \"Garage\", Mon-Fri 07:00-20:00, from api
would be allowed from 2026-11-26T07:00:00Z
the person is told: Please come back later.

 1  the point is known                                  passed
 8  a permission allows it                              refused  OUTSIDE_SCHEDULE

Grants that were looked at:
    outside schedule   tag \"Tenants\" -> area \"Garage\"
                       opens at 2026-11-26 08:00
";
        assert_eq!(table(&answer), expected);
    }
}
