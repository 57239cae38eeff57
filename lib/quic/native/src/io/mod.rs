//! The data plane: one thread that owns the UDP sockets, the QUIC core, the TCP sockets and the
//! bridges between them, and nothing else decides when bytes move.
//!
//! One turn: wait for readiness or a deadline → commands → TCP accepts → one batch of packets →
//! deadlines → new streams → flows → one pass over the bridges → one flush of every session with
//! something to send → what is carried for others → events to the caller. Each stage has its share of
//! the turn, so that it is short whatever peers do.

mod address;
mod apply;
mod backlog;
mod bridge;
mod bridges;
mod buffers;
mod command;
mod end;
mod faults;
mod flows;
mod flush;
mod joining;
mod listeners;
mod pause;
mod pool;
mod publish;
mod receive;
mod relaying;
mod ruled;
mod rules;
mod sending;
mod sleep;
mod sockets;
mod tcp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tokens;
mod turn;
mod udp;
mod wire;

pub use address::{ip_text, parse as parse_address, shown as shown_address};
pub use command::Command;
pub use flows::{FlowCommand, FlowGauge};
pub use rules::{Route, Service};

use crate::core::{Arrival, Core, Protocols, ResetKey, Transports, Wake};
use crate::event::Event;
use crate::handle::Handle;
use crate::limits::*;
use crate::relay::Relays;
use crate::shared::Shared;
use backlog::Backlog;
use bridges::Bridges;
use buffers::Buffers;
use bytes::Bytes;
use faults::{Faults, Ledger};
use flows::Flows;
use listeners::Listeners;
use mio::{Events, Poll};
use quinn_proto::Transmit;
use sleep::SleepWatch;
use sockets::Sockets;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokens::Source;
use turn::{thread_cpu, Turn};
use udp::Udp;

/// A running engine.
pub struct Running {
    pub shared: Arc<Shared>,
    pub local_address: SocketAddr,
    pub thread: JoinHandle<()>,
}

/// Binds the socket and starts the thread.
pub fn start(
    address: SocketAddr,
    protocols: Protocols,
    transports: Transports,
    key: &ResetKey,
) -> io::Result<Running> {
    let plane = DataPlane::new(address, protocols, transports, key)?;
    let shared = plane.shared.clone();
    let local_address = address::shown(plane.udp.local_address());
    let thread = std::thread::Builder::new()
        .name("pollen-quic".to_owned())
        .spawn(move || plane.run())?;
    Ok(Running {
        shared,
        local_address,
        thread,
    })
}

struct DataPlane {
    poll: Poll,
    udp: Udp,
    sockets: Sockets,
    buffers: Buffers,
    core: Core,
    relays: Relays,
    bridges: Bridges,
    listeners: Listeners,
    flows: Flows,
    shared: Arc<Shared>,
    /// What the caller asked for and had no turn yet.
    commands: VecDeque<Command>,
    backlog: Backlog,
    /// Streams that peers opened and that are not placed yet.
    arrivals: VecDeque<Arrival>,
    /// Bridges to whose streams something happened.
    wakes: VecDeque<Wake>,
    events: Vec<Event>,
    /// Raw packets received and not handed up yet; the oldest goes first when there are many.
    raw: VecDeque<(SocketAddr, Bytes)>,
    /// The train that the socket had no room for: it goes before all others.
    unsent: Option<(Handle, Transmit, Vec<u8>)>,
    /// The buffer in which trains are made.
    train: Vec<u8>,
    /// The buffer in which one is sealed for a carrier.
    sealed: Vec<u8>,
    faults: Faults,
    /// Once it is shut down: when the thread ends at the latest.
    closes_by: Option<Instant>,
    sleep: SleepWatch,
    /// What runs on while the machine sleeps.
    clock: Box<dyn Fn() -> Duration + Send>,
}

impl DataPlane {
    fn new(
        address: SocketAddr,
        protocols: Protocols,
        transports: Transports,
        key: &ResetKey,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), tokens::WAKER)?;
        let mut udp = Udp::bind(address, !transports.options.one_by_one)?;
        udp.register(poll.registry())?;
        let shared = Arc::new(Shared::new(waker));
        udp.publish(&shared.counters);
        Ok(Self {
            core: Core::new(protocols, transports, key, udp.never_fragments()),
            poll,
            udp,
            sockets: Sockets::default(),
            buffers: Buffers::new(),
            relays: Relays::default(),
            bridges: Bridges::new(),
            listeners: Listeners::new(),
            flows: Flows::new(),
            shared,
            commands: VecDeque::new(),
            backlog: Backlog::default(),
            arrivals: VecDeque::new(),
            wakes: VecDeque::new(),
            events: Vec::new(),
            raw: VecDeque::new(),
            unsent: None,
            train: Vec::new(),
            sealed: Vec::new(),
            faults: Faults::default(),
            closes_by: None,
            sleep: SleepWatch::default(),
            clock: Box::new(sleep::clock),
        })
    }

    fn run(mut self) {
        let shared = self.shared.clone();
        let ended = catch_unwind(AssertUnwindSafe(move || {
            let mut ready = Events::with_capacity(1024);
            let mut cpu = thread_cpu();
            while self.turn(&mut ready, cpu) {
                let before = std::mem::replace(&mut cpu, thread_cpu());
                if let (Some(before), Some(after)) = (before, cpu) {
                    let taken = after.saturating_sub(before).as_nanos() as u64;
                    let longest = &self.shared.counters.turn_cpu_max_ns;
                    longest.fetch_max(taken, Relaxed);
                }
            }
        }));
        let failed = ended.is_err();
        shared.publish(|records| crate::abi::encode(&Event::Closed { failed }, records));
        shared.close_outbox();
    }

    /// `cpu` is what the thread had used of the processor before. False once the engine was shut
    /// down and its peers know, or had their time to.
    fn turn(&mut self, ready: &mut Events, cpu: Option<Duration>) -> bool {
        let timeout = self.timeout();
        match self.poll.poll(ready, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => ready.clear(),
            Err(error) => panic!("the poll of the engine failed: {error}"),
        }
        let turn = Turn::begin(cpu);
        let now = turn.began;
        for event in ready.iter() {
            self.note_ready(now, event);
        }
        self.commands.extend(self.shared.take_commands());
        while let Some(command) = self.commands.pop_front() {
            // Who shut it down wants nothing of it any more.
            if self.closes_by.is_none() {
                self.apply(now, command);
            }
            if turn.is_past(TURN_COMMANDS) {
                break;
            }
        }
        let ledger = &mut ledger(now, &self.shared, &mut self.faults);
        self.udp.expire(self.poll.registry(), ledger);
        self.sockets.expire(self.poll.registry(), ledger);
        self.accept(now);
        self.receive(&turn);
        self.note_sleep(now);
        while self.core.expire_next(now) && !turn.is_past(TURN_DEADLINES) {}
        let (core, registry) = (&mut self.core, self.poll.registry());
        self.bridges.expire(core, registry, &mut self.events, &turn);
        while self.core.settle_next(now) && !turn.is_past(TURN_SETTLE) {}
        self.place_arrivals(&turn);
        self.wake_bridges(&turn);
        self.flows.expire(now);
        let (core, registry) = (&mut self.core, self.poll.registry());
        self.flows.serve(core, registry, &turn);
        self.bridges.serve(&mut self.core, &mut self.events, &turn);
        self.flush(&turn);
        self.carry(&turn);
        self.publish();
        let closes_by = self.closes_by;
        !closes_by.is_some_and(|by| now >= by || !self.core.takes_leave())
    }

    /// How long to wait for readiness: not at all while there is work, and never so long that the
    /// machine's sleep would be found out late.
    fn timeout(&self) -> Duration {
        let flushable = self.udp.writable && self.core.has_to_flush();
        let left_over = !self.commands.is_empty()
            || !self.backlog.is_empty()
            || !self.arrivals.is_empty()
            || !self.wakes.is_empty();
        let has_work = flushable
            || left_over
            || self.udp.readable
            || self.sockets.has_readable()
            || self.core.is_unsettled()
            || self.core.has_packets()
            || self.flows.has_work()
            || self.bridges.has_work()
            || self.listeners.has_work();
        if has_work {
            return Duration::ZERO;
        }
        let deadlines = [
            self.core.next_deadline(),
            self.bridges.next_deadline(),
            self.listeners.next_deadline(),
            self.flows.next_deadline(),
            self.udp.next_deadline(),
            self.sockets.next_deadline(),
            self.relays.next_deadline().filter(|_| self.udp.writable),
            self.closes_by,
        ];
        let next = deadlines.into_iter().flatten().min();
        let rest = next.map(|next| next.saturating_duration_since(Instant::now()));
        rest.map_or(SLEEP_CHECK, |rest| rest.min(SLEEP_CHECK))
    }

    fn note_ready(&mut self, now: Instant, event: &mio::event::Event) {
        match tokens::source(event.token()) {
            Source::Waker => {}
            Source::Udp => self.udp.ready(event.is_readable(), event.is_writable()),
            Source::Extra(number) => {
                let (readable, writable) = (event.is_readable(), event.is_writable());
                self.sockets.ready(number, readable, writable);
            }
            Source::Listener(handle) => self.listeners.ready(handle),
            Source::FlowPort(handle) => self.flows.local.reading.ready(handle),
            Source::Flow(handle) => self.flows.served.reading.ready(handle),
            Source::Bridge(handle) => {
                let (core, registry) = (&mut self.core, self.poll.registry());
                let ready = (handle, event);
                self.bridges
                    .tcp_ready(core, registry, &mut self.events, now, ready);
            }
        }
    }

    /// After a sleep every session is asked whether its peer is still there.
    fn note_sleep(&mut self, now: Instant) {
        if let Some(slept) = self.sleep.look((self.clock)()) {
            self.core.probe_all(now, slept);
            let slept_ms = u32::try_from(slept.as_millis()).unwrap_or(u32::MAX);
            self.events.push(Event::Resumed { slept_ms });
        }
    }

    fn wake_bridges(&mut self, turn: &Turn) {
        self.wakes.extend(self.core.take_wakes());
        while let Some(wake) = self.wakes.pop_front() {
            self.bridges
                .stream_woke(&mut self.core, wake, &mut self.events);
            if turn.is_past(TURN_WAKES) {
                return;
            }
        }
    }
}

fn ledger<'a>(now: Instant, shared: &'a Shared, faults: &'a mut Faults) -> Ledger<'a> {
    let counters = &shared.counters;
    Ledger {
        now,
        counters,
        faults,
    }
}
