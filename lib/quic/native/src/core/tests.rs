//! What a session does over a path that delays, loses and goes silent.

use super::testing::{Node, World, ALPN, DIAL};
use super::*;
use crate::event::{DialError, EndKind};
use crate::testing::allocated_bytes;
use bytes::BytesMut;
use std::time::Duration;

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
    let refusal = world.nodes[1].core.open_delegated(far, 1);
    assert_eq!(refusal, Err(OpenRefusal::NotOpen));
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
    world.nodes[0].core.open_delegated(near, 9).unwrap();
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
    world.nodes[0].core.open_delegated(near, 9).unwrap();
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
            world.nodes[0].core.open_delegated(near, token).unwrap();
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

#[test]
fn the_limit_of_streams_follows_use() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    // Short ones first: they use up credit that is not given back one by one.
    for round in 0..50 {
        world.nodes[0].wakes.clear();
        world.nodes[1].events.clear();
        for token in 0..50 {
            world.nodes[0].core.open_delegated(near, token).unwrap();
        }
        world.run(Duration::from_millis(100));
        assert_eq!(world.nodes[0].opened().len(), 50, "in round {round}");
        for stream in world.nodes[0].opened() {
            world.nodes[0].core.abort_stream(stream, 0);
        }
        world.run(Duration::from_millis(100));
    }
    world.nodes[0].wakes.clear();
    for token in 0..5_000 {
        world.nodes[0].core.open_delegated(near, token).unwrap();
    }
    let mut begun = 0;
    for _ in 0..20 {
        world.run(Duration::from_millis(100));
        let opened = world.nodes[0].opened();
        for stream in &opened[begun..] {
            let mut head = VecDeque::from([Bytes::from_static(b"ab")]);
            world.nodes[0].core.write_delegated(*stream, &mut head);
        }
        begun = opened.len();
    }
    assert_eq!(begun, 5_000);
    assert_eq!(world.nodes[1].core.stream_count(), 5_000);
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

#[test]
fn a_short_path_has_little_in_flight() {
    let mut world = World::connected();
    world.latency = Duration::from_micros(50);
    let near = world.nodes[0].session();
    world.nodes[0].core.open_delegated(near, 9).unwrap();
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened()[0];
    let mut pending = VecDeque::from([Bytes::from(vec![1; 40_000_000])]);
    let mut there = VecDeque::new();
    let mut theirs = None;
    let mut widest = 0;
    for _ in 0..5_000 {
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
    assert!(pending.is_empty());
    assert!((CONGESTION_WINDOW_NEAR / 2..=CONGESTION_WINDOW_NEAR).contains(&widest));
}
