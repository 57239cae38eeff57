//! Bridges beside a core that a second one answers, on virtual time.

mod faults;
mod floods;
#[cfg(unix)]
mod sockets;
#[cfg(target_os = "linux")]
mod trains;

use super::bridges::{Bridges, Order};
use super::rules::{Route, Rules, Service, Verdict};
use super::turn::Turn;
use crate::core::testing::{World, ALPN};
use crate::event::{BridgeEnd, Event};
use crate::limits::*;
use bytes::Bytes;
use mio::Poll;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_bridge_whose_stream_is_not_allowed_in_time_ends_by_a_reset() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    let near = world.nodes[0].session();
    let core = &mut world.nodes[0].core;
    core.admit(near);
    // The peer has not admitted us: it allows no more than it does at first.
    for token in 0..STREAMS_UNADMITTED {
        core.open_delegated(near, BRIDGES_MAX as u32 + token)
            .unwrap();
    }
    let poll = Poll::new().unwrap();
    let (registry, mut events, mut bridges) = (poll.registry(), Vec::new(), Bridges::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (tcp, _) = listener.accept().unwrap();
    tcp.set_nonblocking(true).unwrap();
    let tcp = Some(mio::net::TcpStream::from_std(tcp));
    let order = Order { tag: 7, rule: 0 };
    let parts = (tcp, near, Bytes::from_static(b"ab"));
    bridges.join_session(core, registry, &mut events, world.now, order, parts);

    let deadline = world.now + STREAM_OPEN_TIMEOUT;
    assert_eq!(bridges.next_deadline(), Some(deadline));
    let early = Turn::at(deadline - Duration::from_millis(1));
    bridges.expire(core, registry, &mut events, &early);
    assert!(events.is_empty());
    let due = Turn::at(deadline);
    bridges.expire(core, registry, &mut events, &due);
    let [Event::BridgeEnded {
        tag: 7,
        kind,
        reason,
        ..
    }] = events.as_slice()
    else {
        panic!("unexpected {events:?}");
    };
    assert_eq!(*kind, BridgeEnd::StreamReset);
    assert_eq!(reason, "the peer allowed no stream in time");
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(bridges.next_deadline().is_none());
}

#[test]
fn rules_answer_for_open_sessions_until_their_owner_is_far_behind() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    let core = &mut world.nodes[0].core;
    let mut rules = Rules::default();
    let route = |session| Route {
        session,
        head: Bytes::from_static(b"ab"),
    };
    let listener = 77;
    assert!(matches!(rules.route(core, listener), Verdict::Ask));
    rules.add_route(1, listener, route(near), 1);
    assert!(matches!(
        rules.route(core, listener),
        Verdict::Bridge { rule: 1, .. }
    ));
    assert!(matches!(rules.route(core, listener), Verdict::Refuse));
    assert!(matches!(rules.route(core, listener), Verdict::Refuse));
    assert_eq!(rules.take_refusals(), [(1, 2)]);
    assert_eq!(rules.take_refusals(), []);
    rules.bridge_ended(1);
    rules.is_suspended = true;
    assert!(matches!(rules.route(core, listener), Verdict::Ask));
    rules.is_suspended = false;
    assert!(matches!(
        rules.route(core, listener),
        Verdict::Bridge { .. }
    ));

    let head = Bytes::from_static(b"ab");
    let service = Service {
        head: head.clone(),
        targets: Arc::new([([127, 0, 0, 1], 1).into()]),
    };
    rules.add_service(2, service, 1);
    assert!(matches!(rules.serve(near, &head), Verdict::Ask));
    rules.allow(core, 2, near);
    rules.allow(core, 1, near);
    assert!(matches!(
        rules.serve(near, &head),
        Verdict::Bridge { rule: 2, .. }
    ));
    rules.withdraw(2);
    assert!(matches!(rules.serve(near, &head), Verdict::Ask));

    // A number that is taken makes no second rule, and a session that is over serves nobody.
    rules.add_route(1, listener + 1, route(near), 9);
    assert!(matches!(rules.route(core, listener + 1), Verdict::Ask));
    core.close_session(world.now, near, 0, "over");
    rules.bridge_ended(1);
    assert!(matches!(rules.route(core, listener), Verdict::Ask));
}

#[test]
fn a_stream_that_was_reset_before_it_was_bridged_is_no_clean_end() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    world.nodes[0].core.open_stream(near, 1);
    world.run(Duration::from_millis(100));
    let opened = world.nodes[0].events.iter().find_map(|event| match event {
        Event::StreamOpened { stream, .. } => Some(*stream),
        _ => None,
    });
    let ours = opened.unwrap();
    let core = &mut world.nodes[0].core;
    core.write_stream(ours, Bytes::from_static(b"ab"));
    world.run(Duration::from_millis(100));
    let (theirs, _) = world.nodes[1].incoming()[0].clone();
    world.nodes[0].core.abort_stream(ours, 5);
    world.run(Duration::from_millis(100));

    let poll = Poll::new().unwrap();
    let (mut events, mut bridges) = (Vec::new(), Bridges::new());
    let order = Order { tag: 7, rule: 0 };
    let far = world.nodes[1].session();
    let core = &mut world.nodes[1].core;
    let parts = (far, theirs, vec![([127, 0, 0, 1], 1).into()]);
    bridges.join_target(core, poll.registry(), &mut events, world.now, order, parts);
    let [Event::BridgeEnded { tag: 7, kind, .. }] = events.as_slice() else {
        panic!("unexpected {events:?}");
    };
    assert_eq!(*kind, BridgeEnd::StreamReset);
    assert_eq!(core.stream_count(), 0);
}
