//! One listening socket.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::tls::TlsConfig;

/// An address to listen on.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS; `None` is plain. Whether plain is allowed at this address is the configuration's
    /// matter.
    pub tls: Option<TlsConfig>,
    /// What is served there.
    pub kind: ListenerKind,
}

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// Stations, and everything else by the HTTP service.
    Everything,
    /// Stations only; anything else gets 404.
    Stations,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` cannot be listened on")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A bound socket.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) config: ListenerConfig,
}

/// After a restart every station dials at once.
const BACKLOG: u32 = 4096;

impl Listener {
    pub(crate) fn bind(config: ListenerConfig) -> Result<Self, BindError> {
        let address = config.address;
        let failed = |source| BindError { address, source };
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }
        .map_err(failed)?;
        #[cfg(unix)]
        socket.set_reuseaddr(true).map_err(failed)?;
        socket.bind(address).map_err(failed)?;
        let socket = socket.listen(BACKLOG).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            address,
            config,
        })
    }
}
