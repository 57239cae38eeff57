//! Bridges beside a core that a second one answers, on virtual time.

use super::bridges::Bridges;
use crate::core::testing::{World, ALPN};
use crate::event::{BridgeEnd, Event};
use crate::limits::*;
use bytes::Bytes;
use mio::Poll;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
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
    for token in 0..STREAMS_PER_PEER_MIN {
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
    let order = (7, tcp, near, Bytes::from_static(b"ab"));
    bridges.join_session(core, registry, &mut events, world.now, order);

    let deadline = world.now + STREAM_OPEN_TIMEOUT;
    assert_eq!(bridges.next_deadline(), Some(deadline));
    bridges.expire(
        core,
        registry,
        &mut events,
        deadline - Duration::from_millis(1),
    );
    assert!(events.is_empty());
    bridges.expire(core, registry, &mut events, deadline);
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
