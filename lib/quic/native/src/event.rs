//! What the engine tells its owner. Each event becomes one record for JavaScript; numbers are
//! stable parts of the ABI.

use crate::handle::Handle;
use crate::limits::SESSION_SECRET_BYTES;
use bytes::Bytes;
use std::net::SocketAddr;

/// Why a dial gave no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DialError {
    Timeout = 1,
    Unreachable = 2,
    Refused = 3,
    Unauthenticated = 4,
    Exhausted = 5,
    Closed = 6,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EndKind {
    Local = 1,
    Remote = 2,
    IdleTimeout = 3,
    StatelessReset = 4,
    ProtocolError = 5,
}

/// Why a bridge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum BridgeEnd {
    Finished = 1,
    TcpReset = 2,
    StreamReset = 3,
    SessionClosed = 4,
    UnreachableTarget = 5,
    Aborted = 6,
    TooMany = 7,
}

/// The error codes by which the two ends of a tunnel tell each other why its stream was reset.
/// Other implementations say 0, or anything: a code is for people to read and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum StreamCode {
    Unspecified = 0,
    /// The TCP target does not answer. Code 1 is its owner's to say: the port is not served.
    NoAnswer = 2,
    /// Whoever is in charge of the tunnel cut it.
    Cut = 3,
    /// The TCP connection was reset or failed.
    TcpReset = 4,
    /// There are as many tunnels as there may be.
    TooMany = 5,
}

/// Why a socket could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum BindError {
    InUse = 1,
    Denied = 2,
    Io = 3,
}

impl From<&std::io::Error> for BindError {
    fn from(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::AddrInUse => Self::InUse,
            std::io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Io,
        }
    }
}

/// Why an extra socket could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SocketError {
    Denied = 1,
    Io = 2,
    /// There are as many as there may be, or the system has no more.
    Exhausted = 3,
    /// The engine is bound to one address of IPv6.
    NoIpv4 = 4,
}

/// What the system does to our sockets; io/faults.rs says what is done about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Fault {
    Shortage = 1,
    Oversize = 2,
    Denied = 3,
    Refused = 4,
    NoRoute = 5,
    Segmentation = 6,
    Broken = 7,
    Exhausted = 8,
    Other = 9,
}

impl Fault {
    pub const COUNT: usize = 9;
}

/// `tag` is the number that the caller gave to a request, to match the answer with it.
#[derive(Debug)]
pub enum Event {
    /// A handshake is complete; the session waits for its verdict. `tag` is 0 for inbound ones.
    SessionUp {
        session: Handle,
        tag: u32,
        inbound: bool,
        remote: SocketAddr,
        alpn: Vec<u8>,
        /// Known to the two ends alone.
        secret: [u8; SESSION_SECRET_BYTES],
        certificate: Vec<u8>,
    },
    /// A packet of a session whose paths are moved from above came from elsewhere. Whether it is
    /// genuine is not known.
    SessionStray {
        session: Handle,
        remote: SocketAddr,
    },
    DialFailed {
        tag: u32,
        error: DialError,
        reason: String,
    },
    SessionEnded {
        session: Handle,
        kind: EndKind,
        code: u64,
        reason: String,
    },
    Datagram {
        session: Handle,
        bytes: Bytes,
    },
    /// A stream that we asked for is open.
    StreamOpened {
        session: Handle,
        stream: Handle,
        tag: u32,
    },
    /// Too many requests to open a stream wait already.
    OpenFailed {
        session: Handle,
        tag: u32,
    },
    /// The peer opened a stream and its head is complete.
    StreamIncoming {
        session: Handle,
        stream: Handle,
        head: Bytes,
    },
    StreamData {
        stream: Handle,
        bytes: Bytes,
    },
    /// The peer's end of stream, after all its data.
    StreamFinished {
        stream: Handle,
    },
    /// The peer reset its direction.
    StreamReset {
        stream: Handle,
        code: u64,
    },
    /// The peer stopped reading ours.
    StreamStopped {
        stream: Handle,
        code: u64,
    },
    /// QUIC took so many bytes of what was written.
    StreamWritable {
        stream: Handle,
        bytes: u32,
    },
    /// A packet that is not QUIC.
    Raw {
        from: SocketAddr,
        bytes: Bytes,
    },
    /// Somebody wants to reach us; nothing is spent on him before the verdict.
    Attempt {
        attempt: Handle,
        from: SocketAddr,
        /// Whether he has shown that he receives what is sent there.
        validated: bool,
        /// Handshakes and verdicts that are outstanding now.
        half_open: u32,
    },
    /// An extra socket, by its number.
    SocketOpened {
        tag: u32,
        number: u16,
        port: u16,
    },
    SocketFailed {
        tag: u32,
        error: SocketError,
        reason: String,
    },
    Listening {
        tag: u32,
        listener: Handle,
        address: SocketAddr,
    },
    ListenFailed {
        tag: u32,
        error: BindError,
        reason: String,
    },
    TcpAccepted {
        listener: Handle,
        connection: Handle,
        remote: SocketAddr,
    },
    BridgeEnded {
        tag: u32,
        kind: BridgeEnd,
        /// The error code with which the peer reset the stream; 0 for other ends.
        code: u64,
        to_stream: u64,
        to_tcp: u64,
        reason: String,
    },
    /// A bridge began by a rule; `tag` is its number, chosen here.
    BridgeBegan {
        tag: u32,
        rule: u32,
        session: Handle,
    },
    /// So many connections or streams were refused, because the rule has as many bridges as it may.
    RuleRefused {
        rule: u32,
        count: u32,
    },
    /// No bridge begins by this rule any more.
    RuleWithdrawn {
        rule: u32,
    },
    /// A local port of flows is open.
    FlowsListening {
        tag: u32,
        address: SocketAddr,
    },
    FlowsFailed {
        tag: u32,
        error: BindError,
        reason: String,
    },
    /// Nothing ran for so many milliseconds: the machine slept, or the process was stopped.
    Resumed {
        slept_ms: u32,
    },
    /// A fault of the sockets, so many times since it was last reported; `reason` is the latest.
    Fault {
        fault: Fault,
        count: u64,
        reason: String,
    },
    /// The last event: the thread is gone. `failed` when a defect ended it.
    Closed {
        failed: bool,
    },
}
