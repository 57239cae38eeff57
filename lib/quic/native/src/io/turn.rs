//! One turn of the thread and what its stages may take of it. Each stage does at least one step
//! and stops once its share is over; what it leaves is first in the next turn. Thus no turn is
//! long, whatever arrives, and nothing waits for ever.

use std::cell::Cell;
use std::time::{Duration, Instant};

pub struct Turn {
    /// The one moment that stands for all of the turn.
    pub began: Instant,
    /// What the thread had used of the processor by then; none where the system does not say.
    cpu: Option<Duration>,
    /// How long the thread was found to have waited for a processor since.
    waited: Cell<Duration>,
}

impl Turn {
    pub fn begin(cpu: Option<Duration>) -> Self {
        Self {
            began: Instant::now(),
            cpu,
            waited: Cell::default(),
        }
    }

    /// A turn that begins at a moment of the caller's choice, and has the wall clock alone.
    #[cfg(test)]
    pub fn at(began: Instant) -> Self {
        Self {
            began,
            cpu: None,
            waited: Cell::default(),
        }
    }

    /// Whether the thread has worked for so long. The wall clock, which costs little to read, says
    /// when that may be so; the thread's own clock, a system call, whether it is.
    pub fn is_past(&self, share: Duration) -> bool {
        let elapsed = self.began.elapsed();
        if elapsed.saturating_sub(self.waited.get()) < share {
            return false;
        }
        let (Some(before), Some(after)) = (self.cpu, thread_cpu()) else {
            return true;
        };
        let worked = after.saturating_sub(before);
        self.waited.set(elapsed.saturating_sub(worked));
        worked >= share
    }
}

/// What this thread has used of the processor; none where the system does not say.
#[cfg(unix)]
pub fn thread_cpu() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is that of a timespec, which the call fills in.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let time = Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
    (code == 0).then_some(time)
}

#[cfg(not(unix))]
pub fn thread_cpu() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_a_processor_does_not_count() {
        let hour = Duration::from_secs(3_600);
        let mut turn = Turn::begin(thread_cpu());
        turn.began = turn.began.checked_sub(hour).unwrap();
        assert_eq!(turn.is_past(hour / 2), thread_cpu().is_none());
        assert!(turn.is_past(Duration::ZERO));
        assert!(Turn::at(turn.began).is_past(hour / 2));
        assert!(!Turn::at(turn.began).is_past(2 * hour));
    }
}
