//! What a member who keeps to no rule can make us hold, and whom readers who are behind hold up.

use crate::core::testing::{World, ALPN};
use crate::core::*;
use bytes::Bytes;
use std::time::Duration;

/// As many sessions as a member may have: the current one, and those that stand by.
const SESSIONS: usize = 16;

/// Writes what the other side's windows take, on as many streams as it allows.
fn flood(world: &mut World, sessions: &[Handle]) {
    for session in sessions {
        for token in 0..64 {
            let _ = world.nodes[0].core.open_delegated(*session, token);
        }
    }
    for round in 0..60 {
        world.run(Duration::from_millis(100));
        let bytes = if round < 2 { 2 } else { 1 << 20 };
        let block = Bytes::from(vec![7; bytes]);
        for stream in world.nodes[0].opened() {
            let mut pending = VecDeque::from([block.clone()]);
            world.nodes[0].core.write_delegated(stream, &mut pending);
        }
    }
}

#[test]
fn sessions_that_stand_by_hold_no_more_than_a_strangers() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.latency = Duration::from_millis(2);
    let mut ends = Vec::new();
    for _ in 0..SESSIONS {
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_millis(100));
        let [near, far] = [world.nodes[0].session(), world.nodes[1].session()];
        world.nodes.iter_mut().for_each(|node| node.events.clear());
        world.nodes[0].core.admit(near);
        world.nodes[1].core.take_session(far);
        match ends.is_empty() {
            true => world.nodes[1].core.admit(far),
            false => world.nodes[1].core.admit_narrow(far),
        }
        ends.push((near, far));
    }
    let near: Vec<_> = ends.iter().map(|(near, _)| *near).collect();
    flood(&mut world, &near);
    let received = |world: &World, far: Handle| world.nodes[1].core.gauge(far).unwrap().read()[3];
    let bounds = (
        f64::from(SESSION_WINDOW),
        f64::from(SESSION_WINDOW_UNADMITTED),
    );
    let current = received(&world, ends[0].1);
    assert!(
        current > 0.9 * bounds.0 && current < 1.2 * bounds.0,
        "{current}"
    );
    for (_, far) in &ends[1..] {
        let standing_by = received(&world, *far);
        assert!(
            standing_by > 0.9 * bounds.1 && standing_by < 1.5 * bounds.1,
            "{standing_by}"
        );
    }
    let streams = world.nodes[1].core.stream_count();
    assert_eq!(streams, 64 + (SESSIONS - 1) * STREAMS_UNADMITTED as usize);

    // The current one goes; what it held is free, and another takes its place.
    let (now, (first, second)) = (world.now, (ends[0].1, ends[1].1));
    world.nodes[1].core.close_session(now, first, 0, "");
    world.nodes[1].core.admit(second);
    let before = received(&world, second);
    flood(&mut world, &near[1..2]);
    assert!(received(&world, second) - before > 0.9 * (bounds.0 - bounds.1));
}

#[test]
fn a_session_that_is_over_keeps_nothing_unread() {
    let mut world = World::connected();
    let (near, far) = (world.nodes[0].session(), world.nodes[1].session());
    let before = crate::testing::allocated_bytes();
    flood(&mut world, &[near]);
    let held = crate::testing::allocated_bytes() - before;
    assert!(held > SESSION_WINDOW as isize / 2, "{held}");
    world.is_cut = true;
    let now = world.now;
    world.nodes[1].core.close_session(now, far, 0, "");
    let left = crate::testing::allocated_bytes() - before;
    assert!(
        left < held - SESSION_WINDOW as isize / 2,
        "{left} of {held}"
    );
}

#[test]
fn a_reader_who_is_behind_again_and_again_counts_once() {
    let mut world = World::connected();
    world.latency = Duration::from_millis(2);
    let [near, far] = [world.nodes[0].session(), world.nodes[1].session()];
    world.nodes[0].core.open_delegated(near, 1).unwrap();
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened()[0];
    let mut head = VecDeque::from([Bytes::from_static(b"ab")]);
    world.nodes[0].core.write_delegated(ours, &mut head);
    world.run(Duration::from_millis(100));
    let (theirs, _) = world.nodes[1].incoming().remove(0);
    world.nodes[1].core.delegate(theirs, 1).unwrap();
    for _ in 0..100 {
        for is_behind in [true, false] {
            world.nodes[1].core.note_behind(theirs, is_behind);
            world.run(Duration::from_millis(10));
        }
    }
    flood(&mut world, &[near]);
    let received = world.nodes[1].core.gauge(far).unwrap().read()[3];
    let bound = f64::from(SESSION_WINDOW + STREAM_WINDOW);
    assert!(
        received > 0.9 * bound && received < 1.1 * bound,
        "{received}"
    );
}

#[test]
fn readers_who_are_behind_hold_up_nobody_else() {
    let mut world = World::connected();
    world.latency = Duration::from_millis(2);
    let near = world.nodes[0].session();
    for token in 0..READERS_BEHIND_MAX + 1 {
        world.nodes[0].core.open_delegated(near, token).unwrap();
    }
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened();
    let head = Bytes::from_static(b"ab");
    for stream in &ours {
        let mut pending = VecDeque::from([head.clone()]);
        world.nodes[0].core.write_delegated(*stream, &mut pending);
    }
    world.run(Duration::from_millis(100));
    let mut theirs = world.nodes[1].incoming();
    for (token, (stream, _)) in theirs.iter().enumerate() {
        world.nodes[1].core.delegate(*stream, token as u32).unwrap();
    }
    // Whose stream is last there may be another one here.
    let (last, _) = theirs.pop().unwrap();
    let block = Bytes::from(vec![7; STREAM_WINDOW as usize - 2]);
    let mut pending: Vec<_> = ours
        .iter()
        .map(|_| VecDeque::from([block.clone()]))
        .collect();
    let mut moved = 0;
    for round in 0..400 {
        for (stream, pending) in ours.iter().zip(&mut pending) {
            world.nodes[0].core.write_delegated(*stream, pending);
        }
        world.run(Duration::from_millis(20));
        if round == 20 {
            for (stream, _) in &theirs {
                world.nodes[1].core.note_behind(*stream, true);
            }
        }
        let mut read = VecDeque::new();
        world.nodes[1].core.read_stream(last, usize::MAX, &mut read);
        moved += read.iter().map(Bytes::len).sum::<usize>();
    }
    assert_eq!(moved, block.len());
    assert!(pending.iter().all(VecDeque::is_empty));

    // They read on: what they may leave unread is as before.
    for (stream, _) in &theirs {
        let mut read = VecDeque::new();
        world.nodes[1]
            .core
            .read_stream(*stream, usize::MAX, &mut read);
        world.nodes[1].core.note_behind(*stream, false);
        let read: Vec<u8> = read.into_iter().flatten().collect();
        assert_eq!(read.len(), block.len());
    }
}
