//! The end of a turn: every session with something to send has its share of it, and what the system
//! says to that reaches the session.

use super::sending::Sent;
use super::turn::Turn;
use super::DataPlane;
use crate::event::Fault;
use crate::handle::Handle;
use crate::limits::{TRAINS_PER_SESSION, TRAINS_PER_TURN, TURN_ANSWERS, TURN_FLUSH};
use quinn_proto::Transmit;
use std::time::Instant;

impl DataPlane {
    /// Gives sessions that are listed their turn to send, until the socket is full or the turn has
    /// been long enough; the others are first in the next one.
    pub(super) fn flush(&mut self, turn: &Turn) {
        let now = turn.began;
        if !self.flush_unsent(now) {
            return;
        }
        while let Some((transmit, payload)) = self.core.next_response() {
            // An answer to a packet of no session is not worth waiting for.
            self.dispatch(now, &transmit, &payload);
            if turn.is_past(TURN_ANSWERS) {
                break;
            }
        }
        let mut left = TRAINS_PER_TURN;
        for _ in 0..self.core.flushes_due() {
            let Some(session) = self.core.next_to_flush() else {
                return;
            };
            match self.flush_session(turn, session) {
                Some(trains) if trains < left && !turn.is_past(TURN_FLUSH) => left -= trains,
                _ => return,
            }
        }
    }

    /// How many trains were sent; none if the socket is full.
    fn flush_session(&mut self, turn: &Turn, session: Handle) -> Option<usize> {
        let now = turn.began;
        for sent in 0..TRAINS_PER_SESSION {
            if sent > 0 && turn.is_past(TURN_FLUSH) {
                break;
            }
            self.train.clear();
            let segments = self.udp.segments_max();
            let Some(transmit) = self.core.transmit(now, session, segments, &mut self.train) else {
                self.core.flushed(now, session, false);
                return Some(sent);
            };
            let train = std::mem::take(&mut self.train);
            match self.send(now, session, transmit, train) {
                Some(train) => self.train = train,
                None => {
                    self.core.flushed(now, session, true);
                    return None;
                }
            }
        }
        self.core.flushed(now, session, true);
        Some(TRAINS_PER_SESSION)
    }

    /// Sends the train that found the socket full. False if it is full now.
    fn flush_unsent(&mut self, now: Instant) -> bool {
        if !self.udp.writable {
            return false;
        }
        match self.unsent.take() {
            Some((session, transmit, train)) => self.send(now, session, transmit, train).is_some(),
            None => true,
        }
    }

    /// Sends a train and gives its buffer back. None if the socket takes no more: the train is kept
    /// for later, unless it counts as lost.
    fn send(
        &mut self,
        now: Instant,
        session: Handle,
        transmit: Transmit,
        train: Vec<u8>,
    ) -> Option<Vec<u8>> {
        match self.dispatch(now, &transmit, &train) {
            Sent::Done => return Some(train),
            Sent::Blocked => {
                self.udp.writable = false;
                self.unsent = Some((session, transmit, train));
                return None;
            }
            Sent::Lost(fault, error) => match fault {
                Fault::NoRoute => {
                    let reason = error.to_string();
                    self.core.note_unreachable(now, session, reason);
                }
                Fault::Denied => self.core.note_denied(session, error.to_string()),
                Fault::Oversize => {
                    let bytes = transmit.segment_size.unwrap_or(transmit.size);
                    self.core.note_oversize(now, session, bytes);
                }
                _ => {}
            },
        }
        self.udp.writable.then_some(train)
    }
}
