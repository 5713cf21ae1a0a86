//! Stations: what connects.

use app::admin::{Claim, ClaimKind, RefusedView, StationView};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use model::StationKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TreeParams;
use super::station_settings::{ReaderProposalBody, SettingsBody, SettingsPatchBody};
use super::telemetry::{
    ConnectionBody, ConnectorStateBody, Nameplate, connection, connector_states, nameplate,
};
use crate::ask::{Ask, Written};
use crate::auth::Auth;
use crate::body::Nothing;
use crate::listing::{ListBody, Named, PageParams, Params};
use crate::problem::Problem;
use crate::state::Api;

/// What a station is.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StationKindWord {
    /// With one EVSE, until that is changed.
    Charger,
    /// Without doors, until they are made.
    Lock,
}

/// A registered station.
#[derive(Serialize, ToSchema)]
pub(crate) struct StationBody {
    /// The OCPP identity, as registered.
    station_id: String,
    organisation_id: Uuid,
    installation_id: Uuid,
    kind: StationKindWord,
    charger_id: Option<Uuid>,
    lock_id: Option<Uuid>,
    /// Whether it must present a password.
    has_password: bool,
    connection: ConnectionBody,
    connector_states: Vec<ConnectorStateBody>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    serial: Option<String>,
    settings: SettingsBody,
    /// What known cards tell of the readers of its model; none is applied by itself.
    reader_proposals: Vec<ReaderProposalBody>,
    created_at: Timestamp,
}

impl From<&StationView> for StationBody {
    fn from(view: &StationView) -> Self {
        let row = &view.station;
        let Nameplate {
            vendor,
            model,
            firmware,
            serial,
        } = nameplate(&view.telemetry);
        let (kind, charger_id, lock_id) = match row.kind {
            StationKind::Charger(id) => (StationKindWord::Charger, Some(id.0), None),
            StationKind::Lock(id) => (StationKindWord::Lock, None, Some(id.0)),
        };
        Self {
            station_id: row.id.as_str().to_owned(),
            organisation_id: row.organisation.0,
            installation_id: row.installation.0,
            kind,
            charger_id,
            lock_id,
            has_password: row.password.is_some(),
            connection: connection(&view.telemetry),
            connector_states: connector_states(&view.telemetry),
            vendor,
            model,
            firmware,
            serial,
            settings: SettingsBody::from(&row.settings),
            reader_proposals: view.proposals().map(ReaderProposalBody::from).collect(),
            created_at: row.created_at,
        }
    }
}

/// List stations
///
/// The registered ones on which the caller may do technical work (`service`, `manage_settings`
/// or `manage_security`).
#[utoipa::path(
    get, path = "/v1/stations", operation_id = "list_stations", tag = "stations",
    params(TreeParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<StationBody>)),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(params): Params<TreeParams>,
) -> Result<Json<ListBody<StationBody>>, Problem> {
    let (installation, piece) = params.split()?;
    Ok(ListBody::of(
        api.stations(&caller, installation, &piece).await?,
    ))
}

/// Get a station
#[utoipa::path(
    get, path = "/v1/stations/{station_id}", operation_id = "get_station", tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    responses((status = 200, description = "The station", body = StationBody)),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Auth(caller): Auth,
    Named(id): Named<String>,
) -> Result<Json<StationBody>, Problem> {
    Ok(Json(StationBody::from(&api.station(&caller, &id).await?)))
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StationPatchBody {
    settings: SettingsPatchBody,
}

/// Change a station's settings
///
/// Needs `manage_settings` on its charger, or on the installation of its lock. A connection that
/// stands has them from its next message on.
#[utoipa::path(
    patch, path = "/v1/stations/{station_id}", operation_id = "update_station", tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    request_body = StationPatchBody,
    responses((status = 200, description = "The station", body = StationBody)),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Named(id): Named<String>,
    ask: Ask<StationPatchBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write::<StationBody, _>(StatusCode::OK);
    let patch = body.settings.patch()?;
    Ok(Written(
        api.change_station_settings(write, &id, patch).await?,
    ))
}

/// A handshake that was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedBody {
    /// As received, cut to 100 characters; where none could be read, the address in parentheses.
    identity: String,
    /// Where it came from.
    address: String,
    /// Stable, e.g. `unknown_station`.
    code: String,
    /// Why, in plain words.
    reason: String,
    /// What to do about it, in plain words.
    fix: String,
    /// How often since it was first seen.
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    /// A station of this identity is connected now: the reason may be out of the way.
    online: bool,
}

impl From<&RefusedView> for RefusedBody {
    fn from(view: &RefusedView) -> Self {
        let row = &view.handshake;
        Self {
            online: view.online,
            identity: row.identity.clone(),
            address: row.address.clone(),
            code: row.code.clone(),
            reason: row.reason.clone(),
            fix: row.fix.clone(),
            count: row.count,
            first_at: row.first_at,
            last_at: row.last_at,
        }
    }
}

/// List refused handshakes
///
/// Newest first. For who runs the deployment: `manage_security` on the organisation that was
/// made first.
#[utoipa::path(
    get, path = "/v1/stations/refused", operation_id = "list_refused_handshakes",
    tag = "stations",
    params(PageParams),
    responses((status = 200, description = "A piece of the list", body = ListBody<RefusedBody>)),
)]
pub(crate) async fn refused(
    State(api): State<Api>,
    Auth(caller): Auth,
    Params(page): Params<PageParams>,
) -> Result<Json<ListBody<RefusedBody>>, Problem> {
    Ok(ListBody::of(
        api.refused_handshakes(&caller, &page.piece()?).await?,
    ))
}

/// A password, as text or as bytes in hex: exactly one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialBody {
    /// 16 to 64 bytes of UTF-8.
    #[serde(default)]
    #[schema(format = Password, write_only)]
    password: Option<String>,
    /// 16 to 64 bytes, in hex.
    #[serde(default)]
    #[schema(format = Password, write_only)]
    password_hex: Option<String>,
}

fn password(text: Option<String>, hex: Option<&str>) -> Result<Vec<u8>, Problem> {
    match (text, hex) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(hex)) => bytes(hex).ok_or_else(|| {
            Problem::field("password_hex", "invalid", "an even number of hex digits")
        }),
        (None, None) => Err(Problem::field(
            "password",
            "required",
            "a password, or password_hex",
        )),
        (Some(_), Some(_)) => Err(Problem::field(
            "password_hex",
            "invalid",
            "one of them, not both",
        )),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    Some(
        digits?
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

/// Set a station's password
///
/// It must present it from then on; a connection that stands is closed. Needs `manage_security`
/// at its installation.
#[utoipa::path(
    put, path = "/v1/stations/{station_id}/credential", operation_id = "put_station_credential",
    tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    request_body = CredentialBody,
    responses((status = 204, description = "It is set")),
)]
pub(crate) async fn put_credential(
    State(api): State<Api>,
    Named(id): Named<String>,
    ask: Ask<CredentialBody>,
) -> Result<Written, Problem> {
    let (write, body) = ask.write_nothing();
    let password = password(body.password, body.password_hex.as_deref())?;
    Ok(Written(
        api.set_station_password(write, &id, password).await?,
    ))
}

/// Remove a station's password
///
/// From then on it is let in without one where the deployment allows that. Needs
/// `manage_security` at its installation.
#[utoipa::path(
    delete, path = "/v1/stations/{station_id}/credential",
    operation_id = "delete_station_credential", tag = "stations",
    params(("station_id" = String, Path, description = "The OCPP identity, percent-encoded")),
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete_credential(
    State(api): State<Api>,
    Named(id): Named<String>,
    ask: Ask<Nothing>,
) -> Result<Written, Problem> {
    let (write, Nothing {}) = ask.write_nothing();
    Ok(Written(api.remove_station_password(write, &id).await?))
}

/// A station to be claimed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// The OCPP identity it knocks with.
    #[schema(max_length = 48)]
    station_id: String,
    /// The password it presents, 16 to 64 bytes of UTF-8 …
    #[serde(default)]
    #[schema(format = Password, write_only)]
    password: Option<String>,
    /// … or in hex.
    #[serde(default)]
    #[schema(format = Password, write_only)]
    password_hex: Option<String>,
    installation_id: Uuid,
    /// A part of the installation; chargers only.
    #[serde(default)]
    area_id: Option<Uuid>,
    kind: StationKindWord,
}

/// Claim a station
///
/// Registers a station that knocked, as a charger or a lock, with the password it will present.
/// Needs `manage_settings` and `manage_security` at the installation; 409 `station_id_taken`
/// when the identity is registered already, by whomever; ten times a minute.
#[utoipa::path(
    post, path = "/v1/stations/claim", operation_id = "claim_station", tag = "stations",
    request_body = ClaimBody,
    responses((status = 201, description = "The station", body = StationBody)),
)]
pub(crate) async fn claim(State(api): State<Api>, ask: Ask<ClaimBody>) -> Result<Written, Problem> {
    let (write, body) = ask.write::<StationBody, _>(StatusCode::CREATED);
    let claim = Claim {
        password: password(body.password, body.password_hex.as_deref())?,
        station_id: body.station_id,
        installation: body.installation_id.into(),
        area: body.area_id.map(Into::into),
        kind: match body.kind {
            StationKindWord::Charger => ClaimKind::Charger,
            StationKindWord::Lock => ClaimKind::Lock,
        },
    };
    Ok(Written(api.claim_station(write, claim).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_given_once_as_text_or_as_bytes() {
        assert_eq!(password(Some("ab".into()), None).unwrap(), b"ab");
        assert_eq!(password(None, Some("00fF10")).unwrap(), [0, 255, 16]);
        for (text, hex) in [
            (None, None),
            (Some("a"), Some("00")),
            (None, Some("0")),
            (None, Some("zz")),
        ] {
            assert!(password(text.map(str::to_owned), hex).is_err());
        }
    }
}
