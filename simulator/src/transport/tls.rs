//! TLS as a client.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why no TLS connection came about.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate to check the server against was given.
    #[error("`wss` needs the certificate of the authority that signed the server's")]
    NoTrust,
    /// The given text holds no usable certificate.
    #[error("the trusted certificates cannot be read: {0}")]
    BadTrust(String),
    /// The host in the address cannot be the name in a certificate.
    #[error("`{0}` cannot be a server's name")]
    BadName(String),
    /// The library refuses the settings.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// The handshake failed.
    #[error("TLS handshake failed")]
    Handshake(#[source] std::io::Error),
}

/// Does the TLS handshake on a connected socket.
pub(crate) async fn connect(
    socket: TcpStream,
    host: &str,
    ca_pem: Option<&[u8]>,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let pem = ca_pem.ok_or(TlsError::NoTrust)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|error| TlsError::BadTrust(error.to_string()))?)?;
    }
    if roots.is_empty() {
        return Err(TlsError::BadTrust("no certificate in it".to_owned()));
    }
    // The provider is named, so that another one elsewhere in the build cannot make it ambiguous.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| TlsError::BadName(host.to_owned()))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
        .map_err(TlsError::Handshake)
}
