//! The endpoints, a group in each file.

mod api_keys;
mod areas;
mod audit;
mod authority;
mod calendars;
mod cards_file;
mod chargers;
mod commands;
mod configuration;
mod credentials;
mod decisions;
mod door_access;
mod doors;
mod emergencies;
mod enrolments;
mod events;
mod explain;
mod export;
mod findings;
mod flag_history;
mod grants;
mod handovers;
mod installations;
mod invitations;
mod locks;
mod me;
mod organisations;
mod partner_links;
mod partners;
mod people;
mod reports;
mod rules;
mod schedules;
mod sessions;
mod station_settings;
mod stations;
mod tags;
mod telemetry;
mod transactions;
mod unknown_cards;
mod what_if;
mod who;

pub(crate) use explain::ExplanationBody;

use app::admin::ListQuery;
use model::InstallationId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::listing::piece;
use crate::problem::Problem;
use crate::state::Api;

/// Which piece of a list, of which installation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeParams {
    /// Of this installation only.
    installation_id: Option<Uuid>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the piece before.
    cursor: Option<String>,
}

impl TreeParams {
    fn split(self) -> Result<(Option<InstallationId>, ListQuery), Problem> {
        Ok((
            self.installation_id.map(Into::into),
            piece(self.limit, self.cursor)?,
        ))
    }
}

/// Every endpoint under `/v1`.
pub(crate) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sessions::create, sessions::delete))
        .routes(routes!(me::get))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::delete))
        .routes(routes!(organisations::create, organisations::list))
        .routes(routes!(organisations::get, organisations::update))
        .routes(routes!(installations::create, installations::list))
        .routes(routes!(
            installations::get,
            installations::update,
            installations::delete
        ))
        .routes(routes!(installations::reset_charger_flags))
        .routes(routes!(authority::get))
        .routes(routes!(authority::put_webhook, authority::delete_webhook))
        .routes(routes!(
            authority::shadow,
            authority::put_shadow,
            authority::delete_shadow
        ))
        .routes(routes!(authority::switch))
        .routes(routes!(authority::revert))
        .routes(routes!(
            emergencies::installation_lockdown::get,
            emergencies::installation_lockdown::put,
            emergencies::installation_lockdown::delete
        ))
        .routes(routes!(
            emergencies::installation_evacuation::get,
            emergencies::installation_evacuation::put,
            emergencies::installation_evacuation::delete
        ))
        .routes(routes!(
            emergencies::area_lockdown::get,
            emergencies::area_lockdown::put,
            emergencies::area_lockdown::delete
        ))
        .routes(routes!(
            emergencies::area_evacuation::get,
            emergencies::area_evacuation::put,
            emergencies::area_evacuation::delete
        ))
        .routes(routes!(areas::create, areas::list))
        .routes(routes!(areas::get, areas::update, areas::delete))
        .routes(routes!(chargers::create, chargers::list))
        .routes(routes!(chargers::get, chargers::update, chargers::delete))
        .routes(routes!(flag_history::list))
        .routes(routes!(commands::start))
        .routes(routes!(who::charger))
        .routes(routes!(locks::create, locks::list))
        .routes(routes!(locks::get, locks::update, locks::delete))
        .routes(routes!(locks::device_key))
        .routes(routes!(doors::create, doors::list))
        .routes(routes!(doors::get, doors::update, doors::delete))
        .routes(routes!(commands::open))
        .routes(routes!(door_access::access))
        .routes(routes!(door_access::tell, door_access::list))
        .routes(routes!(who::door))
        .routes(routes!(people::create, people::list))
        .routes(routes!(people::get, people::update, people::delete))
        .routes(routes!(people::create_login))
        .routes(routes!(people::erase))
        .routes(routes!(who::what))
        .routes(routes!(credentials::create, credentials::list))
        .routes(routes!(
            credentials::get,
            credentials::update,
            credentials::delete
        ))
        .routes(routes!(cards_file::import))
        .routes(routes!(cards_file::export))
        .routes(routes!(enrolments::open, enrolments::list))
        .routes(routes!(enrolments::get, enrolments::end))
        .routes(routes!(enrolments::confirm))
        .routes(routes!(unknown_cards::list))
        .routes(routes!(unknown_cards::dismiss))
        .routes(routes!(unknown_cards::assign))
        .routes(routes!(grants::create, grants::list))
        .routes(routes!(grants::get, grants::delete))
        .routes(routes!(rules::create, rules::list))
        .routes(routes!(rules::get, rules::delete))
        .routes(routes!(invitations::create, invitations::list))
        .routes(routes!(invitations::get, invitations::delete))
        .routes(routes!(invitations::renew))
        .routes(routes!(invitations::look_up))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::register))
        .routes(routes!(handovers::create, handovers::list))
        .routes(routes!(handovers::get, handovers::delete))
        .routes(routes!(handovers::accept))
        .routes(routes!(
            partners::get_key,
            partners::put_key,
            partners::delete_key
        ))
        .routes(routes!(partners::look_up))
        .routes(routes!(partners::verify))
        .routes(routes!(partners::create, partners::list))
        .routes(routes!(partners::get, partners::delete))
        .routes(routes!(partners::confirm))
        .routes(routes!(partner_links::create, partner_links::list))
        .routes(routes!(partner_links::delete))
        .routes(routes!(partner_links::look_up))
        .routes(routes!(partner_links::confirm))
        .routes(routes!(tags::create, tags::list))
        .routes(routes!(tags::get, tags::update, tags::delete))
        .routes(routes!(tags::add_member, tags::members))
        .routes(routes!(tags::remove_member))
        .routes(routes!(schedules::create, schedules::list))
        .routes(routes!(
            schedules::get,
            schedules::update,
            schedules::delete
        ))
        .routes(routes!(calendars::create, calendars::list))
        .routes(routes!(
            calendars::get,
            calendars::update,
            calendars::delete
        ))
        .routes(routes!(decisions::list))
        .routes(routes!(export::decisions))
        .routes(routes!(decisions::get))
        .routes(routes!(explain::explain))
        .routes(routes!(what_if::what_if))
        .routes(routes!(what_if::diff))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::get))
        .routes(routes!(transactions::samples))
        .routes(routes!(transactions::stop))
        .routes(routes!(stations::list))
        .routes(routes!(stations::refused))
        .routes(routes!(stations::claim))
        .routes(routes!(stations::get, stations::update))
        .routes(routes!(
            stations::put_credential,
            stations::delete_credential
        ))
        .routes(routes!(findings::list, findings::forget))
        .routes(routes!(configuration::get, configuration::read))
        .routes(routes!(reports::list))
        .routes(routes!(commands::raw))
        .routes(routes!(audit::list))
        .routes(routes!(export::audit))
        .routes(routes!(events::watch))
}
