//! The packet that tells the peer of the end of a session, and its repetition. QUIC sends it once,
//! and again only in answer to packets of the peer; where it is lost and the peer is silent, he
//! would wait for his idle timeout.
//!
//! Bounded: a few times, to a peer whose handshake was complete, and until he says that he knows.

use super::session::{Phase, Session};
use super::{list_to_flush, Core};
use crate::handle::Handle;
use crate::limits::{CLOSING_LEFT_MAX, CLOSING_TIMEOUT, FAREWELLS_MAX, FAREWELL_INTERVAL};
use quinn_proto::Transmit;
use std::time::Instant;

/// How a session that is over takes its leave.
pub struct Farewell {
    /// The packet as it went first; none before that, and where there is nobody to be told.
    packet: Option<(Transmit, Vec<u8>)>,
    /// How often it went.
    times: u32,
    /// Whether it is to go again now.
    is_due: bool,
    /// When the session is forgotten at the latest.
    ends: Instant,
    /// Whether there is a peer to be told, and more to be done about it.
    is_owed: bool,
}

impl Farewell {
    /// `is_owed`: whether the peer is to be told.
    pub fn new(now: Instant, is_owed: bool) -> Self {
        Self {
            packet: None,
            times: 0,
            is_due: false,
            ends: now + CLOSING_TIMEOUT,
            is_owed,
        }
    }

    /// The packet again, if it is time for it.
    pub fn repeat(&mut self, into: &mut Vec<u8>) -> Option<Transmit> {
        let (transmit, packet) = self.packet.as_ref()?;
        if !std::mem::take(&mut self.is_due) {
            return None;
        }
        into.extend_from_slice(packet);
        Some(Transmit { ..*transmit })
    }

    /// Keeps the packet that went first; gives the moment of what is next.
    pub fn begin(&mut self, now: Instant, transmit: &Transmit, packet: &[u8]) -> Option<Instant> {
        if !self.is_owed || self.packet.is_some() {
            return None;
        }
        self.packet = Some((Transmit { ..*transmit }, packet.to_vec()));
        Some(self.went(now))
    }

    /// It went once more. The time to the next doubles.
    fn went(&mut self, now: Instant) -> Instant {
        let interval = FAREWELL_INTERVAL * (1 << self.times);
        self.times += 1;
        if self.times >= FAREWELLS_MAX {
            self.is_owed = false;
            return self.ends;
        }
        now + interval
    }
}

impl Core {
    /// Whether a session that is over has a peer who may not know it yet.
    pub fn takes_leave(&self) -> bool {
        let sessions = self.sessions.handles().into_iter();
        let mut sessions = sessions.filter_map(|handle| self.sessions.get(handle));
        sessions.any(|session| is_owed(session))
    }

    /// A moment of a session that is over has come.
    pub(super) fn go_on_leaving(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        let is_owed = is_owed(session);
        let farewell = session.farewell.as_mut();
        let Some(farewell) = farewell.filter(|farewell| now < farewell.ends) else {
            // The timer that is left is the one after which QUIC forgets the session.
            return session.connection.handle_timeout(now + CLOSING_LEFT_MAX);
        };
        if is_owed {
            farewell.is_due = true;
            session.deadline = Some(farewell.went(now));
            list_to_flush(&mut self.listed, session);
        } else {
            session.deadline = Some(farewell.ends);
        }
    }
}

/// A peer who closes as well knows of the end.
fn is_owed(session: &Session) -> bool {
    let farewell = session.farewell.as_ref();
    session.phase == Phase::Over
        && farewell.is_some_and(|farewell| farewell.is_owed)
        && session.connection.stats().frame_rx.connection_close == 0
}
