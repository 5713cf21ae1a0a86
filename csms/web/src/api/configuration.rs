//! The settings of a station as it tells them.

use app::admin::ConfigurationView;
use app::configuration::Reading;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use model::KnownConfiguration;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::listing::{Named, Params};
use crate::problem::Problem;
use crate::state::Api;

/// What is known of a station's settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfigurationBody {
    station_id: String,
    /// How the last reading goes or went; null if there was none since the start of the server.
    reading: Option<ReadingBody>,
    /// What the station said last, by name.
    items: Vec<ConfigurationValueBody>,
}

/// How a reading goes.
#[derive(Serialize, ToSchema)]
struct ReadingBody {
    /// `running`, `done` or `stopped`.
    #[schema(example = "running")]
    state: &'static str,
    /// How many settings were asked for so far.
    asked: usize,
    /// Of how many.
    total: usize,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// With `stopped`: why, in plain words.
    problem: Option<String>,
}

/// A setting.
#[derive(Serialize, ToSchema)]
struct ConfigurationValueBody {
    /// 1.6: the key. 2.0.1: `Component.Variable`, each with `[instance]` behind it where it has one.
    #[schema(example = "HeartbeatInterval")]
    name: String,
    /// `known`; `hidden`: it is a secret and kept nowhere; `unknown` to the station; `refused` by
    /// it.
    #[schema(example = "known")]
    state: &'static str,
    /// Card numbers masked.
    value: Option<String>,
    read_only: Option<bool>,
    /// When the station said so.
    read_at: Timestamp,
}

impl From<ConfigurationView> for ConfigurationBody {
    fn from(view: ConfigurationView) -> Self {
        Self {
            station_id: view.station_id,
            reading: view.reading.map(reading),
            items: view.values.into_iter().map(value).collect(),
        }
    }
}

fn reading(reading: Reading) -> ReadingBody {
    ReadingBody {
        state: reading.state.name(),
        asked: reading.asked,
        total: reading.total,
        started_at: reading.started_at,
        ended_at: reading.ended_at,
        problem: reading.problem,
    }
}

fn value(row: KnownConfiguration) -> ConfigurationValueBody {
    ConfigurationValueBody {
        name: row.value.name,
        state: row.value.state.name(),
        value: row.value.value,
        read_only: row.value.read_only,
        read_at: row.read_at,
    }
}

/// Which settings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigurationParams {
    /// Only these names, separated by commas.
    #[serde(default)]
    keys: Option<String>,
}

/// Get a station's configuration as last read
///
/// What the station last said of its settings, with the time; also while it is offline. It is asked
/// by `POST` on the same path. Secrets are kept nowhere. Needs `manage_settings`.
#[utoipa::path(
    get, path = "/v1/stations/{station_id}/configuration",
    operation_id = "get_station_configuration", tag = "stations",
    params(
        ("station_id" = String, Path, description = "The OCPP identity, percent-encoded"),
        ConfigurationParams,
    ),
    responses((status = 200, description = "What is known", body = ConfigurationBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Named(id): Named<String>,
    Params(params): Params<ConfigurationParams>,
) -> Result<Json<ConfigurationBody>, Problem> {
    let keys = params.keys.unwrap_or_default();
    let keys: Vec<String> = keys
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    let view = api.configuration(&caller, &id, &keys).await?;
    Ok(Json(view.into()))
}

/// What to read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadConfigurationBody {
    /// The names to ask for; left out: all that the standard of the station's version knows.
    #[serde(default)]
    #[schema(max_items = 500)]
    keys: Vec<String>,
}

/// Read a station's configuration
///
/// Asks the station in the background, a few settings at a time (`configuration_keys_per_call`),
/// one question after the other; what it says can be read meanwhile. After a silence fewer are
/// asked for, later; after four in a row, or when the station disconnects, it is stopped. Needs
/// `manage_settings`; 409 `station_offline`, 409 `configuration_is_read` while a reading goes on.
#[utoipa::path(
    post, path = "/v1/stations/{station_id}/configuration",
    operation_id = "read_station_configuration", tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    request_body = ReadConfigurationBody,
    responses((status = 202, description = "It is being read", body = ConfigurationBody)),
)]
pub(crate) async fn read(
    State(api): State<Api>,
    Named(id): Named<String>,
    ask: Ask<ReadConfigurationBody>,
) -> Result<Response, Problem> {
    let Ask { caller, once, body } = ask;
    let view = api.read_configuration(&caller, &id, body.keys).await?;
    let body = serde_json::to_string(&ConfigurationBody::from(view)).unwrap_or_default();
    let status = StatusCode::ACCEPTED.as_u16();
    if let Some(once) = once {
        api.remember(once, status, &body).await;
    }
    Ok(Written(app::admin::Done {
        status,
        body,
        revision: None,
    })
    .into_response())
}
