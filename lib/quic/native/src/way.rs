//! Ways: paths that are not "the main socket to a real address", named by addresses inside the
//! discard-only prefix 100::/64 (RFC 6666). QUIC takes them for addresses like others.
//!
//! | way                             | stands for                                      |
//! | ------------------------------- | ----------------------------------------------- |
//! | `100::1:S:A:A`, port P          | the extra socket S, to the IPv4 address A, P    |
//! | `100::2:0:F:F`, port 1          | the relayed flow with the local number F        |
//!
//! A socket way says all of it; a relay way is looked up. lib/types/ways.ts knows the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

const PREFIX: u64 = 0x0100_0000_0000_0000;
const SOCKET: u16 = 1;
const RELAY: u16 = 2;
const RELAY_PORT: u16 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Socket {
        number: u16,
        to: SocketAddrV4,
    },
    Relay(u32),
    /// One that nobody gave.
    None,
}

/// Whether the address is no real one.
pub fn is_way(address: SocketAddr) -> bool {
    match address {
        SocketAddr::V6(v6) => v6.ip().to_bits() >> 64 == u128::from(PREFIX),
        SocketAddr::V4(_) => false,
    }
}

/// What the address stands for; none if it is a real one.
pub fn read(address: SocketAddr) -> Option<Way> {
    let SocketAddr::V6(v6) = address else {
        return None;
    };
    if !is_way(address) {
        return None;
    }
    let [_, _, _, _, kind, number, high, low] = v6.ip().segments();
    let rest = u32::from(high) << 16 | u32::from(low);
    Some(match kind {
        SOCKET => Way::Socket {
            number,
            to: SocketAddrV4::new(Ipv4Addr::from_bits(rest), v6.port()),
        },
        RELAY => Way::Relay(rest),
        _ => Way::None,
    })
}

/// The way over an extra socket; none where the address is not of IPv4.
pub fn over_socket(number: u16, address: SocketAddr) -> Option<SocketAddr> {
    let IpAddr::V4(ip) = address.ip().to_canonical() else {
        return None;
    };
    Some(way(SOCKET, number, ip.to_bits(), address.port()))
}

/// Whether packets to that address stay on this machine.
pub fn is_loopback(address: SocketAddr) -> bool {
    behind(address).ip().to_canonical().is_loopback()
}

pub fn over_relay(number: u32) -> SocketAddr {
    way(RELAY, 0, number, RELAY_PORT)
}

/// Where packets of a way over a socket go; every other address is itself.
pub fn behind(address: SocketAddr) -> SocketAddr {
    match read(address) {
        Some(Way::Socket { to, .. }) => to.into(),
        _ => address,
    }
}

fn way(kind: u16, number: u16, rest: u32, port: u16) -> SocketAddr {
    let low = u64::from(kind) << 48 | u64::from(number) << 32 | u64::from(rest);
    let ip = Ipv6Addr::from_bits(u128::from(PREFIX) << 64 | u128::from(low));
    (ip, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_as_they_were_made() {
        let to: SocketAddrV4 = "203.0.113.7:60611".parse().unwrap();
        let way = over_socket(0x1ff, to.into()).unwrap();
        assert_eq!(way.to_string(), "[100::1:1ff:cb00:7107]:60611");
        assert_eq!(read(way), Some(Way::Socket { number: 0x1ff, to }));
        assert_eq!(behind(way), to.into());
        assert_eq!(over_relay(70_000).to_string(), "[100::2:0:1:1170]:1");
        assert_eq!(read(over_relay(70_000)), Some(Way::Relay(70_000)));
        assert_eq!(over_socket(1, "[2001:db8::1]:1".parse().unwrap()), None);
        let mapped = "[::ffff:203.0.113.7]:60611".parse().unwrap();
        assert_eq!(over_socket(0x1ff, mapped), Some(way));
    }

    #[test]
    fn real_addresses_are_none() {
        for real in [
            "192.0.2.1:1",
            "[100:0:0:1::1]:1",
            "[::100]:1",
            "[2001:db8::1]:1",
        ] {
            let real = real.parse().unwrap();
            assert_eq!(
                (is_way(real), read(real), behind(real)),
                (false, None, real)
            );
        }
        assert_eq!(read("[100::7]:1".parse().unwrap()), Some(Way::None));
    }
}
