//! Dials, handshakes, and what a peer may do before its verdict.

use super::pattern;
use super::transfer::Transfer;
use crate::core::testing::{Node, World, ALPN, DIAL};
use crate::core::*;
use crate::event::{DialError, EndKind};
use bytes::Bytes;
use std::time::Duration;

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
fn a_path_that_takes_longer_than_was_assumed_is_met_with_few_packets() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.latency = Duration::from_millis(300);
    world.tapped = Some(Vec::new());
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_millis(1_500));
    let sent = world.tapped.take().unwrap();
    assert!(sent.len() <= 16, "{} packets", sent.len());
    let sessions = world.nodes.each_ref().map(Node::session);
    for (node, session) in world.nodes.iter_mut().zip(sessions) {
        node.core.admit(session);
    }
    // What was sent twice did not narrow the window.
    let mut transfer = Transfer::begin(&mut world, 1_000_000);
    let near = world.nodes[0].core.sessions.get(sessions[0]).unwrap();
    let path = near.connection.stats().path;
    assert_eq!((path.congestion_events, path.cwnd), (0, 14_720));
    assert!(path.rtt >= Duration::from_millis(600), "{:?}", path.rtt);
    transfer.run(&mut world, 1_000, Duration::from_millis(10));
    assert_eq!(transfer.received, 1_000_000);
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
