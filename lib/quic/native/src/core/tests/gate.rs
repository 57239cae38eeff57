//! The gate on virtual time: who decides, who has to prove his address, and what a flood gets.

use crate::core::testing::{protocols, Node, World, ALPN};
use crate::core::Verdict;
use crate::event::Event;
use crate::event::{DialError, EndKind};
use crate::handle::Handle;
use crate::limits::*;
use crate::testing::allocated_bytes;
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// The attempts that were reported: handle, and whether the address was proved.
fn attempts(node: &Node) -> Vec<(Handle, bool)> {
    let attempts = node.events.iter().filter_map(|event| match event {
        Event::Attempt {
            attempt, validated, ..
        } => Some((*attempt, *validated)),
        _ => None,
    });
    attempts.collect()
}

pub(super) fn is_up(node: &Node) -> bool {
    let mut events = node.events.iter();
    events.any(|event| matches!(event, Event::SessionUp { .. }))
}

/// Two nodes; the gate of the second is kept.
fn kept() -> World {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.nodes[1].core.keep_gate(true);
    world
}

/// The nth stranger's address.
pub(super) fn source(n: usize) -> SocketAddr {
    let [.., a, b, c] = n.to_be_bytes();
    ([10, a, b, c], 4433).into()
}

/// The first packets of so many clients.
fn initials(world: &mut World, count: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    for _ in 0..count {
        world.dial(ALPN, LONG);
        packets.extend(world.nodes[0].turn(world.now));
    }
    assert_eq!(packets.len(), count);
    packets
}

/// The first packet of a client that was told to prove its address, and so carries a token.
fn with_token(world: &mut World) -> Vec<u8> {
    let [from, to] = world.nodes.each_ref().map(|node| node.address);
    world.dial(ALPN, LONG);
    let [client, server] = &mut world.nodes;
    for packet in client.turn(world.now) {
        server.feed(world.now, from, &packet);
    }
    server.turn(world.now);
    let (attempt, validated) = attempts(server)[0];
    assert!(!validated);
    server
        .core
        .answer_attempt(world.now, attempt, Some(Verdict::Retry));
    for packet in server.turn(world.now) {
        client.feed(world.now, to, &packet);
    }
    server.events.clear();
    client.turn(world.now).remove(0)
}

#[test]
fn nothing_is_spent_on_an_attempt_before_its_verdict() {
    let mut world = kept();
    world.dial(ALPN, LONG);
    world.run(Duration::from_millis(60));
    let (attempt, _) = attempts(&world.nodes[1])[0];
    let core = &mut world.nodes[1].core;
    assert_eq!((core.session_count(), core.half_open), (0, 0));
    core.answer_attempt(world.now, attempt, Some(Verdict::Take));
    core.answer_attempt(world.now, attempt, Some(Verdict::Refuse));
    assert_eq!((core.session_count(), core.half_open), (1, 1));
    world.run(Duration::from_secs(1));
    assert!(is_up(&world.nodes[0]) && is_up(&world.nodes[1]));
    assert_eq!(world.nodes[1].core.attempt_counts().taken, 1);
}

#[test]
fn each_verdict_does_what_it_says() {
    for (verdict, error) in [
        (Verdict::Refuse, Some(DialError::Refused)),
        (Verdict::Drop, None),
    ] {
        let mut world = kept();
        world.dial(ALPN, LONG);
        world.run(Duration::from_millis(60));
        let (attempt, _) = attempts(&world.nodes[1])[0];
        let core = &mut world.nodes[1].core;
        core.answer_attempt(world.now, attempt, Some(verdict));
        world.run(Duration::from_millis(100));
        assert_eq!(world.dial_error(), error);
        assert!(!is_up(&world.nodes[0]));
    }
}

#[test]
fn a_verdict_that_is_late_is_given_without_asking() {
    let mut world = kept();
    world.dial(ALPN, LONG);
    world.run(Duration::from_secs(1));
    assert!(is_up(&world.nodes[0]) && is_up(&world.nodes[1]));
    // Whoever let one be overdue is not asked about the next, until he says something.
    world.dial(ALPN, LONG);
    world.run(Duration::from_secs(1));
    assert_eq!(attempts(&world.nodes[1]).len(), 1);
    let (late, _) = attempts(&world.nodes[1])[0];
    let core = &mut world.nodes[1].core;
    core.answer_attempt(world.now, late, Some(Verdict::Refuse));
    world.dial(ALPN, LONG);
    world.run(Duration::from_secs(1));
    assert_eq!(attempts(&world.nodes[1]).len(), 2);
    assert_eq!(world.nodes[1].core.attempt_counts().taken, 3);
}

#[test]
fn a_retry_proves_the_address() {
    let mut world = kept();
    let packet = with_token(&mut world);
    let from = world.nodes[0].address;
    world.nodes[1].feed(world.now, from, &packet);
    world.run(Duration::ZERO);
    let (attempt, validated) = attempts(&world.nodes[1])[0];
    assert!(validated);
    // A second one would lead nowhere.
    let core = &mut world.nodes[1].core;
    core.answer_attempt(world.now, attempt, Some(Verdict::Retry));
    assert_eq!(core.attempt_counts().refused, 1);
}

#[test]
fn a_token_outlives_a_change_of_protocols() {
    let mut world = kept();
    let packet = with_token(&mut world);
    world.nodes[1].core.set_protocols(protocols(&[ALPN]));
    let from = world.nodes[0].address;
    world.nodes[1].feed(world.now, from, &packet);
    world.nodes[1].turn(world.now);
    assert_eq!(attempts(&world.nodes[1]).len(), 1);
    assert!(attempts(&world.nodes[1])[0].1);
}

#[test]
fn a_token_of_another_address_or_time_is_refused() {
    for (from, age) in [
        (source(1), Duration::ZERO),
        (
            ([192, 0, 2, 1], 4433).into(),
            RETRY_TOKEN_LIFETIME + Duration::from_secs(2),
        ),
    ] {
        let mut world = kept();
        let packet = with_token(&mut world);
        world.now += age;
        let server = &mut world.nodes[1];
        server.feed(world.now, from, &packet);
        let answers = server.turn(world.now);
        assert_eq!((attempts(server), answers.len()), (vec![], 1));
        let to = server.address;
        world.nodes[0].feed(world.now, to, &answers[0]);
        world.nodes[0].turn(world.now);
        assert_eq!(world.dial_error(), Some(DialError::Refused));
    }
}

#[test]
fn an_unknown_version_is_told_the_known_one() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    let mut packet = vec![0xc0, 0x6b, 0x33, 0x43, 0xcf, 8];
    packet.extend([1; 8]);
    packet.push(8);
    packet.extend([2; 8]);
    let server = &mut world.nodes[1];
    server.feed(world.now, source(1), &packet);
    // No more than was sent goes back to an address that anybody may have written there.
    assert!(server.turn(world.now).is_empty());
    packet.resize(1_200, 0);
    server.feed(world.now, source(1), &packet);
    let answers = server.turn(world.now);
    let [answer] = answers.as_slice() else {
        panic!("{} answers", answers.len());
    };
    assert_eq!(answer[1..5], [0; 4]);
    assert_eq!(answer[5..14], [[8].as_slice(), &[2; 8]].concat());
    assert_eq!(answer[14..23], [[8].as_slice(), &[1; 8]].concat());
    assert!(answer[23..]
        .chunks(4)
        .any(|version| version == [0, 0, 0, 1]));
    let mut count = 1;
    for _ in 0..1_000 {
        server.feed(world.now, source(1), &packet);
        count += server.turn(world.now).len();
    }
    assert_eq!(count, usize::from(ANSWERS_PER_SOURCE));
}

#[test]
fn a_session_that_one_side_lost_is_reset() {
    let mut world = World::connected();
    world.run(Duration::from_secs(1));
    let [near, far] = world.nodes.each_ref().map(Node::session);
    world.is_cut = true;
    let core = &mut world.nodes[1].core;
    core.close_session(world.now, far, 0, "nobody hears this");
    world.run(Duration::from_secs(5));
    assert_eq!(world.nodes[1].core.session_count(), 0);
    let mut packets = Vec::new();
    for _ in 0..50 {
        world.nodes[0].core.gauge(near).unwrap().reserve(500);
        let core = &mut world.nodes[0].core;
        core.send_datagram(near, Bytes::from(vec![7; 500]));
        packets.extend(world.nodes[0].turn(world.now));
    }
    assert!(packets.len() > 5);
    let from = world.nodes[0].address;
    let mut answers = Vec::new();
    for packet in &packets {
        world.nodes[1].feed(world.now, from, packet);
        answers.extend(world.nodes[1].turn(world.now));
    }
    assert_eq!(answers.len(), 1, "one such answer in 20 ms");
    assert!(answers[0].len() < packets[0].len());
    let to = world.nodes[1].address;
    world.nodes[0].feed(world.now, to, &answers[0]);
    world.nodes[0].turn(world.now);
    let end = world.nodes[0].end().map(|end| end.0);
    assert_eq!(end, Some(EndKind::StatelessReset));
}

#[test]
fn a_flood_of_attempts_costs_little_and_an_honest_peer_gets_through() {
    for is_kept in [false, true] {
        let mut world = World::new(&[ALPN], &[ALPN]);
        let packets = initials(&mut world, 4_000);
        let before = allocated_bytes();
        let server = &mut world.nodes[1];
        server.core.keep_gate(is_kept);
        let mut answers = 0;
        for (n, packet) in packets.iter().enumerate() {
            server.feed(world.now, source(n), packet);
            answers += server.turn(world.now).len();
        }
        // Nobody answers; then everything that waits is overdue.
        world.now += VERDICT_ON_ATTEMPT;
        answers += server.turn(world.now).len();
        let counts = server.core.attempt_counts();
        assert!(server.core.half_open <= HALF_OPEN_CALM);
        assert!(answers <= 2 * usize::from(ANSWERS_PER_WINDOW));
        let whole = counts.taken + counts.retried + counts.refused + counts.dropped;
        assert_eq!(whole, packets.len() as u64);
        assert!(counts.dropped > 1_000 && counts.retried > 500, "{counts:?}");
        let held = allocated_bytes() - before;
        println!("4,000 attempts hold {held} bytes, kept: {is_kept}, {counts:?}");
        assert!(held < 16 << 20, "{held} bytes");
        server.events.clear();
        world.nodes[0] = Node::new(1, &[ALPN]);
        world.now += ANSWER_WINDOW;
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_secs(5));
        assert!(is_up(&world.nodes[0]) && is_up(&world.nodes[1]));
    }
}
