//! One QUIC connection and where it stands.
//!
//! ```text
//! Handshaking ──connected──▶ Verdict ──admit──▶ Open
//!      │                        │                 │
//!      └────────────── close, loss, deadline ─────┴──▶ Over ──drained──▶ gone
//! ```
//! Invariant: no stream and no datagram of the peer is handed up before `Open`; until then streams
//! wait inside QUIC, bounded by its windows, and datagrams in the inbox. The bounds stay those of a
//! stranger until the session is wide, which it may become while it is open.

use super::datagrams::Inbox;
use super::farewell::Farewell;
use super::gauge::Gauge;
use super::paths::Path;
use super::shares::Period;
use super::stream::Opening;
use super::Protocols;
use crate::event::{DialError, EndKind};
use crate::handle::Handle;
use crate::limits::*;
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{
    Connection, ConnectionError, ConnectionEvent, ConnectionHandle, Dir, StreamId, VarInt,
};
use rustc_hash::FxHashMap;
use rustls::pki_types::CertificateDer;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Handshaking,
    Verdict,
    Open,
    Over,
}

pub struct Session {
    pub handle: Handle,
    pub connection: Connection,
    pub id: ConnectionHandle,
    pub phase: Phase,
    pub remote: SocketAddr,
    /// The number of the dial that this session answers; none if the peer dialled.
    pub dial: Option<u32>,
    pub protocols: Arc<Protocols>,
    pub head_bytes: usize,
    /// Whether its datagrams are packets of flows.
    pub carries_flows: bool,
    /// When the handshake, the verdict or the answer to a probe must be there, or, once it is over,
    /// when something is next.
    pub deadline: Option<Instant>,
    pub armed: Option<Instant>,
    /// Whether it stands in the list of those to be settled.
    pub unsettled: bool,
    /// Whether it stands in the list of those to be flushed.
    pub listed: bool,
    /// Whether it stands in the list of those with datagrams to hand up.
    pub datagrams_listed: bool,
    /// Whether the peer opened more streams than were accepted at once.
    pub streams_left: bool,
    pub inbox: Inbox,
    /// Large packets that came before the verdict.
    pub held: Vec<ConnectionEvent>,
    /// Once we ended it.
    pub farewell: Option<Farewell>,
    /// Whether it has the bounds of a member, no longer those of a stranger.
    pub is_wide: bool,
    /// Whether somebody above took it, once it was reported.
    pub taken: bool,
    /// What the system says where it does not let us send to the peer.
    pub unreachable: Option<String>,
    /// While it is asked whether the peer is still there: packets received before.
    pub probed: Option<u64>,
    pub streams: FxHashMap<StreamId, Handle>,
    pub openings: VecDeque<Opening>,
    pub gauge: Arc<Gauge>,
    pub period: Period,
    pub path: Path,
    /// Streams whose reader has been behind for long.
    readers_behind: u32,
    receive_window: u32,
    send_window: u64,
}

impl Session {
    pub fn new(
        connection: Connection,
        id: ConnectionHandle,
        dial: Option<u32>,
        protocols: Arc<Protocols>,
        deadline: Instant,
    ) -> Self {
        Self {
            handle: 0,
            remote: connection.remote_address(),
            connection,
            id,
            phase: Phase::Handshaking,
            dial,
            protocols,
            head_bytes: 0,
            carries_flows: false,
            deadline: Some(deadline),
            armed: None,
            unsettled: false,
            listed: false,
            datagrams_listed: false,
            streams_left: false,
            inbox: Inbox::default(),
            held: Vec::new(),
            farewell: None,
            is_wide: false,
            taken: false,
            unreachable: None,
            probed: None,
            streams: FxHashMap::default(),
            openings: VecDeque::new(),
            gauge: Arc::new(Gauge::default()),
            period: Period::default(),
            path: Path::default(),
            readers_behind: 0,
            receive_window: SESSION_WINDOW_UNADMITTED,
            send_window: SEND_WINDOW_MIN,
        }
    }

    /// Keeps a large packet for the verdict. Path MTU discovery sends a few of them by then.
    pub fn hold(&mut self, packet: ConnectionEvent) {
        if self.phase != Phase::Over && self.held.len() < PACKETS_HELD_MAX {
            self.held.push(packet);
        }
    }

    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    pub fn inbound(&self) -> bool {
        self.dial.is_none()
    }

    /// Where its packets go now.
    pub fn target(&self) -> SocketAddr {
        self.path.moved_to.unwrap_or(self.remote)
    }

    /// A secret that only the two ends of this session have (RFC 5705, RFC 8446, section 7.5).
    pub fn secret(&self) -> [u8; SESSION_SECRET_BYTES] {
        let mut secret = [0; SESSION_SECRET_BYTES];
        let tls = self.connection.crypto_session();
        // Exporting fails for want of a handshake alone, which is complete.
        let _ = tls.export_keying_material(&mut secret, b"EXPORTER-pollen-session", b"");
        secret
    }

    /// The protocol agreed on and the peer's leaf certificate, once the handshake is complete.
    pub fn identity(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let tls = self.connection.crypto_session();
        let data = tls.handshake_data()?.downcast::<HandshakeData>().ok()?;
        let chain = tls.peer_identity()?;
        let chain = chain.downcast::<Vec<CertificateDer<'static>>>().ok()?;
        Some((data.protocol?, chain.first()?.to_vec()))
    }

    /// Lifts the bounds of a stranger.
    pub fn widen(&mut self) {
        self.is_wide = true;
        let streams = VarInt::from_u32(STREAMS_PER_PEER_MIN);
        self.connection.set_max_concurrent_streams(Dir::Bi, streams);
        self.fit_receive_window();
    }

    /// One reader more is behind, or one less.
    pub fn note_behind(&mut self, is_behind: bool) {
        match is_behind {
            true => self.readers_behind += 1,
            false => self.readers_behind -= 1,
        }
        self.fit_receive_window();
    }

    /// What readers who are behind leave unread is not taken from the others, up to a bound. What the
    /// peer was once allowed stays: QUIC takes it back only as it is used, and to give and to take
    /// it in turns would add up.
    fn fit_receive_window(&mut self) {
        let behind = self.readers_behind.min(READERS_BEHIND_MAX);
        let wanted = SESSION_WINDOW + behind * STREAM_WINDOW;
        if self.is_wide && wanted > self.receive_window {
            self.receive_window = wanted;
            self.connection.set_receive_window(VarInt::from_u32(wanted));
        }
    }

    /// Frees what the peer sent and nobody read. QUIC would keep it until it forgets the session.
    pub fn drop_unread(&mut self) {
        while let Some(id) = self.connection.streams().accept(Dir::Bi) {
            let _ = self.connection.recv_stream(id).stop(VarInt::from_u32(0));
        }
        for id in self.streams.keys() {
            let _ = self.connection.recv_stream(*id).stop(VarInt::from_u32(0));
        }
    }

    /// Lets the peer open more streams once more than half of those allowed are open.
    pub fn fit_stream_limit(&mut self) {
        if !self.is_wide {
            return;
        }
        let open = self.connection.streams().remote_open_streams(Dir::Bi);
        let allowed = self.connection.max_concurrent_streams(Dir::Bi);
        let wanted = (4 * open).min(u64::from(STREAMS_PER_PEER_MAX));
        if 2 * open > allowed && wanted > allowed {
            let wanted = VarInt::from_u32(wanted as u32);
            self.connection.set_max_concurrent_streams(Dir::Bi, wanted);
        }
    }

    /// Opens the send window by its reserve, or takes the reserve back.
    pub fn open_reserve(&mut self, is_open: bool) {
        let reserve = if is_open { SEND_WINDOW_RESERVE } else { 0 };
        self.connection.set_send_window(self.send_window + reserve);
    }

    /// Twice the congestion window, within bounds that grow with the round-trip time.
    pub fn fit_send_window(&mut self) {
        let bound = self.connection.rtt().as_secs_f64() * SEND_WINDOW_RATE;
        let bound = (bound as u64).clamp(SEND_WINDOW_NEAR, SEND_WINDOW_MAX);
        let congestion = self.connection.congestion_state().window();
        let wanted = congestion.saturating_mul(2).clamp(SEND_WINDOW_MIN, bound);
        if wanted != self.send_window {
            self.send_window = wanted;
            self.connection.set_send_window(wanted);
        }
    }
}

/// How the loss of a running session is told.
pub fn session_end(error: &ConnectionError) -> (EndKind, u64, String) {
    match error {
        ConnectionError::ApplicationClosed(close) => (
            EndKind::Remote,
            close.error_code.into_inner(),
            text(&close.reason),
        ),
        ConnectionError::ConnectionClosed(close) => {
            let code = u64::from(close.error_code);
            let kind = match code {
                0 => EndKind::Remote,
                _ => EndKind::ProtocolError,
            };
            (kind, code, text(&close.reason))
        }
        ConnectionError::TransportError(error) => {
            (EndKind::ProtocolError, error.code.into(), error.to_string())
        }
        ConnectionError::TimedOut => (EndKind::IdleTimeout, 0, String::new()),
        ConnectionError::Reset => (EndKind::StatelessReset, 0, String::new()),
        ConnectionError::LocallyClosed => (EndKind::Local, 0, String::new()),
        ConnectionError::VersionMismatch | ConnectionError::CidsExhausted => {
            (EndKind::ProtocolError, 0, error.to_string())
        }
    }
}

/// How a dial that gave no session is told.
pub fn dial_error(error: &ConnectionError) -> (DialError, String) {
    match error {
        ConnectionError::ApplicationClosed(close) => (DialError::Refused, text(&close.reason)),
        ConnectionError::ConnectionClosed(close) => {
            let kind = tls_failure(u64::from(close.error_code));
            let reason = match close.reason.is_empty() {
                true => close.error_code.to_string(),
                false => text(&close.reason),
            };
            (kind, reason)
        }
        ConnectionError::TransportError(error) => {
            (tls_failure(error.code.into()), error.to_string())
        }
        ConnectionError::TimedOut => (DialError::Timeout, String::new()),
        ConnectionError::CidsExhausted => (DialError::Exhausted, String::new()),
        ConnectionError::LocallyClosed => (DialError::Closed, String::new()),
        ConnectionError::Reset | ConnectionError::VersionMismatch => {
            (DialError::Refused, error.to_string())
        }
    }
}

/// TLS alerts are the codes 0x100 to 0x1ff (RFC 9001, section 4.8). That no protocol is common is
/// a refusal; every other alert says that one side cannot prove who it is.
fn tls_failure(code: u64) -> DialError {
    const NO_APPLICATION_PROTOCOL: u64 = 0x178;
    match code {
        NO_APPLICATION_PROTOCOL => DialError::Refused,
        0x100..=0x1ff => DialError::Unauthenticated,
        _ => DialError::Refused,
    }
}

fn text(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(REASON_BYTES_MAX)];
    String::from_utf8_lossy(shown).into_owned()
}
