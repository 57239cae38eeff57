//! How long a train of packets is, and when the next one may go. On loopback a train is as long as the
//! system takes it; elsewhere it has no more than the path carries in a millisecond, and one packet at
//! least, so that no queue on the way is filled in one go.
//!
//! QUIC's own pacing keeps the rate, but lets ten packets go at a time, and where the window is small
//! the acknowledgments of such a burst make the next one. So an open session waits after a train
//! until it has passed, a millisecond at most. What it misses because the thread is late goes at once.

use super::session::{Phase, Session};
use crate::limits::{PACING_GAIN, TRAIN_LATE_MAX, TRAIN_TIME};
use crate::way;
use quinn_proto::Connection;
use std::time::{Duration, Instant};

impl Session {
    /// How many packets the path lets the next train have; none if it is not time for it.
    pub fn train_packets(&mut self, now: Instant) -> Option<usize> {
        if way::is_loopback(self.target()) {
            return Some(usize::MAX);
        }
        if self.phase == Phase::Open && self.path.train_at.is_some_and(|at| now < at) {
            self.path.train_waits = true;
            return None;
        }
        let bytes = rate(&self.connection) * TRAIN_TIME.as_secs_f64();
        let packets = bytes / f64::from(self.connection.current_mtu());
        Some((packets as usize).max(1))
    }

    /// A train of so many bytes went, where there was room for `packets`. Unless QUIC had no more to
    /// say, it has to pass before the next.
    pub fn note_train(&mut self, now: Instant, packets: usize, bytes: usize) {
        if 2 * bytes <= packets * usize::from(self.connection.current_mtu()) {
            return;
        }
        let seconds = bytes as f64 / (rate(&self.connection) * PACING_GAIN);
        let passes = Duration::from_secs_f64(seconds).min(TRAIN_TIME);
        let late = match self.path.train_waits {
            true => TRAIN_LATE_MAX,
            false => TRAIN_TIME,
        };
        let late = now.checked_sub(late).unwrap_or(now);
        let due = self.path.train_at.unwrap_or(late).max(late);
        self.path.train_at = Some(due + passes);
    }
}

/// Bytes per second that the path carries, as far as is known.
fn rate(connection: &Connection) -> f64 {
    let window = connection.congestion_state().metrics().congestion_window;
    window as f64 / connection.rtt().as_secs_f64().max(1e-6)
}
