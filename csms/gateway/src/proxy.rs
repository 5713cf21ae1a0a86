//! Who the client is when proxies stand in between.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::options::GatewayOptions;

/// The two ends of a connection and what was seen of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// The other end of the TCP connection.
    pub(crate) peer: SocketAddr,
    /// Our end.
    pub(crate) local: SocketAddr,
    /// TLS on this listener.
    pub(crate) encrypted: bool,
}

/// What is believed about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address; port 0 when a proxy told it.
    pub(crate) address: SocketAddr,
    /// TLS up to us, or up to a trusted proxy.
    pub(crate) encrypted: bool,
    /// On this machine, plain, with nothing in between.
    pub(crate) trusted_loopback: bool,
}

/// Reads the headers as far as the peer may be believed.
pub(crate) fn client(options: &GatewayOptions, ends: Ends, headers: &HeaderMap) -> Client {
    let believed = is_trusted(options, ends.peer.ip());
    Client {
        address: if believed {
            forwarded_for(options, ends.peer, headers)
        } else {
            ends.peer
        },
        encrypted: ends.encrypted || (believed && was_encrypted(headers)),
        trusted_loopback: !ends.encrypted
            && ends.peer.ip().to_canonical().is_loopback()
            && ends.local.ip().to_canonical().is_loopback()
            && !options.behind_proxy
            && options.trusted_proxies.is_empty()
            && !headers.keys().any(|name| tells_of_a_proxy(name.as_str())),
    }
}

/// Headers that a proxy adds. Any of them ends the exemption of loopback peers, so a client that
/// invents one only loses by it.
fn tells_of_a_proxy(name: &str) -> bool {
    name == "forwarded" || name.starts_with("x-forwarded-") || name == "x-real-ip" || name == "via"
}

fn is_trusted(options: &GatewayOptions, address: IpAddr) -> bool {
    let address = address.to_canonical();
    options
        .trusted_proxies
        .iter()
        .any(|network| network.contains(&address))
}

/// The last address in `X-Forwarded-For` that is not one of our own proxies: what stands before
/// it was written by whoever sent it.
fn forwarded_for(options: &GatewayOptions, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
    let mut client = peer;
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = parse_address(entry.trim()) else {
            break;
        };
        client = SocketAddr::new(address, 0);
        if !is_trusted(options, address) {
            break;
        }
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()
}

fn was_encrypted(headers: &HeaderMap) -> bool {
    headers
        .get_all("x-forwarded-proto")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .is_some_and(|scheme| matches!(scheme.trim(), "https" | "wss"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> Client {
        let options = GatewayOptions {
            trusted_proxies: trusted.iter().map(|net| net.parse().unwrap()).collect(),
            ..GatewayOptions::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let ends = Ends {
            peer: peer.parse().unwrap(),
            local: "127.0.0.1:8080".parse().unwrap(),
            encrypted: false,
        };
        client(&options, ends, &map)
    }

    #[test]
    fn forwarded_addresses_are_believed_only_from_listed_proxies() {
        let header = [("x-forwarded-for", "192.0.2.7")];
        let believed = seen(&["10.0.0.0/8"], "10.1.2.3:1000", &header);
        assert_eq!(believed.address, "192.0.2.7:0".parse().unwrap());
        let stranger = seen(&["10.0.0.0/8"], "198.51.100.9:1000", &header);
        assert_eq!(stranger.address, "198.51.100.9:1000".parse().unwrap());
        let none_listed = seen(&[], "10.1.2.3:1000", &header);
        assert_eq!(none_listed.address, "10.1.2.3:1000".parse().unwrap());
    }

    #[test]
    fn what_the_client_itself_wrote_into_the_list_is_not_believed() {
        let check = |value: &str, expected: &str| {
            let client = seen(
                &["10.0.0.0/8"],
                "10.1.2.3:1000",
                &[("x-forwarded-for", value)],
            );
            assert_eq!(client.address, expected.parse().unwrap(), "{value}");
        };
        check("127.0.0.1, 192.0.2.7", "192.0.2.7:0");
        check("203.0.113.1, 192.0.2.7, 10.9.9.9", "192.0.2.7:0");
        check("192.0.2.7:4711", "192.0.2.7:0");
        check("[2001:db8::1]:4711", "[2001:db8::1]:0");
        check("2001:db8::1", "[2001:db8::1]:0");
        check("[2001:db8::1]", "[2001:db8::1]:0");
        check("192.0.2.7, unknown", "10.1.2.3:1000");
        check("10.2.2.2, 10.3.3.3", "10.2.2.2:0");
    }

    #[test]
    fn several_header_lines_read_as_one_list() {
        let lines = [
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-for", "192.0.2.7, 10.0.0.1"),
        ];
        let client = seen(&["10.0.0.0/8"], "10.1.2.3:1000", &lines);
        assert_eq!(client.address, "192.0.2.7:0".parse().unwrap());
    }

    #[test]
    fn encryption_up_to_a_listed_proxy_counts() {
        let header = [("x-forwarded-proto", "https")];
        assert!(seen(&["10.0.0.0/8"], "10.1.2.3:1000", &header).encrypted);
        assert!(!seen(&["10.0.0.0/8"], "192.0.2.1:1000", &header).encrypted);
        assert!(
            !seen(
                &["10.0.0.0/8"],
                "10.1.2.3:1",
                &[("x-forwarded-proto", "http")]
            )
            .encrypted
        );
    }

    #[test]
    fn loopback_is_trusted_only_without_any_sign_of_a_proxy() {
        assert!(seen(&[], "127.0.0.1:1000", &[]).trusted_loopback);
        assert!(!seen(&["10.0.0.0/8"], "127.0.0.1:1000", &[]).trusted_loopback);
        assert!(!seen(&[], "192.0.2.1:1000", &[]).trusted_loopback);
        for name in [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-real-ip",
            "via",
        ] {
            assert!(
                !seen(&[], "127.0.0.1:1000", &[(name, "x")]).trusted_loopback,
                "{name}"
            );
        }
    }

    #[test]
    fn behind_a_proxy_loopback_proves_nothing() {
        let options = GatewayOptions {
            behind_proxy: true,
            ..GatewayOptions::default()
        };
        let address = "127.0.0.1:1000".parse().unwrap();
        let ends = Ends {
            peer: address,
            local: address,
            encrypted: false,
        };
        assert!(!client(&options, ends, &HeaderMap::new()).trusted_loopback);
        let ends = Ends {
            encrypted: true,
            ..ends
        };
        assert!(!client(&GatewayOptions::default(), ends, &HeaderMap::new()).trusted_loopback);
    }
}
