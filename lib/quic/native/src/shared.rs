//! What the caller's threads and the engine's thread share: commands one way, records the other,
//! and numbers that either may read at any time.

use crate::core::{AttemptCounts, Gauge};
use crate::event::Fault;
use crate::handle::Handle;
use crate::io::{Command, FlowGauge};
use crate::limits::{CARRIED_FLOWS_MAX, RELAYED_WAYS_MAX};
use crate::relay::RelayCounts;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub struct Shared {
    commands: Mutex<Vec<Command>>,
    /// Whether the engine's thread was woken and has not looked yet.
    woken: AtomicBool,
    waker: mio::Waker,
    outbox: Mutex<Outbox>,
    arrived: Condvar,
    /// Whether records stayed behind for want of room in the outbox.
    pub held_back: AtomicBool,
    gauges: Mutex<FxHashMap<Handle, Arc<Gauge>>>,
    /// What relayed flows have passed, by their numbers.
    relays: Mutex<FxHashMap<u32, Arc<RelayCounts>>>,
    /// Of local ports and services of flows, by their tags.
    flow_gauges: Mutex<FxHashMap<u32, Arc<FlowGauge>>>,
    /// Raw packets on the way from the caller to the socket.
    pub raw_queued: AtomicU32,
    pub counters: Counters,
}

#[derive(Default)]
struct Outbox {
    records: Vec<u8>,
    /// How much of `records` was taken.
    taken: usize,
    /// No record will follow.
    closed: bool,
}

/// How many numbers `stats` reports of an engine.
pub const STATS: usize = 20 + Fault::COUNT;

/// Counters since the start, in the order in which `stats` reports them.
#[derive(Default)]
pub struct Counters {
    pub sessions: AtomicU64,
    pub streams: AtomicU64,
    pub bridges: AtomicU64,
    pub packets_sent: AtomicU64,
    pub packets_received: AtomicU64,
    pub bytes_sent: AtomicU64,
    pub bytes_received: AtomicU64,
    pub send_calls: AtomicU64,
    pub receive_calls: AtomicU64,
    pub receive_buffer: AtomicU64,
    pub send_buffer: AtomicU64,
    /// The longest turn of the thread since this was read, in nanoseconds of its processor time.
    pub turn_cpu_max_ns: AtomicU64,
    pub attempts_taken: AtomicU64,
    pub attempts_retried: AtomicU64,
    pub attempts_refused: AtomicU64,
    pub attempts_dropped: AtomicU64,
    /// How many packets one send may carry.
    pub segments: AtomicU64,
    /// Whether trains arrive in one piece: 1 or 0.
    pub coalesces: AtomicU64,
    /// How often the socket was replaced.
    pub rebinds: AtomicU64,
    /// Extra sockets that are open.
    pub sockets: AtomicU64,
    /// How often each fault was, in the order of their numbers.
    pub faults: [AtomicU64; Fault::COUNT],
}

impl Counters {
    pub fn read(&self) -> [f64; STATS] {
        let turn_cpu_max_ns = self.turn_cpu_max_ns.swap(0, Relaxed);
        let counters = [
            &self.sessions,
            &self.streams,
            &self.bridges,
            &self.packets_sent,
            &self.packets_received,
            &self.bytes_sent,
            &self.bytes_received,
            &self.send_calls,
            &self.receive_calls,
            &self.receive_buffer,
            &self.send_buffer,
        ];
        let others = [
            &self.attempts_taken,
            &self.attempts_retried,
            &self.attempts_refused,
            &self.attempts_dropped,
            &self.segments,
            &self.coalesces,
            &self.rebinds,
            &self.sockets,
        ];
        let others = others.into_iter().chain(&self.faults);
        let mut numbers = [0.0; STATS];
        let values = counters.iter().map(|counter| counter.load(Relaxed));
        let values = values.chain([turn_cpu_max_ns]);
        let values = values.chain(others.map(|counter| counter.load(Relaxed)));
        for (number, value) in numbers.iter_mut().zip(values) {
            *number = value as f64;
        }
        numbers
    }

    pub fn publish_attempts(&self, counts: AttemptCounts) {
        self.attempts_taken.store(counts.taken, Relaxed);
        self.attempts_retried.store(counts.retried, Relaxed);
        self.attempts_refused.store(counts.refused, Relaxed);
        self.attempts_dropped.store(counts.dropped, Relaxed);
    }
}

impl Shared {
    pub fn new(waker: mio::Waker) -> Self {
        Self {
            commands: Mutex::default(),
            woken: AtomicBool::new(false),
            waker,
            outbox: Mutex::default(),
            arrived: Condvar::new(),
            held_back: AtomicBool::new(false),
            gauges: Mutex::default(),
            relays: Mutex::default(),
            flow_gauges: Mutex::default(),
            raw_queued: AtomicU32::new(0),
            counters: Counters::default(),
        }
    }

    /// Queues a command and wakes the thread, once however many commands follow.
    pub fn push(&self, command: Command) {
        lock(&self.commands).push(command);
        self.wake();
    }

    pub fn wake(&self) {
        if !self.woken.swap(true, AcqRel) {
            // It fails only where the thread is gone, and then nobody is to be woken.
            let _ = self.waker.wake();
        }
    }

    /// Takes what was queued. A command queued from now on wakes the thread again.
    pub fn take_commands(&self) -> Vec<Command> {
        self.woken.store(false, Release);
        std::mem::take(&mut *lock(&self.commands))
    }

    /// Bytes of records that wait to be taken.
    pub fn outbox_bytes(&self) -> usize {
        let outbox = lock(&self.outbox);
        outbox.records.len() - outbox.taken
    }

    pub fn publish(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut lock(&self.outbox).records);
        self.arrived.notify_all();
    }

    pub fn close_outbox(&self) {
        lock(&self.outbox).closed = true;
        self.arrived.notify_all();
    }

    /// Waits until records are there, none will follow, or the time is over. Says how many bytes
    /// of records wait.
    pub fn wait(&self, time: Duration) -> usize {
        let deadline = Instant::now() + time;
        let mut outbox = lock(&self.outbox);
        while outbox.records.len() == outbox.taken && !outbox.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.arrived.wait_timeout(outbox, left);
            outbox = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        outbox.records.len() - outbox.taken
    }

    /// Copies as many whole records as fit into `into`; says how many bytes that were.
    pub fn take(&self, into: &mut [u8]) -> usize {
        let mut outbox = lock(&self.outbox);
        let waiting = &outbox.records[outbox.taken..];
        let mut end = 0;
        while let Some(size) = crate::abi::record_size(&waiting[end..]) {
            if end + size > into.len() {
                break;
            }
            end += size;
        }
        into[..end].copy_from_slice(&waiting[..end]);
        outbox.taken += end;
        if outbox.taken == outbox.records.len() {
            outbox.records.clear();
            outbox.taken = 0;
        }
        drop(outbox);
        if self.held_back.swap(false, AcqRel) {
            self.wake();
        }
        end
    }

    pub fn add_gauge(&self, session: Handle, gauge: Arc<Gauge>) {
        lock(&self.gauges).insert(session, gauge);
    }

    pub fn remove_gauge(&self, session: Handle) {
        lock(&self.gauges).remove(&session);
    }

    /// Counts for a flow that is to be; none if its number is in use or there are too many.
    pub fn add_relay(&self, number: u32) -> Option<Arc<RelayCounts>> {
        let mut relays = lock(&self.relays);
        if relays.contains_key(&number) || relays.len() >= RELAYED_WAYS_MAX + CARRIED_FLOWS_MAX {
            return None;
        }
        Some(relays.entry(number).or_default().clone())
    }

    pub fn remove_relay(&self, number: u32) {
        lock(&self.relays).remove(&number);
    }

    pub fn relay(&self, number: u32) -> Option<Arc<RelayCounts>> {
        lock(&self.relays).get(&number).cloned()
    }

    /// The counters of a local port or a service of flows that begins now; none for a tag that is
    /// taken.
    pub fn add_flow_gauge(&self, tag: u32) -> Option<Arc<FlowGauge>> {
        let gauge = Arc::<FlowGauge>::default();
        match lock(&self.flow_gauges).entry(tag) {
            Entry::Vacant(entry) => Some(entry.insert(gauge).clone()),
            Entry::Occupied(_) => None,
        }
    }

    pub fn remove_flow_gauge(&self, tag: u32) {
        lock(&self.flow_gauges).remove(&tag);
    }

    pub fn flow_gauge(&self, tag: u32) -> Option<Arc<FlowGauge>> {
        lock(&self.flow_gauges).get(&tag).cloned()
    }

    pub fn gauge(&self, session: Handle) -> Option<Arc<Gauge>> {
        lock(&self.gauges).get(&session).cloned()
    }
}

/// A thread that panicked while it held the lock left plain data, which is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
