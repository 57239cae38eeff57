//! QUIC itself: sessions, streams and datagrams over quinn-proto. No socket, no clock, no thread:
//! packets are fed in and drained out, and the time is an argument, so that two of these can be
//! run against each other in memory.
//!
//! Usage, per turn: `feed` packets, `expire` deadlines, then `settle`; act on `take_events` and
//! `take_wakes`; then `next_to_flush` and `transmit` until both are empty.

mod config;
mod congestion;
mod control;
mod gauge;
mod requests;
mod session;
mod streams;
mod timers;
mod tls;

pub use config::Protocols;
pub use gauge::{DatagramOutcome, Gauge};
pub use streams::{ReadOutcome, Wake, WakeCause, WriteOutcome};
pub use timers::Timers;
pub use tls::Protocol;

use crate::event::{DialError, EndKind, Event};
use crate::handle::{Arena, Handle};
use crate::limits::*;
use bytes::{Bytes, BytesMut};
use quinn_proto::{
    ConnectionHandle, DatagramEvent, EcnCodepoint, Endpoint, Event as QuicEvent, Incoming,
    StreamEvent, Transmit, VarInt,
};
use rustc_hash::FxHashMap;
use session::{dial_error, session_end, Phase, Session};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use streams::Streams;

pub struct Core {
    endpoint: Endpoint,
    protocols: Arc<Protocols>,
    sessions: Arena<Box<Session>>,
    by_connection: FxHashMap<ConnectionHandle, Handle>,
    by_dial: FxHashMap<u32, Handle>,
    streams: Streams,
    timers: Timers,
    /// Sessions to be settled and flushed.
    listed: VecDeque<Handle>,
    /// Open sessions with datagrams to hand up.
    datagrams: VecDeque<Handle>,
    /// Bytes of datagrams that may be handed up before `allow_datagrams` is called again.
    datagram_room: usize,
    responses: VecDeque<(Transmit, Vec<u8>)>,
    /// Inbound sessions before their verdict.
    half_open: usize,
    /// Inbound sessions that were reported and not taken.
    waiting: usize,
}

impl Core {
    /// `may_probe_mtu`: whether the socket promises not to fragment packets.
    pub fn new(protocols: Protocols, may_probe_mtu: bool) -> Self {
        Self {
            endpoint: Endpoint::new(config::endpoint_config(), None, may_probe_mtu, None),
            protocols: Arc::new(protocols),
            sessions: Arena::new(SESSIONS_MAX),
            by_connection: FxHashMap::default(),
            by_dial: FxHashMap::default(),
            streams: Streams::new(),
            timers: Timers::default(),
            listed: VecDeque::new(),
            datagrams: VecDeque::new(),
            datagram_room: OUTBOX_SOFT_MAX,
            responses: VecDeque::new(),
            half_open: 0,
            waiting: 0,
        }
        .with_server()
    }

    fn with_server(mut self) -> Self {
        self.install_server();
        self
    }

    /// Whether attempts to reach us are looked at, and with what limits; how each is answered is
    /// chosen again by its address.
    fn install_server(&mut self) {
        let any = IpAddr::from([0, 0, 0, 0]);
        self.endpoint.set_server_config(self.protocols.server(any));
    }

    pub fn set_protocols(&mut self, protocols: Protocols) {
        self.protocols = Arc::new(protocols);
        self.install_server();
    }

    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    pub fn stream_count(&self) -> usize {
        self.streams.table.len()
    }

    pub fn gauge(&self, session: Handle) -> Option<Arc<Gauge>> {
        Some(self.sessions.get(session)?.gauge.clone())
    }

    /// Takes one UDP payload from the network.
    pub fn feed(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local_ip: Option<IpAddr>,
        ecn: Option<EcnCodepoint>,
        payload: BytesMut,
    ) {
        let mut answer = Vec::new();
        let event = self
            .endpoint
            .handle(now, remote, local_ip, ecn, payload, &mut answer);
        match event {
            None => {}
            Some(DatagramEvent::ConnectionEvent(id, event)) => {
                if let Some(&handle) = self.by_connection.get(&id) {
                    if let Some(session) = self.sessions.get_mut(handle) {
                        session.connection.handle_event(event);
                        list(&mut self.listed, session);
                    }
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.incoming(now, incoming),
            Some(DatagramEvent::Response(transmit)) => self.respond(transmit, answer),
        }
    }

    fn incoming(&mut self, now: Instant, incoming: Incoming) {
        let mut answer = Vec::new();
        let busy = self.half_open >= HALF_OPEN_MAX
            || self.waiting >= SESSIONS_WAITING_MAX
            || self.sessions.is_full();
        let config = self.protocols.server(incoming.remote_address().ip());
        let (false, Some(config)) = (busy, config) else {
            let transmit = self.endpoint.refuse(incoming, &mut answer);
            return self.respond(transmit, answer);
        };
        match self
            .endpoint
            .accept(incoming, now, &mut answer, Some(config))
        {
            Ok((id, connection)) => {
                let deadline = now + HANDSHAKE_TIMEOUT;
                let protocols = self.protocols.clone();
                self.half_open += 1;
                self.add(Session::new(connection, id, None, protocols, deadline));
            }
            Err(error) => {
                if let Some(transmit) = error.response {
                    self.respond(transmit, answer);
                }
            }
        }
    }

    fn respond(&mut self, transmit: Transmit, payload: Vec<u8>) {
        if self.responses.len() < RESPONSES_MAX {
            self.responses.push_back((transmit, payload));
        }
    }

    /// The caller has made sure that there is room.
    fn add(&mut self, session: Session) -> Handle {
        let id = session.id;
        let handle = match self.sessions.insert(Box::new(session)) {
            Ok(handle) => handle,
            Err(_) => unreachable!("room for the session was checked"),
        };
        self.by_connection.insert(id, handle);
        if let Some(session) = self.sessions.get_mut(handle) {
            session.handle = handle;
            list(&mut self.listed, session);
        }
        handle
    }

    /// The next moment at which `expire` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether something waits to be settled or flushed.
    pub fn has_work(&self) -> bool {
        !self.listed.is_empty() || !self.responses.is_empty() || !self.streams.wakes.is_empty()
    }

    pub fn expire(&mut self, now: Instant) {
        while let Some(handle) = self.timers.pop_due(now) {
            let Some(session) = self.sessions.get_mut(handle) else {
                continue;
            };
            session.armed = None;
            session.connection.handle_timeout(now);
            list(&mut self.listed, session);
            if session.deadline.is_some_and(|deadline| deadline <= now) {
                session.deadline = None;
                match (session.phase, session.dial) {
                    (Phase::Handshaking, Some(tag)) => {
                        let error = match session.unreachable {
                            true => DialError::Unreachable,
                            false => DialError::Timeout,
                        };
                        self.fail_dial(now, handle, tag, error, String::new());
                    }
                    (Phase::Handshaking, None) => self.end(now, handle, 0, ""),
                    (Phase::Verdict, _) => self.end(now, handle, 0, "not admitted in time"),
                    (Phase::Open | Phase::Over, _) => {}
                }
            }
        }
    }

    /// Works through what happened to the sessions that are listed.
    pub fn settle(&mut self, now: Instant) {
        for position in 0..self.listed.len() {
            if let Some(&handle) = self.listed.get(position) {
                self.settle_session(now, handle);
            }
        }
    }

    fn settle_session(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        loop {
            let mut idle = true;
            while let Some(event) = session.connection.poll_endpoint_events() {
                idle = false;
                let drained = event.is_drained();
                let id = session.id;
                if let Some(event) = self.endpoint.handle_event(id, event) {
                    session.connection.handle_event(event);
                }
                if drained {
                    let mut armed = session.armed;
                    self.timers.arm(handle, &mut armed, None);
                    self.by_connection.remove(&id);
                    self.sessions.remove(handle);
                    return;
                }
            }
            while let Some(event) = session.connection.poll() {
                idle = false;
                match event {
                    QuicEvent::HandshakeDataReady | QuicEvent::DatagramsUnblocked => {}
                    QuicEvent::Connected
                        if session.inbound() && self.waiting >= SESSIONS_WAITING_MAX =>
                    {
                        let was = over(session, &mut self.streams);
                        count_down(&mut self.half_open, &mut self.waiting, session, was);
                        let busy = Bytes::from_static(b"too many sessions wait");
                        session.connection.close(now, VarInt::from_u32(0), busy);
                    }
                    QuicEvent::Connected => {
                        if connected(session, &mut self.streams, now) {
                            self.waiting += usize::from(session.inbound());
                            if let Some(tag) = session.dial {
                                self.by_dial.remove(&tag);
                            }
                        }
                    }
                    QuicEvent::ConnectionLost { reason } => {
                        if session.phase != Phase::Over {
                            report_loss(session, &mut self.streams, &reason);
                            let was = over(session, &mut self.streams);
                            count_down(&mut self.half_open, &mut self.waiting, session, was);
                            if let Some(tag) = session.dial {
                                self.by_dial.remove(&tag);
                            }
                        }
                    }
                    _ if session.phase != Phase::Open => {}
                    QuicEvent::DatagramReceived => list_datagrams(&mut self.datagrams, session),
                    QuicEvent::Stream(event) => match event {
                        StreamEvent::Opened { .. } => self.streams.accept(session),
                        StreamEvent::Readable { id } => self.streams.readable(session, id),
                        StreamEvent::Writable { id } => self.streams.writable(session, id),
                        StreamEvent::Stopped { id, error_code } => {
                            self.streams.stopped(session, id, error_code);
                        }
                        StreamEvent::Available { .. } => self.streams.open_waiting(session),
                        StreamEvent::Finished { .. } => {}
                    },
                }
            }
            if idle {
                break;
            }
        }
        let next = [session.connection.poll_timeout(), session.deadline];
        let next = next.into_iter().flatten().min();
        self.timers.arm(handle, &mut session.armed, next);
        self.hand_up_datagrams();
    }

    /// Says how many bytes of datagrams may be handed up from now on.
    pub fn allow_datagrams(&mut self, bytes: usize) {
        self.datagram_room = bytes;
        self.hand_up_datagrams();
    }

    /// What finds no room stays in its session, where the oldest goes first when there are many.
    fn hand_up_datagrams(&mut self) {
        while self.datagram_room > 0 {
            let Some(handle) = self.datagrams.pop_front() else {
                return;
            };
            let Some(session) = self.sessions.get_mut(handle) else {
                continue;
            };
            session.datagrams_listed = false;
            while let Some(bytes) = session.connection.datagrams().recv() {
                self.datagram_room = self.datagram_room.saturating_sub(bytes.len() + 24);
                self.streams.events.push(Event::Datagram {
                    session: handle,
                    bytes,
                });
                if self.datagram_room == 0 {
                    list_datagrams(&mut self.datagrams, session);
                    return;
                }
            }
        }
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.streams.events)
    }

    pub fn take_wakes(&mut self) -> Vec<Wake> {
        std::mem::take(&mut self.streams.wakes)
    }

    /// An answer to a packet of no session.
    pub fn next_response(&mut self) -> Option<(Transmit, Vec<u8>)> {
        self.responses.pop_front()
    }

    /// How many sessions are listed: each is due one flush per turn.
    pub fn flushes_due(&self) -> usize {
        self.listed.len()
    }

    /// Takes a session off the list to be flushed now: `transmit` until it gives nothing, then
    /// `flushed`.
    pub fn next_to_flush(&mut self) -> Option<Handle> {
        let handle = self.listed.pop_front()?;
        if let Some(session) = self.sessions.get_mut(handle) {
            session.listed = false;
            if session.phase == Phase::Open {
                session.fit_send_window();
            }
        }
        Some(handle)
    }

    /// The next train of packets of a session, appended to `into`. `segments` is how many packets
    /// one send may carry.
    pub fn transmit(
        &mut self,
        now: Instant,
        session: Handle,
        segments: usize,
        into: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let connection = &mut self.sessions.get_mut(session)?.connection;
        let fitting = TRAIN_BYTES_MAX / usize::from(connection.current_mtu());
        connection.poll_transmit(now, segments.min(fitting).max(1), into)
    }

    /// Ends a flush. `more`: the session has more to send and is listed again.
    pub fn flushed(&mut self, now: Instant, handle: Handle, more: bool) {
        self.settle_session(now, handle);
        if let Some(session) = self.sessions.get_mut(handle) {
            session.gauge.publish(&mut session.connection);
            if more {
                list(&mut self.listed, session);
            }
        }
    }

    /// The system says that there is no way to the peer. That ends no session, for ways come and
    /// go, but it ends a dial.
    pub fn note_unreachable(&mut self, now: Instant, handle: Handle, reason: String) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        session.unreachable = true;
        if let (Phase::Handshaking, Some(tag)) = (session.phase, session.dial) {
            self.fail_dial(now, handle, tag, DialError::Unreachable, reason);
        }
    }

    fn fail_dial(
        &mut self,
        now: Instant,
        handle: Handle,
        tag: u32,
        error: DialError,
        reason: String,
    ) {
        self.streams
            .events
            .push(Event::DialFailed { tag, error, reason });
        self.end(now, handle, 0, "");
    }

    /// Ends a session ourselves and says so, if it was reported.
    fn end(&mut self, now: Instant, handle: Handle, code: u64, reason: &str) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if session.phase == Phase::Over {
            return;
        }
        if session.phase != Phase::Handshaking {
            self.streams.events.push(Event::SessionEnded {
                session: handle,
                kind: EndKind::Local,
                code,
                reason: reason.to_owned(),
            });
        }
        let was = over(session, &mut self.streams);
        count_down(&mut self.half_open, &mut self.waiting, session, was);
        if let Some(tag) = session.dial {
            self.by_dial.remove(&tag);
        }
        let code = VarInt::from_u64(code).unwrap_or(VarInt::MAX);
        let reason = Bytes::copy_from_slice(reason.as_bytes());
        session.connection.close(now, code, reason);
        list(&mut self.listed, session);
    }
}

/// Puts a session on the list of those to be settled and flushed.
fn list(listed: &mut VecDeque<Handle>, session: &mut Session) {
    if !session.listed {
        session.listed = true;
        listed.push_back(session.handle);
    }
}

fn list_datagrams(listed: &mut VecDeque<Handle>, session: &mut Session) {
    if !session.datagrams_listed {
        session.datagrams_listed = true;
        listed.push_back(session.handle);
    }
}

/// The handshake is complete: asks for the verdict. False if the session cannot be reported.
fn connected(session: &mut Session, streams: &mut Streams, now: Instant) -> bool {
    let Some((alpn, certificate)) = session.identity() else {
        return false;
    };
    session.head_bytes = session.protocols.get(&alpn).map_or(0, |p| p.head_bytes);
    session.phase = Phase::Verdict;
    session.deadline = Some(now + VERDICT_TIMEOUT);
    session.remote = session.connection.remote_address();
    session.gauge.publish(&mut session.connection);
    streams.events.push(Event::SessionUp {
        session: session.handle,
        tag: session.dial.unwrap_or(0),
        inbound: session.inbound(),
        remote: session.remote,
        alpn,
        certificate,
    });
    true
}

fn report_loss(session: &mut Session, streams: &mut Streams, error: &quinn_proto::ConnectionError) {
    if session.phase == Phase::Handshaking {
        if let Some(tag) = session.dial {
            let (error, reason) = dial_error(error);
            streams
                .events
                .push(Event::DialFailed { tag, error, reason });
        }
        return;
    }
    let (kind, code, reason) = session_end(error);
    streams.events.push(Event::SessionEnded {
        session: session.handle,
        kind,
        code,
        reason,
    });
}

/// Frees what belongs to a session that is over; says in which phase it was.
fn over(session: &mut Session, streams: &mut Streams) -> Phase {
    let was = std::mem::replace(&mut session.phase, Phase::Over);
    session.deadline = None;
    session
        .gauge
        .closed
        .store(true, std::sync::atomic::Ordering::Relaxed);
    streams.session_ended(session);
    was
}

/// Takes an inbound session out of the counts that its phase had put it in.
fn count_down(half_open: &mut usize, waiting: &mut usize, session: &Session, was: Phase) {
    if !session.inbound() {
        return;
    }
    if was == Phase::Handshaking || was == Phase::Verdict {
        *half_open -= 1;
    }
    if was != Phase::Handshaking && !session.taken {
        *waiting -= 1;
    }
}
