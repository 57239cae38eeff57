//! The side where programs of this machine send: local ports, and a flow for each source. A port
//! leads to a service over the session that its owner names; its flows outlive that session.

use super::gauge::FlowGauge;
use super::packet::{Header, Way};
use super::{bind, send, Numbers, Reading};
use crate::core::{Core, Timers};
use crate::event::{BindError, Event};
use crate::handle::{Arena, Handle};
use crate::io::tokens;
use crate::limits::*;
use mio::net::UdpSocket;
use mio::{Interest, Registry};
use rustc_hash::FxHashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

struct Port {
    socket: UdpSocket,
    gauge: Arc<FlowGauge>,
    /// The session and the service's port there; none while the owner has no session.
    lead: Option<(Handle, u16)>,
    by_source: FxHashMap<SocketAddr, Handle>,
}

struct Flow {
    port: Handle,
    source: SocketAddr,
    used: Instant,
    armed: Option<Instant>,
}

pub struct LocalPorts {
    ports: Arena<Port>,
    by_tag: FxHashMap<u32, Handle>,
    flows: Arena<Flow>,
    timers: Timers,
    pub reading: Reading,
}

impl LocalPorts {
    pub fn new() -> Self {
        Self {
            ports: Arena::new(FLOW_PORTS_MAX),
            by_tag: FxHashMap::default(),
            flows: Arena::new(FLOWS_LOCAL_MAX),
            timers: Timers::default(),
            reading: Reading::default(),
        }
    }

    pub fn listen(
        &mut self,
        registry: &Registry,
        tag: u32,
        address: SocketAddr,
        gauge: Arc<FlowGauge>,
        events: &mut Vec<Event>,
    ) {
        events.push(match self.try_listen(registry, tag, address, gauge) {
            Ok(address) => Event::FlowsListening { tag, address },
            Err(error) => Event::FlowsFailed {
                tag,
                error: BindError::from(&error),
                reason: error.to_string(),
            },
        });
    }

    fn try_listen(
        &mut self,
        registry: &Registry,
        tag: u32,
        address: SocketAddr,
        gauge: Arc<FlowGauge>,
    ) -> io::Result<SocketAddr> {
        let socket = bind(address)?;
        let address = socket.local_addr()?;
        let port = Port {
            socket,
            gauge,
            lead: None,
            by_source: FxHashMap::default(),
        };
        let full = |_| io::Error::other("too many local ports");
        let handle = self.ports.insert(port).map_err(full)?;
        if let Some(port) = self.ports.get_mut(handle) {
            let token = tokens::flow_port(handle);
            registry.register(&mut port.socket, token, Interest::READABLE)?;
        }
        self.by_tag.insert(tag, handle);
        Ok(address)
    }

    /// Where the port leads from now on. The flows to another service are over.
    pub fn lead(&mut self, tag: u32, lead: Option<(Handle, u16)>) {
        let Some(&handle) = self.by_tag.get(&tag) else {
            return;
        };
        let Some(port) = self.ports.get_mut(handle) else {
            return;
        };
        let before = std::mem::replace(&mut port.lead, lead);
        if let (Some((_, before)), Some((_, now))) = (before, lead) {
            if before != now {
                let flows: Vec<_> = port.by_source.values().copied().collect();
                flows.into_iter().for_each(|flow| self.end(flow));
            }
        }
    }

    pub fn close(&mut self, tag: u32) {
        let Some(handle) = self.by_tag.remove(&tag) else {
            return;
        };
        let Some(port) = self.ports.get(handle) else {
            return;
        };
        let flows: Vec<_> = port.by_source.values().copied().collect();
        flows.into_iter().for_each(|flow| self.end(flow));
        self.ports.remove(handle);
    }

    pub fn close_all(&mut self) {
        let tags: Vec<_> = self.by_tag.keys().copied().collect();
        tags.into_iter().for_each(|tag| self.close(tag));
    }

    /// Reads from the port whose turn it is and sends on what came.
    pub fn read(
        &mut self,
        core: &mut Core,
        numbers: &mut Numbers,
        buffer: &mut [u8],
        now: Instant,
    ) {
        let Some(handle) = self.reading.next() else {
            return;
        };
        for _ in 0..FLOW_PACKETS_PER_STEP {
            let Some(port) = self.ports.get_mut(handle) else {
                return;
            };
            let (length, source) = match port.socket.recv_from(buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The echo of a packet that a program no longer wanted, or the like.
                Err(_) => continue,
            };
            let lead = port.lead;
            let gauge = port.gauge.clone();
            let flow = self.flow_of(handle, source, now);
            let went = match (lead, flow) {
                (Some((session, service)), Some(flow)) => {
                    let header = Header::of(Way::ToService, flow, service, numbers.next());
                    send(core, session, header, &buffer[..length])
                }
                _ => false,
            };
            gauge.sent(went);
        }
        self.reading.ready(handle);
    }

    /// The flow of a source, which begins with its first packet. The one that was silent for longest
    /// makes room for it.
    fn flow_of(&mut self, handle: Handle, source: SocketAddr, now: Instant) -> Option<Handle> {
        let port = self.ports.get(handle)?;
        if let Some(&found) = port.by_source.get(&source) {
            self.flows.get_mut(found)?.used = now;
            return Some(found);
        }
        if port.by_source.len() >= FLOWS_PER_PORT_MAX || self.flows.is_full() {
            let flows = port.by_source.values();
            let used = |flow: &&Handle| self.flows.get(**flow).map(|flow| flow.used);
            let oldest = *flows.min_by_key(used)?;
            self.end(oldest);
        }
        let flow = Flow {
            port: handle,
            source,
            used: now,
            armed: None,
        };
        let number = self.flows.insert(flow).ok()?;
        let flow = self.flows.get_mut(number)?;
        self.timers
            .arm(number, &mut flow.armed, Some(now + FLOW_IDLE));
        let port = self.ports.get_mut(handle)?;
        port.by_source.insert(source, number);
        port.gauge.began();
        Some(number)
    }

    /// The counters of a flow, if that is where a packet of the session may go.
    pub fn gauge_for(&self, session: Handle, header: &Header) -> Option<&Arc<FlowGauge>> {
        let flow = self.flows.get(header.flow)?;
        let port = self.ports.get(flow.port)?;
        (port.lead == Some((session, header.port))).then_some(&port.gauge)
    }

    /// Gives a packet to the program that the flow belongs to.
    pub fn deliver(&mut self, header: &Header, packet: &[u8], now: Instant) {
        let Some(flow) = self.flows.get_mut(header.flow) else {
            return;
        };
        flow.used = now;
        if let Some(port) = self.ports.get(flow.port) {
            let sent = port.socket.send_to(packet, flow.source);
            port.gauge.received(sent.is_ok());
        }
    }

    fn end(&mut self, handle: Handle) {
        let Some(mut flow) = self.flows.remove(handle) else {
            return;
        };
        self.timers.arm(handle, &mut flow.armed, None);
        if let Some(port) = self.ports.get_mut(flow.port) {
            port.by_source.remove(&flow.source);
            port.gauge.ended();
        }
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Ends flows that were silent for too long.
    pub fn expire(&mut self, now: Instant) {
        while let Some(handle) = self.timers.pop_due(now) {
            let Some(flow) = self.flows.get_mut(handle) else {
                continue;
            };
            flow.armed = None;
            let deadline = flow.used + FLOW_IDLE;
            if deadline > now {
                self.timers.arm(handle, &mut flow.armed, Some(deadline));
            } else {
                self.end(handle);
            }
        }
    }
}
