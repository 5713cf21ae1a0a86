//! A connection to PostgreSQL that can be cut at a chosen moment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with the next COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing.
    None,
    /// Cut before the server has heard it.
    BeforeCommit,
    /// Cut when the server has done it and before the client hears so.
    AfterCommit,
    /// Pass nothing on any more, from now on and on every connection, without cutting.
    Silence,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    cut: Arc<Mutex<Cut>>,
}

impl Proxy {
    /// In front of a server at `host:port`.
    pub(crate) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(Mutex::new(Cut::None));
        tokio::spawn({
            let cut = cut.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let Ok(server) = TcpStream::connect(&server).await else {
                        continue;
                    };
                    tokio::spawn(pass(client, server, cut.clone()));
                }
            }
        });
        Self { address, cut }
    }

    /// The URL of a database behind it; in plain text, so that the COMMIT can be seen.
    pub(crate) fn url(&self, direct: &str) -> String {
        let (user, rest) = direct.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let sign = if name.contains('?') { '&' } else { '?' };
        format!("{user}@{}/{name}{sign}sslmode=disable", self.address)
    }

    pub(crate) fn set(&self, cut: Cut) {
        *self.cut.lock().unwrap() = cut;
    }

    pub(crate) fn get(&self) -> Cut {
        *self.cut.lock().unwrap()
    }
}

/// Where a URL points: `host:port`.
pub(crate) fn server_of(url: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    rest.split_once('/').unwrap().0.to_owned()
}

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Arc<Mutex<Cut>>) {
    let mut up = vec![0; 64 << 10];
    let mut down = vec![0; 64 << 10];
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &up[..length];
                let now = *cut.lock().unwrap();
                if now == Cut::Silence {
                    continue;
                }
                // A simple query: `Q`, its length, the text, NUL.
                let commits = bytes.windows(7).any(|window| window == b"COMMIT\0");
                if commits && now == Cut::BeforeCommit {
                    *cut.lock().unwrap() = Cut::None;
                    return;
                }
                if server.write_all(bytes).await.is_err() {
                    return;
                }
                if commits && now == Cut::AfterCommit {
                    *cut.lock().unwrap() = Cut::None;
                    // The answer shows that it is done.
                    let answered = server.read(&mut down).await;
                    assert!(answered.is_ok_and(|length| length > 0));
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if *cut.lock().unwrap() == Cut::Silence {
                    continue;
                }
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
