//! Which addresses are used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use app::authority::AddressFault;
use reqwest::Url;

/// How far outside services may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Public names over `https` only.
    Public,
    /// And this machine, over `http` and on any port too: for tests.
    Loopback,
}

impl Reach {
    /// The address, if it is used.
    pub(crate) fn check(self, url: &str) -> Result<Url, AddressFault> {
        let url = Url::parse(url.trim()).map_err(|_| AddressFault::Unreadable)?;
        let host = url.host_str().ok_or(AddressFault::Unreadable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressFault::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(AddressFault::Fragment);
        }
        if self == Reach::Loopback && is_this_machine(host) {
            return match url.scheme() {
                "http" | "https" => Ok(url),
                _ => Err(AddressFault::Scheme),
            };
        }
        if url.scheme() != "https" {
            return Err(AddressFault::Scheme);
        }
        if url.port().is_some() {
            return Err(AddressFault::Port);
        }
        if !is_public_name(host) {
            return Err(AddressFault::Host);
        }
        Ok(url)
    }

    /// Whether an address that a name leads to is used.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Reach::Loopback && address.is_loopback())
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

/// Numbers in any spelling have become addresses when the URL was read, and a name whose last
/// part is a number is none.
fn is_public_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_number = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    let last = host.rsplit('.').next().unwrap_or_default();
    let reserved = [
        "localhost",
        "local",
        "internal",
        "lan",
        "home",
        "arpa",
        "test",
    ];
    host.contains('.') && !is_number && !reserved.contains(&last)
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        // This network, private, loopback, multicast, reserved, broadcast.
        (0 | 10 | 127 | 224..=255, _, _)
        // Shared by carriers.
        | (100, 64..=127, _)
        // Link-local; the services that hand out a machine's credentials live here.
        | (169, 254, _)
        | (172, 16..=31, _)
        // Protocols, documentation, 6to4 relays, private.
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (192, 168, _)
        // Benchmarks.
        | (198, 18 | 19, _)
        // Documentation.
        | (198, 51, 100)
        | (203, 0, 113)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(address) {
        return is_public_v4(inner);
    }
    let [first, second, ..] = address.segments();
    // Only what is global unicast: not loopback, private, link-local, multicast.
    let global = (0x2000..=0x3fff).contains(&first);
    // Teredo and benchmarks (2001::/23 holds protocols), documentation, 6to4.
    let special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8))
        || first == 0x2002
        || (first == 0x3fff && second < 0x1000);
    global && !special
}

/// The version 4 address inside one of version 6: mapped, or behind NAT64.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let [a, b, c, d, e, f, high, low] = address.segments();
    // RFC 6052 §2.1: 64:ff9b::/96.
    ((a, b, c, d, e, f) == (0x64, 0xff9b, 0, 0, 0, 0)).then(|| {
        let [w, x] = high.to_be_bytes();
        let [y, z] = low.to_be_bytes();
        Ipv4Addr::new(w, x, y, z)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_names_over_https_are_used() {
        for good in [
            "https://access.example.com/keywatt?site=1",
            "https://access.example.com:443/",
            "https://bücher.example/",
        ] {
            assert!(Reach::Public.check(good).is_ok(), "{good}");
        }
        let long = format!("https://{}/", "a".repeat(300));
        for (bad, fault) in [
            ("", AddressFault::Unreadable),
            ("access.example.com", AddressFault::Unreadable),
            ("https://", AddressFault::Unreadable),
            ("http://access.example.com/", AddressFault::Scheme),
            ("file:///etc/passwd", AddressFault::Unreadable),
            ("ftp://access.example.com/", AddressFault::Scheme),
            ("https://u@access.example.com/", AddressFault::UserInfo),
            ("https://u:p@access.example.com/", AddressFault::UserInfo),
            ("https://access.example.com/#x", AddressFault::Fragment),
            ("https://access.example.com:8443/", AddressFault::Port),
            ("https://127.0.0.1/", AddressFault::Host),
            // The same in other spellings.
            ("https://2130706433/", AddressFault::Host),
            ("https://0x7f000001/", AddressFault::Host),
            ("https://0177.0.0.1/", AddressFault::Host),
            ("https://127.1/", AddressFault::Host),
            ("https://[::1]/", AddressFault::Host),
            ("https://[::ffff:127.0.0.1]/", AddressFault::Host),
            ("https://8.8.8.8/", AddressFault::Host),
            ("https://localhost/", AddressFault::Host),
            ("https://printer/", AddressFault::Host),
            ("https://printer.local/", AddressFault::Host),
            ("https://metadata.google.internal/", AddressFault::Host),
            (long.as_str(), AddressFault::Host),
        ] {
            assert_eq!(Reach::Public.check(bad), Err(fault), "{bad}");
        }
    }

    #[test]
    fn the_switch_for_tests_opens_this_machine_and_nothing_else() {
        for good in [
            "http://127.0.0.1:8080/x",
            "http://localhost:1/",
            "http://[::1]:2/",
        ] {
            assert!(Reach::Loopback.check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://access.example.com/",
            "https://192.168.1.1/",
            "file://localhost/etc/passwd",
        ] {
            assert!(Reach::Loopback.check(bad).is_err(), "{bad}");
        }
        assert!(Reach::Loopback.allows("127.0.0.9".parse().unwrap()));
        assert!(!Reach::Loopback.allows("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_not_of_the_public_internet_is_not_reached() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
        ] {
            assert!(!Reach::Public.allows(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:831::200e",
            "::ffff:1.1.1.1",
            "64:ff9b::808:808",
        ] {
            assert!(Reach::Public.allows(public.parse().unwrap()), "{public}");
        }
    }
}
