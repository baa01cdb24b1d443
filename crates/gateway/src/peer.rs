//! Who a connection comes from.
//!
//! Owns: the address behind trusted proxies, read from right to left as each proxy appends what it saw, and the prefix by
//! which addresses are counted. A header of anybody else is what he likes to be, and is not read.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The part of an address that belongs to one client: all of an IPv4 address, the /64 that a household or a server gets of
/// IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Prefix(u128);

impl Prefix {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            // Mapped, so that no IPv6 prefix is the same number.
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() >> 64 << 64),
        }
    }

    /// Returns the first address of it, which stands for all.
    pub(crate) fn first(self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from_bits(self.0)).to_canonical()
    }
}

/// Returns the client's address: the socket's peer, or what the nearest proxy that is not ours saw of it.
///
/// `X-Forwarded-For` and `Forwarded` (RFC 7239) are honoured from `trusted` peers only; what cannot be read ends the walk
/// at the proxy that sent it.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let ours = |address: IpAddr| {
        trusted
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    if !ours(peer) {
        return peer;
    }
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = if headers.contains_key("forwarded") {
        ("forwarded", forwarded_for)
    } else {
        ("x-forwarded-for", node)
    };
    let mut nearest = peer;
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for value in values.into_iter().rev() {
        let Some(address) = read(value.trim()) else { break };
        nearest = address;
        if !ours(address) {
            break;
        }
    }
    nearest
}

/// Reads the `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pair = element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    node(pair.trim_matches('"'))
}

/// Reads an address, with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, _) = rest.split_once(']')?;
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        address.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, name: &'static str, values: &[&str], expected: &str) {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        let found = client(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {values:?}");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_of_ours_is_the_client() {
        let name = "x-forwarded-for";
        check("192.0.2.1", name, &["203.0.113.9"], "192.0.2.1");
        check("10.0.0.1", name, &[], "10.0.0.1");
        check("10.0.0.1", name, &["203.0.113.9"], "203.0.113.9");
        // What stands on the left was there before our proxies, and may be made up.
        check(
            "10.0.0.1",
            name,
            &["1.1.1.1, 203.0.113.9, 10.0.0.2"],
            "203.0.113.9",
        );
        check("10.0.0.1", name, &["1.1.1.1", "203.0.113.9"], "203.0.113.9");
        check("10.0.0.1", name, &["203.0.113.9:4711"], "203.0.113.9");
        check("10.0.0.1", name, &["nonsense"], "10.0.0.1");
        check("10.0.0.1", name, &["203.0.113.9, nonsense, 10.0.0.3"], "10.0.0.3");
        check("::ffff:10.0.0.1", name, &["2001:db8::7"], "2001:db8::7");
    }

    #[test]
    fn the_standard_header_goes_before_the_customary_one() {
        let name = "forwarded";
        check("fd00::1", name, &["for=203.0.113.9;proto=https"], "203.0.113.9");
        check(
            "10.0.0.1",
            name,
            &["for=\"[2001:db8::7]:4711\", For=10.0.0.2"],
            "2001:db8::7",
        );
        check("10.0.0.1", name, &["for=_hidden"], "10.0.0.1");
    }

    #[test]
    fn a_client_is_counted_by_what_it_was_given() {
        let prefix = |text: &str| Prefix::of(text.parse().unwrap());
        assert_eq!(prefix("2001:db8::1"), prefix("2001:db8::ffff:1"));
        assert_ne!(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
        assert_eq!(prefix("192.0.2.1"), prefix("::ffff:192.0.2.1"));
    }
}
