//! What a stranger who keeps to no rule can make us hold, and what becomes of others meanwhile.

use super::gate::{is_up, source};
use crate::core::testing::floods::{Flood, FLOODS};
use crate::core::testing::hostile::{crypto, Hostile, Space};
use crate::core::testing::{Node, World, ALPN};
use crate::event::Event;
use crate::handle::Handle;
use crate::limits::*;
use crate::testing::allocated_bytes;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Completes a handshake with the node; gives the session.
fn intrude(node: &mut Node, now: Instant, from: SocketAddr) -> (Hostile, Handle) {
    let mut client = Hostile::new(ALPN, u64::from(from.port()));
    let mut packets = vec![client.first()];
    for _ in 0..8 {
        for packet in packets.drain(..) {
            node.feed(now, from, &packet);
        }
        for packet in node.turn(now) {
            packets.extend(client.take(&packet));
        }
    }
    assert!(client.is_connected());
    let session = node.events.iter().rev().find_map(|event| match event {
        Event::SessionUp { session, .. } => Some(*session),
        _ => None,
    });
    (client, session.expect("the session is up"))
}

#[test]
fn no_flood_makes_us_hold_much() {
    for is_admitted in [false, true] {
        for flood in FLOODS {
            for bytes in [1_400, PACKET_BYTES_ORDINARY] {
                let [most, held] = flooded(flood, is_admitted, bytes);
                println!("{flood:?}, admitted: {is_admitted}, {bytes}: {most} and {held} bytes");
                assert!(
                    most < 8 << 20,
                    "{flood:?} makes us hold {most} bytes for a moment"
                );
                let bound = if is_admitted { 4 << 20 } else { 512 << 10 };
                assert!(held < bound, "{flood:?} makes us hold {held} bytes");
            }
        }
    }
}

/// The most that 2 MB of a flood made us hold, and what it made us hold for longer. A peer goes on
/// all the while.
fn flooded(flood: Flood, is_admitted: bool, bytes: usize) -> [isize; 2] {
    let mut world = World::connected();
    let (now, from) = (world.now, source(1));
    let node = &mut world.nodes[1];
    let (mut client, session) = intrude(node, now, from);
    if is_admitted {
        node.core.take_session(session);
        node.core.admit(session);
    }
    let before = allocated_bytes();
    let mut most = 0;
    for n in 0..(2 << 20) / bytes as u64 {
        let packet = flood.packet(&mut client, n, bytes);
        node.feed(now, from, &packet);
        drop(packet);
        if n % 16 == 0 {
            node.turn(now);
            // Those above take what comes.
            node.events.clear();
            most = most.max(allocated_bytes() - before);
        }
    }
    let near = world.nodes[0].session();
    let core = &mut world.nodes[0].core;
    core.gauge(near).unwrap().reserve(5);
    core.send_datagram(near, bytes::Bytes::from_static(b"still"));
    world.run(Duration::from_millis(100));
    let arrived = world.nodes[1].datagrams();
    assert!(arrived.iter().any(|d| d == b"still"), "{flood:?}");
    world.nodes[1].events.clear();
    world.run(Duration::from_secs(5));
    [most, allocated_bytes() - before]
}

#[test]
fn a_handshake_full_of_gaps_makes_us_hold_little() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    let now = world.now;
    let node = &mut world.nodes[1];
    let before = allocated_bytes();
    for stranger in 0..64 {
        let from = source(stranger);
        let mut client = Hostile::new(ALPN, stranger as u64);
        // The first byte is missing, so that all the others wait.
        for n in 0..256 {
            let gaps = (0..200).map(|index| crypto(1 + 2 * ((n * 200 + index) % 8_000), &[1]));
            let packet = client.packet_in(Space::Initial, &gaps.collect::<Vec<_>>().concat());
            node.feed(now, from, &packet);
        }
        node.turn(now);
    }
    let each = (allocated_bytes() - before) / 64;
    println!("a handshake full of gaps holds {each} bytes");
    assert!((1_000..512 << 10).contains(&each), "{each} bytes");
    world.run(HANDSHAKE_TIMEOUT + Duration::from_secs(5));
    assert_eq!(world.nodes[1].core.session_count(), 0);
}

#[test]
fn datagrams_before_the_verdict_are_few() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    let (now, from) = (world.now, source(1));
    let node = &mut world.nodes[1];
    let (mut client, session) = intrude(node, now, from);
    for n in 0..1_000 {
        let packet = Flood::Datagrams.packet(&mut client, n, 1_400);
        node.feed(now, from, &packet);
        node.turn(now);
    }
    assert!(node.datagrams().is_empty());
    node.core.admit(session);
    node.turn(now);
    let early = node.datagrams().len();
    assert!(
        (100..=DATAGRAM_EARLY_BYTES / 64).contains(&early),
        "{early}"
    );
}

#[test]
fn those_who_stop_in_the_middle_leave_room_for_others() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    let now = world.now;
    let before = allocated_bytes();
    for stranger in 0..3_000 {
        let mut client = Hostile::new(ALPN, stranger as u64);
        let first = client.first();
        world.nodes[1].feed(now, source(stranger), &first);
        world.nodes[1].turn(now);
    }
    let core = &world.nodes[1].core;
    assert!(core.session_count() <= HALF_OPEN_CALM);
    let held = allocated_bytes() - before;
    println!("3,000 strangers hold {held} bytes");
    assert!(held < 8 << 20, "{held} bytes");
    world.now += ANSWER_WINDOW;
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(5));
    assert!(is_up(&world.nodes[0]));
}
