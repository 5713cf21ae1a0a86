//! The number of the card behind the number a station's reader sends.

use model::neutral::StationRequest;
use model::{OrganisationId, PresentedToken, QuirkName, TokenKind, Treatment};

use super::{Admitted, Connection, Deviated};
use crate::App;
use crate::secret::code_key;

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
        self.turn_token(
            &connection.station,
            self.organisation_of(connection),
            token,
            action,
        );
    }

    /// The same for one token of a station, however the station speaks.
    pub(crate) fn turn_token(
        &self,
        station: &Admitted,
        organisation: Option<OrganisationId>,
        token: &mut PresentedToken,
        action: &str,
    ) {
        if token.kind == TokenKind::KeyCode {
            // A code is kept, and so looked up, by a keyed hash.
            if let Some(organisation) = organisation {
                let key = code_key(&self.settings.pepper, organisation, &token.value);
                *token = token.clone().known_as(key);
            }
            return;
        }
        let settings = station.settings.now();
        if settings.reader_profile.steps().is_empty() || !comes_from_a_reader(token.kind) {
            return;
        }
        // Our own token of a remote start was sent to the station and never saw its reader.
        let directory = self.live.directory();
        if organisation.is_none_or(|organisation| directory.is_remote_token(organisation, token)) {
            return;
        }
        let serial = self.standing.serial(&station.key);
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
        let deviated = Deviated::repaired(action, &quirks);
        self.note_quirks(station, &settings.tolerance, &deviated);
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
