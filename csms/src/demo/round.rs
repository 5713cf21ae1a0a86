//! The round: accepted, refused and open, each with its reason from the decision log.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use simulator::charger::Presented;
use simulator::view::Padlock;
use simulator::{Charger, MessageId};

use super::client::{Client, text};
use super::report::{Line, Report};
use super::site::{CARD, SERVICE_CARD, SUSPENDED_CARD, Site, UNKNOWN_CARD, card, for_person};

/// How long something simulated may take to happen.
const HAPPENS_WITHIN: Duration = Duration::from_secs(15);

/// Goes through it.
pub(crate) async fn go(client: &Client, installer: &Client, site: &Site) -> anyhow::Result<Report> {
    let mut round = Round {
        client,
        site,
        report: Report::default(),
    };
    round.cards_at_the_required_charger().await?;
    round.a_charge_at_the_required_charger().await?;
    round.a_charge_started_from_elsewhere().await?;
    round.the_open_charger().await?;
    round.the_door().await?;
    let tenancy = round.a_tag_with_hours().await?;
    round.a_guests_code().await?;
    round.a_partner(installer).await?;
    round.a_change_that_refuses_many(tenancy).await?;
    Ok(round.report)
}

pub(super) struct Round<'a> {
    pub(super) client: &'a Client,
    pub(super) site: &'a Site,
    pub(super) report: Report,
}

impl Round<'_> {
    async fn cards_at_the_required_charger(&mut self) -> anyhow::Result<()> {
        for (value, whose, told, reason) in [
            (CARD, "card of Urs", "Accepted", "GRANTED"),
            (
                SUSPENDED_CARD,
                "old card of Urs",
                "Blocked",
                "CREDENTIAL_SUSPENDED",
            ),
            (
                SERVICE_CARD,
                "card of the service partner",
                "Invalid",
                "NO_GRANT",
            ),
            (
                UNKNOWN_CARD,
                "a card nobody knows",
                "Invalid",
                "CREDENTIAL_UNKNOWN",
            ),
        ] {
            let outcome = self.site.required.authorize(&card(value)).await?;
            let asked = outcome.message_id.as_ref();
            let what = format!("{whose} is presented");
            self.line("GARAGE-1", &what, outcome.status(), told, asked, reason)
                .await?;
        }
        Ok(())
    }

    async fn a_charge_at_the_required_charger(&mut self) -> anyhow::Result<()> {
        self.charge(self.site.required.clone(), "GARAGE-1", CARD, "GRANTED")
            .await
    }

    /// Plug, card, meter, card, unplug.
    async fn charge(
        &mut self,
        charger: Charger,
        place: &str,
        value: &str,
        reason: &str,
    ) -> anyhow::Result<()> {
        charger.plug(1).await?;
        let presented = charger.present(1, &card(value)).await?;
        let Presented::Started { start, .. } = &presented else {
            anyhow::bail!("{place} did not start: {presented:?}");
        };
        let told = start.status().unwrap_or("nothing").to_owned();
        let asked = start.message_id.clone();
        self.line(
            place,
            "and a charge begins",
            &told,
            "Accepted",
            asked.as_ref(),
            reason,
        )
        .await?;
        charger.meter_values(1).await?;
        charger.present(1, &card(value)).await?;
        charger.unplug(1).await?;
        let station = format!("/transactions?charger={}&limit=1", self.id_of(place));
        let answer = self.client.ask(&station, None).await?;
        let transaction = answer.body.get("items").and_then(|items| items.get(0));
        let energy = transaction
            .and_then(|t| t.get("energy_wh"))
            .and_then(|wh| wh.as_i64());
        let ended = transaction.and_then(|t| text(t, "ended_at")).is_some();
        let what = format!("the charge has ended: {} Wh", energy.unwrap_or(0));
        self.report
            .fact(place, &what, (ended && energy > Some(0)).into());
        Ok(())
    }

    fn id_of(&self, place: &str) -> &str {
        if place == "GARAGE-1" {
            &self.site.required_id
        } else {
            &self.site.open_id
        }
    }

    async fn a_charge_started_from_elsewhere(&mut self) -> anyhow::Result<()> {
        let charger = &self.site.required;
        charger.plug(1).await?;
        let path = format!("/chargers/{}/start", self.site.required_id);
        let answer = self
            .client
            .ask(&path, Some(for_person(&self.site.user)))
            .await?;
        let accepted = text(&answer.body, "status").as_deref() == Some("Accepted");
        self.report.fact(
            "GARAGE-1",
            "Olivia starts a charge for Urs from the API",
            accepted.into(),
        );
        let runs = charger
            .wait_until(HAPPENS_WITHIN, |charger| {
                charger.view(1).is_some_and(|view| {
                    view.transaction
                        .is_some_and(|transaction| transaction != "?")
                })
            })
            .await
            .is_ok();
        self.report.fact(
            "GARAGE-1",
            "and it charges, with a token made for it",
            runs.into(),
        );
        charger.unplug(1).await?;

        let answer = self
            .client
            .ask(&path, Some(for_person(&self.site.service)))
            .await?;
        let refused = answer.status == 422;
        self.report.fact(
            "GARAGE-1",
            "for the service partner she may not: no `remote_use` there",
            refused.into(),
        );
        Ok(())
    }

    async fn the_open_charger(&mut self) -> anyhow::Result<()> {
        let outcome = self.site.open.authorize(&card(UNKNOWN_CARD)).await?;
        let asked = outcome.message_id.as_ref();
        let what = "a card nobody knows is presented";
        self.line(
            "STREET-2",
            what,
            outcome.status(),
            "Accepted",
            asked,
            "OPEN_ACCESS",
        )
        .await?;
        self.charge(self.site.open.clone(), "STREET-2", CARD, "OPEN_ACCESS")
            .await
    }

    async fn the_door(&mut self) -> anyhow::Result<()> {
        let lock = &self.site.lock;
        for (value, whose, told, reason) in [
            (
                UNKNOWN_CARD,
                "a card nobody knows",
                "Unknown",
                "CREDENTIAL_UNKNOWN",
            ),
            (CARD, "card of Urs", "Accepted", "GRANTED"),
        ] {
            let outcome = lock.present_card(1, &card(value)).await?;
            let what = format!("{whose} is presented");
            let asked = outcome.message_id.as_ref();
            self.line("FRONT-3", &what, &outcome.status, told, asked, reason)
                .await?;
            if let Some(view) = lock.view(1) {
                let holds = (view.padlock == Padlock::Unlocked) == outcome.opened
                    && outcome.opened == (told == "Accepted");
                self.report
                    .fact("FRONT-3", &format!("one sees: {view}"), holds.into());
            }
        }
        lock.wait_until(HAPPENS_WITHIN, |lock| {
            lock.view(1)
                .is_some_and(|view| view.padlock == Padlock::Locked)
        })
        .await
        .context("the door did not lock again")?;
        let path = format!("/doors/{}/open", self.site.door_id);
        let answer = self
            .client
            .ask(&path, Some(json!({ "reason": "parcel" })))
            .await?;
        let opened = text(&answer.body, "status").as_deref() == Some("Accepted")
            && lock
                .view(1)
                .is_some_and(|view| view.padlock == Padlock::Unlocked);
        self.report.fact(
            "FRONT-3",
            "Olivia opens the door from the API",
            opened.into(),
        );
        Ok(())
    }

    pub(super) async fn line(
        &mut self,
        place: &str,
        what: &str,
        told: &str,
        told_expected: &str,
        asked: Option<&MessageId>,
        reason_expected: &str,
    ) -> anyhow::Result<()> {
        let reason = match asked {
            Some(id) => self.client.reason(place, id.as_str()).await?,
            None => "it was not asked".to_owned(),
        };
        self.report.line(&Line {
            place,
            what,
            told,
            told_expected,
            reason: &reason,
            reason_expected,
        });
        Ok(())
    }
}
