//! Who decides about the points of an installation: here, or an outside service.

use authz::{Permit, act};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use model::{
    Authority, Change, FormerAuthority, Installation, InstallationId, Webhook, WebhookLogin,
};
use store::image;
use uuid::Uuid;

use super::Admin;
use super::fields::Faults;
use super::guard::confirmed;
use super::write::{Done, Write};
use crate::authority::{
    AddressFault, BreakerView, Call, Expects, Login, Secret, ShadowReport, proves, seal, unseal,
};
use crate::{ApiError, Caller};

/// One may go back so long.
const REVERTIBLE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How an outside service is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: String,
    /// How we show who we are.
    pub login: WebhookLogin,
    /// With what; `None`: as before, if it stays the same service.
    pub secret: Option<Secret>,
    /// 100..=10,000 ms.
    pub deadline_ms: u32,
    /// 1..=100.
    pub breaker_failures: u32,
    /// 1..=3600.
    pub breaker_seconds: u32,
}

/// Who decides, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityView {
    /// Where.
    pub installation: InstallationId,
    /// Who.
    pub authority: Authority,
    /// The outside service, if one is set. Its secret is not shown.
    pub webhook: Option<Webhook>,
    /// Whether it is asked at all.
    pub breaker: BreakerView,
    /// What it must still be told.
    pub waiting: u32,
    /// To whom one may go back, and until when.
    pub former: Option<(Authority, Timestamp)>,
}

impl Admin {
    /// Who decides.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`.
    pub async fn authority(
        &self,
        caller: &Caller,
        id: InstallationId,
    ) -> Result<AuthorityView, ApiError> {
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, id).await?;
        let installation = self.installation_row(id).await?;
        let webhook = self.set_webhook(id).await?;
        self.authority_view(&installation, webhook).await
    }

    async fn authority_view(
        &self,
        installation: &Installation,
        webhook: Option<Webhook>,
    ) -> Result<AuthorityView, ApiError> {
        let waiting = self.store.waiting_deliveries(installation.id).await?;
        Ok(AuthorityView {
            waiting: u32::try_from(waiting).unwrap_or(0),
            ..Self::view(&self.app, installation, webhook)
        })
    }

    async fn installation_row(&self, id: InstallationId) -> Result<Installation, ApiError> {
        let row = self.store.get_installation(id).await?;
        row.filter(|row| row.deleted_at.is_none())
            .ok_or(ApiError::NotFound)
    }

    async fn set_webhook(&self, id: InstallationId) -> Result<Option<Webhook>, ApiError> {
        let row = self.store.get_webhook(id).await?;
        Ok(row.filter(|row| row.deleted_at.is_none()))
    }

    /// Sets the outside service, after it has shown that it wants to be asked.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Invalid` for an address that is not used, or a service
    /// that does not answer the check.
    pub async fn set_authority_webhook(
        &self,
        write: Write<AuthorityView>,
        id: InstallationId,
        wanted: WebhookSettings,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, id)
            .await?;
        let installation = self.installation_row(id).await?;
        let before = self.store.get_webhook(id).await?;
        let (row, login) = self.wanted_webhook(&installation, before.as_ref(), wanted)?;
        self.check_webhook(&row, login).await?;
        let _order = self.order.write().await;
        self.authorities.breakers.forget(id);
        let app = self.app.clone();
        let before = before.map(|row| image(&Change::Webhook(Box::new(row))));
        self.change(permit, write, installation.organisation, move |tx| {
            let (row, before, app) = (row.clone(), before.clone(), app.clone());
            Box::pin(async move {
                let Some(installation) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                tx.put_webhook(&row).await?;
                tx.record(Change::Webhook(Box::new(row.clone())), before);
                Ok(Ok(Admin::view(&app, &installation, Some(row))))
            })
        })
        .await
    }

    /// The row that is wanted, and the login in clear.
    fn wanted_webhook(
        &self,
        installation: &Installation,
        before: Option<&Webhook>,
        wanted: WebhookSettings,
    ) -> Result<(Webhook, Login), ApiError> {
        let before = before.filter(|row| row.deleted_at.is_none());
        let mut faults = Faults::default();
        let url = match self.authorities.outside.check(&wanted.url) {
            Ok(url) => url,
            Err(fault) => {
                faults.add("url", address_code(&fault), fault.to_string());
                String::new()
            }
        };
        faults.check(
            || wanted.url.len() <= 2000,
            "url",
            "too_long",
            "at most 2000 characters",
        );
        let within = |value: u32, range: std::ops::RangeInclusive<u32>| range.contains(&value);
        let fine = within(wanted.deadline_ms, 100..=10_000);
        faults.check(|| fine, "deadline_ms", "out_of_range", "from 100 to 10000");
        let fine = within(wanted.breaker_failures, 1..=100);
        faults.check(|| fine, "breaker_failures", "out_of_range", "from 1 to 100");
        let fine = within(wanted.breaker_seconds, 1..=3600);
        faults.check(|| fine, "breaker_seconds", "out_of_range", "from 1 to 3600");
        if let WebhookLogin::Basic(name) = &wanted.login {
            let fine = (1..=255).contains(&name.chars().count())
                && !name.chars().any(|c| c == ':' || c.is_control());
            faults.check(
                || fine,
                "user",
                "invalid",
                "1 to 255 characters, without `:`",
            );
        }
        if let Some(secret) = &wanted.secret {
            let text = secret.reveal();
            let fine =
                (8..=2000).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
            faults.check(
                || fine,
                "secret",
                "invalid",
                "8 to 2000 printable ASCII characters",
            );
        }
        // A secret that was given for one service is never sent to another.
        let same = before.is_some_and(|before| {
            origin(&before.url) == origin(&url) && before.login == wanted.login
        });
        let kept = before.filter(|_| same).and_then(|row| row.secret.clone());
        let needs = wanted.login != WebhookLogin::None;
        faults.check(
            || !needs || wanted.secret.is_some() || kept.is_some(),
            "secret",
            "required",
            "give it again where the service or the login is another",
        );
        faults.none()?;
        let pepper = &self.settings.pepper;
        let sealed = match (&wanted.login, &wanted.secret) {
            (WebhookLogin::None, _) => None,
            (_, Some(secret)) => Some(
                seal(pepper, self.random.as_ref(), installation.id, secret)
                    .map_err(|_| ApiError::Internal)?,
            ),
            (_, None) => kept,
        };
        let clear = sealed
            .as_ref()
            .map(|sealed| unseal(pepper, installation.id, sealed))
            .transpose()
            .map_err(|_| ApiError::Internal)?;
        let login = match (&wanted.login, clear) {
            (WebhookLogin::None, _) | (_, None) => Login::None,
            (WebhookLogin::Bearer, Some(secret)) => Login::Bearer(secret),
            (WebhookLogin::Basic(name), Some(secret)) => Login::Basic(name.clone(), secret),
        };
        let now = self.clock.now();
        let row = Webhook {
            installation: installation.id,
            organisation: installation.organisation,
            url,
            login: wanted.login,
            secret: sealed,
            deadline_ms: wanted.deadline_ms,
            breaker_failures: wanted.breaker_failures,
            breaker_seconds: wanted.breaker_seconds,
            // What was said before was said by something else.
            shadow_since: before.and_then(|row| row.shadow_since).map(|_| now),
            former: before.and_then(|row| row.former),
            created_at: before.map_or(now, |row| row.created_at),
            changed_at: now,
            deleted_at: None,
        };
        Ok((row, login))
    }

    /// Sends a challenge: only who wants to be asked sends it back. What it said instead is not
    /// told, or one could read with it what only this machine reaches.
    async fn check_webhook(&self, row: &Webhook, login: Login) -> Result<(), ApiError> {
        let mut bytes = [0; 24];
        self.random.fill(&mut bytes);
        let challenge = URL_SAFE_NO_PAD.encode(bytes);
        let id = Uuid::now_v7();
        let deadline = std::time::Duration::from_millis(row.deadline_ms.into());
        let call = Call {
            url: row.url.clone(),
            login,
            event: "check",
            id,
            body: crate::authority::check_body(id, row.installation, &challenge),
            deadline,
            expects: Expects::Json,
        };
        let sent = tokio::time::timeout(deadline, self.authorities.outside.send(call)).await;
        let answer = sent.unwrap_or(Err(crate::authority::CallError::Late));
        answer
            .and_then(|body| proves(&body, &challenge))
            .map_err(|error| {
                let message = format!("the service did not answer the check: {error}");
                ApiError::field("url", "unverified", message)
            })
    }

    /// Removes the outside service.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` while it decides.
    pub async fn remove_authority_webhook(
        &self,
        write: Write<()>,
        id: InstallationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, id)
            .await?;
        let _order = self.order.write().await;
        let installation = self.installation_row(id).await?;
        if installation.authority != Authority::Native {
            return Err(ApiError::Conflict {
                code: "in_use",
                detail: "it decides here; switch authority first".to_owned(),
            });
        }
        let now = self.clock.now();
        self.authorities.breakers.forget(id);
        self.change(permit, write, installation.organisation, move |tx| {
            Box::pin(async move {
                let Some(mut row) = tx.get_webhook(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                if row.deleted_at.is_some() {
                    return Ok(Err(ApiError::NotFound));
                }
                let before = image(&Change::Webhook(Box::new(row.clone())));
                row.secret = None;
                row.login = WebhookLogin::None;
                row.shadow_since = None;
                row.former = None;
                row.deleted_at = Some(now);
                tx.put_webhook(&row).await?;
                tx.record(Change::Webhook(Box::new(row)), Some(before));
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Asks the outside service beside, from now on or no longer.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` where none is set, or it decides already.
    pub async fn set_shadow(
        &self,
        write: Write<AuthorityView>,
        id: InstallationId,
        shadow: Shadow,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, id)
            .await?;
        let _order = self.order.write().await;
        let installation = self.installation_row(id).await?;
        if shadow == Shadow::On && installation.authority != Authority::Native {
            return Err(ApiError::Conflict {
                code: "in_use",
                detail: "it decides already".to_owned(),
            });
        }
        let (app, now) = (self.app.clone(), self.clock.now());
        self.change(permit, write, installation.organisation, move |tx| {
            let (installation, app) = (installation.clone(), app.clone());
            Box::pin(async move {
                let row = tx.get_webhook(id).await?;
                let Some(mut row) = row.filter(|row| row.deleted_at.is_none()) else {
                    return Ok(Err(none_set()));
                };
                let before = image(&Change::Webhook(Box::new(row.clone())));
                row.shadow_since = match shadow {
                    Shadow::On => row.shadow_since.or(Some(now)),
                    Shadow::Off => None,
                };
                tx.put_webhook(&row).await?;
                app.authorities.note(&row);
                tx.record(Change::Webhook(Box::new(row.clone())), Some(before));
                Ok(Ok(Admin::view(&app, &installation, Some(row))))
            })
        })
        .await
    }

    /// What came of asking beside.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`.
    pub async fn shadow_results(
        &self,
        caller: &Caller,
        id: InstallationId,
    ) -> Result<ShadowReport, ApiError> {
        let _: Permit<act::ManageAccess> = self.pep.permit(caller, id).await?;
        Ok(self.shadow_report(id).await?)
    }

    /// Gives authority to another. What that would change is counted first.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` where no service is set or it decides
    /// already; `ConfirmationNeeded` where too many would newly be refused.
    pub async fn switch_authority(
        &self,
        write: Write<AuthorityView>,
        id: InstallationId,
        to: Authority,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, id)
            .await?;
        let installation = self.installation_row(id).await?;
        if installation.authority == to {
            return Err(ApiError::Conflict {
                code: "already_so",
                detail: format!("authority is `{}` already", to.name()),
            });
        }
        let Some(webhook) = self.set_webhook(id).await? else {
            return Err(none_set());
        };
        let impact = self.switch_impact(&installation, &webhook, to).await?;
        confirmed(&write.caller, impact)?;
        self.switch(permit, write, id, Switch::To(to)).await
    }

    /// Goes back to who decided before, at once.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`; `Conflict` where there is nothing to go back to.
    pub async fn revert_authority(
        &self,
        write: Write<AuthorityView>,
        id: InstallationId,
    ) -> Result<Done, ApiError> {
        let permit = self
            .pep
            .permit::<act::ManageAccess>(&write.caller, id)
            .await?;
        self.switch(permit, write, id, Switch::Back).await
    }

    async fn switch(
        &self,
        permit: Permit<act::ManageAccess>,
        write: Write<AuthorityView>,
        id: InstallationId,
        switch: Switch,
    ) -> Result<Done, ApiError> {
        let _order = self.order.write().await;
        let organisation = self.organisation_of(id)?;
        let (app, now) = (self.app.clone(), self.clock.now());
        self.change(permit, write, organisation, move |tx| {
            let app = app.clone();
            Box::pin(async move {
                let Some(mut installation) = tx.get_installation(id).await? else {
                    return Ok(Err(ApiError::NotFound));
                };
                let row = tx.get_webhook(id).await?;
                let Some(mut row) = row.filter(|row| row.deleted_at.is_none()) else {
                    return Ok(Err(none_set()));
                };
                let (to, former) = match switch {
                    Switch::To(to) => {
                        let former = FormerAuthority {
                            authority: installation.authority,
                            switched_at: now,
                        };
                        (to, Some(former))
                    }
                    Switch::Back => match row.former {
                        Some(former) if revertible_until(former).is_some_and(|end| now < end) => {
                            (former.authority, None)
                        }
                        Some(_) | None => return Ok(Err(nothing_to_revert())),
                    },
                };
                let before = (
                    image(&Change::Installation(installation.clone())),
                    image(&Change::Webhook(Box::new(row.clone()))),
                );
                installation.authority = to;
                row.former = former;
                row.shadow_since = None;
                tx.update_installation(&installation).await?;
                tx.put_webhook(&row).await?;
                app.authorities.note(&row);
                let changed = Change::Installation(installation.clone());
                tx.record(changed, Some(before.0));
                tx.record(Change::Webhook(Box::new(row.clone())), Some(before.1));
                Ok(Ok(Admin::view(&app, &installation, Some(row))))
            })
        })
        .await
    }

    /// As it is shown; what must still be told is counted apart.
    fn view(
        app: &crate::App,
        installation: &Installation,
        webhook: Option<Webhook>,
    ) -> AuthorityView {
        let now = app.clock.now();
        let former = webhook
            .as_ref()
            .and_then(|webhook| webhook.former)
            .and_then(|former| Some((former.authority, revertible_until(former)?)))
            .filter(|(_, until)| now < *until);
        AuthorityView {
            installation: installation.id,
            authority: installation.authority,
            breaker: app.authorities.breakers.view(installation.id, now),
            webhook,
            waiting: 0,
            former,
        }
    }
}

/// Whether an outside service is asked beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// To whom authority goes.
#[derive(Clone, Copy, Debug)]
enum Switch {
    To(Authority),
    Back,
}

fn revertible_until(former: FormerAuthority) -> Option<Timestamp> {
    former.switched_at.checked_add(REVERTIBLE).ok()
}

fn none_set() -> ApiError {
    ApiError::Conflict {
        code: "webhook_missing",
        detail: "set the outside service first".to_owned(),
    }
}

fn nothing_to_revert() -> ApiError {
    ApiError::Conflict {
        code: "nothing_to_revert",
        detail: "authority was not switched in the last 30 days, or was reverted already"
            .to_owned(),
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(start..).unwrap_or("");
    let end = rest
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

const fn address_code(fault: &AddressFault) -> &'static str {
    match fault {
        AddressFault::Unreadable => "invalid",
        AddressFault::Scheme => "not_https",
        AddressFault::UserInfo => "user_info",
        AddressFault::Port => "port",
        AddressFault::Host => "not_public",
        AddressFault::Fragment => "fragment",
    }
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn another_path_is_the_same_service_and_another_host_or_port_is_not() {
        assert_eq!(
            origin("https://a.example/x?y"),
            origin("https://a.example/z")
        );
        assert_ne!(origin("https://a.example/x"), origin("https://b.example/x"));
        assert_ne!(origin("http://a:1/x"), origin("http://a:2/x"));
        assert_ne!(origin("https://a.example"), origin("http://a.example"));
    }
}
