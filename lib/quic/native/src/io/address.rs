//! Socket addresses as text and as the socket wants them.
//!
//! A dual-stack socket knows IPv4 peers by mapped addresses (`::ffff:a.b.c.d`); above they are
//! plain IPv4. Both translations are made here and nowhere else.

use crate::way;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// As it is shown: IPv4 unmapped.
pub fn shown(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), v6.port()),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}

/// As a socket of the given family sends to it; none where it cannot. A way is none of its addresses.
pub fn for_socket(address: SocketAddr, v6: bool) -> Option<SocketAddr> {
    match (address, v6) {
        _ if way::is_way(address) => Some(address),
        (SocketAddr::V4(v4), true) => {
            Some(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()))
        }
        (SocketAddr::V6(_), false) => None,
        _ => Some(address),
    }
}

/// The IP with its zone, if it has one, by name where the system knows it.
pub fn ip_text(address: SocketAddr) -> String {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => {
            format!("{}%{}", v6.ip(), zone::name(v6.scope_id()))
        }
        _ => address.ip().to_string(),
    }
}

/// An IP literal, for IPv6 with an optional zone (`fe80::1%eth0`).
pub fn parse(ip: &str, port: u16) -> Option<SocketAddr> {
    let Some((ip, zone)) = ip.split_once('%') else {
        return Some(SocketAddr::new(ip.parse::<IpAddr>().ok()?, port));
    };
    let ip: Ipv6Addr = ip.parse().ok()?;
    let scope = zone.parse().ok().or_else(|| zone::index(zone))?;
    Some(SocketAddrV6::new(ip, port, 0, scope).into())
}

#[cfg(unix)]
mod zone {
    use std::ffi::{CStr, CString};

    pub fn index(name: &str) -> Option<u32> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name is a C string that lives across the call.
        let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
        (index != 0).then_some(index)
    }

    pub fn name(index: u32) -> String {
        let mut name = [0; libc::IF_NAMESIZE];
        // SAFETY: the buffer has the size that the call demands, and is a C string if it succeeds.
        let found = unsafe { libc::if_indextoname(index, name.as_mut_ptr()) };
        if found.is_null() {
            return index.to_string();
        }
        // SAFETY: as above.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) };
        name.to_string_lossy().into_owned()
    }
}

#[cfg(not(unix))]
mod zone {
    pub fn index(_: &str) -> Option<u32> {
        None
    }

    pub fn name(index: u32) -> String {
        index.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_text_and_mapping() {
        for ip in ["127.0.0.1", "::1", "2001:db8::2"] {
            let address = parse(ip, 7).unwrap();
            assert_eq!(ip_text(address), ip);
            assert_eq!(shown(for_socket(address, true).unwrap()), address);
        }
        assert_eq!(for_socket(parse("::1", 7).unwrap(), false), None);
        assert_eq!(parse("fe80::1%7", 1).unwrap().to_string(), "[fe80::1%7]:1");
        for text in ["", "host", "1.2.3", "1.2.3.4%1", "::1%", "fe80::1%no\0de"] {
            assert_eq!(parse(text, 1), None);
        }
    }
}
