//! What a session makes of its path: packet sizes, congestion, garbage.

use super::pattern;
use super::transfer::Transfer;
use crate::core::congestion::Bounded;
use crate::core::testing::{World, ALPN};
use crate::core::*;
use crate::testing::allocated_bytes;
use bytes::BytesMut;
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
fn packets_shrink_when_only_large_ones_vanish() {
    const BYTES: usize = 20_000_000;
    let mut world = World::connected_over(1_472);
    let mut transfer = Transfer::begin(&mut world, BYTES);
    let before = transfer.run(&mut world, 300, Duration::from_millis(1));
    let size = |world: &World| {
        let near = world.nodes[0].session();
        let session = world.nodes[0].core.sessions.get(near).unwrap();
        session.connection.current_mtu()
    };
    assert!(size(&world) > 1_400 && (100_000..BYTES / 2).contains(&before));
    world.mtu = 1_250;
    let mut seconds = 0;
    while transfer.received < BYTES && seconds < 60 {
        transfer.run(&mut world, 1_000, Duration::from_millis(1));
        seconds += 1;
    }
    assert_eq!(transfer.received, BYTES);
    assert!((1_200..=1_250).contains(&size(&world)));
    assert_eq!(world.nodes.each_ref().map(|node| node.end()), [None, None]);
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
    let mut transfer = Transfer::begin(&mut world, 40_000_000);
    let mut widest = 0;
    for _ in 0..20_000 {
        transfer.run(&mut world, 1, Duration::from_micros(100));
        let session = world.nodes[0].core.sessions.get(near).unwrap();
        widest = widest.max(session.connection.congestion_state().window());
        if transfer.is_written() {
            break;
        }
    }
    assert!(
        transfer.is_written(),
        "{congestion:?} did not move the bytes"
    );
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
