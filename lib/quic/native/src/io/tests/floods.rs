//! Strangers who flood an engine over real sockets, while an honest peer connects to it and sends.
//! Asserts what becomes of the peer and of memory; prints how long the engine's turns were.

use crate::core::testing::floods::{Flood, FLOODS};
use crate::core::testing::hostile::Hostile;
use crate::core::testing::{protocols, Node, ALPN, DIAL};
use crate::core::{Options, ResetKey, Transports, Verdict};
use crate::event::Event;
use crate::io::{start, Command, Running};
use crate::limits::*;
use bytes::Bytes;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A number that whoever runs the test may set.
fn setting(name: &str, otherwise: usize) -> usize {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// How long a flood goes on at least; a benchmark sets more.
fn duration() -> Duration {
    Duration::from_millis(setting("POLLEN_FLOOD_MS", 100) as u64)
}

/// What the honest peer sends during a flood, in bytes; a sanitizer, which makes it slow, sets less.
fn payload() -> usize {
    setting("POLLEN_FLOOD_BYTES", 1 << 20)
}

const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
enum Attack {
    None,
    /// Random bytes behind the header of a first packet.
    GarbageInitials {
        sources: u16,
    },
    /// First packets of handshakes that are never finished.
    Initials {
        sources: u16,
    },
    /// Whole handshakes, one after the other.
    Handshakes,
    /// A session of a stranger, or of a member, and what it floods.
    Session {
        flood: Flood,
        is_admitted: bool,
        bytes: usize,
    },
}

/// A socket of its own address where loopback has many.
fn bind(source: u16) -> UdpSocket {
    let [a, b] = source.to_be_bytes();
    let many = cfg!(target_os = "linux");
    let ip = if many { [127, 1, a, b] } else { [127, 0, 0, 1] };
    let socket = UdpSocket::bind((std::net::Ipv4Addr::from(ip), 0)).unwrap();
    let patience = Some(Duration::from_millis(200));
    socket.set_read_timeout(patience).unwrap();
    socket
}

/// Completes a handshake; none if it was not let in.
fn intrude(socket: &UdpSocket, seed: u64) -> Option<Hostile> {
    let mut client = Hostile::new(ALPN, seed);
    let mut packets = vec![client.first()];
    let mut buffer = [0; 2_048];
    for _ in 0..8 {
        for packet in packets.drain(..) {
            let _ = socket.send(&packet);
        }
        if client.is_connected() {
            return Some(client);
        }
        let length = socket.recv(&mut buffer).ok()?;
        packets = client.take(&buffer[..length]);
    }
    None
}

/// Attacks until told to stop; gives how many packets were sent.
fn attack(attack: Attack, to: SocketAddr, begun: &AtomicBool, stop: &AtomicBool) -> u64 {
    let mut sent = 0_u64;
    let goes_on = || !stop.load(Relaxed);
    match attack {
        Attack::None => begun.store(true, Relaxed),
        Attack::GarbageInitials { sources } | Attack::Initials { sources } => {
            let sockets: Vec<_> = (0..sources).map(bind).collect();
            let real = matches!(attack, Attack::Initials { .. });
            let mut packets: Vec<_> = (0..64)
                .map(|seed| Hostile::new(ALPN, seed).first())
                .collect();
            begun.store(true, Relaxed);
            while goes_on() {
                for (socket, packet) in sockets.iter().cycle().zip(&mut packets) {
                    sent += 1;
                    if !real {
                        // Another ID each time, and content that no key opens.
                        packet[6..14].copy_from_slice(&(sent * 7_919).to_be_bytes());
                    }
                    let _ = socket.send_to(packet, to);
                    if sent % 16 == 0 {
                        std::thread::yield_now();
                    }
                }
            }
        }
        Attack::Handshakes => {
            for seed in 1.. {
                let socket = bind(seed as u16);
                socket.connect(to).unwrap();
                intrude(&socket, seed);
                begun.store(true, Relaxed);
                sent += 4;
                if !goes_on() {
                    break;
                }
            }
        }
        Attack::Session { flood, bytes, .. } => {
            for seed in 1.. {
                let socket = bind(seed as u16);
                socket.connect(to).unwrap();
                // A flood that ends its session begins another one.
                let Some(mut client) = intrude(&socket, seed) else {
                    continue;
                };
                begun.store(true, Relaxed);
                for n in 0..2_000 {
                    let _ = socket.send(&flood.packet(&mut client, n, bytes));
                    sent += 1;
                    if !goes_on() {
                        return sent;
                    }
                }
            }
        }
    }
    sent
}

/// Whoever owns the engine: decides, admits, and counts what comes.
struct Owner {
    engine: Running,
    honest: SocketAddr,
    admits_all: bool,
    /// The honest peer's session and stream, and what came on it.
    session: u32,
    stream: u32,
    received: usize,
}

impl Owner {
    fn step(&mut self) {
        let mut records = vec![0; 1 << 20];
        let length = self.engine.shared.take(&mut records);
        let mut rest = &records[..length];
        while let Some(size) = crate::abi::record_size(rest) {
            let (record, others) = rest.split_at(size);
            let mut fields = [0_u32; 6];
            for (field, bytes) in fields.iter_mut().zip(record.chunks(4)) {
                *field = u32::from_le_bytes(bytes.try_into().unwrap());
            }
            self.take(fields, &record[24..]);
            rest = others;
        }
    }

    fn take(&mut self, [kind, handle, _, x, y, length]: [u32; 6], payload: &[u8]) {
        let push = |command| self.engine.shared.push(command);
        match kind {
            1 => {
                let port = u16::from_le_bytes([payload[0], payload[1]]);
                let is_honest = port == self.honest.port();
                push(Command::TakeSession(handle));
                if is_honest || self.admits_all {
                    push(Command::Admit(handle));
                }
                if is_honest {
                    self.session = handle;
                }
            }
            7 if handle == self.session => {
                self.stream = x;
                push(Command::GrantRead {
                    stream: x,
                    bytes: READ_CREDIT_MAX,
                });
            }
            8 if handle == self.stream => {
                self.received += length as usize;
                push(Command::GrantRead {
                    stream: handle,
                    bytes: length,
                });
            }
            19 => {
                let verdict = match (x, y) {
                    (1, _) | (_, ..64) => Verdict::Take,
                    _ => Verdict::Retry,
                };
                push(Command::AnswerAttempt {
                    attempt: handle,
                    verdict: Some(verdict),
                });
            }
            _ => {}
        }
    }
}

/// A peer that keeps to the rules.
struct Peer {
    node: Node,
    socket: UdpSocket,
    to: SocketAddr,
}

impl Peer {
    fn step(&mut self) {
        let mut buffer = [0; 65_535];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.node.feed(Instant::now(), from, &buffer[..length]);
        }
        for packet in self.node.turn(Instant::now()) {
            let _ = self.socket.send_to(&packet, self.to);
        }
    }

    fn dial(&mut self) {
        let timeout = Duration::from_secs(10);
        let core = &mut self.node.core;
        core.dial(Instant::now(), DIAL, self.to, ALPN, timeout);
    }

    /// The session once it is up; dials again when a dial has failed.
    fn connected(&mut self) -> Option<u32> {
        let events = std::mem::take(&mut self.node.events);
        for event in events {
            match event {
                Event::SessionUp { session, .. } => {
                    self.node.core.admit(session);
                    return Some(session);
                }
                Event::DialFailed { .. } => self.dial(),
                _ => {}
            }
        }
        None
    }

    fn stream(&mut self) -> Option<u32> {
        let mut events = self.node.events.iter();
        events.find_map(|event| match event {
            Event::StreamOpened { stream, .. } => Some(*stream),
            _ => None,
        })
    }
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[cfg(not(target_os = "linux"))]
fn resident_bytes() -> usize {
    0
}

fn withstand(kind: Attack) {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let transports = Transports::new(Options::default(), None);
    let key = ResetKey::random();
    let engine = start(loopback, protocols(&[ALPN]), transports, &key).unwrap();
    let to = engine.local_address;
    engine.shared.push(Command::KeepGate(true));
    let socket = UdpSocket::bind(loopback).unwrap();
    socket.set_nonblocking(true).unwrap();
    let is_admitted = matches!(
        kind,
        Attack::Session {
            is_admitted: true,
            ..
        }
    );
    let mut owner = Owner {
        engine,
        honest: socket.local_addr().unwrap(),
        admits_all: is_admitted,
        session: 0,
        stream: 0,
        received: 0,
    };
    let mut peer = Peer {
        node: Node::new(1, &[ALPN]),
        socket,
        to,
    };
    let before = resident_bytes();
    let (begun, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let attacker = scope.spawn(|| attack(kind, to, &begun, &stop));
        let began = Instant::now();
        let step = |peer: &mut Peer, owner: &mut Owner| {
            peer.step();
            owner.step();
            std::thread::yield_now();
            assert!(began.elapsed() < DEADLINE, "{kind:?}: the peer is shut out");
        };
        // The flood is on before the peer comes.
        while began.elapsed() < duration() / 2 || !begun.load(Relaxed) {
            step(&mut peer, &mut owner);
        }
        peer.dial();
        let dialled = Instant::now();
        let session = loop {
            step(&mut peer, &mut owner);
            if let Some(session) = peer.connected() {
                break session;
            }
        };
        let connected = dialled.elapsed();
        peer.node.core.open_stream(session, 1);
        let stream = loop {
            step(&mut peer, &mut owner);
            if let Some(stream) = peer.stream() {
                break stream;
            }
        };
        let core = &mut peer.node.core;
        core.write_stream(stream, Bytes::from(vec![1; payload()]));
        core.finish_stream(stream);
        while owner.received < payload() - 2 {
            step(&mut peer, &mut owner);
        }
        let moved = dialled.elapsed() - connected;
        while began.elapsed() < duration() {
            step(&mut peer, &mut owner);
        }
        stop.store(true, Relaxed);
        let sent = attacker.join().unwrap();
        let numbers = owner.engine.shared.counters.read();
        let grown = resident_bytes().saturating_sub(before) >> 20;
        println!(
            "{kind:?}: {sent} packets, longest turn {:.2} ms, connected in {} ms, all moved in {} ms, \
             attempts {:?}, grown by {grown} MB",
            numbers[TURN_CPU_MAX] / 1e6,
            connected.as_millis(),
            moved.as_millis(),
            &numbers[TURN_CPU_MAX + 1..TURN_CPU_MAX + 5],
        );
        assert!(grown < 192, "{kind:?} makes us hold {grown} MB");
    });
    let reason = String::new();
    owner.engine.shared.push(Command::Shutdown { reason });
    owner.engine.thread.join().unwrap();
}

/// The place of the longest turn among the numbers of an engine; the attempts follow.
const TURN_CPU_MAX: usize = 11;

#[test]
fn a_peer_gets_through_whatever_strangers_send() {
    withstand(Attack::None);
    for sources in [1, 512] {
        withstand(Attack::GarbageInitials { sources });
        withstand(Attack::Initials { sources });
    }
    withstand(Attack::Handshakes);
    for flood in FLOODS {
        for (is_admitted, bytes) in [(false, 1_400), (false, 16_300), (true, 1_400)] {
            withstand(Attack::Session {
                flood,
                is_admitted,
                bytes,
            });
        }
    }
}
