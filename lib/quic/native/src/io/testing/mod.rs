//! Two whole engines of this process, with a session between them: what the tests of the thread
//! share.

mod bench;
mod script;

pub use bench::Bench;
pub use script::{Answer, Script};

use super::{Command, DataPlane};
use crate::abi::record_size;
use crate::core::{Options, Protocol, Protocols, ResetKey, Transports};
use crate::event::Fault;
use crate::handle::Handle;
use crate::limits::{READ_CREDIT_MAX, WRITE_CREDIT};
use crate::shared::Shared;
use crate::testing::new_identity;
use bytes::Bytes;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const ALPN: &[u8] = b"test/1";
/// Reached only where something is broken.
const DEADLINE: Duration = Duration::from_secs(60);
const HEAD_BYTES: usize = 2;

pub mod kind {
    pub const SESSION_UP: u32 = 1;
    pub const DIAL_FAILED: u32 = 2;
    pub const SESSION_ENDED: u32 = 3;
    pub const STREAM_OPENED: u32 = 5;
    pub const STREAM_INCOMING: u32 = 7;
    pub const STREAM_DATA: u32 = 8;
    pub const STREAM_FINISHED: u32 = 9;
    pub const STREAM_WRITABLE: u32 = 12;
    pub const RESUMED: u32 = 23;
    pub const FAULT: u32 = 24;
}

/// As JavaScript gets it.
#[derive(Debug)]
pub struct Record {
    pub kind: u32,
    pub handle: Handle,
    pub x: u32,
    pub payload: Vec<u8>,
}

pub struct Engine {
    pub shared: Arc<Shared>,
    pub address: SocketAddr,
    pub script: Script,
    /// The number of its first socket.
    #[cfg(unix)]
    pub number: std::os::fd::RawFd,
    /// What its sleep clock is ahead, in milliseconds.
    pub slept_ms: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
    records: VecDeque<Record>,
}

impl Engine {
    pub fn start() -> Self {
        let options = Options {
            packet_bytes_max: Some(1_452),
            ..Options::default()
        };
        let (certificate, key) = new_identity();
        let protocol = Protocol::new(ALPN.to_vec(), certificate, key, true, HEAD_BYTES).unwrap();
        let protocols = Protocols::new(vec![protocol]).unwrap();
        let local = ([127, 0, 0, 1], 0).into();
        let mut plane = DataPlane::new(
            local,
            protocols,
            Transports::new(options, None),
            &ResetKey::random(),
        )
        .unwrap();
        let slept_ms = Arc::new(AtomicU64::new(0));
        let (start, slept) = (Instant::now(), slept_ms.clone());
        plane.clock =
            Box::new(move || start.elapsed() + Duration::from_millis(slept.load(Relaxed)));
        Self {
            shared: plane.shared.clone(),
            address: plane.udp.local_address(),
            script: plane.udp.script.clone(),
            #[cfg(unix)]
            number: plane.udp.wire.as_ref().unwrap().number(),
            slept_ms,
            thread: Some(std::thread::spawn(move || plane.run())),
            records: VecDeque::new(),
        }
    }

    pub fn dial(&self, remote: SocketAddr, timeout: Duration) {
        let alpn = ALPN.to_vec();
        self.shared.push(Command::Dial {
            tag: 1,
            remote,
            alpn,
            timeout,
        });
    }

    pub fn fault(&self, fault: Fault) -> u64 {
        self.shared.counters.faults[fault as usize - 1].load(Relaxed)
    }

    /// The next record of this kind; those before it stay.
    pub fn expect(&mut self, kind: u32) -> Record {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(record) = self.find(kind) {
                return record;
            }
            assert!(Instant::now() < deadline, "no record of kind {kind}");
            self.pump(Duration::from_millis(50));
        }
    }

    pub fn find(&mut self, kind: u32) -> Option<Record> {
        let at = self.records.iter().position(|record| record.kind == kind)?;
        self.records.remove(at)
    }

    /// Takes what is there, waiting for it.
    fn pump(&mut self, time: Duration) {
        let waiting = self.shared.wait(time);
        let mut bytes = vec![0; waiting];
        let length = self.shared.take(&mut bytes);
        let mut rest = &bytes[..length];
        while let Some(size) = record_size(rest) {
            let field = |index: usize| {
                let bytes = rest[4 * index..4 * index + 4].try_into().unwrap();
                u32::from_le_bytes(bytes)
            };
            self.records.push_back(Record {
                kind: field(0),
                handle: field(1),
                x: field(3),
                payload: rest[24..size].to_vec(),
            });
            rest = &rest[size..];
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.script.judge_sends(None);
        self.shared.push(Command::Shutdown {
            reason: String::new(),
        });
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Two engines and their session, admitted at both ends.
pub struct Pair {
    pub client: Engine,
    pub server: Engine,
    /// The client's end.
    pub near: Handle,
}

impl Pair {
    pub fn connected() -> Self {
        let (mut client, mut server) = (Engine::start(), Engine::start());
        client.dial(server.address, DEADLINE);
        let near = client.expect(kind::SESSION_UP).handle;
        let far = server.expect(kind::SESSION_UP).handle;
        server.shared.push(Command::TakeSession(far));
        client.shared.push(Command::Admit(near));
        server.shared.push(Command::Admit(far));
        Self {
            client,
            server,
            near,
        }
    }

    /// Moves bytes from the client to the server over a new stream; all of them arrive, in order.
    pub fn transfer(&mut self, count: usize) {
        let (client, server) = (&mut self.client, &mut self.server);
        let session = self.near;
        client.shared.push(Command::OpenStream { session, tag: 2 });
        let stream = client.expect(kind::STREAM_OPENED).x;
        let (mut written, mut credit) = (0, WRITE_CREDIT as usize);
        let (mut theirs, mut received) = (None, 0);
        let deadline = Instant::now() + DEADLINE;
        loop {
            assert!(Instant::now() < deadline, "{received} of {count} bytes");
            while credit > 0 && written < count {
                let size = credit.min(count - written).min(60_000);
                let bytes = (written..written + size).map(byte_at).collect::<Bytes>();
                client.shared.push(Command::Write { stream, bytes });
                written += size;
                credit -= size;
                if written == count {
                    client.shared.push(Command::Finish(stream));
                }
            }
            client.pump(Duration::ZERO);
            while let Some(record) = client.find(kind::STREAM_WRITABLE) {
                credit += record.x as usize;
            }
            server.pump(Duration::from_millis(1));
            if let Some(record) = server.find(kind::STREAM_INCOMING) {
                theirs = Some(record.x);
                assert_eq!(record.payload.len(), HEAD_BYTES);
                received = HEAD_BYTES;
                grant(&server.shared, record.x, READ_CREDIT_MAX);
            }
            while let Some(record) = server.find(kind::STREAM_DATA) {
                let expected = (received..).map(byte_at);
                assert!(record
                    .payload
                    .iter()
                    .copied()
                    .eq(expected.take(record.payload.len())));
                received += record.payload.len();
                grant(&server.shared, record.handle, record.payload.len() as u32);
            }
            if server.find(kind::STREAM_FINISHED).is_some() {
                break;
            }
        }
        assert_eq!(received, count);
        server.shared.push(Command::Finish(theirs.unwrap()));
        for engine in [client, server] {
            assert!(engine.find(kind::SESSION_ENDED).is_none());
        }
    }
}

fn grant(shared: &Shared, stream: Handle, bytes: u32) {
    shared.push(Command::GrantRead { stream, bytes });
}

fn byte_at(index: usize) -> u8 {
    (index * 31 + index / 1_021) as u8
}
