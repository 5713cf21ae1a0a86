//! Listeners, connections, and how they end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::station::Stations;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::counter;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::answer::{Body, BoxError};
use crate::dials::Dials;
use crate::line::Ending;
use crate::listener::{BindError, Listener, ListenerConfig, ListenerKind};
use crate::measures;
use crate::options::GatewayOptions;
use crate::proxy::Ends;
use crate::registry::Registry;
use crate::session::Shared;
use crate::speech::Speech;
use crate::transport::Transport;

/// How long a listener rests when the system refuses it connections (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The largest head of a request; also how much of a body is held at a time.
pub(crate) const HTTP_BUFFER_BYTES: usize = 64 << 10;

/// What is not a station's goes here.
pub(crate) type HttpService = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) http: HttpService,
    /// No new connections and requests.
    draining: CancellationToken,
    slots: Arc<Semaphore>,
}

/// One of the connections that are allowed; given back when dropped.
pub(crate) type Slot = Arc<OwnedSemaphorePermit>;

/// Running listeners. Dropping it does not stop them; [`Gateway::stop`] does.
pub struct Gateway {
    server: Server,
    addresses: Vec<SocketAddr>,
}

/// What a drain did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// How many stations were told to go.
    pub stations: usize,
    /// Whether everything in flight came to its end in time.
    pub complete: bool,
}

/// Listens on every address, or on none.
///
/// `http` gets every request that is not a station's upgrade, with an [`app::link::Peer`] in its
/// extensions. `stations` decides about stations and answers them; `registry` is the one that
/// sends them commands.
///
/// # Errors
/// When an address cannot be listened on.
pub async fn bind<S, B>(
    listeners: Vec<ListenerConfig>,
    options: GatewayOptions,
    stations: Arc<dyn Stations>,
    registry: Arc<Registry>,
    http: S,
) -> Result<Gateway, BindError>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    measures::describe();
    let listeners = listeners
        .into_iter()
        .map(Listener::bind)
        .collect::<Result<Vec<_>, BindError>>()?;
    let slots = Arc::new(Semaphore::new(
        options.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let shared = Arc::new(Shared {
        stations,
        clock: registry.clock().clone(),
        dials: Dials::new(options.dial_rate),
        options,
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    });
    let http = BoxCloneSyncService::new(http.map_response(|response: Response<B>| {
        response.map(|body| body.map_err(Into::into).boxed_unsync())
    }));
    let server = Server {
        shared,
        registry,
        http,
        draining: CancellationToken::new(),
        slots,
    };
    let addresses = listeners.iter().map(|listener| listener.address).collect();
    for listener in listeners {
        server.shared.tasks.spawn(server.clone().accept(listener));
    }
    Ok(Gateway { server, addresses })
}

impl Gateway {
    /// Where it listens, in the order of the configuration, with the ports taken.
    #[must_use]
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops listening, lets HTTP requests and what stations sent come to their answers, and
    /// closes every station with 1001, spread evenly over `stagger` so that they do not all come
    /// back at once (Q8). Then stops.
    pub async fn drain(&self, stagger: Duration) -> Drained {
        self.server.draining.cancel();
        let lines = self.server.registry.begin_drain();
        let stations = lines.len();
        let begin = tokio::time::Instant::now();
        let step = stagger.checked_div(u32::try_from(stations).unwrap_or(u32::MAX));
        let mut next = begin;
        for line in lines {
            tokio::time::sleep_until(next).await;
            line.end(Ending::Drained);
            next += step.unwrap_or_default();
        }
        self.server.shared.tasks.close();
        let limit = self.server.shared.options.drain_timeout;
        let complete = tokio::time::timeout(limit, self.server.shared.tasks.wait())
            .await
            .is_ok();
        if !complete {
            tracing::warn!(
                tasks = self.server.shared.tasks.len(),
                "not everything in flight came to its end in time",
            );
        }
        self.stop().await;
        Drained { stations, complete }
    }

    /// Ends everything now.
    pub async fn stop(&self) {
        self.server.draining.cancel();
        self.server.shared.stop.cancel();
        self.server.shared.tasks.close();
        self.server.shared.tasks.wait().await;
    }
}

impl Server {
    /// Whether the server is going away.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    async fn accept(self, listener: Listener) {
        let Listener {
            socket,
            address: _,
            config,
        } = listener;
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = self.draining.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => self.welcome(stream, peer, &config),
                Err(error) => {
                    // A peer that left in between is nothing; anything else needs room first.
                    tracing::warn!(%error, listener = %config.address, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr, config: &ListenerConfig) {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            counter!(measures::CONNECTIONS_REFUSED).increment(1);
            tracing::error!("no further connection is possible: `max_connections` is reached");
            return;
        };
        let Ok(local) = stream.local_addr() else {
            return;
        };
        // Small frames shall not wait for each other; a socket that cannot do it works as well.
        let _ = stream.set_nodelay(true);
        let server = self.clone();
        let slot = Arc::new(slot);
        let tls = config.tls.clone();
        let kind = config.kind;
        let ends = Ends {
            peer,
            local,
            encrypted: tls.is_some(),
        };
        self.shared.tasks.spawn(async move {
            let stop = server.shared.stop.clone();
            let serve = async {
                let limit = match &tls {
                    None => server.shared.options.header_timeout,
                    Some(_) => server.shared.options.handshake_timeout,
                };
                let Some(speech) = server.first_word(&stream, limit).await else {
                    return;
                };
                let transport = match (tls, speech) {
                    (None, Speech::Tls) => return server.refuse_tls(ends),
                    (None, Speech::Http | Speech::Other) => Transport::Plain(stream),
                    (Some(_), Speech::Http) => {
                        return server.refuse_plain(Transport::Plain(stream), ends).await;
                    }
                    (Some(tls), Speech::Tls | Speech::Other) => {
                        let acceptor = TlsAcceptor::from(tls.0);
                        match server.shake_hands(acceptor, stream, ends).await {
                            Some(transport) => transport,
                            None => return,
                        }
                    }
                };
                server.serve(transport, ends, kind, slot).await;
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = serve => {}
            }
        });
    }

    /// What a client begins with; `None` when it says nothing for too long.
    async fn first_word(&self, stream: &TcpStream, limit: Duration) -> Option<Speech> {
        tokio::select! {
            heard = tokio::time::timeout(limit, Speech::heard(stream)) => heard.ok()?.ok()?,
            () = self.draining.cancelled() => None,
        }
    }

    async fn shake_hands(
        &self,
        acceptor: TlsAcceptor,
        stream: TcpStream,
        ends: Ends,
    ) -> Option<Transport> {
        let limit = self.shared.options.handshake_timeout;
        match tokio::time::timeout(limit, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(Transport::Tls(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                self.tls_failed(ends, &error);
                None
            }
            Err(_) => None,
        }
    }

    /// HTTP/1 until the connection ends or is a station's.
    async fn serve(self, transport: Transport, ends: Ends, kind: ListenerKind, slot: Slot) {
        let draining = self.draining.clone();
        let header_timeout = self.shared.options.header_timeout;
        let service = hyper::service::service_fn(move |request| {
            let server = self.clone();
            let slot = slot.clone();
            async move { Ok::<_, Infallible>(server.dispatch(request, ends, kind, slot).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(HTTP_BUFFER_BYTES)
            // Some stations look for header names as the texts write them.
            .title_case_headers(true)
            .serve_connection(TokioIo::new(transport), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = draining.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an HTTP connection ended early");
        }
    }
}
