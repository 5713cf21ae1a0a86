//! The number of the card behind the number a station's reader sends.

use model::neutral::StationRequest;
use model::{PresentedToken, QuirkName, TokenKind, Treatment};

use super::{Connection, Deviated};
use crate::App;

impl App {
    /// Turns the number of a request's token into that of the card where the station has a reader
    /// profile. What was received stays for the answer and the record; what is looked up, by
    /// whatever decides, is the card's number.
    pub(super) fn read_token(&self, connection: &Connection, request: &mut StationRequest) {
        let (token, action) = match request {
            StationRequest::Authorize(authorize) => (&mut authorize.token, "Authorize"),
            StationRequest::Transaction(event) => match &mut event.token {
                Some(token) => (token, "TransactionEvent"),
                None => return,
            },
            StationRequest::DoorEvent(event) => match &mut event.token {
                Some(token) => (token, "Door.Event"),
                None => return,
            },
            StationRequest::Boot(_)
            | StationRequest::Heartbeat
            | StationRequest::Status(_)
            | StationRequest::Meter(_)
            | StationRequest::DoorState(_)
            | StationRequest::Report(_)
            | StationRequest::DataTransfer(_) => return,
        };
        if !comes_from_a_reader(token.kind) {
            return;
        }
        let settings = connection.station.settings.now();
        if settings.reader_profile.steps().is_empty() || self.is_remote_token(connection, token) {
            return;
        }
        let serial = self.standing.serial(&connection.station.key);
        let wanted = |quirk| settings.tolerance.of(quirk) != Treatment::Refuse;
        let Some((number, quirks)) =
            settings
                .reader_profile
                .canonical(&token.value, serial.as_deref(), wanted)
        else {
            return;
        };
        *token = token.clone().known_as(number);
        let quirks: Vec<(QuirkName, String)> = quirks
            .into_iter()
            .map(|quirk| (quirk, "token".to_owned()))
            .collect();
        self.note_deviations(connection, &Deviated::repaired(action, &quirks));
    }

    /// Our own token of a remote start: it was sent to the station and never saw its reader.
    fn is_remote_token(&self, connection: &Connection, token: &PresentedToken) -> bool {
        self.organisation_of(connection)
            .is_some_and(|organisation| self.live.directory().is_remote_token(organisation, token))
    }
}

/// Whether a token of this kind was read from a card or key.
const fn comes_from_a_reader(kind: TokenKind) -> bool {
    match kind {
        TokenKind::IdTag | TokenKind::Iso14443 | TokenKind::Iso15693 | TokenKind::Local => true,
        TokenKind::Central
        | TokenKind::Emaid
        | TokenKind::KeyCode
        | TokenKind::MacAddress
        | TokenKind::NoAuthorization => false,
    }
}
