//! Two cores in memory, one of which turns hostile, and somebody on the path between them.

use super::choices::Choices;
use super::keys::{lock, HostileConfig, Malice, Shared};
use super::packets::hostile;
use super::requests::{request, Known};
use crate::core::testing::{World, ALPN};
use crate::core::{Protocol, Protocols};
use crate::event::Event;
use crate::testing::{allocated_bytes, new_identity};
use bytes::{Bytes, BytesMut};
use quinn_proto::ServerConfig;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What two cores with some hundred hostile sessions may hold, in bytes.
const HELD_BYTES_MAX: isize = 128 * 1024 * 1024;
/// Attempts that run at a time: more are tested elsewhere, and would only make this slow.
const SESSIONS_MAX: usize = 24;
/// The number of the honest stream that is opened at the end.
const HONEST: u32 = 0x600d_600d;

pub fn round(choices: &mut Choices, inputs: u64) -> u64 {
    let held = allocated_bytes();
    let mut world = World::connected();
    world.tapped = Some(Vec::new());
    let honest = [world.nodes[0].session(), world.nodes[1].session()];
    let mut known = honest.map(|honest| Known {
        honest,
        ..Known::default()
    });
    let malice = Arc::new(Mutex::new(Malice {
        choices: Choices::seeded(choices.number()),
        rate: 0,
        tampered: 0,
        hello: None,
    }));
    let villain = choices.below(2);
    world.nodes[villain]
        .core
        .set_protocols(hostile_protocols(&malice));
    let mut count = 0;
    while count < inputs && !choices.is_over() {
        step(choices, &mut world, &malice, &known, &mut count);
        harvest(&mut world, &mut known);
    }
    let held_now = allocated_bytes() - held;
    assert!(held_now < HELD_BYTES_MAX, "{held_now} bytes are held");
    world.loss = 0;
    let tampered = {
        let mut malice = lock(&malice);
        malice.rate = 0;
        malice.tampered
    };
    check_honest(&mut world, honest);
    count + tampered
}

fn step(
    choices: &mut Choices,
    world: &mut World,
    malice: &Shared,
    known: &[Known; 2],
    count: &mut u64,
) {
    let side = choices.below(2);
    let peer = world.nodes[1 - side].address;
    match choices.below(16) {
        0..=6 => {
            *count += 1;
            let real = world.tapped.as_deref().unwrap_or_default();
            let packet = hostile(choices, real);
            let from = match choices.once_in(8) {
                true => stranger(choices),
                false => peer,
            };
            let packet = BytesMut::from(packet.as_slice());
            world.nodes[side]
                .core
                .feed(world.now, from, None, None, packet);
        }
        7 | 8 if world.nodes[0].core.session_count() < SESSIONS_MAX => {
            *count += 1;
            let far = world.nodes[1].address;
            let tag = choices.field();
            let timeout = Duration::from_secs(3);
            world.nodes[0].core.dial(world.now, tag, far, ALPN, timeout);
        }
        9..=12 => {
            *count += 1;
            let now = world.now;
            request(
                choices,
                &mut world.nodes[side].core,
                &known[side],
                now,
                peer,
            );
        }
        13 => world.run(Duration::from_micros(choices.number() % 5_000)),
        14 => {
            world.run(Duration::from_millis(choices.number() % 100));
            for (node, known) in world.nodes.iter_mut().zip(known) {
                for session in &known.sessions {
                    node.core.take_session(*session);
                    node.core.admit(*session);
                }
            }
        }
        15 if choices.once_in(4) => {
            world.loss = choices.one_of(&[0, 0, 3, 10]).unwrap_or(0);
            lock(malice).rate = choices.one_of(&[0, 1, 2, 2, 8]).unwrap_or(0);
            if choices.once_in(8) {
                world.run(Duration::from_secs(5));
            }
        }
        _ => world.run(Duration::ZERO),
    }
}

fn stranger(choices: &mut Choices) -> SocketAddr {
    (
        [198, 51, 100, choices.number() as u8],
        choices.number() as u16,
    )
        .into()
}

/// Remembers what is there, so that it can be named.
fn harvest(world: &mut World, known: &mut [Known; 2]) {
    for (node, known) in world.nodes.iter_mut().zip(known) {
        for event in node.events.drain(..) {
            match event {
                Event::SessionUp { session, .. } => known.note_session(session),
                Event::StreamOpened { stream, .. } | Event::StreamIncoming { stream, .. } => {
                    known.note_stream(stream);
                }
                Event::SessionEnded {
                    session, reason, ..
                } => {
                    assert_ne!(session, known.honest, "the honest session ended: {reason}");
                }
                _ => {}
            }
        }
        for wake in node.wakes.drain(..) {
            if let crate::core::WakeCause::Opened(stream) = wake.cause {
                known.note_stream(stream);
            }
        }
    }
    if let Some(tapped) = &mut world.tapped {
        let surplus = tapped.len().saturating_sub(32);
        tapped.drain(..surplus);
    }
}

/// The session that was there before still moves bytes, and everything is freed in the end.
fn check_honest(world: &mut World, [near, far]: [u32; 2]) {
    world.run(Duration::from_secs(2));
    for node in &mut world.nodes {
        node.events.clear();
    }
    world.nodes[0].core.open_stream(near, HONEST);
    world.run(Duration::from_secs(1));
    let opened = world.nodes[0].events.iter().find_map(|event| match event {
        Event::StreamOpened { stream, tag, .. } if *tag == HONEST => Some(*stream),
        _ => None,
    });
    let ours = opened.expect("the honest session opens a stream");
    let core = &mut world.nodes[0].core;
    core.write_stream(ours, Bytes::from_static(b"an honest word"));
    core.finish_stream(ours);
    world.run(Duration::from_secs(1));
    let incoming = world.nodes[1].events.iter().find_map(|event| match event {
        Event::StreamIncoming {
            session, stream, ..
        } if *session == far => Some(*stream),
        _ => None,
    });
    let theirs = incoming.expect("the honest stream arrives");
    world.nodes[1].core.grant_read(theirs, 100);
    world.run(Duration::from_secs(1));
    let received = world.nodes[1].received(theirs);
    assert_eq!(received, (b" honest word".to_vec(), true));
    for node in &mut world.nodes {
        node.core.close_all(world.now, "over");
    }
    world.run(Duration::from_secs(60));
    for node in &world.nodes {
        assert_eq!(node.core.session_count(), 0);
        assert_eq!(node.core.stream_count(), 0);
    }
}

fn hostile_protocols(malice: &Shared) -> Protocols {
    let (certificate, key) = new_identity();
    let mut protocol = Protocol::new(ALPN.to_vec(), certificate, key, true, 2).unwrap();
    protocol.client = Arc::new(HostileConfig {
        inner: protocol.client,
        malice: malice.clone(),
    });
    let mut protocols = Protocols::new(vec![protocol]).unwrap();
    let mut server = ServerConfig::clone(protocols.server.as_ref().unwrap());
    server.crypto = Arc::new(HostileConfig {
        inner: server.crypto,
        malice: malice.clone(),
    });
    protocols.server = Some(Arc::new(server));
    protocols
}
