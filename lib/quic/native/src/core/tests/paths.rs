//! What a session makes of its path: packet sizes, congestion, garbage.

use super::pattern;
use crate::core::congestion::Bounded;
use crate::core::testing::{World, ALPN};
use crate::core::*;
use crate::testing::allocated_bytes;
use bytes::{Bytes, BytesMut};
use quinn_proto::congestion::{Bbr, Cubic};
use std::time::Duration;

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
fn garbage_of_every_length_from_anywhere_is_ignored() {
    let mut world = World::connected();
    let held = allocated_bytes();
    let noise = pattern(65_536);
    for length in 0..=65_535_usize {
        let mut packet = BytesMut::from(&noise[..length]);
        if let Some(byte) = packet.first_mut() {
            // Short and long headers, each kind of them, and what is not QUIC.
            *byte = (length * 37) as u8;
        }
        if length % 5 == 0 && length > 5 {
            packet[1..5].copy_from_slice(&1_u32.to_be_bytes());
        }
        let [_, a, b, c] = (length as u32).wrapping_mul(2_654_435_761).to_be_bytes();
        let from = ([203, a, b, c], length as u16).into();
        world.nodes[1]
            .core
            .feed(world.now, from, None, None, packet);
    }
    let held = allocated_bytes() - held;
    assert!(held < 1_000_000, "{held} bytes are held");
    assert_eq!(world.nodes[1].core.session_count(), 1);
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[1].end(), None);
    assert_eq!(world.nodes[1].core.session_count(), 1);
}

/// Moves bytes over a short path where nothing is lost; gives the widest congestion window.
fn widest_window(congestion: Congestion) -> u64 {
    let mut world = World::new(&[ALPN], &[ALPN]);
    let options = Options {
        congestion,
        ..Options::default()
    };
    for node in &mut world.nodes {
        node.core.transports = Transports::new(options, None);
    }
    world.latency = Duration::from_micros(50);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    for node in &mut world.nodes {
        let session = node.session();
        node.core.admit(session);
        let connection = &node.core.sessions.get(session).unwrap().connection;
        let controller = connection.congestion_state().clone_box().into_any();
        let controller = controller.downcast::<Bounded>().unwrap().into_inner();
        assert_eq!(controller.is::<Bbr>(), congestion == Congestion::Bbr);
        assert_eq!(controller.is::<Cubic>(), congestion == Congestion::Cubic);
    }
    let near = world.nodes[0].session();
    world.nodes[0].core.open_delegated(near, 9).unwrap();
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened()[0];
    let mut pending = VecDeque::from([Bytes::from(vec![1; 40_000_000])]);
    let mut there = VecDeque::new();
    let mut theirs = None;
    let mut widest = 0;
    for _ in 0..20_000 {
        let [client, server] = &mut world.nodes;
        client.core.write_delegated(ours, &mut pending);
        let session = client.core.sessions.get(near).unwrap();
        widest = widest.max(session.connection.congestion_state().window());
        theirs = theirs.or_else(|| {
            let (stream, _) = server.incoming().into_iter().next()?;
            server.core.delegate(stream, 7).unwrap();
            Some(stream)
        });
        if let Some(stream) = theirs {
            server.core.read_stream(stream, usize::MAX, &mut there);
            there.clear();
        }
        if pending.is_empty() {
            break;
        }
        world.run(Duration::from_micros(100));
    }
    assert!(pending.is_empty(), "{congestion:?} did not move the bytes");
    widest
}

#[test]
fn a_short_path_has_little_in_flight() {
    for congestion in [Congestion::Cubic, Congestion::Bbr] {
        let widest = widest_window(congestion);
        assert!(
            (CONGESTION_WINDOW_NEAR / 2..=CONGESTION_WINDOW_NEAR).contains(&widest),
            "{congestion:?}: {widest}"
        );
    }
}
