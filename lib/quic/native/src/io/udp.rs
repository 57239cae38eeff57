//! The life of a UDP socket, and the packets that arrive on it, in batches. What an error of the
//! system leads to follows the table in faults.rs.
//!
//! Invariant: no error of the system ends anything here or turns the thread in circles.

use super::backlog::{Backlog, Train};
use super::buffers::Buffers;
use super::faults::{fault_of, is_foreign, Ledger};
use super::pause::Pause;
use super::tokens;
use super::wire::Wire;
use crate::event::Fault;
use crate::limits::*;
use crate::shared::Counters;
use crate::way;
use mio::Registry;
use quinn_proto::EcnCodepoint;
use quinn_udp::{RecvMeta, BATCH_SIZE};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

pub struct Udp {
    /// None once it broke, for the main socket until it is replaced.
    pub(super) wire: Option<Wire>,
    /// The number of an extra socket; none of the main one.
    number: Option<u16>,
    /// Where it is bound, and will be again.
    bound: SocketAddr,
    pub offload: bool,
    pub is_v6: bool,
    pub readable: bool,
    pub writable: bool,
    /// How many packets one send may carry now.
    pub(super) segments: usize,
    /// When the system is asked again whether it segments.
    pub(super) segments_again: Option<Instant>,
    pub(super) send_rest: Pause,
    receive_rest: Pause,
    pub(super) rebind: Pause,
    /// Faults in a row that only told of earlier packets.
    pub(super) echoes: u32,
    #[cfg(test)]
    pub script: super::testing::Script,
}

impl Udp {
    /// The main socket.
    pub fn bind(address: SocketAddr, offload: bool) -> io::Result<Self> {
        let wire = Wire::bind(address, offload)?;
        wire.enlarge_buffers();
        Self::of(wire, None, offload)
    }

    /// An extra socket.
    pub fn bind_extra(number: u16, address: SocketAddr, offload: bool) -> io::Result<Self> {
        Self::of(Wire::bind(address, offload)?, Some(number), offload)
    }

    fn of(wire: Wire, number: Option<u16>, offload: bool) -> io::Result<Self> {
        let bound = wire.local_address()?;
        Ok(Self {
            number,
            segments: wire.segments_max(),
            #[cfg(test)]
            script: wire.script.clone(),
            wire: Some(wire),
            bound,
            offload,
            is_v6: bound.is_ipv6(),
            readable: true,
            writable: true,
            segments_again: None,
            send_rest: Pause::new(FAULT_PAUSE_MIN, FAULT_PAUSE_MAX),
            receive_rest: Pause::new(FAULT_PAUSE_MIN, FAULT_PAUSE_MAX),
            rebind: Pause::new(REBIND_PAUSE_MIN, REBIND_PAUSE_MAX),
            echoes: 0,
        })
    }

    pub fn register(&mut self, registry: &Registry) -> io::Result<()> {
        let token = self.number.map_or(tokens::UDP, tokens::extra);
        match &mut self.wire {
            Some(wire) => wire.register(registry, token),
            None => Ok(()),
        }
    }

    /// Asks for room for trains of full speed.
    pub fn enlarge_buffers(&self) {
        if let Some(wire) = &self.wire {
            wire.enlarge_buffers();
        }
    }

    pub fn local_address(&self) -> SocketAddr {
        self.bound
    }

    pub fn never_fragments(&self) -> bool {
        self.wire.as_ref().is_some_and(Wire::never_fragments)
    }

    /// How many packets one send may carry.
    pub fn segments_max(&self) -> usize {
        self.segments
    }

    /// What the system grants the main socket and can do, for `stats`.
    pub fn publish(&self, counters: &Counters) {
        if self.number.is_some() {
            return;
        }
        let (receive, send) = self.wire.as_ref().map_or((0, 0), Wire::buffer_sizes);
        counters.receive_buffer.store(receive, Relaxed);
        counters.send_buffer.store(send, Relaxed);
        let coalesces = self.wire.as_ref().is_some_and(Wire::coalesces);
        counters.coalesces.store(coalesces.into(), Relaxed);
        counters.segments.store(self.segments as u64, Relaxed);
    }

    /// The socket reports that it is ready. While it rests that is of no account: it is tried
    /// afterwards anyway.
    pub fn ready(&mut self, readable: bool, writable: bool) {
        self.readable |= readable && self.receive_rest.until().is_none();
        self.writable |= writable && self.send_rest.until().is_none();
    }

    /// When `expire` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let rests = [&self.send_rest, &self.receive_rest, &self.rebind];
        let deadlines = rests.into_iter().filter_map(|rest| rest.until());
        deadlines.chain(self.segments_again).min()
    }

    /// Does what was put off until now.
    pub fn expire(&mut self, registry: &Registry, ledger: &mut Ledger<'_>) {
        let now = ledger.now;
        self.writable |= self.send_rest.is_over(now);
        self.readable |= self.receive_rest.is_over(now);
        if self.segments_again.take_if(|at| *at <= now).is_some() {
            self.segments = self.wire.as_ref().map_or(1, Wire::segments_max);
            self.publish(ledger.counters);
        }
        if self.rebind.is_over(now) && self.wire.is_none() {
            if let Err(error) = self.bind_again(registry, ledger.counters) {
                ledger.note(Fault::Broken, &error);
                self.rebind.fail(now);
            }
        }
    }

    fn bind_again(&mut self, registry: &Registry, counters: &Counters) -> io::Result<()> {
        let mut wire = Wire::bind(self.bound, self.offload)?;
        wire.enlarge_buffers();
        wire.register(registry, tokens::UDP)?;
        #[cfg(test)]
        {
            wire.script = self.script.clone();
        }
        self.segments = wire.segments_max();
        self.segments_again = None;
        self.wire = Some(wire);
        self.readable = true;
        self.writable = true;
        counters.rebinds.fetch_add(1, Relaxed);
        self.publish(counters);
        Ok(())
    }

    /// The socket is good for nothing: another one takes the place of the main one.
    pub(super) fn lose_socket(&mut self, now: Instant, error: &io::Error) {
        match self.wire.take() {
            Some(wire) if is_foreign(error) => wire.abandon(),
            // The port is free once it is closed.
            closed => drop(closed),
        }
        self.readable = false;
        self.writable = false;
        self.send_rest.clear();
        self.receive_rest.clear();
        if self.number.is_none() {
            self.rebind.fail(now);
        }
    }

    /// Takes one batch from the system; `readable` stays set while there may be more.
    pub fn receive(
        &mut self,
        ledger: &mut Ledger<'_>,
        buffers: &mut Buffers,
        backlog: &mut Backlog,
    ) {
        let Some(wire) = &self.wire else {
            self.readable = false;
            return;
        };
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let count = match wire.receive(&mut buffers.slices(), &mut metas) {
            Ok(count) => count,
            Err(error) => return self.receive_failed(&error, ledger),
        };
        self.readable = count == BATCH_SIZE;
        self.receive_rest.clear();
        self.rebind.clear();
        self.echoes = 0;
        let counters = ledger.counters;
        counters.receive_calls.fetch_add(1, Relaxed);
        let metas = &metas[..count];
        let trains = buffers.take(metas.iter().map(|meta| meta.len));
        for (meta, (bytes, may_be_kept)) in metas.iter().zip(trains) {
            let len = bytes.len();
            counters.bytes_received.fetch_add(len as u64, Relaxed);
            let packets = len.div_ceil(meta.stride.max(1));
            counters.packets_received.fetch_add(packets as u64, Relaxed);
            let Some(remote) = self.seen_from(meta.addr) else {
                continue;
            };
            backlog.push(Train {
                remote,
                local_ip: meta.dst_ip,
                ecn: meta.ecn.and_then(|ecn| EcnCodepoint::from_bits(ecn as u8)),
                stride: meta.stride,
                bytes,
                may_be_kept,
                is_kept: None,
            });
        }
    }

    /// The address that packets from there have above; none where nobody real has sent them.
    pub(super) fn seen_from(&self, address: SocketAddr) -> Option<SocketAddr> {
        match self.number {
            None => (!way::is_way(address)).then_some(address),
            Some(number) => way::over_socket(number, address),
        }
    }

    fn receive_failed(&mut self, error: &io::Error, ledger: &mut Ledger<'_>) {
        let Some(fault) = fault_of(error) else {
            self.readable = error.kind() == io::ErrorKind::Interrupted;
            return;
        };
        ledger.note(fault, error);
        match fault {
            Fault::Broken => self.lose_socket(ledger.now, error),
            // The echo is taken with this; packets may be behind it.
            Fault::Refused if self.echoes < ECHOES_MAX => self.echoes += 1,
            _ => {
                self.readable = false;
                self.receive_rest.fail(ledger.now);
            }
        }
    }
}
