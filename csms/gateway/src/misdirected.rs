//! Connections that speak the wrong thing at a port, or TLS that does not come about: refused, and
//! recorded so that somebody learns why a station does not appear.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use app::station::Refusal;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::AlertDescription;

use crate::dispatch::count;
use crate::handshake;
use crate::proxy::Ends;
use crate::server::{HTTP_BUFFER_BYTES, Server};
use crate::transport::Transport;

/// What stands for the identity where none could be read: the address, in parentheses.
pub(crate) fn nameless(address: SocketAddr) -> String {
    format!("({})", address.ip())
}

impl Server {
    /// A client that speaks TLS on a plain port. It understands no answer.
    pub(crate) fn refuse_tls(&self, ends: Ends) {
        let refusal = Refusal {
            status: 400,
            code: "tls_on_plain_port",
            reason: format!(
                "a client speaks TLS on port {}, which is plain",
                ends.local.port()
            ),
            fix: "Use `ws://` instead of `wss://` in the station's URL, or its port with TLS; to \
                  serve TLS here, start with --tls-cert and --tls-key."
                .to_owned(),
        };
        self.turn_away(&nameless(ends.peer), ends.peer, &refusal);
    }

    /// A client that speaks plain HTTP on a TLS port: it is told so, whatever it asks for.
    pub(crate) async fn refuse_plain(self, transport: Transport, ends: Ends) {
        let header_timeout = self.shared.options.header_timeout;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let refusal = Refusal {
                status: 400,
                code: "plain_on_tls_port",
                reason: format!(
                    "a client speaks plain HTTP on port {}, which has TLS",
                    ends.local.port()
                ),
                fix: "Use `wss://` instead of `ws://` in the station's URL.".to_owned(),
            };
            let named = handshake::identity(request.uri().path());
            let identity = named.unwrap_or_else(|| nameless(ends.peer));
            self.turn_away(&identity, ends.peer, &refusal);
            let response = handshake::refuse(&refusal);
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .keep_alive(false)
            .max_buf_size(HTTP_BUFFER_BYTES)
            .serve_connection(TokioIo::new(transport), service);
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a plain connection to a TLS port ended early");
        }
    }

    /// A TLS handshake that failed, as far as something can be done about it.
    pub(crate) fn tls_failed(&self, ends: Ends, error: &io::Error) {
        let cause = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let (code, reason, fix) = match cause {
            Some(rustls::Error::AlertReceived(alert)) if distrusts(*alert) => (
                "tls_certificate_not_trusted",
                "the client does not trust the certificate of this server".to_owned(),
                "Install the certificate's root in the station, or use one of a public authority; \
                 the host name in the station's URL must stand in the certificate.",
            ),
            Some(rustls::Error::PeerIncompatible(what)) => (
                "tls_incompatible",
                format!("the client and this server have no TLS in common: {what:?}"),
                "Update the station; it must speak TLS 1.2 or 1.3 with ECDHE. An older one needs \
                 a TLS proxy in front of Keywatt.",
            ),
            _ => return,
        };
        let refusal = Refusal {
            status: 400,
            code,
            reason,
            fix: fix.to_owned(),
        };
        self.turn_away(&nameless(ends.peer), ends.peer, &refusal);
    }

    fn turn_away(&self, identity: &str, address: SocketAddr, refusal: &Refusal) {
        count(refusal.code);
        self.shared.stations.refused(identity, address, refusal);
    }
}

/// Whether an alert says that the certificate is not believed.
fn distrusts(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnsupportedCertificate
    )
}
