//! The side where services are: which ports a session may reach, and a flow with a socket of its own
//! for each that a peer begins. A flow ends with its session or its service, or when it is silent.

use super::gauge::FlowGauge;
use super::packet::{Header, Way};
use super::{bind, send, Numbers, Reading};
use crate::core::{Core, Timers};
use crate::handle::{Arena, Handle};
use crate::io::tokens;
use crate::limits::*;
use mio::net::UdpSocket;
use mio::{Interest, Registry};
use rustc_hash::FxHashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

struct Service {
    port: u16,
    targets: Vec<SocketAddr>,
    /// The target that answered last, or is tried first.
    target: usize,
    gauge: Arc<FlowGauge>,
}

struct Flow {
    session: Handle,
    /// As the peer calls it.
    number: u32,
    service: u32,
    socket: UdpSocket,
    target: usize,
    used: Instant,
    armed: Option<Instant>,
}

/// What a session may reach, and what it has.
#[derive(Default)]
struct Guest {
    /// Services by their ports.
    allowed: FxHashMap<u16, u32>,
    flows: FxHashMap<u32, Handle>,
}

pub struct ServedFlows {
    services: FxHashMap<u32, Service>,
    guests: FxHashMap<Handle, Guest>,
    flows: Arena<Flow>,
    timers: Timers,
    pub reading: Reading,
}

impl ServedFlows {
    /// With room for so many flows of all sessions together.
    pub fn new(room: usize) -> Self {
        Self {
            services: FxHashMap::default(),
            guests: FxHashMap::default(),
            flows: Arena::new(room),
            timers: Timers::default(),
            reading: Reading::default(),
        }
    }

    /// Serves nobody yet. One that finds no room is left out.
    pub fn serve(&mut self, tag: u32, port: u16, targets: Vec<SocketAddr>, gauge: Arc<FlowGauge>) {
        if self.services.len() < FLOW_PORTS_MAX && !targets.is_empty() {
            self.services.entry(tag).or_insert(Service {
                port,
                targets,
                target: 0,
                gauge,
            });
        }
    }

    /// Opens a service to a session.
    pub fn allow(&mut self, core: &Core, tag: u32, session: Handle) {
        if let Some(service) = self.services.get(&tag).filter(|_| core.is_open(session)) {
            let guest = self.guests.entry(session).or_default();
            guest.allowed.insert(service.port, tag);
        }
    }

    pub fn withdraw(&mut self, tag: u32) {
        let Some(service) = self.services.get(&tag) else {
            return;
        };
        for guest in self.guests.values_mut() {
            if guest.allowed.get(&service.port) == Some(&tag) {
                guest.allowed.remove(&service.port);
            }
        }
        for handle in self.flows.handles() {
            if self.flows.get(handle).is_some_and(|f| f.service == tag) {
                self.end(handle);
            }
        }
        self.services.remove(&tag);
    }

    pub fn session_ended(&mut self, session: Handle) {
        let Some(guest) = self.guests.get(&session) else {
            return;
        };
        let flows: Vec<_> = guest.flows.values().copied().collect();
        flows.into_iter().for_each(|flow| self.end(flow));
        self.guests.remove(&session);
    }

    pub fn close_all(&mut self) {
        let tags: Vec<_> = self.services.keys().copied().collect();
        tags.into_iter().for_each(|tag| self.withdraw(tag));
    }

    /// The counters of the service that a packet of the session is for, if the session may reach it.
    pub fn gauge_for(&self, session: Handle, header: &Header) -> Option<&Arc<FlowGauge>> {
        let tag = self.guests.get(&session)?.allowed.get(&header.port)?;
        Some(&self.services.get(tag)?.gauge)
    }

    /// Gives a packet to the service that it is for.
    pub fn deliver(
        &mut self,
        registry: &Registry,
        (session, header): (Handle, &Header),
        packet: &[u8],
        now: Instant,
    ) {
        let Some(gauge) = self.gauge_for(session, header).cloned() else {
            return;
        };
        let flow = self.flow_of(registry, session, header, now);
        let came = flow.is_some_and(|flow| self.pass_on(registry, flow, packet));
        gauge.received(came);
    }

    /// Sends to the service. Where nobody was there before, the next target is tried.
    fn pass_on(&mut self, registry: &Registry, handle: Handle, packet: &[u8]) -> bool {
        for _ in 0..TARGETS_MAX {
            let Some(flow) = self.flows.get(handle) else {
                return false;
            };
            match flow.socket.send(packet) {
                Ok(_) => return true,
                Err(error) if is_refusal(&error) => {
                    if !self.try_next(registry, handle) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        false
    }

    /// Nobody is at the target of the flow: it goes to the next one from now on, and so do new ones.
    fn try_next(&mut self, registry: &Registry, handle: Handle) -> bool {
        let Some(flow) = self.flows.get_mut(handle) else {
            return false;
        };
        let Some(service) = self.services.get_mut(&flow.service) else {
            return false;
        };
        if service.target == flow.target {
            service.target = (service.target + 1) % service.targets.len();
        }
        flow.target = service.target;
        let Ok(socket) = connect(service.targets[flow.target]) else {
            return false;
        };
        flow.socket = socket;
        let token = tokens::flow(handle);
        let registered = registry.register(&mut flow.socket, token, Interest::READABLE);
        registered.is_ok()
    }

    /// The flow that the peer means, which begins with its first packet.
    fn flow_of(
        &mut self,
        registry: &Registry,
        session: Handle,
        header: &Header,
        now: Instant,
    ) -> Option<Handle> {
        let guest = self.guests.get(&session)?;
        let &tag = guest.allowed.get(&header.port)?;
        if let Some(&found) = guest.flows.get(&header.flow) {
            let flow = self.flows.get_mut(found)?;
            if flow.service == tag {
                flow.used = now;
                return Some(found);
            }
            // The number means another service now.
            self.end(found);
        }
        self.make_room(session);
        let service = self.services.get(&tag)?;
        let (target, address) = (service.target, *service.targets.get(service.target)?);
        let socket = match connect(address) {
            Ok(socket) => socket,
            // Perhaps the system has no descriptor left: one of the session's own makes room.
            Err(_) => {
                self.end_oldest(session);
                connect(address).ok()?
            }
        };
        let flow = Flow {
            session,
            number: header.flow,
            service: tag,
            socket,
            target,
            used: now,
            armed: None,
        };
        let handle = self.flows.insert(flow).ok()?;
        let service = self.services.get(&tag)?;
        service.gauge.began();
        self.guests
            .get_mut(&session)?
            .flows
            .insert(header.flow, handle);
        let flow = self.flows.get_mut(handle)?;
        self.timers
            .arm(handle, &mut flow.armed, Some(now + FLOW_IDLE));
        let token = tokens::flow(handle);
        if registry
            .register(&mut flow.socket, token, Interest::READABLE)
            .is_err()
        {
            self.end(handle);
            return None;
        }
        Some(handle)
    }

    /// Ends a flow where there are too many: of the session, if it has its share, else of the one
    /// that has most. It is the one that was silent for longest.
    fn make_room(&mut self, session: Handle) {
        let own = self
            .guests
            .get(&session)
            .map_or(0, |guest| guest.flows.len());
        if own >= FLOWS_PER_SESSION_MAX {
            return self.end_oldest(session);
        }
        if self.flows.is_full() {
            let guests = self.guests.iter();
            let busiest = guests.max_by_key(|(_, guest)| guest.flows.len());
            if let Some((&session, _)) = busiest {
                self.end_oldest(session);
            }
        }
    }

    fn end_oldest(&mut self, session: Handle) {
        let Some(guest) = self.guests.get(&session) else {
            return;
        };
        let used = |flow: &&Handle| self.flows.get(**flow).map(|flow| flow.used);
        if let Some(&oldest) = guest.flows.values().min_by_key(used) {
            self.end(oldest);
        }
    }

    fn end(&mut self, handle: Handle) {
        let Some(mut flow) = self.flows.remove(handle) else {
            return;
        };
        self.timers.arm(handle, &mut flow.armed, None);
        if let Some(guest) = self.guests.get_mut(&flow.session) {
            guest.flows.remove(&flow.number);
        }
        if let Some(service) = self.services.get(&flow.service) {
            service.gauge.ended();
        }
    }

    /// Reads from the flow whose turn it is and sends on what its service says.
    pub fn read(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        numbers: &mut Numbers,
        buffer: &mut [u8],
        now: Instant,
    ) {
        let Some(handle) = self.reading.next() else {
            return;
        };
        for _ in 0..FLOW_PACKETS_PER_STEP {
            let Some(flow) = self.flows.get_mut(handle) else {
                return;
            };
            let Some(service) = self.services.get_mut(&flow.service) else {
                return;
            };
            match flow.socket.recv(buffer) {
                Ok(length) => {
                    flow.used = now;
                    service.target = flow.target;
                    let (number, port) = (flow.number, service.port);
                    let header = Header::of(Way::FromService, number, port, numbers.next());
                    let went = send(core, flow.session, header, &buffer[..length]);
                    service.gauge.sent(went);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if is_refusal(&error) => {
                    // The packet that nobody was there for is lost.
                    service.gauge.dropped();
                    self.try_next(registry, handle);
                }
                Err(_) => {}
            }
        }
        self.reading.ready(handle);
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

/// A socket that talks with the target alone.
fn connect(target: SocketAddr) -> io::Result<UdpSocket> {
    let any = match target {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = bind(any)?;
    socket.connect(target)?;
    Ok(socket)
}

/// Whether the system says that nobody is there.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}
