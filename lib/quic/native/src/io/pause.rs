//! A rest after a failure, which doubles with every failure in a row.

use std::time::{Duration, Instant};

pub struct Pause {
    first: Duration,
    longest: Duration,
    failures: u32,
    until: Option<Instant>,
}

impl Pause {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
            until: None,
        }
    }

    /// It failed once more: rests from now on.
    pub fn fail(&mut self, now: Instant) {
        let doubled = self.first.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        self.until = Some(now + doubled.min(self.longest));
    }

    /// It worked: the next failure is the first again.
    pub fn clear(&mut self) {
        self.failures = 0;
        self.until = None;
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When the rest is over; none when there is none.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Ends a rest that is over; true once for each.
    pub fn is_over(&mut self, now: Instant) -> bool {
        self.until.take_if(|until| *until <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_doubles_up_to_its_bound_and_starts_over() {
        let milliseconds = Duration::from_millis;
        let mut pause = Pause::new(milliseconds(1), milliseconds(6));
        let now = Instant::now();
        let mut rests = Vec::new();
        for _ in 0..40 {
            pause.fail(now);
            let until = pause.until().unwrap();
            assert!(!pause.is_over(until - milliseconds(1)));
            assert!(pause.is_over(until));
            assert!(!pause.is_over(until));
            rests.push(until - now);
        }
        assert_eq!(rests[..4], [1, 2, 4, 6].map(milliseconds));
        assert_eq!(rests[39], milliseconds(6));
        pause.clear();
        pause.fail(now);
        assert_eq!(pause.until(), Some(now + milliseconds(1)));
    }
}
