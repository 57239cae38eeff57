//! Flows: the packets of UDP services, between sockets of this machine and datagrams of sessions.
//!
//! A flow is one source at a local port of the end that connects, and one socket to the service at
//! the end that serves. Nothing is promised that UDP does not promise: what finds no room is dropped
//! and counted. Invariant: a session reaches the services that it was allowed, and nothing else.

mod command;
mod gauge;
mod local;
mod packet;
mod parts;
mod served;
#[cfg(test)]
mod tests;

pub use command::FlowCommand;
pub use gauge::FlowGauge;

use super::turn::Turn;
use crate::core::Core;
use crate::handle::Handle;
use crate::limits::*;
use bytes::Bytes;
use local::LocalPorts;
use mio::net::UdpSocket;
use mio::Registry;
use packet::{Header, Way};
use parts::Parts;
use rustc_hash::FxHashSet;
use served::ServedFlows;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

pub struct Flows {
    pub local: LocalPorts,
    pub served: ServedFlows,
    parts: Parts,
    numbers: Numbers,
    buffer: Box<[u8]>,
}

impl Flows {
    pub fn new() -> Self {
        Self {
            local: LocalPorts::new(),
            served: ServedFlows::new(FLOWS_SERVED_MAX),
            parts: Parts::default(),
            numbers: Numbers::default(),
            buffer: vec![0; FLOW_PACKET_BYTES_MAX].into(),
        }
    }

    pub fn has_work(&self) -> bool {
        self.local.reading.has_work() || self.served.reading.has_work()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.local.next_deadline(),
            self.served.next_deadline(),
            self.parts.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    pub fn expire(&mut self, now: Instant) {
        self.local.expire(now);
        self.served.expire(now);
        self.parts.expire(now);
    }

    /// What rested on the session is gone with it.
    pub fn session_ended(&mut self, session: Handle) {
        self.served.session_ended(session);
        self.parts.forget(session);
    }

    pub fn close_all(&mut self) {
        self.local.close_all();
        self.served.close_all();
    }

    /// Moves what waits, in turns between sessions and sockets, as far as the turn goes.
    pub fn serve(&mut self, core: &mut Core, registry: &Registry, turn: &Turn) {
        let now = turn.began;
        while core.has_packets() || self.has_work() {
            for _ in 0..FLOW_PACKETS_PER_STEP {
                let Some((session, datagram)) = core.next_packet() else {
                    break;
                };
                self.take(registry, session, datagram, now);
            }
            let (numbers, buffer) = (&mut self.numbers, &mut self.buffer);
            self.local.read(core, numbers, buffer, now);
            self.served.read(core, registry, numbers, buffer, now);
            if turn.is_past(TURN_FLOWS) {
                return;
            }
        }
    }

    /// Takes a datagram of a session. One that leads nowhere leaves no trace: whoever sends it knows
    /// what he may reach.
    fn take(&mut self, registry: &Registry, session: Handle, datagram: Bytes, now: Instant) {
        let Some((header, payload)) = Header::parse(datagram) else {
            return;
        };
        let gauge = match header.way {
            Way::ToService => self.served.gauge_for(session, &header),
            Way::FromService => self.local.gauge_for(session, &header),
        };
        let Some(gauge) = gauge else {
            return;
        };
        let joined;
        let packet = match header.parts {
            1 => &payload[..],
            _ => match self.parts.join(now, session, &header, &payload, gauge) {
                Some(whole) => {
                    joined = whole;
                    &joined
                }
                None => return,
            },
        };
        match header.way {
            Way::ToService => self
                .served
                .deliver(registry, (session, &header), packet, now),
            Way::FromService => self.local.deliver(&header, packet, now),
        }
    }
}

/// Numbers for packets, in the order of the engine: the parts of one have the same.
#[derive(Default)]
pub struct Numbers(u16);

impl Numbers {
    fn next(&mut self) -> u16 {
        self.0 = self.0.wrapping_add(1);
        self.0
    }
}

/// Sockets with something to read, in the order in which it is their turn; each once.
#[derive(Default)]
pub struct Reading {
    ready: VecDeque<Handle>,
    listed: FxHashSet<Handle>,
}

impl Reading {
    pub fn ready(&mut self, handle: Handle) {
        if self.listed.insert(handle) {
            self.ready.push_back(handle);
        }
    }

    fn next(&mut self) -> Option<Handle> {
        let handle = self.ready.pop_front()?;
        self.listed.remove(&handle);
        Some(handle)
    }

    fn has_work(&self) -> bool {
        !self.ready.is_empty()
    }
}

/// Sends a packet over a session, in parts if need be. False if it is dropped.
fn send(core: &mut Core, session: Handle, header: Header, packet: &[u8]) -> bool {
    let Some(bytes_max) = core.flow_bytes_max(session) else {
        return false;
    };
    let datagrams = header.split(packet, bytes_max);
    datagrams.is_some_and(|datagrams| core.send_packets(session, datagrams))
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
}
