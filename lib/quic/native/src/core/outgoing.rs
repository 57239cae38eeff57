//! Packets for the network: whose turn it is to send, and how much.

use super::session::Phase;
use super::{list_to_flush, Core};
use crate::handle::Handle;
use crate::limits::TRAIN_BYTES_MAX;
use crate::relay::HEADER_BYTES;
use crate::way::{self, Way};
use quinn_proto::Transmit;
use std::time::Instant;

impl Core {
    /// How many sessions are listed: each is due one flush per turn at most.
    pub fn flushes_due(&self) -> usize {
        self.listed.len()
    }

    /// Takes a session off the list to be flushed now: `transmit` until it gives nothing, then
    /// `flushed`.
    pub fn next_to_flush(&mut self) -> Option<Handle> {
        let handle = self.listed.pop_front()?;
        if let Some(session) = self.sessions.get_mut(handle) {
            session.listed = false;
            if session.is_wide && session.phase == Phase::Open {
                session.fit_send_window();
            }
        }
        Some(handle)
    }

    /// The next train of packets of a session, appended to `into`. `segments` is how many packets
    /// one send may carry.
    pub fn transmit(
        &mut self,
        now: Instant,
        session: Handle,
        segments: usize,
        into: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let session = self.sessions.get_mut(session)?;
        if let Some(again) = session.farewell.as_mut().and_then(|f| f.repeat(into)) {
            return Some(again);
        }
        let (moved_to, is_anew) = (session.path.moved_to, session.path.is_anew);
        let header = match way::read(session.target()) {
            Some(Way::Relay(_)) => HEADER_BYTES,
            _ => 0,
        };
        let fitting = TRAIN_BYTES_MAX / (usize::from(session.connection.current_mtu()) + header);
        let begin = into.len();
        let carried = session.train_packets(now)?;
        let packets = segments.min(fitting).min(carried).max(1);
        let Some(mut transmit) = session.connection.poll_transmit(now, packets, into) else {
            session.path.train_waits = false;
            return None;
        };
        if carried < fitting {
            session.note_train(now, packets, transmit.size);
        }
        transmit.destination = moved_to.unwrap_or(transmit.destination);
        transmit.src_ip = transmit.src_ip.filter(|_| !is_anew);
        if let Some(farewell) = &mut session.farewell {
            if let Some(next) = farewell.begin(now, &transmit, &into[begin..]) {
                session.deadline = Some(next);
            }
        }
        Some(transmit)
    }

    /// Ends a flush. `more`: the session has more to send and is listed again.
    pub fn flushed(&mut self, now: Instant, handle: Handle, more: bool) {
        self.settle_session(now, handle);
        if let Some(session) = self.sessions.get_mut(handle) {
            session.gauge.publish(&mut session.connection);
            if more {
                list_to_flush(&mut self.listed, session);
            }
        }
    }
}
