//! What a client begins to speak, seen from its first byte: TLS on a plain port and plain HTTP on
//! a TLS port are the two mistakes that would otherwise leave no trace but a broken connection.

use std::io;

use tokio::net::TcpStream;

/// What begins with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// A TLS handshake record (RFC 8446 §5.1).
    Tls,
    /// The method of an HTTP request.
    Http,
    /// Something else.
    Other,
}

impl Speech {
    fn of(first: u8) -> Self {
        match first {
            0x16 => Speech::Tls,
            b'A'..=b'Z' => Speech::Http,
            _ => Speech::Other,
        }
    }

    /// Waits for the first byte and leaves it where it is. `None`: none comes any more.
    ///
    /// # Errors
    /// When the connection fails.
    pub(crate) async fn heard(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut first = [0];
        let count = stream.peek(&mut first).await?;
        let [first] = first;
        Ok((count > 0).then(|| Speech::of(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_and_http_are_known_by_their_first_byte() {
        assert_eq!(Speech::of(0x16), Speech::Tls);
        assert_eq!(Speech::of(b'G'), Speech::Http);
        assert_eq!(Speech::of(0), Speech::Other);
        assert_eq!(Speech::of(b'{'), Speech::Other);
    }
}
