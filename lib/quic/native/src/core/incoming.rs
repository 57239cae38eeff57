//! Packets from the network: to the session that each is for, or to the gate.

use super::session::Session;
use super::{list, Core};
use crate::handle::Handle;
use crate::limits::{PACKET_BYTES_ORDINARY, UDP_PAYLOAD_MAX};
use crate::way;
use bytes::BytesMut;
use quinn_proto::{DatagramEvent, EcnCodepoint, Transmit};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

impl Core {
    /// Takes one UDP payload from the network.
    pub fn feed(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local_ip: Option<IpAddr>,
        ecn: Option<EcnCodepoint>,
        payload: BytesMut,
    ) {
        let is_large = payload.len() > PACKET_BYTES_ORDINARY;
        if is_large && (is_of_handshake(&payload) || payload.len() > self.packet_bytes_max(remote))
        {
            return;
        }
        self.gate.note_time(now);
        let (remote, is_pinned) = self.seen_from(now, remote, &payload);
        // Which of our addresses it came to is the path's business, not QUIC's.
        let local_ip = local_ip.filter(|_| !is_pinned);
        let mut answer = Vec::new();
        let event = self
            .endpoint
            .handle(now, remote, local_ip, ecn, payload, &mut answer);
        match event {
            None => {}
            Some(DatagramEvent::ConnectionEvent(id, event)) => {
                if let Some(&handle) = self.by_connection.get(&id) {
                    if let Some(session) = self.sessions.get_mut(handle) {
                        if is_large && !session.is_open() {
                            return session.hold(event);
                        }
                        session.connection.handle_event(event);
                        list(&mut self.unsettled, &mut self.listed, session);
                        if !session.is_wide {
                            // What a stranger does must not pile up.
                            self.settle_session(now, handle);
                        }
                    }
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.attempted(now, incoming),
            Some(DatagramEvent::Response(transmit)) => self.respond(now, transmit, answer),
        }
    }

    /// Nothing larger is taken from there.
    fn packet_bytes_max(&self, remote: SocketAddr) -> usize {
        match way::is_loopback(remote) {
            true => usize::from(UDP_PAYLOAD_MAX),
            false => self.transports.far_bytes_max().max(PACKET_BYTES_ORDINARY),
        }
    }

    /// The caller has made sure that there is room.
    pub(super) fn add(&mut self, session: Session) -> Handle {
        let id = session.id;
        let handle = match self.sessions.insert(Box::new(session)) {
            Ok(handle) => handle,
            Err(_) => unreachable!("room for the session was checked"),
        };
        self.by_connection.insert(id, handle);
        if let Some(session) = self.sessions.get_mut(handle) {
            session.handle = handle;
            self.paths.claim(session);
            list(&mut self.unsettled, &mut self.listed, session);
        }
        handle
    }

    /// An answer to a packet of no session.
    pub fn next_response(&mut self) -> Option<(Transmit, Vec<u8>)> {
        self.responses.pop_front()
    }
}

/// Whether the packet has the long header of QUIC (RFC 9000, section 17.2).
pub fn is_of_handshake(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & 0xc0 == 0xc0)
}
