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
mod packets;
mod paths;
mod probe;
mod requests;
mod reset;
mod session;
mod settle;
mod shares;
mod stream;
mod streams;
#[cfg(any(test, fuzzing))]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod timers;
mod tls;
mod trains;
mod verdict;

pub use config::{Protocols, Transports};
pub use congestion::Congestion;
pub use delegated::{ReadOutcome, WriteOutcome};
pub use gauge::{DatagramOutcome, Gauge};
pub use incoming::is_of_handshake;
pub use options::Options;
pub use reset::ResetKey;
pub use stream::{Arrival, OpenRefusal, Wake, WakeCause};
pub use timers::Timers;
pub use tls::Protocol;
pub use verdict::{AttemptCounts, Verdict};

use crate::event::Event;
use crate::handle::{Arena, Handle};
use crate::limits::*;
use gate::Gate;
use paths::Paths;
use quinn_proto::{ConnectionHandle, Endpoint, Transmit};
use rustc_hash::{FxHashMap, FxHashSet};
use session::Session;
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
    paths: Paths,
    streams: Streams,
    timers: Timers,
    gate: Gate,
    /// Sessions to which something happened.
    unsettled: VecDeque<Handle>,
    /// Sessions to be flushed.
    listed: VecDeque<Handle>,
    /// Open sessions with datagrams to hand up.
    datagrams: VecDeque<Handle>,
    /// Open sessions that carry flows, with datagrams for them.
    flowing: VecDeque<Handle>,
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
        let paths = Paths::default();
        let endpoint = config::endpoint_config(key, &paths.made);
        Self {
            endpoint: Endpoint::new(endpoint, None, may_probe_mtu, None),
            protocols: Arc::new(protocols),
            transports,
            sessions: Arena::new(SESSIONS_MAX),
            by_connection: FxHashMap::default(),
            by_dial: FxHashMap::default(),
            admitted: FxHashSet::default(),
            paths,
            streams: Streams::new(),
            timers: Timers::default(),
            gate: Gate::new(),
            unsettled: VecDeque::new(),
            listed: VecDeque::new(),
            datagrams: VecDeque::new(),
            flowing: VecDeque::new(),
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
