//! A token bucket: how much may go at a rate, with little at once. What goes may cost more than there
//! is; the next one waits until that is paid.

use crate::limits::RELAY_BURST;
use std::time::{Duration, Instant};

pub struct Bucket {
    /// Bytes per second.
    rate: f64,
    /// Bytes that may go at once; below zero what is owed.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(now: Instant, rate: f64) -> Self {
        Self {
            rate,
            tokens: rate * RELAY_BURST.as_secs_f64(),
            at: now,
        }
    }

    /// When something may go.
    pub fn ready_at(&mut self, now: Instant) -> Instant {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let most = self.rate * RELAY_BURST.as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(most);
        self.at = self.at.max(now);
        match self.tokens > 0.0 {
            true => now,
            // One byte more than is owed, and what rounding may take off.
            false => {
                let owed = Duration::from_secs_f64((1.0 - self.tokens) / self.rate);
                now + owed + Duration::from_nanos(1)
            }
        }
    }

    /// Goes on at another rate. What is owed takes no longer to pay than before.
    pub fn set_rate(&mut self, now: Instant, rate: f64) {
        self.ready_at(now);
        self.tokens *= (rate / self.rate).min(1.0);
        self.rate = rate;
    }

    pub fn take(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
    }

    /// What was taken did not go.
    pub fn give_back(&mut self, bytes: usize) {
        self.tokens += bytes as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_time_no_more_goes_than_the_rate() {
        for rate in [1_024.0, 1e6, 1e10] {
            let (begin, bytes) = (Instant::now(), 1_231);
            let (mut bucket, mut now, mut sent) = (Bucket::new(begin, rate), begin, 0);
            while sent < 200 * bytes {
                now = now.max(bucket.ready_at(now));
                assert_eq!(bucket.ready_at(now), now);
                bucket.take(bytes);
                sent += bytes;
            }
            let most = rate * ((now - begin) + RELAY_BURST).as_secs_f64();
            assert!(sent as f64 <= most + 2.0 * bytes as f64, "{sent} at {rate}");
            assert!(sent as f64 >= 0.9 * rate * (now - begin).as_secs_f64() - 2.0 * bytes as f64);
        }
    }

    #[test]
    fn another_rate_holds_from_that_moment() {
        let begin = Instant::now();
        let mut bucket = Bucket::new(begin, 1e6);
        // 10,000 bytes are owed beyond what was saved: ten milliseconds.
        bucket.take((1e6 * RELAY_BURST.as_secs_f64()) as usize + 10_000);
        let now = begin + Duration::from_millis(4);
        // After four of them, at the rates one after the other.
        for (rate, least) in [(1e4, 0.006), (6e4, 0.001), (6e4, 0.001), (1e9, 6e-8)] {
            bucket.set_rate(now, rate);
            let waits = (bucket.ready_at(now) - now).as_secs_f64();
            let most = least + 4.0 / rate;
            assert!((least..most).contains(&waits), "{waits} s at {rate}");
        }
    }

    #[test]
    fn a_rest_saves_up_a_burst_and_no_more() {
        let now = Instant::now();
        let mut bucket = Bucket::new(now, 1e6);
        let later = now + Duration::from_secs(3_600);
        assert_eq!(bucket.ready_at(later), later);
        bucket.take((1e6 * RELAY_BURST.as_secs_f64()) as usize + 1);
        assert!(bucket.ready_at(later) > later);
    }
}
