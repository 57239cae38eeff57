//! The extra sockets: each is there for packets of its own ways alone, and costs little until it has
//! some. One that breaks is closed, without harm to anything else.

use super::backlog::Backlog;
use super::buffers::Buffers;
use super::faults::{fault_of, Ledger};
use super::sending::Sent;
use super::udp::Udp;
use crate::event::{Fault, SocketError};
use crate::limits::EXTRA_SOCKETS_MAX;
use mio::Registry;
use quinn_proto::Transmit;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

#[derive(Default)]
pub struct Sockets {
    open: BTreeMap<u16, Udp>,
    /// Those with something to receive.
    readable: VecDeque<u16>,
    last: u16,
    /// When something that was put off is due on one of them.
    deadline: Option<Instant>,
}

impl Sockets {
    pub fn len(&self) -> usize {
        self.open.len()
    }

    #[cfg(test)]
    pub fn script(&self, number: u16) -> super::testing::Script {
        self.open[&number].script.clone()
    }

    pub fn has_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Opens one on a port of the system's choice, beside a main socket that is bound there; gives its
    /// number and its port.
    pub fn open(
        &mut self,
        registry: &Registry,
        main: SocketAddr,
        offload: bool,
    ) -> Result<(u16, u16), (SocketError, String)> {
        let ip = match main.ip().to_canonical() {
            IpAddr::V4(ip) => ip,
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv4Addr::UNSPECIFIED,
            IpAddr::V6(_) => return Err((SocketError::NoIpv4, String::new())),
        };
        let Some(number) = self.free_number() else {
            return Err((SocketError::Exhausted, String::new()));
        };
        let refused = |error: io::Error| (refusal(&error), error.to_string());
        let mut udp = Udp::bind_extra(number, (ip, 0).into(), offload).map_err(refused)?;
        udp.register(registry).map_err(refused)?;
        let port = udp.local_address().port();
        self.open.insert(number, udp);
        self.readable.push_back(number);
        self.last = number;
        Ok((number, port))
    }

    /// The next one after the last: a number means nothing for a while after its socket was closed.
    fn free_number(&self) -> Option<u16> {
        let after = (self.last + 1..=EXTRA_SOCKETS_MAX).chain(1..=self.last);
        after
            .into_iter()
            .find(|number| !self.open.contains_key(number))
    }

    pub fn close(&mut self, number: u16) {
        self.open.remove(&number);
    }

    /// A session's packets go over it: it is to have buffers like the main one.
    pub fn favour(&mut self, number: u16) {
        if let Some(udp) = self.open.get_mut(&number) {
            udp.enlarge_buffers();
        }
    }

    pub fn ready(&mut self, number: u16, readable: bool, writable: bool) {
        if let Some(udp) = self.open.get_mut(&number) {
            udp.ready(readable, writable);
            self.list(number);
        }
    }

    fn list(&mut self, number: u16) {
        let is_readable = self.open.get(&number).is_some_and(|udp| udp.readable);
        if is_readable && !self.readable.contains(&number) {
            self.readable.push_back(number);
        }
    }

    /// Takes one batch from the next that has one.
    pub fn receive(
        &mut self,
        ledger: &mut Ledger<'_>,
        buffers: &mut Buffers,
        backlog: &mut Backlog,
    ) {
        let Some(number) = self.readable.pop_front() else {
            return;
        };
        if let Some(udp) = self.open.get_mut(&number) {
            udp.receive(ledger, buffers, backlog);
            self.look_after(number);
            self.list(number);
        }
    }

    /// Sends over one; what finds it full is lost, as on a path whose queues are full.
    pub fn send(
        &mut self,
        number: u16,
        transmit: &Transmit,
        payload: &[u8],
        ledger: &mut Ledger<'_>,
    ) -> Sent {
        let Some(udp) = self.open.get_mut(&number) else {
            let closed = io::Error::new(io::ErrorKind::NotConnected, "the socket is closed");
            return Sent::Lost(Fault::NoRoute, closed);
        };
        let sent = udp.send(transmit, payload, ledger);
        self.look_after(number);
        match sent {
            Sent::Blocked => Sent::Done,
            sent => sent,
        }
    }

    pub fn send_raw(
        &mut self,
        number: u16,
        to: SocketAddr,
        payload: &[u8],
        ledger: &mut Ledger<'_>,
    ) {
        if let Some(udp) = self.open.get_mut(&number) {
            udp.send_raw(to, payload, ledger);
            self.look_after(number);
        }
    }

    /// Closes it if it broke; notes what was put off.
    fn look_after(&mut self, number: u16) {
        let Some(udp) = self.open.get(&number) else {
            return;
        };
        match (udp.wire.is_some(), udp.next_deadline()) {
            (false, _) => self.close(number),
            (true, None) => {}
            (true, next) => self.deadline = [self.deadline, next].into_iter().flatten().min(),
        }
    }

    /// Does what was put off until now.
    pub fn expire(&mut self, registry: &Registry, ledger: &mut Ledger<'_>) {
        if self.deadline.is_none_or(|at| at > ledger.now) {
            return;
        }
        let mut next = Vec::new();
        let mut readable = Vec::new();
        for (number, udp) in &mut self.open {
            udp.expire(registry, ledger);
            next.extend(udp.next_deadline());
            readable.extend(udp.readable.then_some(*number));
        }
        self.deadline = next.into_iter().min();
        for number in readable {
            self.list(number);
        }
    }
}

fn refusal(error: &io::Error) -> SocketError {
    match fault_of(error) {
        Some(Fault::Exhausted | Fault::Shortage) => SocketError::Exhausted,
        Some(Fault::Denied) => SocketError::Denied,
        _ => SocketError::Io,
    }
}
