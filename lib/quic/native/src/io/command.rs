//! What the caller may ask of the engine's thread. Handles and tags are explained in `event`.

use super::flows::FlowCommand;
use super::rules::{Route, Service};
use crate::core::{Protocols, Verdict};
use crate::handle::Handle;
use crate::relay::{LegKeys, RelayCounts};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub enum Command {
    SetProtocols(Box<Protocols>),
    Dial {
        tag: u32,
        remote: SocketAddr,
        alpn: Vec<u8>,
        timeout: Duration,
    },
    CancelDial {
        tag: u32,
    },
    TakeSession(Handle),
    Admit(Handle),
    /// Within the bounds of a stranger, until `Admit`.
    AdmitNarrow(Handle),
    /// Of a session whose paths are moved from above.
    SetPath {
        session: Handle,
        to: SocketAddr,
    },
    CloseSession {
        session: Handle,
        code: u64,
        reason: String,
    },
    /// Room was reserved with the session's gauge.
    SendDatagram {
        session: Handle,
        bytes: Bytes,
    },
    SendRaw {
        to: SocketAddr,
        bytes: Bytes,
    },
    /// Answered by `SocketOpened` or `SocketFailed`.
    OpenSocket {
        tag: u32,
    },
    CloseSocket {
        number: u16,
    },
    /// The number was noted for it; where the leg cannot be, it is forgotten.
    OpenRelay {
        number: u32,
        leg: Box<LegKeys>,
        counts: Arc<RelayCounts>,
    },
    Carry {
        number: u32,
        legs: Box<[LegKeys; 2]>,
        bytes_per_second: f64,
        counts: Arc<RelayCounts>,
    },
    LimitCarried {
        number: u32,
        bytes_per_second: f64,
    },
    CloseRelay {
        number: u32,
    },
    OpenStream {
        session: Handle,
        tag: u32,
    },
    CancelOpen {
        session: Handle,
        tag: u32,
    },
    GrantRead {
        stream: Handle,
        bytes: u32,
    },
    Write {
        stream: Handle,
        bytes: Bytes,
    },
    Finish(Handle),
    AbortStream {
        stream: Handle,
        code: u64,
    },
    Listen {
        tag: u32,
        address: SocketAddr,
    },
    CloseListener(Handle),
    TakeConnection(Handle),
    ResetConnection(Handle),
    BridgeToSession {
        tag: u32,
        connection: Handle,
        session: Handle,
        head: Bytes,
    },
    BridgeToTcp {
        tag: u32,
        /// Of the stream.
        session: Handle,
        stream: Handle,
        targets: Vec<SocketAddr>,
    },
    AbortBridge {
        tag: u32,
    },
    /// From now on the connections of the listener go to the session.
    Route {
        tag: u32,
        listener: Handle,
        route: Route,
        bridges_max: u32,
    },
    /// From now on the streams with a head go to targets, on the sessions that `Allow` names.
    Serve {
        tag: u32,
        service: Service,
        bridges_max: u32,
    },
    Allow {
        rule: u32,
        session: Handle,
    },
    /// Answered by `RuleWithdrawn`.
    WithdrawRule {
        tag: u32,
    },
    Flows(FlowCommand),
    KeepGate(bool),
    /// No verdict leaves it to the engine.
    AnswerAttempt {
        attempt: Handle,
        verdict: Option<Verdict>,
    },
    Shutdown {
        reason: String,
    },
}
