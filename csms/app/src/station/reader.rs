//! The number of the card behind the number a station's reader sends.

use authz::Context;
use model::neutral::StationRequest;
use model::{
    OrganisationId, PresentedToken, QuirkName, Station, StationKey, StationSettings, TokenKind,
    Treatment,
};

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
        let Some((number, quirks)) = self.card_number(&station.key, &settings, organisation, token)
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

    /// The number of the card behind what a station's reader sends, where that is another one.
    fn card_number(
        &self,
        station: &StationKey,
        settings: &StationSettings,
        organisation: Option<OrganisationId>,
        token: &PresentedToken,
    ) -> Option<(String, Vec<QuirkName>)> {
        if settings.reader_profile.steps().is_empty() || !comes_from_a_reader(token.kind) {
            return None;
        }
        // Our own token of a remote start was sent to the station and never saw its reader.
        let directory = self.live.directory();
        if directory.is_remote_token(organisation?, token) {
            return None;
        }
        let serial = self.standing.serial(station);
        let wanted = |quirk| settings.tolerance.of(quirk) != Treatment::Refuse;
        settings
            .reader_profile
            .canonical(&token.value, serial.as_deref(), wanted)
    }

    /// What a station would have us look up if it sent this token, and what is known of whatever
    /// is presented there.
    pub(crate) fn as_sent_by(
        &self,
        station: &Station,
        token: PresentedToken,
    ) -> (PresentedToken, Context) {
        let settings = &station.settings;
        let context = Context {
            numbers: settings.card_numbers,
            ..Context::default()
        };
        let organisation = Some(station.organisation);
        match self.card_number(&station.key, settings, organisation, &token) {
            Some((number, _)) => (token.known_as(number), context),
            None => (token, context),
        }
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
