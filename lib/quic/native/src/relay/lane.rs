//! What waits to go on in one direction of a carried flow: trains of sealed packets, as many as go
//! within 50 ms at the rate. Where our own traffic leaves less than that, the oldest are dropped.

use super::bucket::Bucket;
use super::packet::{Sealer, HEADER_BYTES};
use crate::limits::*;
use quinn_proto::EcnCodepoint;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets for one send: all of the same size, but for the last, which may be shorter.
pub struct Train {
    /// When its first packet came.
    began: Instant,
    pub stride: usize,
    pub ecn: Option<EcnCodepoint>,
    pub bytes: Vec<u8>,
    pub packets: usize,
}

impl Train {
    /// What it takes of memory, more or less.
    pub fn cost(&self) -> usize {
        self.bytes.len() + RELAY_TRAIN_COST
    }

    /// Its bytes without the headers.
    pub fn payload(&self) -> usize {
        self.bytes.len() - self.packets * HEADER_BYTES
    }

    fn takes(&self, size: usize, ecn: Option<EcnCodepoint>) -> bool {
        let is_whole = self.bytes.len() < self.packets * self.stride;
        !is_whole && size <= self.stride && ecn == self.ecn
    }
}

pub struct Lane {
    pub bucket: Bucket,
    /// Its place among the lanes with something to send; none while it has no part in them.
    pub listed: Option<u64>,
    trains: VecDeque<Train>,
    bytes: usize,
    bytes_max: usize,
    train_bytes_max: usize,
}

impl Lane {
    pub fn new(now: Instant, rate: f64) -> Self {
        Self {
            bucket: Bucket::new(now, rate),
            listed: None,
            trains: VecDeque::new(),
            bytes: 0,
            bytes_max: bytes_max(rate),
            train_bytes_max: train_bytes_max(rate),
        }
    }

    /// Goes on at another rate. What waits beyond its bound is for `pop_surplus`.
    pub fn set_rate(&mut self, now: Instant, rate: f64) {
        self.bucket.set_rate(now, rate);
        self.bytes_max = bytes_max(rate);
        self.train_bytes_max = train_bytes_max(rate);
    }

    pub fn is_empty(&self) -> bool {
        self.trains.is_empty()
    }

    /// Whether a packet of this size may wait here. One always may, or slow lanes would pass none.
    pub fn has_room(&self, packet: usize) -> bool {
        self.bytes == 0 || self.bytes + packet + HEADER_BYTES <= self.bytes_max
    }

    /// Seals a packet at the end of the lane. Says what more is kept now; none if it could not be.
    /// `segments`: how many packets one send may carry.
    pub fn push(
        &mut self,
        now: Instant,
        packet: &[u8],
        ecn: Option<EcnCodepoint>,
        segments: usize,
        sealer: &mut Sealer,
        spare: &mut Vec<Vec<u8>>,
    ) -> Option<usize> {
        let size = packet.len() + HEADER_BYTES;
        let most = self.train_bytes_max;
        let joins = self.trains.back().is_some_and(|train| {
            let has_room = train.bytes.len() + size <= most && train.packets < segments;
            has_room && train.takes(size, ecn)
        });
        if !joins {
            self.trains.push_back(Train {
                began: now,
                stride: size,
                ecn,
                bytes: spare.pop().unwrap_or_default(),
                packets: 0,
            });
        }
        let train = self.trains.back_mut()?;
        if !sealer.seal(packet, &mut train.bytes) {
            if !joins {
                self.trains.pop_back();
            }
            return None;
        }
        train.packets += 1;
        self.bytes += size;
        Some(if joins { size } else { size + RELAY_TRAIN_COST })
    }

    pub fn pop(&mut self) -> Option<Train> {
        let train = self.trains.pop_front()?;
        self.bytes -= train.bytes.len();
        Some(train)
    }

    /// Takes the oldest train if it waited too long and there is another one.
    pub fn pop_stale(&mut self, now: Instant) -> Option<Train> {
        let oldest = self.trains.front()?;
        let is_stale = now.saturating_duration_since(oldest.began) > RELAY_QUEUE;
        (is_stale && self.trains.len() > 1).then(|| self.pop())?
    }

    /// Takes the oldest train if more waits than may and there is another one.
    pub fn pop_surplus(&mut self) -> Option<Train> {
        let is_surplus = self.bytes > self.bytes_max && self.trains.len() > 1;
        is_surplus.then(|| self.pop())?
    }

    pub fn put_back(&mut self, train: Train) {
        self.bytes += train.bytes.len();
        self.trains.push_front(train);
    }

    /// What is kept here, more or less.
    pub fn cost(&self) -> usize {
        self.trains.iter().map(Train::cost).sum()
    }
}

fn bytes_max(rate: f64) -> usize {
    bytes_in(RELAY_QUEUE, rate).min(RELAY_LANE_MAX)
}

fn train_bytes_max(rate: f64) -> usize {
    bytes_in(RELAY_TRAIN, rate).min(TRAIN_BYTES_MAX)
}

fn bytes_in(time: Duration, rate: f64) -> usize {
    (rate * time.as_secs_f64()) as usize
}
