//! Stations over TLS, and certificates that cannot be served.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway::{ListenerConfig, ListenerKind, TlsError, load_tls};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::stage::{Client, Dial, Stage, options, within};

struct Files {
    _folder: tempfile::TempDir,
    certificate: PathBuf,
    key: PathBuf,
    der: rustls::pki_types::CertificateDer<'static>,
}

/// A self-signed ECDSA certificate for `localhost`.
fn files() -> Files {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Files {
        _folder: folder,
        certificate,
        key,
        der: made.cert.der().clone(),
    }
}

fn listener(files: &Files) -> ListenerConfig {
    ListenerConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        tls: Some(load_tls(&files.certificate, &files.key).unwrap()),
        kind: ListenerKind::Everything,
    }
}

async fn stage(files: &Files) -> Stage {
    Stage::listening(options(), vec![listener(files)]).await
}

#[tokio::test]
async fn stations_connect_over_tls_1_2_and_1_3() {
    let files = files();
    let stage = stage(&files).await;
    let password = b"\x00\xFF binary \xFE";
    stage.fake.protected("CP1", password);
    for version in [&TLS12, &TLS13] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(files.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(stage.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connect = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = within(connect).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        let dial = Dial::new("CP1").password("CP1", password);
        let mut client = Client::over(stream, &dial).await.unwrap();
        client.works().await;
        let hello = stage.fake.hellos.lock().last().unwrap().clone();
        assert!(hello.encrypted && !hello.trusted_loopback);
    }
    let drained = within(stage.gateway.drain(std::time::Duration::ZERO)).await;
    assert!(drained.complete);
    stage.is_empty_again().await;
}

#[tokio::test]
async fn plain_http_on_a_tls_listener_is_told_so_and_recorded() {
    let files = files();
    let stage = stage(&files).await;
    stage.fake.open("CP1");
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let request = Dial::new("CP1").request();
    within(tokio::io::AsyncWriteExt::write_all(
        &mut stream,
        request.as_bytes(),
    ))
    .await
    .unwrap();
    let mut answer = Vec::new();
    let _ = within(tokio::io::AsyncReadExt::read_to_end(
        &mut stream,
        &mut answer,
    ))
    .await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("plain_on_tls_port"), "{answer}");
    assert!(stage.fake.hellos.lock().is_empty());
    assert_eq!(stage.fake.refused_codes(), ["plain_on_tls_port"]);
    assert_eq!(stage.fake.refused.lock()[0].0, "CP1");
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_begin_is_not_waited_for() {
    let files = files();
    let mut options = options();
    options.handshake_timeout = std::time::Duration::from_millis(100);
    let stage = Stage::listening(options, vec![listener(&files)]).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let read = tokio::io::AsyncReadExt::read_u8(&mut stream);
    assert!(within(read).await.is_err());
}

fn check(certificate: &Path, key: &Path, expected: &str) {
    let error: TlsError = load_tls(certificate, key).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_is_wrong_with_a_certificate_or_key_is_said_with_the_file() {
    let files = files();
    let other = self::files();
    let missing = Path::new("/nonexistent/cert.pem");
    check(
        missing,
        &files.key,
        "the certificate file `/nonexistent/cert.pem` cannot be read",
    );
    check(
        &files.certificate,
        missing,
        "the key file `/nonexistent/cert.pem` cannot be read",
    );
    check(&files.key, &files.key, "holds no certificate");
    check(
        &files.certificate,
        &files.certificate,
        "holds no private key",
    );
    check(&files.certificate, &other.key, "does not belong to");

    let broken = files.certificate.with_file_name("broken.pem");
    std::fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    check(&broken, &files.key, "is not valid PEM");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    check(&broken, &files.key, "is not valid PEM");
    std::fs::write(&broken, "").unwrap();
    check(&broken, &files.key, "holds no certificate");
    check(&files.certificate, &broken, "holds no private key");
    std::fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    check(&broken, &files.key, "cannot be used");
    std::fs::write(
        &broken,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    check(&files.certificate, &broken, "the key in");
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_is_recorded() {
    let files = files();
    let stage = stage(&files).await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // In TLS 1.2 the alert comes before the handshake is over.
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connect = TlsConnector::from(Arc::new(config)).connect(name, stream);
    assert!(within(connect).await.is_err());
    crate::stage::eventually("it is recorded", || {
        stage.fake.refused_codes() == ["tls_certificate_not_trusted"]
    })
    .await;
}
