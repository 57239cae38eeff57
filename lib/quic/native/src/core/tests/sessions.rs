//! Whole sessions: datagrams, silence, ends, and the memory of one that is idle.

use crate::core::testing::{Node, World, ALPN};
use crate::core::*;
use crate::event::EndKind;
use crate::testing::allocated_bytes;
use bytes::Bytes;
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
fn a_close_that_is_lost_is_told_again() {
    for lost in [5, 100] {
        let mut world = World::connected();
        world.run(Duration::from_secs(1));
        let near = world.nodes[0].session();
        world.is_cut = true;
        world.nodes[0].core.close_all(world.now, "over");
        assert!(world.nodes[0].core.takes_leave());
        world.run(Duration::from_millis(lost));
        assert_eq!(world.nodes[1].end(), None);
        world.is_cut = false;
        world.run(SHUTDOWN_TIMEOUT);
        assert_eq!(world.nodes[1].end(), Some((EndKind::Remote, 0, "over")));
        assert!(!world.nodes[0].core.takes_leave());
        assert!(world.nodes[0].core.gauge(near).is_none());
    }
}

#[test]
fn nobody_takes_leave_for_long() {
    let mut world = World::connected();
    world.run(Duration::from_secs(1));
    world.is_cut = true;
    world.tapped = Some(Vec::new());
    world.nodes[0].core.close_all(world.now, "over");
    world.run(SHUTDOWN_TIMEOUT);
    assert!(!world.nodes[0].core.takes_leave());
    let told = world.tapped.take().unwrap().len();
    assert!((3..=FAREWELLS_MAX as usize).contains(&told), "{told}");
}

#[test]
fn a_restart_with_the_same_key_ends_sessions_at_the_next_packet() {
    for is_same in [true, false] {
        let key = ResetKey::random();
        let mut world = World::new(&[ALPN], &[ALPN]);
        world.nodes[1] = Node::with_key(2, &[ALPN], &key);
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_secs(1));
        let near = world.nodes[0].session();
        world.nodes[0].core.admit(near);
        world.run(Duration::from_secs(1));
        let next = if is_same { key } else { ResetKey::random() };
        world.nodes[1] = Node::with_key(2, &[ALPN], &next);
        let core = &mut world.nodes[0].core;
        core.gauge(near).unwrap().reserve(2);
        core.send_datagram(near, Bytes::from_static(b"hi"));
        world.run(Duration::from_millis(100));
        let end = world.nodes[0].end().map(|(kind, ..)| kind);
        assert_eq!(end, is_same.then_some(EndKind::StatelessReset));
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
