//! Who may use what, and why not: a tag with hours, a refusal explained, a guest's code, a partner,
//! and a change that is tried before it is made.

use std::time::Duration;

use anyhow::{Context, bail};
use app::clock::{Clock, SystemClock};
use jiff::tz::TimeZoneDatabase;
use reqwest::Method;
use serde_json::{Value, json};
use simulator::Token;
use tokio::time::Instant;

use super::client::{Client, text};
use super::round::Round;
use super::site::{TENANT_CARDS, card};

/// How long the log may take to hold what was decided.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A right of a tag.
pub(super) struct Tenancy {
    grant: String,
}

impl Round<'_> {
    /// Tenants may charge in some hours, which are not now; then in all.
    pub(super) async fn a_tag_with_hours(&mut self) -> anyhow::Result<Tenancy> {
        let client = self.client;
        let tag = client.make("/tags", json!({ "name": "Tenants" })).await?;
        for (number, value) in (1..).zip(TENANT_CARDS) {
            let person = json!({ "name": format!("Tenant {number}") });
            let person = client.make("/people", person).await?;
            let path = format!("/people/{person}/credentials");
            let card = json!({ "kind": "rfid", "value": value });
            client.make(&path, card).await?;
            let member = json!({ "person": person });
            let path = format!("/tags/{tag}/members");
            client.call(Method::POST, &path, member, None).await?.ok()?;
        }
        let hours = json!({ "name": "Laundry days", "slots": whole_days(&[in_three_days()?]) });
        let schedule = client.make("/schedules", hours).await?;
        let grant = json!({
            "subject": { "tag": tag }, "role": "user", "schedule_id": schedule,
            "resource": { "charger": self.site.required_id },
        });
        let grant = client.make("/grants", grant).await?;

        let [first, ..] = TENANT_CARDS;
        let what = "card of a tenant, in the wrong hours";
        self.present("GARAGE-1", what, first, "Invalid", "OUTSIDE_SCHEDULE")
            .await?;
        self.explain(first, "OUTSIDE_SCHEDULE").await?;

        let path = format!("/schedules/{schedule}");
        let hours = json!({ "slots": whole_days(&WEEK) });
        client.call(Method::PATCH, &path, hours, None).await?.ok()?;
        for (number, value) in (1..).zip(TENANT_CARDS) {
            let what = format!("card of tenant {number}, hours widened");
            self.present("GARAGE-1", &what, value, "Accepted", "GRANTED")
                .await?;
        }
        Ok(Tenancy { grant })
    }

    async fn present(
        &mut self,
        place: &str,
        what: &str,
        value: &str,
        told: &str,
        reason: &str,
    ) -> anyhow::Result<()> {
        let outcome = self.site.required.authorize(&card(value)).await?;
        let asked = outcome.message_id.as_ref();
        self.line(place, what, outcome.status(), told, asked, reason)
            .await
    }

    /// Why a card is refused: the rule that comes nearest, and what its person is told.
    async fn explain(&mut self, value: &str, reason: &str) -> anyhow::Result<()> {
        let asked = json!({
            "token": { "value": value }, "point": { "charger": self.site.required_id },
        });
        let told = self.client.ask("/decisions/explain", Some(asked)).await?;
        let told = told.ok()?;
        let nearest = told.get("grants").and_then(|grants| grants.get(0));
        let problem = nearest.and_then(|grant| text(grant, "problem"));
        let chain = text(&told, "chain");
        let is_told = text(&told, "reason").as_deref() == Some(reason);
        let said = format!(
            "why: {}; {}",
            chain.as_deref().unwrap_or("?"),
            problem.as_deref().unwrap_or("?")
        );
        let holds = is_told && chain.is_some() && problem.is_some();
        self.report.fact("GARAGE-1", &said, holds.into());
        let person = text(&told, "person_text").unwrap_or_default();
        let said = format!("the tenant is told: {person}");
        self.report
            .fact("GARAGE-1", &said, (!person.is_empty()).into());
        Ok(())
    }

    /// A code for one visit.
    pub(super) async fn a_guests_code(&mut self) -> anyhow::Result<()> {
        let path = format!("/people/{}/credentials", self.site.user);
        let guest = json!({
            "kind": "guest", "name": "The plumber", "place_ids": [self.site.door_id],
            "limits": { "uses": 1 },
        });
        let made = self.client.ask(&path, Some(guest)).await?.ok()?;
        let code = text(&made, "code").context("no code was made")?;
        let token = Token::parse(&format!("KeyCode:{code}"));
        for (what, told, reason) in [
            ("Urs's guest types the code", "Accepted", "GRANTED"),
            ("and types it again", "NoCredit", "LIMIT_REACHED"),
        ] {
            let outcome = self.site.lock.present_card(1, &token).await?;
            let asked = outcome.message_id.as_ref();
            self.line("FRONT-3", what, &outcome.status, told, asked, reason)
                .await?;
        }
        Ok(())
    }

    /// Another organisation looks after the chargers.
    pub(super) async fn a_partner(&mut self, installer: &Client) -> anyhow::Result<()> {
        let me = installer.ask("/me", None).await?.ok()?;
        let organisation = me
            .pointer("/persons/0/organisation_id")
            .and_then(Value::as_str)
            .context("no organisation")?;
        let path = format!("/organisations/{organisation}/lookup-key");
        let made = installer.call(Method::PUT, &path, json!({}), None).await?;
        let key = text(&made.ok()?, "lookup_key").context("no lookup key")?;
        let by_key = json!({ "lookup_key": key });
        let found = self.client.ask("/partners/lookup", Some(by_key)).await?;
        let name = text(&found.ok()?, "name").unwrap_or_default();
        let what = format!("Olivia finds `{name}` by its lookup key {key}");
        self.report
            .fact("Partner", &what, (name == super::INSTALLER).into());

        let chargers = installer.ask("/chargers", None).await?.ok()?;
        let sees_none = count(&chargers) == 0;
        let proposal = json!({
            "lookup_key": key, "role": "service",
            "resource": { "installation": self.site.installation },
        });
        let id = self.client.make("/partners", proposal).await?;
        let path = format!("/partners/{id}/confirm");
        self.client.ask(&path, Some(json!({}))).await?.ok()?;
        let chargers = installer.ask("/chargers", None).await?.ok()?;
        let holds = sees_none && count(&chargers) == 2;
        let what = "as its service partner it sees the chargers, which it did not";
        self.report.fact("Partner", what, holds.into());

        let path = format!("/transactions?charger={}", self.site.required_id);
        let ours = self.client.ask(&path, None).await?.ok()?;
        let theirs = installer.ask(&path, None).await?.ok()?;
        let holds = count(&ours) > 0 && count(&theirs) == 0;
        let what = "and who charged there is not its business: it is shown no charge";
        self.report.fact("Partner", what, holds.into());
        Ok(())
    }

    /// Taking the right of all tenants away is tried, refused as a mistake, and confirmed.
    pub(super) async fn a_change_that_refuses_many(
        &mut self,
        tenancy: Tenancy,
    ) -> anyhow::Result<()> {
        let client = self.client;
        let trial = json!({
            "scope": { "installation": self.site.installation },
            "changes": [{ "end_grant": tenancy.grant }],
        });
        let until = Instant::now() + SEEN_WITHIN;
        let phrase = loop {
            let tried = client
                .ask("/decisions/what-if", Some(trial.clone()))
                .await?
                .ok()?;
            let refused = tried
                .pointer("/impact/would_refuse")
                .and_then(Value::as_u64);
            // What was decided last is in the log a moment later.
            if refused == Some(TENANT_CARDS.len() as u64) {
                let lost = tried.pointer("/difference/people/lost");
                let what = format!(
                    "what if the tenants' right ended: {} of them could no longer charge",
                    lost.and_then(Value::as_u64).unwrap_or(0)
                );
                self.report.fact("What if", &what, true.into());
                let phrase = tried.pointer("/impact/phrase").and_then(Value::as_str);
                break phrase.context("no phrase")?.to_owned();
            }
            if Instant::now() > until {
                bail!("a dry run came to {tried}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let path = format!("/grants/{}", tenancy.grant);
        let end = |confirm| client.call(Method::DELETE, &path, json!({}), confirm);
        let answer = end(None).await?;
        let guarded = text(&answer.body, "code").as_deref() == Some("confirmation_needed");
        let what = format!("Olivia ends it: not without `Keywatt-Confirm: {phrase}`");
        self.report.fact("What if", &what, guarded.into());
        let [first, ..] = TENANT_CARDS;
        let what = "card of a tenant, nothing was changed";
        self.present("GARAGE-1", what, first, "Accepted", "GRANTED")
            .await?;
        end(Some(&phrase)).await?.ok()?;
        let what = "card of a tenant, after she confirmed";
        self.present("GARAGE-1", what, first, "Invalid", "NO_GRANT")
            .await
    }
}

fn count(list: &Value) -> usize {
    list.get("items")
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

fn whole_days(days: &[&str]) -> Value {
    json!([{ "days": days, "from": "00:00", "until": "24:00" }])
}

/// A day that neither is today nor becomes it soon.
fn in_three_days() -> anyhow::Result<&'static str> {
    let zone = TimeZoneDatabase::bundled().get(super::site::TIME_ZONE)?;
    let today = zone.to_datetime(SystemClock.now()).date().weekday();
    let index = usize::try_from(today.to_monday_zero_offset())? + 3;
    WEEK.get(index % WEEK.len()).copied().context("a weekday")
}
