//! Flows beside a core that a second one answers: what a peer may do to the end that serves.

use super::*;
use crate::core::testing::{World, ALPN_FLOWS};
use crate::event::Event;
use crate::io::tokens::{source, Source};
use mio::{Events, Poll};
use std::net::UdpSocket as StdSocket;
use std::sync::Arc;
use std::time::Duration;

const TAG: u32 = 9;

struct Bench {
    world: World,
    poll: Poll,
    flows: Flows,
    gauge: Arc<FlowGauge>,
    service: StdSocket,
    port: u16,
}

impl Bench {
    /// A service that is not open to the session yet.
    fn new() -> Self {
        Self::with_room(FLOWS_SERVED_MAX)
    }

    /// The same, with room for so many flows.
    fn with_room(room: usize) -> Self {
        let service = StdSocket::bind("127.0.0.1:0").unwrap();
        service
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let target = service.local_addr().unwrap();
        let gauge = Arc::<FlowGauge>::default();
        let mut flows = Flows::new();
        flows.served = ServedFlows::new(room);
        let targets = vec![target];
        flows
            .served
            .serve(TAG, target.port(), targets, gauge.clone());
        Self {
            world: World::connected_with(ALPN_FLOWS, 1_472),
            poll: Poll::new().unwrap(),
            flows,
            gauge,
            service,
            port: target.port(),
        }
    }

    fn session(&self) -> Handle {
        self.world.nodes[1].session()
    }

    /// Another session with the same service open to it.
    fn another(&mut self) -> Handle {
        self.world.dial(ALPN_FLOWS, Duration::from_secs(5));
        self.world.run(Duration::from_secs(1));
        let node = &mut self.world.nodes[1];
        let up = node.events.iter().rev().find_map(|event| match event {
            Event::SessionUp { session, .. } => Some(*session),
            _ => None,
        });
        let session = up.unwrap();
        node.core.take_session(session);
        node.core.admit(session);
        self.flows.served.allow(&node.core, TAG, session);
        session
    }

    fn allow(&mut self) {
        let session = self.session();
        let core = &self.world.nodes[1].core;
        self.flows.served.allow(core, TAG, session);
    }

    fn header(&self, flow: u32) -> Header {
        Header::of(Way::ToService, flow, self.port, 1)
    }

    /// As if the peer had sent it.
    fn send(&mut self, header: Header, packet: &[u8]) {
        for datagram in header.split(packet, 1_200).unwrap() {
            self.send_datagram(datagram);
        }
    }

    fn send_datagram(&mut self, datagram: Bytes) {
        self.send_over(self.session(), datagram);
    }

    fn send_over(&mut self, session: Handle, datagram: Bytes) {
        let now = self.world.now;
        self.flows
            .take(self.poll.registry(), session, datagram, now);
    }

    /// What the service gets, and from where.
    fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2_048];
        let (length, from) = self.service.recv_from(&mut buffer).unwrap();
        (buffer[..length].to_vec(), from)
    }

    fn flow_count(&self) -> f64 {
        self.gauge.read()[0]
    }
}

#[test]
fn packets_reach_the_service_once_it_is_open_to_the_session() {
    let mut bench = Bench::new();
    let packet = [7; 1_420];
    bench.send(bench.header(1), b"too early");
    bench.allow();
    bench.send(bench.header(1), &packet);
    let (received, first) = bench.receive();
    assert_eq!(received, packet);
    bench.send(bench.header(2), b"another flow");
    let (received, second) = bench.receive();
    assert_eq!(received, b"another flow");
    assert_ne!(first, second);
    // A port that is not served, and a flow from a service that we do not have.
    let elsewhere = Header::of(Way::ToService, 1, bench.port ^ 1, 1);
    bench.send(elsewhere, b"elsewhere");
    bench.send(Header::of(Way::FromService, 1, bench.port, 1), b"backwards");
    assert_eq!(bench.gauge.read(), [2.0, 0.0, 2.0, 0.0]);
}

#[test]
fn answers_go_back_over_the_session() {
    let mut bench = Bench::new();
    bench.allow();
    bench.send(bench.header(5), b"question");
    let (_, from) = bench.receive();
    let answer = [3; 3_000];
    bench.service.send_to(&answer, from).unwrap();
    let mut ready = Events::with_capacity(8);
    let timeout = Some(Duration::from_secs(60));
    bench.poll.poll(&mut ready, timeout).unwrap();
    for event in ready.iter() {
        match source(event.token()) {
            Source::Flow(handle) => bench.flows.served.reading.ready(handle),
            _ => panic!("nothing else is registered"),
        }
    }
    let core = &mut bench.world.nodes[1].core;
    let turn = Turn::at(Instant::now());
    bench.flows.serve(core, bench.poll.registry(), &turn);
    assert_eq!(bench.gauge.read(), [1.0, 1.0, 1.0, 0.0]);
    bench.world.run(Duration::from_secs(1));
    let core = &mut bench.world.nodes[0].core;
    let mut whole = vec![Vec::new(); 3];
    while let Some((_, datagram)) = core.next_packet() {
        let (header, payload) = Header::parse(datagram).unwrap();
        let told = (header.way, header.flow, header.port, header.parts);
        assert_eq!(told, (Way::FromService, 5, bench.port, 3));
        whole[usize::from(header.part)] = payload.to_vec();
    }
    assert_eq!(whole.concat(), answer);
}

#[test]
fn what_is_withdrawn_or_over_leaves_no_flow() {
    let mut bench = Bench::new();
    bench.allow();
    bench.send(bench.header(1), b"a");
    bench.send(bench.header(2), b"b");
    assert_eq!(bench.flow_count(), 2.0);
    let session = bench.session();
    bench.flows.session_ended(session);
    assert_eq!(bench.flow_count(), 0.0);
    bench.send(bench.header(3), b"c");
    assert_eq!(bench.flow_count(), 0.0);

    bench.allow();
    bench.send(bench.header(4), b"d");
    bench.flows.served.withdraw(TAG);
    bench.send(bench.header(4), b"e");
    assert_eq!(bench.flow_count(), 0.0);
    assert_eq!(bench.flows.next_deadline(), None);
    for expected in [b"a", b"b", b"d"] {
        assert_eq!(bench.receive().0, expected);
    }
}

#[test]
fn a_flow_ends_when_it_was_silent_for_a_minute() {
    let mut bench = Bench::new();
    bench.allow();
    bench.send(bench.header(1), b"a");
    bench.world.now += FLOW_IDLE / 2;
    bench.send(bench.header(1), b"b");
    bench.world.now += FLOW_IDLE / 2;
    bench.flows.expire(bench.world.now);
    assert_eq!(bench.flow_count(), 1.0);
    bench.world.now += FLOW_IDLE / 2;
    assert_eq!(bench.flows.next_deadline(), Some(bench.world.now));
    bench.flows.expire(bench.world.now);
    assert_eq!(bench.flow_count(), 0.0);
}

#[test]
fn where_all_flows_are_taken_who_has_most_makes_room() {
    const ROOM: u32 = 6;
    let mut bench = Bench::with_room(ROOM as usize);
    bench.allow();
    let (greedy, modest) = (bench.session(), bench.another());
    let mut send = |session, flow: u32| {
        let datagrams = bench.header(flow).split(&flow.to_be_bytes(), 1_200);
        for datagram in datagrams.unwrap() {
            bench.send_over(session, datagram);
        }
        bench.world.now += Duration::from_millis(1);
        assert!(bench.flow_count() <= f64::from(ROOM));
        bench.receive().1
    };
    let first: Vec<_> = (0..ROOM - 1).map(|flow| send(greedy, flow)).collect();
    let theirs: Vec<_> = (100..103).map(|flow| send(modest, flow)).collect();
    // The newest of the one and all of the other are as they were.
    assert_eq!([3, 4].map(|flow| send(greedy, flow)), first[3..]);
    assert_eq!([100, 101, 102].map(|flow| send(modest, flow)), theirs[..]);
    assert_eq!(bench.flow_count(), f64::from(ROOM));
    let session = bench.session();
    bench.flows.session_ended(session);
    assert_eq!(bench.flow_count(), 3.0);
}

#[test]
fn a_hostile_member_meets_bounds() {
    let mut bench = Bench::new();
    bench.allow();
    // More flows than there may be: the oldest make room, and none is refused.
    for flow in 0..FLOWS_PER_SESSION_MAX as u32 + 100 {
        bench.send(bench.header(flow), b"a");
    }
    let [flows, _, received, dropped] = bench.gauge.read();
    assert!(flows <= FLOWS_PER_SESSION_MAX as f64, "{flows} flows");
    assert_eq!(received + dropped, FLOWS_PER_SESSION_MAX as f64 + 100.0);
    // Whatever bytes, in the shape of a packet or not.
    let mut state = 0x9e37_79b9_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..random() % 40).map(|_| random() as u8).collect();
        if bytes.len() > 7 && random() % 4 > 0 {
            bytes[0] = (1 + random() % 2) as u8;
            bytes[5..7].copy_from_slice(&bench.port.to_be_bytes());
        }
        bench.send_datagram(bytes.into());
    }
    assert!(bench.flow_count() <= FLOWS_PER_SESSION_MAX as f64);
    let session = bench.session();
    bench.flows.session_ended(session);
    assert_eq!(bench.flow_count(), 0.0);
    assert_eq!(bench.flows.next_deadline(), None);
}
