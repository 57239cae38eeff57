//! A whole engine, its thread and sockets included: hostile commands through the C functions and
//! hostile packets from the network, beside a session with a friend.

use super::choices::Choices;
use super::packets::hostile;
use super::requests::Known;
use crate::abi::*;
use crate::handle::Handle;
use crate::testing::new_identity;
use std::net::UdpSocket;

const TAKE_BYTES: usize = 1 << 20;
const SHUTDOWN: u32 = 22;
/// Commands that make sockets of the system: few of them, which are tested elsewhere.
const LISTEN: u32 = 15;
const DIAL: u32 = 2;
const OPEN_SOCKET: u32 = 34;
const OPEN_RELAY: u32 = 36;
const CARRY: u32 = 37;
const LIMIT_CARRIED: u32 = 39;
/// Bytes of the tags and keys of a leg: here every one is the same.
const LEG_BYTES: usize = 48;
const TAG: u8 = 7;
/// Numbers of operations that are tried: those that there are, and some beyond.
const OPERATIONS: usize = 48;
const HONEST: u32 = 0x600d_600d;
const WAIT_MS: u32 = 30_000;

/// A record as it comes up.
struct Record {
    kind: u32,
    handle: Handle,
    tag: u32,
    x: u32,
    payload: Vec<u8>,
}

struct Door {
    engine: Handle,
    port: u16,
    identity: Vec<u8>,
}

impl Door {
    fn open() -> Self {
        let identity = protocols();
        let request = [address(0), vec![0], vec![0; 8], identity.clone()].concat();
        let (engine, answer) = new(&request);
        assert_ne!(engine, 0, "an engine opens");
        Self {
            engine,
            port: u16::from_le_bytes([answer[4], answer[5]]),
            identity,
        }
    }

    fn command(&self, operation: u32, a: u32, b: u32, s: f64, bytes: &[u8]) -> i32 {
        let (pointer, length) = (bytes.as_ptr(), bytes.len() as u32);
        // SAFETY: pointer and length are those of a slice.
        unsafe { pollen_quic_command(self.engine, operation, a, b, s, pointer, length) }
    }

    fn take(&self, capacity: usize) -> Vec<Record> {
        let mut bytes = vec![0; capacity];
        // SAFETY: pointer and capacity are those of a vector.
        let count = unsafe { pollen_quic_take(self.engine, bytes.as_mut_ptr(), capacity as u32) };
        let mut rest = &bytes[..count as usize];
        let mut records = Vec::new();
        while let Some(size) = record_size(rest) {
            let field = |at: usize| {
                let field = rest[4 * at..4 * at + 4].try_into().expect("four bytes");
                u32::from_le_bytes(field)
            };
            records.push(Record {
                kind: field(0),
                handle: field(1),
                tag: field(2),
                x: field(3),
                payload: rest[24..size].to_vec(),
            });
            rest = &rest[size..];
        }
        records
    }

    /// Waits for a record; the others before it are gone.
    fn expect(&self, what: &str, is_it: impl Fn(&Record) -> bool) -> Record {
        loop {
            assert!(
                pollen_quic_wait(self.engine, WAIT_MS) > 0,
                "{what} came not"
            );
            if let Some(record) = self.take(TAKE_BYTES).into_iter().find(&is_it) {
                return record;
            }
        }
    }

    /// The last record says whether the thread had a defect.
    fn close(self) {
        assert_eq!(self.command(SHUTDOWN, 0, 0, 0.0, b"over"), 0);
        let last = self.expect("the last record", |record| record.kind == 18);
        assert_eq!(last.x, 0, "the engine's thread panicked");
        pollen_quic_free(self.engine);
    }
}

fn new(request: &[u8]) -> (Handle, [u8; 256]) {
    let mut answer = [0; 256];
    // SAFETY: pointers and lengths are those of a slice and of an array.
    let engine = unsafe {
        pollen_quic_new(
            request.as_ptr(),
            request.len() as u32,
            answer.as_mut_ptr(),
            answer.len() as u32,
        )
    };
    (engine, answer)
}

fn address(port: u16) -> Vec<u8> {
    [&port.to_le_bytes()[..], &[9], b"127.0.0.1"].concat()
}

fn protocols() -> Vec<u8> {
    let (certificate, key) = new_identity();
    let mut bytes = vec![1, 2];
    for part in [b"test/1".to_vec(), vec![], certificate, key] {
        bytes.extend((part.len() as u32).to_le_bytes());
        bytes.extend(part);
    }
    bytes
}

pub fn round(choices: &mut Choices, inputs: u64) -> u64 {
    let (door, friend) = (Door::open(), Door::open());
    let dial = [address(friend.port), b"test/1".to_vec()].concat();
    assert_eq!(door.command(DIAL, 10_000, HONEST, 0.0, &dial), 0);
    let near = door.expect("a session", |record| record.kind == 1).handle;
    let far = friend.expect("a session", |record| record.kind == 1).handle;
    door.command(5, near, 0, 0.0, &[]);
    friend.command(4, far, 0, 0.0, &[]);
    friend.command(5, far, 0, 0.0, &[]);
    let mut known = Known {
        honest: near,
        ..Known::default()
    };
    assert_eq!(door.command(OPEN_RELAY, near, 1, 0.0, &[TAG; LEG_BYTES]), 0);
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let ports = [
        friend.port,
        stranger.local_addr().map_or(1, |a| a.port()),
        1,
    ];
    for count in 0..inputs {
        match choices.below(16) {
            0 => {
                // What a full socket buffer loses is as good as sent.
                let mut packet = hostile(choices, &[]);
                if choices.once_in(4) {
                    relayed(choices, &mut packet);
                }
                let length = packet.len().min(65_507);
                let _ = stranger.send_to(&packet[..length], ("127.0.0.1", door.port));
            }
            1 if choices.once_in(8) => open_garbage(choices, &door.identity),
            2 => stray_calls(choices, &known, near),
            _ => {
                let answer = command(choices, &door, &known, &ports);
                assert_ne!(answer, -4, "a command panicked");
            }
        }
        if count % 64 == 0 {
            let capacity = choices.one_of(&[0, 23, 24, 100, TAKE_BYTES]).unwrap_or(0);
            note(door.take(capacity), &mut known);
            for record in friend.take(TAKE_BYTES) {
                if record.kind == 1 {
                    friend.command(4, record.handle, 0, 0.0, &[]);
                    friend.command(6, record.handle, 0, 0.0, b"not you");
                }
                assert!(
                    record.kind != 3 || record.handle != far,
                    "the session ended"
                );
            }
        }
    }
    check_honest(&door, &friend, near, far);
    door.close();
    friend.close();
    inputs
}

fn note(records: Vec<Record>, known: &mut Known) {
    for record in records {
        match record.kind {
            1 => known.note_session(record.handle),
            3 => assert_ne!(record.handle, known.honest, "the honest session ended"),
            // Streams, then listeners and connections of TCP.
            5 | 7 => known.note_stream(record.x),
            14 | 16 => known.note_stream(record.handle),
            // Extra sockets, whose numbers are no handles.
            29 => known.note_stream(record.x),
            18 => panic!("the engine's thread ended"),
            _ => {}
        }
    }
}

fn command(choices: &mut Choices, door: &Door, known: &Known, ports: &[u16; 3]) -> i32 {
    let mut operation = match choices.once_in(64) {
        true => choices.field(),
        false => choices.below(OPERATIONS) as u32,
    };
    let is_costly = [LISTEN, DIAL, OPEN_SOCKET].contains(&operation);
    if operation == SHUTDOWN || (is_costly && !choices.once_in(8)) {
        operation = 12;
    }
    let bytes = match choices.below(8) {
        0 => vec![],
        1 => {
            let length = choices.below(64);
            choices.random(length)
        }
        2 => vec![choices.number() as u8; choices.one_of(&[300, 262_145]).unwrap_or(0)],
        3 | 4 => address(choices.one_of(ports).unwrap_or(1)),
        5 => address(choices.one_of(ports).unwrap_or(1)).repeat(choices.below(20)),
        6 => door.identity.clone(),
        _ => [address(ports[0]), b"test/1".to_vec()].concat(),
    };
    if [OPEN_RELAY, CARRY].contains(&operation) && choices.once_in(2) {
        return leg_command(choices, door, known, operation);
    }
    if operation == LIMIT_CARRIED && choices.once_in(2) {
        let rate = choices.one_of(&[1_024.0, 1e6, 1e10]).unwrap_or(1e6);
        return door.command(operation, 0, choices.below(8) as u32, rate, &[]);
    }
    if operation == LISTEN {
        return door.command(operation, 0, choices.field(), 0.0, &address(0));
    }
    let s = match choices.once_in(2) {
        true => choices.float(),
        false => f64::from(known.handle(choices)),
    };
    let b = choices.field();
    door.command(operation, known.handle(choices), b, s, &bytes)
}

/// Whole legs, over sessions that are there or not, with tags that are taken or not.
fn leg_command(choices: &mut Choices, door: &Door, known: &Known, operation: u32) -> i32 {
    let leg = |choices: &mut Choices| vec![choices.number() as u8; LEG_BYTES];
    let other = known.handle(choices).to_le_bytes().to_vec();
    let bytes = match operation {
        OPEN_RELAY => leg(choices),
        _ => [leg(choices), other, leg(choices)].concat(),
    };
    let (session, number) = (known.handle(choices), choices.below(8) as u32);
    door.command(operation, session, number, 1e6, &bytes)
}

/// Makes a packet look like one of a relayed flow, of a leg that is there more often than not.
fn relayed(choices: &mut Choices, packet: &mut [u8]) {
    let header = [
        &[0x04][..],
        &[TAG; 8],
        &[0, 0, 0, 0, 1, choices.number() as u8],
    ]
    .concat();
    let length = header.len().min(packet.len());
    packet[..length].copy_from_slice(&header[..length]);
}

/// Engines that are none, sessions of another, buffers too small.
fn stray_calls(choices: &mut Choices, known: &Known, near: Handle) {
    let engine = choices.number() as u32 | 1 << 31;
    let mut numbers = [0.0; 4];
    // SAFETY: null with capacity 0, and pointers with at most the length of what they point to.
    unsafe {
        assert_eq!(
            pollen_quic_command(engine, 5, near, 0, 0.0, std::ptr::null(), 0),
            -1
        );
        assert_eq!(pollen_quic_take(engine, std::ptr::null_mut(), 0), 0);
        assert_eq!(pollen_quic_stats(engine, 0, numbers.as_mut_ptr(), 4), 0);
        assert_eq!(
            pollen_quic_relay_stats(engine, 1, numbers.as_mut_ptr(), 4),
            0
        );
        let session = known.handle(choices);
        assert_eq!(
            pollen_quic_stats(engine, session, std::ptr::null_mut(), 0),
            0
        );
    }
    assert_eq!(pollen_quic_wait(engine, u32::MAX), 0);
    pollen_quic_free(engine);
}

/// Requests for an engine that are damaged; the folder for traces stays empty, so that none is made.
fn open_garbage(choices: &mut Choices, identity: &[u8]) {
    let mut parts = [address(0), vec![1, 2, 0, 0, 0, 0], identity.to_vec()];
    let part = &mut parts[choices.below(3)];
    let at = choices.below(part.len());
    match choices.once_in(2) {
        true => part[at] ^= 1 << choices.below(8),
        false => part.truncate(at),
    }
    let [address, options, protocols] = parts;
    let (engine, _) = new(&[address, options, vec![0; 4], protocols].concat());
    pollen_quic_free(engine);
}

/// The session that was there before still opens streams, and its bytes arrive.
fn check_honest(door: &Door, friend: &Door, near: Handle, far: Handle) {
    assert_eq!(door.command(9, near, HONEST, 0.0, &[]), 0);
    let is_ours = |record: &Record| record.kind == 5 && record.tag == HONEST;
    let ours = door.expect("the honest session opens a stream", is_ours).x;
    assert_eq!(door.command(12, ours, 0, 0.0, b"ok"), 0);
    let arrives = |record: &Record| record.kind == 7 && record.handle == far;
    let head = friend.expect("the honest stream arrives", arrives).payload;
    assert_eq!(head, b"ok");
}
