//! Packets from the network, and attempts of others to reach us: whom we answer and whom we refuse.

use super::session::Session;
use super::{list, Core};
use crate::handle::Handle;
use crate::limits::*;
use bytes::BytesMut;
use quinn_proto::{DatagramEvent, EcnCodepoint, Incoming, Transmit};
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
        if busy {
            let transmit = self.endpoint.refuse(incoming, &mut answer);
            return self.respond(transmit, answer);
        }
        let transport = self.transports.begin(now, true, incoming.remote_address());
        let config = self.protocols.server(transport);
        match self.endpoint.accept(incoming, now, &mut answer, config) {
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
    pub(super) fn add(&mut self, session: Session) -> Handle {
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

    /// An answer to a packet of no session.
    pub fn next_response(&mut self) -> Option<(Transmit, Vec<u8>)> {
        self.responses.pop_front()
    }
}
