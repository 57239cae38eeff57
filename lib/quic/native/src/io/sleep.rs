//! Whether this machine slept, or the process stood still: what is found by a look at a clock that
//! runs on meanwhile. The thread looks at least every `SLEEP_CHECK`; a look that comes much later
//! than that was kept from coming.

use crate::limits::SLEEP_MIN;
use std::time::Duration;

#[derive(Default)]
pub struct SleepWatch {
    last: Option<Duration>,
}

impl SleepWatch {
    /// `clock` is what `clock` below says. Gives how long nothing ran, if that was long.
    pub fn look(&mut self, clock: Duration) -> Option<Duration> {
        let gap = clock.saturating_sub(self.last.unwrap_or(clock));
        self.last = Some(clock);
        (gap >= SLEEP_MIN).then_some(gap)
    }
}

/// Time since a moment long ago, that of the machine's sleep included.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub fn clock() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    // There the monotonic clock is the one that runs on; the standard library uses another one.
    #[cfg(target_vendor = "apple")]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is that of a timespec that lives across the call.
    unsafe { libc::clock_gettime(CLOCK, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Elsewhere the standard library's own clock runs on, or there is none that does.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub fn clock() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SLEEP_CHECK;

    #[test]
    fn only_a_long_gap_is_sleep() {
        let mut watch = SleepWatch::default();
        let mut clock = Duration::from_secs(1_000_000);
        assert_eq!(watch.look(clock), None);
        for _ in 0..10 {
            clock += SLEEP_CHECK;
            assert_eq!(watch.look(clock), None);
        }
        let night = Duration::from_secs(8 * 3_600);
        clock += night;
        assert_eq!(watch.look(clock), Some(night));
        assert_eq!(watch.look(clock), None);
        // A clock that goes back, as none should, is no sleep either.
        assert_eq!(watch.look(Duration::ZERO), None);
    }

    #[test]
    fn the_clock_runs() {
        let before = clock();
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock() > before);
    }
}
