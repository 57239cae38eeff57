//! Two cores in memory on virtual time, and the path between them that delays, loses and goes
//! silent: no socket, no clock.

// A fuzz target uses less of it than the tests do.
#![cfg_attr(fuzzing, allow(dead_code))]

pub mod floods;
pub mod hostile;

use super::{Core, Options, Protocol, Protocols, ResetKey, Transports, Wake, WakeCause};
use crate::event::{DialError, EndKind, Event};
use crate::handle::Handle;
use crate::limits::OUTBOX_SOFT_MAX;
use crate::testing::new_identity;
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

pub const ALPN: &[u8] = b"test/1";
/// A protocol whose paths are moved from above.
pub const ALPN_MOVED: &[u8] = b"moved/1";
/// A protocol whose sessions carry flows.
pub const ALPN_FLOWS: &[u8] = b"flows/1";
pub const DIAL: u32 = 1;

/// These protocols, each with an identity of its own.
pub fn protocols(served: &[&[u8]]) -> Protocols {
    let protocols = served.iter().map(|alpn| {
        let (certificate, key) = new_identity();
        let mut protocol = Protocol::new(alpn.to_vec(), certificate, key, true, 2).unwrap();
        protocol.moves_paths = *alpn == ALPN_MOVED;
        protocol.carries_flows = *alpn == ALPN_FLOWS;
        protocol
    });
    Protocols::new(protocols.collect()).unwrap()
}

pub struct Node {
    pub core: Core,
    pub address: SocketAddr,
    /// What the socket says that packets came to.
    pub local_ip: Option<IpAddr>,
    pub events: Vec<Event>,
    pub wakes: Vec<Wake>,
    /// Takes down what goes at once, if it is there.
    pub trains: Option<Vec<Train>>,
}

/// A train of packets that a node sent.
#[derive(Clone, Copy, Debug)]
pub struct Train {
    pub at: Instant,
    pub packets: usize,
    pub bytes: usize,
    /// Bytes that the path carried in a millisecond then: its window in each round trip.
    pub carried: usize,
}

/// Packets that the system takes at once.
pub const SEGMENTS: usize = 8;

impl Node {
    pub fn new(host: u8, served: &[&[u8]]) -> Self {
        Self::with_key(host, served, &ResetKey::random())
    }

    pub fn with_key(host: u8, served: &[&[u8]], key: &ResetKey) -> Self {
        let transports = Transports::new(Options::default(), None);
        Self {
            core: Core::new(protocols(served), transports, key, true),
            address: ([192, 0, 2, host], 4433).into(),
            local_ip: None,
            events: Vec::new(),
            wakes: Vec::new(),
            trains: None,
        }
    }

    /// Everything that is due at this moment; gives the packets to be sent.
    pub fn turn(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let sent = self.turn_to(now).into_iter();
        sent.map(|(_, packet)| packet).collect()
    }

    /// The same, and where to.
    fn turn_to(&mut self, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        let core = &mut self.core;
        while core.expire_next(now) {}
        while core.settle_next(now) {}
        for arrival in core.take_arrivals() {
            core.hand_up(&arrival);
        }
        core.allow_datagrams(OUTBOX_SOFT_MAX);
        let mut sent = Vec::new();
        while let Some((transmit, packet)) = core.next_response() {
            sent.push((transmit.destination, packet));
        }
        while let Some(session) = core.next_to_flush() {
            let mut train = Vec::new();
            loop {
                let path = core
                    .sessions
                    .get(session)
                    .map(|s| s.connection.stats().path);
                let Some(transmit) = core.transmit(now, session, SEGMENTS, &mut train) else {
                    break;
                };
                let size = transmit.segment_size.unwrap_or(transmit.size);
                if let (Some(trains), Some(path)) = (&mut self.trains, path) {
                    trains.push(Train {
                        at: now,
                        packets: transmit.size.div_ceil(size),
                        bytes: transmit.size,
                        carried: (path.cwnd as f64 / path.rtt.as_secs_f64() / 1e3) as usize,
                    });
                }
                let packets = train[..transmit.size].chunks(size).map(<[u8]>::to_vec);
                sent.extend(packets.map(|packet| (transmit.destination, packet)));
                train.clear();
            }
            core.flushed(now, session, false);
        }
        self.events.extend(core.take_events());
        self.wakes.extend(core.take_wakes());
        sent
    }

    /// Takes one packet that came from there.
    pub fn feed(&mut self, now: Instant, from: SocketAddr, packet: &[u8]) {
        self.core
            .feed(now, from, self.local_ip, None, BytesMut::from(packet));
    }

    pub fn session(&self) -> Handle {
        let up = self.events.iter().find_map(|event| match event {
            Event::SessionUp { session, .. } => Some(*session),
            _ => None,
        });
        up.expect("a session is up")
    }

    /// Where packets of the session came from that should not.
    pub fn strays(&self) -> Vec<SocketAddr> {
        let strays = self.events.iter().filter_map(|event| match event {
            Event::SessionStray { remote, .. } => Some(*remote),
            _ => None,
        });
        strays.collect()
    }

    pub fn end(&self) -> Option<(EndKind, u64, &str)> {
        self.events.iter().find_map(|event| match event {
            Event::SessionEnded {
                kind, code, reason, ..
            } => Some((*kind, *code, reason.as_str())),
            _ => None,
        })
    }

    pub fn opened(&self) -> Vec<Handle> {
        let opened = self.wakes.iter().filter_map(|wake| match wake.cause {
            WakeCause::Opened(stream) => Some(stream),
            _ => None,
        });
        opened.collect()
    }

    pub fn incoming(&self) -> Vec<(Handle, Vec<u8>)> {
        let incoming = self.events.iter().filter_map(|event| match event {
            Event::StreamIncoming { stream, head, .. } => Some((*stream, head.to_vec())),
            _ => None,
        });
        incoming.collect()
    }

    pub fn datagrams(&self) -> Vec<Vec<u8>> {
        let datagrams = self.events.iter().filter_map(|event| match event {
            Event::Datagram { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        });
        datagrams.collect()
    }

    /// Everything that a control stream handed up, and whether it ended.
    pub fn received(&self, wanted: Handle) -> (Vec<u8>, bool) {
        let mut whole = Vec::new();
        let mut ended = false;
        for event in &self.events {
            match event {
                Event::StreamData { stream, bytes } if *stream == wanted => whole.extend(bytes),
                Event::StreamFinished { stream } if *stream == wanted => ended = true,
                _ => {}
            }
        }
        (whole, ended)
    }
}

/// Two nodes and the path between them.
pub struct World {
    pub now: Instant,
    pub nodes: [Node; 2],
    /// Packets on their way, by time of arrival and order: from where, to where.
    path: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    order: u64,
    /// Every so-manieth packet is lost; 0 loses none.
    pub loss: u64,
    /// Packets larger than this are lost.
    pub mtu: usize,
    pub is_cut: bool,
    /// One way.
    pub latency: Duration,
    /// Takes a copy of what is sent, if it is there.
    pub tapped: Option<Vec<Vec<u8>>>,
}

impl World {
    pub fn new(client: &[&[u8]], server: &[&[u8]]) -> Self {
        Self {
            now: Instant::now(),
            nodes: [Node::new(1, client), Node::new(2, server)],
            path: BTreeMap::new(),
            order: 0,
            loss: 0,
            mtu: usize::MAX,
            is_cut: false,
            latency: Duration::from_millis(20),
            tapped: None,
        }
    }

    /// With a session between the nodes, admitted on both sides.
    pub fn connected() -> Self {
        Self::connected_over(1_472)
    }

    pub fn connected_over(mtu: usize) -> Self {
        Self::connected_with(ALPN, mtu)
    }

    pub fn connected_with(alpn: &[u8], mtu: usize) -> Self {
        let mut world = Self::new(&[alpn], &[alpn]);
        world.mtu = mtu;
        world.meet(alpn);
        world
    }

    /// Dials; both sides admit the session.
    pub fn meet(&mut self, alpn: &[u8]) {
        self.dial(alpn, Duration::from_secs(5));
        self.run(Duration::from_secs(1));
        for node in &mut self.nodes {
            let session = node.session();
            node.core.take_session(session);
            node.core.admit(session);
        }
        // Each hears how many streams it may open now.
        self.run(Duration::from_millis(100));
    }

    pub fn dial(&mut self, alpn: &[u8], timeout: Duration) {
        let address = self.nodes[1].address;
        let core = &mut self.nodes[0].core;
        core.dial(self.now, DIAL, address, alpn, timeout);
    }

    pub fn dial_error(&self) -> Option<DialError> {
        self.nodes[0].events.iter().find_map(|event| match event {
            Event::DialFailed { tag, error, .. } if *tag == DIAL => Some(*error),
            _ => None,
        })
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.exchange();
            let deadlines = self.nodes.iter().filter_map(|n| n.core.next_deadline());
            let arrival = self.path.keys().next().map(|(at, _)| *at);
            let next = deadlines.chain(arrival).min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
        }
        self.now = end;
    }

    /// Everything that happens at this moment.
    fn exchange(&mut self) {
        while let Some(entry) = self.path.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (from, to, packet) = entry.remove();
            // Nobody is at an address that a node has left.
            if let Some(node) = self.nodes.iter_mut().find(|node| node.address == to) {
                node.feed(self.now, from, &packet);
            }
        }
        for side in 0..2 {
            let from = self.nodes[side].address;
            for (to, packet) in self.nodes[side].turn_to(self.now) {
                self.send(from, to, packet);
            }
        }
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, packet: Vec<u8>) {
        if let Some(tapped) = &mut self.tapped {
            tapped.push(packet.clone());
        }
        self.order += 1;
        let is_lost = self.loss != 0 && self.order % self.loss == 0;
        if !is_lost && !self.is_cut && packet.len() <= self.mtu {
            // Every seventh packet overtakes the one before it.
            let rank = 4 * self.order - if self.order % 7 == 0 { 6 } else { 0 };
            let key = (self.now + self.latency, rank);
            self.path.insert(key, (from, to, packet));
        }
    }
}
