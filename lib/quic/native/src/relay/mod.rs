//! Relayed flows: the ends that this engine has of some, and others that it carries between two.
//! No socket, no clock, no thread: packets and the time go in, packets come out.
//!
//! A flow has two legs, one between each end and the carrier, over the sessions that these have.
//! Packets of QUIC, of a session that the carrier has no part in, are sealed for each leg anew
//! (packet.rs). What is not genuine goes nowhere, nor does a relayed packet within another one, so
//! that nothing circles.

mod bucket;
mod lane;
mod packet;
#[cfg(test)]
mod tests;
mod window;

pub use lane::Train;
pub use packet::{LegTag, FIRST_BYTE, HEADER_BYTES, KEY_BYTES, TAG_BYTES};

use crate::handle::Handle;
use crate::limits::*;
use lane::Lane;
use packet::{leg_of, Opener, Sealer};
use quinn_proto::EcnCodepoint;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;

/// What a leg is opened with.
#[derive(Clone)]
pub struct LegKeys {
    pub session: Handle,
    pub send_tag: LegTag,
    pub send_key: [u8; KEY_BYTES],
    pub receive_tag: LegTag,
    pub receive_key: [u8; KEY_BYTES],
}

/// What a flow has passed. Others may read it at any time.
#[derive(Default)]
pub struct RelayCounts {
    packets: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
}

impl RelayCounts {
    pub fn read(&self) -> [f64; 3] {
        let counts = [&self.packets, &self.bytes, &self.dropped];
        counts.map(|count| count.load(Relaxed) as f64)
    }

    fn note(&self, packets: usize, bytes: usize) {
        self.packets.fetch_add(packets as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    fn note_dropped(&self, packets: usize) {
        self.dropped.fetch_add(packets as u64, Relaxed);
    }
}

struct Leg {
    session: Handle,
    receive_tag: LegTag,
    sealer: Sealer,
    opener: Opener,
}

impl Leg {
    fn new(keys: &LegKeys) -> Self {
        Self {
            session: keys.session,
            receive_tag: keys.receive_tag,
            sealer: Sealer::new(keys.send_tag, &keys.send_key),
            opener: Opener::new(&keys.receive_key),
        }
    }
}

/// One leg at an end, two at a carrier; each with what waits to go out over it.
struct Flow {
    legs: Vec<Leg>,
    lanes: Vec<Lane>,
    counts: Arc<RelayCounts>,
}

/// What a relayed packet led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// It is of no use.
    Nothing,
    /// It was genuine, of a leg over this session, and goes on.
    Carried(Handle),
    /// It was genuine, of a leg over this session: after the header lies a packet for us that came
    /// over this flow.
    Opened(Handle, u32),
}

/// A train that is to be sent now, along the path of the session.
pub struct Due {
    pub session: Handle,
    pub train: Train,
    flow: u32,
    side: usize,
}

#[derive(Default)]
pub struct Relays {
    flows: FxHashMap<u32, Flow>,
    by_tag: FxHashMap<LegTag, (u32, usize)>,
    carried: usize,
    /// Lanes with something to send, by the moment from which they may; in order where that is the
    /// same. A lane that was listed anew has left the place before.
    listed: BinaryHeap<Reverse<(Instant, u64, u32, usize)>>,
    order: u64,
    /// What waits in all lanes together.
    waiting: usize,
    /// Buffers of trains that are gone.
    spare: Vec<Vec<u8>>,
}

impl Relays {
    /// Opens an end. False if the number or the tag is in use, or there are too many.
    pub fn open(&mut self, number: u32, keys: &LegKeys, counts: Arc<RelayCounts>) -> bool {
        let ends = self.flows.len() - self.carried;
        ends < RELAYED_WAYS_MAX && self.add(number, &[keys], Vec::new(), counts)
    }

    /// Carries between two sessions, so many bytes per second in each direction. False as in `open`.
    pub fn carry(
        &mut self,
        now: Instant,
        number: u32,
        keys: [&LegKeys; 2],
        rate: f64,
        counts: Arc<RelayCounts>,
    ) -> bool {
        let lanes = || vec![Lane::new(now, rate), Lane::new(now, rate)];
        let is_carried =
            self.carried < CARRIED_FLOWS_MAX && self.add(number, &keys, lanes(), counts);
        self.carried += usize::from(is_carried);
        is_carried
    }

    /// Carries so many bytes per second in each direction from now on. What waits and would take
    /// longer than it may at this rate is dropped, the oldest first.
    pub fn set_limit(&mut self, now: Instant, number: u32, rate: f64) {
        let Some(flow) = self.flows.get_mut(&number) else {
            return;
        };
        let sides = flow.lanes.len();
        for lane in &mut flow.lanes {
            lane.set_rate(now, rate);
            while let Some(train) = lane.pop_surplus() {
                flow.counts.note_dropped(train.packets);
                self.waiting -= train.cost();
            }
        }
        for side in 0..sides {
            self.list(now, number, side);
        }
    }

    fn add(
        &mut self,
        number: u32,
        keys: &[&LegKeys],
        lanes: Vec<Lane>,
        counts: Arc<RelayCounts>,
    ) -> bool {
        let is_taken = |keys: &&LegKeys| self.by_tag.contains_key(&keys.receive_tag);
        let is_double = keys.len() == 2 && keys[0].receive_tag == keys[1].receive_tag;
        if is_double || self.flows.contains_key(&number) || keys.iter().any(is_taken) {
            return false;
        }
        for (side, keys) in keys.iter().enumerate() {
            self.by_tag.insert(keys.receive_tag, (number, side));
        }
        let legs = keys.iter().map(|keys| Leg::new(keys)).collect();
        let flow = Flow {
            legs,
            lanes,
            counts,
        };
        self.flows.insert(number, flow);
        true
    }

    pub fn close(&mut self, number: u32) {
        let Some(flow) = self.flows.remove(&number) else {
            return;
        };
        self.carried -= usize::from(!flow.lanes.is_empty());
        for leg in &flow.legs {
            self.by_tag.remove(&leg.receive_tag);
        }
        self.waiting -= flow.lanes.iter().map(Lane::cost).sum::<usize>();
    }

    /// Closes the flows with a leg over the session; gives their numbers.
    pub fn session_ended(&mut self, session: Handle) -> Vec<u32> {
        let has_leg = |flow: &Flow| flow.legs.iter().any(|leg| leg.session == session);
        let flows = self.flows.iter().filter(|(_, flow)| has_leg(flow));
        let ended: Vec<_> = flows.map(|(number, _)| *number).collect();
        for number in &ended {
            self.close(*number);
        }
        ended
    }

    /// The session with the carrier of an end.
    pub fn carrier_of(&self, number: u32) -> Option<Handle> {
        let flow = self.flows.get(&number)?;
        (flow.lanes.is_empty()).then_some(flow.legs.first()?.session)
    }

    /// Seals a train of our own for an end's carrier, appended to `into`: packets of `stride` bytes, or
    /// one. False if they cannot go.
    pub fn seal(&mut self, number: u32, train: &[u8], stride: usize, into: &mut Vec<u8>) -> bool {
        let Some(flow) = self.flows.get_mut(&number) else {
            return false;
        };
        let [leg] = flow.legs.as_mut_slice() else {
            return false;
        };
        let mut packets = train.chunks(stride.max(1));
        let count = packets.len();
        let is_sealed = packets.all(|packet| leg.sealer.seal(packet, into));
        match is_sealed {
            true => flow.counts.note(count, train.len()),
            false => flow.counts.note_dropped(count),
        }
        is_sealed
    }

    /// Packets of a flow found no path.
    pub fn note_dropped(&self, number: u32, packets: usize) {
        if let Some(flow) = self.flows.get(&number) {
            flow.counts.note_dropped(packets);
        }
    }

    /// Takes a packet that begins as relayed ones do. `is_direct` says whether a session has a path
    /// that is not relayed itself; `segments` is how many packets one send may carry.
    pub fn receive(
        &mut self,
        now: Instant,
        packet: &mut [u8],
        ecn: Option<EcnCodepoint>,
        segments: usize,
        is_direct: impl Fn(Handle) -> bool,
    ) -> Received {
        let place = leg_of(packet).and_then(|tag| self.by_tag.get(&tag).copied());
        let Some((number, side)) = place else {
            return Received::Nothing;
        };
        let Some(flow) = self.flows.get_mut(&number) else {
            return Received::Nothing;
        };
        let length = packet.len() - HEADER_BYTES;
        let lane = flow.lanes.get_mut(1 - side);
        let has_room = lane.as_ref().is_none_or(|lane| {
            lane.has_room(length) && self.waiting + packet.len() <= RELAY_WAITING_MAX
        });
        let leg = &mut flow.legs[side];
        let session = leg.session;
        // What has no room is not worth the work to look whether it is genuine.
        let is_good = has_room && is_direct(session) && leg.opener.open(packet);
        let packet = &packet[HEADER_BYTES..];
        if !is_good || packet.first() == Some(&FIRST_BYTE) {
            flow.counts.note_dropped(1);
            return Received::Nothing;
        }
        let Some(lane) = lane else {
            flow.counts.note(1, length);
            return Received::Opened(session, number);
        };
        let sealer = &mut flow.legs[1 - side].sealer;
        let Some(more) = lane.push(now, packet, ecn, segments, sealer, &mut self.spare) else {
            flow.counts.note_dropped(1);
            return Received::Nothing;
        };
        self.waiting += more;
        if lane.listed.is_none() {
            self.list(now, number, 1 - side);
        }
        Received::Carried(session)
    }

    /// Gives a lane its place, if anything waits there.
    fn list(&mut self, now: Instant, number: u32, side: usize) {
        let flow = self.flows.get_mut(&number);
        let Some(lane) = flow.and_then(|flow| flow.lanes.get_mut(side)) else {
            return;
        };
        if lane.is_empty() {
            return;
        }
        self.order += 1;
        lane.listed = Some(self.order);
        let at = lane.bucket.ready_at(now);
        self.listed.push(Reverse((at, self.order, number, side)));
    }

    /// When `next` has something.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.listed.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next train that may go: the lanes take turns. Then `sent`, `lost` or `put_back`.
    pub fn next(&mut self, now: Instant) -> Option<Due> {
        while self.next_deadline()? <= now {
            let Reverse((_, order, number, side)) = self.listed.pop()?;
            let Some(flow) = self.flows.get_mut(&number) else {
                continue;
            };
            let Some(lane) = flow.lanes.get_mut(side) else {
                continue;
            };
            if lane.listed != Some(order) {
                continue;
            }
            lane.listed = None;
            while let Some(stale) = lane.pop_stale(now) {
                flow.counts.note_dropped(stale.packets);
                self.waiting -= stale.cost();
            }
            let Some(train) = lane.pop() else {
                continue;
            };
            lane.bucket.take(train.bytes.len());
            self.waiting -= train.cost();
            let session = flow.legs.get(side)?.session;
            self.list(now, number, side);
            return Some(Due {
                session,
                train,
                flow: number,
                side,
            });
        }
        None
    }

    pub fn sent(&mut self, due: Due) {
        if let Some(flow) = self.flows.get(&due.flow) {
            flow.counts.note(due.train.packets, due.train.payload());
        }
        self.recycle(due.train);
    }

    pub fn lost(&mut self, due: Due) {
        self.note_dropped(due.flow, due.train.packets);
        self.recycle(due.train);
    }

    /// The socket has no room for it now.
    pub fn put_back(&mut self, now: Instant, due: Due) {
        let flow = self.flows.get_mut(&due.flow);
        let Some(lane) = flow.and_then(|flow| flow.lanes.get_mut(due.side)) else {
            return;
        };
        lane.bucket.give_back(due.train.bytes.len());
        self.waiting += due.train.cost();
        lane.put_back(due.train);
        self.list(now, due.flow, due.side);
    }

    fn recycle(&mut self, train: Train) {
        if self.spare.len() < RELAY_SPARE_MAX {
            let mut bytes = train.bytes;
            bytes.clear();
            self.spare.push(bytes);
        }
    }
}
