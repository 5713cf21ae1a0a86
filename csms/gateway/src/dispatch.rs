//! One request: a station's upgrade, or the HTTP service's.

use app::link::Peer;
use app::station::{Hello, Refusal};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use metrics::counter;
use tower::ServiceExt;

use crate::admission::{Arrival, NotAdmitted};
use crate::answer::{self, Body};
use crate::handshake::{self, Disagreed, Errand, Rejected};
use crate::listener::ListenerKind;
use crate::measures;
use crate::misdirected::nameless;
use crate::proxy::{self, Client, Ends};
use crate::server::{Server, Slot};

impl Server {
    /// Answers one request.
    pub(crate) async fn dispatch(
        self,
        request: Request<Incoming>,
        ends: Ends,
        kind: ListenerKind,
        slot: Slot,
    ) -> Response<Body> {
        let client = proxy::client(&self.shared.options, ends, request.headers());
        let (parts, body) = request.into_parts();
        let errand = handshake::errand(&parts);
        if errand == Errand::Reserved {
            // Served all the same: the API may have sockets of its own one day.
            let identity = handshake::identity(parts.uri.path());
            let identity = identity.unwrap_or_else(|| nameless(client.address));
            self.record(&identity, client, &handshake::reserved());
        }
        match (errand, kind) {
            (Errand::Station, _) => {
                let mut request = Request::from_parts(parts, body);
                let upgrade = hyper::upgrade::on(&mut request);
                // Boxed: a request of the API shall not carry the room for a handshake.
                Box::pin(self.station(request.into_parts().0, upgrade, client, slot)).await
            }
            (Errand::StationUrl, _) => {
                let identity = handshake::identity(parts.uri.path());
                if let Some(identity) = identity {
                    self.record(&identity, client, &handshake::no_upgrade());
                }
                handshake::not_a_page()
            }
            (Errand::Http | Errand::Reserved, ListenerKind::Everything) => {
                let mut request = Request::from_parts(parts, body);
                let Client {
                    address,
                    encrypted,
                    trusted_loopback: _,
                } = client;
                request.extensions_mut().insert(Peer { address, encrypted });
                match self.http.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
            (Errand::Http | Errand::Reserved, ListenerKind::Stations) => answer::problem(
                StatusCode::NOT_FOUND,
                "stations_only",
                "Only stations connect here.",
            ),
        }
    }

    /// A station wants to connect.
    async fn station(
        self,
        request: http::request::Parts,
        upgrade: OnUpgrade,
        client: Client,
        slot: Slot,
    ) -> Response<Body> {
        if self.is_draining() || !self.shared.stations.ready() {
            return not_now();
        }
        let opening = match handshake::open(&request) {
            Ok(opening) => opening,
            Err(Rejected { identity, refusal }) => return self.refuse(&identity, client, &refusal),
        };
        let hello = Hello {
            identity: opening.identity.as_str().to_owned(),
            address: client.address,
            trusted_loopback: client.trusted_loopback,
            encrypted: client.encrypted,
            prefix: opening.prefix.clone(),
            basic: opening.basic.clone(),
            odd_slashes: opening.odd_slashes,
        };
        let (admitted, changes) = match self.admit(&hello).await {
            Ok(admitted) => admitted,
            Err(NotAdmitted::Refused(refusal)) => return handshake::refuse(&refusal),
            Err(NotAdmitted::NoDecision) => return not_now(),
        };
        let tasks = self.shared.tasks.clone();
        match handshake::agree(&request, &opening, &admitted.settings.now()) {
            Ok((agreed, response)) => {
                let arrival = Arrival {
                    hello,
                    admitted,
                    changes,
                    agreed,
                };
                tasks.spawn(self.begin_session(upgrade, arrival, slot));
                response
            }
            Err(Disagreed::Refused(refusal)) => self.refuse(&hello.identity, client, &refusal),
            Err(Disagreed::Version(refusal)) => {
                count(refusal.code);
                self.shared
                    .stations
                    .refused(&hello.identity, client.address, &refusal);
                // OCPP-J 1.6 §3.2, OCPP 2.0.1 part 4 §3.2: finish the handshake, then close.
                let response = handshake::switch(&opening);
                tasks.spawn(self.say_goodbye(upgrade, slot));
                response
            }
        }
    }

    /// Refuses what nobody else has heard of.
    fn refuse(&self, identity: &str, client: Client, refusal: &Refusal) -> Response<Body> {
        let identity = match identity {
            "" => &nameless(client.address),
            identity => identity,
        };
        self.record(identity, client, refusal);
        handshake::refuse(refusal)
    }

    fn record(&self, identity: &str, client: Client, refusal: &Refusal) {
        count(refusal.code);
        tracing::info!(station.id = ?identity, code = refusal.code, "a handshake was refused");
        self.shared
            .stations
            .refused(identity, client.address, refusal);
    }
}

/// Before the Directory is loaded, and when the server goes away.
fn not_now() -> Response<Body> {
    let detail = "The server is not ready yet, or is going away. Try again later.";
    answer::problem(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail)
}

/// Counts a handshake.
pub(crate) fn count(result: &'static str) {
    counter!(measures::HANDSHAKES, "result" => result).increment(1);
}
