//! One turn of the thread and what its stages may take of it. Each stage does at least one step
//! and stops once its share is over; what it leaves is first in the next turn. Thus no turn is
//! long, whatever arrives, and nothing waits for ever.

use std::time::{Duration, Instant};

pub struct Turn {
    pub began: Instant,
}

impl Turn {
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Whether so much of the turn is over. By the wall clock, which costs little to read: a
    /// thread that was not given a processor meanwhile has used less of it than that.
    pub fn is_past(&self, share: Duration) -> bool {
        self.began.elapsed() >= share
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
