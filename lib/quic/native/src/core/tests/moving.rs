//! Paths that are moved from above: QUIC notices nothing, and no packet moves one by itself.

use super::pattern;
use super::transfer::Transfer;
use crate::core::testing::{Node, World, ALPN, ALPN_MOVED};
use crate::core::*;
use crate::event::EndKind;
use crate::limits::{INITIAL_RTT, MTU_INTERNET, PACKET_BYTES_MIN, STRAY_PAUSE};
use bytes::{Bytes, BytesMut};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn elsewhere(host: u8) -> SocketAddr {
    ([198, 51, 100, host], 7_000).into()
}

/// Sends something that need not arrive.
fn say(world: &mut World, side: usize) {
    let session = world.nodes[side].session();
    let core = &mut world.nodes[side].core;
    core.gauge(session).unwrap().reserve(2);
    core.send_datagram(session, Bytes::from_static(b"hi"));
}

/// Says something on a new stream from one side; whether the other side hears of it.
fn is_heard(world: &mut World, side: usize) -> bool {
    let session = world.nodes[side].session();
    let before = world.nodes[1 - side].incoming().len();
    let opened = world.nodes[side].events.len();
    world.nodes[side].core.open_stream(session, 9);
    world.run(Duration::from_millis(200));
    let stream = world.nodes[side].events[opened..]
        .iter()
        .find_map(|event| match event {
            Event::StreamOpened { stream, .. } => Some(*stream),
            _ => None,
        });
    let Some(stream) = stream else { return false };
    let bytes = Bytes::from(pattern(10_000));
    world.nodes[side].core.write_stream(stream, bytes);
    world.run(SECOND);
    world.nodes[1 - side].incoming().len() > before
}

#[test]
fn either_end_moves_and_the_session_goes_on_once_the_other_is_told() {
    for side in 0..2 {
        let mut world = World::connected_with(ALPN_MOVED, 1_472);
        for host in 1..4 {
            let there = elsewhere(host);
            world.nodes[side].address = there;
            // What it sends arrives, and is reported to come from elsewhere; what is sent to it is lost.
            world.nodes[1 - side]
                .events
                .retain(|e| !matches!(e, Event::SessionStray { .. }));
            say(&mut world, side);
            world.run(Duration::from_millis(300));
            assert_eq!(world.nodes[1 - side].strays().first(), Some(&there));
            let session = world.nodes[1 - side].session();
            world.nodes[1 - side]
                .core
                .set_path(world.now, session, there);
            assert!(world.nodes[1 - side].core.has_admitted(there));
            world.run(SECOND);
            assert!(is_heard(&mut world, 0) && is_heard(&mut world, 1));
        }
        assert_eq!(world.nodes.each_ref().map(|node| node.end()), [None, None]);
    }
}

#[test]
fn both_ends_move_at_once_and_meet_again_where_they_are_told() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    let places = [elsewhere(1), elsewhere(2)];
    for (node, there) in world.nodes.iter_mut().zip(places) {
        node.address = there;
    }
    world.run(2 * SECOND);
    let now = world.now;
    for (node, there) in world.nodes.iter_mut().zip([places[1], places[0]]) {
        let session = node.session();
        node.core.set_path(now, session, there);
    }
    world.run(SECOND);
    assert!(is_heard(&mut world, 0) && is_heard(&mut world, 1));
}

#[test]
fn what_was_in_flight_on_the_old_path_does_not_hold_up_the_new_one() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    let mut transfer = Transfer::begin(&mut world, 100_000_000);
    let mut run = |world: &mut World, milliseconds| {
        transfer.run(world, milliseconds, Duration::from_millis(1))
    };
    assert!((1_000_000..50_000_000).contains(&run(&mut world, 300)));
    world.is_cut = true;
    run(&mut world, 2_000);
    world.is_cut = false;
    let now = world.now;
    for side in [0, 1] {
        let (session, to) = (world.nodes[side].session(), world.nodes[1 - side].address);
        world.nodes[side].core.set_path(now, session, to);
    }
    assert!(run(&mut world, 500) > 100_000);
}

/// The round trip, the size of packets and the congestion window that the near side counts with.
fn estimate(world: &World) -> (Duration, u16, u64) {
    let near = world.nodes[0].session();
    let connection = &world.nodes[0].core.sessions.get(near).unwrap().connection;
    let window = connection.congestion_state().metrics().congestion_window;
    (connection.rtt(), connection.current_mtu(), window)
}

#[test]
fn a_new_path_is_measured_afresh() {
    const MILLISECOND: Duration = Duration::from_millis(1);
    let fresh = (INITIAL_RTT, PACKET_BYTES_MIN, 10 * u64::from(MTU_INTERNET));
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    let mut transfer = Transfer::begin(&mut world, 100_000_000);
    transfer.run(&mut world, 300, MILLISECOND);
    let (rtt, mtu, window) = estimate(&world);
    assert!((40..60).contains(&rtt.as_millis()), "{rtt:?}");
    assert!(mtu > 1_400 && window > 2 * fresh.2, "{mtu}, {window}");

    // It carries less, and takes longer.
    (world.mtu, world.latency) = (1_300, Duration::from_millis(100));
    world.now += MILLISECOND;
    let now = world.now;
    for side in [0, 1] {
        let (session, to) = (world.nodes[side].session(), elsewhere(2 - side as u8));
        world.nodes[side].address = elsewhere(1 + side as u8);
        world.nodes[side].core.set_path(now, session, to);
    }
    let (rtt, mtu, window) = estimate(&world);
    assert_eq!((rtt, mtu), (fresh.0, fresh.1));
    assert_eq!(window, fresh.2.max(14_720));
    assert!(transfer.run(&mut world, 3_000, MILLISECOND) > 1_000_000);
    let (rtt, mtu, _) = estimate(&world);
    assert!((200..250).contains(&rtt.as_millis()), "{rtt:?}");
    assert!((1_280..=1_300).contains(&mtu), "{mtu}");
}

#[test]
fn what_was_lost_is_repeated_although_the_other_end_moves_later() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    let session = world.nodes[0].session();
    world.nodes[0].core.open_stream(session, 9);
    world.run(Duration::from_millis(200));
    let stream = world.nodes[0]
        .events
        .iter()
        .find_map(|event| match event {
            Event::StreamOpened { stream, .. } => Some(*stream),
            _ => None,
        })
        .unwrap();
    let places = [elsewhere(1), elsewhere(2)];
    for (node, there) in world.nodes.iter_mut().zip(places) {
        node.address = there;
    }
    let bytes = Bytes::from(pattern(1_000));
    world.nodes[0].core.write_stream(stream, bytes);
    world.run(10 * SECOND);
    // The answer to what comes first goes where nobody is any more.
    world.nodes[0].core.set_path(world.now, session, places[1]);
    world.run(Duration::from_millis(20));
    let far = world.nodes[1].session();
    world.nodes[1].core.set_path(world.now, far, places[0]);
    world.run(2 * SECOND);
    assert_eq!(world.nodes[1].incoming().len(), 1);
}

#[test]
fn a_path_back_to_where_the_session_began_is_one_like_others() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    let home = world.nodes[0].address;
    let session = world.nodes[1].session();
    for there in [elsewhere(1), home] {
        world.nodes[0].address = there;
        world.nodes[1].core.set_path(world.now, session, there);
        world.run(SECOND);
        assert!(is_heard(&mut world, 1));
    }
    assert!(!world.nodes[1].core.has_admitted(elsewhere(1)));
    assert!(world.nodes[1].core.has_admitted(home));
}

#[test]
fn packets_that_were_recorded_move_nothing_and_are_reported_sparsely() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    world.tapped = Some(Vec::new());
    assert!(is_heard(&mut world, 0));
    let recorded = world.tapped.take().unwrap();
    for (turn, packet) in recorded.iter().cycle().take(2_000).enumerate() {
        let from = elsewhere(turn as u8);
        let packet = BytesMut::from(&packet[..]);
        world.nodes[1]
            .core
            .feed(world.now, from, None, None, packet);
    }
    world.run(STRAY_PAUSE / 2);
    assert_eq!(world.nodes[1].strays().len(), 1);
    assert!(is_heard(&mut world, 1) && is_heard(&mut world, 0));
    assert_eq!(world.nodes[1].end(), None);
}

#[test]
fn packets_that_a_carrier_records_or_changes_are_not_heard() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    world.tapped = Some(Vec::new());
    assert!(is_heard(&mut world, 0));
    world.run(SECOND);
    let recorded = world.tapped.take().unwrap();
    let session = world.nodes[1].session();
    let heard = |world: &World| {
        let session = world.nodes[1].core.sessions.get(session).unwrap();
        (
            session.gauge.read()[3],
            session.connection.stats().udp_rx.bytes,
        )
    };
    let (before, arrived) = heard(&world);
    let path = world.nodes[0].address;
    for packet in recorded
        .iter()
        .flat_map(|packet| [0, 1].map(|bit| (packet, bit)))
    {
        let (mut packet, bit) = (packet.0.clone(), packet.1);
        *packet.last_mut().unwrap() ^= bit;
        world.nodes[1].feed(world.now, path, &packet);
    }
    world.is_cut = true;
    world.run(Duration::from_millis(5));
    let (after, arrives) = heard(&world);
    assert!(arrives > arrived, "they came to the session");
    assert_eq!(after, before);
    world.is_cut = false;
    assert!(is_heard(&mut world, 0));
    assert!(heard(&world).0 > before);
}

#[test]
fn a_reset_from_where_the_path_leads_ends_the_session() {
    let key = ResetKey::random();
    let reborn = || Node::with_key(2, &[ALPN_MOVED], &key);
    let mut world = World::new(&[ALPN_MOVED], &[ALPN_MOVED]);
    world.nodes[1] = reborn();
    world.meet(ALPN_MOVED);
    let there = elsewhere(1);
    world.nodes[1].address = there;
    let session = world.nodes[0].session();
    world.nodes[0].core.set_path(world.now, session, there);
    world.run(SECOND);
    // The other end comes back without a memory, but with its key.
    world.nodes[1] = reborn();
    world.nodes[1].address = there;
    say(&mut world, 0);
    world.run(SECOND);
    let end = world.nodes[0].end().map(|(kind, ..)| kind);
    assert_eq!(end, Some(EndKind::StatelessReset));
}

#[test]
fn packets_leave_from_any_address_of_ours_once_the_path_begins_anew() {
    let sources = |world: &mut World| -> Vec<Option<IpAddr>> {
        say(world, 1);
        let node = &mut world.nodes[1];
        while node.core.settle_next(world.now) {}
        let mut sources = Vec::new();
        while let Some(session) = node.core.next_to_flush() {
            let mut train = Vec::new();
            while let Some(sent) = node.core.transmit(world.now, session, 8, &mut train) {
                sources.push(sent.src_ip);
                train.clear();
            }
            node.core.flushed(world.now, session, false);
        }
        sources
    };
    let mut world = World::new(&[ALPN_MOVED], &[ALPN_MOVED]);
    let ours = world.nodes[1].address.ip();
    world.nodes[1].local_ip = Some(ours);
    world.meet(ALPN_MOVED);
    assert!(sources(&mut world).iter().all(|from| *from == Some(ours)));
    let (session, there) = (world.nodes[1].session(), world.nodes[0].address);
    world.nodes[1].core.set_path(world.now, session, there);
    let after = sources(&mut world);
    assert!(!after.is_empty() && after.iter().all(Option::is_none));
    world.run(SECOND);
    assert!(is_heard(&mut world, 1));
}

#[test]
fn a_path_that_is_quics_own_is_not_moved() {
    let mut world = World::connected_with(ALPN, 1_472);
    let session = world.nodes[0].session();
    world.nodes[0]
        .core
        .set_path(world.now, session, elsewhere(1));
    assert!(is_heard(&mut world, 0));
    assert_eq!(world.nodes[0].strays(), []);
}

#[test]
fn the_ids_of_a_session_are_forgotten_with_it() {
    let mut world = World::connected_with(ALPN_MOVED, 1_472);
    assert!(world.nodes[0].core.paths.known() > 0);
    let session = world.nodes[0].session();
    world.nodes[0]
        .core
        .set_path(world.now, session, elsewhere(1));
    world.nodes[0].core.close_session(world.now, session, 0, "");
    world.run(60 * SECOND);
    assert_eq!(world.nodes[0].core.session_count(), 0);
    assert_eq!(world.nodes[0].core.paths.known(), 0);
}

#[test]
fn both_ends_have_the_same_secret_and_no_two_sessions_share_one() {
    let secrets = |world: &World| {
        world.nodes.each_ref().map(|node| {
            let secret = node.events.iter().find_map(|event| match event {
                Event::SessionUp { secret, .. } => Some(*secret),
                _ => None,
            });
            secret.unwrap()
        })
    };
    let [near, far] = secrets(&World::connected());
    let [other, _] = secrets(&World::connected());
    assert_eq!(near, far);
    assert_ne!(near, other);
    assert_ne!(near, [0; 32]);
}
