//! Two cores in memory on virtual time: what a session does over a path that delays, loses and
//! goes silent, without a socket or a clock.

use super::*;
use crate::event::{DialError, EndKind};
use crate::testing::new_identity;
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

const ALPN: &[u8] = b"test/1";
const LATENCY: Duration = Duration::from_millis(20);
const DIAL: u32 = 1;

struct Node {
    core: Core,
    address: SocketAddr,
    events: Vec<Event>,
    wakes: Vec<Wake>,
}

impl Node {
    fn new(host: u8, served: &[&[u8]]) -> Self {
        let protocols = served.iter().map(|alpn| {
            let (certificate, key) = new_identity();
            Protocol::new(alpn.to_vec(), certificate, key, true, 2).unwrap()
        });
        let protocols = Protocols::new(protocols.collect()).unwrap();
        Self {
            core: Core::new(protocols, true),
            address: ([192, 0, 2, host], 4433).into(),
            events: Vec::new(),
            wakes: Vec::new(),
        }
    }

    fn session(&self) -> Handle {
        let up = self.events.iter().find_map(|event| match event {
            Event::SessionUp { session, .. } => Some(*session),
            _ => None,
        });
        up.expect("a session is up")
    }

    fn end(&self) -> Option<(EndKind, u64, &str)> {
        self.events.iter().find_map(|event| match event {
            Event::SessionEnded {
                kind, code, reason, ..
            } => Some((*kind, *code, reason.as_str())),
            _ => None,
        })
    }

    fn opened(&self) -> Vec<Handle> {
        let opened = self.wakes.iter().filter_map(|wake| match wake.cause {
            WakeCause::Opened(stream) => Some(stream),
            _ => None,
        });
        opened.collect()
    }

    fn incoming(&self) -> Vec<(Handle, Vec<u8>)> {
        let incoming = self.events.iter().filter_map(|event| match event {
            Event::StreamIncoming { stream, head, .. } => Some((*stream, head.to_vec())),
            _ => None,
        });
        incoming.collect()
    }

    fn datagrams(&self) -> Vec<Vec<u8>> {
        let datagrams = self.events.iter().filter_map(|event| match event {
            Event::Datagram { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        });
        datagrams.collect()
    }

    /// Everything that a control stream handed up, and whether it ended.
    fn received(&self, wanted: Handle) -> (Vec<u8>, bool) {
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
struct World {
    now: Instant,
    nodes: [Node; 2],
    /// Packets on their way, by time of arrival and order.
    path: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    order: u64,
    /// Every so-manieth packet is lost; 0 loses none.
    loss: u64,
    /// Packets larger than this are lost.
    mtu: usize,
    is_cut: bool,
}

impl World {
    fn new(client: &[&[u8]], server: &[&[u8]]) -> Self {
        Self {
            now: Instant::now(),
            nodes: [Node::new(1, client), Node::new(2, server)],
            path: BTreeMap::new(),
            order: 0,
            loss: 0,
            mtu: usize::MAX,
            is_cut: false,
        }
    }

    /// With a session between the nodes, admitted on both sides.
    fn connected() -> Self {
        Self::connected_over(1_472)
    }

    fn connected_over(mtu: usize) -> Self {
        let mut world = Self::new(&[ALPN], &[ALPN]);
        world.mtu = mtu;
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_secs(1));
        for node in &mut world.nodes {
            let session = node.session();
            node.core.take_session(session);
            node.core.admit(session);
        }
        world
    }

    fn dial(&mut self, alpn: &[u8], timeout: Duration) {
        let address = self.nodes[1].address;
        let core = &mut self.nodes[0].core;
        core.dial(self.now, DIAL, address, alpn, timeout);
    }

    fn dial_error(&self) -> Option<DialError> {
        self.nodes[0].events.iter().find_map(|event| match event {
            Event::DialFailed { tag, error, .. } if *tag == DIAL => Some(*error),
            _ => None,
        })
    }

    /// Lets time pass.
    fn run(&mut self, time: Duration) {
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
            let (to, packet) = entry.remove();
            let from = self.nodes[1 - to].address;
            let packet = BytesMut::from(packet.as_slice());
            self.nodes[to].core.feed(self.now, from, None, None, packet);
        }
        for side in 0..2 {
            let node = &mut self.nodes[side];
            node.core.expire(self.now);
            node.core.settle(self.now);
            node.core.allow_datagrams(OUTBOX_SOFT_MAX);
            let mut sent = Vec::new();
            while let Some((_, packet)) = node.core.next_response() {
                sent.push(packet);
            }
            while let Some(session) = node.core.next_to_flush() {
                let mut train = Vec::new();
                while let Some(transmit) = node.core.transmit(self.now, session, 8, &mut train) {
                    let size = transmit.segment_size.unwrap_or(transmit.size);
                    sent.extend(train[..transmit.size].chunks(size).map(<[u8]>::to_vec));
                    train.clear();
                }
                node.core.flushed(self.now, session, false);
            }
            node.events.extend(node.core.take_events());
            node.wakes.extend(node.core.take_wakes());
            for packet in sent {
                self.send(1 - side, packet);
            }
        }
    }

    fn send(&mut self, to: usize, packet: Vec<u8>) {
        self.order += 1;
        let is_lost = self.loss != 0 && self.order % self.loss == 0;
        if !is_lost && !self.is_cut && packet.len() <= self.mtu {
            // Every seventh packet overtakes the one before it.
            let rank = 4 * self.order - if self.order % 7 == 0 { 6 } else { 0 };
            let key = (self.now + LATENCY, rank);
            self.path.insert(key, (to, packet));
        }
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + i / 251) as u8).collect()
}

#[test]
fn a_handshake_shows_each_the_other() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    let shown = world.nodes.each_ref().map(|node| match &node.events[0] {
        Event::SessionUp {
            tag,
            inbound,
            remote,
            alpn,
            certificate,
            ..
        } => (*tag, *inbound, *remote, alpn.clone(), certificate.len()),
        event => panic!("unexpected {event:?}"),
    });
    let [near, far] = shown;
    assert_eq!(
        (near.0, near.1, near.2),
        (DIAL, false, world.nodes[1].address)
    );
    assert_eq!((far.0, far.1, far.2), (0, true, world.nodes[0].address));
    assert_eq!((near.3.as_slice(), far.3.as_slice()), (ALPN, ALPN));
    assert!(near.4 > 100 && far.4 > 100);
}

#[test]
fn another_protocol_is_refused() {
    let mut world = World::new(&[b"other/1"], &[ALPN]);
    world.dial(b"other/1", Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    assert_eq!(world.dial_error(), Some(DialError::Refused));
    assert!(world.nodes[1].events.is_empty());
    world.run(Duration::from_secs(10));
    assert_eq!(world.nodes[0].core.session_count(), 0);
    assert_eq!(world.nodes[1].core.session_count(), 0);
}

#[test]
fn a_dial_into_silence_times_out_when_it_should() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.is_cut = true;
    world.dial(ALPN, Duration::from_millis(1500));
    world.run(Duration::from_millis(1499));
    assert_eq!(world.dial_error(), None);
    world.run(Duration::from_millis(1));
    assert_eq!(world.dial_error(), Some(DialError::Timeout));
}

#[test]
fn a_dial_without_a_way_fails_at_once_and_a_session_does_not() {
    let mut world = World::connected();
    world.dial(ALPN, Duration::from_secs(5));
    let sessions = world.nodes[0].core.sessions.handles();
    for session in sessions {
        let reason = "no route".to_owned();
        world.nodes[0]
            .core
            .note_unreachable(world.now, session, reason);
    }
    world.run(Duration::from_secs(1));
    assert_eq!(world.dial_error(), Some(DialError::Unreachable));
    assert_eq!(world.nodes[0].end(), None);
}

#[test]
fn nothing_is_served_before_the_verdict() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    let near = world.nodes[0].session();
    world.nodes[0].core.admit(near);
    world.nodes[0].core.open_stream(near, 5);
    world.run(Duration::ZERO);
    let Some(Event::StreamOpened { stream, .. }) = world.nodes[0].events.last() else {
        panic!("the stream is open");
    };
    let stream = *stream;
    let core = &mut world.nodes[0].core;
    core.write_stream(stream, Bytes::from_static(b"abcd"));
    core.send_datagram(near, Bytes::from_static(b"hi"));
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[1].events.len(), 1);
    let far = world.nodes[1].session();
    assert!(!world.nodes[1].core.open_delegated(far, 1));
    world.nodes[1].core.admit(far);
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[1].datagrams(), [b"hi"]);
    let (stream, head) = world.nodes[1].incoming().remove(0);
    assert_eq!(head, b"ab");
    // No more than the head was read: without credit nothing follows.
    assert_eq!(world.nodes[1].received(stream).0, b"");
    world.nodes[1].core.grant_read(stream, 100);
    world.run(Duration::ZERO);
    assert_eq!(world.nodes[1].received(stream).0, b"cd");
}

#[test]
fn a_stranger_makes_us_hold_little() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    let [near, far] = world.nodes.each_ref().map(Node::session);
    world.nodes[0].core.admit(near);
    assert!(world.nodes[0].core.open_delegated(near, 9));
    world.run(Duration::ZERO);
    let stream = world.nodes[0].opened()[0];
    let mut pending = VecDeque::from([Bytes::from(pattern(1_000_000))]);
    let core = &mut world.nodes[0].core;
    core.write_delegated(stream, &mut pending);
    world.run(Duration::from_secs(5));
    let received = |world: &World| world.nodes[1].core.gauge(far).unwrap().read()[3];
    assert!(received(&world) < 2.0 * f64::from(SESSION_WINDOW_UNADMITTED));
    assert!(pending.front().is_some_and(|left| left.len() > 800_000));
    world.nodes[1].core.admit(far);
    world.run(Duration::from_secs(1));
    let core = &mut world.nodes[0].core;
    core.write_delegated(stream, &mut pending);
    world.run(Duration::from_secs(1));
    assert!(received(&world) > 1_000_000.0);
}

#[test]
fn a_session_without_a_verdict_is_closed() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    let near = world.nodes[0].session();
    world.nodes[0].core.admit(near);
    world.run(VERDICT_TIMEOUT);
    let (kind, _, reason) = world.nodes[1].end().unwrap();
    assert_eq!((kind, reason), (EndKind::Local, "not admitted in time"));
    world.run(Duration::from_secs(1));
    let (kind, _, reason) = world.nodes[0].end().unwrap();
    assert_eq!((kind, reason), (EndKind::Remote, "not admitted in time"));
}

#[test]
fn a_stream_survives_loss_and_reordering() {
    let mut world = World::connected();
    world.loss = 20;
    let near = world.nodes[0].session();
    assert!(world.nodes[0].core.open_delegated(near, 9));
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened()[0];
    let whole = pattern(2_000_000);
    let mut pending = VecDeque::from([Bytes::from(whole.clone())]);
    let mut answer = VecDeque::from([Bytes::from(whole.clone())]);
    let (mut there, mut back) = (VecDeque::new(), VecDeque::new());
    let mut theirs = None;
    let mut outcomes = (ReadOutcome::Blocked, ReadOutcome::Blocked);
    for _ in 0..5_000 {
        let [client, server] = &mut world.nodes;
        if !pending.is_empty() {
            client.core.write_delegated(ours, &mut pending);
            if pending.is_empty() {
                client.core.finish_delegated(ours);
            }
        }
        if theirs.is_none() {
            theirs = server.incoming().first().map(|(stream, _)| *stream);
            if let Some(stream) = theirs {
                server.core.delegate(stream, 7).unwrap();
            }
        }
        if let Some(stream) = theirs {
            if outcomes.1 != ReadOutcome::Finished {
                outcomes.1 = server.core.read_stream(stream, 1 << 20, &mut there);
            }
            if !answer.is_empty() {
                server.core.write_delegated(stream, &mut answer);
                if answer.is_empty() {
                    server.core.finish_delegated(stream);
                }
            }
        }
        if outcomes.0 != ReadOutcome::Finished {
            outcomes.0 = client.core.read_stream(ours, 1 << 20, &mut back);
        }
        if outcomes == (ReadOutcome::Finished, ReadOutcome::Finished) {
            break;
        }
        world.run(Duration::from_millis(20));
    }
    // Not `assert_eq`: nobody wants to read two million numbers.
    assert!(there.into_iter().flatten().eq(whole[2..].to_vec()));
    assert!(back.into_iter().flatten().eq(whole));
    assert_eq!(world.nodes[0].end(), None);
}

#[test]
fn control_streams_keep_to_their_credits() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    world.nodes[0].core.open_stream(near, 5);
    world.run(Duration::ZERO);
    let Some(Event::StreamOpened { stream, .. }) = world.nodes[0].events.last() else {
        panic!("the stream is open");
    };
    let ours = *stream;
    let whole = pattern(100_000);
    let core = &mut world.nodes[0].core;
    core.write_stream(ours, Bytes::from(whole.clone()));
    core.finish_stream(ours);
    world.run(Duration::from_secs(2));
    let (theirs, head) = world.nodes[1].incoming().remove(0);
    assert_eq!(head, whole[..2]);
    world.nodes[1].core.grant_read(theirs, 1_000);
    world.run(Duration::from_secs(1));
    assert_eq!(
        world.nodes[1].received(theirs),
        (whole[2..1_002].to_vec(), false)
    );
    for _ in 0..3 {
        world.nodes[1].core.grant_read(theirs, u32::MAX);
        world.run(Duration::from_secs(1));
    }
    assert_eq!(world.nodes[1].received(theirs), (whole[2..].to_vec(), true));
    world.nodes[1].core.finish_stream(theirs);
    world.nodes[0].core.grant_read(ours, 1);
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[0].received(ours), (vec![], true));
    assert_eq!(world.nodes[0].core.stream_count(), 0);
    assert_eq!(world.nodes[1].core.stream_count(), 0);
}

#[test]
fn streams_that_end_abnormally_are_freed() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    let full = Bytes::from(vec![1; 64 * 1024]);
    for round in 0..40 {
        world.nodes[0].wakes.clear();
        world.nodes[1].events.clear();
        for token in 0..50 {
            assert!(world.nodes[0].core.open_delegated(near, token));
        }
        world.run(Duration::ZERO);
        let ours = world.nodes[0].opened();
        assert_eq!(ours.len(), 50, "in round {round}");
        for stream in &ours {
            let mut pending = VecDeque::from([full.clone()]);
            world.nodes[0].core.write_delegated(*stream, &mut pending);
        }
        world.run(Duration::from_secs(1));
        // One half is given up here, the other there.
        for (index, (stream, _)) in world.nodes[1].incoming().into_iter().enumerate() {
            match index % 2 {
                0 => world.nodes[1].core.abort_stream(stream, 0),
                _ => world.nodes[0].core.abort_stream(ours[index], 0),
            }
        }
        world.run(Duration::from_secs(1));
        for (stream, _) in world.nodes[1].incoming() {
            world.nodes[1].core.abort_stream(stream, 0);
        }
        for stream in ours {
            world.nodes[0].core.abort_stream(stream, 0);
        }
        world.run(Duration::from_secs(1));
    }
    assert_eq!(world.nodes[0].core.stream_count(), 0);
    assert_eq!(world.nodes[1].core.stream_count(), 0);
    assert_eq!(world.nodes[0].end(), None);
}

#[test]
fn datagrams_arrive_whole_and_reserve_what_they_take() {
    let mut world = World::connected();
    world.run(Duration::from_secs(1));
    let near = world.nodes[0].session();
    let gauge = world.nodes[0].core.gauge(near).unwrap();
    assert_eq!(gauge.reserve(5_000), DatagramOutcome::TooLarge);
    let datagram = Bytes::from(vec![3; 1_000]);
    let mut sent = 0;
    while gauge.reserve(datagram.len()) == DatagramOutcome::Sent {
        sent += 1;
    }
    assert!(sent > 100 && sent <= DATAGRAM_SEND_BYTES / 1_000);
    for _ in 0..sent {
        world.nodes[0].core.send_datagram(near, datagram.clone());
    }
    world.run(Duration::from_secs(2));
    assert_eq!(world.nodes[1].datagrams().len(), sent);
    assert!(world.nodes[1].datagrams().iter().all(|d| d == &datagram));
    assert_eq!(gauge.reserve(1_000), DatagramOutcome::Sent);
}

#[test]
fn keep_alives_hold_a_session_and_silence_ends_it() {
    let mut world = World::connected();
    world.run(Duration::from_secs(600));
    assert_eq!(world.nodes[0].end(), None);
    world.is_cut = true;
    world.run(IDLE_TIMEOUT + KEEP_ALIVE + Duration::from_secs(1));
    for node in &world.nodes {
        assert_eq!(node.end().map(|end| end.0), Some(EndKind::IdleTimeout));
        assert_eq!(node.core.session_count(), 0);
    }
}

#[test]
fn a_close_tells_the_other_side_and_frees_both() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    let core = &mut world.nodes[0].core;
    core.close_session(world.now, near, 42, "enough");
    core.close_session(world.now, near, 43, "again");
    world.run(Duration::from_secs(5));
    assert_eq!(world.nodes[0].end(), Some((EndKind::Local, 42, "enough")));
    assert_eq!(world.nodes[1].end(), Some((EndKind::Remote, 42, "enough")));
    for node in &world.nodes {
        assert_eq!(node.core.session_count(), 0);
        assert_eq!(node.core.half_open + node.core.waiting, 0);
    }
}

#[test]
fn packets_grow_to_what_the_path_carries() {
    for (mtu, least) in [(1_472, MTU_INTERNET as usize - 20), (1_300, 1_280)] {
        let mut world = World::connected_over(mtu);
        world.run(Duration::from_secs(5));
        let near = world.nodes[0].session();
        let session = world.nodes[0].core.sessions.get(near).unwrap();
        let found = usize::from(session.connection.current_mtu());
        assert!((least..=mtu).contains(&found), "{found} on a path of {mtu}");
    }
}

#[test]
fn garbage_is_ignored() {
    let mut world = World::connected();
    let from = world.nodes[0].address;
    for length in (0..2_000).step_by(7) {
        for first in [0x40, 0x7f, 0xc0, 0xff] {
            let mut packet = pattern(length);
            if let Some(byte) = packet.first_mut() {
                *byte = first;
            }
            let packet = BytesMut::from(packet.as_slice());
            world.nodes[1]
                .core
                .feed(world.now, from, None, None, packet);
        }
    }
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[1].end(), None);
    assert_eq!(world.nodes[1].core.session_count(), 1);
}
