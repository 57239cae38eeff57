//! Packets whose parts are not all there yet. What a session may make us keep is bounded in packets,
//! bytes and time; what finds no room or is not whole in time is dropped and counted.

use super::gauge::FlowGauge;
use super::packet::{Header, Way};
use crate::core::Timers;
use crate::handle::Handle;
use crate::limits::*;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// What a part takes beside its bytes: its place in the packet and its allocation.
const PART_OVERHEAD: usize = 64;

struct Partial {
    key: (Way, u32, u16),
    parts: Box<[Option<Box<[u8]>>]>,
    missing: usize,
    /// Of the parts that are there.
    bytes: usize,
    /// What it takes of the bounds.
    cost: usize,
    began: Instant,
    gauge: Arc<FlowGauge>,
}

/// Those of one session, the oldest first.
#[derive(Default)]
struct Pending {
    packets: VecDeque<Partial>,
    cost: usize,
    armed: Option<Instant>,
}

#[derive(Default)]
pub struct Parts {
    sessions: FxHashMap<Handle, Pending>,
    timers: Timers,
    cost: usize,
}

impl Parts {
    /// Takes a part; gives the packet once it is whole.
    pub fn join(
        &mut self,
        now: Instant,
        session: Handle,
        header: &Header,
        part: &Bytes,
        gauge: &Arc<FlowGauge>,
    ) -> Option<Vec<u8>> {
        let key = (header.way, header.flow, header.number);
        let pending = self.sessions.entry(session).or_default();
        let found = pending.packets.iter().rposition(|p| p.key == key);
        let at = match found {
            Some(at) if pending.packets[at].parts.len() == usize::from(header.parts) => at,
            // Another packet of the same number: it takes the place of the one before.
            other => {
                if let Some(at) = other {
                    self.drop_at(session, at);
                }
                self.begin(now, session, header, gauge)?
            }
        };
        if self.cost + part.len() > FLOW_PARTS_BYTES_MAX {
            self.drop_at(session, at);
            return None;
        }
        let pending = self.sessions.get_mut(&session)?;
        let partial = pending.packets.get_mut(at)?;
        let place = &mut partial.parts[usize::from(header.part)];
        if place.is_none() {
            *place = Some(part[..].into());
            partial.missing -= 1;
            partial.bytes += part.len();
            partial.cost += part.len();
            pending.cost += part.len();
            self.cost += part.len();
        }
        if partial.bytes > FLOW_PACKET_BYTES_MAX {
            self.drop_at(session, at);
            return None;
        }
        if partial.missing == 0 {
            let whole = self.remove(session, at)?;
            return Some(
                whole
                    .parts
                    .into_vec()
                    .into_iter()
                    .flatten()
                    .flatten()
                    .collect(),
            );
        }
        self.bound(session);
        None
    }

    /// Makes a place for a packet; none where all sessions together have too much.
    fn begin(
        &mut self,
        now: Instant,
        session: Handle,
        header: &Header,
        gauge: &Arc<FlowGauge>,
    ) -> Option<usize> {
        let count = usize::from(header.parts);
        let cost = count * PART_OVERHEAD;
        let pending = self.sessions.entry(session).or_default();
        if self.cost + cost > FLOW_PARTS_BYTES_MAX {
            gauge.dropped();
            if pending.packets.is_empty() {
                self.sessions.remove(&session);
            }
            return None;
        }
        pending.packets.push_back(Partial {
            key: (header.way, header.flow, header.number),
            parts: vec![None; count].into(),
            missing: count,
            bytes: 0,
            cost,
            began: now,
            gauge: gauge.clone(),
        });
        pending.cost += cost;
        self.cost += cost;
        if pending.armed.is_none() {
            let deadline = Some(now + FLOW_PARTS_TIMEOUT);
            self.timers.arm(session, &mut pending.armed, deadline);
        }
        Some(pending.packets.len() - 1)
    }

    /// Drops the oldest while a session has too much.
    fn bound(&mut self, session: Handle) {
        while self.sessions.get(&session).is_some_and(|pending| {
            pending.packets.len() > FLOW_PARTIALS_PER_SESSION
                || pending.cost > FLOW_PARTS_BYTES_PER_SESSION
        }) {
            self.drop_at(session, 0);
        }
    }

    fn drop_at(&mut self, session: Handle, at: usize) {
        if let Some(partial) = self.remove(session, at) {
            partial.gauge.dropped();
        }
    }

    fn remove(&mut self, session: Handle, at: usize) -> Option<Partial> {
        let pending = self.sessions.get_mut(&session)?;
        let partial = pending.packets.remove(at)?;
        pending.cost -= partial.cost;
        self.cost -= partial.cost;
        if pending.packets.is_empty() {
            self.timers.arm(session, &mut pending.armed, None);
            self.sessions.remove(&session);
        }
        Some(partial)
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Drops what was not whole in time.
    pub fn expire(&mut self, now: Instant) {
        while let Some(session) = self.timers.pop_due(now) {
            let Some(pending) = self.sessions.get_mut(&session) else {
                continue;
            };
            pending.armed = None;
            let late = |partial: &Partial| partial.began + FLOW_PARTS_TIMEOUT <= now;
            let count = pending.packets.iter().take_while(|p| late(p)).count();
            for _ in 0..count {
                self.drop_at(session, 0);
            }
            if let Some(pending) = self.sessions.get_mut(&session) {
                let first = pending.packets.front().map(|partial| partial.began);
                let deadline = first.map(|began| began + FLOW_PARTS_TIMEOUT);
                self.timers.arm(session, &mut pending.armed, deadline);
            }
        }
    }

    pub fn forget(&mut self, session: Handle) {
        if let Some(mut pending) = self.sessions.remove(&session) {
            self.timers.arm(session, &mut pending.armed, None);
            self.cost -= pending.cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct Bench {
        parts: Parts,
        gauge: Arc<FlowGauge>,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                parts: Parts::default(),
                gauge: Arc::default(),
                now: Instant::now(),
            }
        }

        fn join(&mut self, session: Handle, header: &Header, part: &[u8]) -> Option<Vec<u8>> {
            let part = Bytes::copy_from_slice(part);
            self.parts
                .join(self.now, session, header, &part, &self.gauge)
        }

        fn dropped(&self) -> f64 {
            self.gauge.read()[3]
        }

        /// What is kept agrees with what is counted.
        fn check(&self) {
            let costs = self.parts.sessions.values().map(|pending| {
                let cost: usize = pending.packets.iter().map(|partial| partial.cost).sum();
                assert_eq!(cost, pending.cost);
                assert!(pending.packets.len() <= FLOW_PARTIALS_PER_SESSION);
                assert!(cost <= FLOW_PARTS_BYTES_PER_SESSION);
                assert!(!pending.packets.is_empty() && pending.armed.is_some());
                cost
            });
            assert_eq!(costs.sum::<usize>(), self.parts.cost);
        }
    }

    fn header(number: u16, part: u8, parts: u8) -> Header {
        Header {
            way: Way::ToService,
            flow: 7,
            port: 53,
            number,
            part,
            parts,
        }
    }

    #[test]
    fn parts_make_a_packet_in_whatever_order_they_come() {
        let mut bench = Bench::new();
        for (part, text) in [(2, "third"), (0, "first"), (2, "twice")] {
            let joined = bench.join(1, &header(9, part, 3), text.as_bytes());
            assert_eq!(joined, None);
        }
        // Neither another session nor another flow has anything to do with it.
        assert_eq!(bench.join(2, &header(9, 1, 3), b"-"), None);
        let other = Header {
            flow: 8,
            ..header(9, 1, 3)
        };
        assert_eq!(bench.join(1, &other, b"-"), None);
        let whole = bench.join(1, &header(9, 1, 3), b"second");
        assert_eq!(whole.unwrap(), b"firstsecondthird");
        bench.check();
        assert_eq!(bench.dropped(), 0.0);
    }

    #[test]
    fn what_is_not_whole_in_time_goes() {
        let mut bench = Bench::new();
        bench.join(1, &header(1, 0, 2), b"a");
        bench.now += FLOW_PARTS_TIMEOUT / 2;
        bench.join(1, &header(2, 0, 2), b"b");
        bench.now += FLOW_PARTS_TIMEOUT / 2;
        bench.parts.expire(bench.now);
        bench.check();
        assert_eq!(bench.dropped(), 1.0);
        assert_eq!(bench.join(1, &header(1, 1, 2), b"late"), None);
        assert_eq!(bench.join(1, &header(2, 1, 2), b"c").unwrap(), b"bc");
        bench.join(1, &header(3, 0, 2), b"d");
        bench.now += FLOW_PARTS_TIMEOUT;
        assert!(bench.parts.next_deadline() <= Some(bench.now));
        bench.parts.expire(bench.now);
        assert_eq!(bench.parts.next_deadline(), None);
        assert_eq!((bench.dropped(), bench.parts.cost), (3.0, 0));
    }

    #[test]
    fn a_hostile_session_meets_its_bounds_and_disturbs_no_other() {
        let mut bench = Bench::new();
        bench.join(2, &header(1, 0, 2), b"good ");
        let big = vec![0; 16_000];
        for number in 0..2_000_u16 {
            bench.join(
                1,
                &header(number, 0, 64),
                &big[..usize::from(number) % 16_000 + 1],
            );
            bench.check();
        }
        assert_eq!(
            bench.join(2, &header(1, 1, 2), b"packet").unwrap(),
            b"good packet"
        );
        // Parts that together are no packet any more, and a packet that contradicts itself.
        for part in 0..63 {
            assert_eq!(bench.join(3, &header(1, part, 64), &big), None);
            bench.check();
        }
        assert_eq!(bench.join(4, &header(1, 0, 2), b"a"), None);
        assert_eq!(bench.join(4, &header(1, 1, 3), b"b"), None);
        assert_eq!(bench.join(4, &header(1, 0, 3), b"a"), None);
        assert_eq!(bench.join(4, &header(1, 2, 3), b"c").unwrap(), b"abc");
        for session in [1, 3, 4] {
            bench.parts.forget(session);
        }
        assert_eq!((bench.parts.cost, bench.parts.sessions.len()), (0, 0));
    }

    #[test]
    fn all_sessions_together_have_a_bound() {
        let mut bench = Bench::new();
        let big = vec![0; 8_000];
        for session in 1..=200 {
            for number in 0..70 {
                bench.join(session, &header(number, 0, 64), &big);
            }
        }
        bench.check();
        assert!(bench.parts.cost <= FLOW_PARTS_BYTES_MAX);
        let before = bench.dropped();
        assert_eq!(bench.join(999, &header(1, 0, 2), b"a"), None);
        assert_eq!(bench.dropped(), before + 1.0);
        bench.now += FLOW_PARTS_TIMEOUT + Duration::from_millis(1);
        bench.parts.expire(bench.now);
        assert_eq!(bench.parts.cost, 0);
    }
}
