//! Errors of the system on our sockets: what each means, what is done about it, how often it was.
//!
//! | fault        | errors                                   | what is done                             |
//! | ------------ | ---------------------------------------- | ---------------------------------------- |
//! | –            | EAGAIN, EINTR                            | wait until it is ready; try again        |
//! | shortage     | ENOBUFS, ENOMEM                          | rest 1 to 64 ms, then the same packets   |
//! | oversize     | EMSGSIZE                                 | lost; the path is measured anew          |
//! | denied       | EPERM, EACCES                            | lost; a dial says so when its time is up |
//! | refused      | ECONNREFUSED, ECONNRESET                 | an echo of an earlier packet: try again  |
//! | no route     | ENETUNREACH, EHOSTUNREACH, ENETDOWN,     | lost; a dial ends, a session waits for   |
//! |              | EADDRNOTAVAIL, ENODEV, ENXIO             | the way to come back                     |
//! | segmentation | EIO, EINVAL on a train, not on a packet  | packets one by one for a minute          |
//! | broken       | EBADF, ENOTSOCK, EPIPE, ENOTCONN, …      | a new socket on the same port            |
//! | exhausted    | EMFILE, ENFILE                           | connections are accepted a little later  |
//! | other        | EINVAL (our address is gone), EIO, …     | lost                                     |
//!
//! An extra socket that broke is closed and not replaced. Receiving rests as after a shortage,
//! whatever the fault, so that none of them turns the thread in circles. Invariant: no fault ends a
//! session. A lost packet is what QUIC repairs, and a session that cannot be repaired ends by its
//! idle timeout.

use crate::event::{Event, Fault};
use crate::limits::FAULT_REPORT_INTERVAL;
use crate::shared::Counters;
use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// The fault that an error is; none where the socket was only not ready.
pub fn fault_of(error: &io::Error) -> Option<Fault> {
    if quinn_udp::is_msg_size_err(error) {
        return Some(Fault::Oversize);
    }
    if let Some(fault) = error.raw_os_error().and_then(codes::fault) {
        return Some(fault);
    }
    Some(match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => return None,
        ErrorKind::OutOfMemory => Fault::Shortage,
        ErrorKind::PermissionDenied => Fault::Denied,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Fault::Refused,
        ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => Fault::NoRoute,
        ErrorKind::BrokenPipe | ErrorKind::NotConnected => Fault::Broken,
        _ => Fault::Other,
    })
}

/// The errors that the standard library has no name for.
#[cfg(unix)]
mod codes {
    use crate::event::Fault;

    pub fn fault(code: i32) -> Option<Fault> {
        Some(match code {
            libc::ENOBUFS => Fault::Shortage,
            libc::ENODEV | libc::ENXIO => Fault::NoRoute,
            libc::EBADF | libc::ENOTSOCK | libc::ESHUTDOWN => Fault::Broken,
            libc::EMFILE | libc::ENFILE => Fault::Exhausted,
            _ => return None,
        })
    }

    /// Whether the number of the socket is none of ours any more, so that it must not be closed.
    pub fn is_foreign(code: i32) -> bool {
        code == libc::EBADF || code == libc::ENOTSOCK
    }
}

/// The same as Windows numbers them (WSAENOBUFS, WSAENOTSOCK, WSAESHUTDOWN, WSAEMFILE).
#[cfg(not(unix))]
mod codes {
    use crate::event::Fault;

    pub fn fault(code: i32) -> Option<Fault> {
        Some(match code {
            10_055 => Fault::Shortage,
            10_038 | 10_058 => Fault::Broken,
            10_024 => Fault::Exhausted,
            _ => return None,
        })
    }

    pub fn is_foreign(code: i32) -> bool {
        code == 10_038
    }
}

/// Whether the error says that the socket's number is none of ours any more.
pub fn is_foreign(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(codes::is_foreign)
}

/// How often each fault was, and which are to be reported: each kind once a minute at most.
#[derive(Default)]
pub struct Faults {
    kinds: [Kind; Fault::COUNT],
    events: Vec<Event>,
}

#[derive(Default)]
struct Kind {
    count: u64,
    reported: u64,
    reported_at: Option<Instant>,
}

impl Faults {
    pub fn note(&mut self, now: Instant, fault: Fault, error: &io::Error) {
        let kind = &mut self.kinds[fault as usize - 1];
        kind.count += 1;
        let is_quiet = |at: Instant| now.saturating_duration_since(at) < FAULT_REPORT_INTERVAL;
        if kind.reported_at.is_some_and(is_quiet) {
            return;
        }
        self.events.push(Event::Fault {
            fault,
            count: kind.count - kind.reported,
            reason: error.to_string(),
        });
        kind.reported = kind.count;
        kind.reported_at = Some(now);
    }

    /// What is to be reported, once.
    pub fn take_events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }

    pub fn publish(&self, counters: &Counters) {
        for (kind, counter) in self.kinds.iter().zip(&counters.faults) {
            counter.store(kind.count, Relaxed);
        }
    }
}

/// Where a turn writes down what happened on the sockets.
pub struct Ledger<'a> {
    pub now: Instant,
    pub counters: &'a Counters,
    pub faults: &'a mut Faults,
}

impl Ledger<'_> {
    pub fn note(&mut self, fault: Fault, error: &io::Error) {
        self.faults.note(self.now, fault, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_fault_is_counted_each_time_and_reported_once_a_minute() {
        let (mut faults, mut now) = (Faults::default(), Instant::now());
        let mut reports = Vec::new();
        for _ in 0..150 {
            let error = io::Error::from(ErrorKind::PermissionDenied);
            faults.note(now, Fault::Denied, &error);
            for event in faults.take_events() {
                let Event::Fault { fault, count, .. } = event else {
                    panic!("unexpected {event:?}");
                };
                assert_eq!(fault, Fault::Denied);
                reports.push(count);
            }
            now += Duration::from_secs(1);
        }
        assert_eq!(reports, [1, 60, 60]);
        let counters = Counters::default();
        faults.publish(&counters);
        let counts = counters.faults.map(|counter| counter.into_inner());
        assert_eq!(counts[Fault::Denied as usize - 1], 150);
        assert_eq!(counts.iter().sum::<u64>(), 150);
    }

    #[test]
    #[cfg(unix)]
    fn every_error_is_known() {
        let table = [
            (libc::EAGAIN, None),
            (libc::EINTR, None),
            (libc::ENOBUFS, Some(Fault::Shortage)),
            (libc::ENOMEM, Some(Fault::Shortage)),
            (libc::EMSGSIZE, Some(Fault::Oversize)),
            (libc::EPERM, Some(Fault::Denied)),
            (libc::EACCES, Some(Fault::Denied)),
            (libc::ECONNREFUSED, Some(Fault::Refused)),
            (libc::ENETUNREACH, Some(Fault::NoRoute)),
            (libc::EHOSTUNREACH, Some(Fault::NoRoute)),
            (libc::ENETDOWN, Some(Fault::NoRoute)),
            (libc::EADDRNOTAVAIL, Some(Fault::NoRoute)),
            (libc::ENODEV, Some(Fault::NoRoute)),
            (libc::EBADF, Some(Fault::Broken)),
            (libc::EPIPE, Some(Fault::Broken)),
            (libc::EMFILE, Some(Fault::Exhausted)),
            (libc::EINVAL, Some(Fault::Other)),
            (libc::EIO, Some(Fault::Other)),
            (12_345, Some(Fault::Other)),
        ];
        for (code, fault) in table {
            assert_eq!(fault_of(&io::Error::from_raw_os_error(code)), fault);
        }
    }
}
