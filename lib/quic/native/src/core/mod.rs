//! QUIC itself: sessions, streams and datagrams over quinn-proto. No socket, no clock, no thread:
//! packets are fed in and drained out, and the time is an argument, so that two of these can be
//! run against each other in memory.
//!
//! Usage, per turn: `feed` packets, `expire_next` deadlines, then `settle_next`; decide on
//! `take_arrivals`, act on `take_events` and `take_wakes`; then `next_to_flush` and `transmit`. Each
//! call is a small step, so that the caller may end its turn after any of them.

mod answers;
mod config;
mod congestion;
mod control;
mod datagrams;
mod delegated;
mod ends;
mod farewell;
mod gate;
mod gauge;
mod incoming;
mod options;
mod outgoing;
mod probe;
mod requests;
mod reset;
mod session;
mod shares;
mod streams;
#[cfg(any(test, fuzzing))]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod timers;
mod tls;

pub use config::{Protocols, Transports};
pub use congestion::Congestion;
pub use delegated::{ReadOutcome, WriteOutcome};
pub use gate::{AttemptCounts, Verdict};
pub use gauge::{DatagramOutcome, Gauge};
pub use incoming::is_of_handshake;
pub use options::Options;
pub use reset::ResetKey;
pub use streams::{Arrival, OpenRefusal, Wake, WakeCause};
pub use timers::Timers;
pub use tls::Protocol;

use crate::event::Event;
use crate::handle::{Arena, Handle};
use crate::limits::*;
use bytes::Bytes;
use datagrams::{keep_datagrams, list_datagrams};
use ends::{count_down, over, report_loss};
use gate::Gate;
use quinn_proto::{ConnectionHandle, Endpoint, Event as QuicEvent, StreamEvent, Transmit, VarInt};
use rustc_hash::{FxHashMap, FxHashSet};
use session::{Phase, Session};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use streams::Streams;

pub struct Core {
    endpoint: Endpoint,
    protocols: Arc<Protocols>,
    transports: Transports,
    sessions: Arena<Box<Session>>,
    by_connection: FxHashMap<ConnectionHandle, Handle>,
    by_dial: FxHashMap<u32, Handle>,
    /// Where sessions that were admitted lead.
    admitted: FxHashSet<SocketAddr>,
    streams: Streams,
    timers: Timers,
    gate: Gate,
    /// Sessions to which something happened.
    unsettled: VecDeque<Handle>,
    /// Sessions to be flushed.
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
    pub fn new(
        protocols: Protocols,
        transports: Transports,
        key: &ResetKey,
        may_probe_mtu: bool,
    ) -> Self {
        Self {
            endpoint: Endpoint::new(config::endpoint_config(key), None, may_probe_mtu, None),
            protocols: Arc::new(protocols),
            transports,
            sessions: Arena::new(SESSIONS_MAX),
            by_connection: FxHashMap::default(),
            by_dial: FxHashMap::default(),
            admitted: FxHashSet::default(),
            streams: Streams::new(),
            timers: Timers::default(),
            gate: Gate::new(),
            unsettled: VecDeque::new(),
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

    fn install_server(&mut self) {
        let served = self.protocols.server(self.transports.any());
        let config = served.map(|served| self.gate.server_config(&served));
        self.endpoint.set_server_config(config);
    }

    pub fn set_protocols(&mut self, protocols: Protocols) {
        self.protocols = Arc::new(protocols);
        self.install_server();
    }

    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Whether a session that was admitted leads there. Where two do, only until one of them is gone.
    pub fn has_admitted(&self, remote: SocketAddr) -> bool {
        self.admitted.contains(&remote)
    }

    pub fn stream_count(&self) -> usize {
        self.streams.table.len()
    }

    pub fn gauge(&self, session: Handle) -> Option<Arc<Gauge>> {
        Some(self.sessions.get(session)?.gauge.clone())
    }

    /// The next moment at which `expire_next` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [self.timers.next(), self.gate.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Whether something happened that waits to be worked through.
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
            || !self.streams.wakes.is_empty()
            || !self.streams.arrivals.is_empty()
    }

    /// Whether something waits for the socket.
    pub fn has_to_flush(&self) -> bool {
        !self.listed.is_empty() || !self.responses.is_empty()
    }

    /// Works through what happened to one session. False if nothing did to any.
    pub fn settle_next(&mut self, now: Instant) -> bool {
        let Some(handle) = self.unsettled.pop_front() else {
            return false;
        };
        if let Some(session) = self.sessions.get_mut(handle) {
            session.unsettled = false;
        }
        self.settle_session(now, handle);
        true
    }

    fn settle_session(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if std::mem::take(&mut session.streams_left) && session.is_open() {
            self.streams.accept(session);
        }
        let was_wide = session.is_wide;
        let (mut happened, mut changes) = (0, 0);
        loop {
            let mut idle = true;
            // First what happened, then what frees the session: its end must not be lost.
            while let Some(event) = session.connection.poll() {
                idle = false;
                happened += 1;
                match event {
                    QuicEvent::HandshakeDataReady | QuicEvent::DatagramsUnblocked => {}
                    QuicEvent::Connected
                        if session.inbound() && self.waiting >= SESSIONS_WAITING_MAX =>
                    {
                        let was = over(session, &mut self.streams, now);
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
                            let was = over(session, &mut self.streams, now);
                            count_down(&mut self.half_open, &mut self.waiting, session, was);
                            if let Some(tag) = session.dial {
                                self.by_dial.remove(&tag);
                            }
                        }
                    }
                    QuicEvent::DatagramReceived if self.datagram_room > 0 && session.is_open() => {
                        list_datagrams(&mut self.datagrams, session);
                    }
                    QuicEvent::DatagramReceived => keep_datagrams(&mut self.datagrams, session),
                    _ if !session.is_open() => {}
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
            while let Some(event) = session.connection.poll_endpoint_events() {
                idle = false;
                let drained = event.is_drained();
                changes += 1;
                if changes > ID_CHANGES_PER_STEP && !drained {
                    continue;
                }
                let id = session.id;
                if let Some(event) = self.endpoint.handle_event(id, event) {
                    session.connection.handle_event(event);
                }
                if drained {
                    let mut armed = session.armed;
                    self.timers.arm(handle, &mut armed, None);
                    self.by_connection.remove(&id);
                    self.admitted.remove(&session.remote);
                    self.sessions.remove(handle);
                    return;
                }
            }
            if idle {
                break;
            }
        }
        if changes > ID_CHANGES_PER_STEP {
            return self.end(now, handle, 0, "too many connection IDs change");
        }
        if !was_wide && happened > EVENTS_UNADMITTED_PER_STEP {
            return self.end(now, handle, 0, "too much at once");
        }
        if session.streams_left {
            list(&mut self.unsettled, &mut self.listed, session);
        }
        let next = [session.connection.poll_timeout(), session.deadline];
        let next = next.into_iter().flatten().min();
        self.timers.arm(handle, &mut session.armed, next);
        self.hand_up_datagrams();
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.streams.events)
    }

    pub fn take_wakes(&mut self) -> Vec<Wake> {
        std::mem::take(&mut self.streams.wakes)
    }
}

/// Puts a session on the lists of those to be settled and to be flushed.
fn list(unsettled: &mut VecDeque<Handle>, listed: &mut VecDeque<Handle>, session: &mut Session) {
    if !session.unsettled {
        session.unsettled = true;
        unsettled.push_back(session.handle);
    }
    list_to_flush(listed, session);
}

fn list_to_flush(listed: &mut VecDeque<Handle>, session: &mut Session) {
    if !session.listed {
        session.listed = true;
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
