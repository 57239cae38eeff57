//! Whole sessions: datagrams, silence, ends, and the memory of one that is idle.

use crate::core::testing::{World, ALPN};
use crate::core::*;
use crate::event::EndKind;
use crate::testing::allocated_bytes;
use std::time::Duration;

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
fn a_slow_peer_makes_no_closing_long() {
    let mut world = World::connected();
    // As if every acknowledgement were held back.
    world.latency = Duration::from_secs(4);
    world.run(Duration::from_secs(300));
    let near = world.nodes[0].session();
    world.nodes[0].core.close_session(world.now, near, 0, "");
    let moment = Duration::from_millis(1);
    world.run(CLOSING_TIMEOUT - moment);
    assert_eq!(world.nodes[0].core.session_count(), 1);
    world.run(moment);
    assert_eq!(world.nodes[0].core.session_count(), 0);
    world.run(CLOSING_TIMEOUT);
    assert_eq!(world.nodes[1].core.session_count(), 0);
}

#[test]
fn an_idle_session_takes_little_memory() {
    const SESSIONS: usize = 64;
    let mut world = World::new(&[ALPN], &[ALPN]);
    let up = |world: &mut World| {
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_secs(1));
        for node in &mut world.nodes {
            let session = node.session();
            node.core.take_session(session);
            node.core.admit(session);
            node.events.clear();
        }
        world.run(Duration::from_secs(15));
    };
    up(&mut world);
    let before = allocated_bytes();
    for _ in 0..SESSIONS {
        up(&mut world);
    }
    let each = (allocated_bytes() - before) / (2 * SESSIONS as isize);
    println!("an idle session takes {each} bytes");
    assert!((1_000..40_000).contains(&each), "{each} bytes");
    for node in &world.nodes {
        assert_eq!(node.core.session_count(), SESSIONS + 1);
    }
}
