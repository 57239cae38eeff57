//! How many answers those get who are no session of ours: a Retry, a refusal, a Version
//! Negotiation, a stateless reset. Whoever forges the source of a packet would have us answer
//! somebody else, so answers are bounded for each source and for all of them.
//!
//! Sources share slots by a keyed hash: the table has a fixed size, and nobody can choose whom to
//! share one with.

use crate::limits::{ANSWERS_PER_SOURCE, ANSWERS_PER_WINDOW, ANSWER_SLOTS, ANSWER_WINDOW};
use crate::way;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

pub struct Answers {
    keys: RandomState,
    by_source: Box<[u16; ANSWER_SLOTS]>,
    total: u16,
    window: Window,
}

impl Answers {
    pub fn new() -> Self {
        Self {
            keys: RandomState::new(),
            by_source: Box::new([0; ANSWER_SLOTS]),
            total: 0,
            window: Window::default(),
        }
    }

    /// Whether one more answer may go there; counts it if so.
    pub fn allow(&mut self, now: Instant, to: SocketAddr) -> bool {
        if self.window.begins_anew(now) {
            self.by_source.fill(0);
            self.total = 0;
        }
        let slot = self.keys.hash_one(source(to)) as usize % ANSWER_SLOTS;
        if self.by_source[slot] >= ANSWERS_PER_SOURCE || self.total >= ANSWERS_PER_WINDOW {
            return false;
        }
        self.by_source[slot] += 1;
        self.total += 1;
        true
    }
}

/// Windows of time, one after the other, for counts that begin anew with each.
#[derive(Default)]
pub struct Window {
    ends: Option<Instant>,
}

impl Window {
    pub fn begins_anew(&mut self, now: Instant) -> bool {
        if self.ends.is_some_and(|ends| now < ends) {
            return false;
        }
        self.ends = Some(now + ANSWER_WINDOW);
        true
    }
}

/// What one stranger can have all addresses of: one of IPv4, a /64 of IPv6, a relayed flow.
fn source(address: SocketAddr) -> u64 {
    let address = way::behind(address);
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) if way::is_way(address) => ip.to_bits() as u64,
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_gets_its_share_and_all_together_theirs() {
        let (mut answers, now) = (Answers::new(), Instant::now());
        let mut allowed = |now, ip: [u8; 4], tries: usize| {
            let tries = (0..tries).filter(|_| answers.allow(now, (ip, 1).into()));
            tries.count()
        };
        let share = usize::from(ANSWERS_PER_SOURCE);
        assert_eq!(allowed(now, [192, 0, 2, 1], 10_000), share);
        let mut total = share;
        for host in 0..=u16::MAX {
            let [a, b] = host.to_be_bytes();
            total += allowed(now, [10, 0, a, b], 2);
        }
        assert_eq!(total, usize::from(ANSWERS_PER_WINDOW));
        assert_eq!(allowed(now + ANSWER_WINDOW, [192, 0, 2, 1], 10_000), share);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let ip = |text: &str| source(SocketAddr::new(text.parse().unwrap(), 1));
        assert_eq!(ip("2001:db8::1"), ip("2001:db8::ffff:0:0:1"));
        assert_ne!(ip("2001:db8::1"), ip("2001:db8:0:1::1"));
        assert_eq!(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
        // Over whichever socket it comes; but each flow is somebody else's.
        assert_eq!(ip("100::1:7:c000:201"), ip("192.0.2.1"));
        assert_ne!(ip("100::2:0:0:1"), ip("100::2:0:0:2"));
    }
}
