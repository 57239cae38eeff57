//! One direction of the link: which packets vanish, and when each of the others arrives. No device and
//! no clock: time is an argument.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::shape::Shape;

/// Packets that are on their way at most: those of two seconds at 400 Mbit/s.
pub const HELD_MAX: usize = 1 << 16;

/// What became of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub packets: u64,
    pub bytes: u64,
    /// Vanished by chance.
    pub lost: u64,
    /// Found the buffer full.
    pub dropped: u64,
    /// The link itself could not keep them, or the system did not take them: its fault, not the
    /// shape's. A measurement in which it happens says nothing.
    pub failed: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            packets,
            bytes,
            lost,
            dropped,
            failed,
        } = self;
        write!(
            out,
            r#"{{"packets":{packets},"bytes":{bytes},"lost":{lost},"dropped":{dropped},"failed":{failed}}}"#
        )
    }
}

/// Ordered by its first two fields, of which the second is nobody else's.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    due: Instant,
    number: u64,
    packet: Vec<u8>,
}

pub struct Lane {
    chance: Chance,
    held: BinaryHeap<Reverse<Held>>,
    /// When everything that was accepted so far is on the wire.
    free_at: Instant,
    /// When the last of the packets arrives that none overtakes.
    last_due: Instant,
    pub counts: Counts,
}

impl Lane {
    pub fn new(now: Instant, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            held: BinaryHeap::new(),
            free_at: now,
            last_due: now,
            counts: Counts::default(),
        }
    }

    /// Takes a packet that was sent now. Gives it back if it does not arrive.
    pub fn offer(&mut self, now: Instant, shape: &Shape, packet: Vec<u8>) -> Option<Vec<u8>> {
        self.counts.packets += 1;
        self.counts.bytes += packet.len() as u64;
        if self.chance.share() < shape.loss {
            self.counts.lost += 1;
            return Some(packet);
        }
        let mut sent = now;
        if shape.rate > 0.0 {
            let takes = Duration::from_secs_f64(packet.len() as f64 * 8.0 / shape.rate);
            sent = self.free_at.max(now) + takes;
            if sent - now > shape.buffer {
                self.counts.dropped += 1;
                return Some(packet);
            }
        }
        if self.held.len() >= HELD_MAX {
            self.counts.failed += 1;
            return Some(packet);
        }
        self.free_at = sent;
        let jitter = shape.jitter.mul_f64(self.chance.share());
        let mut due = self.last_due.max(sent + shape.delay + jitter);
        if self.chance.share() < shape.late {
            due += shape.late_by;
        } else {
            self.last_due = due;
        }
        let number = self.counts.packets;
        self.held.push(Reverse(Held {
            due,
            number,
            packet,
        }));
        None
    }

    /// The next packet that has arrived by now.
    pub fn take(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.next_due()? > now {
            return None;
        }
        self.held.pop().map(|Reverse(held)| held.packet)
    }

    /// When the next packet arrives; none if none is on its way.
    pub fn next_due(&self) -> Option<Instant> {
        self.held.peek().map(|Reverse(held)| held.due)
    }
}
